"""The answers of Azure's network tools have Azure's shape and agree with its documentation."""

from __future__ import annotations

from azlabs.rules.network import effective
from azlabs.rules.network.topology import Interface, Network

from .bodies import nic, nsg, nsg_id, route, rule, subnet, table, table_id, vnet
from .tickets import tickets


def interface(network: Network, name: str) -> Interface:
    found = network.interface(name)
    assert found is not None
    return found


def test_effective_rules_list_each_group_with_its_default_rules_and_expanded_tags() -> None:
    network = tickets()
    answer = effective.effective_security_groups(network, interface(network, "nic-app-02"))
    assert [entry["networkSecurityGroup"]["id"] for entry in answer["value"]] == [
        nsg_id("nsg-app-02"),
        nsg_id("nsg-flat"),
    ]
    rules = {r["name"]: r for r in answer["value"][1]["effectiveSecurityRules"]}
    shop, inside = rules["securityRules/allow-shop"], rules["defaultSecurityRules/AllowVnetInBound"]
    assert shop["destinationPortRanges"] == ["80-80", "443-443"]
    assert shop["protocol"] == "Tcp"
    assert inside["protocol"] == "All"
    assert inside["expandedSourceAddressPrefix"] == ["168.63.129.16/32", "172.20.40.0/22"]
    assert rules["defaultSecurityRules/DenyAllInBound"]["sourceAddressPrefix"] == "0.0.0.0/0"


def test_ip_flow_verify_names_the_rule_that_decides() -> None:
    network = tickets()
    database, twin = interface(network, "nic-db-01"), interface(network, "nic-app-02")
    here = ("172.20.40.40", 3389)
    engineer = effective.ip_flow_verify(network, database, "Inbound", "TCP", here, ("203.0.113.10", 50000))
    assert engineer == {"access": "Allow", "ruleName": "securityRules/allow-office-remote"}
    refused = effective.ip_flow_verify(network, twin, "Inbound", "TCP", ("172.20.40.7", 8080), ("172.20.40.4", 50000))
    assert refused == {"access": "Deny", "ruleName": "securityRules/quarantine"}
    out = effective.ip_flow_verify(network, database, "Outbound", "UDP", ("172.20.40.40", 50000), ("203.0.113.10", 53))
    assert out == {"access": "Allow", "ruleName": "defaultSecurityRules/AllowInternetOutBound"}


def routed() -> Network:
    return Network.of(
        virtual_networks=[vnet("v", ["10.0.0.0/16"], subnet("s", "10.0.1.0/24", "g", "t"))],
        network_interfaces=[nic("nic-a", "v", "s", "10.0.1.4")],
        network_security_groups=[nsg("g", rule("any", 100))],
        route_tables=[table("t", route("out", "0.0.0.0/0", "VirtualAppliance", "10.0.9.4"))],
    )


def test_effective_routes_mark_the_system_route_that_a_users_route_replaces() -> None:
    network = routed()
    answer = effective.effective_route_table(network, interface(network, "nic-a"))["value"]
    default = [entry for entry in answer if entry["addressPrefix"] == ["0.0.0.0/0"]]
    assert [(e["source"], e["state"], e["nextHopType"]) for e in default] == [
        ("Default", "Invalid", "Internet"),
        ("User", "Active", "VirtualAppliance"),
    ]
    assert {e["nextHopType"] for e in answer if e["addressPrefix"] == ["10.0.0.0/16"]} == {"VnetLocal"}


def test_next_hop_names_the_route_table_or_the_system() -> None:
    network = routed()
    here = interface(network, "nic-a")
    assert effective.next_hop(network, here, "8.8.8.8") == {
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.0.9.4",
        "routeTableId": table_id("t"),
    }
    assert effective.next_hop(network, here, "10.0.7.7") == {"nextHopType": "VnetLocal", "routeTableId": "System Route"}
    assert effective.next_hop(network, here, "192.168.1.1")["nextHopType"] == "None"
