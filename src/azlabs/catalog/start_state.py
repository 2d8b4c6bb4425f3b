"""The resources of a lab's start state, worked out from its template without deploying it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from azlabs.arm.template import Plan, Scope
    from azlabs.catalog.labs import Lab

_DEPLOYMENT = "microsoft.resources/deployments"
_DEEPEST = 8
# Stand-ins for parameters that only a real `up` can fill.
_PLACEHOLDERS: dict[str, Any] = {"int": 1, "bool": False, "array": [], "object": {}, "secureobject": {}}


class BrokenTemplate(AzlabsError):
    """The template of the start state cannot be compiled or planned."""


def start_resources(lab: Lab) -> list[tuple[str, str, dict[str, Any]]]:
    """What the start state makes, as (id, type, body), in the order of the template; modules are opened.

    What only a deployment can know stays an expression in the body. Raises BrokenTemplate.
    """
    from azlabs.arm.scopes import NO_ID, Scope

    group = {"name": lab.id, "location": lab.regions[0], "tags": {}, "properties": {"provisioningState": "Succeeded"}}
    scope = Scope(subscription_id=NO_ID, resource_group=lab.id, deployment_name="start", group=group)
    return list(_resources(_template(lab), _parameters(lab), scope, 0))


def _template(lab: Lab) -> dict[str, Any]:
    if not lab.start.is_file():
        raise BrokenTemplate(f"{lab.start} is missing.", action=f"`azlabs lab validate {lab.id}` lists what is wrong.")
    if lab.start.suffix == ".json":
        template: dict[str, Any] = json.loads(lab.start.read_text(encoding="utf-8"))
        return template
    from azlabs.bicep import BicepError, compile_file

    try:
        return compile_file(lab.start)
    except BicepError as problem:
        raise BrokenTemplate(str(problem), action="Correct the template of the start state.") from problem


def _parameters(lab: Lab) -> dict[str, Any]:
    return {"location": lab.regions[0], "sandboxid": lab.id}


def _resources(
    template: Mapping[str, Any], known: Mapping[str, Any], scope: Scope, depth: int
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    plan = _plan(template, known, scope)
    bodies = {one.id.lower(): one.folded for one in plan.resources if one.condition and not one.existing}
    for one in plan.resources:
        if not one.condition or one.existing:
            continue
        body = _body(one, bodies)
        inner = (body.get("properties") or {}).get("template")
        if one.type.lower() == _DEPLOYMENT and isinstance(inner, dict) and depth < _DEEPEST:
            given = (body["properties"].get("parameters") or {}).items()
            values = {name.lower(): item.get("value") for name, item in given if isinstance(item, dict)}
            yield from _resources(inner, values, scope, depth + 1)
        else:
            yield one.id, one.type, {"name": one.name, **body}


def _plan(template: Mapping[str, Any], known: Mapping[str, Any], scope: Scope) -> Plan:
    from azlabs.arm.errors import TemplateError
    from azlabs.arm.template import prepare

    values = {}
    for name, declared in (template.get("parameters") or {}).items():
        if name.lower() in known:
            values[name] = {"value": known[name.lower()]}
        elif "defaultValue" not in declared and not declared.get("nullable"):
            allowed = declared.get("allowedValues") or [_PLACEHOLDERS.get(str(declared.get("type")).lower(), name)]
            values[name] = {"value": allowed[0]}
    try:
        return prepare(template, values, scope)
    except TemplateError as problem:
        raise BrokenTemplate(
            f"The template of the start state cannot be planned: {problem.message}",
            action="Correct the template of the start state.",
            code=problem.code,
        ) from problem


def _body(resource: Any, bodies: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The body with references to its neighbours followed where that is possible."""
    from azlabs.arm.errors import TemplateError

    try:
        made: dict[str, Any] = resource.body(_Neighbours(bodies))
    except TemplateError:
        made = resource.folded
    return made


class _Neighbours:
    """Answers `reference()` from the bodies of the same template, with the ids that Azure adds to inline children."""

    def __init__(self, bodies: Mapping[str, dict[str, Any]]) -> None:
        self._bodies = bodies

    def reference(self, identifier: str, _api_version: str | None, full: bool) -> Any:
        body = self._bodies.get(identifier.lower(), {})
        properties = body.get("properties")
        shown = _with_ids(properties, identifier) if isinstance(properties, dict) else {}
        return {**body, "id": identifier, "properties": shown} if full else shown

    def list(self, _function: str, _identifier: str, _api_version: str, _body: Any) -> Any:
        return {}


def _with_ids(properties: dict[str, Any], owner: str) -> dict[str, Any]:
    shown = dict(properties)
    for name, items in properties.items():
        if isinstance(items, list):
            shown[name] = [
                {"id": f"{owner}/{name}/{item['name']}", **item} if isinstance(item, dict) and "name" in item else item
                for item in items
            ]
    return shown
