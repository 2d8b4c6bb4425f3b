"""Galleries of images: definitions and versions."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer
from azlabs.simulator.providers.compute.base import (
    ASYNC,
    BOTH,
    MACHINE_GONE,
    ComputeType,
    absent,
    id_of,
    invalid,
    missing,
    not_allowed,
    properties,
    query_of,
    unchangeable,
)
from azlabs.simulator.resource_manager import operations, paths
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.locations import normalized, regions
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
SOFT_DELETE_SECONDS = 7 * 86400.0
FEATURES = {"true": "True", "false": "False", "confidentialvm": "ConfidentialVM", "trustedlaunch": "TrustedLaunch",
            "confidentialvmsupported": "ConfidentialVmSupported", "trustedlaunchsupported": "TrustedLaunchSupported",
            "trustedlaunchandconfidentialvmsupported": "TrustedLaunchAndConfidentialVmSupported"}  # fmt: skip


class GalleryType(ComputeType):
    """Operations of galleries have a folder of their own."""

    operation_paths = ("capsOperations", "capsOperations")


class Galleries(GalleryType):
    """A place for images that are shared."""

    type = "Microsoft.Compute/galleries"
    name_rule = NameRule(
        r"[A-Za-z0-9](?:[A-Za-z0-9_.]{0,78}[A-Za-z0-9])?", "InvalidParameter",
        "The gallery name '{name}' is invalid: letters, numbers, underscores and periods only, at most 80.",
    )  # fmt: skip
    members = frozenset({"identity"})
    read_only = ("properties.identifier", "properties.sharingStatus")

    def fill(self, write: Write) -> None:
        """A name that no other gallery has; what a public gallery is called."""
        unique = f"{write.subscription}-{write.name.upper()}"
        write.put("properties.identifier", write.old("properties.identifier") or {"uniqueName": unique})
        for member in ("sharingProfile", "description", "softDeletePolicy"):
            if write.get(f"properties.{member}") is None and write.old(f"properties.{member}") is not None:
                write.put(f"properties.{member}", write.old(f"properties.{member}"))
        public = write.get("properties.sharingProfile.communityGalleryInfo")
        if isinstance(public, dict):
            before = write.old("properties.sharingProfile.communityGalleryInfo") or {}
            public["communityGalleryEnabled"] = before.get("communityGalleryEnabled", False)
            public["publicNames"] = before.get("publicNames") or [f"{public.get('publicNamePrefix')}-{uuid.uuid4()}"]

    def deleting(self, write: Write) -> None:
        """Only without definitions."""
        if write.store.at_scope(write.key, "microsoft.compute/galleries/images"):
            not_allowed(f"Cannot delete gallery '{write.name}' because it contains nested resources. Delete those first.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Groups of subscriptions only on demand."""
        if "sharingprofile" not in query_of(reader).get("$expand", "").lower():
            paths.drop(body, "properties.sharingProfile.groups")
        return body

    @action("share")
    def share(self, call: Call, body: Body) -> Answer:
        """Open a gallery to everybody, or close it; sharing with other subscriptions and tenants is not modelled."""
        asked = call.json()
        kind = str(asked.get("operationType", "")).lower()
        row = call.store.get(call.key)
        assert row is not None
        stored = row.copy()
        profile = properties(stored).get("sharingProfile") or {}
        if kind == "enablecommunity":
            if str(profile.get("permissions")) != "Community":
                invalid("Only galleries whose permissions are Community can be enabled for the community.", "operationType")
            profile["communityGalleryInfo"]["communityGalleryEnabled"] = True
        elif kind == "reset":
            if "communityGalleryInfo" in profile:
                profile["communityGalleryInfo"]["communityGalleryEnabled"] = False
        else:
            raise not_modelled(f"{self.type}/share {asked.get('operationType')}")
        row.body = stored
        call.store.update(row)
        headers = operations.start(call, self, call.key, Announce(202, headers=BOTH), location=body["location"], method="POST")
        return Answer(202, headers)


