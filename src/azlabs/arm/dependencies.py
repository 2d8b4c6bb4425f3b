"""The order of a plan: explicit dependencies, those that references imply, batches of loops, cycles."""

from __future__ import annotations

import heapq
from typing import Any

from azlabs.arm.errors import ExpressionError, TemplateError, validation_failed
from azlabs.arm.evaluator import Deferred, evaluate_json
from azlabs.arm.expansion import Expansion
from azlabs.arm.ids import ResourceId
from azlabs.arm.inputs import not_expected
from azlabs.arm.planned import PlannedResource, runtime_targets
from azlabs.arm.syntax import Literal


def link(resources: list[PlannedResource], names: Expansion) -> list[list[PlannedResource]]:
    """Fills in `depends_on` and gives the resources in levels, each after all it depends on.

    Raises TemplateError for a dependency on what the template does not define and for a circle.
    """
    for resource in resources:
        for target in _explicit(resource, names):
            resource.depends_on.add(target.key)
        for target in _implicit(resource, names):
            if target is not resource:
                resource.depends_on.add(target.key)
        _serial(resource, names)
    return _levels(resources)


def _explicit(resource: PlannedResource, names: Expansion) -> list[PlannedResource]:
    given = resource.source.get("dependsOn")
    if given is None:
        return []
    path = f"{resource.path}.dependsOn"
    try:
        listed = evaluate_json(given, resource.context)
    except Deferred as deferred:
        raise _invalid(resource, not_expected(str(deferred))) from None
    except ExpressionError as problem:
        raise _invalid(resource, problem) from problem
    if not isinstance(listed, list):
        raise validation_failed(
            f"The dependsOn of the resource '{resource.name}' is not valid: it must be an array.", path=path
        )
    found: list[PlannedResource] = []
    for entry in listed:
        if not isinstance(entry, str):
            raise validation_failed(
                f"The dependsOn of the resource '{resource.name}' holds what is no string.", path=path
            )
        targets = names.find(entry, resource.context)
        if not targets and entry.lower() not in names.loops:
            raise _missing(entry, path)
        if len(targets) > 1 and entry.lower() not in names.loops:
            raise validation_failed(
                f"The template reference '{entry}' is not valid: {len(targets)} resources have this name. "
                "Please see https://aka.ms/arm-function-reference for usage details.",
                path=path,
            )
        found += targets
    return found


def _invalid(resource: PlannedResource, problem: ExpressionError) -> TemplateError:
    return validation_failed(
        f"The template resource '{resource.name}' at line '1' and column '1' is not valid: {problem.message}",
        path=f"{resource.path}.dependsOn",
    )


def _missing(entry: str, path: str) -> TemplateError:
    if entry.startswith("/"):
        try:
            parsed = ResourceId.parse(entry)
            shown = f"{parsed.type}/{parsed.full_name}"
        except ValueError:
            shown = entry
        return validation_failed(
            f"The resource '{shown}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage"
            " details."
        )
    return validation_failed(
        f"The template reference '{entry[:200]}' is not valid: could not find template resource or resource copy with "
        "this name. Please see https://aka.ms/arm-function-reference for usage details.",
        path=path,
    )


def _implicit(resource: PlannedResource, names: Expansion) -> list[PlannedResource]:
    found: list[PlannedResource] = []
    body: Any = resource.folded
    if resource.is_deployment and resource.evaluates_inside and isinstance(body.get("properties"), dict):
        properties = {name: item for name, item in body["properties"].items() if name != "template"}
        body = {**body, "properties": properties}
    for call, argument in runtime_targets(body):
        if not isinstance(argument, Literal) or not isinstance(argument.value, str):
            continue
        if call.key == "references":
            found += names.loops.get(argument.value.lower(), [])
        else:
            targets = names.find(argument.value, resource.context)
            found += targets if len(targets) == 1 else []
    return found


def _serial(resource: PlannedResource, names: Expansion) -> None:
    """A turn of a serial loop waits for the batch before its own."""
    loop = resource.loop
    if loop is None or loop.mode != "serial" or loop.index < loop.batch_size:
        return
    first = (loop.index // loop.batch_size - 1) * loop.batch_size
    for turn in names.loops[loop.name.lower()][first : first + loop.batch_size]:
        resource.depends_on.add(turn.key)


def _levels(resources: list[PlannedResource]) -> list[list[PlannedResource]]:
    waiting = {resource.key: len(resource.depends_on) for resource in resources}
    followers: dict[str, list[PlannedResource]] = {}
    for resource in resources:
        for target in resource.depends_on:
            followers.setdefault(target, []).append(resource)
    level = [resource for resource in resources if not waiting[resource.key]]
    levels: list[list[PlannedResource]] = []
    while level:
        levels.append(level)
        following: list[PlannedResource] = []
        for resource in level:
            for follower in followers.get(resource.key, ()):
                waiting[follower.key] -= 1
                if not waiting[follower.key]:
                    following.append(follower)
        level = following
    if sum(map(len, levels)) < len(resources):
        raise _circle(resources, {key for key, count in waiting.items() if count > 0})
    return levels


def order(resources: list[PlannedResource]) -> list[PlannedResource]:
    """The resources one after the other: each after all it depends on, else as the template lists them.

    What is not made (existing, or its condition is false) comes first, so that it holds nothing up.
    """
    place = {resource.key: at for at, resource in enumerate(resources)}
    waiting = {resource.key: len(resource.depends_on) for resource in resources}
    followers: dict[str, list[str]] = {}
    for resource in resources:
        for target in resource.depends_on:
            followers.setdefault(target, []).append(resource.key)

    def rank(key: str) -> tuple[bool, int]:
        resource = resources[place[key]]
        return resource.condition and not resource.existing, place[key]

    ready = [rank(key) for key, count in waiting.items() if not count]
    heapq.heapify(ready)
    ordered: list[PlannedResource] = []
    while ready:
        _, at = heapq.heappop(ready)
        ordered.append(resources[at])
        for follower in followers.get(resources[at].key, ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, rank(follower))
    return ordered


def _circle(resources: list[PlannedResource], stuck: set[str]) -> TemplateError:
    by_key = {resource.key: resource for resource in resources}
    seen: set[str] = set()
    at = next(resource.key for resource in resources if resource.key in stuck)
    while at not in seen:
        seen.add(at)
        at = next(target for target in sorted(by_key[at].depends_on) if target in stuck)
    return validation_failed(
        f"Circular dependency detected on resource: '{by_key[at].id}'. Please see "
        "https://aka.ms/arm-syntax-resources for usage details."
    )
