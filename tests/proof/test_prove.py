"""The whole lab contract on a small lab: a network whose web machine shall accept HTTPS only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab, load_lab
from azlabs.errors import AzlabsError, ExitCode
from azlabs.progress import Event
from azlabs.proof import ProofReport, prove
from azlabs.verify import BrokenChecks

API = "2024-05-01"
LAB = """
id: small
title: Close a web machine
summary: One network, one machine, two tasks and a question. It is here to be proved.
exam: az-104
level: beginner
minutes: 5
lab_api: 1
services: [Virtual Network]
regions: [swedencentral]
answers:
  first: {port: The port that was open at the start.}
tasks:
  - {id: answer, title: Say what is open, points: 10, objectives: [az104.network.nsg-effective],
     hints: [Look.], docs: "https://learn.microsoft.com/azure"}
  - {id: https, title: Let HTTPS in, points: 20, objectives: [az104.network.nsg-rules],
     hints: [Look.], docs: "https://learn.microsoft.com/azure"}
  - {id: tag, title: Name an owner, points: 10, objectives: [az104.network.vnets],
     hints: [Look.], docs: "https://learn.microsoft.com/azure"}
"""
CHECKS = """
from azlabs.verify import *

@guard("*")
def the_machine_is_there(lab: LabView) -> None:
    expect(lab.get(lab.outputs["nicId"]), found="it is gone")

@check("answer", points=10)
def answered(lab: LabView) -> None:
    expect(lab.answers["first"]["port"].is_any_of("8080"), found=lab.answers["first"]["port"])

@check("https", points=15)
def https_only(lab: LabView) -> None:
    reach = lab.network.reach("Internet", lab.outputs["nicId"])
    expect(reach.equals("Tcp/443"), found=reach, decided_by=reach.decided_by("Tcp/443"))

@check("https", points=5, negative=True)
def inside_only_https(lab: LabView) -> None:
    reach = lab.network.reach("VirtualNetwork", lab.outputs["nicId"]).minus("Tcp/443")
    expect(reach.is_empty(), found=reach)

@check("tag", points=10)
def somebody_owns_it(lab: LabView) -> None:
    found = lab.find("Microsoft.Network/virtualNetworks", {"tags.owner": "ada"})
    expect(found, found="no network of ada's")
"""
ANSWER = "def solve(lab):\n    lab.write_answers(first={'port': '8080'})\n"
UNASKED = """
unasked:
  - flow: {from: ["10.0.0.0/15", AzureLoadBalancer], to: [n], services: Tcp/443}
    reason: HTTPS from inside is nobody's business.
  - flow: {from: ["*"], to: [10.0.0.0/15], not_to: [n]}
    reason: There is one machine only.
  - flow: {from: [10.0.0.0/15], not_from: [n], to: ["*"]}
    reason: There is one machine only.
  - setting: net/addressSpace
    reason: Its size is nobody's business.
  - setting: s/addressPrefix
    reason: The same.
