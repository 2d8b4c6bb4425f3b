"""Lists of items, and the change feed: the latest version of every item, in the order of its last write."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any

from azlabs.simulator.data_planes.cosmos import access, charges, rows
from azlabs.simulator.data_planes.cosmos.asking import Asking, answer
from azlabs.simulator.data_planes.cosmos.documents import scope
from azlabs.simulator.data_planes.cosmos.errors import bad
from azlabs.simulator.data_planes.cosmos.partition import effective, of_header
from azlabs.simulator.data_planes.cosmos.places import Container
from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager.errors import not_modelled


def read(asking: Asking, container: Container) -> Answer:
    """GET of all items, or of those that have changed (A-IM: Incremental Feed)."""
    access.require(asking, access.CONTAINER + "readChangeFeed", scope(container))
    asking.plane.sweep(container, asking.now)
    kind = asking.headers.get("a-im", "")
    if kind.lower().startswith("full"):
        raise not_modelled("the change feed with all versions and deletes")
    return _changes(asking, container) if kind else _all(asking, container)


def _wanted(asking: Asking, container: Container) -> tuple[str, list[Any], tuple[str, str] | None]:
    """(condition in SQL, its values, range of effective keys)."""
    header = asking.headers.get("x-ms-documentdb-partitionkey")
    if header is not None:
        key = of_header(header, len(container.paths), prefix=True)
        if len(json.loads(key)) == len(container.paths):
            return " AND pk=?", [key], None
        low = effective(key, True)
        return "", [], (low, low + "FF")
    if "x-ms-start-epk" in asking.headers or "x-ms-end-epk" in asking.headers:
        return "", [], (asking.headers.get("x-ms-start-epk", ""), asking.headers.get("x-ms-end-epk", "FF"))
    if container.ranges > 1 and asking.headers.get("x-ms-documentdb-partitionkeyrangeid", "").isdecimal():
        from azlabs.simulator.data_planes.cosmos.resources import bounds

        return "", [], bounds(container.ranges, min(int(asking.headers["x-ms-documentdb-partitionkeyrangeid"]), container.ranges - 1))
    return "", [], None


def _inside(container: Container, key: str, span: tuple[str, str] | None) -> bool:
    return span is None or span[0] <= effective(key, container.hierarchical) < span[1]


def _all(asking: Asking, container: Container) -> Answer:
    condition, values, span = _wanted(asking, container)
    try:
        after = int(json.loads(asking.headers.get("x-ms-continuation") or '{"after":0}')["after"])
    except (ValueError, KeyError, TypeError):
        raise bad("Invalid Continuation Token") from None
    select = f"SELECT number, pk, body FROM cosmos_items WHERE container=? AND number>?{condition} ORDER BY number"
    size = asking.page_size()
    found: list[tuple[int, str]] = []
    for number, key, body in asking.simulator.store.sql.execute(select, [container.rid, after, *values]):
        if _inside(container, key, span):
            found.append((number, body))
            if len(found) > size:
                break
    more = {}
    if len(found) > size:
        found.pop()
        more["x-ms-continuation"] = json.dumps({"after": found[-1][0], "container": container.rid})
    return _listed(container, [body for _, body in found], more)


def _changes(asking: Asking, container: Container) -> Answer:
    condition, values, span = _wanted(asking, container)
    store = asking.simulator.store
    last = rows.state(store, container.rid)[0]
    token = asking.headers.get("if-none-match", "").strip('"')
    since = 0
    if "if-modified-since" in asking.headers and not token:
        try:
            since = int(parsedate_to_datetime(asking.headers["if-modified-since"]).timestamp())
        except (TypeError, ValueError):
            raise bad("Invalid value of the header If-Modified-Since.") from None
    if token == "*":
        return _unchanged(last)
    if token and not token.isdecimal():
        raise bad("Invalid value of the header If-None-Match.")
    after = int(token or 0)
    select = f"SELECT lsn, pk, body FROM cosmos_items WHERE container=? AND lsn>? AND ts>=?{condition} ORDER BY lsn"
    size = asking.page_size()
    found: list[tuple[int, str]] = []
    for lsn, key, body in store.sql.execute(select, [container.rid, after, since, *values]):
        if _inside(container, key, span):
            found.append((lsn, f'{body[:-1]},"_lsn":{lsn}}}'))
            if len(found) == size:
                break
    if not found:
        return _unchanged(last)
    return _listed(container, [body for _, body in found], {"etag": f'"{found[-1][0]}"'})


def _unchanged(last: int) -> Answer:
    return Answer(304, {"etag": f'"{last}"', "x-ms-request-charge": "1", "x-ms-item-count": "0"})


def _listed(container: Container, bodies: list[str], more: dict[str, str]) -> Answer:
    text = f'{{"_rid":"{container.rid}","Documents":[{",".join(bodies)}],"_count":{len(bodies)}}}'
    return answer(text, 200, charges.query(len(text), len(bodies), 0), x_ms_item_count=str(len(bodies)), **more)
