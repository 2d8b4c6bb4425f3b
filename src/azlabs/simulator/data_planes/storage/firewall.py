"""The network rules of an account: from where its data planes may be used."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking

CLIENT = "203.0.113.10"
"""The public address that programs on this machine have for the simulator."""
CLIENT_HEADER = "x-azlabs-client-address"
"""Names another address: for checks that ask who else could use an account."""


def client_address(asking: Asking) -> str:
    """Where the request comes from."""
    text = asking.headers.get(CLIENT_HEADER, CLIENT)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Refused(400, "InvalidHeaderValue", f"The header {CLIENT_HEADER} is not an address.") from None


def check(asking: Asking) -> None:
    """Raise 403 AuthorizationFailure unless the account's network rules let the request in."""
    if asking.url.startswith("http://") and (asking.account.body["properties"].get("supportsHttpsTrafficOnly", True)):
        raise Refused(400, "AccountRequiresHttps", "The account being accessed does not support http.")
    mine = asking.account.body["properties"]
    rules = mine.get("networkAcls") or {}
    access = mine.get("publicNetworkAccess")
    if access in (None, "Enabled") and rules.get("defaultAction", "Allow") == "Allow":
        return
    if access in (None, "Enabled"):
        address = ipaddress.ip_address(client_address(asking))
        for rule in [*(rules.get("ipRules") or []), *(rules.get("ipv6Rules") or [])]:
            if address in ipaddress.ip_network(rule["value"], strict=False):
                return
    raise Refused(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
