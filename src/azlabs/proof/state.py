"""What stands in a sandbox, as Azure's JSON, and where in it a setting is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from azlabs.arm.ids import ResourceId, key

if TYPE_CHECKING:
    from azlabs.verify.reads import Reads

Resource = dict[str, Any]
State = dict[str, Resource]
"""Resources by lower-case id."""
Path = tuple[str, ...]
"""Where a setting is: names of members; an element of a list by its name, by the name in its id, or by its text."""

_RESOURCES_API = "2021-04-01"
_ROLES_API = "2022-04-01"
ROLE_DEFINITIONS = "microsoft.authorization/roledefinitions"
# What sits on a group without being in it, with the API version of its list.
_ON_GROUPS = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/policyAssignments": "2023-04-01",
    "Microsoft.Authorization/locks": "2020-05-01",
}
# What is below a resource without being listed among the resources of a group: {type: collections, outer ones first}.
_BELOW: dict[str, tuple[str, ...]] = {
    "microsoft.servicebus/namespaces": ("queues", "topics"),
    "microsoft.documentdb/databaseaccounts": (
        "sqlDatabases",
        "sqlDatabases/containers",
        "sqlRoleAssignments",
        "sqlRoleDefinitions",
    ),
    "microsoft.cognitiveservices/accounts": ("deployments",),
    "microsoft.keyvault/vaults": ("secrets",),
}
# Settings that only a POST shows, as children of their resource: {type: names of the children}.
_LISTED: dict[str, tuple[str, ...]] = {
    "microsoft.web/sites": ("config/appsettings", "config/connectionstrings"),
}
# What Azure computes. A change of it is not a change of the configuration.
COMPUTED = frozenset(
    {
        *("etag", "systemData", "provisioningState", "resourceGuid", "defaultSecurityRules", "macAddress"),
        *("createdTime", "changedTime", "creationTime", "lastModified"),
        *("createdOn", "createdBy", "updatedOn", "updatedBy"),
    }
)
_IDENTITY = frozenset({"id", "name", "type"})
# What Azure shows of a site beside what somebody set.
_OF_SITES = (
    *("state", "hostNames", "webSpace", "selfLink", "repositorySiteName", "owner", "usageState", "enabledHostNames"),
    *("siteProperties", "availabilityState", "hostNameSslStates", "lastModifiedTimeUtc", "deploymentId", "slotName", "sku"),
    *("trafficManagerHostNames", "customDomainVerificationId", "inboundIpAddress", "possibleInboundIpAddresses"),
    *("ftpUsername", "ftpsHostName", "outboundIpAddresses", "possibleOutboundIpAddresses", "homeStamp", "resourceGroup"),
    *("defaultHostName", "eligibleLogCategories", "inFlightFeatures", "containerSize", "kind", "name", "cloningInfo"),
    *("privateEndpointConnections", "csrs", "maxNumberOfWorkers", "isDefaultContainer", "suspendedTill", "targetSwapSlot"),
    *("slotSwapStatus", "inProgressOperationId", "reserved", "hyperV", "isXenon", "siteConfig", "contentAvailabilityState"),
    *("runtimeAvailabilityState", "adminRuntimeSiteName", "buildVersion", "dailyMemoryTimeQuota", "siteScopedCertificatesEnabled"),
)
_COMPUTED_AT = {
    "microsoft.network/networksecuritygroups": {"properties/networkInterfaces", "properties/subnets"},
    "microsoft.servicebus/namespaces": {
        "properties/serviceBusEndpoint",
        "properties/metricId",
        "properties/createdAt",
        "properties/updatedAt",
        "properties/status",
    },
    "microsoft.servicebus/namespaces/queues": {
        "location",
        "properties/sizeInBytes",
        "properties/messageCount",
        "properties/countDetails",
        "properties/createdAt",
        "properties/updatedAt",
        "properties/accessedAt",
    },
    "microsoft.documentdb/databaseaccounts": {
        *("identity", "kind", "properties/documentEndpoint", "properties/sqlEndpoint", "properties/instanceId"),
        *("properties/readLocations", "properties/writeLocations", "properties/failoverPolicies", "properties/keysMetadata"),
        *("properties/databaseAccountOfferType", "properties/EnabledApiTypes"),
    },
    "microsoft.documentdb/databaseaccounts/sqldatabases/containers": {
        *(f"properties/resource/{name}" for name in ("id", "_rid", "_self", "_etag", "_ts", "_docs", "_sprocs", "_triggers")),
        *(f"properties/resource/{name}" for name in ("_udfs", "_conflicts", "statistics")),
    },
    "microsoft.cognitiveservices/accounts": {
        *("etag", "kind", "properties/endpoint", "properties/endpoints", "properties/internalId", "properties/dateCreated"),
        *("properties/callRateLimit", "properties/capabilities", "properties/isMigrated"),
    },
    "microsoft.keyvault/vaults/secrets": {
        "location",
        "properties/attributes/created",
        "properties/attributes/updated",
        "properties/secretUri",
    },
    "microsoft.web/sites": {
        *(f"properties/{name}" for name in _OF_SITES),
    },
    "microsoft.network/routetables": {"properties/subnets"},
    "microsoft.network/publicipaddresses": {"properties/ipConfiguration", "properties/ipAddress"},
    "microsoft.network/networkinterfaces": {
        "properties/virtualMachine",
        "properties/hostedWorkloads",
        "properties/tapConfigurations",
        "properties/vnetEncryptionSupported",
        "properties/dnsSettings/appliedDnsServers",
        "properties/dnsSettings/internalDomainNameSuffix",
    },
    "microsoft.network/virtualnetworks": {
        "properties/subnets/*/properties/ipConfigurations",
        "properties/subnets/*/properties/networkInterfaces",
        "properties/subnets/*/properties/purpose",
        "properties/subnets/*/properties/privateEndpoints",
    },
}


def read_state(reads: Reads, groups: Sequence[str], outside: Sequence[str] = ()) -> State:
    """Everything in the groups, the assignments and locks on them, and what exists of `outside` (ids elsewhere).

    Raises AzureError.
    """
    state: State = {}
    for identifier in outside:
        found = _outside(reads, identifier)
        if found is not None:
            state[key(identifier)] = found
    for group in groups:
        base = f"/subscriptions/{reads.cloud.subscription_id}/resourceGroups/{group}"
        kinds = {str(entry["type"]) for entry in reads.entries(f"{base}/resources", _RESOURCES_API)}
        for kind in sorted(kinds):
            for resource in reads.entries(f"{base}/providers/{kind}", reads.api_version(kind)):
                state[key(resource["id"])] = resource
        for more in (_on_group(reads, base), _below(reads, state), _listed(reads, state), _roles(reads, state)):
            state |= {key(resource["id"]): resource for resource in more}
    return state


def _roles(reads: Reads, state: State) -> Iterator[Resource]:
    """The definitions of the roles that are assigned: what an assignment means stands in them."""
    assigned = {
        str(resource["properties"]["roleDefinitionId"])
        for resource in state.values()
        if type_of(resource) == "microsoft.authorization/roleassignments"
    }
    yield from (reads.get(role, _ROLES_API) for role in sorted(assigned))


def _below(reads: Reads, state: State) -> Iterator[Resource]:
    """The children of resources that no list of the group shows."""
    for resource in list(state.values()):
        kind = type_of(resource)
        for collection in _BELOW.get(kind, ()):
            parents = [str(resource["id"])]
            version = reads.api_version(f"{ResourceId.parse(resource['id']).type}/{collection}")
            for part in collection.split("/")[:-1]:
                above = reads.api_version(f"{ResourceId.parse(parents[0]).type}/{part}")
                parents = [str(entry["id"]) for one in parents for entry in reads.entries(f"{one}/{part}", above)]
                if not parents:
                    break
            for parent in parents:
                yield from reads.entries(f"{parent}/{collection.rpartition('/')[2]}", version)


def _listed(reads: Reads, state: State) -> Iterator[Resource]:
    """Settings that are read with a POST, in the shape of a resource that can be written again."""
    for resource in list(state.values()):
        for name in _LISTED.get(type_of(resource), ()):
            identifier = f"{resource['id']}/{name}"
            answer = reads.secrets(f"{identifier}/list", reads.api_version(ResourceId.parse(resource["id"]).type))
            body = {"id": identifier, "name": name.rpartition("/")[2], "type": f"{resource['type']}/config"}
            yield {**body, "properties": answer.get("properties") or {}}


def _outside(reads: Reads, identifier: str) -> Resource | None:
    """A resource or assignment outside of the groups; records of deployments are no state."""
    from azlabs.cloud.errors import AzureError

    kind = ResourceId.parse(identifier).type
    if kind.lower() in ("microsoft.resources/deployments", "microsoft.resources/resourcegroups"):
        return None
    try:
        return reads.get(identifier, reads.api_version(kind))
    except AzureError as problem:
        if problem.not_found:
            return None
        raise


def _on_group(reads: Reads, base: str) -> Iterator[Resource]:
    from azlabs.cloud.errors import AzureError

    for kind, version in _ON_GROUPS.items():
        try:
            entries = reads.entries(f"{base}/providers/{kind}", version)
        except AzureError as problem:
            if problem.not_modelled or problem.not_found:
                continue
            raise
        for entry in entries:
            if key(entry["id"]).startswith(key(base) + "/"):
                yield entry


def type_of(resource: Resource) -> str:
    """The type in lower case."""
    return ResourceId.parse(resource["id"]).type.lower()


def settings(resource: Resource) -> dict[Path, Any]:
    """The leaves of a resource's configuration by path, without what Azure computes."""
    return dict(_leaves(resource, (), type_of(resource)))


