"""The outer form of a template: members, limits, and whether every expression in it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from azlabs.arm.errors import ExpressionError, TemplateError, validation_failed
from azlabs.arm.functions import find
from azlabs.arm.limits import OUTPUTS, PARAMETERS, RESOURCES, TEMPLATE_BYTES, VALUE_DEPTH, VARIABLES
from azlabs.arm.planned import DEPLOYMENTS
from azlabs.arm.syntax import Access, Call, Node, is_expression, parse
from azlabs.arm.values import compact

_MEMBERS = frozenset(
    ("$schema", "languageversion", "contentversion", "apiprofile", "metadata", "definitions", "functions", "parameters",
     "variables", "resources", "outputs", "imports", "extensions", "asserts")
)  # fmt: skip
_OBJECTS = ("parameters", "variables", "outputs", "definitions", "metadata")
_SYNTAX = "Please see https://aka.ms/arm-syntax for usage details."


def check_structure(template: Any, given: Any) -> None:
    """Raises TemplateError for a template whose outer form Azure refuses."""
    if not isinstance(template, Mapping):
        raise validation_failed("Template must be a JSON object.")
    if not isinstance(given, Mapping):
        raise validation_failed("The parameters of a deployment must be a JSON object.")
    if _depth(template) > VALUE_DEPTH or _depth(given) > VALUE_DEPTH:
        raise validation_failed(f"The reader's MaxDepth of {VALUE_DEPTH} has been exceeded.")
    for name in template:
        if name.lower() not in _MEMBERS:
            raise validation_failed(
                f"Could not find member '{name}' on object of type 'Template'. Path '{name}', line 1, position 1."
            )
    for name in ("$schema", "contentVersion", "resources"):
        if template.get(name) is None:
            raise validation_failed(f"Required property '{name}' not found in JSON. Path '', line 1, position 1.")
    # Azure takes any schema of its own, that of parameter files included.
    if "schema.management.azure.com/schemas/" not in str(template["$schema"]).lower():
        raise validation_failed(f"The template schema '{str(template['$schema'])[:200]}' is not supported. {_SYNTAX}")
    for name in _OBJECTS:
        if template.get(name) is not None and not isinstance(template[name], Mapping):
            raise validation_failed(
                f"The template member '{name}' is not valid: it must be an object. {_SYNTAX}", path=name
            )
    for name in ("parameters", "outputs", "definitions"):
        for key, item in (template.get(name) or {}).items():
            if not isinstance(item, Mapping):
                raise validation_failed(
                    f"The template member '{name}.{key}' is not valid: it must be an object. {_SYNTAX}",
                    path=f"{name}.{key}",
                )
    if not isinstance(template["resources"], (list, Mapping)):
        raise validation_failed(
            f"The template resources are not valid: they must be an array. {_SYNTAX}", path="resources"
        )
    if not isinstance(template.get("functions", []), (list, type(None))):
        raise validation_failed(
            f"The template functions are not valid: they must be an array. {_SYNTAX}", path="functions"
        )
    _check_limits(template)


def _check_limits(template: Mapping[str, Any]) -> None:
    for name, limit in (("parameters", PARAMETERS), ("variables", VARIABLES), ("outputs", OUTPUTS)):
        count = len(template.get(name) or ())
        if count > limit:
            raise validation_failed(
                f"The number of template {name} limit exceeded. Limit: '{limit}' and actual: '{count}'. {_SYNTAX}",
                path=name,
            )
    count = len(template["resources"])
    if count > RESOURCES:
        raise too_many_resources(count)
    size = len(compact(template).encode("utf-8", "surrogatepass"))
    if size > TEMPLATE_BYTES:
        raise TemplateError(
            f"The request content size exceeds the maximum size of '4 MB': the template has {size} bytes.",
            code="RequestContentTooLarge",
        )


def too_many_resources(count: int) -> TemplateError:
    """The error of a template with more resources than Azure takes."""
    return validation_failed(
        f"The number of template resources limit exceeded. Limit: '{RESOURCES}' and actual: '{count}'. "
        "Please see https://aka.ms/arm-syntax-resources for usage details.",
        path="resources",
    )


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        following: list[Any] = []
        for item in level:
            following += item.values() if isinstance(item, Mapping) else item if isinstance(item, list) else ()
        level, depth = following, depth + 1
        if depth > VALUE_DEPTH:
            break
    return depth


def _resource_name(resources: Any, path: str) -> str | None:
    """The name, as written, of the top-level resource that a path leads into."""
    place = re.match(r"resources(?:\[(\d+)\]|\.([^.\[]+))", path)
    if place is None:
        return None
    try:
        name = resources[int(place[1]) if place[1] else place[2]]["name"]
    except (KeyError, IndexError, TypeError):
        return None
    return name if isinstance(name, str) else None


_RUNTIME = frozenset(("reference", "references"))
_FORBIDDEN: dict[str, frozenset[str]] = {
    "resourceGroup": frozenset(("managementgroup",)),
    "subscription": frozenset(("resourcegroup", "managementgroup")),
    "managementGroup": frozenset(("resourcegroup", "subscription")),
    "tenant": frozenset(("resourcegroup", "subscription", "managementgroup")),
}


def check_expressions(template: Mapping[str, Any], kind: str) -> None:
    """Reads every expression of a template and looks its functions up; raises TemplateError with the place.

    `kind` is that of the deployment's scope: functions of other scopes are not expected there.
    """
    for path, text in _strings(template, ""):
        try:
            _check_calls(parse(text), _FORBIDDEN[kind], path.split(".", 1)[0])
        except ExpressionError as problem:
            # Azure names the parameter, variable or output, not the member of it.
            named = None
            if path.startswith("resources"):
                named = _resource_name(template["resources"], path)
            else:
                path = ".".join(path.split(".")[:2])
            raise validation_failed(
                f"The template resource '{named or path.rsplit('.', 1)[-1]}' at line '1' and column '1' is not valid: "
                f"{problem.message}. Please see https://aka.ms/arm-functions for usage details.",
                path=path,
            ) from problem


def _check_calls(node: Node, forbidden: frozenset[str], section: str) -> None:
    waiting: list[Node] = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Access):
            waiting += (item.base, item.index)
        elif isinstance(item, Call):
            waiting += item.arguments
            if "." in item.key:
                continue
            find(item.name).check_count(item.name, len(item.arguments))
            if item.key in forbidden or (section in ("parameters", "variables") and _is_runtime(item.key)):
                raise ExpressionError(
                    f"The template function '{item.key.upper()}' is not expected at this location. Please see "
                    "https://aka.ms/arm-functions for usage details."
                )


def _is_runtime(key: str) -> bool:
    return key in _RUNTIME or key.startswith("list")


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every expression of a template but those of nested ones, which are read when their turn comes."""
    if isinstance(value, str):
        if is_expression(value):
            yield path, value
    elif isinstance(value, Mapping):
        nested = str(value.get("type", "")).lower() == DEPLOYMENTS
        for name, item in value.items():
            if is_expression(name):
                yield path, name
            if path == "" and name in ("metadata", "$schema"):
                continue
            if nested and name == "properties" and isinstance(item, Mapping):
                item = {key: part for key, part in item.items() if key != "template"}
            yield from _strings(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _strings(item, f"{path}[{at}]")
