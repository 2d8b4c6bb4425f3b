"""What the shell offers when Tab is pressed. A failure offers nothing: a shell is no place for errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps


def _quietly(offer: Callable[[], list[tuple[str, str]]]) -> Callable[[str], list[tuple[str, str]]]:
    @wraps(offer)
    def complete(incomplete: str) -> list[tuple[str, str]]:
        try:
            return [(value, text) for value, text in offer() if value.startswith(incomplete)]
        except Exception:
            return []

    # Typer looks at the annotations to see what to pass.
    complete.__annotations__ = {"incomplete": str, "return": list[tuple[str, str]]}
    del complete.__wrapped__
    return complete


@_quietly
def lab_ids() -> list[tuple[str, str]]:
    """The labs that ship with azlabs."""
    from azlabs.catalog.index import entries

    return [(entry.id, entry.title) for entry in entries()]


@_quietly
def sandbox_ids() -> list[tuple[str, str]]:
    """The sandboxes of this home."""
    from azlabs.home import home
    from azlabs.sandbox.ledger import Ledger

    return [(sandbox.id, sandbox.lab) for sandbox in Ledger(home()).all()]


@_quietly
def task_ids() -> list[tuple[str, str]]:
    """The tasks of the labs that are up; of all labs when none is."""
    from azlabs.catalog.index import entries
    from azlabs.home import home
    from azlabs.sandbox.ledger import Ledger

    up = {sandbox.lab for sandbox in Ledger(home()).all()}
    known = entries()
    return [(task, entry.id) for entry in known if entry.id in up or not up for task in entry.tasks]


@_quietly
def clouds() -> list[tuple[str, str]]:
    """The places a lab can run."""
    return [("simulator", "inside azlabs: no account, no cost"), ("azure", "your subscription")]


@_quietly
def exam_codes() -> list[tuple[str, str]]:
    """The exams that have a blueprint."""
    from azlabs.catalog.exams import exams

    return [(exam.slug, exam.title) for exam in exams()]


@_quietly
def levels() -> list[tuple[str, str]]:
    """The levels of labs."""
    from azlabs.catalog.selection import LEVELS

    return [(level, "") for level in LEVELS]


@_quietly
def log_levels() -> list[tuple[str, str]]:
    """The levels of an app's log."""
    from azlabs.sandbox.app_logs import LEVELS

    return [(level, "") for level in LEVELS]


OF_OPTIONS = {"sandbox": sandbox_ids, "cloud": clouds}
