"""Functions over dynamic values: arrays and bags."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from azlabs.simulator.kql.errors import TooMuch
from azlabs.simulator.kql.values import dynamic_text, key, parse_json

MOST = 1_048_576


def at(value: Any, index: Any) -> Any:
    """`value[index]`: of a bag by name, of an array by number, from the end when negative."""
    if value.__class__ is dict:
        return value.get(index) if index.__class__ is str else None
    if value.__class__ is list and index.__class__ is int and -len(value) <= index < len(value):
        return value[index]
    return None


def _array(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, *rest: call(value, *rest) if isinstance(value, list) else None


def _unique(values: list[Any]) -> list[Any]:
    seen: set[Any] = set()
    found = []
    for value in values:
        mark = key(value)
        if mark not in seen:
            seen.add(mark)
            found.append(value)
    return found


def _union(*arrays: Any) -> list[Any]:
    return _unique([value for array in arrays if isinstance(array, list) for value in array])


def _intersect(first: Any, *others: Any) -> list[Any]:
    kept = _unique(first) if isinstance(first, list) else []
    for other in others:
        marks = {key(value) for value in other} if isinstance(other, list) else set()
        kept = [value for value in kept if key(value) in marks]
    return kept


def _difference(first: Any, *others: Any) -> list[Any]:
    gone = {key(value) for other in others if isinstance(other, list) for value in other}
    return [value for value in _unique(first) if key(value) not in gone] if isinstance(first, list) else []


def _slice(array: list[Any], start: int, end: int) -> list[Any]:
    size = len(array)
    start, end = (start + size if start < 0 else start), (end + size if end < 0 else end)
    return array[max(0, start) : max(0, end + 1)]


def _sorted(descending: bool) -> Callable[..., Any]:
    def order(value: Any) -> tuple[int, Any]:
        kinds = ((bool, 0), ((int, float), 1), (str, 2))
        place = next((number for kind, number in kinds if isinstance(value, kind)), 3)
        return place, value if place < 3 else dynamic_text(value)

    def run(array: Any) -> Any:
        if not isinstance(array, list):
            return None
        filled = sorted((value for value in array if value is not None), key=order, reverse=descending)
        return filled + [None] * (len(array) - len(filled))

    return run


def merged(*bags: Any) -> dict[str, Any] | None:
    """`bag_merge`: the first that names something decides."""
    found: dict[str, Any] = {}
    for bag in bags:
        if isinstance(bag, dict):
            found |= {name: value for name, value in bag.items() if name not in found}
    return found


def pack(*parts: Any) -> dict[str, Any]:
    return {dynamic_text(parts[place]): parts[place + 1] for place in range(0, len(parts) - 1, 2)}


def walk(value: Any, path: str) -> Any:
    """What a JSON path like $.a[0].b leads to."""
    import re

    place = 1 if path.startswith("$") else 0
    step = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]|\[['\"]([^'\"]*)['\"]\]")
    while place < len(path):
        match = step.match(path, place)
        if match is None:
            return None
        value = at(value, int(match[2][:9]) if match[2] else match[1] or match[3])
        place = match.end()
    return value


def numbers(start: Any, stop: Any, step: Any = None) -> list[Any] | None:
    """`range(start, stop, step)`; ticks work like numbers."""
    step = 1 if step is None else step
    if not step:
        return None
    count = int((stop - start) / step) + 1
    if count > MOST:
        raise TooMuch(f"an array of more than {MOST} values")
    return [start + step * place for place in range(max(0, count))]


def _sum(array: list[Any]) -> Any:
    found = [value for value in array if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return float(sum(found)) if found or not array else None


def _without(bag: Any, names: Any) -> Any:
    gone = set(map(dynamic_text, names)) if isinstance(names, list) else set()
    return {name: value for name, value in bag.items() if name not in gone} if isinstance(bag, dict) else None


FUNCTIONS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "array_length": ("j", "long", _array(len)),
    "array_concat": ("j*", "dynamic", lambda *arrays: [value for array in arrays if isinstance(array, list) for value in array]),
    "array_slice": ("jll", "dynamic", _array(_slice)),
    "array_reverse": ("j", "dynamic", _array(lambda array: array[::-1])),
    "array_sum": ("j", "real", _array(_sum)),
    "array_index_of": ("jv", "long", _array(lambda array, value: next((n for n, one in enumerate(array) if key(one) == key(value)), -1))),
    "array_sort_asc": ("j", "dynamic", _sorted(False)),
    "array_sort_desc": ("j", "dynamic", _sorted(True)),
    "bag_keys": ("j", "dynamic", lambda bag: list(bag) if isinstance(bag, dict) else None),
    "bag_has_key": ("js", "bool", lambda bag, name: (name in bag) if isinstance(bag, dict) else None),
    "bag_remove_keys": ("jj", "dynamic", _without),
    "bag_merge": ("j*", "dynamic", merged),
    "set_union": ("j*", "dynamic", _union),
    "set_intersect": ("j*", "dynamic", _intersect),
    "set_difference": ("j*", "dynamic", _difference),
    "set_has_element": ("jv", "bool", _array(lambda array, value: key(value) in {key(one) for one in array})),
    "zip": ("j*", "dynamic", lambda *arrays: [
        [array[n] if n < len(array) else None for array in arrays] for n in range(max(map(len, arrays)))
    ]),
    "extract_json": ("ss", "string", lambda path, text: dynamic_text(walk(parse_json(text), path))),
    "extractjson": ("ss", "string", lambda path, text: dynamic_text(walk(parse_json(text), path))),
    "new_guid": ("", "guid", lambda: str(uuid.uuid4())),
}  # fmt: skip
LENIENT: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "pack": ("v*", "dynamic", pack),
    "bag_pack": ("v*", "dynamic", pack),
    "pack_dictionary": ("v*", "dynamic", pack),
    "pack_array": ("v*", "dynamic", lambda *values: list(values)),
}
"""Functions that take nulls as they are."""
