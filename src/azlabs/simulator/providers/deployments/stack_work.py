"""The work of a deployment stack: deploy, then delete or let go of what the template no longer has."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlabs.arm.ids import RESOURCE_GROUP_TYPE, ResourceId
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.deployments import complete, execution, shapes
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.tokens import Principal

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Body, Call
    from azlabs.simulator.resource_manager.operations import Operation

WORKER = "deployment-stacks"
DEPLOYMENT_VERSION = "2025-04-01"


def work(call: Call, operation: Operation) -> str:
    """The worker of stacks: deploys, then takes care of what is no longer managed."""
    row = call.store.get(operation.key)
    if row is None or row.pending != operation.id:
        return "Canceled"
    hidden = row.hidden
    principal = Principal(**hidden["principal"])
    if not hidden["deployment"]:
        problem = _deploy(call, row, hidden, principal)
        if problem is not None:
            return _end(call, row, hidden, operation, _failure(hidden, row, [problem]))
    deployment = call.store.get(hidden["deployment"].lower())
    if deployment is None:
        return _end(call, row, hidden, operation, _failure(hidden, row, []))
    deployment = execution.advance_row(call, deployment)
    if deployment.pending is not None:
        row.hidden_text = dumps(hidden)
        call.store.update(row)
        return "deploying"
    found = deployment.body["properties"]
    if found["provisioningState"] != "Succeeded":
        return _end(call, row, hidden, operation, _failure(hidden, row, [found.get("error") or {}]))
    return _end(call, row, hidden, operation, _settle(call, row, hidden, principal, found))


operations.WORKERS[WORKER] = work


def _deploy(call: Call, row: Resource, hidden: Body, principal: Principal) -> Body | None:
    """Starts the deployment; the error when it is not accepted."""
    moment = stamp(call.now)[2:16].replace("-", "").replace("T", "").replace(":", "")
    name = f"{row.name[:47]}-{moment[:8]}{uuid.uuid4().hex[:5]}"
    identifier = f"{hidden['scope']}/providers/Microsoft.Resources/deployments/{name}"
    body: Body = {
        "properties": {"mode": "Incremental", "template": hidden["template"], "parameters": hidden["parameters"]}
    }
    if "/resourcegroups/" not in hidden["scope"].lower():
        body["location"] = hidden["location"]
    answer = call.manager.perform(principal, "PUT", identifier, DEPLOYMENT_VERSION, body, base=call.base)
    if answer.status >= 400:
        error: Body = (answer.json() or {}).get("error") or {}
        return error
    hidden["deployment"] = identifier
    return None


def _failure(hidden: Body, row: Resource, details: list[Body]) -> Body:
    """The properties of a stack whose deployment failed."""
    return {
        "error": {
            "code": "DeploymentStackDeploymentFailed",
            "message": "One or more resources could not be deployed. Correlation id: "
            f"'{row.body['properties']['correlationId']}'.",
            "details": details,
        },
        "provisioningState": "failed",
        **({"deploymentId": hidden["deployment"]} if hidden["deployment"] else {}),
    }


def _settle(call: Call, row: Resource, hidden: Body, principal: Principal, deployed: Body) -> Body:
    """What a stack manages after a deployment that succeeded."""
    properties = row.body["properties"]
    deny = str(properties["denySettings"]["mode"])
    status = "none" if deny.lower() == "none" else deny
    made = [item["id"] for item in deployed.get("outputResources") or []]
    known = {found.lower() for found in made}
    gone = [item["id"] for item in properties.get("resources") or [] if item["id"].lower() not in known]
    delete, detached = unmanaged(gone, properties["actionOnUnmanage"])
    removed, problems = complete.remove(call, principal, [found for found in delete if call.find(found) is not None])
    failed = [item for item in removed if item["state"] == "Failed"]
    settled: Body = {
        "deploymentId": hidden["deployment"],
        "resources": [{"status": "managed", "denyStatus": status, "id": found} for found in made]
        + [{"status": "deleteFailed", "denyStatus": status, "id": item["id"]} for item in failed],
        "detachedResources": [{"id": found} for found in detached],
        "deletedResources": [{"id": found} for found in delete if found not in {item["id"] for item in failed}],
        "failedResources": [{"id": item["id"], "error": item["error"]} for item in failed],
        "provisioningState": "failed" if problems else "succeeded",
    }
    if deployed.get("outputs"):
        settled["outputs"] = deployed["outputs"]
    if problems:
        settled["error"] = {
            "code": "DeploymentStackDeleteResourcesFailed", "message": "One or more resources could not be deleted.",
            "details": problems,
        }  # fmt: skip
    return settled


def unmanaged(ids: list[str], actions: Body) -> tuple[list[str], list[str]]:
    """(to delete, to let go): resources before the groups that hold them."""
    delete: list[str] = []
    detach: list[str] = []
    for found in sorted(ids, key=lambda item: _is_group(item)):
        action = actions.get("resourceGroups" if _is_group(found) else "resources", "detach")
        (delete if str(action).lower() == "delete" else detach).append(found)
    return delete, detach


def _is_group(identifier: str) -> bool:
    return ResourceId.parse(identifier).type.lower() == RESOURCE_GROUP_TYPE.lower()


def _end(call: Call, row: Resource, hidden: Body, operation: Operation, settled: Body) -> str:
    body = row.copy()
    body["properties"].pop("error", None)
    body["properties"].update(settled, duration=shapes.duration(call.now - hidden["started"]))
    row.body, row.pending, row.hidden_text, row.changed = body, None, dumps(hidden), call.now
    call.store.update(row)
    if "error" in settled:
        operation.data["error"] = settled["error"]
        return "Failed"
    return "Succeeded"
