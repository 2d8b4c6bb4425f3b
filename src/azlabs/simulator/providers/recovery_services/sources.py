"""What can be under backup: virtual machines, and file shares of storage accounts. How each is named and described."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.recovery_services.base import (
    CONTAINER,
    SHARE_MANAGEMENT,
    VM_MANAGEMENT,
    group_of,
)
from azlabs.simulator.resource_manager.errors import not_modelled, refuse

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write
    from azlabs.simulator.resource_manager.resource_type import Body

MACHINE = "Microsoft.Compute/virtualMachines"
ACCOUNT = "Microsoft.Storage/storageAccounts"
SHARE = f"{ACCOUNT}/fileServices/shares"
STARTED = {"protectionStatus": "Healthy", "protectionState": "IRPending", "isArchiveEnabled": False}
NOT_YET = "2001-01-01T00:00:00Z"
SUCCESS = {"code": 0, "title": "Success", "message": "", "recommendations": []}
HEALTHY = {
    "code": 400239,
    "title": "IaasVmHealthGreenDefault",
    "message": "Backup pre-check status of this virtual machine is OK.",
    "recommendations": [],
}


class Names(NamedTuple):
    """What the names of a container and an item say: whose they are, in lower case; `share` is a share's name or the
    hash that stands for it."""

    group: str
    name: str
    share: str = ""


class Source:
    """One kind of what is protected."""

    management: ClassVar[str]
    item_type: ClassVar[str]
    container: ClassVar[re.Pattern[str]]
    item: ClassVar[re.Pattern[str]]
    request: ClassVar[str]
    """objectType of a backup on demand."""

    def spelled(self, names: Names) -> tuple[str, str]:
        """Names of container and item as the service spells them."""
        raise NotImplementedError

    def find(self, write: Write, names: Names, id: str) -> Body:
        """What is to be protected; refused when it is not there or belongs to other names."""
        raise NotImplementedError

    def described(self, found: Body, names: Names) -> Body:
        """Properties of a new item."""
        raise NotImplementedError

    def backed_up(self, call: Call, mine: Body) -> Body | None:
        """Properties of a new recovery point; None when what is protected is gone."""
        raise NotImplementedError

    def healthy(self) -> Body:
        """What a finished backup adds to an item."""
        return {}

    def names(self, container: str, item: str) -> Names | None:
        """What two names say; None when they are not of this kind."""
        one, two = self.container.fullmatch(container), self.item.fullmatch(item)
        if one is None or two is None:
            return None
        return self.read(one, two)

    def read(self, one: re.Match[str], two: re.Match[str]) -> Names:
        """The same for names that have the right form. 400 when they do not belong together."""
        raise NotImplementedError


class Machines(Source):
    """Virtual machines: each is its own container."""

    management, item_type, request = VM_MANAGEMENT, MACHINE, "IaasVMBackupRequest"
    container = re.compile(r"(?:iaasvmcontainer;)?iaasvmcontainerv2;(?P<group>[^;]+);(?P<name>[^;]+)", re.I)
    item = re.compile(r"(?:vm;)?iaasvmcontainerv2;(?P<group>[^;]+);(?P<name>[^;]+)", re.I)

    def read(self, one: re.Match[str], two: re.Match[str]) -> Names:
        """Both say the same machine."""
        if one["group"].lower() != two["group"].lower() or one["name"].lower() != two["name"].lower():
            refuse("BMSUserErrorInvalidInput", "The names of container and item do not belong together.")
        return Names(two["group"].lower(), two["name"].lower())

    def spelled(self, names: Names) -> tuple[str, str]:
        """The same tail twice."""
        tail = f"iaasvmcontainerv2;{names.group};{names.name}"
        return f"IaasVMContainer;{tail}", f"VM;{tail}"

    def find(self, write: Write, names: Names, id: str) -> Body:
        """The machine with this id."""
        machine = write.find(id) if id else None
        if machine is None or f"/{MACHINE}/".lower() not in id.lower():
            refuse("BMSUserErrorVirtualMachineNotFound", f"The virtual machine '{id}' was not found.")
        if (group_of(id), str(machine["name"]).lower()) != names[:2]:
            refuse("BMSUserErrorInvalidInput", "The names of container and item are not those of the virtual machine.")
        return machine

    def described(self, found: Body, names: Names) -> Body:  # noqa: ARG002
        """Of a machine."""
        return {
            **STARTED,
            "friendlyName": found["name"],
            "virtualMachineId": found["id"],
            "healthStatus": "Passed",
            "lastBackupStatus": "",
            "lastBackupTime": NOT_YET,
            "protectedItemDataId": str(secrets.randbelow(10**18)),
            "workloadType": "VM",
            "containerName": f"iaasvmcontainerv2;{group_of(found['id'])};{found['name']}",
            "sourceResourceId": found["id"],
        }

    def backed_up(self, call: Call, mine: Body) -> Body | None:
        """A snapshot of the machine, and its copy in the vault."""
        machine = call.find(mine["sourceResourceId"])
        if machine is None:
            return None
        about = machine["properties"]
        disk = (about.get("storageProfile") or {}).get("osDisk") or {}
        return {
            "objectType": "IaasVMRecoveryPoint",
            "recoveryPointType": "AppConsistent",
            "recoveryPointTime": stamp(call.now),
            "recoveryPointAdditionalInfo": "",
            "sourceVMStorageType": "PremiumVMOnPartialPremiumStorage",
            "isSourceVMEncrypted": False,
            "isInstantIlrSessionActive": False,
            "recoveryPointTierDetails": [
                {"type": "InstantRP", "status": "Valid"},
                {"type": "HardenedRP", "status": "Valid"},
            ],
            "isManagedVirtualMachine": True,
            "virtualMachineSize": (about.get("hardwareProfile") or {}).get("vmSize"),
            "originalStorageAccountOption": False,
            "osType": disk.get("osType"),
        }

    def healthy(self) -> Body:
        """Checks of the machine's agent."""
        health = {"resourceHealthStatus": "Healthy", "resourceHealthDetails": [dict(SUCCESS)]}
        return {"healthDetails": [dict(HEALTHY)], "kpisHealths": {"BackupOperationStatusKPI": health}}


