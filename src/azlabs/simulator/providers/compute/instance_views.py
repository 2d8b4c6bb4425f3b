"""What machines tell about their running: power state, agent, disks, extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.compute import vm_images
from azlabs.simulator.providers.compute.base import properties

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Reader

Body = dict[str, Any]
DISPLAYED = {"running": "VM running", "stopped": "VM stopped", "deallocated": "VM deallocated"}
AGENTS = {
    "Linux": ("2.11.1.12", "Guest Agent is running"),
    "Windows": ("2.7.41491.1131", "GuestAgent is running and processing the extensions."),
}
EXTENSION = "microsoft.compute/virtualmachines/extensions"


def succeeded(time: str | None = None, words: str = "Provisioning succeeded", **more: Any) -> Body:
    """A status that says that something went well."""
    status = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": words, **more}
    return {**status, "time": time} if time else status


def power_state(row: Resource) -> str:
    """"running", "stopped" or "deallocated"."""
    return str(row.hidden.get("powerState", "running"))


def power_status(state: str) -> Body:
    return {"code": f"PowerState/{state}", "level": "Info", "displayStatus": DISPLAYED[state]}


def view(reader: Reader, row: Resource, mine: Body) -> Body:
    """The instance view of a machine; `mine` are its properties."""
    state, hidden = power_state(row), row.hidden
    time = stamp(row.changed)
    found: Body = {}
    if "domain" in hidden:
        found["platformUpdateDomain"], found["platformFaultDomain"] = hidden["domain"]
    storage = mine["storageProfile"]
    system = storage["osDisk"].get("osType", "Linux")
    if state == "running":
        found.update(_guest(mine, storage, system, time))
    disks = [storage["osDisk"], *storage.get("dataDisks", [])]
    found["disks"] = [{"name": disk.get("name"), "statuses": [succeeded(time)]} for disk in disks]
    extensions = reader.store.at_scope(row.key, EXTENSION)
    if extensions and state == "running":
        if "vmAgent" in found:
            found["vmAgent"]["extensionHandlers"] = [_handler(one) for one in extensions]
        found["extensions"] = [_extension(one) for one in extensions]
    boot = mine.get("diagnosticsProfile", {}).get("bootDiagnostics", {})
    if boot.get("enabled"):
        found["bootDiagnostics"] = {}
    found["hyperVGeneration"] = hidden.get("generation", "V1")
    statuses = [succeeded(time)]
    if hidden.get("generalized"):
        statuses.append({"code": "OSState/generalized", "level": "Info", "displayStatus": "VM generalized"})
    found["statuses"] = [*statuses, power_status(state)]
    return found


def _guest(mine: Body, storage: Body, system: str, time: str) -> Body:
    """What the agent inside tells; nothing when there is none."""
    profile = mine.get("osProfile") or {}
    configuration = profile.get("linuxConfiguration") or profile.get("windowsConfiguration") or {}
    if not configuration.get("provisionVMAgent", True):
        return {}
    version, words = AGENTS.get(system, AGENTS["Linux"])
    found: Body = {"vmAgent": {"vmAgentVersion": version, "extensionHandlers": [],
                               "statuses": [succeeded(time, "Ready", message=words)]}}  # fmt: skip
    if profile.get("computerName"):
        found["computerName"] = profile["computerName"]
    reference = storage.get("imageReference") or {}
    if reference.get("publisher"):
        image = vm_images.find(reference["publisher"], reference["offer"], reference["sku"])
        if image is not None:
            found.update(osName=image.os_name, osVersion=image.os_version)
    return found


def _kind(row: Resource) -> Body:
    mine = properties(row.body)
    return {"type": f"{mine.get('publisher')}.{mine.get('type')}", "typeHandlerVersion": mine.get("typeHandlerVersion")}


def _handler(row: Resource) -> Body:
    return {**_kind(row), "status": {**succeeded(words="Ready"), "message": "Plugin enabled"}}


def _extension(row: Resource) -> Body:
    return {"name": row.name, **_kind(row), "statuses": [{**succeeded(), "message": "Enable succeeded."}]}
