"""Microsoft.Network, a part of the namespace per module."""

from __future__ import annotations

MODULES = (
    "virtual_networks",
    "peerings",
    "security_groups",
    "route_tables",
    "public_ips",
    "interfaces",
)
"""Modules with resource types; they register themselves when they are imported."""
