"""How a check ends: what it may raise, the one assertion, and the outcome that the runner makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, NoReturn

from azlabs.probes.errors import CannotJudge
from azlabs.verify.redact import redact

Status = Literal["pass", "fail", "error"]

LONGEST_TEXT = 600

__all__ = ["CannotJudge", "CheckFailed", "NotYet", "Outcome", "WaitsFor", "expect", "not_yet", "waits_for"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an assertion looked at, as objects; text is made of it only where somebody reads it."""

    found: object = None
    expected: object = None
    decided_by: object = None
    fix: object = None


class CheckFailed(Exception):
    """The sandbox does not behave as the check wants it."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(text_of(evidence.found) or "The expectation does not hold.")
        self.evidence = evidence


class NotYet(Exception):
    """Configured right, but Azure has not made it effective: an error, never a failure."""


class WaitsFor(Exception):
    """The check means nothing before another task is done: it fails, and points there."""

    def __init__(self, task: str, why: str) -> None:
        super().__init__(why or f"This is looked at once '{task}' is done.")
        self.task = task


_last: ContextVar[Evidence | None] = ContextVar("azlabs_last_evidence", default=None)


def expect(
    condition: object, *, found: object = None, expected: object = None, decided_by: object = None, fix: object = None
) -> None:
    """The one assertion of checks: fails the check unless `condition` is true.

    `found` and `expected` in the learner's words (anything with a readable `str`), `decided_by` the rule,
    route or assignment that decided, `fix` what to look at next (not the answer itself).
    """
    evidence = Evidence(found, expected, decided_by, fix)
    _last.set(evidence)
    if not condition:
        raise CheckFailed(evidence)


def not_yet(why: str) -> NoReturn:
    """Ends the check as an error: what it judges is right, but not effective yet."""
    raise NotYet(why)


def waits_for(task: str, why: str = "") -> NoReturn:
    """Ends the check as failed because it can only be judged once `task` is done."""
    raise WaitsFor(task, why)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of one check. Empty texts are absent; `seconds` is how long it took.

    `waits_for` names the task that has to be done first; `not_yet` marks what only needs time.
    """

    status: Status
    found: str = ""
    expected: str = ""
    decided_by: str = ""
    fix: str = ""
    waits_for: str = ""
    not_yet: bool = False
    seconds: float = 0.0


def start_evidence() -> None:
    """Forgets what an earlier check of this thread looked at."""
    _last.set(None)


def passed(seconds: float) -> Outcome:
    """A pass, with what the last assertion saw."""
    evidence = _last.get() or Evidence()
    return Outcome(
        "pass",
        found=text_of(evidence.found),
        expected=text_of(evidence.expected),
        decided_by=text_of(evidence.decided_by),
        seconds=seconds,
    )


def failed(evidence: Evidence, seconds: float = 0.0) -> Outcome:
    """A failure with its feedback."""
    return Outcome(
        "fail",
        found=text_of(evidence.found),
        expected=text_of(evidence.expected),
        decided_by=text_of(evidence.decided_by),
        fix=text_of(evidence.fix),
        seconds=seconds,
    )


def text_of(value: object) -> str:
    """`value` in words, without secrets and not longer than a reader takes in."""
    words = redact(_words(value))
    return words if len(words) <= LONGEST_TEXT else words[: LONGEST_TEXT - 1].rstrip() + "…"


def _words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(item) or 'nothing'}" for key, item in value.items()) or "nothing"
    if isinstance(value, (list, tuple, set, frozenset)):
        items: Iterable[object] = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return ", ".join(_words(item) or "nothing" for item in items) or "nothing"
    return str(value).strip()
