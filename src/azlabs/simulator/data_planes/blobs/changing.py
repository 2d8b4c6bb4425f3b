"""Everything about a blob but its content: headers, metadata, tags, tier, lease, snapshots, deletion and its undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.blobs import conditions, content, places, rows, shown, writing
from azlabs.simulator.data_planes.blobs.rows import BASE, SNAPSHOT, VERSION
from azlabs.simulator.data_planes.storage import leases
from azlabs.simulator.data_planes.storage.asking import invalid_header, parse_date, parse_xml
from azlabs.simulator.data_planes.storage.leases import Lease
from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.blobs.rows import Blob
    from azlabs.simulator.data_planes.storage.asking import Asking

REHYDRATION_SECONDS = 1.0
"""How long a blob takes to come back from the archive (hours on Azure)."""


def set_metadata(asking: Asking, container: Container) -> Answer:
    """Set Blob Metadata; with versions the state before is one."""
    with asking.store.writing():
        blob = writing.existing(asking, container)
        if container.versioned:
            old = rows.duplicate(asking.store, blob, state=VERSION, moment=blob.moment or places.moment(blob.modified))
            old.facts.pop("lease", None)
            rows.update(asking.store, old)
            blob.moment = places.moment(asking.now)
        blob.facts["metadata"] = places.metadata_of(asking)
        places.touch(container, blob)
        rows.update(asking.store, blob)
    return Answer(200, {**shown.brief(blob), "x-ms-request-server-encrypted": "true"})


def set_properties(asking: Asking, container: Container) -> Answer:
    """Set Blob Properties: headers that are not sent are cleared; page blobs can be resized and renumbered."""
    get = asking.headers.get
    with asking.store.writing():
        blob = writing.existing(asking, container)
        length, action = get("x-ms-blob-content-length"), get("x-ms-sequence-number-action")
        own = [header for header in places.HEADERS if header in asking.headers]
        if own or (length is None and action is None):
            for header, fact in places.HEADERS.items():
                value = get(header)
                if value:
                    blob.facts[fact] = value
                else:
                    blob.facts.pop(fact, None)
            blob.facts.setdefault("type", "")
        if length is not None:
            _resize(asking, blob, asking.number("x-ms-blob-content-length"))
        if action is not None:
            _renumber(asking, blob, action.lower())
        places.touch(container, blob)
        rows.update(asking.store, blob)
    headers = shown.brief(blob)
    if blob.kind == "PageBlob":
        headers["x-ms-blob-sequence-number"] = str(blob.facts.get("sequence", 0))
    return Answer(200, headers)


def _resize(asking: Asking, blob: Blob, size: int) -> None:
    if blob.kind != "PageBlob":
        raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    if size % writing.PAGE or size > writing.MOST_PAGE_BYTES:
        raise invalid_header("x-ms-blob-content-length", str(size))
    if size < blob.size:
        kept = [
            one
            for piece in content.pieces(asking.store, blob.number)
            for one in writing.outside(piece, size, blob.size)
        ]
        content.set_pieces(asking.store, blob.number, kept)
    blob.size = size


def _renumber(asking: Asking, blob: Blob, action: str) -> None:
    if blob.kind != "PageBlob":
        raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    old = int(blob.facts.get("sequence", 0))
    if action == "increment":
        blob.facts["sequence"] = old + 1
    elif action in ("max", "update"):
        new = asking.number("x-ms-blob-sequence-number")
        blob.facts["sequence"] = max(old, new) if action == "max" else new
    else:
        raise invalid_header("x-ms-sequence-number-action", action)


def set_tags(asking: Asking, container: Container) -> Answer:
    """Set Blob Tags: the whole set."""
    root = parse_xml(bytes(asking.body))
    pairs = [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in root.iter("Tag")]
    found = places.check_tags(pairs)
    with asking.store.writing():
        blob = places.blob_of(asking, container)
        conditions.check_lease(asking, blob.facts.get("lease"))
        blob.facts["tags"] = found
        rows.update(asking.store, blob)
    return Answer(204)


def set_tier(asking: Asking, container: Container) -> Answer:
    """Set Blob Tier; out of the archive it takes a while (202)."""
    tier = asking.header("x-ms-access-tier")
    with asking.store.writing():
        blob = places.blob_of(asking, container)
        page = blob.kind == "PageBlob" and asking.account.body["sku"]["tier"] == "Premium"
        if not page and tier not in writing.TIERS:
            raise invalid_header("x-ms-access-tier", tier)
        if not page and blob.kind != "BlockBlob":
            raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
        if asking.account.body.get("kind") == "Storage":
            raise Refused(
                400, "UnsupportedHeader", "One of the HTTP headers specified in the request is not supported."
            )
        if Lease.of(blob.facts.get("lease"), asking.now).locked or "x-ms-lease-id" in asking.headers:
            conditions.check_lease(asking, blob.facts.get("lease"))
        if blob.facts.get("rehydrate"):
            raise Refused(
                409, "BlobBeingRehydrated", "This operation is not permitted because the blob is being rehydrated."
            )
        waiting = blob.facts.get("tier") == "Archive" and tier != "Archive"
        if waiting:
            blob.facts["rehydrate"] = {"to": tier, "ready": asking.now + REHYDRATION_SECONDS}
        else:
            blob.facts["tier"] = tier
        blob.facts["tier_at"] = asking.now
        rows.update(asking.store, blob)
    return Answer(202 if waiting else 200)


def lease(asking: Asking, container: Container) -> Answer:
    """Lease Blob."""
    action = asking.header("x-ms-lease-action").lower()
    get = asking.headers.get
    with asking.store.writing():
        blob = rows.find(asking.store, container.uid, asking.name)
        if blob is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        conditions.check(asking, blob.etag, blob.modified)
        held = leases.change(
            Lease.of(blob.facts.get("lease"), asking.now), action, id=get("x-ms-lease-id"), proposed=get("x-ms-proposed-lease-id"),
            duration=get("x-ms-lease-duration"), period=get("x-ms-lease-break-period"), now=asking.now, what="Blob",
        )  # fmt: skip
        blob.facts["lease"] = held.stored()
        rows.update(asking.store, blob)
    return Answer(LEASE_STATUS.get(action, 200), shown.brief(blob) | lease_headers(held, action, asking.now))


LEASE_STATUS = {"acquire": 201, "break": 202}


def lease_headers(held: Lease, action: str, now: float) -> dict[str, str]:
    """The lease's id, or how long a break takes."""
    if action == "break":
        return {"x-ms-lease-time": str(held.remaining(now))}
    return {"x-ms-lease-id": held.id} if held.id else {}


