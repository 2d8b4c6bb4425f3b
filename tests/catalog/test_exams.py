"""Exam blueprints."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.catalog import exams


def test_the_blueprints_have_the_objectives_of_the_outlines():
    counts = {exam.code: (len(exam.domains), len(exam.objectives)) for exam in exams.exams()}
    assert counts == {
        "AI-102": (6, 106),
        "AI-103": (5, 64),
        "AI-200": (4, 27),
        "AZ-104": (5, 82),
        "AZ-204": (5, 37),
        "AZ-400": (5, 86),
    }


def test_objective_ids_are_unique_and_start_with_their_domain():
    seen = set()
    for exam in exams.exams():
        for domain in exam.domains:
            for objective in domain.objectives:
                assert objective.domain == domain.id
                assert objective.id not in seen
                seen.add(objective.id)


@pytest.mark.parametrize("spelling", ["AZ-104", "az-104", "az104", " AZ104 "])
def test_an_exam_is_found_however_its_code_is_spelled(spelling):
    assert exams.exam(spelling).title == "Microsoft Azure Administrator"


def test_an_unknown_exam_names_the_nearest():
    with pytest.raises(exams.UnknownExam) as caught:
        exams.exam("az-105")
    assert "az-104" in caught.value.action


def test_an_unknown_objective_names_the_nearest():
    with pytest.raises(exams.UnknownObjective) as caught:
        exams.objective("az104.network.nsg-rule")
    assert "az104.network.nsg-rules" in caught.value.action


def test_an_objective_knows_its_services():
    assert exams.objective("az104.network.nsg-rules").services == ("Azure Virtual Network",)


def test_the_packaged_blueprints_are_the_published_ones():
    published = Path(__file__).resolve().parents[3] / "shared" / "exams"
    if not published.is_dir():
        pytest.skip("the published blueprints are not beside this checkout")
    for path in sorted(published.glob("*.yaml")):
        assert (exams.FOLDER / path.name).read_bytes() == path.read_bytes(), path.name
