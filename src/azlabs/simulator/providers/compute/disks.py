"""Managed disks and snapshots."""

from __future__ import annotations

import hmac
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.compute import vm_images
from azlabs.simulator.providers.compute.base import (
    ASYNC,
    BOTH,
    VM_LINKS,
    ComputeType,
    absent,
    id_of,
    invalid,
    missing,
    not_allowed,
    properties,
    remember_gone,
)
from azlabs.simulator.providers.compute.performance import IOPS_SKUS, SKUS, TIERED, performance, tier
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.resource_type import Announce, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
GB = 1 << 30
ENCRYPTION_SET = Reference(
    "properties.encryption.diskEncryptionSetId",
    "Microsoft.Compute/diskEncryptionSets",
    "NotFound",
    "DiskEncryptionSet '{name}' was not found.",
    404,
)
ACCESS = Reference("properties.diskAccessId", "Microsoft.Compute/diskAccesses", "NotFound", "DiskAccess '{name}' was not found.", 404)
COMPUTED = (
    "uniqueId", "timeCreated", "diskState", "diskSizeBytes", "diskIOPSReadWrite", "diskMBpsReadWrite", "incrementalSnapshotFamilyId",
    "burstingEnabledTime", "networkAccessPolicy", "publicNetworkAccess", "encryption", "diskSizeGB", "tier", "osType",
    "hyperVGeneration", "supportsHibernation", "supportedCapabilities", "incremental", "completionPercent",
)  # fmt: skip
"""Members that the first answer to a write has only when they were sent."""


