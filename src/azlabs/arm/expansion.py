"""From the resources of a template to planned ones: loops, children, names, ids, scopes, conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from azlabs.arm.errors import ExpressionError, TemplateError, validation_failed
from azlabs.arm.evaluator import Context, Deferred, copy_count, evaluate_json
from azlabs.arm.ids import RESOURCE_GROUP_TYPE, ResourceId, join, key
from azlabs.arm.inputs import not_expected
from azlabs.arm.limits import RESOURCES
from azlabs.arm.planned import DEPLOYMENTS, Loop, PlannedResource
from azlabs.arm.scopes import Scope
from azlabs.arm.structure import too_many_resources

_USAGE = "Please see https://aka.ms/arm-syntax-resources for usage details."


class Expansion:
    """Plans the resources of one template and finds them again by symbol, loop, id, or name."""

    def __init__(self, template: Mapping[str, Any], context: Context) -> None:
        self.template = template
        self.symbolic = isinstance(template["resources"], Mapping)
        self.planned: list[PlannedResource] = []
        self.by_symbol: dict[str, PlannedResource] = {}
        self.loops: dict[str, list[PlannedResource]] = {}
        self.by_id: dict[str, PlannedResource] = {}
        self.by_name: dict[str, list[PlannedResource]] = {}
        self.context = context

    def resources(self, context: Context) -> list[PlannedResource]:
        """Every resource of the template, loops unrolled; raises TemplateError."""
        self.context = context
        for symbol, source, path in _listed(self.template["resources"], "resources"):
            self._expand(symbol, source, path, context, None)
        return self.planned

    # How a source becomes resources.

    def _expand(
        self, symbol: str | None, source: Any, path: str, context: Context, parent: PlannedResource | None
    ) -> None:
        if not isinstance(source, Mapping):
            raise validation_failed(
                f"The template resource at '{path}' is not valid: it must be an object. {_USAGE}", path=path
            )
        loop = source.get("copy")
        if not isinstance(loop, Mapping):
            self._add(symbol, source, path, context, parent, None)
            return
        name = self._loop_name(loop, symbol, path)
        mode = str(loop.get("mode", "parallel")).lower()
        size = loop.get("batchSize", 1)
        if isinstance(size, str):
            size = self._value(size, context, path)
        if mode not in ("serial", "parallel") or isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise validation_failed(
                f"The copy loop '{name}' has a mode or batch size that is not valid. {_USAGE}", path=path
            )
        try:
            count = copy_count(loop.get("count"), context)
        except Deferred as deferred:
            raise self._invalid(source, path, not_expected(str(deferred))) from None
        except ExpressionError as problem:
            raise self._invalid(source, path, problem) from problem
        self.loops.setdefault(name.lower(), [])
        if symbol is not None:
            self.loops.setdefault(symbol.lower(), self.loops[name.lower()])
        for index in range(count):
            turn = context.with_copy(name, index)
            planned = self._add(symbol, source, path, turn, parent, Loop(name, index, mode, size))
            self.loops[name.lower()].append(planned)

    def _loop_name(self, loop: Mapping[str, Any], symbol: str | None, path: str) -> str:
        name = loop.get("name") or symbol
        if not isinstance(name, str) or not name:
            raise validation_failed(f"The copy loop at '{path}' has no name. {_USAGE}", path=path)
        return name

    def _add(
        self, symbol: str | None, source: Mapping[str, Any], path: str, context: Context,
        parent: PlannedResource | None, loop: Loop | None,
    ) -> PlannedResource:  # fmt: skip
        if len(self.planned) >= RESOURCES:
            raise too_many_resources(len(self.planned) + 1)
        planned = self._plan(symbol, source, path, context, parent, loop)
        self.planned.append(planned)
        if symbol is not None:
            self.by_symbol[planned.key] = planned
        if not planned.existing:
            self._remember(planned)
        children = source.get("resources")
        if children and not planned.is_deployment:
            for child_symbol, child, child_path in _listed(children, f"{path}.resources"):
                label = f"{symbol}::{child_symbol}" if symbol and child_symbol else child_symbol
                if isinstance(child, Mapping) and loop is not None and "copy" in child:
                    raise validation_failed(
                        f"The template resource at '{child_path}' is not valid: a child of a resource with copy cannot "
                        f"have copy itself. {_USAGE}",
                        path=child_path,
                    )
                self._expand(label, child, child_path, context, planned)
        return planned

    def _remember(self, planned: PlannedResource) -> None:
        known = self.by_id.get(key(planned.id))
        if known is not None and known.condition and planned.condition:
            raise validation_failed(
                f"The resource '{planned.short_id}' at line '1' and column '1' is defined multiple times in a "
                f"template. {_USAGE}",
                path=planned.path,
            )
        if known is None or planned.condition:
            self.by_id[key(planned.id)] = planned
        self.by_name.setdefault(planned.name.lower(), []).append(planned)

    def _plan(
        self, symbol: str | None, source: Mapping[str, Any], path: str, context: Context,
        parent: PlannedResource | None, loop: Loop | None,
    ) -> PlannedResource:  # fmt: skip
        if source.get("import") or source.get("extension"):
            raise validation_failed(
                f"The template resource at '{path}' uses an extension, which is not supported.", path=path
            )
        kind = self._text(source, "type", context, path).strip("/")
        name = self._text(source, "name", context, path)
        version = self._text(source, "apiVersion", context, path, parent.api_version if parent else None)
        condition = self._condition(source, context, path)
        if parent is not None:
            kind = kind if kind.lower().startswith(parent.type.lower() + "/") else f"{parent.type}/{kind}"
            name = f"{parent.name}/{name}"
            condition = condition and parent.condition
        scope = parent.scope if parent is not None else self._scope(source, kind, context, path)
        resource_id = _id(scope, kind, name, path)
        identity = key(resource_id) if symbol is None else symbol.lower() + (f"[{loop.index}]" if loop else "")
        options = source.get("@options")
        return PlannedResource(
            key=identity, id=resource_id, type=kind, api_version=version, name=name, scope=scope, condition=condition,
            existing=source.get("existing") is True, source=source, context=context, symbol=symbol, loop=loop,
            path=path,
            options=options if isinstance(options, Mapping) else {},
        )  # fmt: skip

    def _value(self, value: Any, context: Context, path: str) -> Any:
        try:
            return evaluate_json(value, replace(context, runtime=None))
        except Deferred as deferred:
            problem = not_expected(str(deferred))
        except ExpressionError as found:
            problem = found
        raise validation_failed(
            f"The template resource '{path}' at line '1' and column '1' is not valid: {problem.message}", path=path
        )

    def _text(
        self, source: Mapping[str, Any], member: str, context: Context, path: str, default: str | None = None
    ) -> str:
        if source.get(member) is None:
            if default is not None:
                return default
            raise validation_failed(
                f"The template resource at '{path}' is not valid: Required property '{member}' not found in JSON. "
                f"{_USAGE}",
                path=path,
            )
        value = self._value(source[member], context, f"{path}.{member}")
        if not isinstance(value, str) or not value or len(value) > 2000:
            raise validation_failed(
                f"The template resource at '{path}' is not valid: the value of '{member}' must be a string that is not "
                f"empty. {_USAGE}",
                path=f"{path}.{member}",
            )
        return value

    def _condition(self, source: Mapping[str, Any], context: Context, path: str) -> bool:
        value = self._value(source.get("condition", True), context, f"{path}.condition")
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise validation_failed(
                f"The template resource at '{path}' is not valid: the condition must be a boolean. {_USAGE}",
                path=f"{path}.condition",
            )
        return value

    def _invalid(self, source: Mapping[str, Any], path: str, problem: ExpressionError) -> TemplateError:
        return validation_failed(
            f"The template resource '{source.get('name')}' at line '1' and column '1' is not valid: {problem.message}",
            path=f"{path}.copy",
        )

    def _scope(self, source: Mapping[str, Any], kind: str, context: Context, path: str) -> str:
        """The id of what a resource sits on."""
        deployment = context.scope
        given = source.get("scope")
        if given is not None:
            text = self._value(given, context, f"{path}.scope")
            if isinstance(text, str) and text:
                return _scope_id(text, deployment, path)
        moved = {
            member: self._text(source, member, context, path)
            for member in ("subscriptionId", "resourceGroup")
            if source.get(member) is not None and (kind.lower() == DEPLOYMENTS or source.get("existing") is True)
        }
        subscription = moved.get("subscriptionId", deployment.subscription_id)
        if "resourceGroup" in moved:
            return f"/subscriptions/{subscription}/resourceGroups/{moved['resourceGroup']}"
        if "subscriptionId" in moved:
            return f"/subscriptions/{subscription}"
        if kind.lower() in _TENANT_TYPES:
            return "/"
        return deployment.id

    # How a name finds resources.

    def resolve(self, name: str, context: Context) -> tuple[str, str | None] | None:
        """Id and API version of one resource of the template."""
        found = self.find(name, context)
        return (found[0].id, found[0].api_version) if len(found) == 1 else None

    def loop(self, name: str, context: Context) -> list[tuple[str, str | None]] | None:
        """Ids and API versions of the turns of a loop that are deployed."""
        del context
        turns = self.loops.get(name.lower())
        return None if turns is None else [(turn.id, turn.api_version) for turn in turns if turn.condition]

    def find(self, name: str, context: Context) -> list[PlannedResource]:
        """The resources that a symbol, loop, id, "type/name" or name stands for; none when there is no such."""
        lowered = name.lower()
        if self.symbolic:
            if lowered in self.by_symbol:
                return [self.by_symbol[lowered]]
            if lowered in self.loops:
                return self.loops[lowered]
        if name.startswith("/"):
            found = self.by_id.get(key(name))
            return [found] if found is not None else []
        if lowered in self.loops:
            return self.loops[lowered]
        if "/" in name and "." in name.split("/", 1)[0]:
            try:
                found = self.by_id.get(key(_scope_id(name, context.scope, "")))
            except TemplateError:
                found = None
            if found is not None:
                return [found]
        return self.by_name.get(lowered, [])


_TENANT_TYPES = frozenset(("microsoft.management/managementgroups",))


def _listed(resources: Any, path: str) -> Iterator[tuple[str | None, Any, str]]:
    if isinstance(resources, Mapping):
        yield from ((name, item, f"{path}.{name}") for name, item in resources.items())
    elif isinstance(resources, list):
        yield from ((None, item, f"{path}[{at}]") for at, item in enumerate(resources))


def _scope_id(text: str, deployment: Scope, path: str) -> str:
    """The id that a `scope` member or an unqualified dependency stands for."""
    if text.startswith("/"):
        try:
            return str(ResourceId.parse(text))
        except ValueError as problem:
            raise validation_failed(
                f"The scope '{text[:200]}' is not valid: {problem} {_USAGE}", path=path
            ) from problem
    provider, *segments = text.strip("/").split("/")
    kind = "/".join((provider, *segments[::2]))
    if not segments or len(segments) % 2:
        raise validation_failed(f"The scope '{text[:200]}' is not valid. {_USAGE}", path=path)
    base = "/" if kind.lower() in _TENANT_TYPES else deployment.id
    return join(base, kind, tuple(segments[1::2]))


def _id(scope: str, kind: str, name: str, path: str) -> str:
    provider, *types = kind.strip("/").split("/")
    names = tuple(name.split("/"))
    if len(types) != len(names) or not types or not all(names) or not all(types) or not provider:
        raise validation_failed(
            f"The template resource '{name}' for type '{kind}' at line '1' and column '1' has incorrect segment "
            "lengths. A nested resource type must have identical number of segments as its resource name. A root resource type "
            f"must have segment length one greater than its resource name. {_USAGE}",
            path=f"{path}.type",
        )
    if kind.lower() == RESOURCE_GROUP_TYPE.lower():
        if not scope.lower().startswith("/subscriptions/") or scope.strip("/").count("/") != 1:
            raise validation_failed(
                f"The template resource '{name}' of type '{kind}' at line '1' and column '1' is not valid: resource groups "
                f"are deployed to a subscription, not to '{scope}'. {_USAGE}",
                path=f"{path}.type",
            )
        return f"{scope.rstrip('/')}/resourceGroups/{name}"
    return join(scope, kind, names)
