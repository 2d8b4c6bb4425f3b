"""GET and HEAD of one resource, and lists with their pages."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from azlabs.simulator.http import JSON_TYPE, Answer, dumps, json_answer
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import documents, operations, paths, registry, views
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call
    from azlabs.simulator.resource_manager.resource_type import ResourceType

PAGE = 1000


def not_found(call: Call, kind: ResourceType, id: str = "") -> Refused:
    """The 404 for a resource that is not there."""
    route = call.route
    name = "/".join(route.names)
    if kind.not_found is not None:
        code, message = kind.not_found
        words = {
            "{id}": id or call.path(),
            "{name}": call.name,
            "{type}": kind.type,
            "{group}": route.group,
            "{names}": name,
        }
        for word, value in words.items():
            message = message.replace(word, value)
        return Refused(404, code, message)
    if kind.part_of is not None:
        return Refused(404, "NotFound", f"Resource {id or call.path()} not found.", details=[])
    full = "/".join([route.namespace, *(part for pair in zip(route.types, route.names, strict=False) for part in pair)])
    where = f"under resource group '{call.group_name()}'" if route.group else "under scope"
    return Refused(
        404, "ResourceNotFound",
        f"The Resource '{full}' {where} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )  # fmt: skip


def item(call: Call, kind: ResourceType) -> Answer:
    """GET or HEAD of one resource."""
    row, document = _located(call, kind)
    if row is None or document is None:
        missing_above(call, kind)
        raise not_found(call, kind)
    if call.method == "HEAD":
        return Answer(204)
    if kind.part_of is None and row.pending is None:
        return json_answer(views.text(call, kind, row), headers=etag_header(kind, row))
    body = shown(call, kind, row, document)
    if row.pending is not None:
        documents.set_states(kind, body, operations.unfinished(call, row.pending), None)
    return json_answer(body, headers=etag_header(kind, row))


def _located(call: Call, kind: ResourceType) -> tuple[Resource | None, Any]:
    row, document = views.locate(call.store, kind, call.key)
    if row is not None and row.pending is not None:
        operations.settle(call)
        owner = registry.find(row.type) or kind
        owner.advance(call)
        row, document = views.locate(call.store, kind, call.key)
    return row, document


def by_key(call: Call, kind: ResourceType, key: str) -> Answer:
    """The same for a key that is not the request's own (results of operations)."""
    row, document = views.locate(call.store, kind, key)
    if row is None or document is None:
        return Answer(204)
    return json_answer(shown(call, kind, row, document), headers=etag_header(kind, row))


def shown(call: Call, kind: ResourceType, row: Resource, document: dict[str, Any]) -> dict[str, Any]:
    """The document as the caller's api-version sees it; a fresh copy."""
    copied = row.copy() if document is row.body else paths.fresh(document)
    key = row.key if document is row.body else str(document.get("id", call.key)).lower()
    return views.show(call, kind, copied, key)


def etag_header(kind: ResourceType, row: Resource) -> dict[str, str] | None:
    if kind.counted_etag:
        return {"ETag": f'"{row.etag}"'}
    return {"ETag": f'W/"{row.etag}"'} if kind.etag else None


def missing_above(call: Call, kind: ResourceType) -> None:
    """Raise the 404 of what should hold the resource, when that is missing itself: the group, the parent."""
    call.manager.require_group(call)
    if "/" in kind.key.partition("/")[2] and call.route.names and not kind.finds_parent:
        parent = registry.find(kind.key.rpartition("/")[0])
        if parent is not None:
            own = len(call.route.names) == kind.type.count("/")  # of a resource or an action on it, not of a list
            key = call.key.rpartition("/")[0].rpartition("/")[0] if own else call.key
            if views.locate(call.store, parent, key)[1] is None:
                raise parent_missing(call, kind)


def require_scope(call: Call) -> None:
    """404 ResourceNotFound when the resource that an extension sits on does not exist."""
    scope = call.route.scope
    if not views.known(call.store, scope.lower()):
        full = scope.rpartition("/providers/")[2]
        raise Refused(
            404, "ResourceNotFound",
            f"The Resource '{full}' under resource group '{call.group_name()}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
        )  # fmt: skip


