"""The labs that ship with azlabs, as data."""

from __future__ import annotations

import pytest

from azlabs.catalog import content, index, labs, validate
from azlabs.catalog.start_state import start_resources
from azlabs.catalog.topology import arrange
from azlabs.spend import estimate

LABS = [folder.name for folder in content.lab_folders()]


def test_there_are_labs_and_the_index_lists_them():
    assert LABS
    assert sorted(entry.id for entry in index.entries()) == sorted(LABS)


@pytest.mark.parametrize("name", LABS)
def test_a_lab_has_no_problems(name):
    assert [str(problem) for problem in validate.problems_of(content.labs() / name)[1]] == []


@pytest.mark.parametrize("name", LABS)
def test_hints_go_from_vague_to_exact(name):
    assert all(len(task.hints) >= 3 for task in labs.load_lab(name).tasks)


@pytest.mark.parametrize("name", LABS)
def test_the_price_is_that_of_what_it_starts_with(name):
    lab = labs.load_lab(name)
    worked_out = estimate((kind, body) for _, kind, body in start_resources(lab)).usd_per_hour
    if worked_out is not None:
        assert lab.cost_per_hour_usd == pytest.approx(worked_out)


@pytest.mark.parametrize("name", LABS)
def test_the_start_can_be_drawn(name):
    assert list(arrange(start_resources(labs.load_lab(name))).everything())
