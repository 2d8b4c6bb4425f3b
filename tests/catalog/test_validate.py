"""What `azlabs lab validate` finds in the files around `lab.yaml`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from azlabs.catalog import labs, trust, validate


def said(folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in validate.problems_of(folder)[1]]


def test_a_complete_lab_has_no_problems(lab_folder):
    assert said(lab_folder) == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("guide.md", "guide.md: the guide for the learner is missing"),
        ("checks.py", "checks.py: the checks are missing"),
        ("bicep/start.bicep", "bicep/start.bicep: the template of the start state is missing"),
        ("bicep/solution/back-door.bicep", "step of the solution for the task 'back-door' is missing"),
    ],
)
def test_a_missing_file_is_named(lab_folder, missing, words):
    (lab_folder / missing).unlink()
    assert words in said(lab_folder)[0]


def test_a_step_that_no_task_asks_for_is_named(lab_folder):
    (lab_folder / "bicep" / "solution" / "back-dor.bicep").write_text("")
    assert "no task is called 'back-dor'. Did you mean back-door?" in said(lab_folder)[0]


def test_a_check_of_an_unknown_task_is_named_by_its_line(lab_folder):
    path = lab_folder / "checks.py"
    path.write_text(path.read_text().replace('"front-door"', '"front-dor"'))
    first, second = said(lab_folder)
    assert first.startswith("checks.py, line 9: no task is called 'front-dor'. Did you mean front-door?")
    assert "task front-door: its checks are worth 0 points, lab.yaml says 5" in second


def test_points_of_checks_that_are_computed_are_not_judged(lab_folder):
    path = lab_folder / "checks.py"
    path.write_text(path.read_text().replace("points=5", "points=2 + 3"))
    assert said(lab_folder) == []


def test_checks_that_are_not_python_are_named_by_their_line(lab_folder):
    path = lab_folder / "checks.py"
    path.write_text(path.read_text() + "\n\ndef broken(:\n")
    assert said(lab_folder)[0].startswith("checks.py, line 14: not valid Python")


def test_checks_are_read_and_never_run(lab_folder):
    path = lab_folder / "checks.py"
    path.write_text("raise SystemExit('was run')\n" + path.read_text())
    assert said(lab_folder) == []


def test_three_alternatives_are_asked_for(lab_folder):
    (lab_folder / "alternatives" / "two" / "all.bicep").unlink()
    assert "is empty" in said(lab_folder)[0]
    (lab_folder / "alternatives" / "two").rmdir()
    assert "2 other correct solutions" in said(lab_folder)[0]


def test_a_template_error_names_file_and_line(lab_folder):
    pytest.importorskip("azlabs.bicep.compiler", reason="the compiler is not there yet")
    (lab_folder / "bicep" / "start.bicep").write_text("param location string\nparam = 3\n")
    assert said(lab_folder)[0].startswith("bicep/start.bicep, line 2: BCP")


def test_a_change_declared_harmless_needs_a_reason(lab_folder):
    (lab_folder / "equivalent.yaml").write_text("mutants:\n- mutant: x\n  reason: No flow changes.\n- mutant: y\n")
    assert said(lab_folder) == ["equivalent.yaml, line 4, mutants[1]: an entry needs a `reason`"]


def test_the_published_schema_is_the_one_of_the_model():
    published = json.loads(Path(labs.__file__).with_name("lab.schema.json").read_text())
    assert published == labs.schema(), "write it again: python -m azlabs.catalog.labs"


def test_the_schema_accepts_a_lab_and_refuses_a_broken_one(lab_folder):
    data = yaml.safe_load((lab_folder / "lab.yaml").read_text())
    jsonschema.validate(data, labs.schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "minutes": "soon"}, labs.schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "colour": "red"}, labs.schema())


def test_a_lab_from_outside_is_trusted_once_the_person_agreed(lab_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AZLABS_HOME", str(tmp_path / "home"))
    lab = labs.load_lab(lab_folder)
    assert not trust.is_trusted(lab)
    trust.trust(lab)
    assert trust.is_trusted(lab)


@pytest.mark.parametrize("damaged", ["", "{}", "[1", '["elsewhere"]'])
def test_damaged_notes_about_trust_trust_nothing(lab_folder, tmp_path, monkeypatch, damaged):
    monkeypatch.setenv("AZLABS_HOME", str(tmp_path))
    (tmp_path / trust.NAME).write_text(damaged)
    assert not trust.is_trusted(labs.load_lab(lab_folder))


def test_a_lab_that_shipped_is_trusted(lab_folder, monkeypatch):
    monkeypatch.setattr("azlabs.catalog.content.labs", lambda: lab_folder.parent)
    assert trust.is_trusted(labs.load_lab("two-doors"))
