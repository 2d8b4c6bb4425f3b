"""Public addresses and prefixes."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from .conftest import Net

STANDARD: dict[str, Any] = {"sku": {"name": "Standard"}}
STATIC = {"publicIPAllocationMethod": "Static"}


def test_a_static_address_is_known_once_the_operation_is_done(net: Net) -> None:
    first = net.put("publicIPAddresses/pip", STATIC, **STANDARD).json()
    assert first["properties"]["provisioningState"] == "Updating" and "ipAddress" not in first["properties"]
    pip = net.get("publicIPAddresses/pip")
    assert pip["sku"] == {"name": "Standard", "tier": "Regional"} and pip["properties"]["idleTimeoutInMinutes"] == 4
    assert ipaddress.ip_address(pip["properties"]["ipAddress"]).is_global
    again = net.make("publicIPAddresses/pip", {**STATIC, "idleTimeoutInMinutes": 10}, **STANDARD)
    assert again["properties"]["ipAddress"] == pip["properties"]["ipAddress"]


@pytest.mark.parametrize(
    ("properties", "sku", "expected"),
    [
        ({"publicIPAllocationMethod": "Dynamic"}, "Standard", "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic"),
        ({**STATIC, "idleTimeoutInMinutes": 3}, "Standard", "PublicIPIdleTimeoutOutOfRange"),
        ({**STATIC, "idleTimeoutInMinutes": 31}, "Standard", "PublicIPIdleTimeoutOutOfRange"),
        ({"publicIPAllocationMethod": "Sometimes"}, "Basic", "InvalidRequestFormat"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(net: Net, properties: dict[str, Any], sku: str, expected: str) -> None:
    assert net.refused("publicIPAddresses/pip", properties, sku={"name": sku}) == expected


def test_a_sku_cannot_be_changed_in_place(net: Net) -> None:
    net.make("publicIPAddresses/pip", STATIC)
    assert net.refused("publicIPAddresses/pip", STATIC, **STANDARD) == "PublicIPAddressSkuCannotBeUpdated"


def test_an_address_serves_one_configuration_and_cannot_be_deleted_meanwhile(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("publicIPAddresses/pip", STATIC, **STANDARD)
    public = {"publicIPAddress": net.ref("publicIPAddresses/pip")}
    net.nic("one", "vnet/a", **public)
    holder = net.ref("networkInterfaces/one/ipConfigurations/primary")
    assert net.get("publicIPAddresses/pip")["properties"]["ipConfiguration"] == holder
    other = {"ipConfigurations": [net.configuration("vnet/a", **public)]}
    assert net.refused("networkInterfaces/two", other) == "PublicIPAddressInUse"
    assert net.code(net("DELETE", "publicIPAddresses/pip")) == "PublicIPAddressCannotBeDeleted"
    net.nic("one", "vnet/a")
    assert "ipConfiguration" not in net.get("publicIPAddresses/pip")["properties"]
    assert net("DELETE", "publicIPAddresses/pip").status == 202


def test_a_label_is_taken_once_in_a_region(net: Net) -> None:
    named = {**STATIC, "dnsSettings": {"domainNameLabel": "shop"}}
    first = net.make("publicIPAddresses/one", named, **STANDARD)["properties"]
    assert first["dnsSettings"]["fqdn"] == "shop.westeurope.cloudapp.azure.com"
    assert net.refused("publicIPAddresses/two", named, **STANDARD) == "DnsRecordInUse"
    assert net.put("publicIPAddresses/two", named, **STANDARD, location="eastus").status == 201
    ask = net.arm.simulator
    assert ask is not None
    path = net.root.partition("/resourceGroups/")[0] + "/providers/Microsoft.Network/locations/westeurope/CheckDnsNameAvailability"
    for label, free in (("shop", False), ("market", True)):
        answer = net.arm("GET", f"{path}?domainNameLabel={label}", version="2024-05-01")
        assert answer.json() == {"available": free}


def test_addresses_of_a_prefix_come_out_of_it(net: Net) -> None:
    prefix = net.make("publicIPPrefixes/range", {"prefixLength": 31}, **STANDARD)["properties"]["ipPrefix"]
    wish = {**STATIC, "publicIPPrefix": net.ref("publicIPPrefixes/range")}
    found = {net.make(f"publicIPAddresses/p{number}", wish, **STANDARD)["properties"]["ipAddress"] for number in range(2)}
    assert found == {str(one) for one in ipaddress.ip_network(prefix)}
    assert net.refused("publicIPAddresses/third", wish, **STANDARD) == "PublicIPPrefixHasNoFreeAddress"
    members = net.get("publicIPPrefixes/range")["properties"]["publicIPAddresses"]
    assert members == [net.ref("publicIPAddresses/p0"), net.ref("publicIPAddresses/p1")]
    assert net.code(net("DELETE", "publicIPPrefixes/range")) == "InUsePublicIPPrefixCannotBeDeleted"
    missing = net.put("publicIPAddresses/lost", {**STATIC, "publicIPPrefix": net.ref("publicIPPrefixes/none")}, **STANDARD)
    assert (missing.status, net.code(missing)) == (404, "NotFound")


def test_a_nat_gateway_takes_standard_addresses_that_are_free(net: Net) -> None:
    net.make("publicIPAddresses/pip", STATIC, **STANDARD)
    net.make("publicIPAddresses/basic", STATIC)
    gateway = {"publicIpAddresses": [net.ref("publicIPAddresses/pip")]}
    net.make("natGateways/nat", gateway)
    assert net.get("publicIPAddresses/pip")["properties"]["natGateway"] == net.ref("natGateways/nat")
    assert net.refused("natGateways/second", gateway) == "PublicIPAddressInUse"
    basic = {"publicIpAddresses": [net.ref("publicIPAddresses/basic")]}
    assert net.refused("natGateways/third", basic) == "NatGatewayCannotReferenceBasicSkuPublicIPAddress"
    net.network(a="10.0.1.0/24")
    net.make("virtualNetworks/vnet/subnets/a", {"addressPrefix": "10.0.1.0/24", "natGateway": net.ref("natGateways/nat")})
    assert net.get("natGateways/nat")["properties"]["subnets"] == [net.ref("virtualNetworks/vnet/subnets/a")]
    assert net.code(net("DELETE", "natGateways/nat")) == "NatGatewayInUseBySubnet"
