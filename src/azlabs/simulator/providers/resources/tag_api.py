"""The tags API at every scope, and the subscription's list of tag names and values."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import registry, tags, writes
from azlabs.simulator.resource_manager.calls import Write
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Endpoint, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

NAME = "microsoft.resources/tagnames"
VALUE = "microsoft.resources/tagnames/tagvalues"


class Tags(ResourceType):
    """Tags of a subscription, a group or a resource as a document of their own; stored in what they belong to."""

    type = "Microsoft.Resources/tags"
    scopes = ("subscription", "resourceGroup", "extension")
    located = tagged = False

    def handle(self, call: Call) -> Answer | None:
        if len(call.route.names) != len(call.route.types):
            raise writes.method_not_allowed(call)
        if call.name.lower() != "default":
            raise Refused(400, "InvalidTagsName", f"The tags resource has to be named 'default', not '{call.name}'.")
        with call.store.writing():
            row = _owner(call)
            if call.method in ("GET", "HEAD"):
                return json_answer(_shown(row, row.body.get("tags") or {}))
            if call.method == "DELETE":
                _store(call, row, None)
                return Answer(200)
            if call.method not in ("PUT", "PATCH"):
                raise writes.method_not_allowed(call)
            changed = _changed(call, row.body.get("tags") or {})
            _store(call, row, changed)
            return json_answer(_shown(row, changed))


def _owner(call: Call) -> Resource:
    scope = call.route.scope.lower()
    row = call.store.get(scope)
    if row is None:
        call.manager.require_group(call)
        raise Refused(404, "ResourceNotFound", f"The Resource '{call.route.scope}' was not found.")
    kind = registry.find(row.type)
    if kind is not None and not kind.tagged:
        raise Refused(400, "TagsNotSupportedOnResource", f"The resource type '{kind.type}' does not support tags.")
    return row


def _changed(call: Call, present: dict[str, str]) -> dict[str, str]:
    body = call.json()
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise Refused(400, "InvalidTagsRequest", "The request content is invalid: 'properties' is missing.")
    given = tags.checked(properties.get("tags") or {})
    operation = "replace" if call.method == "PUT" else str(body.get("operation", "")).lower()
    if operation == "replace":
        return given
    lowered = {name.lower(): value for name, value in given.items()}
    if operation == "merge":
        kept = {name: value for name, value in present.items() if name.lower() not in lowered}
        return tags.checked({**kept, **given})
    if operation == "delete":
        return {
            name: value
            for name, value in present.items()
            if name.lower() not in lowered or lowered[name.lower()] not in ("", value)
        }
    raise Refused(
        400,
        "InvalidTagsPatchOperation",
        f"The operation '{body.get('operation')}' is not one of 'Replace', 'Merge', 'Delete'.",
    )


def _store(call: Call, row: Resource, changed: dict[str, str] | None) -> None:
    """Write the owner's tags through the gates; nothing else of it changes."""
    body = row.copy()
    if changed is None:
        body.pop("tags", None)
    else:
        body["tags"] = changed
    kind = registry.find(row.type)
    if kind is not None:
        write = Write(call, kind, row.id, row.name, body, row.body)
        write.resource = row
        call.manager.gates.check("write", call.principal, write)
        body = write.body
    row.body, row.changed, row.etag = body, call.now, str(uuid.uuid4())
    if "etag" in body:
        body["etag"] = f'W/"{row.etag}"'
    call.store.update(row)
    call.store.set_tags(row.key, body.get("tags"))


def _shown(row: Resource, tags_now: dict[str, str]) -> dict[str, Any]:
    return {
        "id": f"{row.id}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags_now},
    }


