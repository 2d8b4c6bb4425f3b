"""Managed environments, and what apps share in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.container_apps.base import (
    ENVIRONMENT,
    PROFILES,
    SINCE_2025,
    AppType,
    Part,
    camel,
    domain,
    events,
    merged,
    region,
    static_ip,
    verification_id,
)
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.resource_manager import locations
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, InUse, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

_ALWAYS: Body = {
    "daprAIInstrumentationKey": None, "daprAIConnectionString": None, "vnetConfiguration": None,
    "appLogsConfiguration": {"destination": None, "logAnalyticsConfiguration": None}, "zoneRedundant": False,
    "kedaConfiguration": {"version": "2.15.1"}, "daprConfiguration": {"version": "1.12.5"},
    "customDomainConfiguration": {
        "dnsSuffix": None, "certificateValue": None, "certificatePassword": None, "thumbprint": None, "subjectName": None,
        "expirationDate": None,
    },
    "infrastructureResourceGroup": None, "peerAuthentication": {"mtls": {"enabled": False}},
    "peerTrafficConfiguration": {"encryption": {"enabled": False}},
}  # fmt: skip
_VNET = {"dockerBridgeCidr": None, "platformReservedCidr": None, "platformReservedDnsIP": None}
READ_ONLY = ("defaultDomain", "staticIp", "eventStreamEndpoint", "kedaConfiguration", "daprConfiguration")


class Connections(EndpointConnections):
    """Private endpoint connections of an environment."""

    type = f"{ENVIRONMENT}/privateEndpointConnections"
    approved = ""
    creates = Announce(201, headers=("azure-asyncoperation",))
    deletes = Announce(202, headers=("location",), body=False)
    first_answer = {"provisioningState": "Waiting"}

    @classmethod
    def name_of(cls, owner: Resource, endpoint: str, holder: str) -> str:
        """The endpoint's name and a GUID."""
        return super().name_of(owner, endpoint, holder).replace(".", "-", 1)

    @classmethod
    def shape(cls, reader: Reader, owner: Resource, name: str, endpoint: str, holder: str, state: Body) -> Body:
        """With the environment's location; unfinished while nobody decided."""
        shown = super().shape(reader, owner, name, endpoint, holder, state)
        if state["status"] == "Pending":
            shown["properties"]["provisioningState"] = "Waiting"
        return {"location": locations.normalized(owner.location), **shown}


