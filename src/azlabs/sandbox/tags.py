"""Who owns a resource group: the tags that azlabs puts on it, and the seal that only fits this one group."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Any

from azlabs.sandbox.model import Sandbox

SANDBOX = "azlabs-sandbox"
LAB = "azlabs-lab"
CREATED = "azlabs-created"
EXPIRES = "azlabs-expires"
ACCOUNT = "azlabs-account"
SEAL = "azlabs-seal"
KEEP = "azlabs-keep"
"""Put on a group by people: `reap` leaves it alone."""
DIRECTORY = "azlabs-directory"
"""The sandbox has objects in the directory."""
OUTSIDE = "azlabs-outside-"
# Azure allows 50 tags of 256 characters each; the mark needs some of them.
_MOST_OUTSIDE = 40
_LONGEST_VALUE = 256


@dataclass(frozen=True, slots=True)
class Mark:
    """What the tags say, once their seal fits. `expires_as_written`: the text of an end that cannot be read, else ''."""

    sandbox: str
    lab: str
    created: datetime
    expires: datetime | None
    account: str
    expires_as_written: str = ""


def marks(sandbox: Sandbox, group: str) -> dict[str, str]:
    """The tags for one of a sandbox's groups."""
    created = _text(sandbox.created)
    tags = {
        SANDBOX: sandbox.id,
        LAB: sandbox.lab,
        CREATED: created,
        ACCOUNT: account_mark(sandbox.account, sandbox.tenant_id),
        SEAL: _seal(sandbox.subscription_id, group, sandbox.id, sandbox.lab, created),
    }
    if sandbox.expires is not None:
        tags[EXPIRES] = _text(sandbox.expires)
    return tags


def has(tags: dict[str, str], name: str) -> str | None:
    """The value of a tag, whatever its case; None when it is not there."""
    return {known.lower(): value for known, value in tags.items()}.get(name.lower())


def read_mark(
    subscription_id: str, group: str, tags: dict[str, str] | None, zone: tzinfo = UTC
) -> Mark | None:
    """What a group's (or a deployment's) tags say; None when they are not azlabs' or were copied from another group.

    The seal covers subscription, group, sandbox, lab and creation, so tags copied by hand to another group do not
    fit it. The expiry is outside the seal: `extend` and people may move it; `zone` is where people mean theirs, when
    they write none.
    """
    lowered = {name.lower(): value for name, value in (tags or {}).items()}
    sandbox, lab, created = (lowered.get(name, "") for name in (SANDBOX, LAB, CREATED))
    if not sandbox or lowered.get(SEAL) != _seal(subscription_id, group, sandbox, lab, created):
        return None
    made = _time(created)
    if made is None:
        return None
    written = lowered.get(EXPIRES, "")
    expires = moment_of(written, zone)
    return Mark(sandbox, lab, made, expires, lowered.get(ACCOUNT, ""), "" if expires else written)


def of_deployment(name: str) -> str:
    """What the seal of a deployment at the subscription fits: no group can be called that."""
    return f"deployments/{name}"


def outside_marks(sandbox: Sandbox) -> dict[str, str]:
    """Tags for a deployment's record that name what it makes outside the groups.

    They arrive with the request that makes those things, so they are known even when the ledger is lost. Each is
    sealed, since `down` deletes by them. Ids too long for a tag, and more than fit, are in the ledger only.
    """
    found: dict[str, str] = {}
    for identifier in sandbox.outside[:_MOST_OUTSIDE]:
        value = f"{_outside_seal(sandbox.subscription_id, sandbox.id, identifier)} {identifier}"
        if len(value) <= _LONGEST_VALUE:
            found[f"{OUTSIDE}{len(found)}"] = value
    return found


def read_outside_marks(subscription_id: str, sandbox_id: str, tags: dict[str, str]) -> list[str]:
    """The ids of `outside_marks` whose seal fits the sandbox."""
    found = []
    for name, value in sorted(tags.items()):
        seal, _, identifier = value.partition(" ")
        if name.lower().startswith(OUTSIDE) and seal == _outside_seal(subscription_id, sandbox_id, identifier):
            found.append(identifier)
    return found


def account_mark(account: str, tenant_id: str) -> str:
    """A short word for an account that tells whose a group is without naming the person."""
    return hashlib.sha256(f"{tenant_id}/{account}".lower().encode()).hexdigest()[:12]


def tags_of(body: dict[str, Any] | None) -> dict[str, str]:
    """The tags of a resource's body."""
    return dict((body or {}).get("tags") or {})


def _seal(subscription_id: str, group: str, sandbox: str, lab: str, created: str) -> str:
    words = "\n".join(("azlabs", subscription_id.lower(), group.lower(), sandbox, lab, created))
    return hashlib.sha256(words.encode()).hexdigest()[:24]


def _outside_seal(subscription_id: str, sandbox_id: str, identifier: str) -> str:
    words = "\n".join(("azlabs-outside", subscription_id.lower(), sandbox_id, identifier.lower()))
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def moment_of(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The time that a person or azlabs wrote into a tag; None when it cannot be read.

    ISO 8601 with or without an offset, a zone's name behind it ("2026-11-21 18:00 Europe/Stockholm"), or a date alone,
    which lasts until its end. Without offset and name it is a time in `zone`.
    """
    from zoneinfo import ZoneInfo

    words = text.strip()
    head, _, last = words.rpartition(" ")
    if head and last[:1].isalpha():
        try:
            zone, words = ZoneInfo(last), head.strip()
        except (KeyError, OSError, ValueError):
            return None
    try:
        moment = datetime.fromisoformat(words)
        if len(words) <= len("2026-11-21"):
            moment = datetime.combine(moment.date(), time.max)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
