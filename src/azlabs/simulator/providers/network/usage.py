"""Who lives in a subnet, and which addresses are taken."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import addresses
from azlabs.simulator.providers.network.base import properties, reference_id
from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
CONFIGURATIONS = (
    "properties.ipConfigurations[*].properties.subnet",
    "properties.frontendIPConfigurations[*].properties.subnet",
    "properties.gatewayIPConfigurations[*].properties.subnet",
    "properties.managementIpConfiguration.properties.subnet",
)
"""References by which an IP configuration sits in a subnet, whatever resource it belongs to."""
ENDPOINTS = "properties.subnet"
"""The reference of a private endpoint."""


def network_of(subnet: str) -> str:
    """Key of the virtual network that a subnet id belongs to."""
    return subnet.lower().rpartition("/subnets/")[0]


def taken(reader: Reader, subnet: str, besides: str = "") -> Iterator[tuple[str, str]]:
    """(address, id of the holder) of every address of a subnet that is in use, `besides` one resource (its key)."""
    for link in reader.linked(subnet):
        row = reader.store.get(link.source) if link.source != besides else None
        address = _addresses(row.text).get(link.holder.lower()) if row is not None else None
        if address is not None:
            yield address, link.holder


@functools.lru_cache(maxsize=4096)
def _addresses(text: str) -> dict[str, str]:
    """Key of every part of a stored document that has a private address, and the address."""
    found: dict[str, str] = {}
    left: list[Any] = [json.loads(text)]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            address = properties(value).get("privateIPAddress")
            if isinstance(address, str) and isinstance(value.get("id"), str):
                found[value["id"].lower()] = address
    return found


def assign(write: Write, configurations: list[Body], before: list[Body]) -> None:
    """Give every IP configuration its private address, as Azure does: the asked one, the one it had, or the lowest free.

    `before` are the configurations as they were stored. Refuses a static address that is outside of its subnet,
    reserved or taken, and a subnet that is full. A subnet that does not exist is left to the check of references.
    """
    had = {str(item.get("name", "")).lower(): properties(item) for item in before}
    used: dict[str, dict[str, str]] = {}
    static = [item for item in configurations if properties(item).get("privateIPAllocationMethod") == "Static"]
    for item in static + [item for item in configurations if item not in static]:
        mine = properties(item)
        subnet = reference_id(mine.get("subnet"))
        document = write.find(subnet) if subnet else None
        if subnet is None or document is None:
            continue
        key = subnet.lower()
        if key not in used:
            used[key] = dict(taken(write, key, write.key))
        prefixes = _prefixes(document, mine)
        if mine.get("privateIPAllocationMethod") == "Static" and mine.get("privateIPAddress"):
            _check_static(item, str(mine["privateIPAddress"]), prefixes, used[key])
        else:
            old = had.get(str(item.get("name", "")).lower(), {})
            kept = old.get("privateIPAddress")
            stays = kept and kept not in used[key] and any(addresses.holds(prefix, kept) for prefix in prefixes)
            mine["privateIPAddress"] = kept if stays else addresses.first_free(prefixes, used[key])
            if mine["privateIPAddress"] is None:
                refuse(
                    "SubnetIsFull",
                    f"Subnet {subnet.rpartition('/')[2]} with address prefix {', '.join(prefixes)} does not have enough "
                    "capacity for 1 IP addresses.",
                )
        used[key][str(mine["privateIPAddress"])] = str(item.get("id", ""))


def _prefixes(subnet: Body, configuration: Body) -> list[str]:
    """Prefixes of the subnet in the family that the configuration wants."""
    found = properties(subnet)
    several = found.get("addressPrefixes") or [found.get("addressPrefix", "")]
    wanted = 6 if configuration.get("privateIPAddressVersion") == "IPv6" else 4
    return [prefix for prefix in several if addresses.family(prefix) == wanted]


def _check_static(item: Body, address: str, prefixes: list[str], used: dict[str, str]) -> None:
    text = ", ".join(prefixes)
    if not addresses.is_address(address):
        refuse("InvalidIPAddressFormat", f"IP address {address} of IP configuration {item.get('id')} is not formatted correctly.")
    if not any(addresses.holds(prefix, address) for prefix in prefixes):
        refuse(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {address} does not belong to the range of subnet prefix {text}.",
        )
    if any(addresses.reserved(prefix, address) for prefix in prefixes):
        refuse(
            "PrivateIPAddressInReservedRange",
            f"Private static IP address {address} falls within reserved IP range of subnet prefix {text}.",
        )
    if address in used:
        refuse(
            "PrivateIPAddressIsAllocated",
            f"IP configuration {item.get('id')} is using the private IP address {address} which is already allocated to "
            f"resource {used[address]}.",
        )
