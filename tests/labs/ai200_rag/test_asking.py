"""A question that the app breaks on once is asked again; what it says then counts."""

from __future__ import annotations

import importlib
import sys
import time
import types
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from azlabs.catalog import content


@pytest.fixture
def probe_run() -> Iterator[Any]:
    package = types.ModuleType("asked_rag")
    package.__path__ = [str(content.labs() / "ai200-rag")]
    sys.modules["asked_rag"] = package
    yield importlib.import_module("asked_rag.probe_run")
    for name in [known for known in sys.modules if known.partition(".")[0] == "asked_rag"]:
        del sys.modules[name]


def asked(probe_run: Any, *statuses: int, again: int = 0) -> tuple[int, int]:
    """(the status that counts, how often the app was asked)"""
    answers = [SimpleNamespace(status=status, json={"results": []}, text="") for status in statuses]
    run = probe_run.Run.__new__(probe_run.Run)
    run.lab = SimpleNamespace(outputs={"functionAppHost": "app"}, invoke=lambda *_request, **_options: answers.pop(0))
    run._token, run._end, run._again = "t", time.monotonic() + 60, again
    said = run._ask(question="Where?")
    return said.status, len(statuses) - len(answers)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_that_passes_is_not_the_answer(probe_run: Any, status: int) -> None:
    assert asked(probe_run, status, 200) == (200, 2)


@pytest.mark.parametrize(("statuses", "counts"), [((500, 500), (500, 2)), ((501,), (501, 1)), ((400,), (400, 1)), ((200,), (200, 1))])
def test_what_stays_counts(probe_run: Any, statuses: tuple[int, ...], counts: tuple[int, int]) -> None:
    assert asked(probe_run, *statuses) == counts


def test_an_app_that_is_broken_for_good_is_not_asked_for_ever(probe_run: Any) -> None:
    assert asked(probe_run, 500, 200, again=probe_run.MOST_AGAIN) == (500, 1)
