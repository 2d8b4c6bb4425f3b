"""Private endpoint connections of accounts, and what private endpoints can stand for."""

from __future__ import annotations

from azlabs.simulator.providers.document_db.base import ACCEPTED, ACCOUNT, Body, account_of
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.resource_manager.calls import Call
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Endpoint


class Connections(EndpointConnections):
    """Named as the endpoint; a decision is queued."""

    type = f"{ACCOUNT}/privateEndpointConnections"
    one_group = plain_name = True
    approved = ""
    creates = deletes = ACCEPTED
    operation_paths = ("operationsStatus", "operationResults")
    operation_body = "status"
    operation_waiting = ("Enqueued",)


def link_resources(call: Call) -> Body:
    """What private endpoints can stand for: each API that the account speaks."""
    account = account_of(call, call.path())
    if account is None:
        raise Refused(404, "ResourceNotFound", f"The account {call.values['account']} was not found.")
    return {
        "value": [
            {
                "id": f"{account.id}/privateLinkResources/{api}",
                "name": api,
                "type": f"{ACCOUNT}/privateLinkResources",
                "properties": {
                    "groupId": api,
                    "requiredMembers": [
                        account.body["name"],
                        *(one["id"] for one in account.body["properties"]["locations"]),
                    ],
                    "requiredZoneNames": [
                        "privatelink.documents.azure.com" if api == "Sql" else f"privatelink.{zone}.cosmos.azure.com"
                    ],
                },
            }
            for api in account.body["properties"]["EnabledApiTypes"].split(", ")
            for zone in ({"MongoDB": "mongo"}.get(api, api.lower()),)
        ]
    }


ENDPOINTS = [
    Endpoint(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DocumentDB/databaseAccounts/{account}/privateLinkResources",
        link_resources,
    )
]
