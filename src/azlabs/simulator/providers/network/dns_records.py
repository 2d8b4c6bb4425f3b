"""What public and private DNS zones share: names, record lists, counters, the records every zone is born with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

RECORD_NAMES = NameRule(
    r"[^\s/]{1,255}",
    "BadRequest",
    "The relative record set name '{name}' is invalid.",
)
ZONE_NAMES = NameRule(
    r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_\-]{0,62})*",
    "BadRequest",
    "The zone name '{name}' is invalid. The zone name must have between 1 and 253 characters.",
)


class RecordSet(ResourceType):
    """Records of one name and type in a zone."""

    located = tagged = False
    etag = True
    name_rule = RECORD_NAMES
    creates, updates = Announce(201), Announce(200)
    deletes = Announce(200, body=False)
    not_found = (
        "NotFound",
        "The resource record '{name}' does not exist in resource group '{group}' of subscription '{subscription}'.",
    )
    several: ClassVar[str | None] = None
    """Member that holds the records as a list; None for types with a single record."""
    apex_only: ClassVar[bool] = False

    def fill(self, write: Write) -> None:
        """The full name; an empty list where no record was given."""
        mine = write.body.setdefault("properties", {})
        zone = write.id.split("/")[8]
        mine["fqdn"] = f"{zone}." if write.name == "@" else f"{write.name}.{zone}."
        if self.several is not None:
            mine.setdefault(self.several, [])

    def validate(self, write: Write) -> None:
        """The start of authority belongs to the zone itself."""
        if self.apex_only and write.name != "@":
            refuse("BadRequest", f"The resource record '{write.name}' of type SOA is only allowed at the zone apex '@'.")

    def deleting(self, write: Write) -> None:
        """The records that make a zone stay."""
        if write.name == "@" and self.type.rpartition("/")[2] in ("SOA", "NS"):
            refuse("BadRequest", f"The resource record '@' of type {self.type.rpartition('/')[2]} cannot be deleted.")

    def shown(self, body: Body, _reader: Reader) -> Body:
        """DNS writes etags without the mark of weak ones."""
        body["etag"] = str(body.get("etag", "")).removeprefix("W/").strip('"')
        return body


def records(reader: Reader, zone: str) -> Iterator[Resource]:
    """Stored record sets of a zone, by the zone's id."""
    for key, kind in reader.store.keys_below(zone.lower()):
        row = reader.store.get(key)
        if row is not None and kind.rpartition("/")[2] not in ("virtualnetworklinks", "dnssecconfigs"):
            yield row


def listed(call: Call, zone: Body) -> Body:
    """All record sets of a zone as the REST API lists them; `$recordsetnamesuffix` narrows, `$top` cuts."""
    from azlabs.simulator.resource_manager import registry, views

    suffix = call.query.get("$recordsetnamesuffix", "").lower()
    found = []
    for row in sorted(records(call, zone["id"]), key=lambda row: (row.name != "@", row.name, row.type)):
        kind = registry.find(row.type)
        if kind is not None and row.name.lower().endswith(suffix):
            found.append(views.show(call, kind, row.copy(), row.key))
    top = call.query.get("$top", "")
    return {"value": found[: int(top)] if top.isdecimal() else found}


def born_with(write: Write, name: str, version: str, body: Body) -> None:
    """Put a record set that comes with the zone."""
    answer = write.call.internal("PUT", f"{write.id}/{name}", version, body)
    if answer.status >= 300:
        raise AssertionError(f"a zone's own record was refused: {json.dumps(answer.json())}")


def single(name: str) -> dict[str, Any]:
    """Attributes of a record type that holds one record."""
    return {"several": None, "apex_only": name == "SOA"}
