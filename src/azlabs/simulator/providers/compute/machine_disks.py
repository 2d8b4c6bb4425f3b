"""Disks of machines: the ones that are made with them, and the ones that are attached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute.base import VM_LINKS, absent, hexadecimal, id_of, invalid, properties
from azlabs.simulator.resource_manager.errors import Refused, refuse

if TYPE_CHECKING:
    from azlabs.simulator.providers.compute.sources import Source
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
API_VERSION = "2024-03-02"


def through(answer: Any) -> Body:
    """The body of an internal answer; its refusal is raised as the caller's own."""
    body: Body = json.loads(answer.body or b"{}")
    if answer.status >= 400:
        error = body.get("error", {})
        raise Refused(answer.status, str(error.get("code")), str(error.get("message")), details=error.get("details"))
    return body


def disk_id(write: Write, name: str) -> str:
    """The id of a disk beside the machine."""
    return f"{write.id.partition('/providers/')[0]}/providers/Microsoft.Compute/disks/{name}"


def settle(write: Write, profile: Body, source: Source | None) -> None:
    """Make the disks that are to be made, look up those that are attached, and tell of both what Azure tells."""
    _settle_system(write, profile["osDisk"], profile, source)
    made = 1
    seen: set[str] = set()
    for item in profile["dataDisks"]:
        item["toBeDetached"] = False
        if "vhd" in item:
            continue
        made += 1
        held = id_of(item.get("managedDisk"))
        if not held and item["createOption"] == "Attach":
            invalid("Required parameter 'dataDisk.managedDisk.id' is missing (null).", "dataDisk.managedDisk.id")
        if not held:
            item.setdefault("name", f"{write.name}_disk{made}_{hexadecimal()}")
            reference = profile.get("imageReference") if item["createOption"] == "FromImage" else None
            _make(write, item, {"createOption": "Empty"} if reference is None else _made_from(write, reference, item["lun"]), source)
        elif held.lower() in seen:
            invalid(f"Disk '{held}' is attached more than once.", "dataDisk.managedDisk.id")
        seen.add(id_of(item["managedDisk"]).lower())
        item.setdefault("name", item["managedDisk"]["id"].rpartition("/")[2])
        _look_up(write, item)


def _settle_system(write: Write, disk: Body, profile: Body, source: Source | None) -> None:
    if "vhd" in disk:
        return
    held = id_of(disk.get("managedDisk"))
    if not held:
        number = "disk1" if profile["dataDisks"] or (source is not None and source.generation == "V2") else "OsDisk_1"
        disk.setdefault("name", f"{write.name}_{number}_{hexadecimal()}")
        creation = _made_from(write, profile.get("imageReference") or {}, None)
        if disk.get("diffDiskSettings"):  # an ephemeral disk lies on the host; Azure lists it all the same
            disk["managedDisk"]["storageAccountType"] = "Standard_LRS"
        _make(write, disk, creation, source)
    disk.setdefault("name", id_of(disk["managedDisk"]).rpartition("/")[2])
    _look_up(write, disk)


def _made_from(write: Write, reference: Body, lun: int | None) -> Body:
    if reference.get("publisher"):
        version = reference.get("exactVersion") or reference.get("version")
        id = (
            f"/Subscriptions/{write.subscription}/Providers/Microsoft.Compute/Locations/{write.location}/Publishers/"
            f"{reference['publisher']}/ArtifactTypes/VMImage/Offers/{reference['offer']}/Skus/{reference['sku']}/Versions/{version}"
        )
        return {"createOption": "FromImage", "imageReference": {"id": id}}
    if "/galleries/" in str(reference.get("id", "")).lower():
        return {"createOption": "FromImage", "galleryImageReference": {"id": reference["id"], **({"lun": lun} if lun is not None else {})}}
    return {"createOption": "FromImage", "imageReference": {"id": reference.get("id"), **({"lun": lun} if lun is not None else {})}}


