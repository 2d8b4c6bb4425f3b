"""The command line, run inside the test's process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from azlabs.cli import main

START = Path(__file__).parents[1] / "catalog" / "start.json"


@dataclass(frozen=True)
class Ran:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return self.json["error"]


Azlabs = Callable[..., Ran]


@pytest.fixture
def azlabs(tmp_path, monkeypatch, capsys) -> Azlabs:
    """Runs a command without a terminal, in an empty home, and gives its exit code and what it wrote."""
    monkeypatch.setenv("AZLABS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AZLABS_CLOUD", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return run


@pytest.fixture
def house(lab_folder, tmp_path, monkeypatch) -> Path:
    """A checkout with one lab, `two-doors`, whose start state is a small network in JSON."""
    from azlabs.catalog import content

    root = tmp_path / "house"
    (root / "labs").mkdir(parents=True)
    (root / "bicep").mkdir()
    (lab_folder / "bicep" / "start.bicep").unlink()
    shutil.copy(START, lab_folder / "bicep" / "start.json")
    shutil.move(lab_folder / "bicep", root / "bicep" / "two-doors")
    shutil.move(lab_folder, root / "labs" / "two-doors")
    monkeypatch.setattr(content, "root", lambda: root)
    return root
