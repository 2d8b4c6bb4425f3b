"""Steps that wait for each other, carried out side by side.

A step begins when those that it waits for have ended, well or not. One that is refused because of something else is tried
again as soon as another one has succeeded, since that may be what stood in its way; when nothing moves any more it has
failed.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from azlabs.cloud.errors import AzureError
from azlabs.errors import AzlabsError
from azlabs.progress import Event, Progress, State
from azlabs.sandbox import background

AT_ONCE = 32
MOST_TRIES = 8
_GONE = {"delete": "deleted", "purge": "purged", "unlock": "unlocked"}
_IN_THE_WAY = {400, 409, 412, 423}
"""Statuses of refusals that another deletion may lift."""


@dataclass(slots=True)
class Step:
    """`key` names it among the others, `name` and `kind` tell people what it is about, `word` what it does ("delete",
    "purge", "unlock"). `after`: keys of the steps that have to end before; keys of no step are let pass."""

    key: str
    kind: str
    name: str
    word: str
    act: Callable[[], None]
    after: set[str] = field(default_factory=set)
    tries: int = 0
    succeeded_before: int = 0


def carry_out(steps: Iterable[Step], progress: Progress) -> dict[str, AzlabsError]:
    """Do all steps; the errors of those that failed, by key. Raises whatever is no AzlabsError."""
    return _Work(steps, progress).do()


class _Work:
    def __init__(self, steps: Iterable[Step], progress: Progress) -> None:
        self._progress = progress
        self._waiting = {step.key: step for step in steps}
        self._known = set(self._waiting)
        self._running: dict[str, Step] = {}
        self._refused: dict[str, tuple[Step, AzlabsError]] = {}
        self._failed: dict[str, AzlabsError] = {}
        self._ended: set[str] = set()
        self._succeeded = 0
        self._events: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()

    def do(self) -> dict[str, AzlabsError]:
        while True:
            self._begin_what_can()
            if self._running:
                self._take(*self._events.get())
            elif self._refused:
                self._give_up()
            elif self._waiting:
                self._known = set()  # they wait for each other in a circle: then they go as they come
            else:
                return self._failed

    def _begin_what_can(self) -> None:
        ready = [step for step in self._waiting.values() if not (step.after & self._known) - self._ended]
        for step in ready[: max(0, AT_ONCE - len(self._running))]:
            self._begin(self._waiting.pop(step.key))

    def _begin(self, step: Step) -> None:
        step.tries += 1
        step.succeeded_before = self._succeeded
        self._running[step.key] = step
        self._tell(step, "running", step.word)
        future = background.start(lambda begun: begun.act(), step)
        future.add_done_callback(lambda done: self._events.put((step.key, done.exception())))

    def _take(self, key: str, problem: BaseException | None) -> None:
        step = self._running.pop(key)
        if problem is None:
            self._succeeded += 1
            self._ended.add(key)
            self._tell(step, "done", _GONE.get(step.word, step.word))
            self._waiting.update({other.key: other for other, _why in self._refused.values()})
            self._refused = {}
        elif not isinstance(problem, AzlabsError):
            raise problem
        elif not _may_change(problem) or step.tries >= MOST_TRIES:
            self._fail(step, problem)
        elif self._succeeded > step.succeeded_before:
            self._waiting[key] = step  # something went meanwhile: perhaps what stood in the way
        else:
            self._refused[key] = (step, problem)
            self._tell(step, "waiting", problem.message)

    def _give_up(self) -> None:
        for step, problem in self._refused.values():
            self._fail(step, problem)
        self._refused = {}

    def _fail(self, step: Step, problem: AzlabsError) -> None:
        self._ended.add(step.key)
        self._failed[step.key] = problem
        self._tell(step, "failed", problem.message)

    def _tell(self, step: Step, state: State, detail: str) -> None:
        self._progress(Event(step.kind, step.name, state, detail))


def _may_change(problem: AzlabsError) -> bool:
    # An operation that was accepted and failed later carries the status of the look that told so.
    return isinstance(problem, AzureError) and (problem.status in _IN_THE_WAY or problem.status < 400)
