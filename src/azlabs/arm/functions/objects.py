"""Functions of objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import array, mapping, string
from azlabs.arm.values import find_key, merge, type_name


@function("createObject", 0, None)
def _create_object(*parts: Any) -> dict[str, Any]:
    if len(parts) % 2:
        raise invalid("createObject", "expects an even number of parameters: each key needs a value.")
    result: dict[str, Any] = {}
    for name, item in zip(parts[::2], parts[1::2], strict=True):
        if find_key(result, string("createObject", name)) is not None:
            raise invalid("createObject", f"parameters are invalid: the key '{name[:100]}' is given more than once.")
        result[name] = item
    return result


@function("null", 0)
def _null() -> None:
    return None


@function("items", 1)
def _items(value: Any) -> list[dict[str, Any]]:
    return [{"key": name, "value": item} for name, item in _sorted(mapping("items", value))]


@function("objectKeys", 1)
def _object_keys(value: Any) -> list[str]:
    return [name for name, _ in _sorted(mapping("objectKeys", value))]


def _sorted(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(value.items(), key=lambda pair: (pair[0].lower(), pair[0].swapcase()))


@function("shallowMerge", 1, context=True)
def _shallow_merge(context: Any, values: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for value in array("shallowMerge", values):
        context.budget.spend(len(result))
        if value is not None:
            result = merge(result, mapping("shallowMerge", value), deep=False)
    return result


@function("tryGet", 2, None, builds=False)
def _try_get(value: Any, *path: Any) -> Any:
    return follow(value, path)


def follow(value: Any, path: Sequence[Any]) -> Any:
    """The part of a value that a path of names and positions leads to, None where it leads nowhere."""
    for step in path:
        if value is None:
            return None
        if isinstance(value, dict) and isinstance(step, str):
            found = find_key(value, step)
            value = None if found is None else value[found]
        elif isinstance(value, list) and isinstance(step, int) and not isinstance(step, bool):
            value = value[step] if 0 <= step < len(value) else None
        else:
            raise invalid("tryGet", f"cannot look up a '{type_name(step)}' in a value of type '{type_name(value)}'.")
    return value
