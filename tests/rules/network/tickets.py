"""The flat network that most of these tests start from: one wide subnet, a management subnet, eight machines."""

from __future__ import annotations

from azlabs.rules.network.topology import Network

from .bodies import Json, nic, nsg, rule, subnet, vnet

FLAT = nsg(
    "nsg-flat",
    rule("allow-shop", 100, source="Internet", ports=["80", "443"]),
    rule("allow-office-remote", 200, source="203.0.113.0/24", ports=["22", "3389"]),
    rule("block-db-remote", 210, "Deny", source="Internet", destination="172.20.40.40", ports=["22", "3389"]),
    rule("allow-vendor", 300, protocol="*", source="198.51.100.0/24"),
    rule("allow-any-remote", 400, ports=["22", "3389", "8080"]),
)
QUARANTINE = nsg("nsg-app-02", rule("quarantine", 100, "Deny", source="VirtualNetwork", ports="8080"))
MANAGEMENT = nsg(
    "nsg-mgmt",
    rule("ssh-in", 100, source="203.0.113.0/24", ports="22"),
    rule("rdp-in", 110, ports="3389"),
)
MACHINES = [
    ("nic-web-01", "snet-flat", "172.20.40.4", ""),
    ("nic-web-02", "snet-flat", "172.20.40.5", ""),
    ("nic-app-01", "snet-flat", "172.20.40.6", ""),
    ("nic-app-02", "snet-flat", "172.20.40.7", "nsg-app-02"),
    ("nic-report-01", "snet-flat", "172.20.40.8", ""),
    ("nic-db-01", "snet-flat", "172.20.40.40", ""),
    ("nic-db-02", "snet-flat", "172.20.40.9", ""),
    ("nic-jump-01", "snet-mgmt", "172.20.41.4", ""),
]


def tickets(*groups: Json) -> Network:
    return Network.of(
        virtual_networks=[
            vnet(
                "vnet-tickets",
                ["172.20.40.0/22"],
                subnet("snet-flat", "172.20.40.0/24", "nsg-flat"),
                subnet("snet-mgmt", "172.20.41.0/27", "nsg-mgmt"),
            )
        ],
        network_interfaces=[nic(name, "vnet-tickets", where, at, group) for name, where, at, group in MACHINES],
        network_security_groups=groups or [FLAT, QUARANTINE, MANAGEMENT],
    )
