"""Function keys: who may call an HTTP function, and the host's own endpoints.

https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import dumps
from azlabs.simulator.providers.web.children import new_key

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

HEADER = "x-functions-key"
QUERY = "code"
ANONYMOUS, FUNCTION, ADMIN, SYSTEM = "anonymous", "function", "admin", "system"


def host_keys(simulator: Simulator, site_key: str) -> dict[str, Any]:
    """{"masterKey", "functionKeys": {name: key}, "systemKeys": {name: key}} of an app, made at first need."""
    with simulator.store.writing():
        row = simulator.store.get(site_key)
        if row is None:
            return {"masterKey": "", "functionKeys": {}, "systemKeys": {}}
        hidden = row.hidden
        if "keys" not in hidden:
            hidden["keys"] = {"masterKey": new_key(), "functionKeys": {"default": new_key()}, "systemKeys": {}}
            row.hidden_text = dumps(hidden)
            simulator.store.update(row)
        keys: dict[str, Any] = hidden["keys"]
        return keys


def system_key(simulator: Simulator, site_key: str, name: str) -> str:
    """The key of an extension ("eventgrid_extension"), made at first need."""
    found = host_keys(simulator, site_key)["systemKeys"].get(name)
    if found:
        return str(found)
    with simulator.store.writing():
        row = simulator.store.get(site_key)
        if row is None:
            return ""
        hidden = row.hidden
        made = hidden["keys"]["systemKeys"].setdefault(name, new_key())
        row.hidden_text = dumps(hidden)
        simulator.store.update(row)
    return str(made)


def function_keys(simulator: Simulator, site_key: str, function: str) -> dict[str, str]:
    """The keys of one function."""
    with simulator.store.lock:
        row = simulator.store.get(f"{site_key}/functions/{function.lower()}")
    return dict(row.hidden.get("keys") or {}) if row is not None else {}


def opens(simulator: Simulator, site_key: str, level: str, given: str, function: str = "", system: str = "") -> bool:
    """Does this key open something of an authorization level? The master key opens everything."""
    if level == ANONYMOUS:
        return True
    if not given:
        return False
    host = host_keys(simulator, site_key)
    good = [str(host["masterKey"])]
    if level == FUNCTION:
        good += [*host["functionKeys"].values(), *function_keys(simulator, site_key, function).values()]
    elif level == SYSTEM:
        good.append(str(host["systemKeys"].get(system, "")))
    return any(key and hmac.compare_digest(given.encode(), str(key).encode()) for key in good)
