"""Virtual machines under backup: protected, stopped, soft-deleted, brought back; their recovery points."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.recovery_services.base import (
    BOTH,
    CONFIG,
    DAY,
    ITEM,
    POINT,
    POLICY,
    VM_MANAGEMENT,
    Part,
    add,
    job,
    over,
    setting,
    vault_of,
)
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.resource_manager.calls import Write
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader

MACHINE = "Microsoft.Compute/virtualMachines"
ACCEPTED = Announce(202, headers=BOTH, body=False, polls=1)
STOPPED = "ProtectionStopped"
NOT_YET = "2001-01-01T00:00:00Z"
POLICY_MEMBERS = ("policyId", "policyName")
BACKUP_TASKS = ("Take Snapshot", "Transfer data to vault")
SUCCESS = {"code": 0, "title": "Success", "message": "", "recommendations": []}
HEALTHY = {
    "code": 400239,
    "title": "IaasVmHealthGreenDefault",
    "message": "Backup pre-check status of this virtual machine is OK.",
    "recommendations": [],
}
CONTAINER = re.compile(r"(?:iaasvmcontainer;)?iaasvmcontainerv2;(?P<group>[^;]+);(?P<name>[^;]+)", re.I)
NAME = re.compile(r"(?:vm;)?iaasvmcontainerv2;(?P<group>[^;]+);(?P<name>[^;]+)", re.I)


class ProtectedItems(Part):
    """One machine under one policy. Deleted items are kept for a while where the vault says so."""

    type = ITEM
    finds_parent = True
    creates = updates = deletes = ACCEPTED
    operation_paths = ("{path}/operationsStatus/{id}", "{path}/operationResults/{id}")
    name_rule = NameRule(r"[^/<>*%&?\\]{1,300}")
    references = (
        Reference("properties.policyId", POLICY, must_exist=False),
        Reference("properties.sourceResourceId", MACHINE, must_exist=False),
    )

    def canonical_id(self, call: Call) -> str:
        """As the service spells containers and items of machines."""
        vault = vault_of(call)
        _, group, name = _names(call)
        tail = f"iaasvmcontainerv2;{group};{name}"
        return f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}/protectedItems/VM;{tail}"

    def fill(self, write: Write) -> None:
        """The whole item comes out of the machine and the policy."""
        call, asked = write.call, write.body.get("properties") or {}
        vault = vault_of(call)
        kind = str(asked.get("protectedItemType", ""))
        if kind.lower() != MACHINE.lower():
            raise not_modelled(f"{ITEM} of {kind or 'no protectedItemType'}")
        machine = self._machine(write, asked)
        stopping = asked.get("protectionState") == STOPPED
        before = dict((write.before or {}).get("properties") or {})
        if write.before is None and stopping:
            refuse("BMSUserErrorInvalidInput", "What is not protected cannot be stopped.")
        if asked.get("isRehydrate"):
            self._bring_back(write, before)
        elif before.get("isScheduledForDeferredDelete"):
            refuse(
                "BMSUserErrorItemInSoftDeletedState",
                "The item is soft-deleted. Undelete it before you change its protection.",
            )
        else:
            policy = self._policy(write, vault, asked, stopping=stopping)
            tail = f"iaasvmcontainerv2;{vault_free_group(machine['id'])};{machine['name']}"
            properties = {
                "friendlyName": machine["name"],
                "virtualMachineId": machine["id"],
                "protectionStatus": "Healthy",
                "protectionState": "IRPending",
                "healthStatus": "Passed",
                "lastBackupStatus": "",
                "lastBackupTime": NOT_YET,
                "protectedItemDataId": str(secrets.randbelow(10**18)),
                "protectedItemType": MACHINE,
                "backupManagementType": VM_MANAGEMENT,
                "workloadType": "VM",
                "containerName": tail,
                "sourceResourceId": machine["id"],
                "vaultId": f"https://management.azure.com{vault.id}",
                "isArchiveEnabled": False,
                **{name: value for name, value in before.items() if name not in POLICY_MEMBERS},
                **policy,
            }
            if stopping:
                properties["protectionState"] = STOPPED
            elif before.get("protectionState") == STOPPED:
                done = before["lastBackupTime"] != NOT_YET
                properties["protectionState"] = "Protected" if done else "IRPending"
            properties["softDeleteRetentionPeriod"] = _kept_days(write, vault.key)
            write.body["properties"] = properties
        named = {} if asked.get("isRehydrate") else {"Policy Name": str(write.get("properties.policyName", ""))}
        operation = "Undelete" if asked.get("isRehydrate") else "DisableBackup" if stopping else "ConfigureBackup"
        job(call, vault, write.body, operation, named)

    def _machine(self, write: Write, asked: Body) -> Body:
        _, group, name = _names(write.call)
        id = str(asked.get("sourceResourceId") or write.old("properties.sourceResourceId", ""))
        machine = write.find(id) if id else None
        if machine is None or f"/{MACHINE}/".lower() not in id.lower():
            refuse("BMSUserErrorVirtualMachineNotFound", f"The virtual machine '{id}' was not found.")
        if (vault_free_group(id), str(machine["name"]).lower()) != (group, name):
            refuse("BMSUserErrorInvalidInput", "The names of container and item are not those of the virtual machine.")
        vault = vault_of(write.call)
        if machine.get("location") != vault.body["location"]:
            refuse(
                "BMSUserErrorVirtualMachineInOtherRegion",
                f"The virtual machine '{name}' and the vault are in different regions.",
            )
        for link in write.linked(id):
            other = write.store.get(link.source)
            if other is None or other.type != ITEM.lower() or other.key == write.key or over(other, write.now):
                continue
            refuse(
                "BMSUserErrorVirtualMachineAlreadyProtected",
                f"The virtual machine '{name}' is protected by another vault.",
            )
        return machine

    def _policy(self, write: Write, vault: Resource, asked: Body, *, stopping: bool) -> Body:
        if stopping:
            return {}
        id = str(asked.get("policyId") or "")
        policy = write.find(id) if id.lower().startswith(f"{vault.key}/backuppolicies/") else None
        if policy is None:
            refuse("BMSUserErrorPolicyNotFound", f"The policy '{id}' was not found in the vault.")
        if policy["properties"]["backupManagementType"] != VM_MANAGEMENT:
            refuse(
                "BMSUserErrorInvalidPolicyForGivenProvider",
                "Policy is not valid for given provider type. Please choose valid policy for given provider.",
            )
        return {"policyId": policy["id"], "policyName": policy["name"]}

    def _bring_back(self, write: Write, before: Body) -> None:
        if not before.get("isScheduledForDeferredDelete") or (
            write.resource is not None and over(write.resource, write.now)
        ):
            refuse("BMSUserErrorItemNotSoftDeleted", "The item is not soft-deleted, so that it cannot be undeleted.")
        for name in ("isScheduledForDeferredDelete", "deferredDeleteTimeInUTC", "deferredDeleteTimeRemaining"):
            before.pop(name, None)
        write.hidden.pop("purge", None)
        write.body["properties"] = {**before, "protectionState": STOPPED}

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """What is stopped has a policy without a name."""
        for name in POLICY_MEMBERS:
            body["properties"].setdefault(name, "")
        return body

    def handle(self, call: Call) -> Answer | None:
        """Deleted items stay for a while, unless the vault's soft delete is off."""
        item = len(call.route.names) == len(call.route.types)
        if not item:
            return None
        vault = vault_of(call)
        if call.method != "PUT":
            call.key = _key(call)
        else:
            call.key = self.canonical_id(call).lower()
        row = call.store.get(call.key)
        if row is not None and over(row, call.now):
            with call.store.writing():
                call.store.delete(row.key)
            row = None
        if call.method != "DELETE" or row is None or not _kept_days(call, vault.key):
            return None
        with call.store.writing():
            return self._soft_delete(call, vault, row)

    def _soft_delete(self, call: Call, vault: Resource, row: Resource) -> Answer:
        document = row.copy()
        write = Write(call, self, row.id, row.name, document, row.body)
        write.resource = row
        call.manager.gates.check("delete", call.principal, write)
        mine, days = document["properties"], _kept_days(call, vault.key)
        if mine.get("isScheduledForDeferredDelete"):
            refuse("BMSUserErrorItemInSoftDeletedState", "The item is soft-deleted already.")
        job(call, vault, document, "DeleteBackupData", {"Number of Recovery Points": str(len(points(call, row.key)))})
        until = call.now + days * DAY
        mine.update(
            protectionState=STOPPED,
            isScheduledForDeferredDelete=True,
            deferredDeleteTimeInUTC=stamp(until),
            deferredDeleteTimeRemaining=f"{days}.00:00:00",
        )
        for name in POLICY_MEMBERS:
            mine.pop(name, None)
        row.body = document
        row.hidden_text = dumps({"purge": until})
        call.store.update(row)
        machine = str(mine["sourceResourceId"])
        call.store.set_links(row.key, [(row.id, "properties.sourceResourceId", machine.lower())])
        return Answer(202, operations.start(call, self, row.key, self.deletes))

    def deleting(self, write: Write) -> None:
        """The data goes with the item."""
        found = len(points(write, write.key))
        job(write.call, vault_of(write.call), write.body, "DeleteBackupData", {"Number of Recovery Points": str(found)})

    @action("backup", announce=Announce(202, headers=BOTH, body=False))
    def backup(self, call: Call, body: Body) -> None:
        """Back up now: one more recovery point."""
        mine = body["properties"]
        if mine["protectionState"] == STOPPED:
            refuse("BMSUserErrorItemNotProtected", "The protection of the item is stopped.")
        asked = call.json().get("properties") or {}
        if str(asked.get("objectType", "")) != "IaasVMBackupRequest":
            refuse(
                "BMSUserErrorInvalidInput", "The objectType of the backup of a virtual machine is IaasVMBackupRequest."
            )
        machine = call.find(mine["sourceResourceId"])
        row = call.store.get(body["id"].lower())
        if machine is None or row is None:
            refuse(
                "BMSUserErrorVirtualMachineNotFound", f"The virtual machine '{mine['sourceResourceId']}' was not found."
            )
        until = str(asked.get("recoveryPointExpiryTimeInUTC") or "")
        id = str(secrets.randbelow(10**18) + 10**18)
        add(call, POINT, row.key, f"{row.id}/recoveryPoints/{id}", _point(machine, stamp(call.now)), {"until": until})
        document, at = row.copy(), stamp(call.now)
        document["properties"].update(
            protectionState="Protected",
            lastBackupStatus="Completed",
            lastBackupTime=at,
            lastRecoveryPoint=at,
            healthDetails=[dict(HEALTHY)],
            kpisHealths={
                "BackupOperationStatusKPI": {
                    "resourceHealthStatus": "Healthy",
                    "resourceHealthDetails": [dict(SUCCESS)],
                }
            },
        )
        row.body = document
        call.store.update(row)
        tasks = [
            {"taskId": name, "startTime": at, "endTime": at, "duration": "PT0S", "status": "Completed"}
            for name in BACKUP_TASKS
        ]
        more = {"tasksList": tasks, "internalPropertyBag": {"IsInstantRpJob": "True"}}
        job(call, vault_of(call), document, "Backup", {"Recovery Point Expiry Time in UTC": until}, more)


