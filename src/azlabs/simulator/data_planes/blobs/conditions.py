"""Conditional headers, leases and holds: may this request touch this blob or container now?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.storage.asking import invalid_header, parse_date
from azlabs.simulator.data_planes.storage.leases import Lease
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.rows import Blob
    from azlabs.simulator.data_planes.storage.asking import Asking

NOT_MET = "The condition specified using HTTP conditional header(s) is not met."


def check(asking: Asking, etag: str | None, modified: float | None, *, reading: bool = False, prefix: str = "") -> None:
    """If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since against what is there (None: nothing is).

    Raises 412 ConditionNotMet, 304 for reads, 409 BlobAlreadyExists for `If-None-Match: *`. `prefix` "x-ms-source-" for copies.
    """
    get = asking.headers.get
    match, none_match = get(prefix + "if-match"), get(prefix + "if-none-match")
    since, until = get(prefix + "if-modified-since"), get(prefix + "if-unmodified-since")
    if match is None and none_match is None and since is None and until is None:
        return
    if match and (etag is None or not _same(match, etag)):
        raise _not_met(reading=False, source=bool(prefix))
    if none_match and none_match.strip() == "*":
        if reading:
            raise invalid_header("If-None-Match", "*")
        if etag is not None:
            raise Refused(409, "BlobAlreadyExists", "The specified blob already exists.")
    elif none_match and etag is not None and _same(none_match, etag):
        raise _not_met(reading, bool(prefix))
    if modified is None:
        return
    whole = float(int(modified))
    if since and whole <= _date(prefix + "if-modified-since", since):
        raise _not_met(reading, bool(prefix))
    if until and whole > _date(prefix + "if-unmodified-since", until):
        raise _not_met(reading=False, source=bool(prefix))


def _not_met(reading: bool, source: bool) -> Refused:
    return Refused(304 if reading else 412, "SourceConditionNotMet" if source else "ConditionNotMet", NOT_MET)


def _same(header: str, etag: str) -> bool:
    return header.strip() == "*" or any(one.strip().strip('"') == etag.strip('"') for one in header.split(","))


def _date(name: str, text: str) -> float:
    try:
        return parse_date(text)
    except ValueError:
        raise invalid_header(name, text) from None


def check_lease(asking: Asking, stored: dict[str, Any] | None, *, what: str = "Blob", reading: bool = False) -> None:
    """A lease has to be named by whoever changes what it locks; a lease that is named has to be there. Raises 412."""
    given = asking.headers.get("x-ms-lease-id")
    lease = Lease.of(stored, asking.now)
    if given is None:
        if lease.locked and not reading:
            raise Refused(
                412,
                "LeaseIdMissing",
                f"There is currently a lease on the {what.lower()} and no lease ID was specified in the request.",
            )
        return
    if lease.state == "available":
        raise Refused(412, f"LeaseNotPresentWith{what}Operation", f"There is currently no lease on the {what.lower()}.")
    if lease.id.lower() != given.lower():
        raise Refused(
            412,
            f"LeaseIdMismatchWith{what}Operation",
            f"The lease ID specified did not match the lease ID for the {what.lower()}.",
        )
    if not lease.locked:
        raise Refused(412, "LeaseLost", f"A lease ID was specified, but the lease for the {what.lower()} has expired.")


def check_held(blob: Blob, container: dict[str, Any], now: float) -> None:
    """Holds and immutability policies of the container and of the blob. Raises 409."""
    policy = container.get("immutable") or {}
    days = policy.get("immutabilityPeriodSinceCreationInDays", 0)
    until = (blob.facts.get("immutable") or {}).get("until", 0.0)
    if (days and blob.created + days * 86400 > now) or until > now:
        raise Refused(
            409, "BlobImmutableDueToPolicy", "This operation is not permitted as the blob is immutable due to a policy."
        )
    if container.get("holds") or blob.facts.get("hold"):
        raise Refused(
            409,
            "BlobImmutableDueToLegalHold",
            "This operation is not permitted as the blob is immutable due to a legal hold.",
        )
