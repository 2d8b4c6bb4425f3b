"""Interfaces get, keep and defend their addresses as Azure's do."""

from __future__ import annotations

import pytest

from .conftest import Net, address


def static(text: str) -> dict[str, str]:
    """Members of an IP configuration with a fixed address."""
    return {"privateIPAllocationMethod": "Static", "privateIPAddress": text}


def test_dynamic_addresses_start_at_the_fourth_and_fill_gaps(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    assert address(net.nic("one", "vnet/a")) == "10.0.1.4"
    assert address(net.nic("two", "vnet/a", **static("10.0.1.5"))) == "10.0.1.5"
    assert address(net.nic("three", "vnet/a")) == "10.0.1.6"
    net("DELETE", "networkInterfaces/one")
    assert address(net.nic("four", "vnet/a")) == "10.0.1.4"
    assert address(net.nic("three", "vnet/a")) == "10.0.1.6"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.2.4", "PrivateIPAddressNotInSubnet"),
        ("10.0.1.0", "PrivateIPAddressInReservedRange"),
        ("10.0.1.3", "PrivateIPAddressInReservedRange"),
        ("10.0.1.255", "PrivateIPAddressInReservedRange"),
        ("10.0.1.77", "PrivateIPAddressIsAllocated"),
        ("10.0.1", "InvalidIPAddressFormat"),
    ],
)
def test_a_static_address_that_cannot_be_had_is_refused(net: Net, text: str, expected: str) -> None:
    net.network(a="10.0.1.0/24")
    net.nic("taken", "vnet/a", **static("10.0.1.77"))
    assert net.refused("networkInterfaces/nic", {"ipConfigurations": [net.configuration("vnet/a", **static(text))]}) == expected


def test_a_full_subnet_takes_nobody_more(net: Net) -> None:
    net.network(a="10.0.1.0/29")
    for number in range(3):
        net.nic(f"nic{number}", "vnet/a")
    assert net.refused("networkInterfaces/late", {"ipConfigurations": [net.configuration("vnet/a")]}) == "SubnetIsFull"


def test_an_interface_may_change_its_subnet_but_not_its_network(net: Net) -> None:
    net.network(a="10.0.1.0/24", b="10.0.2.0/24")
    net.network("other", "10.9.0.0/16", a="10.9.0.0/24")
    net.nic("nic", "vnet/a")
    assert address(net.nic("nic", "vnet/b")) == "10.0.2.4"
    assert "ipConfigurations" not in net.get("virtualNetworks/vnet/subnets/a")["properties"]
    away = {"ipConfigurations": [net.configuration("other/a")]}
    assert net.refused("networkInterfaces/nic", away) == "SubnetsNotInSameVnet"
    fixed = {"ipConfigurations": [net.configuration("vnet/b", **static("10.0.1.9"))]}
    assert net.refused("networkInterfaces/nic", fixed) == "PrivateIPAddressNotInSubnet"


def test_what_an_interface_names_has_to_be_there_and_in_its_region(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    missing = {"ipConfigurations": [net.configuration("vnet/none")]}
    assert net.refused("networkInterfaces/nic", missing) == "InvalidResourceReference"
    here = {"ipConfigurations": [net.configuration("vnet/a")]}
    assert net.refused("networkInterfaces/nic", here, location="eastus") == "InvalidResourceReference"
    wrong = {**here, "networkSecurityGroup": net.ref("virtualNetworks/vnet")}
    assert net.refused("networkInterfaces/nic", wrong) == "InvalidResourceReference"


def test_an_interface_is_shown_completed(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    answer = net.put("networkInterfaces/nic", {"ipConfigurations": [net.configuration("vnet/a")]})
    assert answer.status == 201 and answer.json()["properties"]["provisioningState"] == "Succeeded"
    nic = net.get("networkInterfaces/nic")
    mine = nic["properties"]["ipConfigurations"][0]
    assert mine["properties"]["primary"] is True and mine["properties"]["privateIPAllocationMethod"] == "Dynamic"
    assert mine["type"] == "Microsoft.Network/networkInterfaces/ipConfigurations" and mine["etag"] == nic["etag"]
    assert nic["kind"] == "Regular" and nic["properties"]["nicType"] == "Standard"
    assert "kind" not in net.get("networkInterfaces/nic", version="2018-10-01")


def test_only_one_of_several_configurations_is_primary(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    second = {**net.configuration("vnet/a"), "name": "second"}
    nic = net.make("networkInterfaces/nic", {"ipConfigurations": [net.configuration("vnet/a"), second]})
    assert [item["properties"]["primary"] for item in nic["properties"]["ipConfigurations"]] == [True, False]
    both = [net.configuration("vnet/a", primary=True), {**second, "properties": {**second["properties"], "primary": True}}]
    assert net.refused("networkInterfaces/nic", {"ipConfigurations": both})


def test_all_configurations_belong_to_the_same_groups(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("applicationSecurityGroups/web")
    grouped = net.configuration("vnet/a", applicationSecurityGroups=[net.ref("applicationSecurityGroups/web")])
    both = [grouped, {**net.configuration("vnet/a"), "name": "second"}]
    code = net.refused("networkInterfaces/nic", {"ipConfigurations": both})
    assert code == "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups"


def test_a_group_lists_the_interfaces_that_it_filters(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("networkSecurityGroups/nsg")
    body = {"ipConfigurations": [net.configuration("vnet/a")], "networkSecurityGroup": net.ref("networkSecurityGroups/nsg")}
    net.make("networkInterfaces/nic", body)
    group = net.get("networkSecurityGroups/nsg")["properties"]
    assert group["networkInterfaces"] == [net.ref("networkInterfaces/nic")] and "subnets" not in group
    assert net.code(net("DELETE", "networkSecurityGroups/nsg")) == "InUseNetworkSecurityGroupCannotBeDeleted"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("effectiveNetworkSecurityGroups", "NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups"),
        ("effectiveRouteTable", "NicMustBeAttachedToRunningVmToGetEffectiveRoutes"),
    ],
)
def test_effective_configuration_needs_a_running_machine(net: Net, action: str, expected: str) -> None:
    net.network(a="10.0.1.0/24")
    net.nic("nic", "vnet/a")
    assert net.code(net("POST", f"networkInterfaces/nic/{action}")) == expected
