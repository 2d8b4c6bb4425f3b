"""Request units by the second: what a container may spend, and 429 for who spends more.

Off until it is asked for, as all latency of the simulator is (`enforce`): offline nobody pays for throughput, and a loop of a test should
not wait. Enforced, a physical partition has its part of the throughput of the container, or of the database that shares its; a container
of a serverless account has 5,000 RU/s for each. What is left of a second is not saved up; who overdraws waits until the debt is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos.errors import refused
from azlabs.simulator.providers.document_db.accounts import serverless

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.cosmos.asking import Asking
    from azlabs.simulator.data_planes.cosmos.places import Container
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.errors import Refused
    from azlabs.simulator.store import Store

SERVERLESS = 5000.0
LARGEST_PARTITION = 10_000
DEFAULT = 400
_META = "cosmos_throughput"


@dataclass(slots=True)
class Budget:
    """RU/s of one physical partition, under the key of who owns them; `ranges`: physical partitions of the container."""

    owner: str
    rate: float
    ranges: int


@dataclass(slots=True)
class Meter:
    """What a partition may still spend, at a moment of the simulator's clock."""

    left: float
    at: float


def enforce(simulator: Simulator, on: bool) -> None:
    """Let containers refuse what exceeds their throughput, or not; kept in the store for every process."""
    with simulator.store.writing():
        simulator.store.set_meta(_META, "enforced" if on else "")


def enforced(store: Store) -> bool:
    """Is throughput enforced?"""
    return bool(store.meta(_META))


def budget(store: Store, account: Resource, database: Resource, container: Resource) -> Budget:
    """Whose throughput a container uses, and how much of it a partition has."""
    if serverless(account.body):
        return Budget(container.key, SERVERLESS, 1)
    for owner in (container, database):
        offer = store.get(f"{owner.key}/throughputsettings/default")
        if offer is not None:
            amount = _amount(offer.body["properties"]["resource"])
            ranges = max(1, -(-amount // LARGEST_PARTITION)) if owner is container else 1
            return Budget(owner.key, amount / ranges, ranges)
    return Budget(container.key, float(DEFAULT), 1)


def _amount(offer: dict[str, Any]) -> int:
    automatic = offer.get("autoscaleSettings") or {}
    return int(automatic.get("maxThroughput") or offer.get("throughput") or DEFAULT)


def admit(asking: Asking, container: Container, place: str) -> None:
    """Raise 429 while the partition has nothing left."""
    mine = container.budget
    meter = asking.plane.meters.get((mine.owner, place))
    if meter is None:
        meter = asking.plane.meters[(mine.owner, place)] = Meter(mine.rate, asking.now)
    meter.left = min(mine.rate, meter.left + max(0.0, asking.now - meter.at) * mine.rate)
    meter.at = asking.now
    if meter.left <= 0:
        raise throttled(-meter.left / mine.rate)


def spend(asking: Asking, container: Container, place: str, charge: float) -> None:
    """Take what a request has cost."""
    meter = asking.plane.meters.get((container.budget.owner, place))
    if meter is not None:
        meter.left -= charge


def throttled(seconds: float) -> Refused:
    """429 with substatus 3200; clients wait for x-ms-retry-after-ms and try again."""
    return refused(
        429, "TooManyRequests",
        'Message: {"Errors":["Request rate is large. More Request Units may be needed, so no changes were made. Please retry this request '
        'later. Learn more: http://aka.ms/cosmosdb-error-429"]}', 3200, {"x-ms-retry-after-ms": str(max(1, int(seconds * 1000) + 1))},
    )  # fmt: skip
