"""Running a deployment: one worker that starts what can start, looks after what runs, and ends it.

The state of the work is part of the deployment's row and changes in the same transaction as the resources, so that a
process that dies leaves either both or neither; whoever asks next goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.arm.errors import TemplateError
from azlabs.arm.planned import PlannedResource
from azlabs.arm.template import Plan
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.deployments import shapes
from azlabs.simulator.providers.deployments.request import plan_of, scope_of
from azlabs.simulator.providers.deployments.runtime import StoreRuntime
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.tokens import Principal

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Body, Call
    from azlabs.simulator.resource_manager.operations import Operation

WORKER = "deployments"
DONE = frozenset(("Succeeded", "Passed"))
ENDED = DONE | {"Failed", "Skipped"}
FAILED_MESSAGE = (
    "At least one resource deployment operation failed. Please list deployment operations for details. "
    "Please see https://aka.ms/arm-deployment-operations for usage details."
)
_PLANS: dict[str, Plan] = {}
_PLANS_KEPT = 16


def remember(operation: str, plan: Plan) -> None:
    """Keeps the plan of a running deployment, so that the process that accepted it need not make it again."""
    while len(_PLANS) >= _PLANS_KEPT:
        _PLANS.pop(next(iter(_PLANS)))
    _PLANS[operation] = plan


def work(call: Call, operation: Operation) -> str:
    """The worker of deployments: goes on as far as it can; the operation's status."""
    row = call.store.get(operation.key)
    if row is None or row.pending != operation.id:
        _PLANS.pop(operation.id, None)
        return "Canceled"
    execution = Execution(call, row, operation.id)
    status = execution.advance()
    if execution.error is not None:
        operation.data["error"] = execution.error
    if status in operations.FINAL:
        _PLANS.pop(operation.id, None)
    return status


operations.WORKERS[WORKER] = work


