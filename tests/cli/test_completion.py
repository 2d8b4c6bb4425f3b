"""What the shell offers at Tab."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from azlabs.cli import completion


@pytest.fixture
def sandbox(tmp_path, monkeypatch, house):
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.model import Sandbox

    monkeypatch.setenv("AZLABS_HOME", str(tmp_path / "home"))
    made = Sandbox(
        id="two-doors-abcde",
        lab="two-doors",
        cloud="simulator",
        subscription_id="s",
        region="swedencentral",
        resource_groups=["g"],
        workspace=tmp_path,
        created=datetime.now(UTC),
    )
    Ledger().save(made)
    return made


def test_labs_sandboxes_and_tasks_are_offered(sandbox):
    assert completion.lab_ids("two") == [("two-doors", "Close one of two doors")]
    assert completion.sandbox_ids("") == [("two-doors-abcde", "two-doors")]
    assert [task for task, _ in completion.task_ids("")] == ["back-door", "front-door"]
    assert completion.task_ids("fr") == [("front-door", "two-doors")]


def test_exams_levels_and_clouds_are_offered():
    assert "az-104" in [code for code, _ in completion.exam_codes("az")]
    assert completion.levels("b") == [("beginner", "")]
    assert [name for name, _ in completion.clouds("a")] == ["azure"]
    assert completion.log_levels("W") == [("Warning", "")]


def test_a_failure_offers_nothing(monkeypatch):
    monkeypatch.setattr("azlabs.catalog.index.entries", lambda: 1 / 0)
    assert completion.lab_ids("") == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("azlabs show t", "two-doors"), ("azlabs hint ", "back-door"), ("azlabs verify --sandbox ", "two-doors-abcde")],
)
def test_the_shell_gets_it(sandbox, monkeypatch, capsys, typed, offered):
    from azlabs.cli import main

    monkeypatch.setenv("_AZLABS_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    assert main([]) == 0
    assert offered in capsys.readouterr().out