def _make(write: Write, item: Body, creation: Body, source: Source | None) -> None:
    """Create the disk resource behind a disk of the machine."""
    id = disk_id(write, item["name"])
    if write.store.exists(id.lower()):
        refuse(
            "ConflictingUserInput",
            f"Disk {item['name']} already exists in resource group {write.call.group_name().upper()}. Only CreateOption.Attach is "
            "supported.",
            status=409,
            target="/subscriptions/" + id.partition("/subscriptions/")[2],
        )
    mine: Body = {"creationData": creation}
    if item.get("diskSizeGB") is not None:
        mine["diskSizeGB"] = item["diskSizeGB"]
    if "osType" in item:
        mine["osType"] = item["osType"]
        if source is not None:
            mine["hyperVGeneration"] = source.generation
    encryption = id_of(item["managedDisk"].get("diskEncryptionSet"))
    if encryption:
        mine["encryption"] = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": encryption}
    body: Body = {"location": write.location, "sku": {"name": item["managedDisk"].get("storageAccountType")}, "properties": mine}
    for member in ("zones", "extendedLocation"):
        if write.body.get(member):
            body[member] = write.body[member]
    through(write.call.internal("PUT", id, API_VERSION, body))
    item["managedDisk"]["id"] = id


def _look_up(write: Write, item: Body) -> None:
    """Size and kind of the disk that is held; it has to be there, here, and nobody else's."""
    id = item["managedDisk"]["id"]
    document = write.find(id)
    if document is None:
        raise absent(id)
    mine = properties(document)
    if document.get("location") != write.location:
        invalid(f"Disk '{id}' is in location '{document.get('location')}', the machine in '{write.location}'.", "dataDisk.managedDisk.id")
    if mine.get("maxShares", 1) < 2:
        other = next((link.source for link in write.linked(id) if link.path in VM_LINKS and link.source != write.key), None)
        if other is not None:
            refuse(
                "ConflictingUserInput",
                f"Disk '{id}' cannot be attached as the disk is already owned by VM '{other}'.",
                status=409,
                target="dataDisk.managedDisk.id",
            )
    item["diskSizeGB"] = mine.get("diskSizeGB")
    item["managedDisk"]["storageAccountType"] = document["sku"]["name"]
    encryption = mine.get("encryption", {}).get("diskEncryptionSetId")
    if encryption:
        item["managedDisk"]["diskEncryptionSet"] = {"id": encryption}


def keep(profile: Body, before: Body) -> None:
    """Under a new storage profile, what the stored one knows: the image, the names and ids of disks that stay."""
    held = id_of((profile.get("osDisk") or {}).get("managedDisk"))
    if "imageReference" in before and held in ("", id_of(before["osDisk"].get("managedDisk"))):
        profile["imageReference"] = before["imageReference"]
    elif "imageReference" in before:
        profile.setdefault("imageReference", before["imageReference"])
    disk = profile.setdefault("osDisk", {})
    for member, value in before["osDisk"].items():
        if member == "managedDisk" and isinstance(value, dict):
            for name in value:
                disk.setdefault("managedDisk", {}).setdefault(name, value[name])
        else:
            disk.setdefault(member, value)
    if "diskControllerType" in before:
        profile.setdefault("diskControllerType", before["diskControllerType"])
    for item in profile.get("dataDisks") or []:
        old = next((one for one in before["dataDisks"] if one.get("lun") == item.get("lun")), None)
        same = old is not None and (item.get("name") in (None, old.get("name"))) and (
            id_of(item.get("managedDisk")) in ("", id_of(old.get("managedDisk")))
        )  # fmt: skip
        if old is not None and same:
            item.setdefault("name", old.get("name"))
            if "managedDisk" in old:
                item.setdefault("managedDisk", {}).update(old["managedDisk"])


def delete_with(write: Write) -> None:
    """Take away what a machine takes along when it is deleted: disks and interfaces whose deleteOption is Delete."""
    profile = properties(write.body)["storageProfile"]
    gone = [id_of(disk.get("managedDisk")) for disk in [profile["osDisk"], *profile["dataDisks"]] if disk.get("deleteOption") == "Delete"]
    ephemeral = profile["osDisk"].get("diffDiskSettings")
    if ephemeral:
        gone.append(id_of(profile["osDisk"].get("managedDisk")))
    cards = properties(write.body).get("networkProfile", {}).get("networkInterfaces") or []
    cards_gone = [id_of(card) for card in cards if properties(card).get("deleteOption") == "Delete"]
    if not gone and not cards_gone:
        return
    write.store.set_links(write.key, [])  # the machine lets go of them first
    for id in dict.fromkeys(id for id in gone if id):
        through(write.call.internal("DELETE", id, API_VERSION))
    for id in cards_gone:
        through(write.call.internal("DELETE", id, "2024-05-01"))


def held_by(reader: Reader, id: str) -> list[str]:
    """Keys of the machines that hold a disk."""
    return [link.source for link in reader.linked(id) if link.path in VM_LINKS]
