"""Triggers that look for work again and again: often while there is some, seldom while nothing changes in the simulator."""

from __future__ import annotations

import json
import threading
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.model import Function, FunctionProblem
from azlabs.simulator.functions.triggers import Trigger

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

LOOK_SECONDS = 0.1
LONGEST_SECONDS = 0.5
REFUSED_SECONDS = 2.0
SAME = 160
"""Problems that begin alike are the same: what follows may hold times and ids of requests."""


class Polling(Trigger):
    """Calls `look` in a thread of its own until it is stopped."""

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        self.ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = ""

    @abstractmethod
    def look(self) -> bool:
        """Look once; was there anything to do? Raises `FunctionProblem` when it cannot look: it is told and tried again."""

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=f"azlabs-{self.kind}-{self.function.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; waits for the look that is under way, unless it is an invocation."""
        self.ended.set()

    def _run(self) -> None:
        while not self.ended.is_set():
            seen = self._generation()
            try:
                busy = self.look()
                self._said = ""
            except FunctionProblem as problem:
                self._tell(str(problem))
                self.ended.wait(REFUSED_SECONDS)
                continue
            except Exception as problem:
                if self.ended.is_set():
                    return
                self._tell(f"The host failed: {type(problem).__name__}: {problem}")
                self.ended.wait(REFUSED_SECONDS)
                continue
            if not busy:
                self._rest(seen)

    def _tell(self, text: str) -> None:
        """A problem, once as long as it stays the same."""
        if text[:SAME] != self._said:
            self._said = text[:SAME]
            name = self.function.name
            self.app.log.write("Error", f"The listener for function '{name}' was unable to start or to go on. {text}", name)

    def _generation(self) -> object:
        store = self.app.simulator.store
        with store.lock:
            return store.generation()

    def _rest(self, seen: object) -> None:
        until = time.monotonic() + LONGEST_SECONDS
        while not self.ended.wait(LOOK_SECONDS) and time.monotonic() < until:
            if self._generation() != seen:
                return


def named(text: str | bytes) -> dict[str, Any]:
    """The members of a JSON object, for binding expressions; {} for any other content."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
