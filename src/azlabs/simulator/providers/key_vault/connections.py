"""Private endpoint connections of vaults and managed HSMs: made by endpoints that name them, decided about here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.resource_manager import operations, reads
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader

STATUSES = ("Approved", "Rejected", "Pending")
KINDS = {
    "vaults": ("vault", "privatelink.vaultcore.azure.net"),
    "managedHSMs": ("managedhsm", "privatelink.managedhsm.azure.net"),
}
"""Type to the group and the DNS zone of its private link."""


def of(reader: Reader, holder: Body) -> list[Body]:
    """The connections of a vault or managed HSM as they are shown."""
    links = [link for link in reader.store.links_to(str(holder["id"]).lower()) if "LinkServiceConnections" in link.path]
    if not links:
        return []
    row = reader.store.get(str(holder["id"]).lower())
    decided: Body = (row.hidden if row is not None else {}).get("connections") or {}
    found = []
    for link in links:
        endpoint, _, name = link.holder.rpartition("/")
        manual = "manual" in link.path
        name = name or uuid.uuid5(uuid.NAMESPACE_URL, link.holder.lower()).hex
        state = decided.get(name.lower()) or {"status": "Pending" if manual else "Approved", "actionsRequired": "None"}
        if state["status"] == "Removed":
            continue
        found.append({
            "id": f"{holder['id']}/privateEndpointConnections/{name}", "name": name,
            "type": "Microsoft.KeyVault/vaults/privateEndpointConnections", "location": holder.get("location"),
            "properties": {
                "provisioningState": "Succeeded", "privateEndpoint": {"id": endpoint.rpartition("/")[0]},
                "privateLinkServiceConnectionState": state,
            },
        })  # fmt: skip
    return found


class _Connections(ResourceType):
    """A view of the endpoints that name the holder, with what was decided about each."""

    operation_paths = ("operations", "managedHsmOperationResults")

    def handle(self, call: Call) -> Answer | None:
        """Everything: there are no rows of this type."""
        holder = _holder(call)
        found = of(call, holder.body)
        if len(call.route.names) == 1:
            return json_answer({"value": [{name: item[name] for name in ("id", "properties")} for item in found]})
        one = next((item for item in found if item["name"].lower() == call.name.lower()), None)
        if one is None:
            if call.method == "DELETE":
                return Answer(204)
            raise Refused(
                404,
                "PrivateEndpointConnectionNotFound",
                f"The private endpoint connection '{call.name}' was not found.",
            )
        if call.method == "GET":
            return json_answer(one)
        if call.method not in ("PUT", "DELETE"):
            return None
        return self._decide(call, holder, one)

    def _decide(self, call: Call, holder: Resource, one: Body) -> Answer:
        with call.store.writing():
            hidden, state = holder.hidden, {"status": "Removed"}
            if call.method == "PUT":
                state = (call.json().get("properties") or {}).get("privateLinkServiceConnectionState") or {}
                if state.get("status") not in STATUSES:
                    raise Refused(
                        400, "BadRequest", f"The status of a connection has to be one of {', '.join(STATUSES)}."
                    )
                state = {"actionsRequired": "None", **state}
            hidden.setdefault("connections", {})[one["name"].lower()] = state
            holder.hidden_text = dumps(hidden)
            call.store.update(holder)
            announce = (
                Announce(200, headers=("azure-asyncoperation",))
                if call.method == "PUT"
                else Announce(202, headers=("location",))
            )
            headers = operations.start(call, self, call.key, announce, location=holder.location)
        if call.method == "DELETE":
            return Answer(202, headers)
        properties = one["properties"] | {"provisioningState": "Updating", "privateLinkServiceConnectionState": state}
        return json_answer({**one, "etag": uuid.uuid4().hex, "properties": properties}, 200, headers)


class _LinkResources(ResourceType):
    """What a private endpoint can stand for."""

    methods = frozenset({"GET"})

    def handle(self, call: Call) -> Answer | None:
        """A list of one."""
        if call.method != "GET" or len(call.route.names) != 1:
            return None
        holder = _holder(call)
        group, zone = KINDS[self.type.split("/")[1]]
        properties = {"groupId": group, "requiredMembers": ["default"], "requiredZoneNames": [zone]}
        id = f"{holder.id}/privateLinkResources/{group}"
        return json_answer({"value": [{"id": id, "name": group, "type": self.type, "properties": properties}]})


def _holder(call: Call) -> Resource:
    row = call.store.get(call.route.path_of(1).lower())
    if row is None:
        call.manager.require_group(call)
        raise reads.parent_missing(call, call.kind) if call.kind is not None else Refused(404, "ResourceNotFound", "")
    return row


def _types(name: str) -> None:
    for base, segment in ((_Connections, "privateEndpointConnections"), (_LinkResources, "privateLinkResources")):
        attributes: dict[str, Any] = {
            "__doc__": base.__doc__, "type": f"Microsoft.KeyVault/{name}/{segment}", "located": False, "tagged": False,
        }  # fmt: skip
        type(f"{name}{segment}", (base,), attributes)


for _name in KINDS:
    _types(_name)
