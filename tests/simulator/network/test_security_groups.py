"""Security groups, their rules and application security groups."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.simulator.providers.network import rule_checks

from .conftest import Net, rule


def test_a_group_has_six_rules_that_nobody_can_change(net: Net) -> None:
    mine = net.make("networkSecurityGroups/nsg", {"defaultSecurityRules": []})["properties"]
    table = {item["name"]: item["properties"] for item in mine["defaultSecurityRules"]}
    assert {name: (one["priority"], one["direction"], one["access"]) for name, one in table.items()} == {
        "AllowVnetInBound": (65000, "Inbound", "Allow"),
        "AllowAzureLoadBalancerInBound": (65001, "Inbound", "Allow"),
        "DenyAllInBound": (65500, "Inbound", "Deny"),
        "AllowVnetOutBound": (65000, "Outbound", "Allow"),
        "AllowInternetOutBound": (65001, "Outbound", "Allow"),
        "DenyAllOutBound": (65500, "Outbound", "Deny"),
    }
    assert net.get("networkSecurityGroups/nsg/defaultSecurityRules/DenyAllInBound")["properties"]["protocol"] == "*"
    assert net.put("networkSecurityGroups/nsg/defaultSecurityRules/DenyAllInBound", rule(100)).status == 405


def test_rules_are_shown_completed_and_in_azures_spelling(net: Net) -> None:
    net.make("networkSecurityGroups/nsg")
    answer = net.put("networkSecurityGroups/nsg/securityRules/https", rule(100, protocol="TCP", direction="inbound"))
    assert answer.status == 201 and answer.json()["properties"]["provisioningState"] == "Updating"
    mine = net.get("networkSecurityGroups/nsg/securityRules/https")["properties"]
    assert (mine["protocol"], mine["direction"]) == ("Tcp", "Inbound")
    assert mine["sourceAddressPrefixes"] == mine["destinationPortRanges"] == []
    assert [item["name"] for item in net.get("networkSecurityGroups/nsg")["properties"]["securityRules"]] == ["https"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"priority": 4097}, "SecurityRuleInvalidPriority"),
        ({"destinationPortRange": "70000"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "80,443"}, "SecurityRuleInvalidPortRange"),
        ({"destinationPortRange": "443-80"}, "SecurityRuleInvalidPortRange"),
        ({"sourceAddressPrefix": "10.0.0.0/33"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "any host"}, "SecurityRuleInvalidAddressPrefix"),
        ({"sourceAddressPrefix": "", "sourceAddressPrefixes": ["Internet"]}, "SecurityRuleParameterContainsUnsupportedValue"),
        ({"sourceAddressPrefix": "", "sourceAddressPrefixes": ["*"]}, "SecurityRuleParameterContainsUnsupportedValue"),
        ({"sourceAddressPrefixes": ["10.0.0.0/8"]}, "SecurityRuleParameterConflict"),
        ({"destinationPortRanges": ["80"]}, "SecurityRuleParameterConflict"),
        (
            {"sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.0.0/8", "2001:db8::/32"]},
            "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
        ),
        ({"protocol": "SCTP"}, "InvalidRequestFormat"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(net: Net, change: dict[str, Any], expected: str) -> None:
    net.make("networkSecurityGroups/nsg")
    assert net.refused("networkSecurityGroups/nsg/securityRules/r", rule(100, **change)) == expected
    inline = {"securityRules": [{"name": "r", "properties": rule(100, **change)}]}
    assert net.refused("networkSecurityGroups/other", inline) == expected


@pytest.mark.parametrize("number", [100, 4096])
def test_priorities_reach_from_100_to_4096(net: Net, number: int) -> None:
    net.make("networkSecurityGroups/nsg")
    assert net.put("networkSecurityGroups/nsg/securityRules/r", rule(number)).status == 201


def test_priorities_are_unique_per_direction(net: Net) -> None:
    net.make("networkSecurityGroups/nsg")
    net.make("networkSecurityGroups/nsg/securityRules/first", rule(100))
    assert net.refused("networkSecurityGroups/nsg/securityRules/second", rule(100)) == "SecurityRuleConflict"
    assert net.put("networkSecurityGroups/nsg/securityRules/out", rule(100, direction="Outbound")).status == 201
    assert net.put("networkSecurityGroups/nsg/securityRules/first", rule(100, access="Deny")).status == 200


def test_a_side_names_prefixes_or_groups_not_both(net: Net) -> None:
    net.make("networkSecurityGroups/nsg")
    net.make("applicationSecurityGroups/web")
    net.make("applicationSecurityGroups/far", location="eastus")
    group = [net.ref("applicationSecurityGroups/web")]
    both = rule(100, sourceApplicationSecurityGroups=group)
    assert net.refused("networkSecurityGroups/nsg/securityRules/r", both) == "SecurityRuleParameterConflict"
    only = rule(100, sourceApplicationSecurityGroups=group)
    del only["sourceAddressPrefix"]
    assert net.put("networkSecurityGroups/nsg/securityRules/r", only).status == 201
    for name in ("missing", "far"):
        other = {**only, "priority": 101, "sourceApplicationSecurityGroups": [net.ref(f"applicationSecurityGroups/{name}")]}
        assert net.refused("networkSecurityGroups/nsg/securityRules/s", other) == "InvalidResourceReference"
    assert net.code(net("DELETE", "applicationSecurityGroups/web")).startswith("InUse")


def test_members_of_a_group_are_in_one_network(net: Net) -> None:
    net.network("one", "10.0.0.0/16", a="10.0.0.0/24")
    net.network("two", "10.1.0.0/16", a="10.1.0.0/24")
    for name in ("web", "app"):
        net.make(f"applicationSecurityGroups/{name}")
    web, app = ([net.ref(f"applicationSecurityGroups/{name}")] for name in ("web", "app"))
    net.nic("first", "one/a", applicationSecurityGroups=web)
    net.nic("second", "one/a", applicationSecurityGroups=web)
    other = {"ipConfigurations": [net.configuration("two/a", applicationSecurityGroups=web)]}
    assert net.refused("networkInterfaces/third", other) == "ApplicationSecurityGroupsNotInSameVnet"
    net.nic("third", "two/a", applicationSecurityGroups=app)
    net.make("networkSecurityGroups/nsg")
    both = rule(100, sourceApplicationSecurityGroups=web, destinationApplicationSecurityGroups=app)
    del both["sourceAddressPrefix"], both["destinationAddressPrefix"]
    code = net.refused("networkSecurityGroups/nsg/securityRules/r", both)
    assert code == "SourceAndDestinationApplicationSecurityGroupsNotInSameVnet"


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_port_ranges_are_read_as_they_are_written(first: int, last: int) -> None:
    assert rule_checks.ports(f"{first}-{last}") == ((first, last) if first <= last else None)
    assert rule_checks.ports(str(first)) == (first, first)


@given(st.text(max_size=12))
def test_no_text_is_a_port_range_by_accident(text: str) -> None:
    found = rule_checks.ports(text)
    if found is not None:
        assert all(character.isdecimal() or character == "-" for character in text)
        assert 0 <= found[0] <= found[1] <= 65535
