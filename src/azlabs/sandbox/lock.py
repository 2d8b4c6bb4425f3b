"""Locks between processes that end with their process: a kill leaves nothing to clean up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azlabs.errors import AzlabsError, ExitCode
from azlabs.home import not_writable, writable_folder

_PAUSE_SECONDS = 0.03


class SandboxBusy(AzlabsError):
    """Another azlabs process is at work on the same thing."""

    exit_code = ExitCode.UNREACHABLE


@contextmanager
def held(path: Path, what: str, *, patience_seconds: float = 30.0) -> Iterator[None]:
    """Hold the lock file while the block runs; raises SandboxBusy when another process keeps it for too long."""
    descriptor = _acquire(path, what, time.monotonic() + patience_seconds)
    try:
        yield
    finally:
        # Removed while it is still held: whoever waits for it notices and makes a new one.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _acquire(path: Path, what: str, give_up: float) -> int:
    writable_folder(path.parent)
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise not_writable(path, problem) from problem
        if _try_lock(descriptor) and _is_same_file(descriptor, path):
            return descriptor
        os.close(descriptor)
        if time.monotonic() > give_up:
            raise SandboxBusy(
                f"Another azlabs command is at work on {what}.",
                action="Wait until it has ended; `azlabs status` shows what it is doing.",
            )
        time.sleep(_PAUSE_SECONDS)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return _try_lock_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_windows(descriptor: int) -> bool:
    import importlib

    msvcrt = importlib.import_module("msvcrt")
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
