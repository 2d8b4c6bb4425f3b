"""Restore points of machines."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.compute.base import (
    ASYNC,
    MACHINE_GONE,
    ComputeType,
    absent,
    id_of,
    missing,
    properties,
    query_of,
    unchangeable,
)
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.resource_type import Announce

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
POINTS = "microsoft.compute/restorepointcollections/restorepoints"
COPIED = ("hardwareProfile", "osProfile", "diagnosticsProfile", "securityProfile", "licenseType")
DISK_MEMBERS = ("osType", "name", "diskSizeGB", "caching", "lun")


class RestorePointCollections(ComputeType):
    """Restore points of one machine."""

    type = "Microsoft.Compute/restorePointCollections"
    creates, updates, patched = Announce(201), Announce(200), Announce(200)
    read_only = ("properties.restorePointCollectionId", "properties.restorePoints")

    def fill(self, write: Write) -> None:
        write.put("properties.restorePointCollectionId", write.old("properties.restorePointCollectionId") or str(uuid.uuid4()))
        source = write.get("properties.source") or write.old("properties.source") or {}
        if not id_of(source):
            missing("source.id")
        document = write.find(id_of(source))
        if document is None:
            raise absent(id_of(source))
        write.put("properties.source", {"location": document.get("location"), "id": id_of(source)})

    def validate(self, write: Write) -> None:
        if write.before is not None and write.get("properties.source") != write.old("properties.source"):
            unchangeable("source")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Its points, on demand."""
        if query_of(reader).get("$expand", "").lower() == "restorepoints":
            body["properties"]["restorePoints"] = [row.copy() for row in reader.store.at_scope(body["id"].lower(), POINTS)]
        return body


class RestorePoints(ComputeType):
    """The disks of a machine at a moment."""

    type = "Microsoft.Compute/restorePointCollections/restorePoints"
    located = tagged = False
    shows_type = False
    patch = "none"
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    deletes = MACHINE_GONE
    read_only = ("properties.sourceMetadata", "properties.timeCreated", "properties.instanceView")
    defaults = {"properties": {}}

    def fill(self, write: Write) -> None:
        """Copy what the machine, or the point in another region, looks like."""
        if write.before is not None:
            write.refuse("RestorePointAlreadyExists", "Restore point '{name}' exists already and cannot be changed.", 409)
        mine = write.body["properties"]
        collection = write.store.get(write.call.scope_key)
        if collection is None:
            return
        other = id_of(mine.get("sourceRestorePoint"))
        if other:
            document = write.find(other)
            if document is None:
                raise absent(other)
            theirs = properties(document)
            mine["sourceMetadata"] = paths.fresh(theirs["sourceMetadata"])
            mine["timeCreated"] = theirs["timeCreated"]
            mine["consistencyMode"] = theirs["consistencyMode"]
            _copy_points(write, mine["sourceMetadata"]["storageProfile"])
            return
        source = id_of(properties(collection.body)["source"])
        machine = write.find(source)
        if machine is None:
            raise absent(source)
        row = write.store.get(source.lower())
        mine["sourceMetadata"] = _metadata(write, machine, row.hidden.get("generation", "V1") if row is not None else "V1", mine)
        mine["timeCreated"] = stamp(write.now)
        linux = "linuxConfiguration" in properties(machine).get("osProfile", {})
        mine.setdefault("consistencyMode", "FileSystemConsistent" if linux else "ApplicationConsistent")

    def accepted(self, write: Write, shown: Body) -> None:
        """The points of the disks come later."""
        storage = shown["properties"]["sourceMetadata"]["storageProfile"]
        for disk in [storage["osDisk"], *storage["dataDisks"]]:
            disk.pop("diskRestorePoint", None)
        asked = properties(write.request)
        if "consistencyMode" not in asked and "sourceRestorePoint" not in asked:
            shown["properties"].pop("consistencyMode", None)


def _point(write: Write, disk: Body) -> Body:
    document = write.find(id_of(disk.get("managedDisk"))) or {}
    encryption = properties(document).get("encryption") or {"type": "EncryptionAtRestWithPlatformKey"}
    return {"encryption": encryption, "id": f"{write.id}/diskRestorePoints/{disk.get('name')}_{uuid.uuid4()}"}


def _metadata(write: Write, machine: Body, generation: str, mine: Body) -> Body:
    theirs = properties(machine)
    left_out = {id_of(one).lower() for one in mine.get("excludeDisks") or []}

    def disk(item: Body) -> Body:
        held = {name: value for name, value in item["managedDisk"].items() if name in ("id", "storageAccountType")}
        return {**{name: item[name] for name in DISK_MEMBERS if name in item}, "managedDisk": held, "diskRestorePoint": _point(write, item)}

    storage = theirs["storageProfile"]
    shown: Body = {
        "osDisk": disk(storage["osDisk"]),
        "dataDisks": [disk(item) for item in storage["dataDisks"] if id_of(item.get("managedDisk")).lower() not in left_out],
    }
    if "diskControllerType" in storage:
        shown["diskControllerType"] = storage["diskControllerType"]
    return {
        "vmId": theirs.get("vmId"), "location": machine.get("location"), "storageProfile": shown, "hyperVGeneration": generation,
        **{name: theirs[name] for name in COPIED if name in theirs},
    }  # fmt: skip


def _copy_points(write: Write, storage: Body) -> None:
    for disk in [storage["osDisk"], *storage["dataDisks"]]:
        source = disk["diskRestorePoint"]["id"]
        disk["diskRestorePoint"] = {"sourceDiskRestorePoint": {"id": source}, **_point(write, disk)}
