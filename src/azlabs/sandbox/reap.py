"""Ending what has expired in a subscription: found by tags alone, so that any computer can do it for all.

Nothing is taken from the ledger but what it knows better: a later end, or a command that is at work right now.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from azlabs.cloud import Cloud
from azlabs.sandbox import tags
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.recover import complete, marked

_GROUPS_API = "2024-11-01"
_NOT_KEPT = {"false", "no", "0", "off"}


@dataclass(frozen=True, slots=True)
class Found:
    """A sandbox of the subscription; `kept` is why it is left alone, '' when it is to be ended."""

    sandbox: Sandbox
    kept: str = ""

    def to_json(self) -> dict[str, Any]:
        """The shape of one entry of `azlabs reap --json`."""
        box = self.sandbox
        expires = box.expires.isoformat(timespec="seconds") if box.expires else None
        told = {"sandbox": box.id, "lab": box.lab, "expires": expires, "resource_groups": list(box.resource_groups)}
        return {**told, "reason": self.kept} if self.kept else told


def look(
    cloud: Cloud,
    ledger: Ledger,
    *,
    now: datetime | None = None,
    grace: timedelta = timedelta(0),
    zone: tzinfo = UTC,
    exclude: Collection[str] = (),
    of_anyone: bool = True,
) -> list[Found]:
    """Every sandbox of the subscription, whoever made it, those that ended first in front.

    `grace`: how long after its end a sandbox is still left alone. `zone`: where ends without an offset are meant.
    `exclude`: tags ("name" or "name=value") that keep a group, besides azlabs-keep.
    """
    moment = now or datetime.now(UTC)
    known = {sandbox.id: sandbox for sandbox in ledger.all()}
    found = []
    for sandbox in marked(cloud, ledger.home, of_anyone=of_anyone, zone=zone):
        mine = known.get(sandbox.id)
        if mine is not None and mine.expires is not None and sandbox.expires is not None:
            sandbox.expires = max(sandbox.expires, mine.expires)
        found.append(Found(sandbox, _kept(cloud, ledger, sandbox, moment, grace, zone, exclude)))
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda entry: (entry.sandbox.expires or never, entry.sandbox.id))


def adopt(cloud: Cloud, ledger: Ledger, sandbox: Sandbox) -> Sandbox:
    """The sandbox as the ledger has it, written down first where it has not: from here on a kill is harmless."""
    for known in ledger.all():
        if known.id == sandbox.id:
            return known
    sandbox.problem = ""
    complete(cloud, sandbox)
    ledger.save(sandbox)
    return sandbox


def _kept(
    cloud: Cloud,
    ledger: Ledger,
    sandbox: Sandbox,
    now: datetime,
    grace: timedelta,
    zone: tzinfo,
    exclude: Collection[str],
) -> str:
    """Why a sandbox is left alone; '' when it is not. What protects it is read again, not from the list."""
    if sandbox.problem:
        return sandbox.problem
    if sandbox.expires is None:
        return "It does not end by itself."
    if sandbox.expires + grace > now:
        in_grace = sandbox.expires <= now
        return "It has ended, but its grace period has not." if in_grace else "It has not ended."
    for name in sandbox.resource_groups:
        own = tags.tags_of(cloud.find(sandbox.group_id(name), _GROUPS_API))
        why = _keeping_tag(own, now, zone, exclude)
        if why:
            return f"{name} is kept by its tag {why}."
    if ledger.is_locked(sandbox.id):
        return "An azlabs command is at work on it."
    return ""


def _keeping_tag(own: dict[str, str], now: datetime, zone: tzinfo, exclude: Collection[str]) -> str:
    """The tag that keeps a group: azlabs-keep (with a date: until then), or one that the caller named."""
    value = tags.has(own, tags.KEEP)
    if value is not None and value.strip().lower() not in _NOT_KEPT:
        until = tags.moment_of(value, zone)
        if until is None or until > now:
            return f"{tags.KEEP}={value}" if value else tags.KEEP
    for entry in exclude:
        name, equals, wanted = entry.partition("=")
        value = tags.has(own, name.strip())
        if value is not None and (not equals or value.lower() == wanted.strip().lower()):
            return entry
    return ""