def _leaves(node: Any, path: Path, kind: str) -> Iterator[tuple[Path, Any]]:
    children = list(configurable(node, path, kind))
    if not children:
        yield path, node
    for name, child in children:
        yield from _leaves(child, (*path, name), kind)


def configurable(node: Any, path: Path, kind: str) -> Iterator[tuple[str, Any]]:
    """The parts of a value that somebody may set, with their names in paths; a link to a resource has none."""
    if is_link(node):
        return
    own_name = isinstance(node, Mapping) and (not path or "properties" in node)
    for name, child in steps(node):
        if isinstance(node, Mapping) and (name in COMPUTED or (own_name and name in _IDENTITY)):
            continue
        if not _is_computed_at(kind, (*path, name)):
            yield name, child


def _is_computed_at(kind: str, path: Path) -> bool:
    for pattern in _COMPUTED_AT.get(kind, ()):
        parts = pattern.split("/")
        if len(path) == len(parts) and all(part in ("*", found) for part, found in zip(parts, path, strict=True)):
            return True
    return False


def is_link(value: Any) -> bool:
    """Is this a reference to a resource, `{"id": ...}`, and not the resource itself?"""
    if not isinstance(value, Mapping) or "properties" in value:
        return False
    return isinstance(value.get("id"), str) and str(value["id"]).startswith("/")


