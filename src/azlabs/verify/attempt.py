"""One attempt: runs a lab's checks against a sandbox and makes the report."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from azlabs.progress import Progress, silent
from azlabs.verify.declare import EVERY_TASK, Check
from azlabs.verify.lab_view import LabView, SandboxLike
from azlabs.verify.load import load_checks
from azlabs.verify.next_step import next_step
from azlabs.verify.outcome import Outcome
from azlabs.verify.reads import ReadableCloud, Reads
from azlabs.verify.report import CheckResult, Report
from azlabs.verify.runner import Runner
from azlabs.verify.score import Score, score, watches

WORKERS = 8


class TaskLike(Protocol):
    """A task of a lab."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def objectives(self) -> Sequence[str]: ...


class LabLike(Protocol):
    """A lab as verification sees it."""

    @property
    def id(self) -> str: ...
    @property
    def tasks(self) -> Sequence[Any]: ...
    @property
    def checks_file(self) -> Path: ...


class CloudLike(ReadableCloud, Protocol):
    """A cloud that can be made read-only; `verify_seconds` is the time that a whole attempt may take on it, if any."""

    @property
    def verify_seconds(self) -> float | None: ...
    def read_only(self, acts: bool = False) -> ReadableCloud: ...


def run(
    lab: LabLike,
    sandbox: SandboxLike,
    cloud: CloudLike,
    *,
    only: Collection[str] | None = None,
    progress: Progress = silent,
    checks: Sequence[Check] | None = None,
) -> Report:
    """Judges the sandbox and scores it.

    `only`: ids of the tasks to judge; the points of the others stay open. `checks`: those of the lab when the
    caller has loaded them. Runs the lab's code: whoever calls has asked about labs from outside. Raises
    BrokenChecks; whatever goes wrong inside a check becomes that check's outcome.
    """
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    checks = load_checks(lab.checks_file, lab.tasks) if checks is None else checks
    wanted = [entry for entry in checks if only is None or EVERY_TASK in entry.tasks or set(entry.tasks) & set(only)]
    notes: set[str] = set()
    reading, acting = cloud.read_only(), cloud.read_only(acts=True)
    reads = Reads(reading)

    def view(check: Check) -> LabView:
        return LabView(sandbox, acting if check.acts else reading, reads, notes)

    runner = Runner(view, workers=WORKERS, seconds=cloud.verify_seconds, progress=progress)
    try:
        outcomes = runner.run(wanted)
    finally:
        reads.cancel()
        # Closing waits for connections, and nobody has to wait for that.
        threading.Thread(target=_close, args=(reading, acting), name="azlabs-attempt-end", daemon=True).start()
    return build_report(
        lab,
        sandbox,
        cloud.name,
        wanted,
        outcomes,
        score(lab.tasks, checks, outcomes),
        notes=notes,
        started=started,
        seconds=time.monotonic() - begun,
    )


def _close(*clouds: ReadableCloud) -> None:
    for cloud in clouds:
        with contextlib.suppress(Exception):
            cloud.close()


def build_report(
    lab: LabLike,
    sandbox: SandboxLike,
    cloud_name: str,
    checks: Sequence[Check],
    outcomes: Mapping[str, Outcome],
    result: Score,
    *,
    notes: Collection[str] = (),
    started: str = "",
    seconds: float = 0.0,
) -> Report:
    """Puts outcomes and points together into what people and programs read."""
    lines = [
        _line(entry, task.id, outcomes[entry.id], result)
        for task in lab.tasks
        for entry in checks
        if task.id in entry.tasks or watches(entry, task.id)
    ]
    return Report(
        sandbox=sandbox.id,
        lab=lab.id,
        cloud=cloud_name,
        score=result.score,
        passed=result.passed,
        tasks=result.tasks,
        objectives=result.objectives,
        domains=result.domains,
        checks=tuple(lines),
        next_step=next_step(lab.tasks, result.tasks, lines),
        not_modelled=tuple(sorted(notes)),
        started=started,
        seconds=seconds,
        titles={task.id: task.title for task in lab.tasks},
    )


def _line(entry: Check, task: str, outcome: Outcome, result: Score) -> CheckResult:
    return CheckResult(
        id=entry.id,
        task=task,
        title=entry.title,
        kind=entry.kind,
        status=outcome.status,
        points=entry.points,
        earned=entry.points if result.worth.get(entry.id) == "pass" else 0,
        found=outcome.found,
        expected=outcome.expected,
        decided_by=outcome.decided_by,
        fix=outcome.fix,
        waits_for=outcome.waits_for,
        not_yet=outcome.not_yet,
        seconds=outcome.seconds,
    )
