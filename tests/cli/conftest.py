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
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return run


@pytest.fixture
def small_lab(tmp_path, monkeypatch) -> Path:
    """A checkout with one small lab, `one-door`, of the kind that `azlabs lab new` makes."""
    from azlabs.catalog import content
    from azlabs.catalog.scaffold import new_lab

    house = tmp_path / "house"
    (house / "labs").mkdir(parents=True)
    (house / "bicep").mkdir()
    made = new_lab("one-door", house / "labs")
    shutil.move(made.folder / "bicep", house / "bicep" / "one-door")
    monkeypatch.setattr(content, "root", lambda: house)
    return made.folder
