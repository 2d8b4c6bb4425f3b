"""Rotation of keys: the policy of a key, and new versions when their time has come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import crypto, objects
from azlabs.simulator.data_planes.key_vault.errors import bad_parameter
from azlabs.simulator.data_planes.key_vault.objects import DAY, Body, Item, Vault

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?", re.I)
SHORTEST, NOTICE = 28, 7
"""Days: an expiry time of less is refused, as is a rotation closer than this to creation or expiry."""
DEFAULT = [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}]


def days(text: Any) -> int:
    """Days of an ISO 8601 duration of years, months and days; 400 for other text."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or not any(match.groups()):
        raise bad_parameter(f"'{text}' is not a duration of years, months and days.")
    years, months, count = (int(part or 0) for part in match.groups())
    return years * 365 + months * 30 + count


def shown(vault: Vault, item: Item) -> Body:
    """The policy of a key."""
    policy = item.doc.get("rotation") or {"lifetimeActions": DEFAULT, "attributes": {}}
    return {"id": vault.id_of("keys", item.name, "rotationpolicy"), **policy}


def get(asking: Asking) -> Body:
    """The rotation policy, the default one when none was set."""
    return shown(asking.vault, asking.vault.require("keys", asking.name))


def put(asking: Asking) -> Body:
    """Set the rotation policy."""
    item = asking.vault.require("keys", asking.name)
    old = shown(asking.vault, item)
    asked = asking.body.get("attributes") or {}
    expiry = asked.get("expiryTime", old["attributes"].get("expiryTime"))
    if expiry is not None and days(expiry) < SHORTEST:
        raise bad_parameter(f"Property expiryTime has to be at least {SHORTEST} days.")
    actions = asking.body.get("lifetimeActions", old["lifetimeActions"])
    if not isinstance(actions, list):
        raise bad_parameter("Property lifetimeActions is not a list.")
    for entry in actions:
        kind = str(((entry or {}).get("action") or {}).get("type", "")).lower()
        trigger = entry.get("trigger") or {}
        if kind not in ("rotate", "notify") or len([name for name, value in trigger.items() if value]) != 1:
            raise bad_parameter("Each lifetime action needs one trigger, and Rotate or Notify as its action.")
        if trigger.get("timeBeforeExpiry") and expiry is None and kind == "rotate":
            raise bad_parameter("A rotation before expiry needs an expiryTime.")
        if days(next(value for value in trigger.values() if value)) < NOTICE:
            raise bad_parameter(f"A trigger has to be at least {NOTICE} days away.")
    now = int(asking.vault.now)
    attributes: Body = {"expiryTime": expiry} if expiry is not None else {}
    attributes |= {"created": old["attributes"].get("created", now), "updated": now}
    item.doc["rotation"] = {"lifetimeActions": actions, "attributes": attributes}
    asking.vault.save(item)
    return shown(asking.vault, item)


def rotate(vault: Vault, item: Item) -> Body:
    """Add a version with new material of the same kind; the policy's expiry time starts again. The caller saves."""
    last = item.current
    members = last["public"]
    material = crypto.generate(
        last["kty"], crypto.key_size(last["material"]) if members["kty"] == "RSA" else None, members.get("crv")
    )
    attributes: Body = {"enabled": True}
    expiry = (item.doc.get("rotation") or {}).get("attributes", {}).get("expiryTime")
    if expiry is not None:
        attributes["exp"] = int(vault.now) + days(expiry) * DAY
    version = {
        **{name: last[name] for name in ("kty", "key_ops", "tags", "exportable")},
        "version": objects.new_version(),
        "public": crypto.public_members(material),
        "material": material,
        "attributes": vault.fresh(attributes),
    }
    item.versions.append(version)
    return version


def advance(vault: Vault, item: Item) -> bool:
    """Rotate a key whose policy says that it is time; whether it was."""
    for entry in (item.doc.get("rotation") or {}).get("lifetimeActions") or []:
        if str(entry["action"]["type"]).lower() != "rotate":
            continue
        trigger, attributes = entry["trigger"], item.current["attributes"]
        if trigger.get("timeAfterCreate"):
            due = attributes["created"] + days(trigger["timeAfterCreate"]) * DAY
        elif "exp" in attributes:
            due = attributes["exp"] - days(trigger["timeBeforeExpiry"]) * DAY
        else:
            continue
        if due <= vault.now:
            rotate(vault, item)
            vault.save(item)
            return True
    return False