# --- tag names of the subscription -----------------------------------------------------------------------------------
def list_names(call: Call) -> dict[str, Any]:
    """Names with their values: those in use, counted, and those that were made beforehand."""
    root = f"/subscriptions/{call.route.segments[1]}/tagNames"
    names: dict[str, dict[str, Any]] = {}

    def entry(name: str) -> dict[str, Any]:
        return names.setdefault(
            name.lower(),
            {"id": f"{root}/{name}", "tagName": name, "count": {"type": "Total", "value": 0}, "values": []},
        )

    for name, value, count in call.store.tag_counts():
        found = entry(name)
        found["count"]["value"] += count
        found["values"].append(_value(root, name, value, count))
    subscription = call.route.subscription
    for row in call.store.in_subscription(subscription, NAME):
        entry(row.body["tagName"])
    for row in call.store.in_subscription(subscription, VALUE):
        found = entry(row.body["tagName"])
        if all(item["tagValue"].lower() != row.body["tagValue"].lower() for item in found["values"]):
            found["values"].append(_value(root, row.body["tagName"], row.body["tagValue"], 0))
    return {"value": list(names.values())}


def _value(root: str, name: str, value: str, count: int) -> dict[str, Any]:
    return {"id": f"{root}/{name}/tagValues/{value}", "tagValue": value, "count": {"type": "Total", "value": count}}


def _put_row(call: Call, type_key: str, body: dict[str, Any]) -> bool:
    """Note a predefined name or value; False when it was there."""
    key = call.path().lower()
    with call.store.writing():
        if call.store.exists(key):
            return False
        scope = f"/subscriptions/{call.route.subscription}"
        row = Resource(
            0,
            key,
            call.path(),
            type_key,
            scope,
            call.route.subscription,
            "",
            "",
            "",
            call.now,
            call.now,
            None,
            None,
            None,
        )
        row.body = body
        call.store.insert(row)
    return True


def put_name(call: Call) -> Answer:
    """Make a tag name; 200 when it exists."""
    name = call.values["name"]
    tags.checked({name: ""})
    made = _put_row(call, NAME, {"tagName": name})
    shown = next((item for item in list_names(call)["value"] if item["tagName"].lower() == name.lower()), None)
    return json_answer(shown, 201 if made else 200)


def put_value(call: Call) -> Answer:
    """Make a value of a tag name; 404 when the name is not there."""
    name, value = call.values["name"], call.values["value"]
    tags.checked({name: value})
    found = next((item for item in list_names(call)["value"] if item["tagName"].lower() == name.lower()), None)
    if found is None:
        raise Refused(404, "TagNameNotFound", f"The tag name '{name}' could not be found.")
    made = _put_row(call, VALUE, {"tagName": found["tagName"], "tagValue": value})
    root = f"/subscriptions/{call.route.segments[1]}/tagNames"
    present = next((item for item in found["values"] if item["tagValue"].lower() == value.lower()), None)
    return json_answer(present or _value(root, found["tagName"], value, 0), 201 if made else 200)


def delete_predefined(call: Call) -> Answer:
    """Take a name or value away: 204 when it is not there, 409 while resources or values use it."""
    name, value = call.values["name"].lower(), call.values.get("value")
    key = call.path().lower()
    with call.store.writing():
        if not call.store.exists(key):
            return Answer(204)
        used = sum(
            count for tag, text, count in call.store.tag_counts() if tag.lower() == name and value in (None, text)
        )
        values = [
            row for row in call.store.in_subscription(call.route.subscription, VALUE) if row.key.startswith(key + "/")
        ]
        if used or (value is None and values):
            raise Refused(409, "TagInUse", f"The tag '{call.values['name']}' is in use and cannot be deleted.")
        call.store.delete(key)
    return Answer(200)


_NAMES = "/subscriptions/{subscription}/tagNames"
ENDPOINTS = [
    Endpoint("GET", _NAMES, list_names),
    Endpoint("PUT", _NAMES + "/{name}", put_name),
    Endpoint("DELETE", _NAMES + "/{name}", delete_predefined),
    Endpoint("PUT", _NAMES + "/{name}/tagValues/{value}", put_value),
    Endpoint("DELETE", _NAMES + "/{name}/tagValues/{value}", delete_predefined),
]
