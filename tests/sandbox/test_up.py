"""Bringing a lab up: what is made, what is written down when, and going on after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab, load_lab
from azlabs.cloud.errors import AzureError
from azlabs.cloud.memory import ScratchCloud
from azlabs.errors import AzlabsError
from azlabs.progress import Event
from azlabs.sandbox import tags
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.up import Declined, GroupTaken, RegionNotOffered, UpPlan, up

API = "2024-11-01"


def names(cloud: ScratchCloud, sandbox: Sandbox) -> list[str]:
    return sorted(
        str(entry["name"])
        for entry in cloud.items(f"{sandbox.group_id(sandbox.resource_group)}/resources", "2021-04-01")
    )


def groups(cloud: ScratchCloud) -> list[str]:
    return [str(g["name"]) for g in cloud.items(f"/subscriptions/{cloud.subscription_id}/resourcegroups", API)]


def test_a_new_sandbox_has_its_start_state_its_mark_and_a_workspace(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger
) -> None:
    events: list[Event] = []
    result = up(lab, cloud, ledger=ledger, progress=events.append)
    box = result.sandbox
    assert not result.existing and not result.resumed
    assert ledger.load(box.id) == box
    assert (box.state, box.region, box.expires, box.doing) == ("ready", "swedencentral", None, "")
    assert names(cloud, box) == ["nic-db", "nic-web", "nsg", "vnet"]
    assert box.outputs["webId"].endswith("/networkInterfaces/nic-web")
    assert len(box.start) == 4
    mark = tags.read_mark(
        box.subscription_id, box.resource_group, cloud.get(box.group_id(box.resource_group), API)["tags"]
    )
    assert mark is not None and mark.sandbox == box.id
    assert (box.workspace / "guide.md").read_text() == "# Split a flat network\n"
    assert "which-rule:\n  # the name of the rule\n  rule:\n" in box.answers_file.read_text()
    assert ("vnet", "done") in [(event.subject, event.state) for event in events]


def test_secrets_of_the_start_state_reach_no_file(sandbox: Sandbox, home: Path) -> None:
    assert "secret" not in sandbox.outputs
    for path in home.rglob("*"):
        assert not path.is_file() or b"canary-secret-value" not in path.read_bytes(), path


def test_a_second_up_answers_the_one_that_is_there(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    first = up(lab, cloud, ledger=ledger).sandbox
    second = up(lab, cloud, ledger=ledger, confirm=lambda _plan: pytest.fail("nothing is to be asked"))
    assert second.existing and second.sandbox == first
    assert len(groups(cloud)) == 1
    third = up(lab, cloud, ledger=ledger, another=True)
    assert not third.existing and third.sandbox.id != first.id


def test_a_sandbox_whose_group_has_gone_is_forgotten_and_said(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    first = up(lab, cloud, ledger=ledger).sandbox
    cloud.run("DELETE", first.group_id(first.resource_group), API)
    second = up(lab, cloud, ledger=ledger)
    assert not second.existing and second.sandbox.id != first.id
    assert any(first.id in notice for notice in ledger.notices)
    assert [box.id for box in ledger.all()] == [second.sandbox.id]


def test_before_anything_is_made_a_person_sees_what_and_where(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    seen: list[UpPlan] = []

    def no(plan: UpPlan) -> bool:
        seen.append(plan)
        return False

    with pytest.raises(Declined):
        up(lab, cloud, ledger=ledger, confirm=no)
    assert groups(cloud) == [] and ledger.all() == []
    plan = seen[0]
    assert plan.resources["Microsoft.Network/networkInterfaces"] == 2
    assert (plan.region, plan.cost_per_hour_usd, plan.resumes) == ("swedencentral", 0.01, False)
    assert plan.account and plan.tenant_id and plan.subscription_id and plan.resource_groups


def test_a_region_that_the_lab_does_not_offer_is_refused(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    with pytest.raises(RegionNotOffered) as caught:
        up(lab, cloud, ledger=ledger, region="eastus")
    assert "swedencentral, westeurope" in caught.value.action
    assert up(lab, cloud, ledger=ledger, region="westeurope").sandbox.region == "westeurope"


def test_hours_are_counted_only_when_they_are_given(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    box = up(lab, cloud, ledger=ledger, hours=2).sandbox
    assert box.expires is not None
    assert (box.expires - box.created).total_seconds() == 7200
    assert tags.EXPIRES in cloud.get(box.group_id(box.resource_group), API)["tags"]


def test_the_workspace_may_be_chosen_and_keeps_what_is_in_it(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "guide.md").write_text("my notes")
    box = up(lab, cloud, ledger=ledger, workspace=folder).sandbox
    assert box.workspace == folder
    assert (folder / "guide.md").read_text() == "my notes"
    assert json.loads((folder / ".azlabs.json").read_text())["sandbox"] == box.id


def test_a_template_that_azure_refuses_leaves_a_failed_sandbox_that_up_completes(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger
) -> None:
    good = lab.start.read_text()
    lab.start.write_text(good.replace("10.1.0.0/24", "10.9.0.0/24"))
    with pytest.raises(AzureError) as caught:
        up(lab, cloud, ledger=ledger)
    (box,) = ledger.all()
    assert (box.state, box.problem, box.doing) == ("failed", caught.value.message, "")
    lab.start.write_text(good)
    again = up(lab, cloud, ledger=ledger)
    assert again.resumed and again.sandbox.id == box.id and again.sandbox.state == "ready"
    assert len(groups(cloud)) == 1
    assert names(cloud, again.sandbox) == ["nic-db", "nic-web", "nsg", "vnet"]


def test_ctrl_c_leaves_a_sandbox_that_up_completes(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    def impatient(event: Event) -> None:
        if event.subject == "vnet":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        up(lab, cloud, ledger=ledger, progress=impatient)
    (box,) = ledger.all()
    assert (box.state, box.problem) == ("failed", "It was interrupted.")
    assert up(lab, cloud, ledger=ledger).resumed


def test_a_group_of_the_name_that_is_not_its_own_is_left_alone(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger, made: Callable[..., Any]
) -> None:
    box = made("flat-net-aaaaa", lab="flat-net", state="failed", subscription_id=cloud.subscription_id)
    ledger.save(box)
    cloud.request("PUT", box.group_id(box.resource_group), API, {"location": "westeurope", "tags": {"mine": "yes"}})
    with pytest.raises(GroupTaken):
        up(lab, cloud, ledger=ledger)
    assert cloud.get(box.group_id(box.resource_group), API)["tags"] == {"mine": "yes"}


def test_the_ledger_knows_the_group_before_azure_does(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    order: list[str] = []
    handle = cloud.simulator.handle

    def watching(request: Any) -> Any:
        if request.method == "PUT" and "/deployments/" not in request.url:
            order.append(ledger.all()[0].resource_groups[0])
            assert order[-1] in request.url
        return handle(request)

    cloud.simulator.handle = watching  # type: ignore[method-assign]
    up(lab, cloud, ledger=ledger)
    assert order


def test_a_lab_without_a_price_gets_one_from_its_resources(
    lab: Lab, lab_folder: Path, cloud: ScratchCloud, ledger: Ledger
) -> None:
    from azlabs.catalog.labs import load_lab

    text = (lab_folder / "lab.yaml").read_text()
    (lab_folder / "lab.yaml").write_text(text.replace("cost_per_hour_usd: 0.01\n", ""))
    assert up(load_lab(lab_folder), cloud, ledger=ledger).sandbox.cost_per_hour_usd == 0


def test_a_start_state_that_does_not_compile_is_said_before_anything_is_made(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger
) -> None:
    from azlabs.sandbox.templates import TemplateProblem

    lab.start.with_suffix(".bicep").write_text(
        "resource x 'Microsoft.Network/virtualNetworks@2024-05-01' = {\n  name: nope\n}\n"
    )
    with pytest.raises(TemplateProblem, match=r"start\.bicep\(2,9\) : Error BCP057"):
        up(lab, cloud, ledger=ledger)
    assert groups(cloud) == [] and ledger.all() == []


START_DATA = """
def start(lab):
    group = f"/subscriptions/{lab.subscription_id}/resourceGroups/{lab.resource_group}"
    lab.cloud.run("PUT", f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg/securityRules/mine", "2024-05-01",
        {"properties": {"priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*",
         "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}})
"""


def test_what_a_template_cannot_make_is_put_in_by_the_labs_code(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    lab.start_data.write_text(START_DATA)
    box = up(lab, cloud, ledger=ledger).sandbox
    rule = f"{box.group_id(box.resource_group)}/providers/Microsoft.Network/networkSecurityGroups/nsg/securityRules/mine"
    assert cloud.find(rule, "2024-05-01") is not None


def test_start_data_that_cannot_be_put_in_is_put_in_by_the_next_up(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger
) -> None:
    lab.start_data.write_text("def start(lab):\n    lab.cloud.get('/nowhere', '2024-01-01')\n")
    with pytest.raises(AzureError):
        up(lab, cloud, ledger=ledger)
    lab.start_data.write_text(START_DATA)
    result = up(lab, cloud, ledger=ledger)
    assert result.resumed and result.sandbox.state == "ready"


def test_the_starter_codes_variables_are_filled_in(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    lab.app.mkdir()
    (lab.app / ".env").write_text("NIC=${webId}\nRG=${resourceGroup}\n")
    box = up(lab, cloud, ledger=ledger).sandbox
    written = (box.workspace / "app" / ".env").read_text()
    assert written == f"NIC={box.outputs['webId']}\nRG={box.resource_group}\n"


def test_without_the_packages_of_apps_a_lab_with_one_is_not_begun(
    lab_folder: Path, cloud: ScratchCloud, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lab_folder / "lab.yaml"
    file.write_text(file.read_text() + "function_app: appName\n")
    monkeypatch.setattr("azlabs.sandbox.up._APP_PACKAGES", ("azure.no_such_package",))
    with pytest.raises(AzlabsError, match="packages that apps use") as caught:
        up(load_lab(lab_folder), cloud, ledger=ledger)
    assert "azlabs[apps]" in caught.value.action
    assert ledger.all() == []
