"""The two forms of a compiled Bicep file, classic and symbolic, lead to the same state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from azlabs.bicep import compile_file
from azlabs.simulator import Simulator

from ..library import Arm
from .helpers import GROUP, TYPE, VERSION, accept

ROOT = Path(__file__).resolve().parents[3]
STARTS = sorted((ROOT / "bicep").glob("*/start.bicep"))
VOLATILE = re.compile(
    r"etag|resourceGuid|systemData|createdTime|changedTime|macAddress|internalDomainNameSuffix", re.IGNORECASE
)
# A random GUID: version 4.
RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

MAIN = """
param names array = ['web', 'app', 'data']
param withGateway bool = false

resource groups 'Microsoft.Network/networkSecurityGroups@2024-05-01' = [for name in names: {
  name: 'nsg-${name}'
  location: resourceGroup().location
  properties: { securityRules: [for (port, i) in [80, 443]: {
    name: 'allow-${port}'
    properties: {
      priority: 100 + i
      direction: 'Inbound'
      access: 'Allow'
      protocol: 'Tcp'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: '*'
      destinationPortRange: '${port}'
    }
  }] }
}]

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet'
  location: resourceGroup().location
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] }
  }
}

@batchSize(1)
resource subnets 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = [for (name, i) in names: {
  parent: vnet
  name: name
  properties: {
    addressPrefix: cidrSubnet('10.0.0.0/16', 24, i)
    networkSecurityGroup: { id: groups[i].id }
  }
}]

resource gateway 'Microsoft.Network/publicIPAddresses@2024-05-01' = if (withGateway) {
  name: 'gateway'
  location: resourceGroup().location
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

module inner 'inner.bicep' = {
  name: 'inner'
  params: { subnet: subnets[0].id, state: vnet.properties.provisioningState }
}

output first string = inner.outputs.address
output last string = subnets[2].properties.addressPrefix
"""
INNER = """
param subnet string
param state string

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet'
}

resource nic 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic'
  location: vnet.location
  tags: { state: state }
  properties: {
    ipConfigurations: [{ name: 'ip', properties: { subnet: { id: subnet } } }]
  }
}

output address string = nic.properties.ipConfigurations[0].properties.privateIPAddress
"""


def state(file: Path, symbolic: bool) -> tuple[dict[str, Any], Any]:
    """What a file deploys to: every resource by id without what changes every time, and the outputs."""
    with Simulator() as simulator:
        arm = Arm(simulator)
        arm.group()
        accepted = accept(arm, compile_file(file, symbolic_names=symbolic))
        status = arm("GET", accepted.headers["Azure-AsyncOperation"]).json()
        assert status == {"status": "Succeeded"}
        found = {
            row.id: stable(row.body)
            for row in simulator.store.below(GROUP.lower())
            if not row.type.startswith("microsoft.resources/")
        }
        return found, stable(arm("GET", f"{GROUP}/{TYPE}/d", version=VERSION).json()["properties"].get("outputs"))


def stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: stable(item) for name, item in value.items() if not VOLATILE.search(name)}
    if isinstance(value, list):
        return [stable(item) for item in value]
    return RANDOM.sub("guid", value) if isinstance(value, str) else value


def test_loops_modules_and_existing_resources_deploy_alike(tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text(MAIN)
    (tmp_path / "inner.bicep").write_text(INNER)
    classic, symbolic = (state(tmp_path / "main.bicep", form) for form in (False, True))
    assert classic == symbolic
    assert {name.rpartition("/")[2] for name in classic[0]} >= {"nsg-web", "nsg-app", "nsg-data", "vnet", "nic"}
    assert classic[1] == {
        "first": {"type": "String", "value": "10.0.0.4"}, "last": {"type": "String", "value": "10.0.2.0/24"},
    }  # fmt: skip


@pytest.mark.parametrize("file", STARTS, ids=lambda file: file.parent.name)
def test_the_start_of_a_lab_deploys_alike(file: Path) -> None:
    classic, symbolic = (compile_file(file, symbolic_names=form) for form in (False, True))
    if "resourceGroup" not in str(classic["$schema"]) and "/deploymentTemplate.json" not in str(classic["$schema"]):
        pytest.skip("the start is not deployed to a resource group")
    if any("defaultValue" not in item and not item.get("nullable") for item in classic.get("parameters", {}).values()):
        pytest.skip("the start has parameters that only a sandbox knows")
    assert isinstance(symbolic["resources"], dict)
    assert state(file, False) == state(file, True)
