"""Runs checks: each in a thread that cannot keep the process alive, with a time of its own and one for all."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from azlabs.cloud.errors import NOT_MODELLED, AzureError, from_exception
from azlabs.errors import AzlabsError
from azlabs.progress import Event, Progress, silent
from azlabs.verify.declare import Check
from azlabs.verify.lab_view import LabView
from azlabs.verify.outcome import (
    CannotJudge,
    CheckFailed,
    Evidence,
    NotYet,
    Outcome,
    WaitsFor,
    failed,
    passed,
    start_evidence,
    text_of,
)
from azlabs.verify.reads import Cancelled

_TICK = 0.05
_FORBIDDEN = 403
# What does not exist here is the kind of thing: a mistake of the check or a gap of the cloud, never of the learner.
_UNKNOWN_KINDS = frozenset({NOT_MODELLED, "InvalidResourceType", "InvalidResourceNamespace", "MissingSubscription"})


def judge(check: Check, view: LabView) -> Outcome:
    """Runs one check here and now. Only Cancelled, KeyboardInterrupt and SystemExit leave it."""
    begun = time.monotonic()
    start_evidence()
    try:
        check.function(view)
        outcome = passed(0.0)
    except Exception as problem:
        outcome = _outcome(check, view, problem)
    return replace(outcome, seconds=time.monotonic() - begun)


def _outcome(check: Check, view: LabView, problem: Exception) -> Outcome:
    if isinstance(problem, CheckFailed):
        return failed(problem.evidence)
    if isinstance(problem, NotYet):
        return Outcome("error", found=text_of(str(problem)), not_yet=True, fix="Wait a little and verify again.")
    if isinstance(problem, WaitsFor):
        return Outcome("fail", found=text_of(str(problem)), waits_for=problem.task)
    if isinstance(problem, CannotJudge):
        return _could_not(problem.message, problem.action)
    known = from_exception(problem)
    if isinstance(known, AzureError):
        if known.not_modelled:
            view.not_modelled(known.message)
        return _azure(known)
    if isinstance(known, AzlabsError):
        return _could_not(known.message, known.action)
    return _could_not(f"The check broke at {_where(check, problem)}: {type(problem).__name__}: {problem}", "")


def _azure(problem: AzureError) -> Outcome:
    if problem.not_found and problem.code not in _UNKNOWN_KINDS:
        return failed(Evidence(found=problem.message, expected="it exists", decided_by=problem.code))
    if problem.status == _FORBIDDEN:
        fix = problem.action or "Give the verifying account a reading role."
        return _could_not(f"azlabs may not read this: {problem.message}", fix, problem.code)
    return _could_not(problem.message, problem.action, problem.code)


def _could_not(found: str, fix: str, decided_by: str = "") -> Outcome:
    return Outcome("error", found=text_of(found), fix=text_of(fix), decided_by=text_of(decided_by))


def _where(check: Check, problem: Exception) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == check.file]
    return f"{check.file}({lines[-1] if lines else check.line})"


class Runner:
    """Runs checks on `workers` threads. `seconds` is the time for all of them together, None for no such limit.

    A check that is over its time is given up as an error; its thread is left behind as a daemon and replaced.
    Checks that act run one at a time after those that only read.
    """

    def __init__(
        self,
        views: Callable[[Check], LabView],
        *,
        workers: int,
        seconds: float | None = None,
        progress: Progress = silent,
    ) -> None:
        self._views = views
        self._workers = workers
        self._seconds = seconds
        self._progress = progress

    def run(self, checks: Sequence[Check]) -> Mapping[str, Outcome]:
        """The outcomes by check id; every check has one."""
        end = time.monotonic() + self._seconds if self._seconds is not None else None
        outcomes: dict[str, Outcome] = {}
        self._wave([check for check in checks if not check.acts], self._workers, end, outcomes)
        self._wave([check for check in checks if check.acts], 1, end, outcomes)
        return outcomes

    def _wave(self, checks: Sequence[Check], workers: int, end: float | None, outcomes: dict[str, Outcome]) -> None:
        waiting = list(reversed(checks))
        running: dict[str, tuple[Check, float]] = {}
        done: queue.SimpleQueue[tuple[Check, Outcome]] = queue.SimpleQueue()
        while waiting or running:
            now = time.monotonic()
            if end is not None and now >= end:
                late = [check for check, _ in running.values()] + waiting
                for check in late:
                    self._finish(check, _too_late(self._seconds or 0.0, whole=True), outcomes)
                return
            for check, limit in list(running.values()):
                if now >= limit:
                    del running[check.id]
                    self._finish(check, _too_late(check.seconds), outcomes)
            while waiting and len(running) < workers:
                check = waiting.pop()
                running[check.id] = (check, time.monotonic() + check.seconds)
                self._progress(Event("check", check.id, "running", check.title))
                self._start(check, done)
            try:
                check, outcome = done.get(timeout=self._patience(running, end))
            except queue.Empty:
                continue
            if running.pop(check.id, None) is not None:
                self._finish(check, outcome, outcomes)

    def _start(self, check: Check, done: queue.SimpleQueue[tuple[Check, Outcome]]) -> None:
        def work() -> None:
            try:
                outcome = judge(check, self._views(check))
            except Cancelled:
                outcome = Outcome("error", found="The attempt ended before this was judged.")
            except BaseException as problem:
                outcome = Outcome("error", found=text_of(f"The check ended with {type(problem).__name__}."))
            done.put((check, outcome))

        threading.Thread(target=work, name=f"check {check.id}", daemon=True).start()

    def _patience(self, running: Mapping[str, tuple[Check, float]], end: float | None) -> float:
        limits = [limit for _, limit in running.values()] + ([end] if end is not None else [])
        return max(min(limits) - time.monotonic(), 0.0) + _TICK if limits else _TICK

    def _finish(self, check: Check, outcome: Outcome, outcomes: dict[str, Outcome]) -> None:
        outcomes[check.id] = outcome
        self._progress(Event("check", check.id, "done" if outcome.status == "pass" else "failed", check.title))


def _too_late(seconds: float, *, whole: bool = False) -> Outcome:
    what = "The whole verification" if whole else "The check"
    return Outcome("error", found=f"{what} took longer than {seconds:g} seconds.", fix="Verify again.")
