"""What Azure refuses before anything is made: types, versions, names, locations, policy, missing groups."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.arm.errors import TemplateError
from azlabs.arm.evaluator import Runtime
from azlabs.arm.ids import RESOURCE_GROUP_TYPE, ResourceId, key
from azlabs.arm.planned import PlannedResource, has_expression
from azlabs.arm.scopes import Scope
from azlabs.arm.template import Plan, prepare
from azlabs.simulator.providers.deployments.request import correlation, scope_of
from azlabs.simulator.resource_manager import registry, routes, writes
from azlabs.simulator.resource_manager.calls import Call
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.resource_manager.resource_type import ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Body

_USAGE = "Please see https://aka.ms/arm-deployment-operations for usage details."


@dataclass(frozen=True)
class Checked:
    """Every resource a deployment and those nested in it would make, as far as that is known beforehand."""

    plan: Plan
    everything: list[PlannedResource]


def check(call: Call, plan: Plan, runtime: Runtime | None = None) -> Checked:
    """Passes a plan through preflight; raises `Refused` (InvalidTemplateDeployment with details) when it fails.

    With a `runtime` nested deployments whose parameters need existing resources are looked into as well.
    """
    groups = _planned_groups(plan)
    if not call.store.exists(key(plan.scope.id)) and plan.scope.kind == "resourceGroup":
        _missing_group(plan.scope)
    everything = list(_walk(call, plan, groups, runtime))
    unknown = next((resource for resource in everything if not _modelled(resource)), None)
    if unknown is not None:
        raise not_modelled(unknown.type)
    details = [detail for resource in everything if (detail := _problem(call, resource, groups)) is not None]
    if details:
        raise _invalid(call, plan, details)
    return Checked(plan, everything)


def _invalid(call: Call, plan: Plan, details: list[Body]) -> Refused:
    """The refusal that Azure puts around what preflight found."""
    code = "InvalidTemplateDeployment"
    forbidden = [item["message"] for item in details if item["code"] == "AuthorizationFailed"]
    if forbidden:
        listed = ", ".join(f"'{message}'" for message in forbidden)
        error = "error" if len(forbidden) == 1 else "multiple errors"
        return Refused(403, code, f"The template deployment failed with {error}: {listed}.")
    message = (
        f"The template deployment '{plan.scope.deployment_name}' is not valid according to the validation procedure. The "
        f"tracking id is '{correlation(call)}'. See inner errors for details."
    )
    if all(item["code"] == "RequestDisallowedByPolicy" for item in details):
        message = "The template deployment failed because of policy violation. Please see details for more information."
    return Refused(400, code, message, details=details)


def _planned_groups(plan: Plan) -> dict[str, Mapping[str, Any]]:
    """The resource groups that a plan makes itself, by key."""
    return {
        key(resource.id): resource.folded
        for resource in plan.resources
        if resource.type.lower() == RESOURCE_GROUP_TYPE.lower() and resource.condition
    }


def _walk(
    call: Call, plan: Plan, groups: dict[str, Mapping[str, Any]], runtime: Runtime | None
) -> Iterator[PlannedResource]:
    inner: list[Plan] = []
    for resource in plan.resources:
        if not resource.condition or resource.existing:
            continue
        yield resource
        if resource.is_deployment:
            nested = nested_plan(call, plan, resource, groups, runtime)
            if nested is not None:
                inner.append(nested)
    for nested in inner:
        groups.update(_planned_groups(nested))
        yield from _walk(call, nested, groups, runtime)


def nested_plan(
    call: Call,
    outer: Plan,
    resource: PlannedResource,
    groups: Mapping[str, Mapping[str, Any]],
    runtime: Runtime | None = None,
) -> Plan | None:
    """The plan of a nested deployment when everything it needs is known; None while it is not."""
    properties = resource.folded.get("properties")
    if runtime is not None:
        with contextlib.suppress(TemplateError):
            properties = resource.body(runtime).get("properties")
    if not isinstance(properties, dict):
        raise Refused(400, "InvalidTemplate", f"The nested deployment '{resource.name}' has no properties.")
    if (
        str(properties.get("mode", "Incremental")).lower() == "complete"
        and resource.scope.lower() == outer.scope.id.lower()
    ):
        raise Refused(
            400, "InvalidTemplate", f"Deployment template validation failed: 'The nested deployment '{resource.name}' must "
            "use the mode 'Incremental'.'.",
        )  # fmt: skip
    template, parameters = properties.get("template"), properties.get("parameters") or {}
    if not isinstance(template, dict):
        return None
    scope = nested_scope(call, resource, outer.scope, groups)
    if has_expression(parameters) or any(
        isinstance(item, dict) and "reference" in item for item in parameters.values()
    ):
        return None
    try:
        return prepare(template, parameters, scope)
    except TemplateError as problem:
        raise Refused(
            400, problem.code, problem.message, target=problem.target or None, details=problem.details or None,
            extra={name: item for name, item in problem.to_json().items() if name == "additionalInfo"},
        ) from None  # fmt: skip


def nested_scope(call: Call, resource: PlannedResource, outer: Scope, groups: Mapping[str, Mapping[str, Any]]) -> Scope:
    """The scope of a nested deployment; 404 when its resource group neither exists nor is made by the template."""
    from dataclasses import replace

    body = {**resource.folded, "properties": resource.folded.get("properties") or {}}
    scope = scope_of(call, resource.scope, resource.name, body)
    if scope.kind == "resourceGroup" and not scope.group:
        planned = groups.get(key(scope.id))
        if planned is None:
            _missing_group(scope)
        else:
            scope = replace(scope, group={"id": scope.id, "name": scope.resource_group, **planned})
    return replace(scope, deployer=outer.deployer)


def _missing_group(scope: Scope) -> None:
    raise Refused(404, "ResourceGroupNotFound", f"Resource group '{scope.resource_group}' could not be found.")


def _modelled(resource: PlannedResource) -> bool:
    return registry.find(_type_key(resource)) is not None


def _type_key(resource: PlannedResource) -> str:
    return ResourceId.parse(resource.id).type.lower()


def _problem(call: Call, resource: PlannedResource, groups: Mapping[str, Any]) -> Body | None:
    """The error object of one resource, None when preflight finds nothing."""
    kind = registry.find(_type_key(resource))
    if kind is None:
        return None
    try:
        _check(call, resource, kind, groups)
    except Refused as refused:
        error: Body = refused.body()["error"]
        error.setdefault("target", resource.id)
        return error
    return None


def _check(call: Call, resource: PlannedResource, kind: ResourceType, groups: Mapping[str, Any]) -> None:
    from azlabs.simulator.resource_manager import api_versions

    manager = call.manager
    route = routes.parse(resource.id)
    inner = Call(manager, call.principal, "PUT", call.base, route, {"api-version": resource.api_version}, {}, None)
    inner.kind, inner.key = kind, manager.key_of(route)
    inner.set_json(dict(resource.folded))
    api_versions.check(inner, kind)
    writes.check_name(kind, inner.name)
    manager.gates.check("request", call.principal, inner)
    if kind.part_of is not None or resource.is_deployment or _below_planned_group(resource, groups, call):
        return
    if has_expression(resource.folded.get("location")) or has_expression(resource.folded.get("tags")):
        return
    row = call.store.get(inner.key)
    writes.prepare(inner, kind, row, dict(resource.folded))


def _below_planned_group(resource: PlannedResource, groups: Mapping[str, Any], call: Call) -> bool:
    """Does the resource sit in a group that does not exist yet?"""
    return key(resource.scope) in groups and not call.store.exists(key(resource.scope))
