"""JSONPath, as the load functions take it: members, indexes, slices, wildcards, descent and simple filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(
    r"(?P<deep>\.\.)(?P<deepname>\*|[\w-]+)?"
    r"|\.(?P<name>\*|[\w-]+)"
    r"|\[(?P<index>-?\d+)\]"
    r"|\[(?P<start>-?\d+)?:(?P<stop>-?\d+)?(?::(?P<step>-?\d+))?\]"
    r"|\[(?P<all>\*)\]"
    r"|\[(?P<names>(?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*)\]"
    r"|\[\?\((?P<filter>[^()\[\]]*)\)\]")
_FILTER = re.compile(r"\s*@(?P<path>(?:\.[\w-]+)+)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.+?))?\s*\Z")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_MISSING = object()
MAX_FOUND = 100_000


def select(value: Any, path: str) -> list[Any]:
    """All parts of `value` that `path` names; raises ValueError when the path cannot be read."""
    rest = path.strip().removeprefix("$")
    if rest and rest[0] not in ".[":
        rest = "." + rest
    found = [value]
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise ValueError(f"the path is not understood at '{rest[:20]}'")
        found = [part for item in found for part in _take(item, step)]
        if len(found) > MAX_FOUND:
            raise ValueError("the path names too many parts")
        rest = rest[step.end():]
    return found


def _take(value: Any, step: re.Match[str]) -> Iterator[Any]:
    if step["deep"]:
        for item in _descendants(value):
            if step["deepname"] in (None, "*"):
                yield item
            elif isinstance(item, dict) and step["deepname"] in item:
                yield item[step["deepname"]]
    elif step["all"] or step["name"] == "*":
        yield from _items(value)
    elif step["name"]:
        yield from _members(value, [step["name"]])
    elif step["names"]:
        yield from _members(value, [single or double for single, double in _QUOTED.findall(step["names"])])
    elif step["index"]:
        at = int(step["index"])
        if isinstance(value, list) and -len(value) <= at < len(value):
            yield value[at]
    elif step["filter"] is not None:
        yield from (item for item in _items(value) if _passes(item, step["filter"]))
    elif isinstance(value, list):
        bounds = [int(step[name]) if step[name] else None for name in ("start", "stop", "step")]
        if bounds[2] == 0:
            raise ValueError("a slice has a step of 0")
        yield from value[slice(*bounds)]


def _items(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _members(value: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (value[name] for name in names if name in value)


def _descendants(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        item = pending.pop()
        yield item
        pending += reversed(_items(item))


def _passes(item: Any, condition: str) -> bool:
    parsed = _FILTER.match(condition)
    if parsed is None:
        raise ValueError(f"the filter is not understood: '{condition}'")
    found = item
    for name in parsed["path"].split(".")[1:]:
        found = found.get(name, _MISSING) if isinstance(found, dict) else _MISSING
    if found is _MISSING or parsed["operator"] is None:
        return found is not _MISSING
    return _compare(found, parsed["operator"], _literal(parsed["value"]))


def _literal(text: str) -> Any:
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return quoted[1] if quoted[1] is not None else quoted[2]
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    try:
        return float(text) if "." in text else int(text)
    except ValueError as error:
        raise ValueError(f"the filter compares with '{text}'") from error


def _compare(left: Any, operator: str, right: Any) -> bool:
    if operator in ("==", "!="):
        return (left == right and isinstance(left, bool) == isinstance(right, bool)) == (operator == "==")
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (left, right))
    if not numbers and not (isinstance(left, str) and isinstance(right, str)):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])
