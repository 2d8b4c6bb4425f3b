"""Lifecycle rules at work: blobs move to cooler tiers and go, by age, once a day of the simulator's clock.

The first run of a policy is a day after it was written. Nobody can see a run but by asking for blobs, so that a due run is
made when the account is next asked for anything. Where several actions are due, the one that costs least wins.
Source: Microsoft's documentation "Azure Blob Storage lifecycle management overview".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.blobs import changing, conditions, places, rows
from azlabs.simulator.data_planes.blobs.places import Container
from azlabs.simulator.data_planes.blobs.rows import BASE, SNAPSHOT, VERSION, Blob
from azlabs.simulator.data_planes.storage.leases import Lease
from azlabs.simulator.http import dumps
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.records import Resource

DAY = 86400.0
CHEAPEST_FIRST = ("delete", "tierToArchive", "tierToCold", "tierToCool", "tierToHot")
TIERS = {"tierToArchive": "Archive", "tierToCold": "Cold", "tierToCool": "Cool", "tierToHot": "Hot"}
WARMTH = ("Archive", "Cold", "Cool", "Hot")
PARTS = {BASE: "baseBlob", SNAPSHOT: "snapshot", VERSION: "version"}
CONTAINERS = "microsoft.storage/storageaccounts/blobservices/containers"


def keep_up(asking: Asking) -> None:
    """Make the run of the account's policy that is due, if one is."""
    policy = asking.store.get(f"{asking.account.key}/managementpolicies/default")
    if policy is None or asking.now < _due(policy):
        return
    with asking.store.writing():
        current = asking.store.get(policy.key)
        if current is None or asking.now < _due(current):
            return
        rules = [rule for rule in current.body["properties"]["policy"]["rules"] if rule.get("enabled", True)]
        for row in asking.store.at_scope(f"{asking.account.key}/blobservices/default", CONTAINERS):
            _clean(asking, Container(asking, row), rules)
        current.hidden_text = dumps({**current.hidden, "ran": asking.now})
        asking.store.update(current)


def _due(policy: Resource) -> float:
    since = policy.hidden.get("ran")
    return (since if since is not None else policy.changed) + DAY


def _clean(asking: Asking, container: Container, rules: list[dict[str, Any]]) -> None:
    """Snapshots and versions come first: a blob goes only once it has none any more."""
    blobs = rows.select(asking.store, "container=? AND deleted IS NULL ORDER BY number", (container.uid,))
    older: set[str] = set()
    for blob in sorted(blobs, key=lambda blob: blob.state == BASE):
        step = _step(asking, container, blob, rules)
        if step == "delete" and (blob.state != BASE or blob.name not in older) and _delete(asking, container, blob):
            continue
        if blob.state != BASE:
            older.add(blob.name)
        if step in TIERS:
            blob.facts["tier"], blob.facts["tier_at"] = TIERS[step], asking.now
            blob.facts["cooled"] = step == "tierToCool"
            rows.update(asking.store, blob)


def _step(asking: Asking, container: Container, blob: Blob, rules: list[dict[str, Any]]) -> str:
    """The action that is due for a blob; "" for none."""
    due = set()
    for rule in rules:
        definition = rule["definition"]
        if _chosen(container.row.name, blob, definition.get("filters") or {}):
            steps = (definition["actions"].get(PARTS[blob.state]) or {}).items()
            due |= {step for step, when in steps if step in CHEAPEST_FIRST and _is_due(asking, container, blob, when)}
    tier = str(blob.facts.get("tier") or asking.account.body["properties"].get("accessTier") or "Hot")
    for step in CHEAPEST_FIRST:
        if step not in due:
            continue
        if step == "delete":
            return step
        # Nothing comes out of the archive by itself, and what waits for that is left alone.
        movable = blob.kind == "BlockBlob" and tier in WARMTH[1:] and not blob.facts.get("rehydrate")
        if movable and tier != TIERS[step] and (step == "tierToHot" or _is_cooler(TIERS[step], tier)):
            return step
        return ""
    return ""


def _is_cooler(one: str, other: str) -> bool:
    return WARMTH.index(one) < WARMTH.index(other)


def _chosen(container: str, blob: Blob, filters: Mapping[str, Any]) -> bool:
    prefixes, tags = filters.get("prefixMatch") or [""], blob.facts.get("tags") or {}
    return (
        blob.kind.lower() in {str(kind).lower() for kind in filters.get("blobTypes") or ()}
        and any(f"{container}/{blob.name}".startswith(str(prefix)) for prefix in prefixes)
        and all(tags.get(match.get("name")) == match.get("value") for match in filters.get("blobIndexMatch") or ())
    )


def _is_due(asking: Asking, container: Container, blob: Blob, when: Mapping[str, Any]) -> bool:
    """Are all ages of an action passed? Snapshots and versions count from when they were taken."""
    made = blob.created
    if blob.state != BASE:
        made = datetime.fromisoformat(blob.moment[:26] + "+00:00").timestamp()
    times: dict[str, float | None] = {
        "daysAfterModificationGreaterThan": blob.modified if blob.state == BASE else made,
        "daysAfterCreationGreaterThan": made,
        "daysAfterLastAccessTimeGreaterThan": _accessed(container, blob),
        "daysAfterLastTierChangeGreaterThan": blob.facts.get("tier_at") or made,
    }
    for name, days in when.items():
        at = times.get(name)
        if days is not None and (at is None or asking.now - at <= float(days) * DAY):
            return False
    return True


def _accessed(container: Container, blob: Blob) -> float | None:
    """When a blob was last read; None while the account does not note that."""
    if not tracks(container):
        return None
    return max(float(blob.facts.get("accessed") or 0.0), blob.modified)


def tracks(container: Container) -> bool:
    """Does the account note when blobs are read?"""
    return bool((container.settings.get("lastAccessTimeTrackingPolicy") or {}).get("enable"))


def note_access(asking: Asking, container: Container, blob: Blob) -> None:
    """A blob is read: noted once a day. One that a rule cooled gets warm again where that rule says so."""
    if not tracks(container) or asking.now - float(blob.facts.get("accessed") or 0.0) < DAY:
        return
    blob.facts["accessed"] = asking.now
    if blob.facts.get("cooled") and blob.facts.get("tier") == "Cool" and _warms(asking, container, blob):
        blob.facts["tier"], blob.facts["tier_at"], blob.facts["cooled"] = "Hot", asking.now, False
    with asking.store.writing():
        rows.update(asking.store, blob)


def _warms(asking: Asking, container: Container, blob: Blob) -> bool:
    policy = asking.store.get(f"{asking.account.key}/managementpolicies/default")
    for rule in policy.body["properties"]["policy"]["rules"] if policy is not None else ():
        definition = rule["definition"]
        if rule.get("enabled", True) and _chosen(container.row.name, blob, definition.get("filters") or {}):
            wanted = (definition["actions"].get("baseBlob") or {}).get("enableAutoTierToHotFromCool")
            if wanted:
                return True
    return False


def _delete(asking: Asking, container: Container, blob: Blob) -> bool:
    """As a delete by the service; False where a blob is leased, held or immutable, and stays."""
    if blob.state == BASE and Lease.of(blob.facts.get("lease"), asking.now).locked:
        return False
    try:
        conditions.check_held(blob, container.hidden, asking.now)
    except Refused:
        return False
    if blob.state == BASE:
        rows.drop_blocks(asking.store, container.uid, blob.name)
        if places.put_away(container, blob, deleting=True) is None:
            return True
    changing.take(asking, container, blob)
    return True