def snapshot(asking: Asking, container: Container) -> Answer:
    """Snapshot Blob."""
    with asking.store.writing():
        blob = rows.find(asking.store, container.uid, asking.name)
        if blob is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        conditions.check(asking, blob.etag, blob.modified)
        conditions.check_lease(asking, blob.facts.get("lease"), reading=True)
        moment = places.moment(asking.now)
        facts = {name: value for name, value in blob.facts.items() if name != "lease"}
        given = places.metadata_of(asking)
        if given:
            facts["metadata"] = given
        rows.duplicate(asking.store, blob, state=SNAPSHOT, moment=moment, facts=facts)
    return Answer(201, {**shown.brief(blob), "x-ms-snapshot": moment, "x-ms-request-server-encrypted": "true"})


def delete(asking: Asking, container: Container) -> Answer:
    """Delete Blob, a snapshot or a version; what can come back stays as deleted."""
    mode = asking.headers.get("x-ms-delete-snapshots", "").lower()
    if mode not in ("", "include", "only"):
        raise invalid_header("x-ms-delete-snapshots", mode)
    single = bool(asking.query.get("snapshot") or asking.query.get("versionid"))
    if single and mode:
        raise Refused(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
        )
    store = asking.store
    with store.writing():
        blob = places.blob_of(asking, container)
        conditions.check(asking, blob.etag, blob.modified)
        conditions.check_held(blob, container.hidden, asking.now)
        if single:
            if blob.state == BASE and asking.query.get("versionid"):
                raise Refused(
                    403, "OperationNotAllowedOnRootBlob", "The specified operation is not allowed on the root blob."
                )
            take(asking, container, blob)
        else:
            conditions.check_lease(asking, blob.facts.get("lease"))
            snapshots = [
                one
                for one in rows.family(store, container.uid, asking.name)
                if one.state == SNAPSHOT and one.deleted is None
            ]
            if snapshots and not mode:
                raise Refused(
                    409, "SnapshotsPresent", "This operation is not permitted because the blob has snapshots."
                )
            for one in snapshots if mode else ():
                conditions.check_held(one, container.hidden, asking.now)
                take(asking, container, one)
            if mode != "only":
                rows.drop_blocks(store, container.uid, asking.name)
                if places.put_away(container, blob, deleting=True) is not None:
                    take(asking, container, blob)
    return Answer(
        202, {"x-ms-delete-type-permanent": "false" if container.retention or container.versioned else "true"}
    )


def take(asking: Asking, container: Container, blob: Blob) -> None:
    """Take a row away, or keep it as deleted for as long as the account says."""
    if container.retention:
        blob.deleted = asking.now
        blob.facts.pop("lease", None)
        rows.update(asking.store, blob)
    else:
        rows.remove(asking.store, blob)


