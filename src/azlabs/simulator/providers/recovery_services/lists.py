"""What a vault lists: items, containers, and machines that could be protected; what a machine's state of backup is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.recovery_services.base import (
    CONTAINER,
    ITEM,
    SHARE_MANAGEMENT,
    VAULT,
    VAULT_PATH,
    VM_MANAGEMENT,
    accept,
    group_of,
    items_of,
    over,
    registered,
    vault_of,
)
from azlabs.simulator.providers.recovery_services.policies import lookup
from azlabs.simulator.providers.recovery_services.sources import (
    ACCOUNT,
    MACHINE,
    MACHINES,
    SHARES,
    Names,
    Source,
    share_hash,
    shares_of,
)
from azlabs.simulator.resource_manager import filters, reads, registry, views
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

LOCATION = "/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/locations/{location}"
STATUS_TYPES = {"vm": MACHINE, "azurefileshare": ACCOUNT}
ALIASES = {"itemtype": "workloadtype", "status": "registrationstatus"}


def page(call: Call, documents: list[Body]) -> Answer:
    """A list, as its $filter wants it."""
    text = call.query.get("$filter")
    wanted = (
        filters.parse(text, lambda document, name: lookup(document, ALIASES.get(name.lower(), name))) if text else None
    )
    return reads.page(call, [dumps(one) for one in documents if wanted is None or wanted(one)], None)


def protected_items(call: Call) -> Answer:
    """Everything that is protected, soft-deleted items too."""
    kind = registry.TYPES[ITEM.lower()]
    found = [views.show(call, kind, row.copy(), row.key) for row in items_of(call, vault_of(call).key)]
    for one in found:
        one["properties"].pop("extendedInfo", None)
    return page(call, found)


def protectable_items(call: Call) -> Answer:
    """The machines of the vault's region that no vault protects, and the shares of registered storage accounts."""
    vault = vault_of(call)
    found = []
    for row in call.store.in_subscription(call.route.subscription, MACHINE.lower()):
        if row.location == vault.location and not _items_of(call, row.key):
            found.append(_protectable(vault, row))
    for container in registered(call, vault.key):
        account = call.store.get(container.body["properties"]["sourceResourceId"].lower())
        if account is None or not container.hidden.get("inquired"):
            continue
        protected = {item.body["properties"]["friendlyName"] for item in _items_of(call, account.key)}
        found += [_share(vault, account, row) for row in shares_of(call, account) if row.name not in protected]
    return page(call, found)


def protectable_containers(call: Call) -> Answer:
    """The storage accounts of the vault's region that no vault knows."""
    vault, found = vault_of(call), []
    for row in call.store.in_subscription(call.route.subscription, ACCOUNT.lower()):
        taken = any(link.source.rpartition("/")[2].startswith("storagecontainer;") for link in call.linked(row.key))
        if row.location != vault.location or taken:
            continue
        name = f"StorageContainer;Storage;{row.id.split('/')[4]};{row.name}"
        properties = {
            "friendlyName": row.name,
            "backupManagementType": SHARE_MANAGEMENT,
            "protectableContainerType": "StorageContainer",
            "healthStatus": "Healthy",
            "containerId": row.id,
        }
        folder = f"{VAULT}/backupFabrics/protectableContainers"
        id = f"{vault.id}/backupFabrics/Azure/protectableContainers/{name}"
        found.append({"id": id, "name": name, "type": folder, "properties": properties})
    return page(call, found)


def _share(vault: Resource, account: Resource, row: Resource) -> Body:
    container = f"storagecontainer;storage;{group_of(account.id)};{account.name}"
    name = f"azurefileshare;{share_hash(account.name, row.name)}"
    properties = {
        "parentContainerFabricId": account.id,
        "parentContainerFriendlyName": account.name,
        "azureFileShareType": "XSMB",
        "backupManagementType": SHARE_MANAGEMENT,
        "workloadType": "AzureFileShare",
        "protectableItemType": "AzureFileShare",
        "friendlyName": row.name,
        "protectionState": "NotProtected",
    }
    folder = f"{vault.id}/backupFabrics/Azure/protectionContainers/{container}/protectableItems"
    return {"id": f"{folder}/{name}", "name": name, "type": f"{CONTAINER}/protectableItems", "properties": properties}


def _protectable(vault: Resource, row: Resource) -> Body:
    group = group_of(row.id)
    tail = f"iaasvmcontainerv2;{group};{row.name}"
    folder = f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}/protectableItems"
    properties = {
        "virtualMachineId": row.id,
        "virtualMachineVersion": "Compute",
        "resourceGroup": group,
        "backupManagementType": VM_MANAGEMENT,
        "workloadType": "VM",
        "protectableItemType": MACHINE,
        "friendlyName": row.name,
        "protectionState": "NotProtected",
    }
    return {
        "id": f"{folder}/vm;{tail}",
        "name": tail,
        "type": f"{CONTAINER}/protectableItems",
        "properties": properties,
    }


def _items_of(call: Call, id: str) -> list[Resource]:
    """What protects a resource."""
    rows = [call.store.get(link.source) for link in call.linked(id)]
    return [row for row in rows if row is not None and row.type == ITEM.lower() and not over(row, call.now)]


def refresh(call: Call) -> Answer:
    """Look for machines and storage accounts; they are found already."""
    vault = vault_of(call)
    return accept(call, f"{vault.id}/backupFabrics/{call.values['fabric']}")


def backup_status(call: Call) -> Body:
    """Whether a machine or a share is protected, and where."""
    asked = call.json()
    kind, id = str(asked.get("resourceType", "")), str(asked.get("resourceId", ""))
    type, share = STATUS_TYPES.get(kind.lower(), ""), str(asked.get("poLogicalName", ""))
    if not type:
        raise not_modelled(f"backupStatus of {kind}")
    if f"/{type}/".lower() not in id.lower():
        refuse("BMSUserErrorInvalidInput", f"'{id}' is not the id of a resource of type {type}.")
    group, name = group_of(id), id.rpartition("/")[2]
    source: Source = MACHINES if type == MACHINE else SHARES
    container, item = source.spelled(Names(group, name, "" if type == MACHINE else share_hash(name, share)))
    body: Body = {
        "protectionStatus": "NotProtected",
        "fabricName": "Azure",
        "containerName": container.lower(),
        "protectedItemName": item.lower(),
        "protectedItemsCount": 0,
        "objectType": "BackupStatusResponse",
    }
    for row in _items_of(call, id.lower()):
        if row.name.lower() == item.lower():
            vault = row.id.partition("/backupFabrics/")[0]
            policy = row.body["properties"].get("policyName", "")
            body.update(protectionStatus="Protected", vaultId=vault, policyName=policy)
    return body


ENDPOINTS = [
    Endpoint("GET", f"{VAULT_PATH}/backupProtectedItems", protected_items),
    Endpoint("GET", f"{VAULT_PATH}/backupProtectableItems", protectable_items),
    Endpoint("GET", f"{VAULT_PATH}/backupFabrics/{{fabric}}/protectableContainers", protectable_containers),
    Endpoint("POST", f"{VAULT_PATH}/backupFabrics/{{fabric}}/refreshContainers", refresh),
    Endpoint("POST", f"{LOCATION}/backupStatus", backup_status),
]