class Shares(Source):
    """File shares: their storage account is the container, and has to be registered first."""

    management, item_type, request = SHARE_MANAGEMENT, "AzureFileShareProtectedItem", "AzureFileShareBackupRequest"
    container = re.compile(r"(?:storagecontainer;)?storage;(?P<group>[^;]+);(?P<name>[^;]+)", re.I)
    item = re.compile(r"azurefileshare;(?P<share>[^;]+)", re.I)

    def read(self, one: re.Match[str], two: re.Match[str]) -> Names:
        """An item may be named by its share, too, as templates do."""
        group, account, share = one["group"].lower(), one["name"].lower(), two["share"].lower()
        return Names(group, account, share if re.fullmatch("[0-9a-f]{64}", share) else share_hash(account, share))

    def spelled(self, names: Names) -> tuple[str, str]:
        """The container has another case as part of an item's id than by itself."""
        return f"StorageContainer;storage;{names.group};{names.name}", f"AzureFileShare;{names.share}"

    def find(self, write: Write, names: Names, id: str) -> Body:
        """The share whose hash the item has, in an account that the vault knows."""
        account = write.store.get(id.lower())
        if account is None or account.type != ACCOUNT.lower():
            refuse("BMSUserErrorStorageAccountNotFound", f"The storage account '{id}' was not found.")
        if (group_of(id), account.name.lower()) != names[:2]:
            refuse("BMSUserErrorInvalidInput", "The name of the container is not that of the storage account.")
        vault = write.key.partition("/backupfabrics/")[0]
        container = f"{vault}/backupfabrics/azure/protectioncontainers/{self.spelled(names)[0].lower()}"
        if write.store.get(container) is None:
            refuse(
                "BMSUserErrorContainerNotRegistered",
                f"The storage account '{account.name}' is not registered with the vault. Register it, and then try again.",
            )
        found = [row for row in shares_of(write, account) if share_hash(account.name, row.name) == names.share]
        if not found:
            refuse("BMSUserErrorFileShareNotFound", "The file share of the item was not found in the storage account.")
        return found[0].copy()

    def described(self, found: Body, names: Names) -> Body:
        """Of a share."""
        account = found["id"].partition("/fileServices/")[0]
        return {
            **STARTED,
            "friendlyName": found["name"],
            "lastBackupStatus": "IRPending",
            "workloadType": "AzureFileShare",
            "containerName": self.spelled(names)[0],
            # The service writes the namespace like this.
            "sourceResourceId": account.replace("/Microsoft.Storage/", "/Microsoft.storage/"),
        }

    def backed_up(self, call: Call, mine: Body) -> Body | None:
        """A snapshot of the share."""
        account = call.store.get(str(mine["sourceResourceId"]).lower())
        if account is None or not any(row.name == mine["friendlyName"] for row in shares_of(call, account)):
            return None
        at = stamp(call.now)[:19]
        return {
            "objectType": "AzureFileShareRecoveryPoint",
            "recoveryPointType": "FileSystemConsistent",
            "recoveryPointTime": f"{at}Z",
            "fileShareSnapshotUri": f"https://{account.name}.file.core.windows.net/{mine['friendlyName']}?sharesnapshot={at}.0000000Z",
            "recoveryPointSizeInGB": 0,
            "recoveryPointTierDetails": [{"type": "InstantRP", "status": "Valid"}],
        }


MACHINES, SHARES = Machines(), Shares()
SOURCES: dict[str, Source] = {source.management: source for source in (MACHINES, SHARES)}


def source_of(body: Body) -> Source:
    """The kind of a protected item."""
    return SOURCES[body["properties"]["backupManagementType"]]


def named(container: str, item: str) -> tuple[Source, Names]:
    """Who the names of a container and an item belong to."""
    for source in SOURCES.values():
        names = source.names(container, item)
        if names is not None:
            return source, names
    raise not_modelled(f"{CONTAINER} of {container.partition(';')[0]}")


def container_name(name: str) -> str:
    """The name of a container in full."""
    for source, prefix in ((MACHINES, "IaasVMContainer;iaasvmcontainerv2"), (SHARES, "StorageContainer;Storage")):
        found = source.container.fullmatch(name)
        if found is not None:
            return f"{prefix};{found['group']};{found['name']}"
    return name


def share_hash(account: str, share: str) -> str:
    """What stands for a share in the name of its item."""
    return hashlib.sha256(f"{account}/{share}".lower().encode()).hexdigest()


def shares_of(reader: Reader, account: Resource) -> list[Resource]:
    """The file shares of an account, without deleted ones."""
    return reader.store.at_scope(f"{account.key}/fileservices/default", SHARE.lower())
