"""What machines and disks are made of: marketplace images, managed images, versions of gallery images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute import vm_images
from azlabs.simulator.providers.compute.base import absent, id_of, properties
from azlabs.simulator.resource_manager.errors import not_modelled

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]


class Source:
    """`os`, `generation` and `size_gb` of the system disk; `lines` for the instance view; `exact` version where there is one.

    `data_disks`: items with lun and diskSizeGB. `specialized`: the machine keeps the accounts of the one it came from.
    """

    def __init__(self, os: str, generation: str, size_gb: int | None, *, exact: str = "", name: str = "", version: str = "",
                 specialized: bool = False, data_disks: list[Body] | None = None) -> None:  # fmt: skip
        self.os, self.generation, self.size_gb, self.exact = os, generation, size_gb, exact
        self.name, self.version, self.specialized, self.data_disks = name, version, specialized, data_disks or []


def of_reference(write: Write, reference: Body) -> Source:
    """What an `imageReference` means. 404 for what is missing, 501 for images that are not in the table."""
    if reference.get("publisher"):
        image, exact = vm_images.resolve(reference)
        return Source(image.os, image.generation, image.size_gb, exact=exact, name=image.os_name, version=image.os_version)
    id = str(reference.get("id") or "")
    if not id:
        what = reference.get("sharedGalleryImageId") or reference.get("communityGalleryImageId") or "imageReference"
        raise not_modelled(f"image {what}")
    return _of_id(write, id)


def _of_id(write: Write, id: str) -> Source:
    document = write.find(id)
    if document is None:
        raise absent(id)
    kind = str(document.get("type", "")).lower()
    if kind == "microsoft.compute/images":
        storage = properties(document)["storageProfile"]
        disk = storage["osDisk"]
        return Source(disk["osType"], properties(document).get("hyperVGeneration", "V1"), disk.get("diskSizeGB"),
                      data_disks=storage.get("dataDisks"))  # fmt: skip
    if kind == "microsoft.compute/galleries/images":
        return _newest(write, document)
    if kind == "microsoft.compute/galleries/images/versions":
        definition = write.find(id.rpartition("/versions/")[0] or id.rpartition("/Versions/")[0]) or {}
        return _of_version(definition, document)
    raise absent(id)


def _newest(write: Write, definition: Body) -> Source:
    rows = write.store.at_scope(definition["id"].lower(), "microsoft.compute/galleries/images/versions")
    usable = [row for row in rows if not properties(row.body)["publishingProfile"].get("excludeFromLatest")]
    if not usable:
        raise absent(f"{definition['id']}/versions/latest")
    newest = max(usable, key=lambda row: [int(part) for part in row.name.split(".")])
    return _of_version(definition, newest.body)


def _of_version(definition: Body, document: Body) -> Source:
    mine, storage = properties(definition), properties(document)["storageProfile"]
    return Source(
        mine.get("osType", "Linux"), mine.get("hyperVGeneration", "V1"), storage.get("osDiskImage", {}).get("sizeInGB"),
        exact=str(document.get("name", "")), specialized=mine.get("osState") == "Specialized",
        data_disks=[{"lun": item["lun"], "diskSizeGB": item.get("sizeInGB")} for item in storage.get("dataDiskImages") or []],
    )  # fmt: skip


def image_disk(write: Write, id: str, lun: int | None) -> Body:
    """Size, system and generation of a disk that is made from an image; of a data disk with `lun`."""
    source = _of_id(write, id)
    if lun is not None:
        item = next((disk for disk in source.data_disks if disk.get("lun") == lun), None)
        if item is None:
            raise absent(f"{id} (lun {lun})")
        return {"diskSizeGB": item["diskSizeGB"]}
    return {"diskSizeGB": source.size_gb, "osType": source.os, "hyperVGeneration": source.generation}


def of_origin(write: Write, id: str) -> Body:
    """The properties of a disk, snapshot or restore point that something is made from. 404 when it is missing."""
    document = write.find(id)
    if document is None:
        raise absent(id)
    return properties(document)


def reference_of(write: Write, profile: Body) -> Source | None:
    """What the storage profile of a machine is made of; None for an attached or unmanaged disk."""
    reference = profile.get("imageReference")
    if isinstance(reference, dict) and reference:
        return of_reference(write, reference)
    disk = id_of((profile.get("osDisk") or {}).get("managedDisk"))
    if disk:
        mine = of_origin(write, disk)
        return Source(mine.get("osType", ""), mine.get("hyperVGeneration", "V1"), mine.get("diskSizeGB"), specialized=True)
    return None
