"""Subscriptions, tenants, locations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.identity import TENANT_DOMAIN, TENANT_ID
from azlabs.simulator.resource_manager import access_gate, locations
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

TYPE = "microsoft.resources/subscriptions"
RESERVED_WORDS = frozenset({"microsoft", "windows", "azure", "xbox", "office365", "visualstudio", "bing", "skype"})
"""Words that checkResourceName does not allow; a part of the list in Microsoft's documentation "Resolve errors for reserved names"."""


def list_subscriptions(call: Call) -> dict[str, Any]:
    """Every subscription that the caller has a role in."""
    rows = [row for row in call.store.of_type(TYPE) if access_gate.knows(call, row.key)]
    return {"value": [row.body for row in rows], "count": {"type": "Total", "value": len(rows)}}


def get_subscription(call: Call) -> dict[str, Any]:
    """One subscription; with its tags once it has some."""
    row = call.store.get(f"/subscriptions/{call.route.subscription}")
    if row is None:
        raise Refused(404, "SubscriptionNotFound", f"The subscription '{call.route.subscription}' could not be found.")
    return row.body


def list_tenants(_call: Call) -> dict[str, Any]:
    """The one tenant."""
    tenant = {
        "id": f"/tenants/{TENANT_ID}",
        "tenantId": TENANT_ID,
        "countryCode": "US",
        "displayName": "azlabs",
        "domains": [TENANT_DOMAIN],
        "tenantCategory": "Home",
        "defaultDomain": TENANT_DOMAIN,
        "tenantType": "AAD",
    }
    return {"value": [tenant]}


def list_locations(call: Call) -> dict[str, Any]:
    """The regions, in the shape of the api-version that asks."""
    subscription, version = call.route.segments[1], call.api_version
    return {"value": [_location(subscription, name, facts, version) for name, facts in locations.regions().items()]}


def _location(subscription: str, name: str, facts: dict[str, Any], version: str) -> dict[str, Any]:
    root = f"/subscriptions/{subscription}/locations/"
    metadata = {
        "regionType": "Physical",
        "regionCategory": facts["category"],
        "geography": facts["geography"],
        "geographyGroup": facts["geographyGroup"],
        "longitude": facts["longitude"],
        "latitude": facts["latitude"],
        "physicalLocation": facts["physicalLocation"],
        "pairedRegion": [{"name": pair, "id": root + pair} for pair in [facts["paired"]] if pair],
    }
    shown: dict[str, Any] = {
        "id": root + name,
        "name": name,
        "type": "Region",
        "displayName": facts["displayName"],
        "regionalDisplayName": f"({facts['geographyGroup']}) {facts['displayName']}",
        "metadata": metadata,
    }
    if version < "2021-01-01":
        del shown["type"], metadata["geography"]
    if version >= "2022-12-01" and facts["zones"]:
        shown["availabilityZoneMappings"] = [
            {"logicalZone": str(zone), "physicalZone": f"{name}-az{zone}"} for zone in range(1, facts["zones"] + 1)
        ]
    return shown


def check_resource_name(call: Call) -> dict[str, Any]:
    """Is a name free of reserved words?"""
    body = call.json()
    name, kind = body.get("name"), body.get("type")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise Refused(400, "InvalidRequestContent", "The request content was invalid: 'name' and 'type' are required.")
    if any(word in name.lower() for word in RESERVED_WORDS):
        raise Refused(
            400,
            "ReservedResourceName",
            f"The resource name '{name}' or a part of the name is a trademarked or reserved word.",
        )
    return {"name": name, "type": kind, "status": "Allowed"}


ENDPOINTS = [
    Endpoint("GET", "/subscriptions", list_subscriptions),
    Endpoint("GET", "/subscriptions/{subscription}", get_subscription),
    Endpoint("GET", "/tenants", list_tenants),
    Endpoint("GET", "/subscriptions/{subscription}/locations", list_locations),
    Endpoint("POST", "/providers/Microsoft.Resources/checkResourceName", check_resource_name),
]
