"""Both halves of a peering know of each other."""

from __future__ import annotations

from .conftest import Body, Net


def peer(net: Net, one: str, other: str, **properties: object) -> Body:
    """Make the half of `one` that points to `other`."""
    target = {"remoteVirtualNetwork": net.ref(f"virtualNetworks/{other}"), **properties}
    return net.make(f"virtualNetworks/{one}/virtualNetworkPeerings/to-{other}", target)


def state(net: Net, one: str, other: str) -> tuple[str, str]:
    """(peeringState, peeringSyncLevel) of a half."""
    mine = net.get(f"virtualNetworks/{one}/virtualNetworkPeerings/to-{other}")["properties"]
    return mine["peeringState"], mine["peeringSyncLevel"]


def test_a_peering_is_initiated_until_the_other_half_is_made(net: Net) -> None:
    net.network("hub", "10.0.0.0/16")
    net.network("spoke", "10.1.0.0/16")
    first = peer(net, "hub", "spoke")["properties"]
    assert (first["peeringState"], first["peeringSyncLevel"]) == ("Initiated", "RemoteNotInSync")
    assert first["remoteAddressSpace"] == {"addressPrefixes": ["10.1.0.0/16"]}
    assert first["allowVirtualNetworkAccess"] is True and first["allowForwardedTraffic"] is False
    peer(net, "spoke", "hub")
    assert state(net, "hub", "spoke") == state(net, "spoke", "hub") == ("Connected", "FullyInSync")


def test_a_deleted_half_leaves_the_other_disconnected(net: Net) -> None:
    net.network("hub", "10.0.0.0/16")
    net.network("spoke", "10.1.0.0/16")
    peer(net, "hub", "spoke")
    peer(net, "spoke", "hub")
    assert net("DELETE", "virtualNetworks/spoke/virtualNetworkPeerings/to-hub").status == 202
    assert state(net, "hub", "spoke")[0] == "Disconnected"
    again = {"remoteVirtualNetwork": net.ref("virtualNetworks/hub")}
    assert net.refused("virtualNetworks/spoke/virtualNetworkPeerings/to-hub", again) == "RemotePeeringIsDisconnected"
    peer(net, "hub", "spoke")
    peer(net, "spoke", "hub")
    assert state(net, "hub", "spoke")[0] == "Connected"
    assert net("DELETE", "virtualNetworks/spoke").status == 202
    assert state(net, "hub", "spoke")[0] == "Disconnected"


def test_overlapping_networks_cannot_be_peered(net: Net) -> None:
    net.network("hub", "10.0.0.0/16")
    net.network("same", "10.0.128.0/17")
    net.network("one", "10.1.0.0/16")
    net.network("two", "10.1.8.0/24")
    target = {"remoteVirtualNetwork": net.ref("virtualNetworks/same")}
    assert net.refused("virtualNetworks/hub/virtualNetworkPeerings/p", target) == "VnetAddressSpacesOverlap"
    peer(net, "hub", "one")
    second = {"remoteVirtualNetwork": net.ref("virtualNetworks/two")}
    refused = net.refused("virtualNetworks/hub/virtualNetworkPeerings/p", second)
    assert refused == "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"


def test_one_peering_per_network_and_never_with_oneself(net: Net) -> None:
    net.network("hub", "10.0.0.0/16")
    net.network("spoke", "10.1.0.0/16")
    peer(net, "hub", "spoke")
    again = {"remoteVirtualNetwork": net.ref("virtualNetworks/spoke")}
    code = net.refused("virtualNetworks/hub/virtualNetworkPeerings/second", again)
    assert code == "AnotherPeeringAlreadyReferencesRemoteVnet"
    own = {"remoteVirtualNetwork": net.ref("virtualNetworks/hub")}
    assert net.refused("virtualNetworks/hub/virtualNetworkPeerings/self", own)
    missing = {"remoteVirtualNetwork": net.ref("virtualNetworks/missing")}
    assert net.refused("virtualNetworks/hub/virtualNetworkPeerings/p", missing) == "InvalidResourceReference"


def test_remote_gateways_need_a_gateway_there(net: Net) -> None:
    net.network("hub", "10.0.0.0/16")
    net.network("spoke", "10.1.0.0/16")
    wish = {"remoteVirtualNetwork": net.ref("virtualNetworks/hub"), "useRemoteGateways": True}
    assert net.refused("virtualNetworks/spoke/virtualNetworkPeerings/p", wish) == "RemoteVnetHasNoGateways"


def test_new_addresses_of_one_side_are_told_to_the_other(net: Net) -> None:
    net.network("hub", "10.0.0.0/16")
    net.network("spoke", "10.1.0.0/16")
    peer(net, "hub", "spoke")
    peer(net, "spoke", "hub")
    net.make("virtualNetworks/spoke", {"addressSpace": {"addressPrefixes": ["10.1.0.0/16", "10.2.0.0/16"]}})
    assert state(net, "hub", "spoke") == ("Connected", "RemoteNotInSync")
    peer(net, "hub", "spoke")
    half = net.get("virtualNetworks/hub/virtualNetworkPeerings/to-spoke")["properties"]
    assert half["remoteAddressSpace"]["addressPrefixes"] == ["10.1.0.0/16", "10.2.0.0/16"]
