"""Managed images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute.base import (
    ASYNC,
    ComputeType,
    absent,
    id_of,
    invalid,
    missing,
    not_allowed,
    properties,
)
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]


class Images(ComputeType):
    """Disks to make machines of, kept as one."""

    type = "Microsoft.Compute/images"
    members = frozenset({"extendedLocation"})
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    choices = {
        "properties.hyperVGeneration": ("V1", "V2"),
        "properties.storageProfile.osDisk.osType": ("Windows", "Linux"),
        "properties.storageProfile.osDisk.osState": ("Generalized", "Specialized"),
    }

    def fill(self, write: Write) -> None:
        """Disks of the machine that it is made of; sizes and kinds of the disks."""
        write.request = paths.fresh(write.request)  # the first answer needs it as it was
        mine = write.body.setdefault("properties", {})
        if write.before is not None:
            for member, value in properties(write.before).items():
                mine.setdefault(member, paths.fresh(value))
        mine.setdefault("hyperVGeneration", "V1")
        source = id_of(mine.get("sourceVirtualMachine"))
        if source and write.created:
            mine["storageProfile"] = _of_machine(write, source)
        storage = mine.get("storageProfile")
        if not isinstance(storage, dict) or not storage.get("osDisk"):
            missing("storageProfile.osDisk")
        storage.setdefault("dataDisks", [])
        if not storage["osDisk"].get("osType"):
            missing("osDisk.osType")
        if not storage["osDisk"].get("osState"):
            missing("osDisk.osState")
        for disk in [storage["osDisk"], *storage["dataDisks"]]:
            disk.setdefault("caching", "None")
            _complete(write, disk)

    def validate(self, write: Write) -> None:
        luns = [disk.get("lun") for disk in write.get("properties.storageProfile.dataDisks")]
        if len(set(luns)) < len(luns):
            invalid("Two data disks have the same LUN.", "dataDisk.lun")
        if write.before is not None and write.get("properties.storageProfile.osDisk") != write.old("properties.storageProfile.osDisk"):
            invalid("Changing property 'storageProfile' is not allowed.", "storageProfile", "PropertyChangeNotAllowed")

    def accepted(self, write: Write, shown: Body) -> None:
        """Sizes are known only when the bytes are copied."""
        asked = properties(write.request).get("storageProfile", {})
        if not write.created:
            return
        storage = shown["properties"]["storageProfile"]
        if "diskSizeGB" not in asked.get("osDisk", {}):
            storage["osDisk"].pop("diskSizeGB", None)
        sizes = {disk.get("lun"): disk.get("diskSizeGB") for disk in asked.get("dataDisks") or []}
        for disk in storage["dataDisks"]:
            if sizes.get(disk["lun"]) is None:
                disk.pop("diskSizeGB", None)


def _of_machine(write: Write, id: str) -> Body:
    row = write.store.get(id.lower())
    if row is None:
        raise absent(id)
    if not row.hidden.get("generalized"):
        not_allowed(f"The specified source Virtual Machine '{row.name}' is not generalized: images are made of generalized machines only.")
    storage = properties(row.body)["storageProfile"]
    if row.location != write.location:
        invalid(f"The source Virtual Machine is in location '{row.location}', not in '{write.location}'.", "sourceVirtualMachine")

    def kept(disk: Body) -> Body:
        found = {member: disk[member] for member in ("caching",) if member in disk}
        if "vhd" in disk:
            return {**found, "blobUri": disk["vhd"]["uri"]}
        return {**found, "managedDisk": {"id": id_of(disk["managedDisk"])}}

    system = storage["osDisk"]
    return {
        "osDisk": {"osType": system.get("osType"), "osState": "Generalized", **kept(system)},
        "dataDisks": [{"lun": disk["lun"], **kept(disk)} for disk in storage["dataDisks"]],
    }


def _complete(write: Write, disk: Body) -> None:
    origin = id_of(disk.get("managedDisk")) or id_of(disk.get("snapshot"))
    if not origin:
        if not disk.get("blobUri"):
            missing("osDisk.managedDisk")
        disk.setdefault("storageAccountType", "Standard_LRS")
        return
    document = write.find(origin)
    if document is None:
        raise Refused(404, "NotFound", "The entity was not found in this Azure location.", target=origin)
    disk.setdefault("storageAccountType", "Standard_LRS" if id_of(disk.get("snapshot")) else document["sku"]["name"])
    disk.setdefault("diskSizeGB", properties(document).get("diskSizeGB"))
