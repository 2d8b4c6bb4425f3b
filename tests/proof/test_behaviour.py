"""When two states behave alike, and how a difference is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azlabs.proof.behaviour import differences
from azlabs.proof.equivalent import Flow, Unasked


def rows(before: dict[str, Any], after: dict[str, Any], *unasked: Unasked) -> list[str]:
    return [difference.row for difference in differences(before, after, unasked)]


def network(build: Any, *rules: dict[str, Any], address: str = "10.0.0.4", subnet: str = "s") -> dict[str, Any]:
    return build.state(
        build.vnet(s=("10.0.0.0/24", "web"), t=("10.0.1.0/24", "web")),
        build.nsg("web", *rules),
        build.nic("n", address, subnet),
        build.nic("m", "10.0.1.4", "t"),
    )


def test_a_state_behaves_like_itself(build: Any) -> None:
    assert rows(network(build, build.rule("a", 100)), network(build, build.rule("a", 100))) == []


@pytest.mark.parametrize(
    "spelling",
    [
        {"name": "other-name"},
        {"priority": 4000},
        {"destinationAddressPrefix": "10.0.0.0/16"},
        {"description": "why"},
        {"destinationPortRanges": ["443"], "destinationPortRange": ""},
    ],
)
def test_another_spelling_of_the_same_rule_is_no_difference(build: Any, spelling: dict[str, Any]) -> None:
    plain = network(build, build.rule("a", 100))
    name, priority = spelling.pop("name", "a"), spelling.pop("priority", 100)
    assert rows(plain, network(build, build.rule(name, priority, **spelling))) == []


@pytest.mark.parametrize(
    "slip",
    [
        {"destinationPortRange": "443-444"},
        {"destinationPortRange": "442"},
        {"protocol": "*"},
        {"access": "Deny"},
        {"direction": "Outbound"},
        {"sourceAddressPrefix": "203.0.113.0/25"},
        {"sourcePortRange": "443"},
        {"sourceAddressPrefix": "VirtualNetwork"},
    ],
)
def test_a_slip_that_lets_other_packets_through_is_a_difference(build: Any, slip: dict[str, Any]) -> None:
    assert rows(network(build, build.rule("a", 100)), network(build, build.rule("a", 100, **slip)))


def test_a_filter_that_is_nowhere_attached_makes_no_difference(build: Any) -> None:
    plain = network(build)
    assert rows(plain, plain | build.state(build.nsg("loose", build.rule("a", 100)))) == []


def test_moving_to_another_subnet_is_told_but_a_new_address_alone_is_not(build: Any) -> None:
    plain = network(build, build.rule("a", 100))
    assert rows(plain, network(build, build.rule("a", 100), address="10.0.0.9")) == []
    assert rows(plain, network(build, build.rule("a", 100), address="10.0.1.9", subnet="t")) == ["n/subnet"]


def test_a_new_address_that_falls_out_of_a_rule_is_a_difference(build: Any) -> None:
    rule = build.rule("a", 100, destinationAddressPrefix="10.0.0.4")
    assert rows(network(build, rule), network(build, rule, address="10.0.0.9"))


def test_joining_a_group_shows_in_what_a_copy_could_do(build: Any) -> None:
    group = build.resource("applicationSecurityGroups", "g")
    rule = build.rule("a", 100, destinationAddressPrefix="10.0.0.4")
    member = {"applicationSecurityGroups": [build.link("applicationSecurityGroups/g")]}
    deny = build.rule("rest", 4000, access="Deny", protocol="*", destinationPortRange="*")
    base = (build.vnet(s=("10.0.0.0/24", "web")), group)
    by_address = build.state(*base, build.nsg("web", rule, deny), build.nic("n", "10.0.0.4", "s", **member))
    grouped = build.rule("a", 100, destinationApplicationSecurityGroups=[build.link("applicationSecurityGroups/g")])
    del grouped["properties"]["destinationAddressPrefix"]
    by_group = build.state(*base, build.nsg("web", grouped, deny), build.nic("n", "10.0.0.4", "s", **member))
    assert rows(by_address, by_group) == ["anything to a copy of n"]


def test_the_load_balancers_probes_are_part_of_the_table(build: Any) -> None:
    everything = {"protocol": "*", "destinationPortRange": "*", "access": "Deny"}
    deny_inside = build.rule("d", 200, sourceAddressPrefix="10.0.0.0/16", **everything)
    deny_tag = build.rule("d", 200, sourceAddressPrefix="VirtualNetwork", **everything)
    found = rows(network(build, deny_inside), network(build, deny_tag))
    assert set(found) == {"AzureLoadBalancer to n", "AzureLoadBalancer to m"}


def test_public_addresses_prefixes_and_spaces_are_facts(build: Any) -> None:
    plain = build.state(build.vnet(s=("10.0.0.0/24", "")), build.nic("n", "10.0.0.4", "s"))
    other = build.state(
        build.vnet(s=("10.0.0.0/25", "")),
        build.nic("n", "10.0.0.4", "s", publicIPAddress=build.link("publicIPAddresses/p")),
    )
    assert {"s/addressPrefix", "n/publicIPAddress"} <= set(rows(plain, other))


def test_what_no_task_asks_for_is_masked_and_nothing_beside_it(build: Any) -> None:
    closed = build.rule("closed", 4000, access="Deny", protocol="*", destinationPortRange="*")
    plain = network(build, closed)
    https_inside = network(build, closed, build.rule("a", 100, sourceAddressPrefix="VirtualNetwork"))
    open_flow = Flow(("VirtualNetwork",), ("n",), "Tcp/443")
    both = Flow(("VirtualNetwork", "AzureLoadBalancer"), ("10.0.0.0/16",), "Tcp/443")
    assert rows(plain, https_inside, Unasked("inside may", open_flow))
    assert rows(plain, https_inside, Unasked("inside may", both)) == []
    wider = network(build, closed, build.rule("a", 100, sourceAddressPrefix="*"))
    assert rows(plain, wider, Unasked("inside may", both))
    udp = network(build, closed, build.rule("a", 100, sourceAddressPrefix="VirtualNetwork", protocol="*"))
    assert rows(plain, udp, Unasked("inside may", both))


def test_exceptions_of_an_open_flow_stay_closed(build: Any) -> None:
    closed = build.rule("closed", 4000, access="Deny", protocol="*", destinationPortRange="*")
    plain = network(build, closed)
    wide = network(build, closed, build.rule("a", 100, sourceAddressPrefix="10.0.1.0/24"))
    everyone = Flow(("10.0.1.0/24",), ("10.0.0.0/16",))
    without_m = Flow(("10.0.1.0/24",), ("10.0.0.0/16",), not_sources=("m",))
    without_https = Flow(("10.0.1.0/24",), ("10.0.0.0/16",), not_services="Tcp/443")
    assert rows(plain, wide, Unasked("open", everyone)) == []
    assert rows(plain, wide, Unasked("open", without_m))
    assert rows(plain, wide, Unasked("open", without_https))


def test_types_without_a_model_count_setting_by_setting(build: Any) -> None:
    one = {**build.resource("natGateways", "gate", idleTimeoutInMinutes=4), "tags": {"a": "1"}}
    other = {**build.resource("natGateways", "gate", idleTimeoutInMinutes=5), "tags": {"a": "2"}}
    assert set(rows(build.state(one), build.state(other))) == {"gate/idleTimeoutInMinutes", "gate/tags/a"}
    assert rows(build.state(one), build.state(other), Unasked("free", setting="gate/tags/*")) == [
        "gate/idleTimeoutInMinutes"
    ]
    assert rows(build.state(one), {}) == [one["id"].lower()]


def test_a_difference_tells_before_and_after(build: Any) -> None:
    plain = build.state(build.resource("natGateways", "gate", idleTimeoutInMinutes=4))
    other = build.state(build.resource("natGateways", "gate", idleTimeoutInMinutes=5))
    assert str(next(differences(plain, other))) == "gate/idleTimeoutInMinutes: 4 before, 5 after"


def told(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    return {difference.row: difference.words() for difference in differences(before, after)}


def test_a_flow_is_told_as_what_opened_and_what_closed(build: Any) -> None:
    closed = build.rule("closed", 4000, access="Deny", protocol="*", destinationPortRange="*")
    plain = network(build, build.rule("a", 100), closed)
    shifted = network(build, build.rule("a", 100, destinationPortRange="444"), closed)
    words = told(plain, shifted)["everything to everything"]
    assert words.startswith("opened TCP 444 ")
    assert "; closed TCP 443 " in words
    narrower = network(build, build.rule("a", 100, sourceAddressPrefix="10.0.0.0/16"), closed)
    assert told(plain, narrower)["everything to everything"].startswith("closed TCP 443 from the internet")


def test_a_rule_that_lets_some_clients_in_only_is_told_apart(build: Any) -> None:
    closed = build.rule("closed", 4000, access="Deny", protocol="*", destinationPortRange="*")
    plain = network(build, build.rule("a", 100), closed)
    picky = network(build, build.rule("a", 100, sourcePortRange="1024-60000"), closed)
    assert told(plain, picky)["everything to everything"] == "open for other client ports than before"


def test_what_cannot_be_told_any_more_is_a_difference_with_its_reason(build: Any) -> None:
    plain = network(build, build.rule("a", 100))
    homeless = {name: entry for name, entry in plain.items() if "virtualnetworks" not in name}
    words = told(plain, homeless)
    assert words["net/addressSpace"] == "10.0.0.0/16 before, not there after"
    assert any("after" in text and "could not be read" in text for text in words.values())


def test_public_addresses_as_such_are_facts(build: Any) -> None:
    plain = network(build, build.rule("a", 100))
    assert told(plain, plain | build.state(build.resource("publicIPAddresses", "p"))) == {
        "p": "not there before, there after"
    }


def test_flows_between_several_networks_are_compared_machine_by_machine(build: Any) -> None:
    def two(*rules: dict[str, Any]) -> dict[str, Any]:
        pair = json.dumps([build.vnet(s=("10.0.0.0/24", "web")), build.nic("f", "10.0.0.4", "s")])
        far = pair.replace("/virtualNetworks/net", "/virtualNetworks/far").replace("10.0.", "10.9.")
        return network(build, *rules) | build.state(*json.loads(far))

    plain, wider = two(build.rule("a", 100)), two(build.rule("a", 100, destinationPortRange="443-444"))
    assert rows(plain, plain) == []
    found = rows(plain, wider)
    assert "everything to everything" not in found
    assert {"anything to n", "anything to f"} <= set(found)


def test_joining_a_group_that_decides_about_copies_is_seen_from_either_side(build: Any) -> None:
    group = build.resource("applicationSecurityGroups", "g")
    rule = build.rule("a", 100, destinationApplicationSecurityGroups=[build.link("applicationSecurityGroups/g")])
    del rule["properties"]["destinationAddressPrefix"]
    by_address = build.rule("b", 110, destinationAddressPrefix="10.0.0.4")
    member = {"applicationSecurityGroups": [build.link("applicationSecurityGroups/g")]}
    base = (build.vnet(s=("10.0.0.0/24", "web")), group, build.nsg("web", rule, by_address))
    without = build.state(*base, build.nic("n", "10.0.0.4", "s"))
    within = build.state(*base, build.nic("n", "10.0.0.4", "s", **member))
    assert rows(without, within) == ["anything to a copy of n"]
    assert rows(within, without) == ["anything to a copy of n"]
