"""Questions about flows of a running machine are answered by the rules of Azure's network."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator.resource_manager.resource_type import Reference, ResourceType

from .conftest import Body, Net, rule

VERSION = "2030-01-01"


class Machines(ResourceType):
    """Something with interfaces that runs."""

    type = "Contoso.Machines/machines"
    api_versions = (VERSION,)
    references = (
        Reference("properties.networkProfile.networkInterfaces[*]", "Microsoft.Network/networkInterfaces"),
    )


@pytest.fixture
def machine(net: Net) -> str:
    """A machine in a network with a filter, a route table and a watcher; its id."""
    rules = [
        {"name": "https", "properties": rule(100)},
        {"name": "closed", "properties": rule(200, access="Deny", protocol="*", destinationPortRange="*")},
    ]
    net.make("networkSecurityGroups/nsg", {"securityRules": rules})
    net.make("routeTables/table", {"routes": [{"name": "void", "properties": {"addressPrefix": "192.0.2.0/24", "nextHopType": "None"}}]})
    net.network(a="10.0.1.0/24")
    net.make(
        "virtualNetworks/vnet/subnets/a",
        {
            "addressPrefix": "10.0.1.0/24",
            "networkSecurityGroup": net.ref("networkSecurityGroups/nsg"),
            "routeTable": net.ref("routeTables/table"),
        },
    )
    net.nic("nic", "vnet/a")
    net.make("networkWatchers/watcher")
    path = net.root.replace("Microsoft.Network", "Contoso.Machines/machines/one")
    body = {"location": "westeurope", "properties": {"networkProfile": {"networkInterfaces": [net.ref("networkInterfaces/nic")]}}}
    assert net.arm("PUT", path, body, version=VERSION).status == 201
    return path


def ask(net: Net, question: str, **body: Any) -> Body:
    """Ask the watcher and wait for the answer."""
    answer = net("POST", f"networkWatchers/watcher/{question}", body)
    assert answer.status == 202, answer.body
    found: Body = net.arm("GET", answer.headers["Location"], version=None).json()
    return found


def test_an_interface_of_a_machine_is_in_use_and_has_a_hardware_address(net: Net, machine: str) -> None:
    nic = net.get("networkInterfaces/nic")["properties"]
    assert nic["virtualMachine"] == {"id": machine} and nic["primary"] is True
    assert nic["macAddress"].startswith("00-0D-3A-")
    assert net.code(net("DELETE", "networkInterfaces/nic")) == "NicInUse"


@pytest.mark.parametrize(
    ("direction", "protocol", "port", "remote", "access", "name"),
    [
        ("Inbound", "TCP", "443", "203.0.113.9", "Allow", "securityRules/https"),
        ("Inbound", "TCP", "22", "203.0.113.9", "Deny", "securityRules/closed"),
        ("Inbound", "UDP", "443", "10.0.1.9", "Deny", "securityRules/closed"),
        ("Outbound", "TCP", "443", "203.0.113.9", "Allow", "defaultSecurityRules/AllowInternetOutBound"),
        ("Outbound", "TCP", "443", "10.0.1.9", "Allow", "defaultSecurityRules/AllowVnetOutBound"),
    ],
)
def test_a_flow_is_judged_by_the_rule_that_decides(
    net: Net, machine: str, direction: str, protocol: str, port: str, remote: str, access: str, name: str
) -> None:
    local, far = (port, "50000") if direction == "Inbound" else ("50000", port)
    found = ask(
        net, "ipFlowVerify", targetResourceId=machine, direction=direction, protocol=protocol, localPort=local,
        remotePort=far, localIPAddress="10.0.1.4", remoteIPAddress=remote,
    )  # fmt: skip
    assert found == {"access": access, "ruleName": name}


def test_the_next_hop_comes_from_the_route_that_wins(net: Net, machine: str) -> None:
    def hop(destination: str) -> Body:
        return ask(net, "nextHop", targetResourceId=machine, sourceIPAddress="10.0.1.4", destinationIPAddress=destination)

    assert hop("10.0.9.9") == {"nextHopType": "VnetLocal", "routeTableId": "System Route"}
    assert hop("8.8.8.8")["nextHopType"] == "Internet"
    assert hop("192.0.2.7") == {"nextHopType": "None", "routeTableId": net.id("routeTables/table")}


def test_effective_rules_and_routes_of_a_running_machine(net: Net, machine: str) -> None:
    assert machine
    answer = net("POST", "networkInterfaces/nic/effectiveNetworkSecurityGroups")
    groups = net.arm("GET", answer.headers["Location"], version=None).json()["value"]
    assert groups[0]["association"] == {"subnet": net.ref("virtualNetworks/vnet/subnets/a")}
    names = [item["name"] for item in groups[0]["effectiveSecurityRules"]]
    assert names[:2] == ["securityRules/https", "securityRules/closed"] and len(names) == 8
    answer = net("POST", "networkInterfaces/nic/effectiveRouteTable")
    routes = net.arm("GET", answer.headers["Location"], version=None).json()["value"]
    found = {item["addressPrefix"][0]: (item["source"], item["nextHopType"]) for item in routes}
    assert found["192.0.2.0/24"] == ("User", "None") and found["10.0.0.0/16"] == ("Default", "VnetLocal")
    assert found["0.0.0.0/0"] == ("Default", "Internet")


def test_a_question_about_nothing_is_refused(net: Net, machine: str) -> None:
    body = {"targetResourceId": machine + "x", "destinationIPAddress": "8.8.8.8"}
    answer = net("POST", "networkWatchers/watcher/nextHop", body)
    assert (answer.status, net.code(answer)) == (404, "TargetResourceNotFound")


def test_topology_lists_what_hangs_together(net: Net, machine: str) -> None:
    assert machine
    found = net("POST", "networkWatchers/watcher/topology", {"targetResourceGroupName": "rg"}).json()["resources"]
    assert [item["name"] for item in found] == ["vnet", "a", "nic"]


def test_flow_logs_in_the_older_and_the_newer_way(net: Net, machine: str) -> None:
    assert machine
    target = net.id("networkSecurityGroups/nsg")
    status = net("POST", "networkWatchers/watcher/queryFlowLogStatus", {"targetResourceId": target}).json()
    assert status["properties"]["enabled"] is False
    store = net.root.replace("Microsoft.Network", "Microsoft.Storage/storageAccounts/logs")
    wish = {"targetResourceId": target, "properties": {"storageId": store, "enabled": True}}
    assert ask(net, "configureFlowLog", **wish)["properties"]["enabled"] is True
    logs = net("GET", "networkWatchers/watcher/flowLogs").json()["value"]
    assert logs[0]["properties"]["targetResourceGuid"] == net.get("networkSecurityGroups/nsg")["properties"]["resourceGuid"]
    assert net.get("networkSecurityGroups/nsg")["properties"]["flowLogs"] == [{"id": logs[0]["id"]}]