class Storage(ComputeType):
    """What disks and snapshots share."""

    members = frozenset({"sku", "zones", "extendedLocation", "managedBy"})
    operation_paths = ("DiskOperations", "DiskOperations")
    operation_body = "output"
    # Azure sends Location too, for the same URL; what it would answer is the resource that its own URL shows.
    creates = updates = patched = Announce(202, "Updating", headers=ASYNC)
    required = ("properties.creationData",)
    read_only: ClassVar[tuple[str, ...]] = (
        "properties.timeCreated", "properties.uniqueId", "properties.diskSizeBytes", "properties.diskState",
        "properties.creationData.sourceUniqueId", "managedBy",
    )  # fmt: skip
    defaults = {
        "properties": {
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "networkAccessPolicy": "AllowAll",
            "publicNetworkAccess": "Enabled",
        }
    }
    choices = {
        "properties.creationData.createOption": (
            "Empty", "FromImage", "Attach", "Import", "ImportSecure", "Copy", "CopyStart", "CopyFromSanSnapshot", "Restore",
            "Upload", "UploadPreparedSecure",
        ),
        "properties.networkAccessPolicy": ("AllowAll", "AllowPrivate", "DenyAll"),
        "properties.osType": ("Windows", "Linux"),
        "properties.encryption.type": (
            "EncryptionAtRestWithPlatformKey", "EncryptionAtRestWithCustomerKey",
            "EncryptionAtRestWithPlatformAndCustomerKeys",
        ),
    }  # fmt: skip
    members_since = {
        "properties.publicNetworkAccess": "2021-04-01",
        "properties.networkAccessPolicy": "2020-05-01",
        "properties.supportsHibernation": "2020-12-01",
        "properties.supportedCapabilities": "2021-04-01",
    }
    references = (ENCRYPTION_SET, ACCESS)

    def fill(self, write: Write) -> None:
        """Size, system and generation come from what it is made of; the first write fixes that for good."""
        mine = write.body["properties"]
        creation = mine["creationData"]
        if write.before is not None:
            mine["creationData"] = paths.fresh(write.old("properties.creationData"))
        else:
            self._from_source(write, mine, creation)
        mine["timeCreated"] = write.old("properties.timeCreated") or stamp(write.now)
        mine["uniqueId"] = write.old("properties.uniqueId") or str(uuid.uuid4())
        for member in ("osType", "hyperVGeneration", "supportedCapabilities", "supportsHibernation", "diskSizeGB"):
            if member not in mine and write.old(f"properties.{member}") is not None:
                mine[member] = write.old(f"properties.{member}")
        size = mine.get("diskSizeGB")
        if isinstance(size, int):
            exact = write.hidden.get("bytes", 0)
            mine["diskSizeBytes"] = exact if size * GB <= exact < (size + 1) * GB else size * GB
        sku = write.body.setdefault("sku", paths.fresh(write.old("sku") or {"name": "Standard_LRS"}))
        spelled = next((name for name in SKUS if name.lower() == str(sku.get("name")).lower()), None)
        if spelled is None:
            invalid(f"The value '{sku.get('name')}' of parameter 'sku.name' is invalid.", "sku.name")
        sku.update(name=spelled, tier=SKUS[spelled])

    def _from_source(self, write: Write, mine: Body, creation: Body) -> None:
        option = creation.get("createOption")
        if option is None:
            missing("disk.creationData.createOption")
        if option == "FromImage":
            self._from_image(write, mine, creation)
        elif option in ("Copy", "CopyStart", "Restore"):
            source = str(creation.get("sourceResourceId") or creation.get("sourceUri") or "")
            if not source:
                missing("disk.creationData.sourceResourceId")
            document = write.find(source)
            if document is None:
                raise absent(source)
            theirs = properties(document)
            creation["sourceUniqueId"] = theirs.get("uniqueId")
            kept = ("diskSizeGB", "osType", "hyperVGeneration", "supportsHibernation", "supportedCapabilities", "securityProfile")
            for member in kept:
                if member in theirs:
                    mine.setdefault(member, paths.fresh(theirs[member]))
            write.hidden["bytes"] = theirs.get("diskSizeBytes", 0)
        elif option in ("Import", "ImportSecure"):
            if not creation.get("sourceUri"):
                missing("disk.creationData.sourceUri")
            mine.setdefault("diskSizeGB", 30)
        elif option in ("Upload", "UploadPreparedSecure"):
            size = creation.get("uploadSizeBytes")
            if not isinstance(size, int):
                missing("disk.creationData.uploadSizeBytes")
            mine.setdefault("diskSizeGB", -(-(size - vm_images.VHD_FOOTER) // GB))
        if mine.get("diskSizeGB") is None and option != "FromImage":
            missing("disk.diskSizeGB")

    def _from_image(self, write: Write, mine: Body, creation: Body) -> None:
        reference = creation.get("imageReference") or creation.get("galleryImageReference") or {}
        id = str(reference.get("id") or reference.get("sharedGalleryImageId") or reference.get("communityGalleryImageId") or "")
        if not id:
            missing("disk.creationData.imageReference")
        parts = id.strip("/").split("/")
        if len(parts) == 16 and parts[6].lower() == "publishers":
            named = zip(("publisher", "offer", "sku", "version"), (parts[7], *parts[11::2]), strict=True)
            image, _version = vm_images.resolve(dict(named))
            mine.setdefault("diskSizeGB", image.size_gb)
            write.hidden["bytes"] = image.bytes
            mine.setdefault("osType", image.os)
            mine.setdefault("hyperVGeneration", image.generation)
            if image.nvme is not None:
                mine.setdefault("supportedCapabilities", {
                    "diskControllerTypes": "SCSI, NVMe" if image.nvme else "SCSI", "acceleratedNetwork": True, "architecture": "x64",
                })  # fmt: skip
                mine.setdefault("supportsHibernation", bool(image.hibernate))
            else:
                mine.setdefault("supportedCapabilities", {"architecture": "x64"})
            return
        from azlabs.simulator.providers.compute.sources import image_disk

        for member, value in image_disk(write, id, reference.get("lun")).items():
            mine.setdefault(member, value)

    def validate(self, write: Write) -> None:
        """Sizes only grow; keys that customers hold come with their set."""
        size = write.get("properties.diskSizeGB")
        if type(size) is not int or not 1 <= size <= 65536:
            invalid(f"The value '{size}' of parameter 'disk.diskSizeGB' is out of range. It must be between '1' and '65536', inclusive.",
                    "disk.diskSizeGB", "InvalidParameter")  # fmt: skip
        before = write.old("properties.diskSizeGB")
        if before is not None and size < before:
            invalid(f"Disk {write.name} cannot be resized from {before} GB to {size} GB. Disks can only grow.", "disk.diskSizeGB",
                    "OperationNotAllowed")  # fmt: skip
        encryption = write.get("properties.encryption.type", "")
        if "Customer" in encryption and not write.get("properties.encryption.diskEncryptionSetId"):
            missing("encryption.diskEncryptionSetId")

    def deleting(self, write: Write) -> None:
        """The provider of disks answers for what it deleted."""
        remember_gone(write, write.resource)

    def accepted(self, write: Write, shown: Body) -> None:
        """The first answer repeats the request; the rest is worked out later."""
        request = properties(write.request)
        mine = shown["properties"]
        for member in COMPUTED:
            if member not in request:
                mine.pop(member, None)
        mine["creationData"].pop("sourceUniqueId", None)
        asked = write.request.get("sku")
        if isinstance(asked, dict):
            shown["sku"] = {"name": shown["sku"]["name"]}
        elif write.created:
            shown.pop("sku", None)

    @action("beginGetAccess", announce=Announce(202, headers=BOTH))
    def begin_access(self, call: Call, body: Body) -> Body:
        """A URL by which the bytes can be read; the simulator keeps no bytes of disks, so nothing answers there."""
        asked = call.json()
        if str(asked.get("access", "")).lower() not in ("read", "write"):
            invalid(f"The value '{asked.get('access')}' of parameter 'access' is invalid.", "access")
        seconds = asked.get("durationInSeconds")
        if type(seconds) is not int or seconds < 1:
            missing("durationInSeconds")
        row = call.store.get(call.key)
        assert row is not None
        hidden = row.hidden
        hidden["access"] = {"until": call.now + seconds}
        row.hidden_text = dumps(hidden)
        call.store.update(row)
        unique = properties(body)["uniqueId"].replace("-", "")
        signature = hmac.new(call.manager.tokens.signing_key, f"{unique}{call.now}".encode(), "sha256").hexdigest()
        return {"accessSAS": f"https://md-{unique[:12]}.z1.blob.storage.azure.net/{unique[12:24]}/abcd?sv=2018-03-28&sr=b&si={uuid.uuid4()}&sig={signature}"}

    @action("endGetAccess", announce=Announce(202, headers=BOTH))
    def end_access(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """The URL is good no longer."""
        row = call.store.get(call.key)
        if row is not None:
            row.hidden_text = dumps({name: value for name, value in row.hidden.items() if name != "access"})
            call.store.update(row)


class Disks(Storage):
    """A managed disk."""

    type = "Microsoft.Compute/disks"
    gone_words = "Disk {name} is not found."
    members_since = {**Storage.members_since, "properties.tier": "2020-05-01"}
    in_use = InUse("OperationNotAllowed", "Disk {name} is attached to VM {user}.", 409)

    def fill(self, write: Write) -> None:
        """What a disk of its kind and size does per second."""
        super().fill(write)
        mine = write.body["properties"]
        sku, size = write.body["sku"]["name"], mine.get("diskSizeGB")
        if not isinstance(size, int):
            return
        if sku in IOPS_SKUS:
            mine["creationData"].setdefault("logicalSectorSize", 4096)
        changed = size != write.old("properties.diskSizeGB") or sku != write.old("sku.name")
        if sku in TIERED and (changed or "tier" not in mine):
            asked = properties(write.request).get("tier")
            mine["tier"] = asked if asked and asked != write.old("properties.tier") else tier(size)
        iops, throughput = performance(sku, size)
        if sku in IOPS_SKUS:
            mine.setdefault("diskIOPSReadWrite", iops)
            mine.setdefault("diskMBpsReadWrite", throughput)
        else:
            mine.update(diskIOPSReadWrite=iops, diskMBpsReadWrite=throughput)

    def validate(self, write: Write) -> None:
        """A disk that a running machine uses is not resized or moved to another sku where that needs it detached."""
        super().validate(write)
        shares = write.get("properties.maxShares")
        if shares is not None and (type(shares) is not int or not 1 <= shares <= 10):
            invalid(f"The value '{shares}' of parameter 'disk.maxShares' is out of range.", "disk.maxShares")
        if write.before is not None and write.get("sku.name") != write.old("sku.name") and self._running(write):
            not_allowed(f"Disk {write.name} cannot change its sku while it is attached to running VM {self._running(write)}.")

    def _running(self, write: Write) -> str:
        for link in write.linked(write.id):
            row = write.store.get(link.source) if link.path in VM_LINKS else None
            if row is not None and row.hidden.get("powerState", "running") == "running":
                return row.id
        return ""

    def shown(self, body: Body, reader: Reader) -> Body:
        """Which machine has it, and so in which state it is."""
        state = "Unattached"
        links = [link for link in reader.linked(body["id"]) if link.path in VM_LINKS]
        row = reader.store.get(links[0].source) if links else None
        if row is not None:
            body["managedBy"] = row.id
            state = "Reserved" if row.hidden.get("powerState") == "deallocated" else "Attached"
            if body["properties"].get("maxShares", 1) > 1:
                body["managedByExtended"] = [link.source for link in links]
        elif body["properties"].get("creationData", {}).get("createOption") in ("Upload", "UploadPreparedSecure"):
            state = "ReadyToUpload"
        own = reader.store.get(body["id"].lower())
        if row is None and own is not None and own.hidden.get("access", {}).get("until", 0) > reader.now:
            state = "ActiveSAS"
        body["properties"]["diskState"] = state
        return body


class Snapshots(Storage):
    """A copy of a disk at a moment."""

    type = "Microsoft.Compute/snapshots"
    gone_words = "Snapshot {name} is not found."
    defaults = {"properties": {**Storage.defaults["properties"], "incremental": False, "diskState": "Unattached"}}
    read_only = tuple(path for path in Storage.read_only if path != "properties.diskState")

    def fill(self, write: Write) -> None:
        """A copy in the background tells how far it is."""
        super().fill(write)
        if write.get("properties.incremental"):
            family = write.old("properties.incrementalSnapshotFamilyId")
            write.put("properties.incrementalSnapshotFamilyId", family or self._family(write))
        if write.get("properties.creationData.createOption") == "CopyStart":
            write.put("properties.completionPercent", 100.0)

    def _family(self, write: Write) -> str:
        """One for all incremental snapshots of a disk."""
        source = str(write.get("properties.creationData.sourceResourceId", "")).lower()
        for row in write.store.in_subscription(write.subscription, self.key):
            other = properties(row.body)
            if str(other["creationData"].get("sourceResourceId", "")).lower() == source and "incrementalSnapshotFamilyId" in other:
                return str(other["incrementalSnapshotFamilyId"])
        return write.guid()

    def validate(self, write: Write) -> None:
        super().validate(write)
        if write.before is not None and bool(write.get("properties.incremental")) != bool(write.old("properties.incremental")):
            invalid("Changing property 'incremental' is not allowed.", "incremental", "PropertyChangeNotAllowed")
        if id_of(write.get("properties.creationData.imageReference")):
            invalid("A snapshot cannot be made from an image.", "creationData.createOption")
