"""Work side by side in threads that cannot keep the process alive: Ctrl-C ends the command, not the wait for Azure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")
SIDE_BY_SIDE = 24


def start(work: Callable[[Given], Result], given: Given) -> Future[Result]:
    """Begin a piece of work; the future has its result or its exception."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(given))
        except BaseException as problem:
            future.set_exception(problem)

    threading.Thread(target=run, name="azlabs-work", daemon=True).start()
    return future


def each(work: Callable[[Given], Result], items: Sequence[Given]) -> list[Result]:
    """The results for all items, in their order, at most SIDE_BY_SIDE at a time. Raises the first exception."""
    free = threading.Semaphore(SIDE_BY_SIDE)

    def when_free(item: Given) -> Result:
        with free:
            return work(item)

    return [future.result() for future in [start(when_free, item) for item in items]]


def is_over(future: Future[Result], seconds: float) -> bool:
    """Wait up to `seconds` for the end of a piece of work; whether it has come."""
    try:
        future.exception(timeout=seconds)
    except TimeoutError:
        return future.done()
    return True