mutants: []
"""


def rule(name: str, priority: int, **settings: Any) -> dict[str, Any]:
    plain = {
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
        "sourceAddressPrefix": "Internet",
        "destinationAddressPrefix": "*",
    }
    return {"name": name, "properties": {**plain, "priority": priority, **settings}}


def template(*resources: dict[str, Any], **outputs: str) -> str:
    return json.dumps(
        {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": list(resources),
            "outputs": {name: {"type": "string", "value": value} for name, value in outputs.items()},
        }
    )


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    made = {"type": f"Microsoft.Network/{kind}", "apiVersion": API, "name": name, "location": "swedencentral"}
    return {**made, **more}


def nsg(*rules: dict[str, Any]) -> dict[str, Any]:
    return resource("networkSecurityGroups", "web", properties={"securityRules": list(rules)})


def vnet(**more: Any) -> dict[str, Any]:
    group = {"id": "[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]"}
    subnet = {"name": "s", "properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": group}}
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    return resource("virtualNetworks", "net", properties={"addressSpace": space, "subnets": [subnet]}, **more)


HTTPS = rule("https", 100)
CLOSED = rule(
    "closed", 4000, access="Deny", protocol="*", destinationPortRange="*", sourceAddressPrefix="VirtualNetwork"
)
DENY_ALL = rule("rest", 4096, access="Deny", protocol="*", destinationPortRange="*", sourceAddressPrefix="*")
OWNER = {"tags": {"owner": "ada"}}
START = template(
    nsg(rule("old", 100, destinationPortRange="8080")),
    {**vnet(), "dependsOn": ["[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]"]},
    {
        **resource("networkInterfaces", "n"),
        "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks', 'net')]"],
        "properties": {
            "ipConfigurations": [
                {
                    "name": "primary",
                    "properties": {
                        "subnet": {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 's')]"}
                    },
                }
            ]
        },
    },
    nicId="[resourceId('Microsoft.Network/networkInterfaces', 'n')]",
)
FILES = {
    "lab.yaml": LAB,
    "guide.md": "# Small\n",
    "checks.py": CHECKS,
    "equivalent.yaml": UNASKED,
    "bicep/start.json": START,
    "bicep/solution/answer.py": ANSWER,
    "bicep/solution/https.json": template(nsg(HTTPS, CLOSED)),
    "bicep/solution/tag.json": template(vnet(**OWNER)),
}
for _name, _rules in {
    "deny-all": (HTTPS, DENY_ALL),
    "numbers": (rule("b", 3000), {**CLOSED, "name": "a"}),
    "two-rules": (rule("x", 200, destinationPortRanges=["443"], destinationPortRange=""), CLOSED),
}.items():
    FILES[f"alternatives/{_name}/all.json"] = template(nsg(*_rules), vnet(**OWNER))
    FILES[f"alternatives/{_name}/answer.py"] = ANSWER


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lab]:
    """small({file: text or None}): the lab with some files replaced or left out."""
    monkeypatch.setenv("AZLABS_HOME", str(tmp_path / "home"))

    def make(changes: dict[str, str | None] | None = None) -> Lab:
        folder = tmp_path / "small"
        for name, text in {**FILES, **(changes or {})}.items():
            if text is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
        return load_lab(folder)

    return make


def broken(report: ProofReport) -> str:
    assert not report.ok
    assert report.exit_code == ExitCode.NOT_PASSED
    return "\n".join(report.problems)


def test_a_good_lab_keeps_the_contract(small: Any, tmp_path: Path) -> None:
    seen: list[Event] = []
    report = prove(small(), progress=seen.append, jobs=2)
    assert report.problems == []
    assert report.exit_code == ExitCode.DONE
    data = report.to_json()
    assert {name: data[name] for name in ("lab", "start_score", "solution_score", "alternatives", "residue")} == {
        "lab": "small",
        "start_score": 0,
        "solution_score": 1000,
        "alternatives": [{"name": name, "score": 1000} for name in ("deny-all", "numbers", "two-rules")],
        "residue": [],
    }
    counts = data["mutants"]
    assert counts["total"] == counts["caught"] + counts["equivalent"] > 50
    assert counts["over_strict"] == 0
    assert {event.subject for event in seen if event.kind == "proof"} >= {"start", "https", "deny-all", "down"}
    assert not (tmp_path / "home").exists()


def test_a_seeded_sample_is_the_same_each_time_and_smaller(small: Any) -> None:
    lab = small()
    first, again, other = (prove(lab, sample=12, seed=seed, jobs=1).mutants for seed in (1, 1, 2))
    assert first and again and other
    names = [[trial.mutant.name for trial in summary.trials] for summary in (first, again, other)]
    assert len(names[0]) == 12 < first.made
    assert names[0] == names[1] != names[2]


def test_a_check_that_is_too_weak_is_named_with_the_setting(small: Any) -> None:
    weak = CHECKS.replace('reach.equals("Tcp/443")', 'reach.all("Tcp/443")')
    words = broken(prove(small({"checks.py": weak})))
    assert (
        "Nothing noticed web/securityRules/https/destinationPortRange: 443 -> 443-444; the task https (https_only, "
        in words
    )
    assert "opened TCP 444 from the internet" in words


def test_a_check_that_wants_more_than_is_asked_is_named(small: Any) -> None:
    strict = CHECKS.replace(
        "    expect(reach.is_empty(), found=reach)",
        '    expect(reach.is_empty(), found=reach)\n    rules = lab.one("Microsoft.Network/networkSecurityGroups")\n'
        '    expect([r["name"] for r in rules["properties"]["securityRules"]] == ["https", "closed"])',
    )
    report = prove(small({"checks.py": strict}), jobs=1)
    words = broken(report)
    assert "'deny-all' scores 875" in words
    named = CHECKS.replace(
        'expect(reach.equals("Tcp/443"), found=reach,',
        'rule = lab.one("Microsoft.Network/networkSecurityGroups")["properties"]["securityRules"][0]["properties"]\n'
        '    expect(reach.equals("Tcp/443") and rule["priority"] in (100, 200, 3000), found=reach,',
    )
    words = broken(prove(small({"checks.py": named}), jobs=1))
    assert "The check https_only of https fails although nothing that is asked for changed: web/securityRules" in words


def test_a_start_that_is_done_already_is_named(small: Any) -> None:
    words = broken(
        prove(
            small({"bicep/start.json": START.replace('"name": "net", ', '"name": "net", "tags": {"owner": "ada"}, ')}),
            sample=1,
        )
    )
    assert "The untouched start scores 250, not 0." in words
    assert "At the start these tasks are done already: tag." in words


def test_a_step_that_does_too_much_or_too_little_is_named(small: Any) -> None:
    early = template(nsg(HTTPS, CLOSED), vnet(**OWNER))
    words = broken(
        prove(
            small({"bicep/solution/https.json": early, "bicep/solution/answer.py": "def solve(lab): ...\n"}), sample=1
        )
    )
    assert (
        "After the step of https these tasks are not green: answer and these tasks are green too early: tag." in words
    )
    assert "The solution scores 750, not 1000." in words


def test_a_step_that_azure_refuses_ends_the_steps_with_the_reason(small: Any) -> None:
    clash = template(nsg(HTTPS, {**CLOSED, "properties": {**CLOSED["properties"], "priority": 100}}))
    report = prove(small({"bicep/solution/https.json": clash}), sample=1)
    assert "The step of https failed" in broken(report)
    assert report.mutants is None


def test_a_wrong_alternative_is_named_and_too_few_are_too(small: Any) -> None:
    wrong = {
        "alternatives/numbers/all.json": template(nsg(HTTPS)),
        "alternatives/two-rules/all.json": None,
        "alternatives/two-rules/answer.py": None,
    }
    words = broken(prove(small(wrong), sample=1))
    assert "The solution 'numbers' scores 250, not 1000. https_only" not in words
    assert "The solution 'numbers' scores 625, not 1000. inside_only_https" in words
    assert "There are 2 alternatives; 3 are needed." in words


def test_anyones_solution_can_be_tried_alone(small: Any, tmp_path: Path) -> None:
    lab = small()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "all.json").write_text(template(nsg(rule("open", 100, sourceAddressPrefix="*"), DENY_ALL), vnet(**OWNER)))
    report = prove(lab, solution=mine)
    assert [(entry.name, entry.score) for entry in report.alternatives] == [("mine", 750)]
    assert report.mutants is None
    (mine / "answer.py").write_text(ANSWER)
    assert prove(lab, solution=mine).ok
    assert not prove(lab, solution=tmp_path / "nowhere").ok


def test_too_many_declarations_by_hand_and_stale_ones_are_named(small: Any) -> None:
    weak = CHECKS.replace('reach.equals("Tcp/443")', 'reach.all("Tcp/443")')
    lab = small({"checks.py": weak})
    summary = prove(lab, jobs=1).mutants
    assert summary
    names = [trial.mutant.name for trial in summary.of("survived")]
    declared = "".join(f"  - {{mutant: {json.dumps(name)}, reason: I say so.}}\n" for name in [*names, "gone: 1 -> 2"])
    words = broken(
        prove(small({"checks.py": weak, "equivalent.yaml": UNASKED.replace("mutants: []", f"mutants:\n{declared}")}))
    )
    assert "Nothing noticed" not in words
    assert "declared equivalent by hand; 5% are allowed." in words
    assert "equivalent.yaml names 'gone: 1 -> 2', which is no surviving mutant." in words


def test_what_down_does_not_find_is_residue(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import azlabs.sandbox.down as down

    def nothing(plan: Any, *_arguments: Any, **_options: Any) -> Any:
        return down.DownReport(plan.sandbox.id)

    monkeypatch.setattr(down, "down", nothing)
    report = prove(small(), sample=1)
    assert report.exit_code == ExitCode.SURVIVORS
    assert any("/resourceGroups/azlabs-small" in name for name, _ in report.residue)
    assert "After down there is still" in "\n".join(report.problems)


def test_a_lab_that_cannot_be_tried_says_why(small: Any) -> None:
    with pytest.raises(BrokenChecks):
        prove(small({"checks.py": "("}))
    with pytest.raises(AzlabsError):
        prove(small({"bicep/start.json": template(resource("virtualNetworks", "net", properties={}))}))
