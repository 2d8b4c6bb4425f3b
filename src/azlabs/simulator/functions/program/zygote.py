"""A process with an environment's packages loaded, from which workers are forked: what they share is loaded once.

It never loads a learner's code. It ends, and its workers with it, when the host closes the socket.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

FORK = b"F"
DESCRIPTORS = 2


def run(control: socket.socket) -> None:
    """Prepare as the first line says, then fork a worker for each request, and tell when one has ended."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with control.makefile("rb", buffering=0) as stream:
        config = json.loads(stream.readline())
    _prepare(config)
    if config["alone"]:
        _serve_alone(control)
    watched: list[Any] = [control]
    reading, writing = os.pipe()
    watched.append(reading)
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    _tell(control, {"ready": os.getpid()})
    children: set[int] = set()
    while True:
        ready: list[Any] = select.select(watched, [], [])[0]
        if reading in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(reading, 4096)
        _bury(control, children)
        if control not in ready:
            continue
        try:
            word, descriptors, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
        except OSError:
            word, descriptors = b"", []
        if word != FORK or len(descriptors) != DESCRIPTORS:
            _end(children)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for one in (reading, writing):
                os.close(one)
            control.close()
            _become(*descriptors)
        for one in descriptors:
            os.close(one)
        children.add(pid)
        _tell(control, {"forked": pid})


def _serve_alone(control: socket.socket) -> None:
    """Where forking is not to be relied on: become the one worker that is asked for."""
    _tell(control, {"ready": os.getpid()})
    try:
        word, descriptors, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
    except OSError:
        word, descriptors = b"", []
    if word != FORK or len(descriptors) != DESCRIPTORS:
        os._exit(0)
    _tell(control, {"forked": os.getpid()})
    _become(*descriptors)


def _prepare(config: dict[str, Any]) -> None:
    """The path of the environment, the hooks that lead Azure's names to the simulator, and the packages."""
    if config["hooks"]:
        sys.path.insert(0, config["hooks"])
        importlib.import_module("sitecustomize")
        sys.path.remove(config["hooks"])
    sys.path.extend(config["paths"])
    for name in config["modules"]:
        # What is missing, or breaks, is the app's affair: it says so when it imports it.
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _become(channel: int, output: int) -> None:
    """The rest of the child's life."""
    code = 70
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _die_with_parent()
        with contextlib.suppress(PermissionError):
            os.setpgid(0, 0)  # a process that was started for this worker alone leads its group already
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        for target in (1, 2):
            os.dup2(output, target)
        for one in (null, output):
            os.close(one)
        from . import worker

        code = worker.run(socket.socket(fileno=channel))
    finally:
        os._exit(code)


def _die_with_parent() -> None:
    """On Linux the kernel ends a worker whose zygote has gone, even if its code never comes back to Python."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _bury(control: socket.socket, children: set[int]) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        _tell(control, {"gone": pid, "status": os.waitstatus_to_exitcode(status)})


def _tell(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(message).encode() + b"\n")


def _end(children: set[int]) -> None:
    for pid in children:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    os._exit(0)
