"""The simulator's subscription and tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.records import Resource

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

SUBSCRIPTION_ID = "00000000-0000-0000-0000-000000000000"
TENANT_ID = "a2a5b6c4-51b8-4c34-8f2e-6d0e1f0a7b11"
SUBSCRIPTION_NAME = "azlabs simulator"
TENANT_DOMAIN = "azlabs.onmicrosoft.com"
_TYPE = "microsoft.resources/subscriptions"


def subscription_body(subscription: str, name: str = SUBSCRIPTION_NAME) -> dict[str, Any]:
    """A subscription as ARM shows it."""
    return {
        "id": f"/subscriptions/{subscription}", "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionId": subscription, "tenantId": TENANT_ID, "displayName": name, "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Internal_2014-09-01", "quotaId": "Internal_2014-09-01", "spendingLimit": "Off"},
    }  # fmt: skip


def prepare(store: Store, now: float) -> None:
    """Make the subscription in a new store."""
    key = f"/subscriptions/{SUBSCRIPTION_ID}"
    if store.exists(key):
        return
    with store.writing():
        if not store.exists(key):
            row = Resource(0, key, key, _TYPE, "", SUBSCRIPTION_ID, "", "", "2022-12-01", now, now, None, None, None)
            row.body = subscription_body(SUBSCRIPTION_ID)
            store.insert(row)
