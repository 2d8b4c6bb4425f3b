"""Requests to Microsoft.Storage that are not about one resource: free names, quotas, SKUs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlabs.simulator.providers.storage import settings
from azlabs.simulator.providers.storage.accounts import INVALID_NAME, TAKEN, named
from azlabs.simulator.providers.storage.base import ACCOUNT, ACCOUNT_KEY, Body
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.locations import normalized, regions
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

ACCOUNTS_PER_REGION = 250
_NAME = re.compile(r"[a-z0-9]{3,24}")


def check_name(call: Call) -> Body:
    """Is an account name free in the world?"""
    asked = call.json()
    name = asked.get("name")
    if not isinstance(name, str) or str(asked.get("type", ACCOUNT)).lower() != ACCOUNT_KEY:
        refuse("InvalidValuesForRequestParameters", "Values for request parameters are invalid: name, type.")
    if _NAME.fullmatch(name) is None:
        return {"nameAvailable": False, "reason": "AccountNameInvalid", "message": INVALID_NAME.format(name=name)}
    if named(call, name):
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": TAKEN.format(name=name)}
    return {"nameAvailable": True}


def usages(call: Call) -> Body:
    """Accounts in a region against their quota."""
    location = normalized(call.values["location"])
    rows = call.store.in_subscription(call.route.subscription, ACCOUNT_KEY)
    count = sum(normalized(row.location) == location for row in rows)
    name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
    return {"value": [{"unit": "Count", "currentValue": count, "limit": ACCOUNTS_PER_REGION, "name": name}]}


def skus(call: Call) -> Body:  # noqa: ARG001
    """Every SKU of every kind in every region."""
    return {
        "value": [
            {
                "resourceType": "storageAccounts",
                "name": sku,
                "tier": settings.tier(sku),
                "kind": kind,
                "locations": [region],
                "locationInfo": [{"location": region, "zones": [], "zoneDetails": []}],
                "capabilities": [],
                "restrictions": [],
            }
            for kind, names in settings.KINDS.items()
            for sku in names
            for region in regions()
        ]
    }


_ROOT = "/subscriptions/{subscription}/providers/Microsoft.Storage"
ENDPOINTS = [
    Endpoint("POST", f"{_ROOT}/checkNameAvailability", check_name),
    Endpoint("GET", f"{_ROOT}/locations/{{location}}/usages", usages),
    Endpoint("GET", f"{_ROOT}/skus", skus),
]