class GalleryImages(GalleryType):
    """A definition: what its versions have in common."""

    type = "Microsoft.Compute/galleries/images"
    defaults = {"properties": {"hyperVGeneration": "V1", "architecture": "x64"}}
    required = (
        "properties.osType", "properties.osState", "properties.identifier.publisher", "properties.identifier.offer",
        "properties.identifier.sku",
    )  # fmt: skip
    required_code = ("InvalidParameter", "Required parameter '{path}' is missing (null).")
    choices = {
        "properties.osType": ("Windows", "Linux"),
        "properties.osState": ("Generalized", "Specialized"),
        "properties.hyperVGeneration": ("V1", "V2"),
        "properties.architecture": ("x64", "Arm64"),
    }

    def fill(self, write: Write) -> None:
        if write.before is not None:
            mine = write.body["properties"]
            for member, value in properties(write.before).items():
                mine.setdefault(member, paths.fresh(value))
        if write.get("properties.disallowed") == {}:
            paths.drop(write.body, "properties.disallowed")
        for feature in write.get("properties.features") or []:
            feature["value"] = FEATURES.get(str(feature.get("value")).lower(), feature.get("value"))

    def validate(self, write: Write) -> None:
        """Publisher, offer and sku are one definition's only; what a version is made for stays."""
        mine = write.get("properties.identifier")
        for row in write.store.at_scope(write.call.scope_key, self.key):
            if row.key != write.key and properties(row.body)["identifier"] == mine:
                write.refuse("Conflict", f"The gallery image '{row.id}' has the same publisher, offer and sku.", 409)
        for member in ("osType", "osState", "hyperVGeneration", "identifier"):
            if write.before is not None and write.get(f"properties.{member}") != write.old(f"properties.{member}"):
                unchangeable(f"galleryImage.properties.{member}")

    def deleting(self, write: Write) -> None:
        """Only without versions."""
        if write.store.at_scope(write.key, "microsoft.compute/galleries/images/versions"):
            not_allowed(f"Cannot delete gallery image '{write.name}' because it contains nested resources. Delete those first.")


class GalleryImageVersions(GalleryType):
    """One image, copied to regions."""

    type = "Microsoft.Compute/galleries/images/versions"
    name_rule = NameRule(
        r"\d{1,10}\.\d{1,10}\.\d{1,10}", "InvalidParameter",
        "The gallery image version name '{name}' is invalid. It must have the form Major.Minor.Patch, each a 32-bit number.",
    )  # fmt: skip
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    updates = patched = Announce(200, "Updating", headers=ASYNC, polls=1)
    deletes = MACHINE_GONE
    defaults = {
        "properties": {
            "publishingProfile": {"replicaCount": 1, "excludeFromLatest": False, "storageAccountType": "Standard_LRS"},
            "safetyProfile": {"reportedForPolicyViolation": False, "allowDeletionOfReplicatedLocations": False},
        }
    }
    read_only = ("properties.replicationStatus", "properties.publishingProfile.publishedDate")
    references = (
        Reference("properties.publishingProfile.targetRegions[*].encryption.osDiskImage.diskEncryptionSetId",
                  "Microsoft.Compute/diskEncryptionSets", "NotFound", "Resource {id} not found.", 404),
    )  # fmt: skip

    def fill(self, write: Write) -> None:
        """Regions in full, disks of the source. A version without a source is a deleted one that comes back."""
        write.request = paths.fresh(write.request)  # the first answer needs it as it was
        self._recover(write)
        mine = write.body["properties"]
        publishing = mine["publishingProfile"]
        publishing["publishedDate"] = write.old("properties.publishingProfile.publishedDate") or stamp(write.now)
        if write.before is not None and not mine.get("storageProfile"):
            mine["storageProfile"] = paths.fresh(write.old("properties.storageProfile"))
        if write.before is not None and "targetRegions" not in publishing:
            publishing["targetRegions"] = paths.fresh(write.old("properties.publishingProfile.targetRegions"))
        for target in publishing.setdefault("targetRegions", [{"name": write.location}]):
            _complete_target(target, publishing)
        for target in publishing.get("targetExtendedLocations") or []:
            target["name"] = _display(target.get("name"))
            target.setdefault("storageAccountType", "StandardSSD_LRS")
            _complete_encryption(target)
        if write.created and not write.hidden.get("recovered"):
            _settle_source(write, mine.get("storageProfile") or {})

    def _recover(self, write: Write) -> None:
        """Galleries with soft delete keep deleted versions for a week."""
        if write.created and not properties(write.request).get("storageProfile"):
            for old in write.store.buried(self.key, write.now, write.name):
                if old.key == write.key:
                    write.body["properties"] = {**json.loads(old.text)["properties"], **properties(write.request)}
                    write.hidden["recovered"] = True
                    write.store.purge(old.key)

    def announced(self, write: Write, announce: Announce) -> Announce:
        """What comes back is announced as a change."""
        return self.updates if write.created and write.hidden.get("recovered") else announce

    def deleting(self, write: Write) -> None:
        """Kept for a week where the gallery says so."""
        gallery = write.store.get(write.key.partition("/images/")[0])
        policy = properties(gallery.body).get("softDeletePolicy") if gallery is not None else None
        if policy and policy.get("isSoftDeleteEnabled") and write.resource is not None:
            write.store.bury(write.resource, write.now, write.now + SOFT_DELETE_SECONDS)

    def validate(self, write: Write) -> None:
        """The home region is one of the targets."""
        names = [normalized(target["name"]) for target in write.get("properties.publishingProfile.targetRegions")]
        if len(set(names)) < len(names):
            invalid("A region is named twice in publishingProfile.targetRegions.", "targetRegions")
        if write.location not in names:
            invalid(f"The gallery image version's home location '{write.location}' must be one of its target regions.", "targetRegions")

    def accepted(self, write: Write, shown: Body) -> None:
        """Sizes are known when the copy is made."""
        if write.created and not write.hidden.get("recovered"):
            asked = properties(write.request).get("storageProfile") or {}
            storage = shown["properties"]["storageProfile"]
            paths.drop(storage, "osDiskImage.sizeInGB")
            for member in ("osDiskImage", "dataDiskImages"):
                if member not in asked:
                    storage.pop(member, None)

    def shown(self, body: Body, reader: Reader) -> Body:
        """How far the copies are, on demand."""
        if query_of(reader).get("$expand", "").lower() == "replicationstatus":
            targets = body["properties"]["publishingProfile"]["targetRegions"]
            body["properties"]["replicationStatus"] = {
                "aggregatedState": "Completed",
                "summary": [{"region": target["name"], "state": "Completed", "details": "", "progress": 100} for target in targets],
            }
        return body


