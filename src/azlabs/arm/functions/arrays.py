"""Functions of arrays, and those that take arrays and strings alike."""

from __future__ import annotations

from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import array, integer, string
from azlabs.arm.functions.strings import index_of, last_index_of
from azlabs.arm.limits import RANGE_COUNT, RANGE_END
from azlabs.arm.values import compact, equal, find_key, merge, text_of, type_name


@function("array", 1)
def _array(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@function("createArray", 0, None)
def _create_array(*items: Any) -> list[Any]:
    return list(items)


@function("length", 1)
def _length(value: Any) -> int:
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise invalid("length", f"expects its parameter to be an array, an object or a string, got '{type_name(value)}'.")


@function("empty", 1)
def _empty(value: Any) -> bool:
    if value is None or isinstance(value, (str, list, dict)):
        return not value
    raise invalid("empty", f"expects its parameter to be an object, an array, or a string, got '{type_name(value)}'.")


@function("first", 1, builds=False)
def _first(value: Any) -> Any:
    return _end("first", value, 0)


@function("last", 1, builds=False)
def _last(value: Any) -> Any:
    return _end("last", value, -1)


def _end(name: str, value: Any, at: int) -> Any:
    if isinstance(value, str):
        return value[at] if value else ""
    found = array(name, value)
    return found[at] if found else None


@function("take", 2)
def _take(value: Any, count: Any) -> Any:
    return _part("take", value)[: max(integer("take", count), 0)]


@function("skip", 2)
def _skip(value: Any, count: Any) -> Any:
    return _part("skip", value)[max(integer("skip", count), 0) :]


def _part(name: str, value: Any) -> Any:
    if isinstance(value, (str, list)):
        return value
    raise invalid(name, f"expects its first parameter to be an array or a string, got '{type_name(value)}'.")


@function("contains", 2)
def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, str):
        return text_of(item) in container
    if isinstance(container, list):
        return any(equal(item, other) for other in container)
    if isinstance(container, dict):
        return find_key(container, text_of(item)) is not None
    raise invalid(
        "contains", f"expects its first parameter to be an object, an array, or a string, got '{type_name(container)}'."
    )


@function("indexOf", 2)
def _index_of(container: Any, item: Any) -> int:
    if isinstance(container, list):
        return next((at for at, other in enumerate(container) if equal(item, other)), -1)
    return index_of(string("indexOf", container), string("indexOf", item))


@function("lastIndexOf", 2)
def _last_index_of(container: Any, item: Any) -> int:
    if isinstance(container, list):
        return next((at for at in range(len(container) - 1, -1, -1) if equal(item, container[at])), -1)
    return last_index_of(string("lastIndexOf", container), string("lastIndexOf", item))


@function("indexFromEnd", 2, builds=False)
def _index_from_end(items: Any, place: Any) -> Any:
    found, at = array("indexFromEnd", items), integer("indexFromEnd", place)
    if not 1 <= at <= len(found):
        raise ExpressionError(f"The language expression property array index '{at}' is out of bounds.")
    return found[-at]


@function("tryIndexFromEnd", 2, None, builds=False)
def _try_index_from_end(items: Any, place: Any, *path: Any) -> Any:
    from azlabs.arm.functions.objects import follow

    if items is None:
        return None
    found, at = array("tryIndexFromEnd", items), integer("tryIndexFromEnd", place)
    return follow(found[-at], path) if 1 <= at <= len(found) else None


@function("range", 2)
def _range(start: Any, count: Any) -> list[int]:
    first, size = integer("range", start), integer("range", count)
    if not 0 <= size <= RANGE_COUNT or abs(first) + size > RANGE_END:
        raise invalid(
            "range",
            f"parameters are invalid: the count must not be negative or exceed {RANGE_COUNT}, and the sum of both "
            f"must not exceed {RANGE_END}.",
        )
    return list(range(first, first + size))


@function("flatten", 1)
def _flatten(items: Any) -> list[Any]:
    return [part for item in array("flatten", items) for part in array("flatten", item)]


@function("union", 1, None, context=True)
def _union(context: Any, *values: Any) -> Any:
    if all(isinstance(value, dict) for value in values):
        result: dict[str, Any] = {}
        for value in values:
            context.budget.spend(len(result))
            result = merge(result, value, deep=True)
        return result
    if all(isinstance(value, list) for value in values):
        return _unique([item for value in values for item in value])
    raise invalid("union", "expects its parameters to be all arrays or all objects.")


def _unique(items: list[Any]) -> list[Any]:
    """Each item once, in the order of first sight."""
    seen: dict[str, Any] = {}
    for item in items:
        seen.setdefault(_canonical(item), item)
    return list(seen.values())


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{name.lower()!r}:{_canonical(value[name])}" for name in sorted(value, key=str.lower)) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return compact(value)


@function("intersection", 1, None)
def _intersection(*values: Any) -> Any:
    if all(isinstance(value, dict) for value in values):
        return {
            name: item
            for name, item in values[0].items()
            if all((known := find_key(other, name)) is not None and equal(other[known], item) for other in values[1:])
        }
    if all(isinstance(value, list) for value in values):
        others = [{_canonical(item) for item in value} for value in values[1:]]
        return _unique([item for item in values[0] if all(_canonical(item) in other for other in others)])
    raise invalid("intersection", "expects its parameters to be all arrays or all objects.")
