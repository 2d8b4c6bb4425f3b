"""What the parts of a vault share: rows below it, operations with jobs, spelling of names."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import operations, registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, PatchKind, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader

VAULT = "Microsoft.RecoveryServices/vaults"
VAULT_KEY = VAULT.lower()
POLICY = f"{VAULT}/backupPolicies"
JOB = f"{VAULT}/backupJobs"
CONFIG = f"{VAULT}/backupconfig"
STORAGE = f"{VAULT}/backupstorageconfig"
ITEM = f"{VAULT}/backupFabrics/protectionContainers/protectedItems"
POINT = f"{ITEM}/recoveryPoints"
CONTAINER = f"{VAULT}/backupFabrics/protectionContainers"
VAULT_PATH = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{vault}"
BOTH = ("azure-asyncoperation", "location")
VM_MANAGEMENT, SHARE_MANAGEMENT = "AzureIaasVM", "AzureStorage"
DAY = 86400.0
NEVER = "0001-01-01T00:00:00"


class Part(ResourceType):
    """What belongs to a vault and has neither location nor tags."""

    located = tagged = False
    state = None
    patch: ClassVar[PatchKind] = "none"
    creates = Announce(200)


def vault_of(call: Call) -> Resource:
    """The vault in the path of any request below it. 404 when there is none."""
    segments = call.route.segments[:8]
    row = call.store.get("/" + "/".join(segments).lower())
    if row is None:
        call.manager.require_group(call)
        raise Refused(
            404,
            "ResourceNotFound",
            f"The Resource '{VAULT}/{segments[7]}' under resource group '{segments[3]}' was not found. For more details please "
            "go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return row


def add(call: Call, type: str, scope: str, id: str, properties: Body, hidden: Body | None = None) -> Body:
    """Store a resource that the service makes by itself; its document."""
    body: Body = {"id": id, "name": id.rpartition("/")[2], "type": type, "properties": properties}
    row = Resource(
        0, id.lower(), id, type.lower(), scope.lower(), call.route.subscription, "", str(uuid.uuid4()), call.api_version,
        call.now, call.now, None, None, json.dumps(hidden) if hidden else None,
    )  # fmt: skip
    row.body = body
    call.store.insert(row)
    return body


def setting(reader: Reader, vault_key: str, type: str, name: str) -> Body:
    """Properties of a vault's configuration."""
    row = reader.store.get(f"{vault_key}/{type.rpartition('/')[2].lower()}/{name}")
    return dict(row.body["properties"]) if row is not None else {}


def items_of(reader: Reader, vault_key: str) -> list[Resource]:
    """The protected items of a vault, soft-deleted ones too, until their time is over."""
    rows = reader.store.select("type=? AND key>? AND key<?", (ITEM.lower(), f"{vault_key}/", f"{vault_key}0"))
    return [row for row in rows if not over(row, reader.now)]


def registered(reader: Reader, vault_key: str) -> list[Resource]:
    """The storage accounts that a vault knows."""
    return reader.store.select("type=? AND key>? AND key<?", (CONTAINER.lower(), f"{vault_key}/", f"{vault_key}0"))


def over(row: Resource, now: float) -> bool:
    """Has a soft-deleted item been kept for as long as its vault keeps them?"""
    until = row.hidden.get("purge")
    return until is not None and until <= now


def group_of(id: str) -> str:
    """The resource group in an id, lower case."""
    return id.lower().partition("/resourcegroups/")[2].partition("/")[0]


def job(call: Call, vault: Resource, item: Body, operation: str, bag: Body, more: Body | None = None) -> str:
    """Note a job that is done; its id. The operation that announces this request leads to it."""
    id = str(uuid.uuid4())
    mine = item["properties"]
    name, about = mine["friendlyName"], {"tasksList": [], "propertyBag": bag, **(more or {})}
    if mine["backupManagementType"] == SHARE_MANAGEMENT:
        account = mine["sourceResourceId"].rpartition("/")[2]
        source = {"jobType": "AzureStorageJob", "storageAccountName": account, "storageAccountVersion": "Storage"}
        source["isUserTriggered"] = False
        if operation != "Restore":
            about["propertyBag"] = {"File Share Name": name, "Storage Account Name": account, **bag}
    else:
        source = {
            "jobType": "AzureIaaSVMJob",
            "containerName": mine["containerName"],
            "virtualMachineVersion": "Compute",
        }
        about["propertyBag"] = {"VM Name": name, **bag}
    properties = {
        **source,
        "duration": "PT1S",
        "extendedInfo": about,
        "entityFriendlyName": name,
        "backupManagementType": mine["backupManagementType"],
        "operation": operation,
        "status": "Completed",
        "startTime": stamp(call.now),
        "endTime": stamp(call.now),
        "activityId": str(uuid.uuid4()),
    }
    add(call, JOB, vault.key, f"{vault.id}/backupJobs/{id}", properties, {"at": call.now})
    call.operation["properties"] = {"objectType": "OperationStatusJobExtendedInfo", "jobId": id}
    return id


def accept(
    call: Call, path: str, *, status: str = "operationsStatus", results: str = "operationResults", polls: int = 1
) -> Answer:
    """202 for work below `path`, which polls find running at first."""
    kind = registry.find(VAULT_KEY)
    if kind is None:
        raise LookupError(VAULT)
    id = str(uuid.uuid4())
    data: dict[str, Any] = {"empty": 204, "shape": "full", "waiting": ["InProgress"]}
    with call.store.writing():
        operations.start(call, kind, path.lower(), Announce(202, polls=polls), data=data, id=id)
    headers = {
        "Azure-AsyncOperation": f"{call.base}{path}/{status}/{id}?api-version={call.api_version}",
        "Location": f"{call.base}{path}/{results}/{id}?api-version={call.api_version}",
        "retry-after-ms": "1",
    }
    return Answer(202, headers)