def _display(name: Any) -> str:
    location = normalized(str(name or ""))
    if location not in regions():
        invalid(f"The region '{name}' is not valid.", "targetRegions")
    return str(regions()[location]["displayName"])


def _complete_target(target: Body, publishing: Body) -> None:
    target["name"] = _display(target.get("name"))
    target.setdefault("regionalReplicaCount", publishing["replicaCount"])
    target.setdefault("storageAccountType", publishing["storageAccountType"])
    if target.get("excludeFromLatest") is False:
        del target["excludeFromLatest"]
    _complete_encryption(target)


def _complete_encryption(target: Body) -> None:
    system = (target.get("encryption") or {}).get("osDiskImage")
    if isinstance(system, dict):
        system.setdefault("securityProfile", {})


def _settle_source(write: Write, storage: Body) -> None:
    """Sizes of the disks of what the version is made of. 404 when that is missing."""
    source = storage.get("source") or {}
    whole = id_of(source) or str(source.get("virtualMachineId") or "")
    if whole:
        size, others = _sizes_of(write, whole)
        storage["osDiskImage"] = {"sizeInGB": size, "hostCaching": "ReadWrite", "source": {}}
        if others:
            storage["dataDiskImages"] = others
        return
    disk = storage.get("osDiskImage")
    if not isinstance(disk, dict):
        missing("storageProfile.source")
    for item in [disk, *(storage.get("dataDiskImages") or [])]:
        item.setdefault("hostCaching", "ReadWrite" if item is disk else "None")
        origin = id_of(item.get("source"))
        if origin:
            document = write.find(origin)
            if document is None:
                raise absent(origin)
            item["sizeInGB"] = properties(document).get("diskSizeGB")


def _sizes_of(write: Write, id: str) -> tuple[int | None, list[Body]]:
    document = write.find(id)
    if document is None:
        raise absent(id)
    storage = properties(document)["storageProfile"]
    if "osDiskImage" in storage:
        return storage["osDiskImage"].get("sizeInGB"), paths.fresh(storage.get("dataDiskImages") or [])
    row = write.store.get(id.lower())
    definition = write.store.get(write.call.scope_key)
    if row is not None and "hardwareProfile" in properties(document) and definition is not None:
        wanted = properties(definition.body)["osState"] == "Generalized"
        if wanted and not row.hidden.get("generalized"):
            not_allowed(f"The source virtual machine '{row.name}' is not generalized, as the image definition says.")
    others = [{"lun": disk["lun"], "sizeInGB": disk.get("diskSizeGB"), "hostCaching": disk.get("caching", "None")}
              for disk in storage.get("dataDisks") or []]  # fmt: skip
    return storage["osDisk"].get("diskSizeGB"), others
