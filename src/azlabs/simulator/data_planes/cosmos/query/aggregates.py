"""Aggregates over the values of a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, canonical, kind, number, sort_key


def _defined(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not UNDEFINED]


def _count(values: Iterable[Any]) -> int:
    return len(_defined(values))


def _count_if(values: Iterable[Any]) -> int:
    return sum(value is True for value in values)


def _sum(values: Iterable[Any]) -> Any:
    found = _defined(values)
    if not found or any(kind(value) != 4 for value in found):
        return UNDEFINED
    return number(sum(found))


def _average(values: Iterable[Any]) -> Any:
    found = _defined(values)
    if not found or any(kind(value) != 4 for value in found):
        return UNDEFINED
    return number(sum(found) / len(found))


def _extreme(choose: Callable[..., Any]) -> Callable[[Iterable[Any]], Any]:
    def run(values: Iterable[Any]) -> Any:
        found = _defined(values)
        if not found or any(kind(value) >= 6 for value in found):
            return UNDEFINED
        return choose(found, key=sort_key)

    return run


def _set(values: Iterable[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for value in _defined(values):
        found.setdefault(canonical(value), value)
    return list(found.values())


REDUCE: dict[str, Callable[[Iterable[Any]], Any]] = {
    "COUNT": _count,
    "COUNTIF": _count_if,
    "SUM": _sum,
    "AVG": _average,
    "MIN": _extreme(min),
    "MAX": _extreme(max),
    "MAKELIST": _defined,
    "MAKESET": _set,
}
"""SUM and AVG are undefined when one value is no number, MIN and MAX when one is an array or object; COUNT never."""
