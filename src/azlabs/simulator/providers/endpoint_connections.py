"""Private endpoint connections of a service: views of the endpoints that name it, with what was decided about each.

A provider subclasses `EndpointConnections` for each of its types that private endpoints can connect to.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.resource_manager import operations, reads
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.gates import action_of
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader

Body = dict[str, Any]
MANUAL = "/manualprivatelinkserviceconnections/"
STATES = ("Approved", "Rejected", "Pending", "Disconnected")


class EndpointConnections(ResourceType):
    """Every request is answered from the endpoints' links and the owner's decisions: there are no rows of this type."""

    located = tagged = False
    state = None
    methods = frozenset({"GET", "PUT", "DELETE"})
    creates = Announce(200)
    missing_delete = 204
    one_group: ClassVar[bool] = False
    """Shows `groupId` instead of `groupIds`."""
    approved: ClassVar[str] = "Auto-Approved"
    """Description of a connection that the service approved by itself; "": none."""
    plain_name: ClassVar[bool] = False
    """Named as its endpoint; else the endpoint's name and a GUID."""
    action_word: ClassVar[str] = "actionsRequired"
    """Member of a connection's state that says whether something is left to do."""
    refused: ClassVar[tuple[str, str]] = ("BadRequest", "The connection's status '{status}' is not one of {allowed}.")
    """Code and message for a decision that is none."""
    first_answer: ClassVar[Body | None] = None
    """`properties` that the first answer to a decision has otherwise."""

    @classmethod
    def of(cls, reader: Reader, owner: str) -> list[Body]:
        """The connections of the resource with this key, as they are shown."""
        row = reader.store.get(owner)
        if row is None:
            return []
        decided: dict[str, Any] = row.hidden.get("connections") or {}
        found = []
        for link in reader.store.links_to(owner):
            endpoint, manual, _ = _split(link.holder)
            if not endpoint:
                continue
            name = cls.name_of(row, endpoint, link.holder)
            state = decided.get(name) or _first_state(manual, cls.approved)
            if state["status"] != "Removed":
                found.append(cls.shape(reader, row, name, endpoint, link.holder, state))
        return found

    @classmethod
    def name_of(cls, owner: Resource, endpoint: str, holder: str) -> str:  # noqa: ARG003
        """The connection's name."""
        name = endpoint.rpartition("/")[2]
        return name if cls.plain_name else f"{name}.{uuid.uuid5(uuid.NAMESPACE_URL, holder.lower())}"

    @classmethod
    def shape(cls, reader: Reader, owner: Resource, name: str, endpoint: str, holder: str, state: Body) -> Body:
        """One connection as a GET shows it."""
        connection = reader.find(holder) or {}
        groups = (connection.get("properties") or {}).get("groupIds") or []
        mine: Body = {"provisioningState": "Succeeded", "privateEndpoint": {"id": endpoint}}
        if cls.one_group:
            mine["groupId"] = groups[0] if groups else ""
        else:
            mine["groupIds"] = groups
        shown = {word: value for word, value in state.items() if value or word != "description"}
        if "actionsRequired" in shown:
            shown[cls.action_word] = shown.pop("actionsRequired")
        mine["privateLinkServiceConnectionState"] = shown
        return {
            "id": f"{owner.id}/privateEndpointConnections/{name}",
            "name": name,
            "type": cls.type,
            "properties": mine,
        }

    @classmethod
    def listed(cls, one: Body) -> Body:
        """One connection as a list shows it."""
        return one

    def handle(self, call: Call) -> Answer | None:
        """Read, decide, take away."""
        key = (
            call.key
            if len(call.route.names) < len(call.route.types)
            else call.key.rpartition("/")[0].rpartition("/")[0]
        )
        owner = call.store.get(key)
        if owner is None:
            reads.missing_above(call, self)
            raise reads.not_found(call, self)
        shown = self.of(call, key)
        if len(call.route.names) < len(call.route.types):
            return json_answer({"value": [self.listed(one) for one in shown]})
        one = next((item for item in shown if item["name"].lower() == call.name.lower()), None)
        if call.method == "GET" and one is not None:
            return json_answer(one)
        if call.method == "DELETE" and one is None:
            return Answer(self.missing_delete)
        if one is None:
            raise reads.not_found(call, self)
        call.manager.gates.check("action", call.principal, call)
        state: Body = {"status": "Removed"}
        if call.method == "PUT":
            asked = (call.json().get("properties") or {}).get("privateLinkServiceConnectionState") or {}
            if asked.get("status") not in STATES:
                code, message = self.refused
                refuse(code, message.format(status=asked.get("status"), allowed=", ".join(STATES)))
            state = {"status": asked["status"], "description": asked.get("description", ""), "actionsRequired": "None"}
            shown_state = {**state, self.action_word: "None"}
            if self.action_word != "actionsRequired":
                del shown_state["actionsRequired"]
            one["properties"]["privateLinkServiceConnectionState"] = shown_state
        return self._decided(call, owner, one, state)

    def _decided(self, call: Call, owner: Resource, one: Body, state: Body) -> Answer:
        with call.store.writing():
            hidden = owner.hidden
            hidden["connections"] = {**(hidden.get("connections") or {}), one["name"]: state}
            owner.hidden_text = dumps(hidden)
            call.store.update(owner)
            announce = self.deletes if call.method == "DELETE" else self.creates
            headers: dict[str, str] = {}
            if announce.headers:
                data = {"result": one} if call.method == "PUT" else {}
                headers = operations.start(call, self, call.key, announce, location=owner.location, data=data)
            call.store.note_activity(call.now, call.key, action_of(call), announce.status, "", call.principal.object_id)
        if isinstance(announce.body, str):
            return json_answer(announce.body, announce.status, headers)
        if call.method == "DELETE":
            return Answer(announce.status, headers)
        first = {**one, "properties": {**one["properties"], **(self.first_answer or {})}}
        return json_answer(first, announce.status, headers)


def _split(holder: str) -> tuple[str, bool, str]:
    """(id of the endpoint, was it asked for by hand, name of the connection); "" where the holder is no endpoint's."""
    lowered = holder.lower()
    for folder in (MANUAL, "/privatelinkserviceconnections/"):
        at = lowered.find(folder)
        if at >= 0:
            return holder[:at], folder == MANUAL, holder[at + len(folder) :]
    return "", False, ""


def _first_state(manual: bool, approved: str) -> Body:
    if manual:
        return {"status": "Pending", "description": "Awaiting Approval", "actionsRequired": "None"}
    return {"status": "Approved", "description": approved, "actionsRequired": "None"}
