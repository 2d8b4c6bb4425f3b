"""What `down` costs: no more sequential round trips than its longest chain plus three, no more time than its slowest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from azlabs.bicep import compile_file
from azlabs.catalog import content
from azlabs.catalog.labs import Lab, load_lab
from azlabs.cloud import scratch
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox.down import DownReport, down
from azlabs.sandbox.down_model import DownPlan
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.down_steps import deletions
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.steps import Step
from azlabs.sandbox.up import up

from .measuring import Rounds, VirtualTime, least

ATTEMPTS = 3
ROLES_API = "2022-04-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def with_start(template: Mapping[str, Any], folder: Path, pattern: Path) -> Lab:
    """A lab whose start is this template."""
    target = folder / pattern.name
    shutil.copytree(pattern, target)
    (target / "bicep" / "start.json").write_text(json.dumps(template))
    return load_lab(target)


def rag_start() -> dict[str, Any]:
    template: dict[str, Any] = compile_file(content.bicep() / "ai200-rag" / "start.bicep")
    template["parameters"]["principalId"]["defaultValue"] = "11111111-2222-3333-4444-555555555555"
    return template


def machines_start() -> dict[str, Any]:
    """A machine under backup, a vault of secrets, a locked network, an identity: most of what has an order."""
    here = "[resourceGroup().location]"
    image = {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2", "version": "latest"}
    subnet = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'a')]"
    network = {
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2024-05-01",
        "name": "net",
        "location": here,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {
                    "name": "a",
                    "properties": {
                        "addressPrefix": "10.0.0.0/24",
                        "networkSecurityGroup": {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"},
                    },
                }
            ],
        },
        "dependsOn": ["[resourceId('Microsoft.Network/networkSecurityGroups', 'nsg')]"],
    }
    interface = {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2024-05-01",
        "name": "nic",
        "location": here,
        "properties": {"ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": subnet}}}]},
        "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks', 'net')]"],
    }
    machine = {
        "type": "Microsoft.Compute/virtualMachines",
        "apiVersion": "2024-07-01",
        "name": "vm",
        "location": here,
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": {"imageReference": image, "osDisk": {"createOption": "FromImage", "name": "osdisk"}},
            "osProfile": {"computerName": "vm", "adminUsername": "learner", "adminPassword": "Lab-pass-4711-x"},
            "networkProfile": {"networkInterfaces": [{"id": "[resourceId('Microsoft.Network/networkInterfaces', 'nic')]"}]},
        },
        "dependsOn": ["[resourceId('Microsoft.Network/networkInterfaces', 'nic')]"],
    }
    secrets = {
        "type": "Microsoft.KeyVault/vaults",
        "apiVersion": "2023-07-01",
        "name": "[concat('kv-', uniqueString(resourceGroup().id))]",
        "location": here,
        "properties": {
            "tenantId": "[subscription().tenantId]",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
        },
    }
    group = {
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2024-05-01",
        "name": "nsg",
        "location": here,
        "properties": {"securityRules": []},
    }
    backup = {
        "type": "Microsoft.RecoveryServices/vaults",
        "apiVersion": "2024-04-01",
        "name": "keeper",
        "location": here,
        "sku": {"name": "Standard"},
        "properties": {},
    }
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [network, group, interface, machine, secrets, backup],
    }


def work_of_a_learner(cloud: ScratchCloud, group: str) -> None:
    """Backup switched on, a lock, and a role at the subscription for the machine's identity."""
    tail = f"iaasvmcontainerv2;{group.rpartition('/')[2]};vm".lower()
    vault = f"{group}/providers/Microsoft.RecoveryServices/vaults/keeper"
    item = f"{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}/protectedItems/VM;{tail}"
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/vm"
    protected = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "sourceResourceId": machine,
        "policyId": f"{vault}/backupPolicies/DefaultPolicy",
    }
    cloud.run("PUT", item, "2024-04-01", {"properties": protected})
    principal = cloud.get(machine, "2024-07-01")["identity"]["principalId"]
    scope = f"/subscriptions/{cloud.subscription_id}"
    cloud.run(
        "PUT",
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/77777777-2222-3333-4444-555555555555",
        ROLES_API,
        {
            "properties": {
                "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{READER}",
                "principalId": principal,
                "principalType": "ServicePrincipal",
            }
        },
    )
    lock = f"{group}/providers/Microsoft.Network/virtualNetworks/net/providers/Microsoft.Authorization/locks/keep"
    cloud.request("PUT", lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})


