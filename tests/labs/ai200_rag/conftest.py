"""One solved sandbox for all tests of this lab's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import scratch

from .bench import Bench


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("ai200-rag")
    with scratch() as cloud:
        yield Bench(cloud, folder)


@pytest.fixture
def bench(solved: Bench) -> Bench:
    return solved.again()
