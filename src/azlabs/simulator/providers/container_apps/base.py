"""What the types of Microsoft.App have in common."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.resource_manager import locations
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

ENVIRONMENT = "Microsoft.App/managedEnvironments"
APP = "Microsoft.App/containerApps"
JOB = "Microsoft.App/jobs"
SINCE_2025 = "2024-09"
"""Api-versions after this one show the members of 2025-01-01."""
PROFILES = {
    **{f"D{cores}": ("GeneralPurpose", cores, cores * 4) for cores in (4, 8, 16, 32)},
    **{f"E{cores}": ("MemoryOptimized", cores, cores * 8) for cores in (4, 8, 16, 32)},
    "Consumption": ("Consumption", 4, 8),
}
"""Workload profiles: category, cores, GiB of memory."""
OUTBOUND = [f"20.60.4.{number}" for number in range(1, 11)]
PENDING_DELETE = Announce(202, headers=("location",), retry_after=15, body=False, polls=1)


def region(location: str) -> str:
    """The name of a region as it is shown: "East US"."""
    return str(locations.regions().get(locations.normalized(location), {}).get("displayName", location))


def domain(environment: str, location: str) -> str:
    """The domain under which the apps of an environment get their names."""
    number = zlib.crc32(environment.lower().encode())
    return f"sim-{number:08x}.{locations.normalized(location)}.azurecontainerapps.io"


def static_ip(environment: str) -> str:
    """The address of an environment."""
    number = zlib.crc32(environment.lower().encode())
    return f"20.60.{number % 200 + 10}.{number // 200 % 250 + 2}"


def verification_id(subscription: str) -> str:
    """What a TXT record has to hold to prove that a domain is the subscription's."""
    return hashlib.sha256(f"domain {subscription}".encode()).hexdigest().upper()


def events(id: str, location: str, folder: str) -> str:
    """Where the events of a resource are streamed."""
    parts = id.split("/")
    return (
        f"https://{locations.normalized(location)}.azurecontainerapps.dev/subscriptions/{parts[2]}/resourceGroups/{parts[4]}/"
        f"{folder}/{parts[-1]}/eventstream"
    )