def undelete(asking: Asking, container: Container) -> Answer:
    """Undelete Blob: everything soft-deleted with this name comes back (current again only what was current)."""
    store = asking.store
    with store.writing():
        found = rows.family(store, container.uid, asking.name)
        if not found:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        standing = any(one.state == BASE and one.deleted is None for one in found)
        for one in reversed(found):
            if one.deleted is None or one.deleted + container.retention * places.DAY <= asking.now:
                continue
            if one.state == BASE:
                if standing:
                    continue
                standing = True
            one.deleted = None
            rows.update(store, one)
    return Answer(200)


def expiry(asking: Asking, container: Container) -> Answer:
    """Set Blob Expiry, for accounts with a hierarchical namespace."""
    option = asking.header("x-ms-expiry-option")
    text = asking.headers.get("x-ms-expiry-time", "")
    with asking.store.writing():
        blob = writing.existing(asking, container)
        if not asking.account.body["properties"].get("isHnsEnabled"):
            raise Refused(
                409, "FeatureNotSupportedForAccount", "Expiry needs an account with a hierarchical namespace."
            )
        try:
            since = {"RelativeToCreation": blob.created, "RelativeToNow": asking.now}.get(option)
            until = (
                None if option == "NeverExpire" else since + int(text) / 1000 if since is not None else parse_date(text)
            )
        except ValueError:
            raise invalid_header("x-ms-expiry-time", text) from None
        blob.facts.pop("expires", None)
        if until is not None:
            blob.facts["expires"] = until
        rows.update(asking.store, blob)
    return Answer(200, shown.brief(blob))


def seal(asking: Asking, container: Container) -> Answer:
    """Append Blob Seal: nothing is appended any more."""
    with asking.store.writing():
        blob = writing.existing(asking, container, "AppendBlob")
        blob.facts["sealed"] = True
        places.touch(container, blob)
        rows.update(asking.store, blob)
    return Answer(200, {**shown.brief(blob), "x-ms-blob-sealed": "true"})


def legal_hold(asking: Asking, container: Container) -> Answer:
    """Set Blob Legal Hold."""
    _needs_immutability(container)
    held = asking.header("x-ms-legal-hold").lower() == "true"
    with asking.store.writing():
        blob = places.blob_of(asking, container)
        blob.facts["hold"] = held
        rows.update(asking.store, blob)
    return Answer(200, {"x-ms-legal-hold": "true" if held else "false"})


def set_immutability(asking: Asking, container: Container) -> Answer:
    """Set Blob Immutability Policy; a locked one only grows."""
    _needs_immutability(container)
    text, mode = (
        asking.header("x-ms-immutability-policy-until-date"),
        asking.headers.get("x-ms-immutability-policy-mode", "unlocked").lower(),
    )
    try:
        until = parse_date(text)
    except ValueError:
        raise invalid_header("x-ms-immutability-policy-until-date", text) from None
    if mode not in ("locked", "unlocked") or until <= asking.now:
        raise invalid_header("x-ms-immutability-policy-mode", mode)
    with asking.store.writing():
        blob = places.blob_of(asking, container)
        old = blob.facts.get("immutable") or {}
        if old.get("mode") == "locked" and (mode != "locked" or until < old["until"]):
            raise Refused(
                409,
                "BlobImmutableDueToPolicy",
                "This operation is not permitted as the blob is immutable due to a policy.",
            )
        blob.facts["immutable"] = {"until": until, "mode": mode}
        rows.update(asking.store, blob)
    headers = {"x-ms-immutability-policy-until-date": text, "x-ms-immutability-policy-mode": mode}
    return Answer(200, headers)


def drop_immutability(asking: Asking, container: Container) -> Answer:
    """Delete Blob Immutability Policy, unless it is locked."""
    with asking.store.writing():
        blob = places.blob_of(asking, container)
        if (blob.facts.get("immutable") or {}).get("mode") == "locked":
            raise Refused(
                409,
                "BlobImmutableDueToPolicy",
                "This operation is not permitted as the blob is immutable due to a policy.",
            )
        blob.facts.pop("immutable", None)
        rows.update(asking.store, blob)
    return Answer(200)


def _needs_immutability(container: Container) -> None:
    mine = container.row.body["properties"].get("immutableStorageWithVersioning") or {}
    account = container.asking.account.body["properties"].get("immutableStorageWithVersioning") or {}
    if not (mine.get("enabled") or account.get("enabled")):
        raise Refused(
            409, "FeatureNotEnabledForContainer", "Version-level immutability is not enabled for the container."
        )