class Execution:
    """One deployment that runs. `hidden` is the row's: template, values, principal, states, log, outputs."""

    def __init__(self, call: Call, row: Resource, operation: str) -> None:
        self.call, self.row, self.operation = call, row, operation
        self.body, self.hidden = row.copy(), row.hidden
        self.principal = Principal(**self.hidden["principal"])
        self.states: dict[str, Body] = self.hidden.setdefault("states", {})
        self.error: Body | None = None
        self.runtime = StoreRuntime(call, self.principal)
        self.plan = self._plan()

    def _plan(self) -> Plan:
        known = _PLANS.get(self.operation)
        if known is None:
            scope_id = self.row.id.rpartition("/providers/")[0]
            properties = {**self.hidden["request"], "template": self.hidden["template"]}
            scope = scope_of(self.call, scope_id, self.row.name, {**self.body, "properties": properties})
            known = plan_of(self.call, self.hidden["template"], self.hidden["values"], scope)
            remember(self.operation, known)
        return known

    def advance(self) -> str:
        """Starts, polls and ends; "Running" while something still runs."""
        by_key = self.plan.by_key()
        moved = True
        while moved:
            moved = False
            for resource in self.plan.order:
                moved |= self._step(resource)
        if any(self.states.get(key, {}).get("state") not in ENDED for key in by_key):
            return self._store("Running")
        return self._finish()

    def _step(self, resource: PlannedResource) -> bool:
        """Moves one resource on; did anything change?"""
        self.call.now = self.call.manager.clock.now()
        state = self.states.get(resource.key)
        if state is None:
            waits = [self.states.get(key, {}).get("state") for key in resource.depends_on]
            if any(found in ("Failed", "Skipped") for found in waits):
                self._set(resource, "Skipped")
            elif not all(found in DONE for found in waits):
                return False
            elif not resource.condition or resource.existing:
                self._set(resource, "Passed")
            else:
                self._start(resource)
            return True
        if state["state"] == "Running":
            return self._look(resource, state)
        return False

    def _set(self, resource: PlannedResource, state: str, **more: Any) -> None:
        known = self.states.setdefault(resource.key, {"started": self.call.now})
        known.update(state=state, at=self.call.now, **more)

    def _start(self, resource: PlannedResource) -> None:
        try:
            body = resource.body(self.runtime)
        except TemplateError as problem:
            self._set(resource, "Failed", status=400, error=problem.to_json())
            return
        answer = self.call.manager.perform(
            self.principal, "PUT", resource.id, resource.api_version, body, base=self.call.base
        )
        if answer.status >= 400:
            self._set(resource, "Failed", status=answer.status, error=_error(answer))
            return
        number = _operation_of(answer)
        self._set(resource, "Running" if number else "Succeeded", status=answer.status, operation=number)

    def _look(self, resource: PlannedResource, state: Body) -> bool:
        found = operations.load(self.call, state["operation"])
        if found is None:
            self._set(resource, "Succeeded")
            return True
        found = operations.advance(self.call, found)
        if found.finished is None:
            return False
        if found.status == "Succeeded":
            self._set(resource, "Succeeded", status=200)
            return True
        error = found.data.get("error") or {"code": "ResourceDeploymentFailure", "message": "The operation failed."}
        if not resource.is_deployment:
            error = {
                "code": "ResourceDeploymentFailure", "target": resource.id,
                "message": "The resource write operation failed to complete successfully, because it reached terminal "
                f"provisioning state '{found.status}'.",
                "details": [error],
            }  # fmt: skip
        self._set(resource, "Failed", status=409, error=error)
        return True

    def _finish(self) -> str:
        failed = [state for state in self.states.values() if state["state"] == "Failed"]
        if failed:
            return self._fail([state["error"] for state in failed])
        try:
            outputs = self.plan.outputs(self.runtime)
        except TemplateError as problem:
            return self._fail([], {**problem.to_json(), "target": self.row.id})
        if self.body["properties"]["mode"] == "Complete":
            from azlabs.simulator.providers.deployments.complete import remove_others

            problems = remove_others(self.call, self.principal, self.plan, self.hidden)
            if problems:
                return self._fail(problems)
        self.hidden["outputs"] = outputs
        properties = self.body["properties"]
        shown = shapes.shown_outputs(outputs)
        if shown:
            properties["outputs"] = shown
        properties["outputResources"] = [{"id": found} for found in self._made()]
        return self._store("Succeeded")

    def _made(self) -> list[str]:
        """Ids of everything this deployment and those nested in it made."""
        made: list[str] = []
        for resource in self.plan.resources:
            if self.states[resource.key]["state"] != "Succeeded":
                continue
            if not resource.is_deployment:
                made.append(resource.id)
                continue
            nested = self.call.find(resource.id) or {}
            made += [item["id"] for item in nested.get("properties", {}).get("outputResources") or []]
        return sorted(dict.fromkeys(made), key=str.lower)

    def _fail(self, details: list[Body], error: Body | None = None) -> str:
        self.error = error or {
            "code": "DeploymentFailed",
            "target": self.row.id,
            "message": FAILED_MESSAGE,
            "details": details,
        }
        properties = self.body["properties"]
        properties["error"] = self.error
        properties["outputResources"] = [{"id": found} for found in self._made()]
        wanted = properties.get("onErrorDeployment")
        if isinstance(wanted, dict):
            properties["onErrorDeployment"] = self._fall_back(wanted)
        return self._store("Failed")

    def _fall_back(self, wanted: Body) -> Body:
        """Deploys again what succeeded before: the last deployment of the scope that did, or the one that is named."""
        row = self._earlier(str(wanted.get("deploymentName") or ""))
        if row is None:
            return {**wanted, "provisioningState": "NotSpecified"}
        hidden = row.hidden
        properties = {
            "mode": row.body["properties"]["mode"],
            "template": hidden["template"],
            "parameters": hidden["values"],
        }
        body: Body = {"properties": properties}
        if row.body.get("location"):
            body["location"] = row.body["location"]
        answer = self.call.manager.perform(self.principal, "PUT", row.id, row.api_version, body, base=self.call.base)
        state = "Accepted" if answer.status < 400 else "Failed"
        return {**wanted, "deploymentName": row.name, "provisioningState": state}

    def _earlier(self, name: str) -> Resource | None:
        rows = self.call.store.at_scope(self.row.scope, self.row.type)
        done = [
            row
            for row in rows
            if row.body["properties"]["provisioningState"] == "Succeeded" and row.key != self.row.key
        ]
        if name:
            return next((row for row in done if row.name.lower() == name.lower()), None)
        return max(done, key=lambda row: row.changed, default=None)

    def _store(self, status: str) -> str:
        store_state(self.call, self.row, self.body, self.hidden, status)
        return status


