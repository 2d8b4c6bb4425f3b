"""Private endpoint connections of an account: made by endpoints that name it, approved or rejected here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.providers.storage.base import ACCOUNT, Body, account_of
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader

GROUPS = {
    "StorageV2": ("blob", "table", "queue", "file", "web", "dfs"),
    "Storage": ("blob", "table", "queue", "file"),
    "BlobStorage": ("blob", "table", "dfs"),
    "BlockBlobStorage": ("blob", "web", "dfs"),
    "FileStorage": ("file",),
}
"""What a private endpoint can stand for, by kind of account."""


class PrivateEndpointConnections(EndpointConnections):
    """Named after the account, without groups."""

    type = f"{ACCOUNT}/privateEndpointConnections"
    action_word = "actionRequired"
    deletes = Announce(200)
    not_found = ("PrivateEndpointConnectionNotFound", "The private endpoint connection {name} was not found.")
    refused = (
        "InvalidValuesForRequestParameters",
        "Values for request parameters are invalid: privateLinkServiceConnectionState.status.",
    )

    @classmethod
    def name_of(cls, owner: Resource, endpoint: str, holder: str) -> str:  # noqa: ARG003
        """The account's name and a GUID."""
        return f"{owner.name}.{uuid.uuid5(uuid.NAMESPACE_URL, holder.lower())}"

    @classmethod
    def shape(cls, reader: Reader, owner: Resource, name: str, endpoint: str, holder: str, state: Body) -> Body:
        """As others, without the groups."""
        found = super().shape(reader, owner, name, endpoint, holder, state)
        del found["properties"]["groupIds"]
        return found


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
