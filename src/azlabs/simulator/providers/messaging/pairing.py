"""Disaster recovery configurations: an alias for a pair of namespaces, of which the second takes over on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.messaging.base import Body, Child, bad, namespace_key, namespace_of, new_row, tier
from azlabs.simulator.providers.messaging.keys import shown_keys
from azlabs.simulator.providers.messaging.namespaces import named
from azlabs.simulator.resource_manager import reads, registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Write


class Pairings(Child):
    """One side of a pair. The other side has a configuration of the same name."""

    state = "properties.provisioningState"
    creates = updates = Announce(200, "Accepted")
    tiers: tuple[str, ...] = ("Premium",)

    def handle(self, call: Call) -> Answer | None:
        """A question about a name looks like an alias."""
        if call.method == "POST" and call.name.lower() == "checknameavailability":
            return json_answer(check_alias(call))
        return None

    def fill(self, write: Write) -> None:
        """Two namespaces of one tier in two regions, neither of them paired already."""
        super().fill(write)
        del write.body["location"]
        here = namespace_of(write, write.key)
        target = str(write.get("properties.partnerNamespace") or "")
        other = write.store.get(target.rstrip("/").lower())
        if tier(write, write.key) not in self.tiers:
            bad(f"Pairing is supported by namespaces of these tiers only: {', '.join(self.tiers)}.")
        if other is None or other.type != here.type:
            bad(f"The partner namespace '{target}' was not found.")
        if other.key == here.key or other.location == here.location:
            bad("The partner namespace has to be another one, in another region.")
        if other.body["sku"]["tier"] != here.body["sku"]["tier"]:
            bad("The namespaces of a pair have to be of the same tier.")
        for side in (here, other):
            others = [row for row in write.store.at_scope(side.key, self.key) if row.name.lower() != write.name.lower()]
            if (others and side.key == here.key) or any(row.body["properties"]["partnerNamespace"] for row in others):
                bad(f"The namespace {side.name} is part of a pair already.")
        if write.before is None and named(write, write.name):
            bad(f"The alias '{write.name}' is not available: a namespace has this name.")
        if write.old("properties.role") == "Secondary":
            bad("The secondary namespace of a pair cannot be paired again.")
        write.body["properties"] = {"partnerNamespace": other.id, "role": "Primary", "type": "MetadataReplication"}

    def written(self, write: Write) -> None:
        """The other side."""
        here = namespace_of(write, write.key)
        other = write.store.get(write.body["properties"]["partnerNamespace"].lower())
        if other is None or write.store.exists(f"{other.key}/{self.key.rpartition('/')[2]}/{write.name.lower()}"):
            return
        mine = {
            "partnerNamespace": here.id,
            "role": "Secondary",
            "type": "MetadataReplication",
            "provisioningState": "Succeeded",
        }
        row = new_row(write, self, other, write.name, {"properties": mine})
        document = row.copy()
        del document["location"]
        row.body = document
        write.store.update(row)

    def deleting(self, write: Write) -> None:
        """Not while both sides belong together."""
        if write.body["properties"]["partnerNamespace"]:
            bad("The alias cannot be deleted while the namespaces are paired: break the pairing first.")

    def _sides(self, call: Call) -> tuple[Resource, Resource | None]:
        row = call.store.get(call.key)
        if row is None:
            raise reads.not_found(call, self)
        partner = row.body["properties"]["partnerNamespace"].lower()
        folder = self.key.rpartition("/")[2]
        return row, call.store.get(f"{partner}/{folder}/{call.name.lower()}") if partner else None

    @action("breakPairing")
    def break_pairing(self, call: Call, body: Body) -> None:
        """The primary keeps the alias and stands alone."""
        row, other = self._sides(call)
        if body["properties"]["role"] != "Primary":
            bad("Only the primary namespace of a pair can break the pairing.")
        if other is not None:
            call.store.delete(other.key)
        _alone(call, row)

    @action("failover")
    def failover(self, call: Call, body: Body) -> None:
        """The secondary takes the alias over and stands alone."""
        row, other = self._sides(call)
        if body["properties"]["role"] != "Secondary":
            bad("Failover has to be asked of the secondary namespace of a pair.")
        if other is not None:
            call.store.delete(other.key)
        _alone(call, row)


def _alone(call: Call, row: Resource) -> None:
    document = row.copy()
    document["properties"] |= {"partnerNamespace": "", "role": "PrimaryNotReplicating"}
    row.body = document
    call.store.update(row)


class PairingRules(Child):
    """The authorization rules of the namespace, seen through the alias."""

    methods = frozenset({"GET"})

    def handle(self, call: Call) -> Answer | None:
        """There are no rows of this type."""
        names = call.route.names
        namespace = namespace_of(call, call.key)
        pairing = call.store.get(f"{namespace.key}/disasterrecoveryconfigs/{names[1].lower()}")
        if pairing is None:
            raise Refused(404, "NotFound", f"The alias {names[1]} was not found.")
        rules = registry.find(f"{namespace.type}/authorizationrules")
        rows = call.store.at_scope(namespace.key, rules.key) if rules is not None else []
        found = [_through(pairing, row.body) for row in rows]
        if len(names) < len(call.route.types):
            return json_answer({"value": found})
        one = next((item for item in found if item["name"].lower() == call.name.lower()), None)
        if one is None:
            raise reads.not_found(call, self)
        if call.method != "GET":
            raise Refused(
                405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'."
            )
        return json_answer(one)


def _through(pairing: Resource, rule: Body) -> Body:
    return {**rule, "id": f"{pairing.id}/authorizationRules/{rule['name']}"}


def alias_keys(call: Call) -> Body:
    """Keys of a rule with the connection strings of the alias."""
    namespace = namespace_of(call, call.path())
    row = call.store.get(f"{namespace.key}/authorizationrules/{call.values['rule'].lower()}")
    alias = call.store.get(f"{namespace.key}/disasterrecoveryconfigs/{call.values['alias'].lower()}")
    if row is None or alias is None:
        raise Refused(404, "NotFound", "The alias or the authorization rule was not found.")
    return shown_keys(call, row, alias.name)


def check_alias(call: Call) -> Body:
    """Is a name free for an alias?"""
    namespace_of(call, namespace_key(call.path()))
    name = call.json().get("name")
    if not isinstance(name, str) or not name:
        bad("The name of the alias is required.")
    if named(call, name):
        return {"nameAvailable": False, "reason": "NameInUse", "message": f"The name {name} is in use."}
    return {"nameAvailable": True, "reason": "None"}
