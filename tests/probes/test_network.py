"""The network probe reads a sandbox once and answers in words that learners know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from azlabs.probes.errors import CannotJudge
from azlabs.probes.network import NetworkProbe, probe

ROOT = "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Network"


@dataclass
class Reads:
    """Answers lists from a dictionary of kind to resources, and counts them."""

    known: dict[str, list[dict[str, Any]]]
    asked: Counter[str] = field(default_factory=Counter)

    def entries(self, path: str, api_version: str) -> list[dict[str, Any]]:
        assert api_version == "2025-01-01"
        assert path.startswith(ROOT)
        kind = path.rpartition("/")[2]
        self.asked[kind] += 1
        return self.known.get(kind, [])

    def api_version(self, type_name: str) -> str:
        assert type_name.startswith("Microsoft.Network/")
        return "2025-01-01"


@dataclass
class Place:
    subscription_id: str = "sub"
    resource_groups: tuple[str, ...] = ("rg",)


def nic(name: str, address: str, *, public: bool = False, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "privateIPAddress": address,
        "subnet": {"id": f"{ROOT}/virtualNetworks/v/subnets/s"},
        "applicationSecurityGroups": [{"id": f"{ROOT}/applicationSecurityGroups/{group}"} for group in groups],
    }
    if public:
        settings["publicIPAddress"] = {"id": f"{ROOT}/publicIPAddresses/pip"}
    return {
        "id": f"{ROOT}/networkInterfaces/{name}",
        "name": name,
        "properties": {"ipConfigurations": [{"name": "primary", "properties": settings}]},
    }


def network(*rules: dict[str, Any], private: bool = False) -> Reads:
    subnet = {
        "id": f"{ROOT}/virtualNetworks/v/subnets/s",
        "name": "s",
        "properties": {
            "addressPrefix": "10.0.1.0/27",
            "networkSecurityGroup": {"id": f"{ROOT}/networkSecurityGroups/g"},
            "defaultOutboundAccess": not private,
        },
    }
    vnet = {
        "id": f"{ROOT}/virtualNetworks/v",
        "name": "v",
        "location": "swedencentral",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]},
    }
    group = {"id": f"{ROOT}/networkSecurityGroups/g", "name": "g", "properties": {"securityRules": list(rules)}}
    return Reads(
        {
            "virtualNetworks": [vnet],
            "networkInterfaces": [
                nic("nic-a", "10.0.1.4", public=True, groups=("asg",)),
                nic("nic-b", "10.0.1.5"),
            ],
            "networkSecurityGroups": [group],
        }
    )


def allow(name: str, priority: int, ports: str, **properties: Any) -> dict[str, Any]:
    base = {
        "priority": priority,
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": ports,
    }
    return {"name": name, "properties": base | properties}


def read(*rules: dict[str, Any], private: bool = False) -> NetworkProbe:
    return probe(network(*rules, private=private), Place())


def test_each_kind_of_resource_is_listed_once() -> None:
    reads = network()
    found = probe(reads, Place())
    found.reach("Internet", "nic-a")
    found.reach("nic-a", "nic-b")
    assert set(reads.asked.values()) == {1}
    assert set(reads.asked) == {
        "virtualNetworks",
        "networkInterfaces",
        "networkSecurityGroups",
        "routeTables",
        "applicationSecurityGroups",
    }


def test_reach_takes_ids_without_regard_to_case_and_names_the_rule() -> None:
    found = read(allow("shop", 100, "443")).reach("Internet", f"{ROOT}/networkInterfaces/NIC-A".upper())
    assert found.equals("Tcp/443")
    assert found.deciding_rule == "rule shop (100) of g"


def test_a_flow_tells_verdict_rule_and_what_stands_beside_it() -> None:
    found = read(allow("shop", 100, "443"), private=True)
    open_flow = found.flow("203.0.113.7", "nic-a", 443)
    assert open_flow.allowed is True
    assert str(open_flow) == "TCP 443 from 203.0.113.7 to nic-a: allowed, decided by rule shop (100) of g"
    shut = found.flow("203.0.113.7", "nic-b", 22)
    assert shut.allowed is False
    assert shut.decided_by == "default rule DenyAllInBound (65500) of g"
    assert any("no public address" in note for note in shut.notes)
    assert any("NAT gateway" in note for note in found.flow("nic-b", "Internet", 443).notes)


def test_a_flow_for_many_addresses_says_when_they_differ() -> None:
    office = allow("office", 100, "22", sourceAddressPrefix="203.0.113.64/28")
    mixed = read(office).flow("203.0.113.0/24", "nic-a", 22)
    assert mixed.allowed is None
    assert "some addresses only" in str(mixed)


def test_a_copy_is_in_the_same_groups_or_in_none() -> None:
    group = {"destinationApplicationSecurityGroups": [{"id": f"{ROOT}/applicationSecurityGroups/asg"}]}
    rule = allow("to-group", 100, "8080", **group)
    del rule["properties"]["destinationAddressPrefix"]
    found = read(rule)
    member, name = found.with_copy("nic-a")
    stranger, other = found.with_copy("nic-a", groups=False)
    assert member.reach("Internet", name).equals("Tcp/8080")
    assert stranger.reach("Internet", other).is_empty()
    assert not found.exists(name)


def test_facts_of_a_machine_and_its_subnet() -> None:
    found = read()
    machine = found.machine("nic-a")
    assert str(machine.addresses) == "10.0.1.4"
    assert machine.subnet.name == "s"
    assert machine.public_addresses
    assert found.usable_addresses(machine.subnet) == 27
    assert found.inside("nic-a").equals("10.0.0.0/16")


def test_what_cannot_be_judged_is_an_error_and_not_a_verdict() -> None:
    found = read(allow("new", 100, "443", sourceAddressPrefix="BrandNewService"))
    with pytest.raises(CannotJudge):
        found.reach("Internet", "nic-a").any("Tcp/443")
    with pytest.raises(CannotJudge):
        found.reach("BrandNewService", "nic-a")
    with pytest.raises(CannotJudge, match="no network interface"):
        found.machine("nic-z")
    lost = network()
    lost.known["networkSecurityGroups"] = []
    with pytest.raises(CannotJudge, match="could not be read"):
        probe(lost, Place()).reach("Internet", "nic-a")
