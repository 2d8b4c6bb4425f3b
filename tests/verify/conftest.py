"""Small stand-ins: a cloud that answers from a dictionary, a sandbox, a lab made of text."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud.errors import AzureError


@dataclass
class FakeCloud:
    """Answers GETs from `known` (lower-case path to JSON or an exception) and counts them."""

    known: dict[str, Any] = field(default_factory=dict)
    name: str = "fake"
    subscription_id: str = "sub"
    verify_seconds: float | None = None
    acts: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    lock: Any = field(default_factory=threading.Lock)

    def get(self, path: str, _api_version: str) -> Any:
        with self.lock:
            self.asked[path.lower()] += 1
        answer = self.known.get(path.lower())
        if answer is None:
            raise AzureError(404, "ResourceNotFound", f"The resource '{path}' was not found.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def api_version(self, _resource_type: str) -> str:
        return "2025-01-01"

    def client(self, kind: type[Any], **arguments: Any) -> Any:
        return kind(**arguments)

    def read_only(self, acts: bool = False) -> FakeCloud:
        return FakeCloud(self.known, self.name, self.subscription_id, self.verify_seconds, acts, self.asked, self.lock)


@dataclass
class FakeSandbox:
    workspace: Path | None
    id: str = "box-1"
    subscription_id: str = "sub"
    region: str = "swedencentral"
    resource_groups: Sequence[str] = ("rg",)
    outputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeTask:
    id: str
    points: int
    objectives: tuple[str, ...] = ("az104.network.vnets",)
    title: str = "A task"


@dataclass
class FakeLab:
    tasks: list[FakeTask]
    checks_file: Path
    id: str = "a-lab"


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def sandbox(tmp_path: Path) -> FakeSandbox:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return FakeSandbox(workspace)


@pytest.fixture
def make_lab(tmp_path: Path) -> Callable[..., FakeLab]:
    """make_lab("checks source", task=points or FakeTask, ...)"""

    def make(source: str, *given: FakeTask, **tasks: int) -> FakeLab:
        file = tmp_path / "checks.py"
        header = "from azlabs.verify import *\n"
        file.write_text(header + source, encoding="utf-8")
        return FakeLab([*given, *(FakeTask(name.replace("_", "-"), points) for name, points in tasks.items())], file)

    return make


@pytest.fixture
def task() -> type[FakeTask]:
    return FakeTask
