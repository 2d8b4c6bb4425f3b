"""What a vault lists: items, containers, and machines that could be protected; what a machine's state of backup is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.recovery_services.base import (
    ITEM,
    VAULT,
    VAULT_PATH,
    VM_MANAGEMENT,
    accept,
    items_of,
    over,
    vault_of,
)
from azlabs.simulator.providers.recovery_services.items import MACHINE, vault_free_group
from azlabs.simulator.providers.recovery_services.policies import lookup
from azlabs.simulator.resource_manager import filters, reads, registry, views
from azlabs.simulator.resource_manager.errors import Refused, not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

CONTAINERS = f"{VAULT}/backupFabrics/protectionContainers"
LOCATION = "/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/locations/{location}"
ALIASES = {"itemtype": "workloadtype", "status": "registrationstatus"}


def _page(call: Call, documents: list[Body]) -> Answer:
    text = call.query.get("$filter")
    wanted = (
        filters.parse(text, lambda document, name: lookup(document, ALIASES.get(name.lower(), name))) if text else None
    )
    return reads.page(call, [dumps(one) for one in documents if wanted is None or wanted(one)], None)


def protected_items(call: Call) -> Answer:
    """Everything that is protected, soft-deleted items too."""
    kind = registry.TYPES[ITEM.lower()]
    return _page(call, [views.show(call, kind, row.copy(), row.key) for row in items_of(call, vault_of(call).key)])


def containers(call: Call) -> Answer:
    """The machines that something of a vault is registered for."""
    return _page(call, [_container(row) for row in items_of(call, vault_of(call).key)])


def container(call: Call) -> Body:
    """One of them."""
    asked = call.values["container"].lower()
    for row in items_of(call, vault_of(call).key):
        one = _container(row)
        if asked in (one["name"].lower(), one["name"].lower().partition(";")[2]):
            return one
    raise Refused(404, "BMSUserErrorContainerNotFound", f"The container '{call.values['container']}' was not found.")


def _container(row: Resource) -> Body:
    mine = row.body["properties"]
    id = row.id.rpartition("/protectedItems/")[0]
    properties = {
        "virtualMachineId": mine["virtualMachineId"],
        "virtualMachineVersion": "Compute",
        "resourceGroup": vault_free_group(mine["virtualMachineId"]),
        "friendlyName": mine["friendlyName"],
        "backupManagementType": VM_MANAGEMENT,
        "registrationStatus": "Registered",
        "healthStatus": "Healthy",
        "containerType": MACHINE,
        "protectableObjectType": MACHINE,
    }
    return {"id": id, "name": id.rpartition("/")[2], "type": CONTAINERS, "properties": properties}


def protectable_items(call: Call) -> Answer:
    """The machines of the vault's region that no vault protects."""
    vault = vault_of(call)
    found = []
    for row in call.store.in_subscription(call.route.subscription, MACHINE.lower()):
        if row.location == vault.location and _item_of(call, row.key) is None:
            found.append(_protectable(vault, row))
    return _page(call, found)


def _protectable(vault: Resource, row: Resource) -> Body:
    group = vault_free_group(row.id)
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
        "type": f"{CONTAINERS}/protectableItems",
        "properties": properties,
    }


def _item_of(call: Call, machine: str) -> Resource | None:
    for link in call.linked(machine):
        row = call.store.get(link.source)
        if row is not None and row.type == ITEM.lower() and not over(row, call.now):
            return row
    return None


def refresh(call: Call) -> Answer:
    """Look for machines; they are found already."""
    vault = vault_of(call)
    return accept(call, f"{vault.id}/backupFabrics/{call.values['fabric']}")


def backup_status(call: Call) -> Body:
    """Whether a machine is protected, and where."""
    asked = call.json()
    if str(asked.get("resourceType", "")).upper() != "VM":
        raise not_modelled(f"backupStatus of {asked.get('resourceType')}")
    id = str(asked.get("resourceId", ""))
    if f"/{MACHINE}/".lower() not in id.lower():
        refuse("BMSUserErrorInvalidInput", f"'{id}' is not the id of a virtual machine.")
    name = f"iaasvmcontainerv2;{vault_free_group(id)};{id.rpartition('/')[2]}".lower()
    body: Body = {
        "protectionStatus": "NotProtected",
        "fabricName": "Azure",
        "containerName": f"iaasvmcontainer;{name}",
        "protectedItemName": f"vm;{name}",
        "protectedItemsCount": 0,
        "objectType": "BackupStatusResponse",
    }
    row = _item_of(call, id.lower())
    if row is not None:
        vault = row.id.partition("/backupFabrics/")[0]
        body.update(
            protectionStatus="Protected", vaultId=vault, policyName=row.body["properties"].get("policyName", "")
        )
    return body


ENDPOINTS = [
    Endpoint("GET", f"{VAULT_PATH}/backupProtectedItems", protected_items),
    Endpoint("GET", f"{VAULT_PATH}/backupProtectionContainers", containers),
    Endpoint("GET", f"{VAULT_PATH}/backupFabrics/{{fabric}}/protectionContainers/{{container}}", container),
    Endpoint("GET", f"{VAULT_PATH}/backupProtectableItems", protectable_items),
    Endpoint("POST", f"{VAULT_PATH}/backupFabrics/{{fabric}}/refreshContainers", refresh),
    Endpoint("POST", f"{LOCATION}/backupStatus", backup_status),
]
