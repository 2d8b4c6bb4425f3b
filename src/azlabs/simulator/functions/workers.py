"""The host's side of a worker: its process, its invocations, its output, and why it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.program import frames
from azlabs.simulator.functions.zygotes import Zygote

TAIL = 20
LOAD_SECONDS = 120.0
END_SECONDS = 3.0
LOOK_SECONDS = 0.25
CUT_OFF = 71
"""Exit code of a worker that could not speak to the host: see program/worker.py."""
Message = dict[str, Any]


class WorkerGone(Exception):
    """The worker ended while an invocation was in it; the text says why.

    `begun`: the function had been called; `alone`: and no other was running in the worker then.
    """

    def __init__(self, why: str, begun: bool, alone: bool) -> None:
        super().__init__(why)
        self.begun, self.alone = begun, alone


class _Pending:
    """An invocation that was handed to the worker."""

    def __init__(self) -> None:
        self.done: Future[Message] = Future()
        self.began = 0.0
        """When the function was called (monotonic)."""


class TookTooLong(Exception):
    """The invocation has had its time, and goes on."""


class LoadFailed(FunctionProblem):
    """The learner's code could not be loaded. `stack`: its traceback."""

    def __init__(self, text: str, stack: str = "") -> None:
        super().__init__(text)
        self.stack = stack


