"""The lab contract without mutants, on a cloud that cannot be put back by a snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.catalog.labs import Lab, load_lab
from azlabs.catalog.scaffold import new_lab
from azlabs.errors import AzlabsError
from azlabs.proof.on_a_cloud import prove_on
from azlabs.sandbox.ledger import Ledger


@pytest.fixture
def lab(tmp_path) -> Lab:
    return load_lab(new_lab("one-door", tmp_path).folder)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "home")


def test_start_steps_and_other_solutions_are_tried_and_taken_away(lab, ledger, azure_simulator):
    report = prove_on(lab, azure_simulator, ledger=ledger)
    assert (report.start_score, report.solution_score, report.problems) == (0, 1000, [])
    assert [(step.task, step.exact) for step in report.steps] == [("office-ssh", True), ("quiet-inside", True)]
    assert [entry.score for entry in report.alternatives] == [1000, 1000, 1000]
    assert report.mutants is None
    assert ledger.all() == []


def test_one_solution_alone(lab, ledger, azure_simulator):
    report = prove_on(lab, azure_simulator, ledger=ledger, solution=lab.folder / "alternatives" / "deny-all")
    assert [(entry.name, entry.score) for entry in report.alternatives] == [("deny-all", 1000)]
    assert report.ok
    assert prove_on(lab, azure_simulator, ledger=ledger, solution=Path("nowhere")).alternatives[0].score == 0


def test_a_wrong_solution_is_named_with_what_it_misses(lab, ledger, azure_simulator):
    file = lab.folder / "alternatives" / "deny-all" / "everything.bicep"
    file.write_text(file.read_text().replace("203.0.113.64/28", "203.0.113.0/24"))
    report = prove_on(lab, azure_simulator, ledger=ledger)
    assert [entry.score == 1000 for entry in report.alternatives] == [False, True, True]
    assert "only_the_office_reaches_ssh" in report.problems[0]


def test_a_step_that_fails_is_reported_and_everything_taken_away(lab, ledger, azure_simulator):
    (lab.folder / "bicep" / "solution" / "quiet-inside.bicep").write_text("param missing string\n")
    report = prove_on(lab, azure_simulator, ledger=ledger)
    assert "The step of quiet-inside failed" in report.problems[0]
    assert ledger.all() == []


def test_nothing_is_made_when_the_person_says_no(lab, ledger, azure_simulator):
    with pytest.raises(AzlabsError, match="Nothing was made"):
        prove_on(lab, azure_simulator, ledger=ledger, confirm=lambda _plan: False)
    assert ledger.all() == []
