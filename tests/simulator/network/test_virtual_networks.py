"""Virtual networks and subnets refuse and show what Azure refuses and shows."""

from __future__ import annotations

import pytest

from .conftest import Net, address


def test_a_network_is_announced_as_updating_and_shown_as_done(net: Net) -> None:
    answer = net.put(
        "virtualNetworks/vnet",
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}],
        },
    )
    first = answer.json()
    assert answer.status == 201 and "Azure-AsyncOperation" in answer.headers and answer.headers["Retry-After"] == "3"
    assert first["properties"]["provisioningState"] == "Updating"
    assert first["properties"]["subnets"][0]["properties"]["provisioningState"] == "Updating"
    poll = net.arm("GET", answer.headers["Azure-AsyncOperation"], version=None)
    assert poll.json() == {"status": "Succeeded"}
    shown = net.get("virtualNetworks/vnet")
    subnet = shown["properties"]["subnets"][0]
    assert shown["properties"]["provisioningState"] == subnet["properties"]["provisioningState"] == "Succeeded"
    assert subnet["etag"] == shown["etag"] and subnet["type"] == "Microsoft.Network/virtualNetworks/subnets"
    assert subnet["properties"]["privateEndpointNetworkPolicies"] == "Disabled"
    assert shown["properties"]["virtualNetworkPeerings"] == [] and shown["properties"]["resourceGuid"]


def test_writing_the_same_again_or_only_tags_is_done_at_once(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    body = net.get("virtualNetworks/vnet")
    assert net("PUT", "virtualNetworks/vnet", body).json()["properties"]["provisioningState"] == "Succeeded"
    tagged = net("PUT", "virtualNetworks/vnet", {**body, "tags": {"a": "b"}})
    assert tagged.status == 200 and tagged.json()["properties"]["provisioningState"] == "Succeeded"
    body["properties"]["subnets"][0]["properties"]["addressPrefix"] = "10.0.2.0/24"
    assert net("PUT", "virtualNetworks/vnet", body).json()["properties"]["provisioningState"] == "Updating"


def test_members_follow_the_api_version(net: Net) -> None:
    net.network()
    newest, old = (net.get("virtualNetworks/vnet", version=version)["properties"] for version in ("2024-05-01", "2020-07-01"))
    assert newest["privateEndpointVNetPolicies"] == "Disabled" and "enableVmProtection" not in newest
    assert old["enableVmProtection"] is False and "privateEndpointVNetPolicies" not in old


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.0.0/16", "NetcfgSubnetRangesOverlap"),
        ("10.1.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.0.0/15", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.2.7/24", "InvalidCIDRNotation"),
        ("10.0.2.0", "InvalidAddressPrefixFormat"),
        ("300.0.2.0/24", "InvalidAddressPrefixFormat"),
        ("10.0.2.0/30", "NetcfgInvalidSubnet"),
    ],
)
def test_a_subnet_range_that_does_not_fit_is_refused(net: Net, prefix: str, expected: str) -> None:
    net.network(a="10.0.1.0/24")
    assert net.refused("virtualNetworks/vnet/subnets/b", {"addressPrefix": prefix}) == expected
    assert [item["name"] for item in net.get("virtualNetworks/vnet")["properties"]["subnets"]] == ["a"]


def test_overlaps_inside_one_request_are_refused_too(net: Net) -> None:
    subnets = [{"name": name, "properties": {"addressPrefix": "10.0.1.0/24"}} for name in ("a", "b")]
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    assert net.refused("virtualNetworks/vnet", {"addressSpace": space, "subnets": subnets}) == "NetcfgSubnetRangesOverlap"
    both = {"addressPrefixes": ["10.0.0.0/16", "10.0.9.0/24"]}
    assert net.refused("virtualNetworks/vnet", {"addressSpace": both}) == "NetcfgInvalidVirtualNetworkSite"


