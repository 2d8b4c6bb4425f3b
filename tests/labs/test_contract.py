"""Every lab that ships keeps the lab contract; a seeded sample of its mutants is tried here, all by `make proof`."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.catalog import content
from azlabs.catalog.labs import load_lab
from azlabs.proof import prove

SAMPLE = 60
# Where functions run and messages travel for every mutant, fewer fit into the suite.
SAMPLE_WITH_APP = 16


@pytest.mark.parametrize("folder", content.lab_folders(), ids=lambda folder: folder.name)
def test_a_lab_keeps_the_contract(folder: Path) -> None:
    lab = load_lab(folder)
    sample = SAMPLE_WITH_APP if lab.function_app else SAMPLE
    report = prove(lab, sample=sample, seed=104)
    assert report.problems == []
    assert report.solution_score == 1000
    assert len(report.alternatives) >= 3
    assert report.mutants is not None
    assert len(report.mutants.trials) == sample
    assert report.mutants.of("caught")
