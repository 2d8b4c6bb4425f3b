"""What the types of Microsoft.Web have in common."""

from __future__ import annotations

import functools
import json
import uuid
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import locations, reads, registry
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

SITE = "Microsoft.Web/sites"
SLOT = "Microsoft.Web/sites/slots"
PLAN = "Microsoft.Web/serverfarms"
SITE_KEY, SLOT_KEY, PLAN_KEY = SITE.lower(), SLOT.lower(), PLAN.lower()
SITE_DEPTH, SLOT_DEPTH = 9, 11
"""Segments of the ids of sites and slots, with the empty one in front."""

_T = TypeVar("_T", bound=type)


@functools.cache
def shapes() -> dict[str, Body]:
    """The members that Azure shows of a plan, a site, the settings inside a site and the settings alone, with the values
    that they have as long as nobody changes them."""
    text = resources.files("azlabs.simulator.providers.web").joinpath("shapes.json").read_text("utf-8")
    found: dict[str, Body] = json.loads(text)
    return found


def also_of_slots(kind: _T) -> _T:
    """Register the same type below slots."""
    type(
        f"{kind.__name__}OfSlot",
        (kind,),
        {"__doc__": kind.__doc__, "type": kind.type.replace(f"{SITE}/", f"{SLOT}/", 1), "__module__": kind.__module__},  # type: ignore[attr-defined]
    )
    return kind


def region(location: str) -> str:
    """The name of a region as App Service shows it: "West Europe"."""
    return str(locations.regions().get(locations.normalized(location), {}).get("displayName", location))


def app_key(key: str) -> str:
    """Key of the site or slot out of the key of anything below it."""
    parts = key.split("/")
    return "/".join(parts[: SLOT_DEPTH if parts[SITE_DEPTH : SITE_DEPTH + 1] == ["slots"] else SITE_DEPTH])


def app_of(call: Call) -> Resource:
    """The site or slot that the call's resource belongs to. Raises 404."""
    key = app_key(call.path().lower())
    row = call.store.get(key)
    if row is None:
        call.manager.require_group(call)
        kind = registry.find(SITE_KEY)
        raise (reads.parent_missing(call, call.kind) if call.kind is not None else reads.not_found(call, kind or ResourceType()))
    return row


def settings_of(reader: Reader, app: str, name: str) -> Body:
    """The settings `name` ("appsettings", "web"...) of a site or slot as they are stored: a fresh copy."""
    row = reader.store.get(f"{app.lower()}/config/{name.lower()}")
    properties: Body = row.copy()["properties"] if row is not None else {}
    return properties


def store_settings(reader: Reader, app: Resource, name: str, properties: Body) -> None:
    """Put the settings `name` in place of what is stored, without further checks."""
    id = f"{app.id}/config/{name}"
    row = reader.store.get(id.lower())
    kind = f"{SLOT_KEY if app.type == SLOT_KEY else SITE_KEY}/config"
    if row is not None:
        body = row.copy()
        body["properties"] = properties
        row.body, row.changed = body, reader.now
        reader.store.update(row)
        return
    row = Resource(
        0, id.lower(), id, kind, app.key, app.subscription, "", str(uuid.uuid4()), reader.api_version, reader.now, reader.now,
        None, None, None,
    )  # fmt: skip
    row.body = {"id": id, "name": name, "type": "Microsoft.Web/sites/config", "properties": properties}
    reader.store.insert(row)


def conflict(message: str) -> NoReturn:
    """409 in App Service's words."""
    refuse("Conflict", message, status=409)


def missing(what: str, name: str) -> NoReturn:
    """404 in App Service's words."""
    refuse("NotFound", f"Cannot find {what} with name {name}.", status=404)


def time_of(now: float) -> str:
    """A time as App Service writes it: no zone."""
    return stamp(now).rstrip("Z")


class WebType(ResourceType):
    """Something of App Service: answers at once, with 200, and knows no provisioning state."""

    state: ClassVar[str | None] = None
    creates = updates = patched = Announce(200, "Succeeded")
    deletes = Announce(200, body=False)


class Child(WebType):
    """Something below a site: shown with the site's location."""

    located = tagged = False
    shape: Body = {}
    """Members of `properties` that are always shown, and their values while nobody gave others."""
    shown_type = ""
    """The type that Azure shows, where it is not the real one (slots show the type below sites)."""

    def shown(self, body: Body, reader: Reader) -> Body:
        """Complete, with the location of the site."""
        row = reader.store.get(app_key(body["id"].lower()))
        properties = {**self.shape, **(body.get("properties") or {})}
        shown = {"id": body["id"], "name": body["name"], "type": self.shown_type or self.type.replace("/slots/", "/")}
        return {**shown, "location": region(row.location) if row is not None else "", "properties": properties}


def plan_of(reader: Reader, app: Body) -> Body | None:
    """The plan that a site runs on."""
    id = (app.get("properties") or {}).get("serverFarmId")
    return reader.find(id) if isinstance(id, str) else None


def is_function(app: Body) -> bool:
    """Is a site a function app?"""
    return "functionapp" in str(app.get("kind", "")).lower()


def text(value: Any) -> str:
    """A setting's value as App Service keeps it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def written_by(write: Write) -> Resource:
    """The row that a write has just stored."""
    assert write.resource is not None
    return write.resource