def camel(value: Any) -> Any:
    """Members in the spelling that is shown, whatever case they were sent in."""
    if isinstance(value, dict):
        return {(key[:1].lower() + key[1:] if key[:1].isupper() else key): camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def merged(always: Body, given: Any) -> Body:
    """`given` on top of the members that are always shown."""
    found = dict(always)
    for name, value in (given or {}).items() if isinstance(given, dict) else ():
        found[name] = merged(always[name], value) if isinstance(always.get(name), dict) and isinstance(value, dict) else value
    return found


class AppType(ResourceType):
    """Shown with who made it; deletes are accepted first."""

    system_data = True
    creates = updates = Announce(201, "InProgress", headers=("azure-asyncoperation",), polls=1)
    operation_body = "open"
    deletes = PENDING_DELETE


class Part(ResourceType):
    """Something below an environment or an app that is there at once."""

    located = tagged = False
    state: ClassVar[str | None] = None
    system_data = True
    creates = updates = patched = Announce(200, "Succeeded")
    deletes = Announce(200, body=False)


def environment_of(write: Write) -> Body:
    """The environment that an app or job names. Refuses when there is none."""
    mine = write.body.setdefault("properties", {})
    id = mine.get("environmentId") or mine.get("managedEnvironmentId") or write.old("properties.environmentId")
    if not isinstance(id, str) or not id:
        refuse("ContainerAppEnvironmentIdRequired", "The property 'environmentId' is required.")
    row = write.store.get(id.rstrip("/").lower())
    if row is None or row.type != ENVIRONMENT.lower():
        refuse("ManagedEnvironmentNotFound", f"Environment {id} was not found.", status=404)
    mine["environmentId"] = row.id
    profile = mine.get("workloadProfileName") or write.old("properties.workloadProfileName") or "Consumption"
    known = {one["name"] for one in row.body["properties"].get("workloadProfiles") or ()}
    if known and profile not in known:
        refuse("WorkloadProfileNotFound", f"Workload profile name '{profile}' is not in the environment '{row.name}'.")
    mine["workloadProfileName"] = profile
    return row.body


def secrets(write: Write, kind: str) -> None:
    """Take the values of secrets out of the document; every secret has to have one, or a reference to a vault."""
    configuration = write.body["properties"].setdefault("configuration", {})
    given = configuration.get("secrets")
    kept: Body = write.hidden.get("secrets") or {}
    values: Body = {}
    shown = []
    for one in given or ():
        name = str(one.get("name", ""))
        value = one.get("value", kept.get(name))
        if value is None and not one.get("keyVaultUrl"):
            refuse(
                f"{kind}SecretInvalid",
                f"Invalid Request: Container app secret(s) with name(s) '{name}' are invalid: value or keyVaultUrl and identity "
                "should be provided.",
            )
        if value is not None:
            values[name] = value
        shown.append({key: item for key, item in one.items() if key != "value"})
    write.hidden["secrets"] = values
    configuration["secrets"] = shown or None
    names = {one.get("name") for one in shown}
    for one in configuration.get("registries") or ():
        reference = one.get("passwordSecretRef")
        if reference and reference not in names:
            refuse(
                f"{kind}RegistriesPasswordSecretRefNotFound",
                f"PasswordSecretRef '{reference}' defined for registry server '{one.get('server')}' not found.",
            )
        one.setdefault("identity", "")
    template = write.body["properties"].get("template") or {}
    for container in [*(template.get("containers") or ()), *(template.get("initContainers") or ())]:
        for variable in container.get("env") or ():
            reference = variable.get("secretRef")
            if reference and reference not in names:
                refuse(
                    f"{kind}SecretRefNotFound",
                    f"SecretRef '{reference}' defined for container '{container.get('name')}' not found.",
                )


def containers(write: Write, kind: str) -> None:
    """Containers have an image, a name, and cores and memory that belong together."""
    template = write.body["properties"].setdefault("template", {})
    given = template.get("containers")
    if not given:
        refuse(f"{kind}ContainersRequired", "At least one container is required in the template.")
    seen: set[str] = set()
    cores = 0.0
    memory = 0.0
    for container in given:
        name = str(container.get("name") or "")
        if not container.get("image"):
            refuse(f"{kind}ImageRequired", f"Container with name '{name}' must have an 'Image' property specified.")
        if name in seen:
            refuse(f"{kind}InvalidContainerName", f"The container name '{name}' is used more than once.")
        seen.add(name)
        _sized(container, ephemeral=kind == "ContainerApp")
        cores += float(container["resources"]["cpu"])
        memory += _gibibytes(container["resources"]["memory"])
    for container in template.get("initContainers") or ():
        _sized(container, ephemeral=kind == "ContainerApp")
    consumption = write.body["properties"]["workloadProfileName"].lower() == "consumption"
    if consumption and (cores > 4 or abs(cores * 4 - round(cores * 4)) > 1e-9 or abs(memory - 2 * cores) > 1e-9):
        refuse(
            f"{kind}InvalidResourceTotal",
            f"The total requested CPU and memory resources for this application (CPU: {cores}, memory: {memory}) is invalid. Total "
            "CPU and memory for all containers defined in a Container App must add up to one of the following CPU - Memory "
            "combinations: [cpu: 0.25, memory: 0.5Gi]; [cpu: 0.5, memory: 1.0Gi]; [cpu: 0.75, memory: 1.5Gi]; [cpu: 1.0, memory: "
            "2.0Gi]; ... [cpu: 4.0, memory: 8.0Gi]",
        )


def _sized(container: Body, *, ephemeral: bool) -> None:
    resources = container.setdefault("resources", {})
    resources["cpu"] = float(resources.get("cpu") or 0.5)
    resources["memory"] = resources.get("memory") or "1Gi"
    cores = resources["cpu"]
    if not ephemeral:
        resources["ephemeralStorage"] = ""
        return
    storage = "1Gi" if cores <= 0.25 else "2Gi" if cores <= 0.5 else "4Gi" if cores <= 1 else "8Gi"
    resources["ephemeralStorage"] = storage


def _gibibytes(text: Any) -> float:
    word = str(text)
    try:
        return float(word.removesuffix("Gi"))
    except ValueError:
        refuse("InvalidRequestContent", f"The memory '{word}' is not a number of Gi.")


def list_secrets(call: Call) -> Body:
    """Secrets with their values."""
    row = call.store.get(call.key)
    values: Body = row.hidden.get("secrets") or {} if row is not None else {}
    return {"value": [{"name": name, "value": value} for name, value in values.items()]}


def apps_in(reader: Reader, environment: Resource) -> list[Resource]:
    """The apps and jobs of an environment."""
    rows = [reader.store.get(link.source) for link in reader.linked(environment.id)]
    return [row for row in rows if row is not None and row.type in (APP.lower(), JOB.lower())]