@pytest.fixture(params=["az104-vnet-nsg", "ai200-rag", "machines"])
def sandbox_of(request: pytest.FixtureRequest, tmp_path: Path, lab_folder: Path) -> Callable[[], tuple[Any, ...]]:
    """A fresh sandbox each time: (cloud, plan, ledger)."""
    made = 0

    def bring_up() -> tuple[Any, ...]:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        cloud, ledger = scratch(), Ledger(folder / "home")
        if request.param == "az104-vnet-nsg":
            lab = load_lab(request.param)
        else:
            start = rag_start() if request.param == "ai200-rag" else machines_start()
            lab = with_start(start, folder, lab_folder)
        box = up(lab, cloud, ledger=ledger).sandbox
        if request.param == "machines":
            work_of_a_learner(cloud, box.group_id(box.resource_group))
        return cloud, box, ledger

    return bring_up


def chain(steps: list[Step], weight: Callable[[Step], float]) -> float:
    """The heaviest row of steps that wait for each other."""
    by_key = {step.key: step for step in steps}
    known: dict[str, float] = {}

    def until(key: str) -> float:
        if key not in known:
            before = [until(other) for other in by_key[key].after if other in by_key]
            known[key] = max(before, default=0.0) + weight(by_key[key])
        return known[key]

    return max((until(key) for key in by_key), default=0.0)


def seconds_of(cloud: ScratchCloud, step: Step) -> float:
    """What the stated table says for a step; the names of soft-deleted vaults are free at once."""
    if step.word == "purge" and step.kind == "Microsoft.KeyVault/vaults":
        return 0.0
    return cloud.simulator.resource_manager.latency(step.kind, "DELETE")


def look_and_remove(cloud: ScratchCloud, box: Any, ledger: Ledger) -> tuple[DownPlan, DownReport]:
    plan = plan_down(box, cloud)
    return plan, down(plan, cloud, ledger=ledger)


def test_round_trips_are_those_of_the_longest_chain_and_three_more(sandbox_of: Callable[[], tuple[Any, ...]]) -> None:
    allowed = 0.0

    def measure() -> float:
        nonlocal allowed
        cloud, box, ledger = sandbox_of()
        allowed = chain(deletions(plan_down(box, cloud), cloud), lambda _step: 1.0) + 3
        cloud._api_versions.clear()
        with Rounds(cloud) as rounds:
            _plan, report = look_and_remove(cloud, box, ledger)
        assert not report.survivors and ledger.all() == []
        return rounds.count

    # A slow moment of the machine spreads one round over two, so the least of some tries counts.
    cost = least(ATTEMPTS, measure, lambda: allowed)
    assert cost <= allowed, f"{cost} round trips, {allowed} allowed"


def test_it_takes_the_time_of_its_slowest_chain(sandbox_of: Callable[[], tuple[Any, ...]]) -> None:
    slowest = 0.0

    def measure() -> float:
        nonlocal slowest
        cloud, box, ledger = sandbox_of()
        steps = deletions(plan_down(box, cloud), cloud)
        cloud.simulator.resource_manager.set_latency(real=True)
        slowest = chain(steps, lambda step: seconds_of(cloud, step))
        with VirtualTime(cloud) as time:
            _plan, report = look_and_remove(cloud, box, ledger)
            taken = time.seconds
        assert not report.survivors and ledger.all() == []
        return taken

    taken = least(ATTEMPTS, measure, lambda: 1.1 * slowest)
    assert slowest > 60
    assert 0.9 * slowest <= taken <= 1.1 * slowest, f"{taken:.0f} s, the slowest chain {slowest:.0f} s"
