"""The quota gate: after validation, before the provider. 400 or 409 with the provider's code when a limit is reached.

Source of the limits: Microsoft's documentation "Azure subscription and service limits, quotas, and constraints".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write
    from azlabs.simulator.resource_manager.resource_type import Quota

# Columns that make up the place in which resources are counted.
PLACES = {"location": "AND subscription=? AND location=?", "subscription": "AND subscription=?", "scope": "AND scope=?"}


def check(write: Write) -> None:
    """Refuse a write that would go past a quota of its type."""
    for quota in write.kind.quotas:
        if quota.items:
            reached = len(paths.get(write.body, quota.items) or ()) > quota.limit
        else:
            reached = write.before is None and _count(write, quota) >= quota.limit
        if reached:
            message = quota.message.replace("{limit}", str(quota.limit)).replace("{name}", write.name)
            raise Refused(quota.status, quota.code, message)


def _count(write: Write, quota: Quota) -> int:
    values = {
        "location": (write.subscription, str(write.body.get("location", ""))),
        "subscription": (write.subscription,),
        "scope": (write.call.scope_key,),
    }[quota.per]
    return write.store.count(f"type=? {PLACES[quota.per]}", (write.kind.key, *values))
