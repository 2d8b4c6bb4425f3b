"""The fixtures that azlabs gives to other people's tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def test_real_clients_work_without_an_account(azure_simulator: Any) -> None:
    from azure.mgmt.network import NetworkManagementClient

    azure_simulator.resource_group("rg", "westeurope")
    groups = azure_simulator.client(NetworkManagementClient).network_security_groups
    made = groups.begin_create_or_update("rg", "nsg", {"location": "westeurope"}).result()
    assert made.id.endswith("/nsg") and [found.name for found in groups.list("rg")] == ["nsg"]


def test_aio_clients_too(azure_simulator: Any) -> None:
    import asyncio

    from azure.mgmt.network.aio import NetworkManagementClient

    azure_simulator.resource_group("rg")

    async def names() -> list[str]:
        client = azure_simulator.client(NetworkManagementClient)
        poller = await client.route_tables.begin_create_or_update("rg", "rt", {"location": "swedencentral"})
        await poller.result()
        return [found.name async for found in client.route_tables.list("rg")]

    assert asyncio.run(names()) == ["rt"]


def test_every_test_has_an_azure_of_its_own(azure_simulator: Any) -> None:
    assert (
        list(azure_simulator.items(f"/subscriptions/{azure_simulator.subscription_id}/resourcegroups", "2024-11-01"))
        == []
    )


def test_a_lab_goes_from_start_to_end(azlabs_sandbox: Any, lab_folder: Path) -> None:
    lab = azlabs_sandbox(lab_folder)
    assert lab.outputs["webId"] and lab.resource_group
    assert lab.solve() == ["name-rule", "split", "guard"]
    assert lab.reset("guard").reapplied == ["name-rule", "split"]
    assert lab.deploy(lab_folder / "bicep" / "solution" / "guard.json").resources
    assert lab.down().survivors == []


def test_state_can_be_photographed_and_put_back(azure_simulator: Any) -> None:
    group = azure_simulator.resource_group("rg")
    before = azure_simulator.snapshot()
    azure_simulator.run("DELETE", group, "2024-11-01")
    twin = azure_simulator.clone()
    azure_simulator.restore(before)
    assert azure_simulator.find(group, "2024-11-01") and not twin.find(group, "2024-11-01")


@pytest.mark.parametrize("heavy", ["azure.core", "pydantic", "yaml", "azlabs.simulator", "azlabs.sandbox"])
def test_loading_the_plugin_loads_nothing_else(heavy: str) -> None:
    code = f"import azlabs.pytest_plugin, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
