"""A small network in Azure's JSON, to be solved, broken and compared."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
RULE = {
    "direction": "Inbound",
    "access": "Allow",
    "protocol": "Tcp",
    "sourcePortRange": "*",
    "destinationPortRange": "443",
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "*",
}


class Builder:
    """Makes resources and states of them."""

    group = GROUP
    network = NETWORK

    def rule(self, name: str, priority: int, **settings: Any) -> dict[str, Any]:
        return {"name": name, "properties": {**RULE, "priority": priority, **settings}}

    def nsg(self, name: str, *rules: dict[str, Any]) -> dict[str, Any]:
        return self.resource("networkSecurityGroups", name, securityRules=list(rules), defaultSecurityRules=_defaults())

    def nic(self, name: str, address: str, subnet: str, **settings: Any) -> dict[str, Any]:
        inner = {
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic",
            "subnet": self.link("virtualNetworks/net/subnets/" + subnet),
            **settings,
        }
        return self.resource("networkInterfaces", name, ipConfigurations=[{"name": "primary", "properties": inner}])

    def vnet(self, **subnets: tuple[str, str]) -> dict[str, Any]:
        made = []
        for name, (prefix, nsg) in subnets.items():
            properties: dict[str, Any] = {"addressPrefix": prefix}
            if nsg:
                properties["networkSecurityGroup"] = self.link("networkSecurityGroups/" + nsg)
            made.append({"id": f"{NETWORK}/virtualNetworks/net/subnets/{name}", "name": name, "properties": properties})
        return self.resource("virtualNetworks", "net", addressSpace={"addressPrefixes": ["10.0.0.0/16"]}, subnets=made)

    def link(self, path: str) -> dict[str, str]:
        return {"id": f"{NETWORK}/{path}"}

    def resource(self, kind: str, name: str, **properties: Any) -> dict[str, Any]:
        return {
            "id": f"{NETWORK}/{kind}/{name}",
            "name": name,
            "type": f"Microsoft.Network/{kind}",
            "location": "swedencentral",
            "etag": 'W/"1"',
            "properties": {"provisioningState": "Succeeded", **properties},
        }

    def state(self, *resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return {str(resource["id"]).lower(): deepcopy(resource) for resource in resources}


def _defaults() -> list[dict[str, Any]]:
    def rule(name: str, priority: int, direction: str, access: str, source: str, to: str) -> dict[str, Any]:
        ends = {"sourceAddressPrefix": source, "destinationAddressPrefix": to}
        settings = {**RULE, "protocol": "*", "destinationPortRange": "*", "direction": direction, "access": access}
        return {"name": name, "properties": {**settings, "priority": priority, **ends}}

    lines: Iterable[tuple[str, int, str, str, str, str]] = (
        ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
        ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
        ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
        ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
    )
    return [rule(*line) for line in lines]


@pytest.fixture
def build() -> Builder:
    return Builder()
