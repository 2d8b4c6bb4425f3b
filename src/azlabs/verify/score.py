"""From verdicts to points, in Kleene's three values: what is broken settles a matter, what is unknown leaves it open.

A check earns when it passes, the checks it is paired with pass, and every guard of its task holds. Where one
of these could not be judged and none is broken, the points are left open: they are not counted as judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from azlabs.verify.declare import EVERY_TASK, Check
from azlabs.verify.outcome import Outcome, Status

MAX_SCORE = 1000
PASSING_SCORE = 700


class TaskLike(Protocol):
    """What scoring needs of a task."""

    @property
    def id(self) -> str: ...
    @property
    def points(self) -> int: ...
    @property
    def objectives(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a task, objective or domain: to be had, earned, and left open because something could not be judged."""

    id: str
    points: Fraction
    earned: Fraction
    open: Fraction

    @property
    def done(self) -> bool:
        """Everything is earned."""
        return self.earned == self.points


@dataclass(frozen=True, slots=True)
class Score:
    """The result of one attempt; `worth` says what each earning check's verdict came to after pairing and guards."""

    score: int
    passed: bool | None
    tasks: tuple[Points, ...]
    objectives: tuple[Points, ...]
    domains: tuple[Points, ...]
    worth: Mapping[str, Status]


def score(tasks: Sequence[TaskLike], checks: Sequence[Check], outcomes: Mapping[str, Outcome]) -> Score:
    """Scores `outcomes` (by check id). A check without an outcome was not run: its points stay open."""
    worth = {entry.id: _worth(entry, checks, outcomes) for entry in checks if entry.kind != "guard"}
    results = [_task(task, checks, worth) for task in tasks]
    earned = sum((task.earned for task in results), Fraction())
    left_open = sum((task.open for task in results), Fraction())
    total = sum((task.points for task in results), Fraction())
    return Score(
        score=thousandths(earned, total - left_open),
        passed=_passed(earned, left_open, total),
        tasks=tuple(results),
        objectives=_shared(tasks, results, lambda objective: objective),
        domains=_shared(tasks, results, domain_of),
        worth=worth,
    )


def thousandths(earned: Fraction, judged: Fraction) -> int:
    """1000 x earned / judged, rounded once, halves upwards; 0 when nothing was judged."""
    return int(MAX_SCORE * earned / judged + Fraction(1, 2)) if judged else 0


def domain_of(objective: str) -> str:
    """`az104.network` of `az104.network.nsg-rules`."""
    return ".".join(objective.split(".")[:2])


def watches(guard: Check, task: str) -> bool:
    """Does this guard watch over `task`?"""
    return guard.kind == "guard" and (task in guard.tasks or EVERY_TASK in guard.tasks)


def _passed(earned: Fraction, left_open: Fraction, total: Fraction) -> bool | None:
    """None while what is open could still change it."""
    if thousandths(earned, total) >= PASSING_SCORE:
        return True
    if thousandths(earned + left_open, total) < PASSING_SCORE:
        return False
    return None


def _worth(entry: Check, checks: Sequence[Check], outcomes: Mapping[str, Outcome]) -> Status:
    needed = [entry.id]
    task = entry.tasks[0]
    if entry.kind == "negative":
        needed += [
            other.id
            for other in checks
            if other.kind == "positive" and other.tasks == entry.tasks and entry.pair in ("", other.id)
        ]
    needed += [other.id for other in checks if watches(other, task)]
    found = [outcomes[name].status if name in outcomes else "error" for name in needed]
    return "fail" if "fail" in found else "error" if "error" in found else "pass"


def _task(task: TaskLike, checks: Sequence[Check], worth: Mapping[str, Status]) -> Points:
    mine = [entry for entry in checks if entry.kind != "guard" and entry.tasks[0] == task.id]

    def points(status: Status) -> Fraction:
        return sum((Fraction(entry.points) for entry in mine if worth[entry.id] == status), Fraction())

    return Points(task.id, Fraction(task.points), points("pass"), points("error"))


def _shared(tasks: Sequence[TaskLike], results: Iterable[Points], name: Callable[[str], str]) -> tuple[Points, ...]:
    """Sums over objectives or domains: a task with two objectives gives each half."""
    sums: dict[str, list[Fraction]] = {}
    for task, result in zip(tasks, results, strict=True):
        for objective in task.objectives:
            total = sums.setdefault(name(objective), [Fraction(), Fraction(), Fraction()])
            for place, value in enumerate((result.points, result.earned, result.open)):
                total[place] += value / len(task.objectives)
    return tuple(Points(key, *values) for key, values in sums.items())