class Environments(AppType):
    """Where apps and jobs run."""

    type = ENVIRONMENT
    members = frozenset({"kind", "identity", "sku", "extendedLocation"})
    name_rule = NameRule(
        r"[A-Za-z][A-Za-z0-9-]{0,58}[A-Za-z0-9]", "InvalidManagedEnvironmentName", "The managed environment name '{name}' is invalid."
    )
    creates = Announce(201, "Waiting", headers=("azure-asyncoperation",), polls=1)
    updates = Announce(201, "Updating", headers=("azure-asyncoperation",), polls=1)
    patched = Announce(202, headers=("location",), body=False, polls=1)
    operation_paths = ("managedEnvironmentOperationStatuses", "managedEnvironmentOperationResults")
    read_only = tuple(f"properties.{name}" for name in READ_ONLY)
    secret = (
        "properties.appLogsConfiguration.logAnalyticsConfiguration.sharedKey", "properties.daprAIInstrumentationKey",
        "properties.daprAIConnectionString",
    )  # fmt: skip
    references = (
        Reference(
            "properties.vnetConfiguration.infrastructureSubnetId", "Microsoft.Network/virtualNetworks/subnets",
            "ManagedEnvironmentSubnetNotFound", "The subnet '{id}' was not found.", 404,
        ),
    )  # fmt: skip
    in_use = InUse(
        "ManagedEnvironmentHasContainerApps", "Environment {name} has container apps or jobs that have to be deleted first.", 409
    )

    def fill(self, write: Write) -> None:
        """Profiles: Consumption is always among them."""
        mine = write.body["properties"] = camel(write.body.get("properties") or {})
        profiles = [_counted(one) for one in mine.get("workloadProfiles") or ()]
        if not any(str(one.get("workloadProfileType", "")).lower() == "consumption" for one in profiles):
            profiles.append({"workloadProfileType": "Consumption", "name": "Consumption"})
        mine["workloadProfiles"] = profiles
        for path, value in (("defaultDomain", domain(write.id, write.location)), ("staticIp", static_ip(write.id))):
            mine[path] = value
        if (mine.get("vnetConfiguration") or {}).get("infrastructureSubnetId"):
            group = mine.get("infrastructureResourceGroup") or f"ME_{write.name}_{write.group}_{write.location}"
            mine["infrastructureResourceGroup"] = write.old("properties.infrastructureResourceGroup") or group
        mine["eventStreamEndpoint"] = events(write.id, write.location, "managedEnvironments")

    def validate(self, write: Write) -> None:
        """Profiles that exist; logs that go somewhere; a network that stays."""
        mine = write.body["properties"]
        for one in mine["workloadProfiles"]:
            if one.get("workloadProfileType") not in PROFILES:
                refuse("InvalidWorkloadProfileType", f"The workload profile type '{one.get('workloadProfileType')}' is not available.")
            low, high = one.get("minimumCount"), one.get("maximumCount")
            if isinstance(low, int) and isinstance(high, int) and low > high:
                refuse("InvalidWorkloadProfileCount", f"The minimum count of workload profile '{one.get('name')}' is above its maximum.")
        logs = mine.get("appLogsConfiguration") or {}
        if logs.get("destination") == "log-analytics" and not (logs.get("logAnalyticsConfiguration") or {}).get("customerId"):
            refuse("LogAnalyticsConfigurationInvalid", "LogAnalyticsConfiguration is invalid. Both customerId and sharedKey are needed.")
        old = write.old("properties.vnetConfiguration.infrastructureSubnetId")
        new = (mine.get("vnetConfiguration") or {}).get("infrastructureSubnetId")
        if write.before is not None and new and (old or "").lower() != new.lower():
            refuse("ManagedEnvironmentSubnetCannotBeChanged", "The infrastructure subnet of an environment cannot be changed.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Complete."""
        mine = merged(_ALWAYS, body["properties"])
        mine["customDomainConfiguration"]["customDomainVerificationId"] = verification_id(body["id"].split("/")[2])
        if mine["vnetConfiguration"]:
            mine["vnetConfiguration"] = {**_VNET, **mine["vnetConfiguration"]}
        if mine["appLogsConfiguration"].get("logAnalyticsConfiguration"):
            mine["appLogsConfiguration"]["logAnalyticsConfiguration"]["sharedKey"] = None
        if reader.api_version > SINCE_2025:
            mine["openTelemetryConfiguration"] = mine["appInsightsConfiguration"] = None
            mine["customDomainConfiguration"].setdefault("certificateKeyVaultProperties", None)
            mine["workloadProfiles"] = [{"enableFips": False, **one} for one in mine["workloadProfiles"]]
        body["properties"], body["location"] = mine, region(body["location"])
        return body

    @action("workloadProfileStates", method="GET")
    def profile_states(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """How many nodes each profile has."""
        found = []
        for one in body["properties"]["workloadProfiles"]:
            state = {name: value for name, value in one.items() if name != "enableFips"}
            if "minimumCount" in one:
                state = {"currentCount": one["minimumCount"], **state}
            id = f"{body['id']}/workloadProfileStates/{one['name']}"
            found.append({"id": id, "name": one["name"], "type": one["workloadProfileType"], "properties": state})
        return {"value": found}

    @action("checkNameAvailability")
    def check_name(self, call: Call, body: Body) -> Body:
        """Is a name free in the environment?"""
        asked = call.json()
        folder = str(asked.get("type", "")).rpartition("/")[2]
        if call.store.exists(f"{body['id']}/{folder}/{asked.get('name')}".lower()):
            return {"nameAvailable": False, "reason": "AlreadyExists", "message": f"{asked.get('name')} already exists."}
        return {"nameAvailable": True}

    @action("privateLinkResources", method="GET")
    def link_resources(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """What private endpoints can stand for."""
        place = locations.normalized(body["location"])
        properties = {
            "groupId": "managedEnvironments", "requiredMembers": ["managedEnvironments"],
            "requiredZoneNames": [f"privatelink.{place}.azurecontainerapps.io"],
        }  # fmt: skip
        id = f"{body['id']}/privateLinkResources/managedEnvironments"
        kind = f"{ENVIRONMENT}/privateLinkResources"
        return {"value": [{"location": place, "properties": properties, "id": id, "name": "managedEnvironments", "type": kind}]}


def _counted(profile: Body) -> Body:
    """A profile with its numbers as numbers, as Azure reads them from text too."""
    counts = {name: profile[name] for name in ("minimumCount", "maximumCount") if profile.get(name) is not None}
    return {**profile, **{name: int(value) for name, value in counts.items()}}


class Storages(Part):
    """A file share that apps may mount."""

    type = f"{ENVIRONMENT}/storages"
    system_data = False
    not_found = ("ManagedEnvironmentStorageNotFound", "ManagedEnvironment Storage '{name}' was not found.")
    secret = ("properties.azureFile.accountKey",)

    def validate(self, write: Write) -> None:
        """One of the kinds of storage."""
        if not any(isinstance(write.get(f"properties.{kind}"), dict) for kind in ("azureFile", "nfsAzureFile")):
            refuse("ManagedEnvironmentStorageInvalid", "One of azureFile and nfsAzureFile is required.")

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """With the type as it is spelled there."""
        return {**body, "type": "Microsoft.App/managedenvironments/storages"}


class DaprComponents(Part):
    """A component that apps with Dapr share."""

    type = f"{ENVIRONMENT}/daprComponents"
    deletes = Announce(204, body=False)
    required = ("properties.componentType", "properties.version")

    def fill(self, write: Write) -> None:
        """Values of secrets are kept apart."""
        mine = write.body["properties"]
        kept = write.hidden.get("secrets") or {}
        write.hidden["secrets"] = {one["name"]: one.get("value", kept.get(one["name"])) for one in mine.get("secrets") or ()}
        if mine.get("secrets"):
            mine["secrets"] = [{name: value for name, value in one.items() if name != "value"} for one in mine["secrets"]]

    @action("listSecrets")
    def list_secrets(self, call: Call, body: Body) -> Body:
        """Secrets with their values."""
        row = call.store.get(body["id"].lower())
        values = row.hidden.get("secrets") or {} if row is not None else {}
        return {"value": [{"name": name, "value": value} for name, value in values.items()]}


def profile_types(call: Call) -> Body:
    """Workload profiles that a region offers."""
    place = locations.normalized(call.values["location"])
    if place not in locations.regions():
        raise Refused(400, "LocationNotAvailableForResourceType", f"The provided location '{call.values['location']}' is not available.")
    root = f"/subscriptions/{call.route.subscription}/providers/Microsoft.App/availableManagedEnvironmentsWorkloadProfileTypes"
    found = []
    for name, (category, cores, memory) in PROFILES.items():
        label = name if name == "Consumption" else f"Dedicated-{name}"
        properties = {"displayName": label, "category": category, "cores": cores, "memoryGiB": memory}
        kind = "Microsoft.App/availableManagedEnvironmentsWorkloadProfileTypes"
        found.append({"location": place, "properties": properties, "id": f"{root}/{name}", "name": name, "type": kind})
    return {"value": found}


ENDPOINTS = [
    Endpoint(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.App/locations/{location}/availableManagedEnvironmentsWorkloadProfileTypes",
        profile_types,
    )
]
