"""Microsoft.Management: management groups, what is in them, and the root group of the tenant.

Source: recorded Azure traffic of management group scenarios.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write
    from azlabs.simulator.store import Store

PREFIX = "/providers/Microsoft.Management/managementGroups/"
ROOT = PREFIX + TENANT_ID
TYPE = "microsoft.management/managementgroups"
MEMBERSHIP = TYPE + "/subscriptions"
MAX_DEPTH = 6
NAME_CHARACTERS = re.compile(r"[-\w.()]", re.ASCII)
RECEIPT = {"id": "{id}", "type": "Microsoft.Management/managementGroups", "name": "{name}", "status": "NotStarted"}
"""What Azure answers to an accepted creation or delete."""


class ManagementGroups(ResourceType):
    """{"properties": {"displayName", "tenantId", "details": {"parent": {"id", "name", "displayName"}, ...}}}"""

    type = "Microsoft.Management/managementGroups"
    scopes = ("tenant",)
    located = tagged = False
    state = None
    members = frozenset({"children", "path"})
    name_rule = NameRule(r"[-\w.()]{1,89}[-\w()]", "BadRequest", "The management group name '{name}' is invalid.")
    not_found = ("NotFound", "The management group '{name}' cannot be found.")
    creates = Announce(202, headers=("azure-asyncoperation", "location"), polls=1)
    deletes = Announce(202, headers=("azure-asyncoperation", "location"), body=dumps(RECEIPT))
    operation_paths = (
        "/providers/{namespace}/operationResults/{verb}/asyncOperation/status/managementGroups/{name}",
        "/providers/{namespace}/operationResults/{verb}/managementGroups/{name}",
    )
    read_only: ClassVar[tuple[str, ...]] = ("properties.tenantId", "properties.children")

    def handle(self, call: Call) -> Answer | None:
        """The root group exists without being made; a list shows every group; $expand shows what is inside."""
        if call.method in ("GET", "HEAD") and not call.route.names:
            rows = [_entry(root_group()), *(_entry(row.body) for row in call.store.of_type(self.key))]
            return json_answer({"value": rows})
        root = call.name.lower() == TENANT_ID
        if root and call.method not in ("GET", "HEAD"):
            raise Refused(403, "Forbidden", "The root management group cannot be changed or deleted.")
        if call.method not in ("GET", "HEAD"):
            return None
        row = call.store.get(call.key)
        body = root_group() if root else row.copy() if row is not None else None
        if body is None:
            return None
        expand = call.query.get("$expand", "").lower()
        if "children" in expand:
            deep = call.query.get("$recurse", "").lower() == "true"
            body["properties"]["children"] = children(call.store, body["id"], deep)
        return json_answer(body)

    def fill(self, write: Write) -> None:
        """Parent, version and who changed it."""
        given: Body = write.body.get("properties") or {}
        parent_id = str(((given.get("details") or {}).get("parent") or {}).get("id") or "") or write.old(
            "properties.details.parent.id", ROOT
        )
        parent = _group(write.store, parent_id)
        if parent is None:
            write.refuse("NotFound", f"Parent management group '{parent_id.rpartition('/')[2]}' cannot be found.", 404)
        write.body["properties"] = {
            "tenantId": TENANT_ID,
            "displayName": given.get("displayName") or write.old("properties.displayName") or write.name,
            "details": {
                "version": int(write.old("properties.details.version", 0)) + 1,
                "updatedTime": stamp(write.now),
                "updatedBy": write.principal.object_id,
                "parent": {
                    "id": parent["id"],
                    "name": parent["name"],
                    "displayName": parent["properties"]["displayName"],
                },
            },
        }

    def validate(self, write: Write) -> None:
        """No cycles, and no more than six levels below the root."""
        chain = list(_chain(write.store, str(write.get("properties.details.parent.id")), write.key))
        if write.key in chain:
            write.refuse("BadRequest", f"The management group '{write.name}' cannot be moved below itself.")
        if len(chain) > MAX_DEPTH:
            write.refuse("BadRequest", f"The management group hierarchy cannot be deeper than {MAX_DEPTH} levels.")

    def announced(self, write: Write, announce: Announce) -> Announce:
        """An accepted creation answers with a receipt, not with the group; an update is done at once."""
        if not announce.headers:
            return announce
        receipt = dumps({**RECEIPT, "id": write.id, "name": write.name})
        return Announce(announce.status, headers=announce.headers, body=receipt, polls=announce.polls)

    def deleting(self, write: Write) -> None:
        """A group that still holds something stays."""
        if children(write.store, write.id, False):
            write.refuse("BadRequest", f"The management group '{write.name}' has children and cannot be deleted.")


class Subscriptions(ResourceType):
    """The place of a subscription in the hierarchy; moving it takes it out of the group it was in."""

    type = "Microsoft.Management/managementGroups/subscriptions"
    located = tagged = False
    state = None
    creates = Announce(200)
    patch = "none"
    not_found = ("NotFound", "The subscription '{name}' is not in this management group.")

    def handle(self, call: Call) -> Answer | None:
        """A move needs no body."""
        if call.method == "PUT" and not call.raw:
            call.set_json({"properties": {}})
        return None

    def fill(self, write: Write) -> None:
        """The subscription has to be one of this tenant."""
        row = write.store.get(f"/subscriptions/{write.name.lower()}")
        if row is None:
            write.refuse("NotFound", f"The subscription '{write.name}' cannot be found.", 404)
        write.body["properties"] = {
            "displayName": row.body["displayName"],
            "parent": {"id": write.id.rpartition("/subscriptions/")[0], "name": None, "displayName": None},
            "state": "Active",
            "tenant": TENANT_ID,
        }

    def written(self, write: Write) -> None:
        """A subscription is in one group only."""
        for row in write.store.of_type(MEMBERSHIP):
            if row.name.lower() == write.name.lower() and row.key != write.key:
                write.store.delete(row.key)


class Settings(ResourceType):
    """Hierarchy settings of the root group."""

    type = "Microsoft.Management/managementGroups/settings"
    finds_parent = True
    located = tagged = False
    state = None
    creates = Announce(200)
    defaults: ClassVar[dict[str, Any]] = {"properties": {"requireAuthorizationForGroupCreation": False}}
    not_found = ("NotFound", "'{id}' not found")

    def handle(self, call: Call) -> Answer | None:
        """A list is a page of its own kind; what is not there cannot be deleted."""
        group = PREFIX + call.route.names[0]
        if _group(call.store, group) is None:
            raise Refused(404, "NotFound", f"'{group}' not found")
        if call.method == "DELETE" and call.store.get(call.key) is None:
            raise Refused(404, "NotFound", f"'{call.path()}' not found")
        if call.method == "GET" and len(call.route.names) == 1:
            rows = [row.body for row in call.store.of_type(self.key) if row.key.startswith(group.lower() + "/")]
            return json_answer({"value": rows, "@nextLink": None})
        return None

    def fill(self, write: Write) -> None:
        """Settings belong to the tenant; without a default group new subscriptions go to the root."""
        if write.call.route.names[0].lower() != TENANT_ID:
            write.refuse("BadRequest", "Hierarchy settings exist only on the root management group.")
        given: Body = write.body["properties"]
        default = given.get("defaultManagementGroup")
        if default is not None and _group(write.store, PREFIX + str(default).rpartition("/")[2]) is None:
            write.refuse("NotFound", f"'{default}' not found", 404)
        write.body["properties"] = {
            "tenantId": TENANT_ID,
            "requireAuthorizationForGroupCreation": given.get("requireAuthorizationForGroupCreation"),
            "defaultManagementGroup": None if default is None else str(default).rpartition("/")[2],
        }


def root_group() -> Body:
    """The tenant's root management group."""
    return {
        "id": ROOT,
        "type": ManagementGroups.type,
        "name": TENANT_ID,
        "properties": {
            "tenantId": TENANT_ID,
            "displayName": "Root Management Group",
            "details": {
                "version": 1,
                "updatedTime": "2020-01-01T00:00:00.0000000Z",
                "updatedBy": TENANT_ID,
                "parent": None,
            },
        },
    }


