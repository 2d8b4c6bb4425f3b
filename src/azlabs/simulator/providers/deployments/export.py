"""The template of what a resource group holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.arm.evaluator import escape
from azlabs.arm.ids import ResourceId
from azlabs.simulator.providers.deployments.complete import KEPT
from azlabs.simulator.providers.deployments.runtime import newest
from azlabs.simulator.providers.deployments.what_if import cleaned
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Body, Call

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def group_template(call: Call, group_id: str, body: Body) -> Body:
    """{"template"} of the resources that the request names ("*" for all), names as parameters unless it says otherwise."""
    wanted = body.get("resources")
    if not isinstance(wanted, list) or not wanted:
        raise Refused(
            400,
            "InvalidRequestContent",
            "The request content was invalid: 'resources' must name at least one resource.",
        )
    words = {word.strip().lower() for word in str(body.get("options") or "").split(",")}
    named = not words & {"skipallparameterization", "skipresourcenameparameterization"}
    ids = _in_group(call, group_id) if "*" in wanted else [str(found) for found in wanted]
    parameters: Body = {}
    names: dict[str, str] = {}
    resources = []
    for found in ids:
        if call.find(found) is None:
            raise Refused(404, "ResourceNotFound", f"The Resource '{found}' was not found.")
        if named:
            names[found.lower()] = _parameter(ResourceId.parse(found), parameters)
    for found in ids:
        resources.append(_resource(call, ResourceId.parse(found), names))
    template = {
        "$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters, "variables": {}, "resources": resources,
    }  # fmt: skip
    return {"template": template}


def _in_group(call: Call, group_id: str) -> list[str]:
    found = []
    for key, type_key in call.store.keys_below(group_id.lower()):
        row = call.store.get(key)
        if row is not None and not type_key.startswith(KEPT):
            found.append(row.id)
    return found


def _parameter(parsed: ResourceId, parameters: Body) -> str:
    text = "_".join([*(part for pair in zip(parsed.types, parsed.names, strict=True) for part in pair), "name"])
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    parameters[name] = {"defaultValue": parsed.name, "type": "String"}
    return name


def _resource(call: Call, parsed: ResourceId, names: dict[str, str]) -> Body:
    version = newest(parsed)
    answer = call.internal("GET", str(parsed), version)
    body = cleaned(answer.json() or {}, parsed.type.lower())
    for name in ("id", "name", "type"):
        body.pop(name, None)
    head: Body = {"type": parsed.type, "apiVersion": version, "name": _name(parsed, names)}
    exported: Body = {**head, **_references(escape(_without_ids(body)), names)}
    parent = parsed.parent
    if parent is not None and parent.key in names:
        exported["dependsOn"] = [_id_expression(parent, names)]
    return exported


def _name(parsed: ResourceId, names: dict[str, str]) -> str:
    if parsed.key not in names:
        return parsed.full_name
    if len(parsed.names) == 1:
        return f"[parameters('{names[parsed.key]}')]"
    above = parsed.parent
    parts: list[str] = []
    while above is not None:
        parts.insert(0, f"parameters('{names[above.key]}')" if above.key in names else f"'{above.name}'")
        above = above.parent
    return f"[concat({', '.join([*parts, chr(39) + '/' + parsed.name + chr(39)])})]"


def _id_expression(parsed: ResourceId, names: dict[str, str]) -> str:
    return f"[resourceId('{parsed.type}', parameters('{names[parsed.key]}'))]"


def _without_ids(value: Any) -> Any:
    """Parts inside a document have ids that follow from their names."""
    if isinstance(value, dict):
        part = "name" in value and "properties" in value
        return {name: _without_ids(item) for name, item in value.items() if not (part and name in ("id", "type"))}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def _references(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        found = value.get("id")
        if isinstance(found, str) and found.lower() in names:
            return {**value, "id": _id_expression(ResourceId.parse(found), names)}
        return {name: _references(item, names) for name, item in value.items()}
    return [_references(item, names) for item in value] if isinstance(value, list) else value
