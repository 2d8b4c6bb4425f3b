"""The one thing to do next: the first task that is not done, and in it what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from azlabs.verify.report import CheckResult
from azlabs.verify.score import Points

_ORDER = {"guard": 0, "positive": 1, "negative": 2}


class TitledTask(Protocol):
    """A task with what a reader is told of it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...


def next_step(tasks: Sequence[TitledTask], points: Sequence[Points], checks: Sequence[CheckResult]) -> str:
    """One or two sentences. Failures come before what could not be judged, guards before what they guard."""
    undone = [task for task, earned in zip(tasks, points, strict=True) if not earned.done]
    if not undone:
        return "All tasks are done. `azlabs down` takes everything away again."
    for task in undone:
        failing = [check for check in checks if check.task == task.id and check.status == "fail"]
        ready = [check for check in failing if not check.waits_for] or failing
        if ready:
            return _fail(task, min(ready, key=lambda check: _ORDER[check.kind]))
    for task in undone:
        unjudged = [check for check in checks if check.task == task.id and check.status == "error"]
        if unjudged:
            return _error(task, unjudged[0])
    return f"Task {undone[0].id}: {undone[0].title}."


def _fail(task: TitledTask, check: CheckResult) -> str:
    why = _sentence(check.title)
    if check.fix:
        return f"Task {task.id}: make this true: {why} {_sentence(check.fix)}"
    if check.found:
        why += f" Found: {_sentence(check.found)}"
    return f"Task {task.id}: make this true: {why} `azlabs hint {task.id}` helps."


def _error(task: TitledTask, check: CheckResult) -> str:
    why = _sentence(check.found) if check.found else "It could not be judged."
    if check.not_yet:
        return f"Task {task.id}: {why} Wait a little and run `azlabs verify` again."
    remedy = _sentence(check.fix) if check.fix else "Run `azlabs verify` again."
    return f"Task {task.id} could not be judged: {why} {remedy}"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
