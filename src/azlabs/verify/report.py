"""What one attempt came to, and its JSON shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from azlabs.errors import ExitCode
from azlabs.verify.declare import Kind
from azlabs.verify.outcome import Status
from azlabs.verify.score import MAX_SCORE, Points

OUR_SCORE = "This is azlabs' own score (1000 x points earned / points judged), not Microsoft's scaled score."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check as it is reported; a guard over several tasks is reported once for each. Empty texts are absent."""

    id: str
    task: str
    title: str
    kind: Kind
    status: Status
    points: int
    earned: int
    found: str = ""
    expected: str = ""
    decided_by: str = ""
    fix: str = ""
    waits_for: str = ""
    not_yet: bool = False
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The shape of `verify --json`; what is absent is null."""
        texts = {name: getattr(self, name) or None for name in ("found", "expected", "decided_by", "fix")}
        return {
            "id": self.id,
            "task": self.task,
            "status": self.status,
            "points": self.points,
            "earned": self.earned,
            **texts,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """An attempt. `passed` is None while checks that could not be judged might still change it.

    `next_step` is the one thing to do now; `not_modelled` what this cloud could not show; `started` is an ISO
    time in UTC; `seconds` how long it took.
    """

    sandbox: str
    lab: str
    cloud: str
    score: int
    passed: bool | None
    tasks: tuple[Points, ...]
    objectives: tuple[Points, ...]
    domains: tuple[Points, ...]
    checks: tuple[CheckResult, ...]
    next_step: str
    not_modelled: tuple[str, ...] = ()
    started: str = ""
    seconds: float = 0.0
    titles: dict[str, str] = field(default_factory=dict)
    note: str = OUR_SCORE

    @property
    def exit_code(self) -> ExitCode:
        """0 passed, 1 not passed, 3 when what could not be judged might still change it."""
        if self.passed is None:
            return ExitCode.UNREACHABLE
        return ExitCode.DONE if self.passed else ExitCode.NOT_PASSED

    def to_json(self) -> dict[str, Any]:
        """The object that `verify --json` prints."""
        return {
            "sandbox": self.sandbox,
            "lab": self.lab,
            "cloud": self.cloud,
            "score": self.score,
            "max_score": MAX_SCORE,
            "passed": self.passed,
            "tasks": _points(self.tasks),
            "objectives": _points(self.objectives),
            "domains": _points(self.domains),
            "checks": [check.to_json() for check in self.checks],
            "next_step": self.next_step,
            "not_modelled": list(self.not_modelled),
            "note": self.note,
        }


def _points(entries: Sequence[Points]) -> list[dict[str, Any]]:
    return [{"id": entry.id, "points": number(entry.points), "earned": number(entry.earned)} for entry in entries]


def number(value: Fraction) -> int | float:
    """A whole number where it is one, else two decimals."""
    return int(value) if value.denominator == 1 else round(float(value), 2)
