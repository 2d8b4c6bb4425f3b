"""Partial document update: add, set, replace, remove, incr and move, with a condition.

Source: Microsoft's documentation "Partial document update in Azure Cosmos DB".
"""

from __future__ import annotations

import copy
import json
from typing import Any

from azlabs.simulator.data_planes.cosmos import items
from azlabs.simulator.data_planes.cosmos.errors import bad, refused, stale
from azlabs.simulator.data_planes.cosmos.query.compiler import run
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.functions import is_number
from azlabs.simulator.data_planes.cosmos.query.parser import parse
from azlabs.simulator.data_planes.cosmos.query.values import number

MOST = 10
"""Operations in one patch."""


def patch(writing: items.Writing, key: str, id: str, body: Any, match: str = "") -> items.Outcome:
    """Apply a patch to an item. Raises 400, 404, 412."""
    operations = body.get("operations") if isinstance(body, dict) else body
    if not isinstance(operations, list) or not operations or not all(isinstance(one, dict) for one in operations):
        raise bad("The patch request has no valid list of operations.")
    if len(operations) > MOST:
        raise bad(f"The number of patch operations can't exceed '{MOST}'.")
    _, etag, _, _, text = items.read(writing.asking, writing.container, key, id)
    if match and match not in ("*", etag):
        raise stale()
    item = json.loads(text)
    condition = body.get("condition") if isinstance(body, dict) else None
    if condition and not _holds(condition, item):
        raise refused(412, "PreconditionFailed", "The condition of the patch does not hold.", 1110)
    protected = {path[:1] for path in writing.container.paths} | {("id",), *((name,) for name in items.SYSTEM)}
    for one in operations:
        places = [_split(one.get("path"))] + ([_split(one.get("from"))] if one.get("op") == "move" else [])
        if any(tuple(place[:1]) in protected for place in places):
            raise bad(f"Patch of '{one.get('path')}' is not allowed: it is the id, a partition key or a system property.")
        item = _apply(item, one)
    size = len(json.dumps(item))
    return items.put(writing, items.check_item(item, size), key, "replace", id)


def _holds(condition: Any, item: Any) -> bool:
    text = str(condition).strip()
    query = f"SELECT VALUE 1 {text}" if text[:4].lower() == "from" else f"SELECT VALUE 1 FROM c WHERE {text}"
    try:
        return bool(run(parse(query), [item]))
    except QueryError as problem:
        raise bad(f"The condition of the patch is invalid: {problem.message}") from None


def _split(path: Any) -> list[str]:
    if not isinstance(path, str) or not path.startswith("/") or path == "/":
        raise bad(f"The path '{path}' of a patch operation is invalid.")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _parent(item: Any, path: list[str]) -> Any:
    for name in path[:-1]:
        if isinstance(item, dict) and name in item:
            item = item[name]
        elif isinstance(item, list) and name.isdecimal() and int(name) < len(item):
            item = item[int(name)]
        else:
            raise bad(f"The path '/{'/'.join(path)}' of a patch operation does not exist in the item.")
    if not isinstance(item, dict | list):
        raise bad(f"The path '/{'/'.join(path)}' of a patch operation leads through a value that has no members.")
    return item


def _place(name: str, last: int) -> int:
    if not name.isdecimal() or int(name) > last:
        raise bad(f"The array index '{name}' of a patch operation is out of bounds.")
    return int(name)


def _apply(item: Any, one: dict[str, Any]) -> Any:
    item = copy.deepcopy(item)
    kind, path = str(one.get("op", "")).lower(), _split(one.get("path"))
    if kind not in ("add", "set", "replace", "remove", "incr", "increment", "move"):
        raise bad(f"The patch operation '{kind[:40]}' is not one of add, set, replace, remove, incr, move.")
    if kind == "move":
        source = _split(one.get("from"))
        value = _remove(_parent(item, source), source)
        return _put(item, path, value, "add")
    if kind == "remove":
        _remove(_parent(item, path), path)
        return item
    if "value" not in one:
        raise bad("A patch operation has to have a value.")
    if kind in ("incr", "increment"):
        return _increment(item, path, one["value"])
    return _put(item, path, one["value"], kind)


def _remove(above: Any, path: list[str]) -> Any:
    if isinstance(above, list):
        return above.pop(_place(path[-1], len(above) - 1))
    if path[-1] not in above:
        raise bad(f"The path '/{'/'.join(path)}' of a patch operation does not exist in the item.")
    return above.pop(path[-1])


def _put(item: Any, path: list[str], value: Any, kind: str) -> Any:
    above, name = _parent(item, path), path[-1]
    if isinstance(above, list):
        if kind == "add":
            above.insert(len(above) if name == "-" else _place(name, len(above)), value)
        elif kind == "set" and name == "-":
            above.append(value)
        else:
            above[_place(name, len(above) - 1)] = value
        return item
    if kind == "replace" and name not in above:
        raise bad(f"The path '/{'/'.join(path)}' of a patch operation does not exist in the item.")
    above[name] = value
    return item


def _increment(item: Any, path: list[str], by: Any) -> Any:
    above, name = _parent(item, path), path[-1]
    old = above[_place(name, len(above) - 1)] if isinstance(above, list) else above.get(name, 0)
    if not is_number(by) or not is_number(old):
        raise bad(f"The value at '/{'/'.join(path)}' cannot be incremented: it is no number.")
    if isinstance(above, list):
        above[int(name)] = number(old + by)
    else:
        above[name] = number(old + by)
    return item
