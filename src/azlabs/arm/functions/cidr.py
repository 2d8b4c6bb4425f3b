"""Functions of address ranges, IPv4 and IPv6."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import integer, string


def _network(name: str, text: Any) -> IPv4Network | IPv6Network:
    given = string(name, text)
    try:
        if "/" not in given:
            raise ValueError
        return ip_network(given, strict=False)
    except ValueError:
        raise invalid(name, f"parameter is not valid: '{given[:60]}' is not a range in CIDR notation.") from None


@function("parseCidr", 1)
def _parse_cidr(text: Any) -> dict[str, Any]:
    network = _network("parseCidr", text)
    first, last = int(network.network_address), int(network.broadcast_address)
    address = type(network.network_address)
    edge = 1 if network.num_addresses > 2 else 0
    result: dict[str, Any] = {
        "network": str(network.network_address),
        "netmask": str(network.netmask),
        "firstUsable": str(address(first + edge)),
        "lastUsable": str(address(last - edge if network.version == 4 else last)),
        "cidr": network.prefixlen,
    }
    if network.version == 4:
        result["broadcast"] = str(network.broadcast_address)
    return result


@function("cidrSubnet", 3)
def _cidr_subnet(text: Any, prefix: Any, index: Any) -> str:
    network = _network("cidrSubnet", text)
    length, place = integer("cidrSubnet", prefix), integer("cidrSubnet", index)
    if not network.prefixlen <= length <= network.max_prefixlen:
        raise invalid(
            "cidrSubnet",
            f"parameters are invalid: the new prefix must be from {network.prefixlen} to {network.max_prefixlen}.",
        )
    if not 0 <= place < 1 << (length - network.prefixlen):
        raise invalid("cidrSubnet", f"parameters are invalid: '{network}' has no subnet /{length} with index {place}.")
    start = int(network.network_address) + (place << (network.max_prefixlen - length))
    return f"{type(network.network_address)(start)}/{length}"


@function("cidrHost", 2)
def _cidr_host(text: Any, index: Any) -> str:
    network = _network("cidrHost", text)
    place = integer("cidrHost", index)
    edge = 1 if network.num_addresses > 2 else 0
    usable = network.num_addresses - (2 * edge if network.version == 4 else edge)
    if not 0 <= place < usable:
        raise invalid("cidrHost", f"parameters are invalid: '{network}' has no host with index {place}.")
    return str(type(network.network_address)(int(network.network_address) + edge + place))
