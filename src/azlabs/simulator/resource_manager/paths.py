"""Dotted paths into documents: "properties.ipConfigurations[*].properties.subnet"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

Body = dict[str, Any]


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[str, ...]:
    """The members on the way; "*" stands for every item of a list."""
    return tuple(path.replace("[*]", ".*").split("."))


def get(value: Any, path: str, default: Any = None) -> Any:
    """The value at a path without `[*]`; `default` when any step is missing."""
    for step in steps(path):
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value


def put(body: Body, path: str, value: Any) -> None:
    """Set the value at a path without `[*]`, making the objects on the way."""
    *way, last = steps(path)
    for step in way:
        inner = body.get(step)
        if not isinstance(inner, dict):
            inner = body[step] = {}
        body = inner
    body[last] = value


def drop(value: Any, path: str) -> None:
    """Remove what is at a path, in every item where it goes through lists."""
    _drop(value, steps(path), 0)


def _drop(value: Any, way: tuple[str, ...], at: int) -> None:
    step = way[at]
    if step == "*":
        if isinstance(value, list):
            for item in value:
                _drop(item, way, at + 1)
    elif isinstance(value, dict) and step in value:
        if at == len(way) - 1:
            del value[step]
        else:
            _drop(value[step], way, at + 1)


def each(value: Any, path: str) -> Iterator[tuple[Any, Body | None, str]]:
    """(found value, the object it is a member of, the member's name) for everything a path reaches."""
    yield from _each(value, steps(path), 0, None, "")


def _each(
    value: Any, way: tuple[str, ...], at: int, holder: Body | None, name: str
) -> Iterator[tuple[Any, Body | None, str]]:
    if at == len(way):
        yield value, holder, name
    elif way[at] == "*":
        if isinstance(value, list):
            for item in value:
                yield from _each(item, way, at + 1, holder, name)
    elif isinstance(value, dict) and way[at] in value:
        yield from _each(value[way[at]], way, at + 1, value, way[at])


def with_holders(value: Any, path: str, holder: str) -> Iterator[tuple[Any, str]]:
    """(found value, id of the innermost object on the way that has one), for links."""
    yield from _holders(value, steps(path), 0, holder)


def _holders(value: Any, way: tuple[str, ...], at: int, holder: str) -> Iterator[tuple[Any, str]]:
    if at == len(way):
        yield value, holder
    elif way[at] == "*":
        if isinstance(value, list):
            for item in value:
                inner = item.get("id") if isinstance(item, dict) else None
                yield from _holders(
                    item, way, at + 1, inner if isinstance(inner, str) and at + 1 < len(way) else holder
                )
    elif isinstance(value, dict) and way[at] in value:
        yield from _holders(value[way[at]], way, at + 1, holder)


def merge_under(body: Body, defaults: Any) -> None:
    """Fill in what is missing; objects are merged, everything else is taken whole. `defaults` is not shared."""
    for name, value in defaults.items():
        present = body.get(name)
        if name not in body:
            body[name] = fresh(value)
        elif isinstance(present, dict) and isinstance(value, dict):
            merge_under(present, value)


def fresh(value: Any) -> Any:
    """A copy of a JSON value that shares nothing that can change."""
    if isinstance(value, dict):
        return {name: fresh(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fresh(item) for item in value]
    return value


def merge_patch(body: Body, patch: Body) -> None:
    """JSON merge patch (RFC 7396) in place."""
    for name, value in patch.items():
        if value is None:
            body.pop(name, None)
        elif isinstance(value, dict) and isinstance(body.get(name), dict):
            merge_patch(body[name], value)
        else:
            body[name] = value


def without_nulls(value: Any) -> Any:
    """The value without members that are null; a null inside a list stays."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
