"""Lists over all types: /subscriptions/{s}/resources, /resourceGroups/{g}/resources, and $filter on resource groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.odata import Predicate
from azlabs.simulator.resource_manager import access_gate, filters, reads, registry
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

SHOWN = (
    "id",
    "name",
    "type",
    "sku",
    "kind",
    "managedBy",
    "plan",
    "zones",
    "location",
    "extendedLocation",
    "identity",
    "tags",
    "systemData",
)
"""Members of a resource in these lists; never its properties."""
GROUPS = "microsoft.resources/resourcegroups"
BATCH = 4000


def tracked(type_key: str) -> bool:
    """Is this a type that the lists show: one with a location, that is no group?"""
    kind = registry.find(type_key)
    return kind is not None and kind.located and type_key != GROUPS


def lookup(document: dict[str, Any], name: str) -> Any:
    """A member as filters name it."""
    lowered = name.lower()
    if lowered == "resourcetype":
        return document.get("type")
    if lowered == "resourcegroup":
        parts = str(document.get("id", "")).split("/")
        return parts[4] if len(parts) > 4 else None
    if lowered in ("tagname", "tagvalue"):
        raise KeyError(lowered)
    value: Any = document
    for part in name.split("/"):
        if not isinstance(value, dict):
            return None
        value = next((item for member, item in value.items() if member.lower() == part.lower()), None)
    return value


def _tag_predicate(equal: dict[str, str]) -> Predicate:
    name, value = equal.get("tagname"), equal.get("tagvalue")

    def judge(document: dict[str, Any]) -> bool:
        tags = document.get("tags") or {}
        return any(
            (name is None or tag.lower() == name.lower()) and (value is None or str(text).lower() == value.lower())
            for tag, text in tags.items()
        )

    return judge


def predicate(text: str | None) -> Predicate | None:
    """What a $filter lets through. tagName and tagValue stand alone, as ARM demands."""
    if not text:
        return None
    equal = filters.equalities(text)
    if equal and set(equal) <= {"tagname", "tagvalue"}:
        return _tag_predicate(equal)
    if "tagname" in text.lower() or "tagvalue" in text.lower():
        return filters.parse(text, _any_tag)
    return filters.parse(text, lookup)


def _any_tag(document: dict[str, Any], name: str) -> Any:
    tags = document.get("tags") or {}
    if name.lower() == "tagname":
        return next(iter(tags), None)
    if name.lower() == "tagvalue":
        return next(iter(tags.values()), None)
    return lookup(document, name)


def list_resources(call: Call) -> Answer:
    """A page of tracked resources of the subscription or of the group, oldest first."""
    call.manager.require_group(call)
    route = call.route
    root = f"/subscriptions/{route.subscription}" + (f"/resourcegroups/{route.group}" if route.group else "")
    text = call.query.get("$filter")
    wanted, seen = predicate(text), access_gate.sees(call)
    size, after = reads.page_size(call), reads.read_token(call)
    expand = {word.strip().lower() for word in call.query.get("$expand", "").split(",")}
    condition, values = _index(route.subscription, root, filters.equalities(text) if text else {})
    texts: list[str] = []
    while True:
        rows = call.store.select(
            f"{condition} AND number>? ORDER BY number LIMIT ?", [*values, after, BATCH if wanted else size + 1]
        )
        for row in rows:
            if not tracked(row.type) or (seen is not None and not seen(row.id, row.type)):
                after = row.number
                continue
            body = row.body
            if wanted is not None and not wanted(body):
                after = row.number
                continue
            if len(texts) == size:
                return reads.page(call, texts, after)
            texts.append(dumps(_summary(row, expand)))
            after = row.number
        if len(rows) < (BATCH if wanted else size + 1):
            return reads.page(call, texts, None)


def _index(subscription: str, root: str, equal: dict[str, str]) -> tuple[str, list[Any]]:
    """The narrowest condition in SQL that every match fulfils."""
    if "resourcetype" in equal:
        condition, values = "type=? AND subscription=?", [equal["resourcetype"].lower(), subscription]
    else:
        condition, values = "subscription=?", [subscription]
    below = root + (
        f"/resourcegroups/{equal['resourcegroup'].lower()}"
        if "resourcegroup" in equal and "/resourcegroups/" not in root
        else ""
    )
    if "/resourcegroups/" in below:
        condition += " AND key>? AND key<?"
        values += [below + "/", below + "0"]
    if "tagname" in equal:
        condition += " AND key IN (SELECT key FROM tags WHERE name=?)"
        values.append(equal["tagname"].lower())
    return condition, values


def _summary(row: Resource, expand: set[str]) -> dict[str, Any]:
    body = row.body
    shown = {name: body[name] for name in SHOWN if name in body}
    if "createdtime" in expand:
        shown["createdTime"] = stamp(row.created)
    if "changedtime" in expand:
        shown["changedTime"] = stamp(row.changed)
    if "provisioningstate" in expand:
        shown["provisioningState"] = (body.get("properties") or {}).get("provisioningState", "Succeeded")
    return shown


GROUP_ACTIONS = "Microsoft.Resources/subscriptions/resourceGroups"


def list_groups(call: Call) -> Answer:
    """Resource groups with $filter on tags; of those, what the caller may see."""
    wanted, seen = predicate(call.query.get("$filter")), access_gate.sees(call)
    size, after = reads.page_size(call), reads.read_token(call)
    texts: list[str] = []
    for row in call.store.in_subscription(call.route.subscription, GROUPS, after=after):
        if (wanted is None or wanted(row.body)) and (seen is None or seen(row.id, GROUP_ACTIONS)):
            if len(texts) == size:
                return reads.page(call, texts, after)
            texts.append(row.text)
        after = row.number
    return reads.page(call, texts, None)


ENDPOINTS = [
    Endpoint("GET", "/subscriptions/{subscription}/resources", list_resources),
    Endpoint("GET", "/subscriptions/{subscription}/resourceGroups/{group}/resources", list_resources),
]
