"""Who a vault keeps backups for: storage accounts, which are registered, and machines, which are there with their items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.recovery_services.base import (
    BOTH,
    CONTAINER,
    SHARE_MANAGEMENT,
    VAULT_PATH,
    VM_MANAGEMENT,
    Part,
    accept,
    group_of,
    items_of,
    registered,
    vault_of,
)
from azlabs.simulator.providers.recovery_services.lists import page
from azlabs.simulator.providers.recovery_services.sources import ACCOUNT, MACHINE, SHARES, container_name
from azlabs.simulator.resource_manager import registry, views
from azlabs.simulator.resource_manager.errors import Refused, not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, NameRule, Reference

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

LOCK = "AzureBackupProtectionLock"
LOCK_VERSION = "2020-05-01"
LOCK_WORDS = ("Acquire", "NotAcquire")


class Containers(Part):
    """A storage account that is registered with a vault; it gets a lock, so that its backups stay."""

    type = CONTAINER
    finds_parent = True
    creates = updates = Announce(202, headers=BOTH, body="{}", polls=1)
    deletes = Announce(202, headers=BOTH, body=False, polls=1)
    operation_paths = ("{path}/operationsStatus/{id}", "{path}/operationResults/{id}")
    name_rule = NameRule(r"[^/<>*%&?\\]{1,300}")
    choices = {"properties.acquireStorageAccountLock": LOCK_WORDS}
    references = (Reference("properties.sourceResourceId", ACCOUNT, must_exist=False),)

    def handle(self, call: Call) -> Answer | None:
        """Machines are containers as well, though nobody registers them."""
        if len(call.route.names) != len(call.route.types):
            return None
        vault = vault_of(call)
        call.key = self._id(call, vault).lower()
        if SHARES.container.fullmatch(call.name):
            return None
        if call.method != "GET":
            raise not_modelled(f"{CONTAINER} of {call.name.partition(';')[0]}")
        for one in machines(call, vault):
            if one["id"].lower() == call.key:
                return json_answer(one)
        raise Refused(404, "BMSUserErrorContainerNotFound", f"The container '{call.name}' was not found.")

    def canonical_id(self, call: Call) -> str:
        """As the service spells containers."""
        return self._id(call, vault_of(call))

    def _id(self, call: Call, vault: Resource) -> str:
        if call.route.names[1].lower() != "azure":
            refuse("BMSUserErrorInvalidInput", f"The fabric '{call.route.names[1]}' was not found.")
        return f"{vault.id}/backupFabrics/Azure/protectionContainers/{container_name(call.name)}"

    def fill(self, write: Write) -> None:
        """The account has to be there, near the vault, and no other vault's."""
        asked = write.body.get("properties") or {}
        if asked.get("backupManagementType") != SHARE_MANAGEMENT or asked.get("containerType") != "StorageContainer":
            refuse("BMSUserErrorInvalidInput", "A storage account is registered as StorageContainer of AzureStorage.")
        id = str(asked.get("sourceResourceId") or "")
        account, vault, found = write.store.get(id.lower()), vault_of(write.call), SHARES.container.fullmatch(write.name)
        if account is None or account.type != ACCOUNT.lower() or found is None:
            refuse("BMSUserErrorStorageAccountNotFound", f"The storage account '{id}' was not found.")
        if (group_of(id), account.name) != (found["group"].lower(), found["name"].lower()):
            refuse("BMSUserErrorInvalidInput", "The name of the container is not that of the storage account.")
        if account.location != vault.location:
            refuse("BMSUserErrorInvalidInput", f"The storage account '{account.name}' is not in the vault's region.")
        for link in write.linked(id):
            if link.source != write.key and link.source.rpartition("/")[2].startswith("storagecontainer;"):
                refuse(
                    "BMSUserErrorContainerAlreadyRegistered",
                    f"The storage account '{account.name}' is registered with another vault.",
                )
        write.body["properties"] = {
            "sourceResourceId": account.id,
            "acquireStorageAccountLock": asked.get("acquireStorageAccountLock") or "Acquire",
            "friendlyName": account.name,
            "backupManagementType": SHARE_MANAGEMENT,
            "registrationStatus": "Registered",
            "healthStatus": "Healthy",
            "containerType": "StorageContainer",
            "protectableObjectType": "StorageContainer",
        }

    def written(self, write: Write) -> None:
        """The account is locked against being deleted, unless it should not be."""
        mine = write.body["properties"]
        if mine["acquireStorageAccountLock"] == "Acquire":
            notes = f"Auto-created by Azure Backup for storage accounts registered with a Recovery Services Vault. {write.id}"
            body = {"properties": {"level": "CanNotDelete", "notes": notes[:512]}}
            answer = write.call.internal("PUT", _lock(mine["sourceResourceId"]), LOCK_VERSION, body)
            if answer.status >= 400:
                refuse("BMSUserErrorStorageAccountLockFailed", answer.body.decode(), status=answer.status)

    def deleting(self, write: Write) -> None:
        """Only once nothing of the account is kept; the lock goes with it."""
        items = [row for row in items_of(write, vault_of(write.call).key) if row.key.startswith(f"{write.key}/")]
        if items:
            names = ", ".join(sorted(str(row.body["properties"]["friendlyName"]) for row in items))
            refuse("BMSUserErrorContainerHasDatasources", f"The container still has protected items: {names}")
        lock = _lock(write.body["properties"]["sourceResourceId"])
        if write.store.get(lock.lower()) is not None:
            write.call.internal("DELETE", lock, LOCK_VERSION)

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the number of its shares that are protected."""
        key = body["id"].lower()
        rows = items_of(reader, key.partition("/backupfabrics/")[0])
        body["properties"]["protectedItemCount"] = sum(row.key.startswith(f"{key}/") for row in rows)
        return body


def _lock(account: str) -> str:
    return f"{account}/providers/Microsoft.Authorization/locks/{LOCK}"


def containers(call: Call) -> Answer:
    """Everything that a vault keeps backups for."""
    vault, kind = vault_of(call), registry.TYPES[CONTAINER.lower()]
    found = [views.show(call, kind, row.copy(), row.key) for row in registered(call, vault.key)]
    return page(call, found + machines(call, vault))


def machines(call: Call, vault: Resource) -> list[Body]:
    """The machines that something of a vault is registered for."""
    rows = items_of(call, vault.key)
    return [_machine(row) for row in rows if row.body["properties"]["backupManagementType"] == VM_MANAGEMENT]


def _machine(row: Resource) -> Body:
    mine = row.body["properties"]
    id = row.id.rpartition("/protectedItems/")[0]
    properties = {
        "virtualMachineId": mine["virtualMachineId"],
        "virtualMachineVersion": "Compute",
        "resourceGroup": group_of(mine["virtualMachineId"]),
        "friendlyName": mine["friendlyName"],
        "backupManagementType": VM_MANAGEMENT,
        "registrationStatus": "Registered",
        "healthStatus": "Healthy",
        "containerType": MACHINE,
        "protectableObjectType": MACHINE,
    }
    return {"id": id, "name": id.rpartition("/")[2], "type": CONTAINER, "properties": properties}


def inquire(call: Call) -> Answer:
    """Look for the shares of a registered account."""
    vault = vault_of(call)
    path = f"{vault.id}/backupFabrics/Azure/protectionContainers/{container_name(call.values['container'])}"
    row = call.store.get(path.lower())
    if row is None:
        raise Refused(
            404, "BMSUserErrorContainerNotFound", f"The container '{call.values['container']}' was not found."
        )
    with call.store.writing():
        row.hidden_text = '{"inquired": true}'
        call.store.update(row)
    return accept(call, row.id)


ENDPOINTS = [
    Endpoint("GET", f"{VAULT_PATH}/backupProtectionContainers", containers),
    Endpoint("POST", f"{VAULT_PATH}/backupFabrics/{{fabric}}/protectionContainers/{{container}}/inquire", inquire),
]
