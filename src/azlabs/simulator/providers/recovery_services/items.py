"""What is under backup: protected, stopped, soft-deleted, brought back; its recovery points."""

from __future__ import annotations

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
    SHARE_MANAGEMENT,
    Part,
    add,
    job,
    over,
    setting,
    vault_of,
)
from azlabs.simulator.providers.recovery_services.sources import (
    ACCOUNT,
    MACHINE,
    NOT_YET,
    SHARES,
    Names,
    Source,
    container_name,
    named,
    shares_of,
    source_of,
)
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.resource_manager.calls import Write
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader

ACCEPTED = Announce(202, headers=BOTH, body=False, polls=1)
STOPPED = "ProtectionStopped"
POLICY_MEMBERS = ("policyId", "policyName")
BACKUP_TASKS = ("Take Snapshot", "Transfer data to vault")
RESTORES = {"OriginalLocation": "original", "AlternateLocation": "alternate"}


class ProtectedItems(Part):
    """One machine or file share under one policy. Deleted items are kept for a while where the vault says so."""

    type = ITEM
    finds_parent = True
    creates = updates = deletes = ACCEPTED
    operation_paths = ("{path}/operationsStatus/{id}", "{path}/operationResults/{id}")
    name_rule = NameRule(r"[^/<>*%&?\\]{1,300}")
    references = (
        Reference("properties.policyId", POLICY, must_exist=False),
        Reference("properties.sourceResourceId", (MACHINE, ACCOUNT), must_exist=False),
    )

    def canonical_id(self, call: Call) -> str:
        """As the service spells containers and items."""
        source, names = _names(call)
        container, item = source.spelled(names)
        return f"{vault_of(call).id}/backupFabrics/Azure/protectionContainers/{container}/protectedItems/{item}"

    def fill(self, write: Write) -> None:
        """The whole item comes out of what is protected and the policy."""
        call, asked = write.call, write.body.get("properties") or {}
        vault = vault_of(call)
        source, names = _names(call)
        kind = str(asked.get("protectedItemType", ""))
        if kind.lower() != source.item_type.lower():
            raise not_modelled(f"{ITEM} of {kind or 'no protectedItemType'} in {call.route.names[2].partition(';')[0]}")
        found = self._found(write, source, names, asked)
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
            policy = self._policy(write, vault, source, asked, stopping=stopping)
            properties = {
                **source.described(found, names),
                "protectedItemType": source.item_type,
                "backupManagementType": source.management,
                "vaultId": f"https://management.azure.com{vault.id}",
                **{name: value for name, value in before.items() if name not in POLICY_MEMBERS},
                **policy,
            }
            if stopping:
                properties["protectionState"] = STOPPED
            elif before.get("protectionState") == STOPPED:
                done = before.get("lastBackupTime", NOT_YET) != NOT_YET
                properties["protectionState"] = "Protected" if done else "IRPending"
            properties["softDeleteRetentionPeriod"] = _kept_days(write, vault.key)
            write.body["properties"] = properties
        policy_name = str(write.get("properties.policyName", ""))
        operation = "Undelete" if asked.get("isRehydrate") else "DisableBackup" if stopping else "ConfigureBackup"
        bag = {} if asked.get("isRehydrate") else {"Policy Name": policy_name}
        job(call, vault, write.body, operation, bag)

    def _found(self, write: Write, source: Source, names: Names, asked: Body) -> Body:
        id = str(asked.get("sourceResourceId") or write.old("properties.sourceResourceId", ""))
        found = source.find(write, names, id)
        vault = vault_of(write.call)
        row = write.store.get(id.lower())
        if row is None or row.location != vault.location:
            refuse(
                "BMSUserErrorVirtualMachineInOtherRegion" if source.item_type == MACHINE else "BMSUserErrorInvalidInput",
                f"'{names.name}' and the vault are in different regions.",
            )
        for link in write.linked(id):
            other = write.store.get(link.source)
            if other is None or other.type != ITEM.lower() or other.key == write.key or over(other, write.now):
                continue
            if other.name.lower() == write.key.rpartition("/")[2]:
                refuse(
                    "BMSUserErrorVirtualMachineAlreadyProtected"
                    if source.item_type == MACHINE
                    else "BMSUserErrorFileShareAlreadyProtected",
                    f"'{found['name']}' is protected by another vault.",
                )
        return found

    def _policy(self, write: Write, vault: Resource, source: Source, asked: Body, *, stopping: bool) -> Body:
        if stopping:
            return {}
        id = str(asked.get("policyId") or "")
        policy = write.find(id) if id.lower().startswith(f"{vault.key}/backuppolicies/") else None
        if policy is None:
            refuse("BMSUserErrorPolicyNotFound", f"The policy '{id}' was not found in the vault.")
        if policy["properties"]["backupManagementType"] != source.management:
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

    def shown(self, body: Body, reader: Reader) -> Body:
        """What is stopped has a policy without a name; a share says how many recovery points it has, not its policy's name."""
        mine = body["properties"]
        for name in POLICY_MEMBERS:
            mine.setdefault(name, "")
        if mine["backupManagementType"] == SHARE_MANAGEMENT:
            del mine["policyName"]
            mine["extendedInfo"] = {
                "recoveryPointCount": len(points(reader, body["id"].lower())),
                "policyState": "Consistent",
                "resourceState": "Active",
                "resourceStateSyncTime": stamp(reader.now),
            }
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
        job(call, vault, document, "DeleteBackupData", _deleted(call, document, row.key))
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
        bag = _deleted(write, write.body, write.key)
        job(write.call, vault_of(write.call), write.body, "DeleteBackupData", bag)

    @action("backup", announce=Announce(202, headers=BOTH, body=False))
    def backup(self, call: Call, body: Body) -> None:
        """Back up now: one more recovery point."""
        mine, source = body["properties"], source_of(body)
        if mine["protectionState"] == STOPPED:
            refuse("BMSUserErrorItemNotProtected", "The protection of the item is stopped.")
        asked = call.json().get("properties") or {}
        if str(asked.get("objectType", "")) != source.request:
            refuse("BMSUserErrorInvalidInput", f"The objectType of the backup of such an item is {source.request}.")
        row, point = call.store.get(body["id"].lower()), source.backed_up(call, mine)
        if point is None or row is None:
            refuse(
                "BMSUserErrorVirtualMachineNotFound" if source.item_type == MACHINE else "BMSUserErrorFileShareNotFound",
                f"'{mine['friendlyName']}' of '{mine['sourceResourceId']}' was not found.",
            )
        until = str(asked.get("recoveryPointExpiryTimeInUTC") or "")
        id = str(secrets.randbelow(10**18) + 10**18)
        add(call, POINT, row.key, f"{row.id}/recoveryPoints/{id}", point, {"until": until})
        document, at = row.copy(), stamp(call.now)
        document["properties"].update(
            protectionState="Protected", lastBackupStatus="Completed", lastBackupTime=at, lastRecoveryPoint=at,
            **source.healthy(),
        )  # fmt: skip
        row.body = document
        call.store.update(row)
        if source is SHARES:
            job(call, vault_of(call), document, "Backup", {})
            return
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

    @action("restore", announce=Announce(202, headers=BOTH, body=False, polls=1))
    def restore(self, call: Call, body: Body) -> None:
        """Bring a share back from a snapshot. What is in shares is not modelled, so that no file moves."""
        item = call.store.get(body["id"].partition("/recoveryPoints/")[0].lower())
        if item is None or source_of(item.body) is not SHARES:
            raise not_modelled("restore of virtual machines")
        asked, mine = call.json().get("properties") or {}, item.body["properties"]
        where = str(asked.get("recoveryType", ""))
        if asked.get("objectType") != "AzureFileShareRestoreRequest" or where not in RESTORES:
            refuse("BMSUserErrorInvalidInput", f"A share is restored with recoveryType {' or '.join(RESTORES)}.")
        details = (asked.get("targetDetails") or {}) if where == "AlternateLocation" else {}
        target = str(details.get("targetResourceId") or mine["sourceResourceId"])
        share = str(details.get("name") or mine["friendlyName"])
        account = call.store.get(target.lower())
        if account is None or not any(row.name == share for row in shares_of(call, account)):
            refuse("BMSUserErrorFileShareNotFound", f"The file share '{share}' of '{target}' was not found.")
        files = {f"Number Of {word} Files": "0" for word in ("Restored", "Skipped", "Failed")}
        bag = {
            "Source File Share Name": mine["friendlyName"],
            "Source Storage Account Name": mine["sourceResourceId"].rpartition("/")[2],
            "Job Type": f"Recovering to the {RESTORES[where]} file share",
            "RestoreDestination": f"{account.name}/{share}/",
            "Data Transferred (in MB)": "0",
        }
        job(call, vault_of(call), item.body, "Restore", bag | files)


