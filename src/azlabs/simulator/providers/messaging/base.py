"""Types below a namespace of Service Bus or Event Hubs, and helpers for the rows that come with others.

Statuses, headers and words are those of recorded Azure answers.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
BOTH = ("azure-asyncoperation", "location")
NEVER = "0001-01-01T00:00:00Z"
FOREVER = "P10675199DT2H48M5.4775807S"
"""The longest time span there is, which stands for "never"."""


def bad(message: str) -> NoReturn:
    """Refuse what the service cannot do."""
    refuse("BadRequest", message)


def namespace_key(key: str) -> str:
    """The namespace's key out of the key of anything below it."""
    return "/".join(key.split("/")[:9])


def namespace_of(reader: Reader, key: str) -> Resource:
    """The namespace that `key` (or something below it) names. Raises 404."""
    row = reader.store.get(namespace_key(key.lower()))
    if row is None:
        raise Refused(
            404, "NamespaceNotFound", f"Namespace '{key.split('/')[8] if key.count('/') > 7 else ''}' not found"
        )
    return row


def tier(reader: Reader, key: str) -> str:
    """Tier of the namespace: Basic, Standard, Premium."""
    return str(namespace_of(reader, key).body["sku"]["tier"])


def new_row(
    call: Call | Write, kind: ResourceType, parent: Resource, name: str, body: Body, hidden: Body | None = None
) -> Resource:
    """Store something that comes with something else."""
    id = f"{parent.id}/{kind.type.rpartition('/')[2]}/{name}"
    row = Resource(
        0, id.lower(), id, kind.key, parent.key, parent.subscription, parent.location, str(uuid.uuid4()), call.api_version, call.now,
        call.now, None, None, dumps(hidden) if hidden else None,
    )  # fmt: skip
    row.body = {"id": id, "name": name, "type": kind.type, "location": parent.location, **body}
    call.store.insert(row)
    return row


class Child(ResourceType):
    """Something below a namespace: in its location, done at once, answered with 200."""

    located = tagged = False
    state: ClassVar[str | None] = None
    creates = updates = Announce(200)
    deletes = Announce(200, body=False)
    methods = frozenset({"GET", "PUT", "DELETE"})
    not_found = ("NotFound", "The requested resource {names} does not exist.")

    def fill(self, write: Write) -> None:
        """The location is the namespace's, whatever was sent."""
        write.body.pop("tags", None)
        write.body["location"] = namespace_of(write, write.key).location
        write.body.setdefault("properties", {})

    def dated(self, write: Write) -> None:
        """When it was made and changed last."""
        mine = write.body["properties"]
        mine["createdAt"] = write.old("properties.createdAt") or stamp(write.now)
        mine["updatedAt"] = stamp(write.now)