def _entry(body: Body) -> Body:
    properties = {name: body["properties"][name] for name in ("tenantId", "displayName")}
    return {**{name: body[name] for name in ("id", "type", "name")}, "properties": properties}


def _group(store: Store, id: str) -> Body | None:
    if id.lower() == ROOT.lower():
        return root_group()
    row = store.get(id.lower())
    return row.body if row is not None and row.type == TYPE else None


def _chain(store: Store, id: str, stop: str) -> Any:
    while id and id.lower() != ROOT.lower():
        yield id.lower()
        if id.lower() == stop:
            return
        group = _group(store, id)
        id = str(group["properties"]["details"]["parent"]["id"]) if group else ""


def children(store: Store, id: str, deep: bool) -> list[Body]:
    """The groups and subscriptions directly in a group, with theirs below when `deep`."""
    found: list[Body] = []
    for row in store.of_type(TYPE):
        properties = row.body["properties"]
        if str(properties["details"]["parent"]["id"]).lower() == id.lower():
            child: Body = {
                "type": ManagementGroups.type,
                "id": row.id,
                "name": row.name,
                "displayName": properties["displayName"],
            }
            if deep:
                child["children"] = children(store, row.id, deep)
            found.append(child)
    placed = {row.name.lower(): row for row in store.of_type(MEMBERSHIP)}
    for row in store.of_type("microsoft.resources/subscriptions"):
        place = placed.get(row.name.lower())
        if (place.scope if place is not None else ROOT.lower()) == id.lower():
            found.append(
                {"type": "/subscriptions", "id": row.id, "name": row.name, "displayName": row.body["displayName"]}
            )
    return found