def points(reader: Reader, item_key: str) -> list[Resource]:
    """The recovery points of an item."""
    return reader.store.at_scope(item_key, POINT.lower())


def _deleted(reader: Reader, item: Body, key: str) -> Body:
    """What the job of a delete says about an item."""
    return {} if source_of(item) is SHARES else {"Number of Recovery Points": str(len(points(reader, key)))}


def _names(call: Call) -> tuple[Source, Names]:
    """Whose the container and item in the path of a request are. 400 when they do not belong together."""
    _, fabric, container, item, *_ = call.route.names
    if fabric.lower() != "azure":
        refuse("BMSUserErrorInvalidInput", f"The fabric '{fabric}' was not found.")
    return named(container, item)


def _key(call: Call) -> str:
    """The key of what the path names, with the container's and item's names in full."""
    vault, names, types = vault_of(call), list(call.route.names), call.route.types
    if len(names) > 3:
        source, found = _names(call)
        names[2:4] = source.spelled(found)
    elif len(names) > 2:
        names[2] = container_name(names[2])
    pairs = [part for pair in zip(types[1:], names[1:], strict=False) for part in pair]
    return "/".join([vault.key, *pairs]).lower()


def _kept_days(reader: Reader, vault_key: str) -> int:
    config = setting(reader, vault_key, CONFIG, "vaultconfig")
    return (
        0
        if config.get("softDeleteFeatureState") == "Disabled"
        else int(config.get("softDeleteRetentionPeriodInDays", 14))
    )

