"""Mutants tried on a simulator in memory: each ends as what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud import scratch
from azlabs.proof.answers import answer_mutants
from azlabs.proof.asked import Asked
from azlabs.proof.behaviour import Behaviour, became
from azlabs.proof.equivalent import Equivalents, Flow, Unasked
from azlabs.proof.mutation import World, mutants
from azlabs.proof.pool import trials
from azlabs.proof.state import changed, read_state
from azlabs.proof.trial import Bench, Trial, can_touch, reads_of, touched_by, weightiest
from azlabs.verify import load_checks
from azlabs.verify.reads import Reads

API = "2024-05-01"
ONLY_HTTPS = """
from azlabs.verify import *

@check("web", points=10)
def https_from_the_internet(lab: LabView) -> None:
    reach = lab.network.reach("Internet", "n")
    expect(reach.equals("Tcp/443"), found=reach, expected="TCP 443", decided_by=reach.decided_by("Tcp/443"))
"""
AT_LEAST_HTTPS = ONLY_HTTPS.replace('reach.equals("Tcp/443")', 'reach.all("Tcp/443")')
BY_NAME = (
    ONLY_HTTPS
    + """
@guard("web")
def the_rule_has_the_right_number(lab: LabView) -> None:
    rules = lab.one("Microsoft.Network/networkSecurityGroups")["properties"]["securityRules"]
    expect(any(rule["properties"]["priority"] == 100 for rule in rules), found=rules)