def steps(node: Any) -> Iterator[tuple[str, Any]]:
    """The members of an object or the elements of a list with their names in paths."""
    if isinstance(node, Mapping):
        yield from ((str(name), value) for name, value in node.items())
    elif isinstance(node, list):
        seen: set[str] = set()
        for place, value in enumerate(node):
            name = element_name(value)
            if not name or name in seen:
                name = f"#{place}"
            seen.add(name)
            yield name, value


def element_name(value: Any) -> str:
    """What an element of a list is called: its name, the last name in its id, its path, or its text."""
    if isinstance(value, Mapping):
        return str(value.get("name") or str(value.get("id", "")).rpartition("/")[2] or value.get("path") or "")
    return str(value) if isinstance(value, str | int) else ""


def at(node: Any, path: Path) -> Any:
    """The value at a path; raises KeyError when there is none."""
    for name in path:
        for step, child in steps(node):
            if step == name:
                node = child
                break
        else:
            raise KeyError(path)
    return node


def same(first: Resource | None, second: Resource | None) -> bool:
    """Do two readings of a resource hold the same configuration?"""
    if first == second:
        return True
    if first is None or second is None:
        return False
    return _comparable(first) == _comparable(second)


def _comparable(resource: Resource) -> str:
    leaves = {"/".join(path): value for path, value in settings(resource).items()}
    return json.dumps(leaves, sort_keys=True, default=str).lower()


def changed(before: State, after: State) -> set[str]:
    """The ids of what was made, changed or removed."""
    return {name for name in before.keys() | after.keys() if not same(before.get(name), after.get(name))}
