"""Requests below a deployment: validate, what-if, cancel, export, its operations; and the export of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.deployments import deployments, execution, request
from azlabs.simulator.providers.deployments.deployments import KIND, existing, validated
from azlabs.simulator.resource_manager import operations, writes
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from azlabs.simulator.resource_manager.calls import Body, Call

_SCOPES = (
    "",
    "/providers/Microsoft.Management/managementGroups/{group}",
    "/subscriptions/{subscription}",
    "/subscriptions/{subscription}/resourceGroups/{resource_group}",
)
_BELOW = "/providers/Microsoft.Resources/deployments/{deployment}"


def key_above(call: Call, levels: int) -> str:
    """The key of the deployment whose path the request's own goes `levels` segments beyond."""
    segments = list(call.route.segments[: len(call.route.segments) - levels])
    return "/" + "/".join(segments).lower()


def at_deployment(call: Call, levels: int) -> None:
    """Makes the call one about the deployment above it."""
    call.kind, call.key = KIND, key_above(call, levels)
    route = call.route
    route.types, route.names = route.types[:1], route.names[:1]
    call.manager.require_group(call)
    call.resolve_scope()
    writes.check_name(KIND, call.name)


def _validate(call: Call) -> Answer:
    at_deployment(call, 1)
    body = request.read_body(call)
    checked, properties = validated(call, body)
    return deployments.as_validated(checked, call, properties, body)


def _what_if(call: Call) -> Answer:
    from azlabs.simulator.providers.deployments.what_if import changes

    at_deployment(call, 1)
    body = request.read_body(call)
    result = changes(call, body)
    announce = Announce(202, headers=("location",))
    with call.store.writing():
        headers = operations.start(call, KIND, call.key, announce, data={"result": result})
    return Answer(202, headers)


def _cancel(call: Call) -> Answer:
    at_deployment(call, 1)
    with call.store.writing():
        row = call.store.get(call.key)
        if row is None:
            raise Refused(404, "DeploymentNotFound", f"Deployment '{call.name}' could not be found.")
        execution.cancel(call, row)
    return Answer(204)


def _export(call: Call) -> Answer:
    at_deployment(call, 1)
    return json_answer({"template": existing(call, call.key).hidden["template"]})


def _operations(call: Call) -> Answer:
    at_deployment(call, 1)
    row = existing(call, call.key)
    return json_answer({"value": execution.shown_operations(row)})


def _operation(call: Call) -> Answer:
    wanted = call.route.segments[-1]
    at_deployment(call, 2)
    row = existing(call, call.key)
    for found in execution.shown_operations(row):
        if found["operationId"].lower() == wanted.lower():
            return json_answer(found)
    raise Refused(
        404, "DeploymentOperationNotFound", f"The operation '{wanted}' of deployment '{row.name}' could not be found."
    )


def _status(call: Call) -> Answer:
    raise Refused(
        404,
        "DeploymentOperationStatusNotFound",
        f"The operation status '{call.route.segments[-1]}' could not be found.",
    )


def _export_group(call: Call) -> Answer:
    from azlabs.simulator.providers.deployments.export import group_template

    group = call.find(f"/subscriptions/{call.route.subscription}/resourceGroups/{call.values['resource_group']}")
    if group is None:
        raise Refused(
            404, "ResourceGroupNotFound", f"Resource group '{call.values['resource_group']}' could not be found."
        )
    result = group_template(call, str(group["id"]), call.json())
    with call.store.writing():
        headers = operations.start(
            call, KIND, str(group["id"]).lower(), Announce(202, headers=("location",)), data={"result": result}
        )
    return Answer(202, headers)


def _old_path(call: Call) -> Answer:
    """The path without a provider that the first clients used, and the Azure CLI still does for operations."""
    segments = call.route.segments
    scope, rest = segments[:4], segments[4:]
    path = "/" + "/".join([*scope, "providers", "Microsoft.Resources", *rest])
    answer: Answer = call.internal(call.method, path, call.api_version)
    return answer


def _template_hash(call: Call) -> Body:
    from azlabs.simulator.http import dumps

    template = call.json()
    return {"minifiedTemplate": dumps(template), "templateHash": request.template_hash(template)}


_ACTIONS: tuple[tuple[str, str, Callable[[Call], Any]], ...] = (
    ("POST", "/validate", _validate),
    ("POST", "/whatIf", _what_if),
    ("POST", "/cancel", _cancel),
    ("POST", "/exportTemplate", _export),
    ("GET", "/operations", _operations),
    ("GET", "/operations/{operation}", _operation),
    ("GET", "/operationStatuses/{operation}", _status),
)

ENDPOINTS: list[Endpoint] = [
    *(Endpoint(method, scope + _BELOW + path, code) for scope in _SCOPES for method, path, code in _ACTIONS),
    Endpoint("POST", "/subscriptions/{subscription}/resourceGroups/{resource_group}/exportTemplate", _export_group),
    Endpoint("POST", "/providers/Microsoft.Resources/calculateTemplateHash", _template_hash),
    *(
        Endpoint("GET", f"{_SCOPES[3]}/deployments{path}", _old_path)
        for path in ("", "/{deployment}", "/{deployment}/operations", "/{deployment}/operations/{operation}")
    ),
]
