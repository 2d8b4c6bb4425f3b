"""The lab works in every region that it is offered in."""

from __future__ import annotations

from pathlib import Path

from azlabs.catalog.labs import load_lab
from azlabs.cloud.memory import scratch
from azlabs.rules.network import service_tags
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.solve import apply_steps
from azlabs.sandbox.up import up
from azlabs.verify import run


def test_service_tags_know_every_region_by_its_name() -> None:
    for region in load_lab("az104-vnet-nsg").regions:
        tag = service_tags.regional("Storage", region)
        assert tag.lower() == f"storage.{region}"
        assert service_tags.addresses_of(tag)


def test_the_reference_solution_is_right_in_another_region(tmp_path: Path) -> None:
    lab = load_lab("az104-vnet-nsg")
    cloud = scratch()
    sandbox = up(lab, cloud, region="norwayeast", workspace=tmp_path / "work", ledger=Ledger(tmp_path)).sandbox
    apply_steps(sandbox, cloud, lab.steps)
    report = run(lab, sandbox, cloud)
    assert report.score == 1000
    group = f"/subscriptions/{sandbox.subscription_id}/resourceGroups/{sandbox.resource_group}"
    rule = cloud.get(
        f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-data/securityRules/storage-out", "2024-05-01"
    )
    assert rule["properties"]["destinationAddressPrefix"].lower() == "storage.norwayeast"
