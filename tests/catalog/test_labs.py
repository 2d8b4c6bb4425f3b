"""Reading labs: the model, and errors that name file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.catalog import labs


def broken(folder: Path, old: str, new: str) -> labs.BrokenLab:
    path = folder / "lab.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(labs.BrokenLab) as caught:
        labs.load_lab(folder)
    return caught.value


def test_a_lab_is_read_from_its_folder(lab_folder):
    lab = labs.load_lab(lab_folder)
    assert (lab.id, lab.points, lab.domains) == ("two-doors", 15, ["az104.network"])
    assert lab.objectives == ["az104.network.nsg-rules", "az104.network.vnets"]
    assert lab.task("front-door").points == 5
    assert lab.answers == {"which-door": {"door": "front or back"}}


def test_a_lab_knows_its_files(lab_folder):
    lab = labs.load_lab(lab_folder)
    assert lab.start == lab_folder / "bicep" / "start.bicep"
    assert [(task, path.name) for task, path in lab.steps] == [
        ("back-door", "back-door.bicep"),
        ("front-door", "front-door.bicep"),
    ]
    assert [path.name for path in lab.alternatives] == ["one", "three", "two"]
    assert lab.is_outside


def test_a_step_may_be_code_instead_of_a_template(lab_folder):
    step = lab_folder / "bicep" / "solution" / "back-door.bicep"
    step.rename(step.with_suffix(".py"))
    assert labs.load_lab(lab_folder).steps[0][1].name == "back-door.py"


def test_the_templates_of_a_lab_in_a_collection_stand_beside_it(lab_folder, tmp_path):
    (tmp_path / "house" / "labs").mkdir(parents=True)
    (tmp_path / "house" / "bicep").mkdir()
    (lab_folder / "bicep").rename(tmp_path / "house" / "bicep" / "two-doors")
    moved = lab_folder.rename(tmp_path / "house" / "labs" / "two-doors")
    assert labs.load_lab(moved).start == tmp_path / "house" / "bicep" / "two-doors" / "start.bicep"


def test_an_unknown_lab_names_the_nearest(monkeypatch, lab_folder):
    monkeypatch.setattr("azlabs.catalog.content.labs", lambda: lab_folder.parent)
    with pytest.raises(labs.UnknownLab) as caught:
        labs.load_lab("tow-doors")
    assert "two-doors" in caught.value.action
    assert labs.load_lab("two-doors").id == "two-doors"


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ("minutes: 10", "minutes: soon", 6, "minutes", "integer"),
        ("level: beginner", "level: expert", 5, "level", "beginner"),
        ("points: 5", "points: 0", 23, "tasks[1].points", "greater than or equal to 1"),
        ("id: two-doors", "id: Two Doors", 1, "id", "pattern"),
        ("id: two-doors", "id: three-doors", 1, "id", "folder"),
        ("exam: az-104", "exam: az-105", 4, "exam", "az-104"),
        ("lab_api: 1", "lab_api: 2", 7, "lab_api", "1"),
        ("regions: [swedencentral]", "regions: []", 9, "regions", "at least 1"),
        ("    points: 10", "    point: 10", 17, "tasks[0].point", "points"),
        ("id: front-door", "id: back-door", 21, "tasks[1].id", "back-door"),
        ("nsg-rules, az104.network.vnets", "nsg-rules, az104.network.vnet", 24, "tasks[1].objectives[1]", "vnets"),
        ("minutes: 10", "minutes: 10\nminutes: 12", 7, "minutes", "twice"),
        ("docs: https", "docs: http", 20, "tasks[0].docs", "pattern"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_field(lab_folder, old, new, line, field, words):
    problem = broken(lab_folder, old, new).problems[0]
    assert (problem.file, problem.line, problem.field) == (lab_folder / "lab.yaml", line, field)
    assert words in problem.message


def test_a_missing_field_is_named_at_the_thing_that_misses_it(lab_folder):
    problem = broken(lab_folder, "    hints: [Leave it alone.]\n", "").problems[0]
    assert (problem.line, problem.field, problem.message) == (21, "tasks[1].hints", "the field is missing")


def test_broken_yaml_is_named_by_its_line(lab_folder):
    problem = broken(lab_folder, "minutes: 10", "minutes: [10").problems[0]
    assert problem.line in (7, 8)
    assert "YAML" in problem.message


def test_all_mistakes_are_reported_at_once(lab_folder):
    error = broken(lab_folder, "points: 10", "points: x\n    colour: red")
    assert [problem.field for problem in error.problems] == ["tasks[0].colour", "tasks[0].points"]
    assert "1 more problem" in error.message


def test_an_empty_file_is_a_broken_lab(lab_folder):
    (lab_folder / "lab.yaml").write_text("")
    with pytest.raises(labs.BrokenLab, match="must hold fields"):
        labs.load_lab(lab_folder)


def test_an_unknown_task_names_the_nearest(lab_folder):
    with pytest.raises(labs.UnknownTask) as caught:
        labs.load_lab(lab_folder).task("back-dor")
    assert "back-door" in caught.value.action