def store_state(call: Call, row: Resource, body: Body, hidden: Body, status: str) -> None:
    """Writes what has become of a deployment into its row."""
    properties = body["properties"]
    properties["provisioningState"] = status
    properties["timestamp"] = stamp(call.now)
    properties["duration"] = shapes.duration(call.now - hidden["started"])
    if status in operations.FINAL:
        row.pending = None
    row.body = body
    row.hidden_text = dumps(hidden)
    row.changed = call.now
    call.store.update(row)


def shown_operations(row: Resource) -> list[Body]:
    """The operations of a deployment, as a GET lists them."""
    hidden = row.hidden
    targets: dict[str, Body] = hidden.get("targets", {})
    listed = []
    for key, state in hidden.get("states", {}).items():
        if state["state"] in ("Passed", "Skipped") or key not in targets:
            continue
        listed.append(_operation(row, shapes.operation_id(row.key + key), "Create", state, targets[key]))
    listed += [_operation(row, shapes.operation_id(row.key + item["id"]), "Delete", item, item["target"])
               for item in hidden.get("removed", [])]  # fmt: skip
    if row.body["properties"]["provisioningState"] == "Succeeded":
        state = {"state": "Succeeded", "started": hidden["started"], "at": row.changed, "status": 200}
        listed.append(_operation(row, hidden["operation"], "EvaluateDeploymentOutput", state, None))
    return listed


def _operation(row: Resource, number: str, verb: str, state: Body, target: Body | None) -> Body:
    import uuid

    properties: Body = {
        "provisioningOperation": verb,
        "provisioningState": state["state"],
        "timestamp": stamp(state["at"]),
        "duration": shapes.duration(state["at"] - state["started"]),
        "trackingId": str(uuid.uuid5(uuid.NAMESPACE_OID, number)),
    }
    if verb != "EvaluateDeploymentOutput":
        properties["serviceRequestId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, number))
    properties["statusCode"] = shapes.status_phrase(int(state.get("status") or 200))
    if state.get("error"):
        properties["statusMessage"] = {"error": state["error"]}
    if target is not None:
        properties["targetResource"] = target
    return {"id": f"{row.id}/operations/{number}", "operationId": number, "properties": properties}


def _error(answer: Answer) -> Body:
    body = answer.json() or {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {"code": shapes.status_phrase(answer.status), "message": ""}


def _operation_of(answer: Answer) -> str:
    """The id of the operation that an answer announces, "" when the work is done."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    url = headers.get("azure-asyncoperation") or (headers.get("location") if answer.status in (201, 202) else "") or ""
    return url.partition("?")[0].rpartition("/")[2]


def advance_row(call: Call, row: Resource) -> Resource:
    """Moves an unfinished deployment on; the row as it is then."""
    if row.pending is None:
        return row
    operation = operations.load(call, row.pending)
    if operation is not None:
        operations.advance(call, operation)
    return call.store.get(row.key) or row


def cancel(call: Call, row: Resource) -> None:
    """Ends an unfinished deployment; what it has made stays. Raises `Refused` (409) when it has ended."""
    properties = row.body["properties"]
    if row.pending is None:
        raise Refused(
            409, "DeploymentCannotBeCancelled",
            f"The deployment '{row.name}' cannot be cancelled because it has provisioning state "
            f"'{properties['provisioningState']}' or it has already expired (expiration time is "
            f"'{shapes.expiry(row.created)}').",
        )  # fmt: skip
    operation = operations.load(call, row.pending)
    if operation is not None:
        operation.status, operation.finished = "Canceled", call.now
        operations.save(call, operation)
    _PLANS.pop(row.pending, None)
    body, hidden = row.copy(), row.hidden
    for state in hidden.get("states", {}).values():
        _cancel_nested(call, state)
    body["properties"]["error"] = {"code": "DeploymentCanceled", "message": "The deployment was canceled."}
    store_state(call, row, body, hidden, "Canceled")


def _cancel_nested(call: Call, state: Body) -> None:
    if state["state"] == "Running":
        operation = operations.load(call, state["operation"])
        nested = call.store.get(operation.key) if operation is not None else None
        if nested is not None and nested.type == "microsoft.resources/deployments" and nested.pending is not None:
            cancel(call, nested)
        state["state"] = "Canceled"
