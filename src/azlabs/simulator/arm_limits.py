"""Azure Resource Manager's own limits: token buckets by principal, by subscription and by tenant.

Off until `faults.set_arm_limits(True)`, as everything that makes the simulator slower. Buckets and refill rates as Microsoft's
page "Understand how Azure Resource Manager throttles requests" states them since 2024: reads 250 and 25 a second, writes and
deletes 200 and 10 a second, for each principal in a subscription and for each principal in the tenant; a whole subscription has
15 times as much. Every answer tells what is left, and a refusal when there will be more.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from azlabs.simulator.http import dumps
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.store import Store

_META = "arm_buckets"
GLOBAL = 15
_OPERATIONS = {"GET": "read", "HEAD": "read", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """`size` requests at once, `refill` more each second."""

    size: float
    refill: float


BUCKETS = {"read": Bucket(250, 25), "write": Bucket(200, 10), "delete": Bucket(200, 10)}


def take(store: Store, method: str, subscription: str, principal: str, now: float) -> dict[str, str]:
    """Take one token for a request; the headers that tell what is left. Raises `Refused` (429) when there is none."""
    operation = _OPERATIONS.get(method, "write")
    bucket = BUCKETS[operation]
    place = f"subscription-{operation}s" if subscription else f"tenant-{operation}s"
    wanted = {place: (f"{subscription}/{principal}/{operation}", bucket)}
    if subscription:
        whole = Bucket(bucket.size * GLOBAL, bucket.refill * GLOBAL)
        wanted[f"subscription-global-{operation}s"] = (f"{subscription}//{operation}", whole)
    with store.writing():
        kept: dict[str, tuple[float, float]] = json.loads(store.meta(_META) or "{}")
        left = {name: _left(kept, key, size, now) for name, (key, size) in wanted.items()}
        short = min(left.values()) < 1
        for name, (key, _size) in wanted.items():
            kept[key] = (left[name] - (0 if short else 1), now)
        store.set_meta(_META, dumps(kept))
    told = {f"x-ms-ratelimit-remaining-{name}": str(max(0, int(kept[key][0]))) for name, (key, _size) in wanted.items()}
    if not short:
        return told
    wait = max(math.ceil((1 - left[name]) / size.refill) for name, (_key, size) in wanted.items())
    raise Refused(
        429,
        "SubscriptionRequestsThrottled" if subscription else "TenantRequestsThrottled",
        f"Number of '{operation}' requests for {'subscription ' + repr(subscription) if subscription else 'the tenant'} actor "
        f"'{principal}' exceeded. Please try again after '{wait}' seconds after additional tokens are available. Refer to "
        "https://aka.ms/arm-throttling for additional information.",
        headers={"Retry-After": str(wait), **told},
    )


def _left(kept: dict[str, tuple[float, float]], key: str, bucket: Bucket, now: float) -> float:
    before, at = kept.get(key, (bucket.size, now))
    return min(bucket.size, before + max(0.0, now - at) * bucket.refill)
