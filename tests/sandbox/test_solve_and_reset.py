"""Solving step by step, deploying one's own files, and going back to the start without recreating anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab, UnknownTask
from azlabs.cloud.errors import AzureError
from azlabs.cloud.memory import ScratchCloud
from azlabs.progress import Event
from azlabs.sandbox.deploy import deploy
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.reset import reset
from azlabs.sandbox.solve import BrokenStep, apply_steps, show, solve, steps_in
from azlabs.sandbox.templates import TemplateProblem

API = "2024-05-01"


def body(cloud: ScratchCloud, box: Sandbox, kind: str, name: str) -> dict[str, Any] | None:
    return cloud.find(f"{box.group_id(box.resource_group)}/providers/Microsoft.Network/{kind}/{name}", API)


def subnets(cloud: ScratchCloud, box: Sandbox) -> dict[str, str]:
    found = body(cloud, box, "virtualNetworks", "vnet")
    assert found is not None
    return {subnet["name"]: subnet["properties"]["addressPrefix"] for subnet in found["properties"]["subnets"]}


def state(cloud: ScratchCloud, box: Sandbox) -> dict[str, Any]:
    """Everything in the group, without what moves with every write."""

    def settled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: settled(inner) for name, inner in sorted(value.items()) if name != "etag"}
        if isinstance(value, list):
            return sorted((settled(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
        return value

    listed = cloud.items(f"{box.group_id(box.resource_group)}/resources", "2021-04-01")
    return {str(entry["id"]): settled(cloud.get(str(entry["id"]), API)) for entry in listed}


def test_the_whole_solution_is_applied_in_the_order_of_the_tasks(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    events: list[Event] = []
    assert solve(sandbox, lab, cloud, None, events.append, ledger) == ["name-rule", "split", "guard"]
    assert subnets(cloud, sandbox) == {"flat": "10.1.0.0/24", "data": "10.1.1.0/24"}
    assert body(cloud, sandbox, "networkSecurityGroups", "nsg-data")
    assert ledger.load(sandbox.id).solved == ["name-rule", "split", "guard"]
    assert [event.subject for event in events if event.kind == "step" and event.state == "done"] == [
        "name-rule",
        "split",
        "guard",
    ]


def test_one_task_applies_its_step_only(lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    solve(sandbox, lab, cloud, "name-rule", ledger=ledger)
    assert "rule: nsg" in sandbox.answers_file.read_text()
    assert "data" not in subnets(cloud, sandbox)
    with pytest.raises(UnknownTask):
        solve(sandbox, lab, cloud, "nope", ledger=ledger)


def test_steps_can_be_read_before_they_are_applied(lab: Lab) -> None:
    (step,) = show(lab, "name-rule")
    assert step.text.startswith("def solve(lab):")
    assert [step.task for step in show(lab)] == ["name-rule", "split", "guard"]
    lab.steps[1][1].unlink()
    with pytest.raises(BrokenStep):
        show(lab)


@pytest.mark.parametrize("text", ["def solve(", "x = 1"])
def test_a_python_step_that_is_none_is_named(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, text: str
) -> None:
    lab.steps[0][1].write_text(text)
    with pytest.raises(BrokenStep, match="name-rule"):
        solve(sandbox, lab, cloud, "name-rule", ledger=ledger)
    assert ledger.load(sandbox.id).doing == ""


def test_a_python_step_may_use_sdk_clients_and_outputs(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path
) -> None:
    step = tmp_path / "group.py"
    step.write_text(
        "def solve(lab):\n"
        "    from azure.mgmt.network import NetworkManagementClient\n"
        "    groups = lab.client(NetworkManagementClient).application_security_groups\n"
        "    groups.begin_create_or_update(lab.resource_group, 'asg', {'location': lab.region}).result()\n"
        "    assert lab.outputs['webId']\n"
    )
    apply_steps(sandbox, cloud, [("group", step)], save=ledger.save)
    assert body(cloud, sandbox, "applicationSecurityGroups", "asg")


def test_an_error_of_azure_in_a_python_step_keeps_its_code(
    cloud: ScratchCloud, sandbox: Sandbox, tmp_path: Path
) -> None:
    step = tmp_path / "wrong.py"
    step.write_text(
        "def solve(lab):\n"
        "    from azure.mgmt.network import NetworkManagementClient\n"
        "    lab.client(NetworkManagementClient).virtual_networks.get(lab.resource_group, 'nowhere')\n"
    )
    with pytest.raises(AzureError) as caught:
        apply_steps(sandbox, cloud, [("wrong", step)])
    assert caught.value.code == "ResourceNotFound"


def test_the_steps_of_a_folder_follow_the_tasks(tmp_path: Path) -> None:
    for name in ("b.json", "a.py", "c.bicep", "notes.md"):
        (tmp_path / name).write_text("")
    assert [name for name, _ in steps_in(tmp_path, ["c", "x", "a"])] == ["c", "a", "b"]


def test_ones_own_file_is_deployed_with_what_is_known(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path, templates: Any
) -> None:
    file = tmp_path / "mine.json"
    file.write_text(
        templates.template(
            [{**templates.group("x"), "name": "[parameters('name')]"}],
            {"web": {"type": "string", "value": "[parameters('webId')]"}},
            name={"type": "string"},
            webId={"type": "string"},
        )
    )
    with pytest.raises(TemplateProblem, match="name"):
        deploy(sandbox, cloud, file, ledger=ledger)
    done = deploy(sandbox, cloud, file, {"name": "nsg-mine"}, ledger=ledger)
    assert done.outputs["web"] == sandbox.outputs["webId"]
    assert body(cloud, sandbox, "networkSecurityGroups", "nsg-mine")
    assert [found.rpartition("/")[2] for found in done.resources] == ["nsg-mine"]


def test_reset_brings_the_untouched_start_back(lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    before = state(cloud, sandbox)
    solve(sandbox, lab, cloud, ledger=ledger)
    report = reset(sandbox, lab, cloud, ledger=ledger)
    assert state(cloud, sandbox) == before
    assert [found.rpartition("/")[2] for found in report.removed] == ["nsg-data"]
    assert ledger.load(sandbox.id).solved == []
    assert "rule: nsg" not in sandbox.answers_file.read_text()
    assert "rule: nsg" in (sandbox.workspace / "answers.before-reset.yaml").read_text()


def test_reset_keeps_interfaces_and_does_not_recreate_them(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    first = body(cloud, sandbox, "networkInterfaces", "nic-db")
    solve(sandbox, lab, cloud, ledger=ledger)
    deleted: list[str] = []
    handle = cloud.simulator.handle

    def watching(request: Any) -> Any:
        if request.method == "DELETE":
            deleted.append(request.url)
        return handle(request)

    cloud.simulator.handle = watching  # type: ignore[method-assign]
    reset(sandbox, lab, cloud, ledger=ledger)
    again = body(cloud, sandbox, "networkInterfaces", "nic-db")
    assert first is not None and again is not None
    assert again["properties"]["resourceGuid"] == first["properties"]["resourceGuid"]
    assert not [url for url in deleted if "networkInterfaces" in url]


def test_reset_undoes_what_was_changed_deleted_and_turned_round(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path, templates: Any
) -> None:
    """Another subnet in the place of the old one, a group deleted, interfaces everywhere, one of them new."""
    before = state(cloud, sandbox)
    net = f"{sandbox.group_id(sandbox.resource_group)}/providers/Microsoft.Network"
    moved = tmp_path / "a.json"
    moved.write_text(
        templates.template(
            [
                templates.network(templates.subnet("flat", "10.1.0.0/24"), templates.subnet("tmp", "10.1.9.0/24")),
                templates.interface("nic-web", "tmp"),
                templates.interface("nic-db", "tmp", "10.1.9.99"),
                templates.interface("nic-new", "tmp"),
            ]
        )
    )
    deploy(sandbox, cloud, moved, ledger=ledger)
    swapped = tmp_path / "b.json"
    swapped.write_text(
        templates.template(
            [
                templates.network(
                    templates.subnet("tmp", "10.1.9.0/24"),
                    templates.subnet("one", "10.1.0.0/25"),
                    templates.subnet("two", "10.1.0.128/25"),
                ),
                templates.interface("nic-web", "one", "10.1.0.40"),
                templates.interface("nic-db", "two"),
            ]
        )
    )
    deploy(sandbox, cloud, swapped, ledger=ledger)
    cloud.run("DELETE", f"{net}/networkSecurityGroups/nsg", API)
    reset(sandbox, lab, cloud, ledger=ledger)
    after = state(cloud, sandbox)
    gone = next(identifier for identifier in before if identifier.endswith("/nsg"))
    assert after.keys() == before.keys()
    for identifier in before.keys() - {gone}:
        assert after[identifier]["properties"].get("resourceGuid") == before[identifier]["properties"].get(
            "resourceGuid"
        )
    assert subnets(cloud, sandbox) == {"flat": "10.1.0.0/24"}
    assert after[f"{net}/networkInterfaces/nic-db"] == before[f"{net}/networkInterfaces/nic-db"]


def test_resetting_one_task_leaves_the_others_done(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    solve(sandbox, lab, cloud, ledger=ledger)
    report = reset(sandbox, lab, cloud, "guard", ledger=ledger)
    assert report.reapplied == ["name-rule", "split"]
    assert subnets(cloud, sandbox) == {"flat": "10.1.0.0/24", "data": "10.1.1.0/24"}
    assert body(cloud, sandbox, "networkSecurityGroups", "nsg-data") is None


def test_the_caller_who_judged_the_tasks_says_which_are_done(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    report = reset(sandbox, lab, cloud, "guard", done=["split"], ledger=ledger)
    assert report.reapplied == ["split"]


def test_a_step_that_needs_the_reset_task_is_left_out_and_named(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, templates: Any
) -> None:
    child = {
        "type": "Microsoft.Network/networkInterfaces",
        **{
            name: value
            for name, value in templates.interface("nic-more", "data", depends=False).items()
            if name != "type"
        },
    }
    lab.steps[2][1].write_text(templates.template([child]))
    solve(sandbox, lab, cloud, ledger=ledger)
    report = reset(sandbox, lab, cloud, "split", ledger=ledger)
    assert report.reapplied == ["name-rule"]
    assert [name for name, _reason in report.left_out] == ["guard"]


def test_a_step_whose_code_contains_that_of_the_reset_task_is_left_out_and_named(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    file = lab.steps[2][1]
    file.unlink()
    file.with_suffix(".py").write_text(
        "from pathlib import Path\n\n"
        "def solve(lab):\n"
        "    if lab.outputs.get('app'):\n"
        "        lab.publish(Path(__file__).with_name('split'), app='func')\n"
    )
    solve(sandbox, lab, cloud, ledger=ledger)
    known = json.loads(lab.start.read_text(encoding="utf-8"))
    known["outputs"] = {**known.get("outputs", {}), "app": {"type": "string", "value": "func"}}
    lab.start.write_text(json.dumps(known), encoding="utf-8")
    report = reset(sandbox, lab, cloud, "split", done=["name-rule", "split", "guard"], ledger=ledger)
    assert report.reapplied == ["name-rule"]
    assert report.left_out == [("guard", "Its code builds on that of split.")]