class RecoveryPoints(Part):
    """What can be restored; made by backups only."""

    type = POINT
    finds_parent = True
    methods = frozenset({"GET", "HEAD"})

    def handle(self, call: Call) -> Answer | None:
        """Their item may be spelled in more than one way."""
        vault_of(call)
        call.key = _key(call)
        return None


def points(reader: Reader, item_key: str) -> list[Resource]:
    """The recovery points of an item."""
    return reader.store.at_scope(item_key, POINT.lower())


def vault_free_group(id: str) -> str:
    """The resource group in an id, lower case."""
    return id.lower().partition("/resourcegroups/")[2].partition("/")[0]


def _names(call: Call) -> tuple[str, str, str]:
    """(fabric, group, machine) in the path of an item, lower case. 400 when they do not belong together."""
    _, fabric, container, item, *_ = call.route.names
    one, two = CONTAINER.fullmatch(container), NAME.fullmatch(item)
    if fabric.lower() != "azure":
        refuse("BMSUserErrorInvalidInput", f"The fabric '{fabric}' was not found.")
    if one is None or two is None:
        raise not_modelled(f"{ITEM} of {container.partition(';')[0]}")
    if one["group"].lower() != two["group"].lower() or one["name"].lower() != two["name"].lower():
        refuse("BMSUserErrorInvalidInput", "The names of container and item do not belong together.")
    return fabric.lower(), two["group"].lower(), two["name"].lower()