def test_a_subnet_is_a_view_of_its_network(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("virtualNetworks/vnet/subnets/b", {"addressPrefix": "10.0.2.0/24"})
    network = net.get("virtualNetworks/vnet")
    assert [item["name"] for item in network["properties"]["subnets"]] == ["a", "b"]
    assert net.get("virtualNetworks/vnet/subnets/b")["etag"] == network["etag"]
    listed = net("GET", "virtualNetworks/vnet/subnets").json()["value"]
    assert [item["name"] for item in listed] == ["a", "b"]
    assert net("DELETE", "virtualNetworks/vnet/subnets/a").status == 202
    assert net("DELETE", "virtualNetworks/vnet/subnets/a").status == 204
    assert net.code(net("GET", "virtualNetworks/vnet/subnets/a")) == "NotFound"


def test_an_update_that_does_not_speak_of_subnets_keeps_them(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    space = {"addressPrefixes": ["10.0.0.0/16", "10.9.0.0/16"]}
    kept = net.make("virtualNetworks/vnet", {"addressSpace": space})
    assert [item["name"] for item in kept["properties"]["subnets"]] == ["a"]
    assert net.make("virtualNetworks/vnet", {"addressSpace": space, "subnets": []})["properties"]["subnets"] == []


def test_a_subnet_in_use_can_neither_be_deleted_nor_left_out_nor_shrunk(net: Net) -> None:
    net.network(a="10.0.1.0/24", b="10.0.2.0/24")
    nic = net.nic("nic", "vnet/a", privateIPAllocationMethod="Static", privateIPAddress="10.0.1.200")
    for path in ("virtualNetworks/vnet/subnets/a", "virtualNetworks/vnet"):
        answer = net("DELETE", path)
        assert net.code(answer) == "InUseSubnetCannotBeDeleted"
        assert nic["properties"]["ipConfigurations"][0]["id"] in answer.json()["error"]["message"]
    left_out = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []}
    assert net.refused("virtualNetworks/vnet", left_out) == "InUseSubnetCannotBeDeleted"
    assert net.refused("virtualNetworks/vnet/subnets/a", {"addressPrefix": "10.0.1.0/25"}) == "InUsePrefixCannotBeDeleted"
    assert net.put("virtualNetworks/vnet/subnets/a", {"addressPrefix": "10.0.1.128/25"}).status == 200
    assert net("DELETE", "networkInterfaces/nic").status == 202
    assert net("DELETE", "virtualNetworks/vnet/subnets/a").status == 202


def test_a_subnet_shows_who_lives_in_it_and_what_filters_it(net: Net) -> None:
    net.make("networkSecurityGroups/nsg")
    net.make("routeTables/routes")
    net.network(a="10.0.1.0/24")
    net.nic("nic", "vnet/a")
    properties = {
        "addressPrefix": "10.0.1.0/24",
        "networkSecurityGroup": net.ref("networkSecurityGroups/nsg"),
        "routeTable": net.ref("routeTables/routes"),
    }
    subnet = net.make("virtualNetworks/vnet/subnets/a", properties)
    assert subnet["properties"]["ipConfigurations"] == [net.ref("networkInterfaces/nic/ipConfigurations/primary")]
    for path in ("networkSecurityGroups/nsg", "routeTables/routes"):
        assert net.get(path)["properties"]["subnets"] == [net.ref("virtualNetworks/vnet/subnets/a")]
    assert net.code(net("DELETE", "networkSecurityGroups/nsg")) == "InUseNetworkSecurityGroupCannotBeDeleted"
    assert net.code(net("DELETE", "routeTables/routes")) == "InUseRouteTableCannotBeDeleted"


def test_a_filter_of_another_region_is_not_found(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("networkSecurityGroups/far", location="eastus")
    for name in ("far", "missing"):
        properties = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": net.ref(f"networkSecurityGroups/{name}")}
        assert net.refused("virtualNetworks/vnet/subnets/a", properties) == "InvalidResourceReference"


def test_delegations_and_service_endpoints_are_completed(net: Net) -> None:
    net.network()
    subnet = net.make(
        "virtualNetworks/vnet/subnets/a",
        {
            "addressPrefix": "10.0.1.0/24",
            "delegations": [{"name": "apps", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}],
            "serviceEndpoints": [{"service": "Microsoft.Storage"}, {"service": "Microsoft.Sql"}],
        },
    )["properties"]
    assert subnet["delegations"][0]["properties"]["actions"] == ["Microsoft.Network/virtualNetworks/subnets/action"]
    assert [item["locations"] for item in subnet["serviceEndpoints"]] == [["*"], ["westeurope"]]
    assert {item["provisioningState"] for item in subnet["serviceEndpoints"]} == {"Succeeded"}


def test_addresses_can_be_asked_for_before_they_are_taken(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    taken = address(net.nic("nic", "vnet/a"))

    def ask(text: str) -> dict[str, object]:
        answer: dict[str, object] = net("GET", f"virtualNetworks/vnet/checkIPAddressAvailability?ipAddress={text}").json()
        return answer

    assert ask("10.0.1.50") == {"available": True, "isPlatformReserved": False}
    assert ask(taken)["available"] is False
    assert ask("10.0.1.1") == {
        "available": False,
        "isPlatformReserved": True,
        "availableIPAddresses": [f"10.0.1.{number}" for number in range(5, 10)],
    }
    usage = net("GET", "virtualNetworks/vnet/usages").json()["value"][0]
    assert (usage["currentValue"], usage["limit"]) == (1, 251)
