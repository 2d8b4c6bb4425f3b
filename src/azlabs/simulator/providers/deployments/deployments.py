"""Microsoft.Resources/deployments: create, read, list, delete at every scope."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from azlabs.arm.template import Plan
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.deployments import execution, preflight, request, shapes
from azlabs.simulator.providers.deployments.request import correlation
from azlabs.simulator.providers.deployments.runtime import StoreRuntime
from azlabs.simulator.resource_manager import documents, operations, reads, registry, writes
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Body, Call

NAME = r"[-\w._()]{1,64}"


class Deployments(ResourceType):
    type = "Microsoft.Resources/deployments"
    scopes = ("resourceGroup", "subscription", "managementGroup", "tenant")
    located = False
    state = None
    patch = "none"
    deletes = Announce(202, headers=("location",), body=False)
    operation_paths = ("operationStatuses", "operationResults")
    operation_body = "status"
    name_rule = NameRule(
        NAME, "InvalidDeploymentName",
        "The provided deployment name '{name}' is not valid: it must have 1 to 64 letters, digits, '-', '.', '_' or"
        " parentheses.",
    )  # fmt: skip
    not_found = ("DeploymentNotFound", "Deployment '{name}' could not be found.")

    def handle(self, call: Call) -> Answer | None:
        """Creation and lists are special; the envelope does the rest."""
        item = len(call.route.names) == len(call.route.types)
        if item and call.method == "PUT":
            with call.store.writing():
                return _put(call, self)
        if not item and call.method == "GET":
            return _list(call, self)
        if call.method == "PATCH":
            raise writes.method_not_allowed(call)
        return None

    def advance(self, call: Call) -> None:
        row = call.store.get(call.key)
        if row is not None:
            execution.advance_row(call, row)

    def deleting(self, write: Any) -> None:
        if write.resource is not None and write.resource.pending is not None:
            row = execution.advance_row(write.call, write.resource)
            if row.pending is not None:
                write.refuse(
                    "DeploymentActive", "The deployment '{name}' cannot be deleted while it is active: cancel it first.",
                    409,
                )  # fmt: skip


KIND = registry.TYPES["microsoft.resources/deployments"]


def _list(call: Call, kind: ResourceType) -> Answer:
    """Deployments directly at the scope, newest first, with $filter=provisioningState eq '...' and $top."""
    call.manager.require_group(call)
    rows = [execution.advance_row(call, row) for row in call.store.at_scope(call.key, kind.key)]
    rows.sort(key=lambda row: row.changed, reverse=True)
    wanted = call.query.get("$filter", "")
    if "provisioningstate eq" in wanted.lower():
        state = wanted.split("'")[1::2]
        rows = [
            row for row in rows if state and row.body["properties"]["provisioningState"].lower() == state[0].lower()
        ]
    size, after = reads.page_size(call), reads.read_token(call)
    texts = [row.text for row in rows]
    return reads.page(call, texts[after : after + size], after + size if len(texts) > after + size else None)


def existing(call: Call, key: str) -> Resource:
    """The row of a deployment, moved on; raises 404 DeploymentNotFound."""
    row = call.store.get(key)
    if row is None:
        call.manager.require_group(call)
        name = key.rpartition("/")[2]
        raise Refused(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
    return execution.advance_row(call, row)


def validated(
    call: Call, body: Body, runtime: StoreRuntime | None = None, *, mode_required: bool = True
) -> tuple[preflight.Checked, Body]:
    """Plans and checks the deployment that a body describes; the plan and the properties that every answer has."""
    properties = body["properties"]
    scope_id = call.scope_id or call.route.scope
    template = request.template_of(call, properties)
    scope = request.scope_of(call, scope_id, call.name, {**body, "properties": {**properties, "template": template}})
    request.check_location(scope, body)
    mode = request.mode_of(properties, scope, required=mode_required)
    parameters = request.parameters_of(call, properties)
    plan = request.plan_of(call, template, parameters, scope)
    checked = preflight.check(call, plan, runtime)
    return checked, _properties(call, plan, checked, mode, properties)


def _properties(call: Call, plan: Plan, checked: preflight.Checked, mode: str, given: Body) -> Body:
    shown: Body = {}
    if isinstance(given.get("templateLink"), dict):
        shown["templateLink"] = given["templateLink"]
    shown["templateHash"] = request.template_hash(plan.template)
    parameters = shapes.camel_keys(plan.shown_parameters())
    if parameters or given.get("parameters") is not None:
        shown["parameters"] = parameters
    shown.update(mode=mode, provisioningState="Accepted", timestamp=stamp(call.now), duration="PT0S")
    shown["correlationId"] = correlation(call)
    shown["providers"] = shapes.providers(checked.everything)
    shown["dependencies"] = shapes.dependencies(plan.resources)
    for name in ("debugSetting", "onErrorDeployment"):
        if isinstance(given.get(name), dict):
            shown[name] = given[name]
    return shown


def _put(call: Call, kind: ResourceType) -> Answer:
    call.manager.require_group(call)
    writes.check_name(kind, call.name)
    call.resolve_scope()
    body = request.read_body(call)
    row = call.store.get(call.key)
    if row is not None:
        row = execution.advance_row(call, row)
        _refuse_active(row)
        _refuse_moved(row, body)
    _check_on_error(call, body["properties"])
    checked, properties = validated(call, body)
    document: Body = {"location": request.normal_location(body["location"])} if body.get("location") else {}
    if isinstance(body.get("tags"), dict):
        document["tags"] = body["tags"]
    write = writes.prepare(call, kind, row, {**document, "properties": properties})
    number = shapes.operation_number()
    write.hidden = _hidden(call, checked.plan, body["properties"], number)
    write.pending = number
    documents.set_identity(write)
    answer = writes.commit(write, Announce(201 if row is None else 200))
    operations.start(
        call,
        kind,
        call.key,
        Announce(),
        worker=execution.WORKER,
        id=number,
        data={"shape": "status", "error_status": 400},
    )
    execution.remember(number, checked.plan)
    answer.headers["Azure-AsyncOperation"] = (
        f"{call.base}{write.id}/operationStatuses/{number}?api-version={call.api_version}"
    )
    answer.headers["retry-after-ms"] = "1"
    return answer


def _hidden(call: Call, plan: Plan, properties: Body, number: str) -> Body:
    """What the worker needs, in whatever process it runs. Parameters are kept as they were evaluated: `newGuid()` and
    `utcNow()` must not change between two polls."""
    values = {name: {"value": value} for name, value in plan.parameters.values.items()}
    return {
        "template": plan.template,
        "values": values,
        "request": {name: item for name, item in properties.items() if name != "template"},
        "principal": asdict(call.principal),
        "operation": number,
        "started": call.now,
        "targets": {resource.key: shapes.target(resource) for resource in plan.resources},
    }


def _refuse_active(row: Resource) -> None:
    if row.pending is None:
        return
    raise Refused(
        409, "DeploymentActive",
        f"Unable to edit or replace deployment '{row.name}': previous deployment from '{shapes.expiry(row.created - 7 * 86400)}' is "
        f"still active (expiration time is '{shapes.expiry(row.created)}'). Please see https://aka.ms/arm-deploy for usage details.",
    )  # fmt: skip


def _refuse_moved(row: Resource, body: Body) -> None:
    old, new = str(row.body.get("location") or ""), request.normal_location(body.get("location"))
    if old and new and old != new:
        raise Refused(
            409, "InvalidDeploymentLocation",
            f"Invalid deployment location '{new}'. The deployment '{row.name}' already exists in location '{old}'.",
        )  # fmt: skip


def _check_on_error(call: Call, properties: Body) -> None:
    """A deployment to fall back on has to exist and to have succeeded."""
    wanted = properties.get("onErrorDeployment")
    if not isinstance(wanted, dict) or str(wanted.get("type", "")).lower() != "specificdeployment":
        return
    name = str(wanted.get("deploymentName", ""))
    row = call.store.get(f"{call.key.rpartition('/')[0]}/{name.lower()}")
    if row is None or row.body["properties"]["provisioningState"] != "Succeeded":
        raise Refused(
            400, "OnErrorDeploymentNotFound", f"The deployment '{name}' to roll back to could not be found or did not"
            " succeed.",
        )  # fmt: skip


def as_validated(checked: preflight.Checked, call: Call, properties: Body, body: Body) -> Answer:
    """The answer of a successful validation."""
    properties.update(provisioningState="Succeeded", timestamp=shapes.NEVER)
    properties["validatedResources"] = [{"id": resource.id} for resource in checked.everything]
    answer: Body = {"id": checked.plan.scope.deployment_id, "name": call.name, "type": KIND.type}
    if body.get("location"):
        answer["location"] = request.normal_location(body["location"])
    return json_answer({**answer, "properties": properties})