def _key(call: Call) -> str:
    """The key of what the path names, with the container's and item's names in full."""
    vault, names, types = vault_of(call), list(call.route.names), call.route.types
    if len(names) > 2:
        found = CONTAINER.fullmatch(names[2])
        names[2] = f"iaasvmcontainer;iaasvmcontainerv2;{found['group']};{found['name']}" if found else names[2]
    if len(names) > 3:
        found = NAME.fullmatch(names[3])
        names[3] = f"vm;iaasvmcontainerv2;{found['group']};{found['name']}" if found else names[3]
    pairs = [part for pair in zip(types[1:], names[1:], strict=False) for part in pair]
    return "/".join([vault.key, *pairs]).lower()


def _kept_days(reader: Reader, vault_key: str) -> int:
    config = setting(reader, vault_key, CONFIG, "vaultconfig")
    return (
        0
        if config.get("softDeleteFeatureState") == "Disabled"
        else int(config.get("softDeleteRetentionPeriodInDays", 14))
    )


def _point(machine: Body, at: str) -> Body:
    mine = machine["properties"]
    disk = (mine.get("storageProfile") or {}).get("osDisk") or {}
    return {
        "objectType": "IaasVMRecoveryPoint",
        "recoveryPointType": "AppConsistent",
        "recoveryPointTime": at,
        "recoveryPointAdditionalInfo": "",
        "sourceVMStorageType": "PremiumVMOnPartialPremiumStorage",
        "isSourceVMEncrypted": False,
        "isInstantIlrSessionActive": False,
        "recoveryPointTierDetails": [
            {"type": "InstantRP", "status": "Valid"},
            {"type": "HardenedRP", "status": "Valid"},
        ],
        "isManagedVirtualMachine": True,
        "virtualMachineSize": (mine.get("hardwareProfile") or {}).get("vmSize"),
        "originalStorageAccountOption": False,
        "osType": disk.get("osType"),
    }
