"""Leases of blobs and containers: the state machine of "Lease Blob" (REST reference of Azure Storage)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from azlabs.simulator.resource_manager.errors import Refused

INFINITE = -1


@dataclass(slots=True)
class Lease:
    """`state`: available, leased, breaking, broken or expired; `duration`: seconds or INFINITE; `until`: when a lease of
    limited duration, or a break, is over (seconds since the epoch)."""

    id: str = ""
    state: str = "available"
    duration: int = 0
    until: float = 0.0

    @classmethod
    def of(cls, stored: dict[str, Any] | None, now: float) -> Lease:
        """The lease as it is now."""
        lease = cls(**stored) if stored else cls()
        if lease.until and lease.until <= now:
            if lease.state == "leased":
                lease.state = "expired"
            elif lease.state == "breaking":
                lease.state = "broken"
        return lease

    def stored(self) -> dict[str, Any]:
        """As it is kept."""
        return {"id": self.id, "state": self.state, "duration": self.duration, "until": self.until}

    def remaining(self, now: float) -> int:
        """Seconds until a break is over."""
        return max(0, round(self.until - now)) if self.state == "breaking" else 0

    @property
    def locked(self) -> bool:
        return self.state in ("leased", "breaking")

    def headers(self) -> dict[str, str]:
        """x-ms-lease-status, -state and -duration."""
        found = {"x-ms-lease-status": "locked" if self.locked else "unlocked", "x-ms-lease-state": self.state}
        if self.state == "leased":
            found["x-ms-lease-duration"] = "infinite" if self.duration == INFINITE else "fixed"
        return found


def change(
    lease: Lease, action: str, *, id: str | None, proposed: str | None, duration: str | None, period: str | None, now: float,
    what: str,
) -> Lease:  # fmt: skip
    """The lease after an action: acquire, renew, change, release or break. Raises 400 and 409 as Azure does."""
    for text in (id, proposed):
        if text:
            _guid(text)
    if action == "acquire":
        return _acquire(lease, proposed, duration, now)
    if action == "break":
        return _break(lease, period, now, what)
    if action not in ("renew", "change", "release"):
        raise Refused(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.")
    if not id or (action == "change" and not proposed):
        raise Refused(
            400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified."
        )
    if lease.state == "available":
        raise Refused(
            409, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the " + what.lower() + "."
        )
    if lease.id.lower() != id.lower() and not (action == "change" and lease.id.lower() == str(proposed).lower()):
        raise Refused(
            409,
            "LeaseIdMismatchWithLeaseOperation",
            "The lease ID specified did not match the lease ID for the " + what.lower() + ".",
        )
    if action == "release":
        return Lease()
    if lease.state in ("breaking", "broken"):
        if action == "change":
            raise Refused(
                409,
                "LeaseIsBreakingAndCannotBeChanged",
                "The lease ID matched, but the lease is currently in breaking state and cannot be changed.",
            )
        raise Refused(
            409,
            "LeaseIsBrokenAndCannotBeRenewed",
            "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
        )
    if action == "change":
        if lease.state != "leased":
            raise Refused(
                409, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the " + what.lower() + "."
            )
        return Lease(str(proposed), lease.state, lease.duration, lease.until)
    return Lease(lease.id, "leased", lease.duration, 0.0 if lease.duration == INFINITE else now + lease.duration)


def _guid(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise Refused(
            400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format."
        ) from None


def _acquire(lease: Lease, proposed: str | None, duration: str | None, now: float) -> Lease:
    if not duration:
        raise Refused(
            400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified."
        )
    try:
        seconds = int(duration)
    except ValueError:
        seconds = 0
    if seconds != INFINITE and not 15 <= seconds <= 60:
        raise Refused(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.")
    same = bool(proposed) and str(proposed).lower() == lease.id.lower()
    if lease.state == "breaking" and same:
        raise Refused(
            409,
            "LeaseIsBreakingAndCannotBeAcquired",
            "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.",
        )
    if lease.locked and not same:
        raise Refused(409, "LeaseAlreadyPresent", "There is already a lease present.")
    return Lease(proposed or str(uuid.uuid4()), "leased", seconds, 0.0 if seconds == INFINITE else now + seconds)


def _break(lease: Lease, period: str | None, now: float, what: str) -> Lease:
    if lease.state == "available":
        raise Refused(
            409, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the " + what.lower() + "."
        )
    if period and (not period.isdecimal() or int(period) > 60):
        raise Refused(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.")
    if lease.state in ("broken", "expired"):
        return Lease(lease.id, "broken", lease.duration, 0.0)
    left = max(0.0, lease.until - now) if lease.until else None
    wait = float(period) if period else (left if left is not None else 0.0)
    if left is not None:
        wait = min(wait, left)
    return (
        Lease(lease.id, "breaking", lease.duration, now + wait)
        if wait > 0
        else Lease(lease.id, "broken", lease.duration, 0.0)
    )
