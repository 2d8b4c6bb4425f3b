"""The workers of one app: the one that serves, those that are being let go, and what happens when one ends badly.

Whatever a learner's code does costs no more than its own invocation: an invocation that takes too long keeps its worker to itself until
it is killed, and the invocations that shared a worker with one that crashed it are run again, each alone.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.publishing import loop
from azlabs.simulator.functions.workers import (
    LOAD_SECONDS,
    LoadFailed,
    Message,
    TookTooLong,
    Worker,
    WorkerGone,
    memory_of,
)

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

MEMORY = 1024 * 1024 * 1024
"""What a worker may use. Azure's instances have 512, 2,048 or 4,096 MB; a learner's machine should not be filled."""
GRACE_SECONDS = 5.0
TRIES = 5
"""How often an invocation that had not begun goes to another worker before it gets one of its own."""
_MEGABYTE = 1024 * 1024


class Crew:
    """Runs invocations in workers of an app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.RLock()
        self._alone = threading.Lock()
        self._worker: Worker | None = None
        self._all: set[Worker] = set()
        self._closed = False
        self._debugger = 0
        self._config: dict[str, Any] = {}
        self.traced = False
        """Does the worker export OpenTelemetry by itself?"""

    def load(self) -> Message:
        """Start the first worker; what the app declares. Raises `FunctionProblem`."""
        with self._lock:
            self._worker, loaded = self._make()
            self.traced = bool(loaded.get("traced"))
            return loaded

    def _make(self) -> tuple[Worker, Message]:
        """A worker that has loaded the app."""
        if self._closed:
            raise FunctionProblem("The app is being stopped.")
        app = self._app
        environment = app.host_process.environment(app.inputs.package)
        if environment.problem:
            app.log.write("Warning", f"Not all of the app's packages are there: {environment.problem}")
        config = {
            "variables": app.host_process.variables_of(app), "folder": str(app.inputs.package.folder),
            "script": app.settings.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py",
            "paths": [str(path) for path in environment.paths], "memory": MEMORY,
        }  # fmt: skip
        running = loop.of_package(app.inputs.package)
        self._debugger = config["debugger"] = running.debugger if running is not None else 0
        if self._debugger:
            app.log.write("Information", f"The app waits for a debugger on port {self._debugger}.")
        worker = Worker(app.host_process.zygote(environment), config, app.heard)
        self._all.add(worker)
        if self._closed:
            worker.kill("the app was stopped")
        try:
            return worker, worker.load(None if self._debugger else LOAD_SECONDS)
        except FunctionProblem as problem:
            worker.kill("it could not load the app")
            self._all.discard(worker)
            if environment.problem and isinstance(problem, LoadFailed):
                raise LoadFailed(f"{problem} ({environment.problem})", problem.stack) from None
            raise

    def _current(self) -> Worker:
        """The worker that takes new invocations, made again when it is gone."""
        with self._lock:
            worker = self._worker
            if worker is None or not worker.alive:
                if worker is not None:
                    self._all.discard(worker)
                self._worker = worker = self._make()[0]
            return worker

    def invoke(self, message: Message) -> Message:
        """Run one invocation to its end. Raises `FunctionProblem` when the worker does not bring it to one."""
        seconds = None if self._debugger else self._app.host_json.timeout
        for _ in range(TRIES):
            worker = self._current()
            try:
                return worker.invoke(message, seconds)
            except TookTooLong:
                raise self._too_long(worker, seconds) from None
            except WorkerGone as gone:
                self._note(worker, str(gone))
                if gone.alone or self._closed:
                    raise FunctionProblem(_sentence(str(gone))) from None
                if gone.begun:
                    break
        return self._again(message, seconds)

    def _again(self, message: Message, seconds: float | None) -> Message:
        """An invocation whose worker ended while others were in it runs again alone: it either ends well, or it was the cause."""
        with self._alone:
            worker, _ = self._make()
            try:
                return worker.invoke(message, seconds)
            except TookTooLong:
                raise self._too_long(worker, seconds) from None
            except WorkerGone as gone:
                raise FunctionProblem(_sentence(str(gone))) from None
            finally:
                if not worker.retired:
                    self._all.discard(worker)
                    threading.Thread(target=worker.end, name="azlabs-worker-end", daemon=True).start()

    def _too_long(self, worker: Worker, seconds: float | None) -> FunctionProblem:
        """The worker takes nothing new; when the others in it are done, or after a moment, it is killed."""
        with self._lock:
            worker.retired = True
            if self._worker is worker:
                self._worker = None
        threading.Thread(target=self._let_go, args=(worker,), name="azlabs-worker-end", daemon=True).start()
        return FunctionProblem(
            f"The function took longer than functionTimeout allows ({_span(seconds or 0)}), so the host ended it; end its loop, or raise "
            "functionTimeout in host.json."
        )

    def _let_go(self, worker: Worker) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        while worker.alive and worker.busy > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.kill("another invocation in the worker took longer than functionTimeout allows")
        self._all.discard(worker)

    def _note(self, worker: Worker, why: str) -> None:
        with self._lock:
            if self._worker is worker:
                self._worker = None
                self._app.log.write("Error", _sentence(why))
            self._all.discard(worker)

    def look_at_memory(self) -> None:
        """Kill workers that have grown beyond what they may use."""
        for worker in list(self._all):
            used = memory_of(worker.pid) if worker.alive else 0
            if used > MEMORY:
                worker.kill(
                    f"the worker process used {used // _MEGABYTE} MB of memory, and {MEMORY // _MEGABYTE} MB are the limit here"
                )

    def close(self) -> None:
        """End all workers."""
        self._closed = True
        workers, self._all = set(self._all), set()
        ending = [threading.Thread(target=worker.end, daemon=True) for worker in workers]
        for thread in ending:
            thread.start()
        for thread in ending:
            with contextlib.suppress(RuntimeError):
                thread.join(5)


def _sentence(why: str) -> str:
    return f"{why[:1].upper()}{why[1:]}{'' if why.endswith('.') else '.'}"


def _span(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