"""
)


@dataclass(frozen=True)
class Task:
    id: str
    points: int


@dataclass
class Box:
    workspace: Path
    id: str = "box"
    subscription_id: str = "00000000-0000-0000-0000-000000000000"
    region: str = "swedencentral"
    resource_groups: tuple[str, ...] = ("rg",)
    outputs: dict[str, Any] | None = None


@pytest.fixture
def bench(build: Any, tmp_path: Path) -> Callable[..., tuple[Bench, World]]:
    """A machine behind a group that lets HTTPS in, judged by a checks file."""

    def make(source: str, equivalents: Equivalents | None = None, answers: str = "") -> tuple[Bench, World]:
        cloud = scratch()
        cloud.run("PUT", build.group, "2021-04-01", {"location": "swedencentral"})
        start = read_state(Reads(cloud), ["rg"])
        resources = [
            build.nsg("web", build.rule("https", 100, sourceAddressPrefix="Internet"), build.rule("spare", 200)),
            build.vnet(s=("10.0.0.0/24", "web")),
            build.nic("n", "10.0.0.4", "s"),
        ]
        for resource in resources:
            cloud.run("PUT", resource["id"], API, resource)
        file = tmp_path / "checks.py"
        file.write_text(source)
        (tmp_path / "answers.yaml").write_text(answers)
        box, checks, solved = Box(tmp_path), load_checks(file, [Task("web", 10)]), read_state(Reads(cloud), ["rg"])
        bench = Bench(
            cloud=cloud,
            sandbox=box,
            checks=checks,
            equivalents=equivalents or Equivalents(),
            snapshot=cloud.snapshot(),
            solved=solved,
            behaviour=Behaviour(solved),
            asked=Asked(start, solved),
            answers=answers,
            reads=reads_of(checks, box, cloud),
        )
        return bench, World(start, [("web", solved)], solved)

    return make


def tried(bench: Bench, world: World, **options: Any) -> dict[str, Trial]:
    return {trial.mutant.name: trial for trial in trials(bench, mutants(world), **{"jobs": 1, **options})}


def test_a_slip_that_opens_something_is_caught_by_a_strict_check(bench: Any) -> None:
    found = tried(*bench(ONLY_HTTPS))
    wider = found["web/securityRules/https/destinationPortRange: 443 -> 443-444"]
    assert (wider.result, wider.check, wider.task) == ("caught", "https_from_the_internet", "web")
    assert "443-444" in wider.note
    assert not [trial for trial in found.values() if trial.result == "over-strict"]


def test_a_weak_check_lets_it_survive_and_the_difference_is_told(bench: Any) -> None:
    survivor = tried(*bench(AT_LEAST_HTTPS))["web/securityRules/spare/destinationPortRange: 443 -> 444"]
    assert (survivor.result, survivor.mutant.task) == ("survived", "web")
    assert survivor.should == ("https_from_the_internet",)
    assert survivor.difference == "everything to everything: opened TCP 444 from the internet to 10.0.0.0/24"


def test_a_check_that_looks_at_spelling_is_over_strict(bench: Any) -> None:
    found = tried(*bench(BY_NAME))["web/securityRules/https/priority: 100 -> 201"]
    assert (found.result, found.check) == ("over-strict", "the_rule_has_the_right_number")


def test_another_spelling_that_nobody_minds_is_equivalent(bench: Any) -> None:
    assert tried(*bench(ONLY_HTTPS))["web/securityRules/https/priority: 100 -> 201"].result == "equivalent"


def test_what_azure_refuses_is_no_mutant(bench: Any) -> None:
    found = tried(*bench(ONLY_HTTPS))["web: there -> removed"]
    assert (found.result, found.note) == ("refused", "InUseNetworkSecurityGroupCannotBeDeleted")


def test_declared_and_unasked_changes_are_excused(bench: Any) -> None:
    name = "web/securityRules/spare/destinationPortRange: 443 -> 444"
    declared = tried(*bench(AT_LEAST_HTTPS, Equivalents(mutants={name: "nobody asked"})))[name]
    assert (declared.result, declared.note) == ("declared", "nobody asked")
    anywhere = Unasked("left open", Flow(("*",), ("10.0.0.0/16",), "Tcp/443-444"))
    assert tried(*bench(AT_LEAST_HTTPS, Equivalents((anywhere,))))[name].result == "unasked"


def test_a_strict_check_on_what_nobody_asked_for_is_over_strict(bench: Any) -> None:
    anywhere = Unasked("left open", Flow(("*",), ("10.0.0.0/16",), "Tcp/443-444"))
    name = "web/securityRules/spare/destinationPortRange: 443 -> 444"
    assert tried(*bench(ONLY_HTTPS, Equivalents((anywhere,))))[name].result == "over-strict"


def test_processes_side_by_side_find_the_same(bench: Any) -> None:
    made, world = bench(ONLY_HTTPS)
    alone, together = tried(made, world), tried(made, world, jobs=2)
    assert {name: trial.result for name, trial in alone.items()} == {
        name: trial.result for name, trial in together.items()
    }


def test_each_trial_starts_from_the_solved_state(bench: Any) -> None:
    made, world = bench(ONLY_HTTPS)
    name = "web/securityRules/https/destinationPortRange: 443 -> 444"
    one = next(mutant for mutant in mutants(world) if mutant.name == name)
    first, second = trials(made, [one, one], jobs=1)
    assert first == second


def test_wrong_answers_are_caught_and_the_file_is_put_back(bench: Any) -> None:
    source = ONLY_HTTPS.replace("points=10", "points=4") + (
        '\n@check("web", points=6)\ndef answered(lab):\n'
        '    expect(lab.answers["first"]["verdict"].is_any_of("allow"), found=lab.answers["first"]["verdict"])\n'
        '    expect(lab.answers["first"]["rule"].is_any_of("https"))\n'
    )
    answers = "first: {verdict: allow, rule: https}\nsecond: {verdict: deny, rule: other}\n"
    made, world = bench(source, answers=answers)
    slips = answer_mutants(answers, world.solved, "web")
    results = {trial.mutant.name: trial.result for trial in trials(made, slips, jobs=1)}
    assert results["answers.yaml/first/verdict: allow -> deny"] == "caught"
    assert results["answers.yaml/first/rule: https -> spare"] == "caught"
    assert results["answers.yaml/first/rule: https -> other"] == "caught"
    assert results["answers.yaml/first/rule: https -> nothing"] == "caught"
    assert results["answers.yaml/second/verdict: deny -> allow"] == "survived"
    assert next(iter(trials(made, mutants(world)[:1], jobs=1))).result != "idle"
    assert (made.sandbox.workspace / "answers.yaml").read_text() == answers


@pytest.mark.parametrize(
    ("reads", "touched", "expected"),
    [
        ({"/g/providers/p/nsgs?v*"}, {"/g/providers/p/nsgs/web"}, True),
        ({"/g/providers/p/nsgs/web?v"}, {"/g/providers/p/nsgs/web"}, True),
        ({"/g/providers/p/nsgs/web/rules?v*"}, {"/g/providers/p/nsgs/web"}, True),
        ({"/g/providers/p/nics?v*"}, {"/g/providers/p/nsgs/web"}, False),
        ({"probe:network", "api-version:p/nsgs"}, {"/g/providers/p/nsgs/web"}, False),
        ({"client:NetworkManagementClient"}, {"/anything"}, True),
        ({"answers"}, {"answers"}, True),
        ({"answers"}, {"/g/providers/p/nsgs/web"}, False),
    ],
)
def test_only_checks_that_read_what_changed_can_be_touched(reads: set[str], touched: set[str], expected: bool) -> None:
    assert can_touch(reads, touched) is expected


def test_the_checks_reads_are_known_through_the_shared_probe(bench: Any) -> None:
    source = ONLY_HTTPS.replace("points=10", "points=4") + (
        '\n@check("web", points=6)\ndef again(lab):\n    expect(lab.network.reach("Internet", "n").all("Tcp/443"))\n'
    )
    made, _ = bench(source)
    assert made.reads["again"] == made.reads["https_from_the_internet"]
    assert any("networksecuritygroups" in key for key in made.reads["again"])


def test_a_write_that_changes_nothing_is_no_mutant(bench: Any) -> None:
    name = "n/ipConfigurations/primary/privateIPAddress: 10.0.0.4 -> 10.0.0.5"
    assert tried(*bench(ONLY_HTTPS))[name].result == "idle"


def test_a_check_that_cannot_judge_a_mutant_has_not_caught_it(bench: Any) -> None:
    unsure = ONLY_HTTPS.replace(
        "    expect(", '    if not reach.equals("Tcp/443"):\n        raise CannotJudge("Too odd.")\n    expect('
    )
    found = tried(*bench(unsure))["web/securityRules/https/destinationPortRange: 443 -> 443-444"]
    assert (found.result, found.note) == ("survived", "https_from_the_internet could not be judged: Too odd.")


def test_checks_that_a_mutant_cannot_touch_are_not_run_again(bench: Any) -> None:
    source = ONLY_HTTPS.replace("points=10", "points=4") + (
        '\n@check("web", points=6)\ndef routes(lab):\n'
        '    lab.find("Microsoft.Network/routeTables")\n    lab.outputs["runs"].append(1)\n'
    )
    made, world = bench(source)
    runs: list[int] = []
    made.sandbox.outputs = {"runs": runs}
    name = "web/securityRules/https/priority: 100 -> 201"
    (one,) = [mutant for mutant in mutants(world) if mutant.name == name]
    assert next(trials(made, [one], jobs=1)).result == "equivalent"
    assert runs == []


def test_what_a_changed_thing_is_or_was_linked_to_is_touched_too(build: Any) -> None:
    before = build.state(build.nic("n", "10.0.0.4", "s"), build.nsg("web"))
    member = [build.link("applicationSecurityGroups/g")]
    after = build.state(build.nic("n", "10.0.0.4", "t", applicationSecurityGroups=member), build.nsg("web"))
    moved = changed(before, after)
    assert {name.rpartition("/")[2] for name in touched_by(before, after, moved)} == {"n", "s", "t", "g"}


def test_a_difference_that_is_asked_for_outweighs_those_that_may_be() -> None:
    perhaps, other, asked = became("a", 1, 2, "perhaps"), became("b", 1, 2, "perhaps"), became("c", 1, 2)
    assert weightiest(iter([perhaps, asked, other])) is asked
    assert weightiest(iter([perhaps, other])) is perhaps
    assert weightiest(iter([])) is None
