"""Processes from which workers are forked: one for each environment, with its packages loaded and no learner's code."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.program import frames, zygote

PROGRAM = Path(zygote.__file__).with_name("__main__.py")
LOADED = (
    "asyncio", "concurrent.futures", "logging", "json", "ssl", "azure.functions", "azure.functions.decorators.function_app",
    "azure.identity", "azure.identity.aio", "azure.identity._credentials.app_service",
    "azure.identity._internal.msal_managed_identity_client", "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._requests_basic", "azure.cosmos", "azure.servicebus", "azure.storage.blob", "azure.storage.queue",
    "azure.keyvault.secrets", "openai", "openai.resources.embeddings", "openai.lib.azure", "numpy", "requests", "httpx", "httpcore",
    "httpcore2", "anyio", "anyio.streams.tls", "h11", "truststore", "azure.monitor.opentelemetry",
    "azure.monitor.opentelemetry.exporter", "opentelemetry.sdk.trace", "opentelemetry.propagate", "_strptime", "netrc",
)  # fmt: skip
"""What takes long to import and is often asked for; loaded where the environment has it."""
START_SECONDS = 60.0
FORKS = sys.platform == "linux"
"""Elsewhere (macOS) system libraries do not survive a fork: each worker is a process of its own from the start, and starts slower."""


class Forked(NamedTuple):
    """A worker's process: the channel to it, what it writes to its output, and its exit code when it has one."""

    pid: int
    channel: frames.Channel
    output: int
    gone: Future[int]


class Zygote:
    """A running zygote. `fork` is for any thread."""

    def __init__(self, python: Path, paths: list[Path], hooks: Path | None, variables: Mapping[str, str]) -> None:
        """`hooks`: the folder of a sitecustomize that leads Azure's names to the simulator."""
        self._ours, theirs = socket.socketpair()
        self._ready: Future[int] = Future()
        self._forked: queue.Queue[int] = queue.Queue()
        self._gone: dict[int, Future[int]] = {}
        self._lock = threading.Lock()
        self.alone = not FORKS
        """It becomes a worker itself, the only one."""
        self._ends = threading.Lock()
        environment = {
            **variables,
            "MALLOC_ARENA_MAX": "2",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONNOUSERSITE": "1",
        }
        self._process = subprocess.Popen(
            [str(python), "-I", "-S", str(PROGRAM), str(theirs.fileno())],
            env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
        )  # fmt: skip
        theirs.close()
        config = {
            "paths": [str(path) for path in paths],
            "hooks": str(hooks) if hooks else "",
            "modules": LOADED,
            "alone": self.alone,
        }
        with contextlib.suppress(OSError):
            self._ours.sendall(json.dumps(config).encode() + b"\n")
        threading.Thread(target=self._read, name="azlabs-zygote", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Does its process run?"""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def fork(self) -> Forked:
        """A new worker that waits for its first message. Raises `FunctionProblem` when the process cannot be made."""
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        try:
            self._ready.result(START_SECONDS)
            with self._lock:
                socket.send_fds(self._ours, [zygote.FORK], [theirs.fileno(), writing])
                pid = self._forked.get(timeout=START_SECONDS)
        except (OSError, queue.Empty, TimeoutError, RuntimeError):
            ours.close()
            os.close(reading)
            raise FunctionProblem(
                "The worker process could not be started; the machine may be out of memory or of processes."
            ) from None
        finally:
            theirs.close()
            os.close(writing)
        if pid < 0:
            raise FunctionProblem("The process that workers are made from has ended.")
        return Forked(pid, frames.Channel(ours), reading, self._end_of(pid))

    def _end_of(self, pid: int) -> Future[int]:
        with self._ends:
            return self._gone.setdefault(pid, Future())

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._ours.makefile("rb") as stream:
            for line in stream:
                message = json.loads(line)
                if "ready" in message:
                    self._ready.set_result(message["ready"])
                elif "forked" in message:
                    self._forked.put(message["forked"])
                elif "gone" in message:
                    end = self._end_of(message["gone"])
                    with self._ends:
                        self._gone.pop(message["gone"], None)
                    end.set_result(message["status"])
        if not self._ready.done():
            self._ready.set_exception(RuntimeError("the zygote has ended"))
        self._forked.put(-1)
        code = self._process.wait() if self.alone else -signal.SIGKILL
        with self._ends:
            left, self._gone = self._gone, {}
        for end in left.values():
            end.set_result(code)

    def close(self) -> None:
        """End it and every worker that came from it."""
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(3)
        self._ours.close()


def variables_for_all(surroundings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a zygote: what leads to the simulator, and little else of the host's own."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    found.setdefault("LANG", "C.UTF-8")
    path = [str(Path(sys.executable).parent), *found.get("PATH", os.defpath).split(os.pathsep)]
    return {
        **found,
        "PATH": os.pathsep.join(path),
        **{name: value for name, value in surroundings.items() if name != "PYTHONPATH"},
    }
