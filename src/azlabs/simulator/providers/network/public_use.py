"""A public address serves one IP configuration at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import properties, reference_id
from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]


def check(write: Write, configurations: list[Body]) -> None:
    """Refuse public addresses that another IP configuration holds already, of this resource or of another."""
    mine: dict[str, str] = {}
    for item in configurations:
        address = reference_id(properties(item).get("publicIPAddress"))
        if address is None:
            continue
        holder = str(item.get("id", ""))
        others = [link.holder for link in write.linked(address) if link.source != write.key]
        other = mine.get(address.lower()) or (others[0] if others else None)
        if other is not None:
            refuse(
                "PublicIPAddressInUse",
                f"Resource {holder} is referencing public IP address {address} that is already allocated to resource {other}.",
            )
        mine[address.lower()] = holder