class Worker:
    """One process that serves one app until `kill`."""

    def __init__(self, zygote: Zygote, config: Message, on_line: Callable[[Message], None]) -> None:
        """`config`: what program/worker.py reads first; `on_line`: called for every line that the app logs or prints."""
        self._on_line = on_line
        self._loaded: Future[Message] = Future()
        self._pending: dict[str, _Pending] = {}
        self._lock = threading.Lock()
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._ended = threading.Event()
        self._why = ""
        self._killed_because = ""
        self.retired = False
        """No new invocations; ended when those in it are over."""
        forked = zygote.fork()
        self.pid, self._channel, self._gone = forked.pid, forked.channel, forked.gone
        self._drained = threading.Event()
        threading.Thread(target=self._drain, args=(forked.output,), name="azlabs-worker-output", daemon=True).start()
        threading.Thread(target=self._read, name="azlabs-worker", daemon=True).start()
        with contextlib.suppress(frames.Broken):
            self._channel.send(config)

    @property
    def alive(self) -> bool:
        """Is its process running?"""
        return not self._ended.is_set()

    @property
    def busy(self) -> int:
        """How many functions are running in it."""
        return sum(one.began > 0 for one in list(self._pending.values()))

    def load(self, seconds: float | None = LOAD_SECONDS) -> Message:
        """What the app declares: {"functions": [...], "traced"}; None: however long it takes. Raises `LoadFailed`."""
        try:
            message = self._loaded.result(seconds)
        except Late:
            self.kill(f"loading the app took more than {LOAD_SECONDS:.0f} seconds")
            raise LoadFailed(
                f"Loading function_app.py took more than {LOAD_SECONDS:.0f} seconds; do no long work at import time."
            ) from None
        if message["op"] == "failed":
            raise LoadFailed(message["error"], message["stack"])
        return message

    def invoke(self, message: Message, seconds: float | None) -> Message:
        """Run one invocation: {"outputs", "returned"} or {"error", "type", "stack"}. Raises `WorkerGone`, `TookTooLong`."""
        pending = _Pending()
        with self._lock:
            if self._ended.is_set() or self.retired:
                raise WorkerGone(self._why or "the worker process has ended", False, False)
            self._pending[message["id"]] = pending
        with contextlib.suppress(frames.Broken):
            self._channel.send(message)
        while True:
            spent = time.monotonic() - pending.began if pending.began else 0.0
            with contextlib.suppress(Late):
                return pending.done.result(
                    LOOK_SECONDS if seconds is None else max(0.0, min(LOOK_SECONDS, seconds - spent))
                )
            if pending.began:
                if seconds is not None and time.monotonic() - pending.began >= seconds:
                    raise TookTooLong
            elif self.retired:
                with self._lock:
                    self._pending.pop(message["id"], None)
                raise WorkerGone("the worker was given up", False, False)

    def kill(self, why: str) -> None:
        """End the process and what it started at once; invocations in it fail for this reason."""
        self._killed_because = self._killed_because or why
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Let it flush its telemetry and leave; after a moment it is killed."""
        with contextlib.suppress(frames.Broken):
            self._channel.send({"op": "end"})
        if not self._ended.wait(END_SECONDS):
            self.kill("the app was stopped")
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)

    # --- threads ----------------------------------------------------------------------------------------------------------
    def _read(self) -> None:
        try:
            while True:
                message = self._channel.receive()
                self._take(message)
        except frames.Broken:
            pass
        except Exception:
            self.kill("the worker sent something that is no message")
        code = -signal.SIGKILL
        with contextlib.suppress(Late):
            code = self._gone.result(END_SECONDS)
        self._drained.wait(0.5)
        self._finish(code)

    def _take(self, message: Message) -> None:
        kind = message["op"]
        if kind == "log":
            self._on_line(message)
        elif kind == "done":
            with self._lock:
                pending = self._pending.pop(message["id"], None)
            if pending is not None:
                pending.done.set_result(message)
        elif kind == "began":
            found = self._pending.get(message["id"])
            if found is not None:
                found.began = time.monotonic()
        elif kind in ("loaded", "failed") and not self._loaded.done():
            self._loaded.set_result(message)

    def _finish(self, code: int) -> None:
        self._channel.close()
        with self._lock:
            self._why = self._killed_because or explain(code, list(self._tail))
            self._ended.set()
            left, self._pending = self._pending, {}
        running = sum(one.began > 0 for one in left.values())
        for one in left.values():
            one.done.set_exception(WorkerGone(self._why, one.began > 0, running == 1))
        if not self._loaded.done():
            self._loaded.set_result(
                {"op": "failed", "error": f"While function_app.py was being loaded, {self._why}.", "stack": ""}
            )

    def _drain(self, descriptor: int) -> None:
        """Read what is written past Python to the output, so that nobody waits for it; keep the end."""
        rest = b""
        with contextlib.suppress(OSError), os.fdopen(descriptor, "rb", buffering=0) as stream:
            while chunk := stream.read(65536):
                *whole, rest = (rest + chunk[-65536:]).split(b"\n")
                rest = rest[-4096:]
                for line in whole[-TAIL:]:
                    self._tail.append(line.decode("utf-8", "replace")[:2000])
        if rest.strip():
            self._tail.append(rest.decode("utf-8", "replace")[:2000])
        self._drained.set()


SIGNALS = {
    signal.SIGKILL: "it was killed, most likely because the machine ran out of memory",
    signal.SIGSEGV: "it read memory that is not its own (a segmentation fault in native code)",
    signal.SIGABRT: "native code aborted it",
    signal.SIGBUS: "it read memory that is not there (a bus error in native code)",
    signal.SIGILL: "it ran an instruction that the processor does not have",
    signal.SIGFPE: "native code divided by zero",
}


def explain(code: int, tail: list[str]) -> str:
    """Why a worker ended, from its exit code and the last lines of its output."""
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.Signals._value2member_map_ else f"signal {-code}"
        cause = next((text for number, text in SIGNALS.items() if number == -code), "something sent it a signal")
        why = f"the worker process ended by {name}: {cause}"
    elif code == CUT_OFF:
        why = "the worker process lost its connection to the host: something in the app closed files that are not its own"
    else:
        why = f"the worker process ended with exit code {code}: something in the app left Python (os._exit)"
    last = " | ".join(line.strip() for line in tail[-5:] if line.strip())
    return f"{why}; its last output: {last[:800]}" if last else why


def memory_of(pid: int) -> int:
    """Bytes that only this process holds, as far as the platform tells; 0 if unknown."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:  # noqa: PTH123
            pages = file.read().split()
    except OSError:
        return 0
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names whose values differ: for the log, which never shows values."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
