"""Migration of a Standard namespace to a Premium one: what is in it is copied, and then the name moves over."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.providers.messaging.base import Body, Child, bad, namespace_of, tier
from azlabs.simulator.providers.service_bus.namespaces import NAMESPACE
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

COPIED = ("/queues", "/topics", "/authorizationrules")
"""Folders of a namespace that go over, with everything below."""


class Migrations(Child):
    """The one migration of a namespace, called "$default" and shown under the namespace's name."""

    type = f"{NAMESPACE}/migrationConfigurations"
    name_rule = NameRule(r"\$default", "BadRequest", "The migration has to be called '$default', not '{name}'.")
    state = "properties.provisioningState"
    creates = updates = Announce(200, "Accepted")

    def fill(self, write: Write) -> None:
        """From a Standard namespace to an empty Premium one."""
        super().fill(write)
        del write.body["location"]
        target = str(write.get("properties.targetNamespace") or "")
        alternate = write.get("properties.postMigrationName")
        other = write.store.get(target.lower())
        if tier(write, write.key) != "Standard":
            bad("Only a Standard namespace can be migrated.")
        if other is None or other.type != NAMESPACE.lower() or other.body["sku"]["tier"] != "Premium":
            bad(f"The target namespace '{target}' has to be a Premium namespace that exists.")
        if not isinstance(alternate, str) or not alternate:
            bad("The postMigrationName is required.")
        if write.before is None and _entities(write, other):
            bad(f"The target namespace '{other.name}' has to be empty.")
        write.body["properties"] = {
            "targetNamespace": other.id, "postMigrationName": alternate, "migrationState": "Active",
            "pendingReplicationOperationsCount": 0,
        }  # fmt: skip

    def written(self, write: Write) -> None:
        """Copy what is in the namespace."""
        here, other = (
            namespace_of(write, write.key),
            write.store.get(write.body["properties"]["targetNamespace"].lower()),
        )
        if other is None or write.before is not None:
            return
        for row in write.store.below(here.key):
            rest = row.id[len(here.id) :]
            if rest.lower().startswith(COPIED) and not write.store.exists(f"{other.key}{rest.lower()}"):
                _copy(write, row, here, other)

    def accepted(self, write: Write, shown: Body) -> None:  # noqa: ARG002
        """First it only begins."""
        shown["properties"].pop("pendingReplicationOperationsCount", None)
        shown["properties"]["migrationState"] = "Initiating"

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """Under the name of the namespace."""
        body["name"] = body["id"].split("/")[8]
        return body

    @action("upgrade")
    def upgrade(self, call: Call, body: Body) -> None:
        """The Premium namespace answers to the name; the Standard one to the other name."""
        namespace = namespace_of(call, call.key)
        document = namespace.copy()
        document["properties"]["alternateName"] = body["properties"]["postMigrationName"]
        namespace.body = document
        call.store.update(namespace)
        row = call.store.get(call.key)
        if row is not None:
            own = row.copy()
            own["properties"].pop("pendingReplicationOperationsCount", None)
            row.body = own
            call.store.update(row)

    @action("revert")
    def revert(self, call: Call, body: Body) -> None:
        """Give the migration up."""
        if namespace_of(call, call.key).body["properties"].get("alternateName"):
            bad("A completed migration cannot be reverted.")
        other = call.store.get(body["properties"]["targetNamespace"].lower())
        for row in _entities(call, other) if other is not None else ():
            if call.store.exists(row.key):
                call.store.delete(row.key)
        call.store.delete(call.key)


def _entities(reader: Reader, namespace: Resource) -> list[Resource]:
    folders = tuple(f"{namespace.key}{folder}/" for folder in COPIED[:2])
    return [row for row in reader.store.below(namespace.key) if row.key.startswith(folders)]


def _copy(write: Write, row: Resource, here: Resource, other: Resource) -> None:
    id = other.id + row.id[len(here.id) :]
    made = Resource(
        0, id.lower(), id, row.type, other.key + row.scope[len(here.key) :], row.subscription, other.location, str(uuid.uuid4()),
        write.api_version, write.now, write.now, None, None, row.hidden_text,
    )  # fmt: skip
    body = {**row.copy(), "id": id, "location": other.location}
    if "maxMessageSizeInKilobytes" in body["properties"]:
        body["properties"]["maxMessageSizeInKilobytes"] = 1024
    made.body = body
    write.store.insert(made)