def parent_missing(call: Call, kind: ResourceType) -> Refused:
    """The refusal of anything below a resource that does not exist."""
    route = call.route
    count = len(kind.type.split("/")) - 2
    inner = "/".join([route.namespace, *route.types[: count + 1]])
    parent = "/".join(part for pair in zip(route.types[:count], route.names[:count], strict=False) for part in pair)
    if call.method in ("GET", "HEAD", "POST"):
        full = f"{route.namespace}/{parent}"
        where = f"under resource group '{call.group_name()}'" if route.group else "under scope"
        return Refused(
            404, "ResourceNotFound",
            f"The Resource '{full}' {where} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )  # fmt: skip
    return Refused(
        404, "ParentResourceNotFound",
        f"Failed to perform '{ {'PUT': 'write', 'PATCH': 'write', 'DELETE': 'delete'}.get(call.method, 'read') }' on resource(s) of type "
        f"'{'/'.join(inner.split('/')[1:])}', because the parent resource "
        f"'{call.route.scope}/providers/{route.namespace}/{parent}' could not be found.",
    )  # fmt: skip


def collection(call: Call, kind: ResourceType) -> Answer:
    """A list: of children, at the scope of the path, or of the whole subscription."""
    if kind.part_of is not None:
        return _parts(call, kind)
    call.manager.require_group(call)
    if len(call.route.types) > 1:
        missing_above(call, kind)
    size = page_size(call)
    after = read_token(call)
    if (
        call.route.subscription
        and not call.route.group
        and len(call.route.types) == 1
        and "resourceGroup" in kind.scopes
    ):
        rows = call.store.in_subscription(call.route.subscription, kind.key, after=after, limit=size + 1)
    else:
        rows = call.store.at_scope(call.key, kind.key, after=after, limit=size + 1)
    if any(row.pending is not None for row in rows):
        operations.settle(call)
        rows = [row for row in rows if row.pending is None or call.store.exists(row.key)]
    return page(
        call,
        [views.text(call, kind, row) for row in rows[:size]],
        rows[size - 1].number if len(rows) > size else None,
    )


def _parts(call: Call, kind: ResourceType) -> Answer:
    parent = registry.find(kind.key.rpartition("/")[0])
    row, document = views.locate(call.store, parent, call.key) if parent is not None else (None, None)
    if row is None or document is None or kind.part_of is None:
        call.manager.require_group(call)
        raise parent_missing(call, kind)
    items = paths.get(document, kind.part_of) or []
    texts = [dumps(views.show(call, kind, paths.fresh(item), str(item.get("id", "")).lower())) for item in items]
    size, after = page_size(call), read_token(call)
    return page(call, texts[after : after + size], after + size if len(texts) > after + size else None)


def page_size(call: Call) -> int:
    """Items on a page: $top when it is smaller than the service's own page. 400 for what is no positive number."""
    text = call.query.get("$top")
    if text is None:
        return PAGE
    if not text.isdecimal() or int(text[:9]) < 1:
        raise Refused(
            400, "InvalidTopParameter", f"The value '{text}' of the query parameter '$top' is not a positive integer."
        )
    return min(int(text[:9]), PAGE)


def read_token(call: Call) -> int:
    """Position after which the page starts, from $skiptoken."""
    text = call.query.get("$skiptoken")
    if not text:
        return 0
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(value, int) or value < 0:
            raise ValueError(text)
    except (ValueError, binascii.Error, RecursionError):
        raise Refused(400, "InvalidSkipToken", f"The skip token '{text[:80]}' is invalid.") from None
    return value


def page(call: Call, texts: list[str], after: int | None) -> Answer:
    """{"value": [...], "nextLink"?} out of the JSON texts of its items; `after`: position the next page starts behind."""
    next_link = ""
    if after is not None:
        token = base64.urlsafe_b64encode(str(after).encode()).rstrip(b"=").decode()
        query = {**call.query, "$skiptoken": token}
        next_link = f',"nextLink":{dumps(call.base + call.path() + "?" + urlencode(query))}'
    return Answer(
        200, {"Content-Type": JSON_TYPE}, f'{{"value":[{",".join(texts)}]{next_link}}}'.encode("utf-8", "surrogatepass")
    )
