"""How `checks.py` says what it checks: the decorators, and the checks they make of plain functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from azlabs.verify.lab_view import LabView

Kind = Literal["positive", "negative", "guard"]
CheckFunction = Callable[["LabView"], None]

EVERY_TASK = "*"
LONGEST_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a function and what the lab's author said about it.

    `tasks` has one task for every check that earns; a guard may watch over several, or over all ("*").
    `pair` is the check that a negative one earns with; empty: with every positive check of its task.
    """

    id: str
    tasks: tuple[str, ...]
    kind: Kind
    points: int
    pair: str
    acts: bool
    seconds: float
    title: str
    function: CheckFunction
    file: str
    line: int


_collected: ContextVar[list[Check] | None] = ContextVar("azlabs_collected_checks", default=None)


def check(
    task: str | Sequence[str],
    *,
    points: int = 0,
    negative: bool = False,
    pair: str = "",
    guard: bool = False,
    acts: bool = False,
    seconds: float = 60,
) -> Callable[[CheckFunction], CheckFunction]:
    """Makes a function that takes a LabView into a check of `task`.

    `points`: what it earns. `negative`: it says what must stay refused or absent, and earns only together
    with the positive checks of its task (or with the one that `pair` names). `guard`: it earns nothing and
    its task earns nothing while it fails; `task` may then be several tasks, or "*" for all. `acts`: it has
    to send something and gets a client that may. `seconds`: how long it may take. The first line of the
    docstring is the sentence that learners read. Raises ValueError for what cannot be meant.
    """
    tasks = (task,) if isinstance(task, str) else tuple(task)
    if not tasks:
        raise ValueError("A check needs a task.")
    if guard and (points or negative or pair):
        raise ValueError("A guard earns nothing: leave out points, negative and pair.")
    if not guard and points <= 0:
        raise ValueError("A check earns points; what earns nothing is a guard.")
    if not guard and (len(tasks) > 1 or EVERY_TASK in tasks):
        raise ValueError("A check belongs to one task; only guards watch over several.")
    if pair and not negative:
        raise ValueError("Only a negative check is paired.")
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"A check may take more than 0 and at most {LONGEST_SECONDS:.0f} seconds.")
    kind: Kind = "guard" if guard else "negative" if negative else "positive"

    def declare(function: CheckFunction) -> CheckFunction:
        collected = _collected.get()
        if collected is not None:
            lines = (function.__doc__ or "").strip().splitlines()
            title = lines[0].strip() if lines else function.__name__.replace("_", " ")
            code = function.__code__
            collected.append(
                Check(
                    function.__name__,
                    tasks,
                    kind,
                    points,
                    pair,
                    acts,
                    float(seconds),
                    title,
                    function,
                    code.co_filename,
                    code.co_firstlineno,
                )
            )
        return function

    return declare


def guard(
    task: str | Sequence[str], *, acts: bool = False, seconds: float = 60
) -> Callable[[CheckFunction], CheckFunction]:
    """A check that earns nothing and fails its task (its tasks, or all with "*") when it breaks."""
    return check(task, guard=True, acts=acts, seconds=seconds)
