"""Microsoft.Resources/deploymentStacks: a deployment whose resources are managed together.

A stack deploys its template, remembers what that made, and at the next deployment deletes or lets go of what the
template no longer has. Deny settings are recorded and shown; they are not enforced.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.deployments import complete, request, stack_work
from azlabs.simulator.providers.deployments.request import correlation
from azlabs.simulator.providers.deployments.stack_work import unmanaged
from azlabs.simulator.resource_manager import documents, operations, registry, writes
from azlabs.simulator.resource_manager.calls import Write
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Body, Call
    from azlabs.simulator.resource_manager.operations import Operation

_UNMANAGE = {"resources": "detach", "resourceGroups": "detach", "managementGroups": "detach"}
_MODES = ("none", "denydelete", "denywriteanddelete")


class DeploymentStacks(ResourceType):
    type = "Microsoft.Resources/deploymentStacks"
    # The first preview (2021-05-01-preview) has another shape, with snapshots, and is not answered.
    api_versions = ("2025-07-01", "2024-03-01", "2022-08-01-preview")
    scopes = ("resourceGroup", "subscription", "managementGroup")
    located = False
    state = None
    patch = "none"
    system_data = True
    operation_paths = ("deploymentStackOperationStatus", "deploymentStackOperationResults")
    name_rule = NameRule(
        r"[-\w._()]{1,90}", "InvalidDeploymentStackName", "The provided deployment stack name '{name}' is not valid."
    )

    def handle(self, call: Call) -> Answer | None:
        if len(call.route.names) == len(call.route.types):
            if call.method == "PUT":
                with call.store.writing():
                    return _put(call, self)
            if call.method == "DELETE":
                with call.store.writing():
                    return _delete(call, self)
            if call.store.get(call.key) is None:
                raise _not_found(call)
        elif call.method == "GET":
            call.manager.require_group(call)
            rows = [_advanced(call, row) for row in call.store.at_scope(call.key, self.key)]
            return json_answer({"value": [row.body for row in rows]})
        return None

    def advance(self, call: Call) -> None:
        row = call.store.get(call.key)
        if row is not None:
            _advanced(call, row)


KIND = registry.TYPES["microsoft.resources/deploymentstacks"]


def _advanced(call: Call, row: Resource) -> Resource:
    if row.pending is not None:
        operation = operations.load(call, row.pending)
        if operation is not None:
            operations.advance(call, operation)
    return call.store.get(row.key) or row


def _not_found(call: Call) -> Refused:
    """In a resource group Azure answers with a code of its own."""
    call.manager.require_group(call)
    if call.route.group:
        message = f"The deployment stack '{call.path()}' could not be found."
        return Refused(404, "DeploymentStackResourceNotFound", message)
    return Refused(
        404, "ResourceNotFound",
        f"The resource '{call.name}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )  # fmt: skip


def _settings(properties: Body) -> Body:
    """The settings that every answer repeats; 400 when one is missing or unknown."""
    unmanage, deny = properties.get("actionOnUnmanage"), properties.get("denySettings")
    for name, value in (("actionOnUnmanage", unmanage), ("denySettings", deny)):
        if not isinstance(value, dict):
            raise Refused(
                400, "DeploymentStackInvalidRequestContent", f"The deployment stack needs the property '{name}'."
            )  # fmt: skip
    assert isinstance(unmanage, dict) and isinstance(deny, dict)
    for name in _UNMANAGE:
        if str(unmanage.get(name, "detach")).lower() not in ("detach", "delete"):
            raise Refused(
                400, "DeploymentStackInvalidRequestContent", f"The value of 'actionOnUnmanage.{name}' is not valid."
            )
    if str(deny.get("mode", "")).lower() not in _MODES:
        raise Refused(400, "DeploymentStackInvalidRequestContent", "The value of 'denySettings.mode' is not valid.")
    shown: Body = {"actionOnUnmanage": {**_UNMANAGE, **unmanage}}
    if properties.get("deploymentScope"):
        shown["deploymentScope"] = properties["deploymentScope"]
    shown["denySettings"] = {"applyToChildScopes": False, **deny}
    return shown


def _deployment_scope(call: Call, properties: Body) -> str:
    given = properties.get("deploymentScope")
    return str(given).rstrip("/") if given else call.scope_id or call.route.scope


def _check_scope(call: Call, body: Body) -> None:
    if not call.route.group and not body.get("location"):
        raise Refused(400, "LocationRequired", "The location property is required for this definition.")


def _put(call: Call, kind: ResourceType) -> Answer:
    call.manager.require_group(call)
    writes.check_name(kind, call.name)
    call.resolve_scope()
    body = request.read_body(call)
    given: Body = body["properties"]
    _check_scope(call, body)
    row = call.store.get(call.key)
    if row is not None:
        row = _advanced(call, row)
        if row.pending is not None:
            raise Refused(
                409, "DeploymentStackInNonTerminalState", f"The deployment stack '{row.name}' is still being worked on."
            )
    template, parameters = request.template_of(call, given), request.parameters_of(call, given)
    properties = _settings(given)
    before = row.body["properties"].get("resources", []) if row is not None else []
    properties["parameters"] = _shown(template, parameters)
    properties.update(resources=before, provisioningState="initializing", detachedResources=[], deletedResources=[],
                      failedResources=[], correlationId=correlation(call))  # fmt: skip
    if given.get("description"):
        properties["description"] = given["description"]
    document: Body = {"location": request.normal_location(body["location"])} if body.get("location") else {}
    document["tags"] = body.get("tags") if isinstance(body.get("tags"), dict) else {}
    write = writes.prepare(call, kind, row, {**document, "properties": properties})
    number = str(uuid.uuid4())
    write.hidden = {
        "template": template, "parameters": parameters, "scope": _deployment_scope(call, given), "started": call.now,
        "principal": asdict(call.principal), "deployment": "", "location": body.get("location") or "",
    }  # fmt: skip
    write.pending = number
    documents.set_identity(write)
    announce = Announce(201 if row is None else 200, headers=("azure-asyncoperation",))
    answer = writes.commit(write, Announce(announce.status))
    answer.headers.update(
        operations.start(
            call, kind, call.key, announce, location=_region(call, body), worker=stack_work.WORKER, id=number
        )
    )
    return answer


def _region(call: Call, body: Body) -> str:
    if body.get("location"):
        return request.normal_location(body["location"])
    group = call.find(f"/subscriptions/{call.route.subscription}/resourceGroups/{call.route.group}") or {}
    return str(group.get("location") or "global")


def _shown(template: Body, parameters: Body) -> Body:
    """The parameters that were given, with the types that the template declares; no secure value."""
    declared = template.get("parameters")
    shown: Body = {}
    for name, entry in parameters.items():
        schema = declared.get(name) if isinstance(declared, dict) else None
        kind = str(schema.get("type", "")) if isinstance(schema, dict) else ""
        entry = dict(entry) if isinstance(entry, dict) else {}
        if kind.lower().startswith("secure"):
            entry.pop("value", None)
        shown[name] = {**entry, "type": kind}
    return shown


def _delete(call: Call, kind: ResourceType) -> Answer:
    """Lets go of a stack; deletes what it manages when the query says so."""
    row = call.store.get(call.key)
    if row is None:
        call.manager.require_group(call)
        return Answer(204)
    row = _advanced(call, row)
    actions = {name: call.query.get(f"unmanageaction.{name.lower()}", "detach").lower() for name in _UNMANAGE}
    write = Write(call, kind, row.id, row.name, row.copy(), row.body)
    write.resource, write.hidden = row, row.hidden
    call.manager.gates.check("delete", call.principal, write)
    ids = [item["id"] for item in row.body["properties"].get("resources") or [] if call.find(item["id"]) is not None]
    delete, _ = unmanaged(ids, actions)
    _, problems = complete.remove(call, call.principal, delete)
    if problems:
        raise Refused(
            409, "DeploymentStackDeleteResourcesFailed", "One or more resources could not be deleted. The deployment stack "
            "is kept.", details=problems,
        )  # fmt: skip
    call.store.delete(row.key)
    if not delete:
        return Answer(200)
    announce = Announce(202, headers=("azure-asyncoperation",))
    return Answer(202, operations.start(call, kind, call.key, announce, location=_region(call, row.body)))


def _validate(call: Call) -> Answer:
    from azlabs.simulator.providers.deployments import preflight

    _at_stack(call)
    body = request.read_body(call)
    given = body["properties"]
    _check_scope(call, body)
    settings = _settings(given)
    data: Body
    try:
        template, parameters = request.template_of(call, given), request.parameters_of(call, given)
        scope = request.scope_of(call, _deployment_scope(call, given), call.name, body)
        plan = request.plan_of(call, template, parameters, scope)
        checked = preflight.check(call, plan)
    except Refused as refusal:
        data = {"failure": refusal.body(), "result": {**refusal.body(), "properties": {}}}
    else:
        properties = {
            "validatedResources": [{"id": item.id} for item in checked.everything if not item.is_deployment],
            **_capitalized(settings), "parameters": plan.shown_parameters(), "correlationId": correlation(call),
        }  # fmt: skip
        data = {
            "result": {
                "properties": properties,
                "id": call.path().rpartition("/")[0],
                "type": KIND.type,
                "name": call.name,
            }
        }
    announce = Announce(202, headers=("location",))
    with call.store.writing():
        headers = operations.start(
            call, KIND, call.key, announce, location=_region(call, body), worker=VALIDATION, data=data
        )
    return Answer(202, headers)


VALIDATION = "deployment-stack-validations"


def _validated(_call: Call, operation: Operation) -> str:
    failure = operation.data.get("failure")
    if failure is None:
        return "Succeeded"
    operation.data["error"], operation.data["error_status"] = failure["error"], 400
    return "Failed"


operations.WORKERS[VALIDATION] = _validated


def _capitalized(settings: Body) -> Body:
    """Validation spells the words of the settings with capitals."""
    actions = {name: str(value)[:1].upper() + str(value)[1:] for name, value in settings["actionOnUnmanage"].items()}
    deny = settings["denySettings"]
    mode = str(deny["mode"])
    return {**settings, "actionOnUnmanage": actions, "denySettings": {**deny, "mode": mode[:1].upper() + mode[1:]}}


def _export(call: Call) -> Body:
    _at_stack(call)
    row = call.store.get(call.key)
    if row is None:
        raise _not_found(call)
    return {"template": row.hidden["template"]}


def _at_stack(call: Call) -> None:
    call.kind = KIND
    call.key = call.path().rpartition("/")[0].lower()
    call.route.types, call.route.names = call.route.types[:1], call.route.names[:1]
    call.manager.require_group(call)
    call.resolve_scope()
    writes.check_name(KIND, call.name)


_SCOPES = (
    "/providers/Microsoft.Management/managementGroups/{group}",
    "/subscriptions/{subscription}",
    "/subscriptions/{subscription}/resourceGroups/{resource_group}",
)
_BELOW = "/providers/Microsoft.Resources/deploymentStacks/{stack}"
_ACTIONS: tuple[tuple[str, Any], ...] = (("/validate", _validate), ("/exportTemplate", _export))
ENDPOINTS = [Endpoint("POST", scope + _BELOW + path, code) for scope in _SCOPES for path, code in _ACTIONS]
