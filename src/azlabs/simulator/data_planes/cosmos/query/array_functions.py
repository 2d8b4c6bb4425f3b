"""Functions of arrays and objects."""

from __future__ import annotations

from typing import Any

from azlabs.simulator.data_planes.cosmos.query.functions import Function, typed
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, canonical, kind, same


def _concat(*arrays: list[Any]) -> list[Any]:
    return [value for array in arrays for value in array]


def matches(value: Any, wanted: Any, partial: bool) -> bool:
    """Is the value the wanted one, or (partial) an object with all members of the wanted one?"""
    if partial and value.__class__ is dict and wanted.__class__ is dict:
        return all(name in value and matches(value[name], one, True) for name, one in wanted.items())
    return same(value, wanted)


def _contains(array: Any, wanted: Any, partial: Any = False) -> Any:
    if not isinstance(array, list) or wanted is UNDEFINED or partial.__class__ is not bool:
        return UNDEFINED if wanted is not UNDEFINED else False
    return any(matches(value, wanted, partial) for value in array)


def _contains_all(array: Any, *wanted: Any) -> Any:
    if not isinstance(array, list):
        return UNDEFINED
    return all(any(same(value, one) for value in array) for one in wanted)


def _contains_any(array: Any, *wanted: Any) -> Any:
    if not isinstance(array, list):
        return UNDEFINED
    return any(any(same(value, one) for value in array) for one in wanted)


def _slice(array: list[Any], start: Any, length: Any = None) -> list[Any]:
    start = int(start)
    first = max(start if start >= 0 else len(array) + start, 0)
    return array[first:] if length is None else array[first : first + max(int(length), 0)]


def _intersection(left: list[Any], right: list[Any]) -> list[Any]:
    known = {canonical(value) for value in right}
    return _first_ones([value for value in left if canonical(value) in known])


def _union(left: list[Any], right: list[Any]) -> list[Any]:
    return _first_ones([*left, *right])


def _difference(left: list[Any], right: list[Any]) -> list[Any]:
    known = {canonical(value) for value in right}
    return _first_ones([value for value in left if canonical(value) not in known])


def _first_ones(values: list[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(canonical(value), value)
    return list(found.values())


def _object_to_array(value: dict[str, Any], key: str = "k", content: str = "v") -> list[dict[str, Any]]:
    return [{key: name, content: one} for name, one in value.items()]


def _array_to_object(array: list[Any]) -> Any:
    if any(one.__class__ is not dict or one.get("k").__class__ is not str or "v" not in one for one in array):
        return UNDEFINED
    return {one["k"]: one["v"] for one in array}


def _statistic(name: str) -> Any:
    def run(array: list[Any]) -> Any:
        from azlabs.simulator.data_planes.cosmos.query.aggregates import REDUCE

        return REDUCE[name](array)

    return typed("a")(run)


def _median(array: list[Any]) -> Any:
    from azlabs.simulator.data_planes.cosmos.query.values import number

    if not array or any(kind(value) != 4 for value in array):
        return UNDEFINED
    ordered = sorted(array)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else number((ordered[middle - 1] + ordered[middle]) / 2)


FUNCTIONS: dict[str, Function] = {
    "ARRAY_CONCAT": Function(typed("a")(_concat), 2, None),
    "ARRAY_CONTAINS": Function(_contains, 2, 3),
    "ARRAY_CONTAINS_ALL": Function(_contains_all, 2, None),
    "ARRAY_CONTAINS_ANY": Function(_contains_any, 2, None),
    "ARRAY_LENGTH": Function(typed("a")(len), 1, 1),
    "ARRAY_SLICE": Function(typed("a", "n")(_slice), 2, 3),
    "ARRAY_AVG": Function(_statistic("AVG"), 1, 1),
    "ARRAY_MAX": Function(_statistic("MAX"), 1, 1),
    "ARRAY_MIN": Function(_statistic("MIN"), 1, 1),
    "ARRAY_SUM": Function(_statistic("SUM"), 1, 1),
    "ARRAY_MEDIAN": Function(typed("a")(_median), 1, 1),
    "CHOOSE": Function(typed("a", "i")(lambda array, place: array[int(place) - 1] if 0 < place <= len(array) else UNDEFINED), 2, 2),
    "OBJECTTOARRAY": Function(typed("o", "s", "s")(_object_to_array), 1, 3),
    "ARRAYTOOBJECT": Function(typed("a")(_array_to_object), 1, 1),
    "SETINTERSECT": Function(typed("a")(_intersection), 2, 2),
    "SETUNION": Function(typed("a")(_union), 2, 2),
    "SETDIFFERENCE": Function(typed("a")(_difference), 2, 2),
    "SETEQUAL": Function(
        typed("a")(lambda left, right: {canonical(one) for one in left} == {canonical(one) for one in right}), 2, 2
    ),
}
