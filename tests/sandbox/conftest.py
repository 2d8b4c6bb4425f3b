"""A small lab in JSON templates, a home of its own, a cloud in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from azlabs.catalog.labs import Lab, load_lab
from azlabs.cloud import scratch
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.up import up

LAB = dedent(
    """\
    id: flat-net
    title: Split a flat network
    summary: One subnet holds everything. Split it.
    exam: az-104
    level: beginner
    minutes: 10
    lab_api: 1
    services: [Azure Virtual Network]
    regions: [swedencentral, westeurope]
    cost_per_hour_usd: 0.01
    answers:
      which-rule:
        rule: the name of the rule
    tasks:
      - id: name-rule
        title: Name the rule
        points: 10
        objectives: [az104.network.nsg-rules]
        hints: [Read the rules.]
        docs: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
      - id: split
        title: Give the data machine a subnet of its own
        points: 10
        objectives: [az104.network.vnets]
        hints: [Make a subnet.]
        docs: https://learn.microsoft.com/azure/virtual-network/virtual-networks-overview
      - id: guard
        title: Put a group on the new subnet
        points: 10
        objectives: [az104.network.nsg-rules]
        hints: [Make a group.]
        docs: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
    """
)
API = "2024-05-01"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
LOCATION = {"location": {"type": "string", "defaultValue": "[resourceGroup().location]"}}


def template(resources: list[dict[str, Any]], outputs: dict[str, Any] | None = None, **parameters: Any) -> str:
    document = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {**LOCATION, **parameters},
        "resources": resources,
        "outputs": outputs or {},
    }
    return json.dumps(document, indent=1)


def network(*subnets: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": API,
        "name": "vnet",
        "location": "[parameters('location')]",
        "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": list(subnets)},
    }


def subnet(name: str, prefix: str, group: str = "") -> dict[str, Any]:
    properties: dict[str, Any] = {"addressPrefix": prefix}
    if group:
        properties["networkSecurityGroup"] = {
            "id": f"[resourceId('Microsoft.Network/networkSecurityGroups', '{group}')]"
        }
    return {"name": name, "properties": properties}


def group(name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": API,
        "name": name,
        "location": "[parameters('location')]",
        "properties": {"securityRules": []},
    }


def interface(name: str, subnet_name: str, address: str = "", depends: bool = True) -> dict[str, Any]:
    inner: dict[str, Any] = {
        "subnet": {"id": f"[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', '{subnet_name}')]"},
        "privateIPAllocationMethod": "Static" if address else "Dynamic",
    }
    if address:
        inner["privateIPAddress"] = address
    resource: dict[str, Any] = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": API,
        "name": name,
        "location": "[parameters('location')]",
        "properties": {"ipConfigurations": [{"name": "primary", "properties": inner}]},
    }
    if depends:
        resource["dependsOn"] = ["[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]"]
    return resource


def start() -> str:
    net = network(subnet("flat", "10.1.0.0/24", "nsg"))
    net["dependsOn"] = ["[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"]
    outputs = {
        "webId": {"type": "string", "value": "[resourceId('Microsoft.Network/networkInterfaces', 'nic-web')]"},
        "secret": {"type": "securestring", "value": "canary-secret-value"},
    }
    return template(
        [group("nsg"), net, interface("nic-web", "flat"), interface("nic-db", "flat", "10.1.0.40")], outputs
    )


def split() -> str:
    net = network(subnet("flat", "10.1.0.0/24", "nsg"), subnet("data", "10.1.1.0/24"))
    return template([net, interface("nic-db", "data", "10.1.1.40")])


def guard() -> str:
    net = network(subnet("flat", "10.1.0.0/24", "nsg"), subnet("data", "10.1.1.0/24", "nsg-data"))
    net["dependsOn"] = ["[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg-data')]"]
    return template([group("nsg-data"), net])


ANSWER_STEP = dedent(
    """\
    def solve(lab):
        lab.write_answers(**{"which-rule": {"rule": "nsg"}})
    """
)


@pytest.fixture
def templates() -> Any:
    """The builders of this file, for tests that need more templates."""
    import types

    names = ("template", "network", "subnet", "group", "interface", "start", "split", "guard")
    return types.SimpleNamespace(**{name: globals()[name] for name in names})


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "labs" / "flat-net"
    solution = folder / "bicep" / "solution"
    solution.mkdir(parents=True)
    (folder / "lab.yaml").write_text(LAB)
    (folder / "guide.md").write_text("# Split a flat network\n")
    (folder / "checks.py").write_text("")
    (folder / "bicep" / "start.json").write_text(start())
    (solution / "name-rule.py").write_text(ANSWER_STEP)
    (solution / "split.json").write_text(split())
    (solution / "guard.json").write_text(guard())
    return folder


@pytest.fixture
def lab(lab_folder: Path) -> Lab:
    return load_lab(lab_folder)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    monkeypatch.setenv("AZLABS_HOME", str(path))
    return path


@pytest.fixture
def ledger(home: Path) -> Ledger:
    return Ledger(home)


@pytest.fixture
def cloud() -> Iterator[ScratchCloud]:
    with scratch() as made:
        yield made


@pytest.fixture
def sandbox(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> Sandbox:
    """The lab, up."""
    return up(lab, cloud, ledger=ledger).sandbox


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Sandbox]:
    """A sandbox that exists only on paper."""

    def make(identifier: str = "lab-aaaaa", **facts: Any) -> Sandbox:
        known: dict[str, Any] = {
            "lab": "lab",
            "cloud": "simulator",
            "subscription_id": "00000000-0000-0000-0000-000000000000",
            "region": "swedencentral",
            "resource_groups": [f"azlabs-{identifier}"],
            "workspace": tmp_path / "work" / identifier,
            "state": "ready",
        }
        return Sandbox(id=identifier, **{**known, **facts})

    return make
