"""Expectations about connections fail with what was found, what was expected and the rule that decided."""

from __future__ import annotations

import pytest

from azlabs.rules.network.judge import reach
from azlabs.rules.network.reach import Reach
from azlabs.rules.network.topology import Network
from azlabs.verify import expect_closed, expect_only, expect_open
from azlabs.verify.outcome import CheckFailed

ROOT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network"


def shop() -> Reach:
    rule = {
        "priority": 100,
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "sourceAddressPrefix": "203.0.113.64/28",
        "destinationAddressPrefix": "*",
        "destinationPortRanges": ["22", "443"],
    }
    where = f"{ROOT}/virtualNetworks/v/subnets/s"
    group = {"id": f"{ROOT}/networkSecurityGroups/g", "name": "g", "properties": {}}
    group["properties"] = {"securityRules": [{"name": "office", "properties": rule}]}
    subnet = {"id": where, "name": "s", "properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": group}}
    settings = {"privateIPAddress": "10.0.1.4", "subnet": {"id": where}}
    network = Network.of(
        virtual_networks=[
            {
                "id": f"{ROOT}/virtualNetworks/v",
                "name": "v",
                "location": "swedencentral",
                "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]},
            }
        ],
        network_interfaces=[
            {
                "id": f"{ROOT}/networkInterfaces/nic",
                "name": "nic",
                "properties": {"ipConfigurations": [{"name": "primary", "properties": settings}]},
            }
        ],
        network_security_groups=[group],
    )
    return reach(network, "203.0.113.64/28", "nic")


def test_what_holds_passes() -> None:
    expect_only(shop(), "Tcp/22, Tcp/443", "look")
    expect_open(shop(), "Tcp/443", "look")
    expect_closed(shop().minus("Tcp/22, Tcp/443"), "nothing else", "look")


def test_too_much_names_the_rule_that_lets_it_through() -> None:
    with pytest.raises(CheckFailed) as failed:
        expect_only(shop(), "Tcp/443", "look")
    evidence = failed.value.evidence
    assert evidence.found == "203.0.113.64/28 to nic: TCP 22 and 443"
    assert evidence.expected == "TCP 443 and nothing else, from 203.0.113.64/28"
    assert evidence.decided_by == "rule office (100) of g"
    assert evidence.fix == "look"


def test_too_little_names_the_rule_that_refuses_it() -> None:
    with pytest.raises(CheckFailed) as failed:
        expect_open(shop(), "Tcp/80", "look")
    assert failed.value.evidence.found == "203.0.113.64/28 to nic: nothing"
    assert failed.value.evidence.decided_by == "default rule DenyAllInBound (65500) of g"


def test_a_leak_is_shown_with_an_example() -> None:
    with pytest.raises(CheckFailed) as failed:
        expect_closed(shop(), "Nothing", "look")
    assert "for example TCP 22 from 203.0.113.64 to 10.0.1.4" in str(failed.value.evidence.found)
