"""Disk encryption sets and disk accesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.compute.base import ASYNC, ComputeType, missing, properties, remember_gone
from azlabs.simulator.resource_manager.resource_type import Announce, InUse, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]


class DiskEncryptionSets(ComputeType):
    """A key of one's own for disks."""

    type = "Microsoft.Compute/diskEncryptionSets"
    gone_words = "DiskEncryptionSet '{name}' was not found."
    members = frozenset({"identity"})
    operation_paths = ("DiskOperations", "DiskOperations")
    operation_body = "output"
    creates = updates = patched = Announce(202, "Updating", headers=ASYNC)
    defaults = {"properties": {"encryptionType": "EncryptionAtRestWithCustomerKey"}}
    choices = {
        "properties.encryptionType": (
            "EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys", "ConfidentialVmEncryptedWithCustomerKey",
        )
    }  # fmt: skip
    read_only = ("properties.previousKeys", "properties.lastKeyRotationTimestamp")
    references = (Reference("properties.activeKey.sourceVault", "Microsoft.KeyVault/vaults", "KeyVaultNotFound",
                            "The Key Vault {id} was not found.", 404),)  # fmt: skip
    in_use = InUse("OperationNotAllowed", "Disk Encryption Set '{name}' is in use by {user} and cannot be deleted.", 409)

    def validate(self, write: Write) -> None:
        """It needs a key and an identity that reads the key."""
        if not write.get("properties.activeKey.keyUrl"):
            missing("activeKey.keyUrl")
        if str((write.body.get("identity") or {}).get("type", "None")) == "None":
            missing("identity")

    def deleting(self, write: Write) -> None:
        """The provider of disks answers for what it deleted."""
        remember_gone(write, write.resource)

    def accepted(self, write: Write, shown: Body) -> None:
        """The first answer to a creation repeats the request."""
        if not write.created:
            return
        for member in ("id", "name", "type"):
            shown.pop(member, None)
        if "encryptionType" not in properties(write.request):
            shown["properties"].pop("encryptionType", None)
        shown["identity"] = {"type": shown["identity"]["type"]}


class DiskAccesses(ComputeType):
    """Private links to the bytes of disks."""

    type = "Microsoft.Compute/diskAccesses"
    operation_paths = ("DiskOperations", "DiskOperations")
    operation_body = "output"
    members = frozenset({"extendedLocation"})
    creates = updates = patched = Announce(202, "Updating", headers=ASYNC)
    read_only = ("properties.timeCreated", "properties.privateEndpointConnections")
    patch = "tags"
    in_use = InUse("OperationNotAllowed", "Disk Access '{name}' is in use by {user} and cannot be deleted.", 409)

    def fill(self, write: Write) -> None:
        write.put("properties.timeCreated", write.old("properties.timeCreated") or stamp(write.now))

    def accepted(self, _write: Write, shown: Body) -> None:
        shown.pop("properties", None)