def check_name(call: Call) -> Body:
    """POST checkNameAvailability."""
    name = str(call.json().get("name", ""))
    odd = "".join(dict.fromkeys(character for character in name if not NAME_CHARACTERS.fullmatch(character)))
    if odd:
        message = (
            f"The provided management group name '{name}' has these invalid characters: '{odd}'. The name can only be an "
            "ASCII letter, digit, -, _, (, ), ."
        )
        return {"nameAvailable": False, "reason": "Invalid", "message": message}
    if _group(call.store, PREFIX + name) is not None:
        message = "The group with the specified name already exists"
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
    return {"nameAvailable": True}


def entities(call: Call) -> Body:
    """POST getEntities: every group and subscription that the caller may see."""
    shown = []
    for body in (root_group(), *(row.body for row in call.store.of_type(TYPE))):
        parent = (body["properties"]["details"]["parent"] or {}).get("id")
        properties = {"tenantId": TENANT_ID, "displayName": body["properties"]["displayName"], "parent": {"id": parent}}
        shown.append({"id": body["id"], "type": body["type"], "name": body["name"], "properties": properties})
    return {"value": shown, "count": len(shown)}


def start_backfill(_call: Call) -> Body:
    """POST startTenantBackfill: every subscription is in the hierarchy from the start."""
    return {"tenantId": TENANT_ID, "status": "Completed"}


def operation_status(call: Call) -> Answer:
    """GET operationResults/{verb}/asyncOperation/status/managementGroups/{name}: named after the group, not the operation."""
    operation, running = _polled(call)
    status = "Running" if running else operation.status
    body: Body = {"id": call.path(), "name": call.values["name"], "status": status}
    group = _group(call.store, operation.key)
    if not running and group is not None and operation.data["method"] == "PUT":
        body["properties"] = _settled(group)
    if not running:
        return json_answer(body)
    location = call.url().replace("/asyncOperation/status/", "/")
    return json_answer(body, headers={"Azure-AsyncOperation": call.url(), "Location": location, "retry-after-ms": "1"})


def operation_result(call: Call) -> Answer:
    """GET operationResults/{verb}/managementGroups/{name}: 202 while it runs, then the receipt with what came of it."""
    operation, running = _polled(call)
    id = PREFIX + call.values["name"]
    status = "Running" if running else operation.status
    body: Body = {"id": id, "type": ManagementGroups.type, "name": call.values["name"], "status": status}
    group = _group(call.store, operation.key)
    if not running and group is not None and operation.data["method"] == "PUT":
        body["properties"] = _settled(group)
    headers = {"Location": call.url(), "retry-after-ms": "1"} if running else None
    return json_answer(body, 202 if running else 200, headers)


def _polled(call: Call) -> tuple[operations.Operation, bool]:
    operation = operations.latest(call, PREFIX + call.values["name"])
    if operation is None:
        raise Refused(404, "NotFound", f"'{call.path()}' not found")
    running = operations.one_poll_less(call, operation)
    if not running:
        operation = operations.advance(call, operation)
    return operation, running or operation.finished is None


def _settled(group: Body) -> Body:
    """The properties of a group without its place, as an operation shows them."""
    properties = group["properties"]
    details = {name: value for name, value in properties["details"].items() if name != "parent"}
    return {**{name: properties[name] for name in ("tenantId", "displayName")}, "details": details}


OPERATION = "/providers/Microsoft.Management/operationResults/{verb}"
ENDPOINTS = (
    Endpoint("GET", OPERATION + "/asyncOperation/status/managementGroups/{name}", operation_status),
    Endpoint("GET", OPERATION + "/managementGroups/{name}", operation_result),
    Endpoint("POST", "/providers/Microsoft.Management/checkNameAvailability", check_name),
    Endpoint("POST", "/providers/Microsoft.Management/getEntities", entities),
    Endpoint("POST", "/providers/Microsoft.Management/startTenantBackfill", start_backfill),
    Endpoint("POST", "/providers/Microsoft.Management/tenantBackfillStatus", start_backfill),
)
