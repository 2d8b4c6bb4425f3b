"""Who owns a host name: asked of the public zones in the simulator."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write


def proven(write: Write, name: str, site: str) -> bool:
    """Does a record of a public zone point `name` to the site, or hold the verification id for it?"""
    token = hashlib.sha256(f"domain {write.subscription}".encode()).hexdigest().upper()
    for zone in write.store.of_type("microsoft.network/dnszones"):
        domain = zone.name.lower()
        if name != domain and not name.endswith(f".{domain}"):
            continue
        label = name.removesuffix(domain).rstrip(".") or "@"
        alias = _properties(write, f"{zone.key}/cname/{label}")
        if str((_member(alias, "CNAMERecord") or {}).get("cname", "")).lower().rstrip(".") == site:
            return True
        text = _properties(write, f"{zone.key}/txt/{'asuid' if label == '@' else f'asuid.{label}'}")
        if any(token in (one.get("value") or []) for one in _member(text, "TXTRecords") or []):
            return True
    return False


def _properties(write: Write, key: str) -> dict[str, Any]:
    found: dict[str, Any] = (write.find(key) or {}).get("properties") or {}
    return found


def _member(properties: dict[str, Any], name: str) -> Any:
    return next((value for key, value in properties.items() if key.lower() == name.lower()), None)
