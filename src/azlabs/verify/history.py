"""The attempts of a sandbox, one JSON line each: when, how many points, which tasks were done."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from azlabs.verify.report import Report

FILE = "attempts.jsonl"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line. `started` is an ISO time in UTC; `done` the ids of the tasks that earned everything."""

    started: str
    score: int
    passed: bool | None
    done: tuple[str, ...]


def attempt_of(report: Report) -> Attempt:
    """What is kept of a report: no feedback, nothing that could be secret."""
    return Attempt(report.started, report.score, report.passed, tuple(task.id for task in report.tasks if task.done))


def record(report: Report, folder: Path) -> None:
    """Appends the attempt to the history in `folder`.

    Raises nothing: a history that cannot be written costs nobody a report.
    """
    line = json.dumps(asdict(attempt_of(report)), separators=(",", ":")) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write of one line on an append-only descriptor: two attempts at once never mix.
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
    except OSError:
        return


def attempts(folder: Path) -> list[Attempt]:
    """The attempts so far, oldest first; lines that cannot be read are left out."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [attempt for line in lines if (attempt := _parse(line)) is not None]


def _parse(line: str) -> Attempt | None:
    try:
        data = json.loads(line)
        return Attempt(str(data["started"]), int(data["score"]), data["passed"], tuple(map(str, data["done"])))
    except (ValueError, KeyError, TypeError):
        return None
