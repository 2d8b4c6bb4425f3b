"""The faults of the simulator of a home, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.cloud.simulator import open_simulator
from azlabs.errors import AzlabsError
from azlabs.home import home as default_home

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.faults import Fault

__all__ = ["Fault", "UnknownFault", "Waiting", "add", "clear", "waiting"]
LIMITS = ("arm-limits", "cosmos-limits")
"""Limits of services that are enforced when asked for: Resource Manager's token buckets, the throughput of Cosmos DB."""


class UnknownFault(AzlabsError):
    """There is no fault of this kind or number."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What may still happen."""

    faults: tuple[Fault, ...]
    limits: tuple[str, ...]


def add(kind: str, *, seconds: float = 1.0, home: Path | None = None, **chosen: Any) -> Fault | None:
    """Add a fault; None for a limit, which is on from now on. Raises UnknownFault."""
    from azlabs.simulator.faults import KINDS, Fault

    if kind not in KINDS and kind not in LIMITS:
        raise UnknownFault(f"'{kind}' is no kind of fault.", action=f"Choose one of: {', '.join((*KINDS, *LIMITS))}.")
    with _opened(home) as simulator:
        if kind in LIMITS:
            _limit(simulator, kind, on=True)
            return None
        timing: dict[str, Any] = {"retry_after": seconds} if kind == "throttle" else {"seconds": seconds} if kind == "delay" else {}
        return simulator.faults.add(Fault(kind=kind, **chosen, **timing))


def waiting(home: Path | None = None) -> Waiting:
    """The faults and limits of a home's simulator."""
    from azlabs.simulator.data_planes.cosmos.throughput import enforced

    with _opened(home) as simulator:
        on = {"arm-limits": simulator.faults.arm_limits, "cosmos-limits": enforced(simulator.store)}
        return Waiting(tuple(simulator.faults.waiting), tuple(name for name in LIMITS if on[name]))


def clear(number: int | None = None, home: Path | None = None) -> int:
    """Take one fault away, or all of them and the limits; how many. Raises UnknownFault for a number that is not there."""
    from azlabs.simulator.data_planes.cosmos.throughput import enforced

    with _opened(home) as simulator:
        was_limited = number is None and enforced(simulator.store)
        gone = simulator.faults.clear(number)
        if was_limited:
            _limit(simulator, "cosmos-limits", on=False)
    if number is not None and not gone:
        raise UnknownFault(f"There is no fault {number}.", action="`azlabs simulator faults list` shows them.")
    return gone + was_limited


def _limit(simulator: Simulator, kind: str, *, on: bool) -> None:
    from azlabs.simulator.data_planes.cosmos.throughput import enforce

    if kind == "arm-limits":
        simulator.faults.set_arm_limits(on)
    else:
        enforce(simulator, on)


@contextmanager
def _opened(home: Path | None) -> Iterator[Simulator]:
    simulator, _notices = open_simulator(home or default_home())
    try:
        yield simulator
    finally:
        simulator.close()
