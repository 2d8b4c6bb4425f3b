"""Both halves of a peering tell each other what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import properties, reference_id

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
INITIATED, CONNECTED, DISCONNECTED = "Initiated", "Connected", "Disconnected"


def address_space(body: Body) -> list[str]:
    """Prefixes of a virtual network."""
    space = properties(body).get("addressSpace")
    found = space.get("addressPrefixes") if isinstance(space, dict) else None
    return [prefix for prefix in found if isinstance(prefix, str)] if isinstance(found, list) else []


def halves(body: Body) -> dict[str, Body]:
    """Peerings of a virtual network by key of the other network."""
    found = {}
    for half in properties(body).get("virtualNetworkPeerings") or []:
        target = reference_id(properties(half).get("remoteVirtualNetwork"))
        if target:
            found[target.lower()] = half
    return found


def half_towards(network: Body, remote: str) -> Body | None:
    """The peering of a network that points to the remote network (its key)."""
    return halves(network).get(remote.lower())


COMPUTED = ("peeringState", "peeringSyncLevel", "remoteAddressSpace", "remoteVirtualNetworkAddressSpace")


def keep(write: Write) -> None:
    """A write of the whole network leaves its halves in the state they had; only a write of a half renews it."""
    then = halves(write.before or {})
    for remote, half in halves(write.body).items():
        if remote in then:
            half["properties"].update({name: properties(then[remote]).get(name) for name in COMPUTED})


def settle(write: Write) -> None:
    """After a network was stored: connect the other halves, let go of those that are gone, tell of new addresses."""
    now, then = halves(write.body), halves(write.before or {})
    moved = write.before is not None and address_space(write.before) != address_space(write.body)
    for remote, half in now.items():
        if remote not in then or properties(half) != properties(then[remote]):
            _set(write, remote, {"peeringState": CONNECTED, "peeringSyncLevel": "FullyInSync"}, only_from=INITIATED)
        if moved:
            _set(write, remote, {"peeringSyncLevel": "RemoteNotInSync"}, only_from=CONNECTED)
    for remote in then.keys() - now.keys():
        _set(write, remote, {"peeringState": DISCONNECTED})


def leave(write: Write) -> None:
    """Before a network is deleted: the other halves stay behind, disconnected."""
    for remote in halves(write.body):
        _set(write, remote, {"peeringState": DISCONNECTED})


def _set(write: Write, remote: str, members: Body, only_from: str | None = None) -> None:
    """Change the half on the other side, where there is one."""
    reader: Reader = write
    row = reader.store.get(remote)
    if row is None:
        return
    body = row.copy()
    half = half_towards(body, write.key)
    if half is None or (only_from is not None and properties(half).get("peeringState") != only_from):
        return
    half["properties"].update(members)
    row.body = body
    reader.store.update(row)
