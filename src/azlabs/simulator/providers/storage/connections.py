"""Private endpoint connections of an account: made by endpoints that name it, approved or rejected here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.storage.base import ACCOUNT, Body, StorageType, account_of
from azlabs.simulator.providers.storage.signatures import store_hidden
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.gates import action_of
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader

GROUPS = {
    "StorageV2": ("blob", "table", "queue", "file", "web", "dfs"),
    "Storage": ("blob", "table", "queue", "file"),
    "BlobStorage": ("blob", "table", "dfs"),
    "BlockBlobStorage": ("blob", "web", "dfs"),
    "FileStorage": ("file",),
}
"""What a private endpoint can stand for, by kind of account."""


def connections(reader: Reader, account: Body) -> list[Body]:
    """The connections of an account as they are shown."""
    row = reader.store.get(account["id"].lower())
    decided: dict[str, Any] = (row.hidden if row is not None else {}).get("connections") or {}
    found = []
    for link in reader.store.links_to(account["id"].lower()):
        if "rivateLinkServiceConnections" not in link.path:
            continue
        endpoint = link.holder.partition("/privateLinkServiceConnections/")[0].partition(
            "/manualPrivateLinkServiceConnections/"
        )[0]
        name = f"{account['name']}.{uuid.uuid5(uuid.NAMESPACE_URL, link.holder.lower())}"
        state = decided.get(name) or {
            "status": "Pending" if "manual" in link.path.lower() else "Approved",
            "description": "" if "manual" in link.path.lower() else "Auto-Approved",
        }
        if state.get("status") == "Removed":
            continue
        found.append(
            {
                "id": f"{account['id']}/privateEndpointConnections/{name}",
                "name": name,
                "type": f"{ACCOUNT}/privateEndpointConnections",
                "properties": {
                    "provisioningState": "Succeeded",
                    "privateEndpoint": {"id": endpoint},
                    "privateLinkServiceConnectionState": {"actionRequired": "None", **state},
                },
            }
        )
    return found


class PrivateEndpointConnections(StorageType):
    """A view of the endpoints that name the account, with what was decided about each."""

    type = f"{ACCOUNT}/privateEndpointConnections"

    def handle(self, call: Call) -> Answer | None:
        """Everything: there are no rows of this type."""
        account = account_of(call)
        shown = connections(call, account.body)
        if not call.name or len(call.route.names) == 1:
            return json_answer({"value": shown})
        one = next((item for item in shown if item["name"].lower() == call.name.lower()), None)
        if call.method == "DELETE" and one is None:
            return Answer(204)
        if one is None:
            raise Refused(
                404, "PrivateEndpointConnectionNotFound", f"The private endpoint connection {call.name} was not found."
            )
        if call.method == "GET":
            return json_answer(one)
        call.manager.gates.check("action", call.principal, call)
        state: Body = {"status": "Removed"}
        if call.method == "PUT":
            asked = (call.json().get("properties") or {}).get("privateLinkServiceConnectionState") or {}
            if asked.get("status") not in ("Approved", "Rejected", "Pending"):
                refuse(
                    "InvalidValuesForRequestParameters",
                    "Values for request parameters are invalid: privateLinkServiceConnectionState.status.",
                )
            state = {"status": asked["status"], "description": asked.get("description", "")}
            one["properties"]["privateLinkServiceConnectionState"].update(state)
        hidden = account.hidden
        hidden["connections"] = {**(hidden.get("connections") or {}), one["name"]: state}
        store_hidden(call, account, hidden)
        call.store.note_activity(call.now, call.key, action_of(call), 200, "", call.principal.object_id)
        return json_answer(one) if call.method == "PUT" else Answer(200)


def link_resources(call: Call) -> Body:
    """What private endpoints can stand for."""
    account = account_of(call)
    groups = GROUPS.get(account.body.get("kind", ""), ())
    return {
        "value": [
            {
                "id": f"{account.id}/privateLinkResources/{group}",
                "name": group,
                "type": f"{ACCOUNT}/privateLinkResources",
                "properties": {
                    "groupId": group,
                    "requiredMembers": [group],
                    "requiredZoneNames": [f"privatelink.{group}.core.windows.net"],
                },
            }
            for group in groups
        ]
    }


ENDPOINTS = [
    Endpoint(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}/privateLinkResources",
        link_resources,
    )
]
