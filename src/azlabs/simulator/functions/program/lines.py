"""What a learner's code says, by logging or print, on its way to the host: each line with the invocation it belongs to.

So much of one invocation is passed on; the rest is counted and dropped, so that a flood costs no more than its own invocation.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

LINES = 1000
CHARACTERS = 1_000_000
LINE = 32_768
LEVELS = ((50, "Critical"), (40, "Error"), (30, "Warning"), (20, "Information"), (10, "Debug"), (0, "Trace"))
running: ContextVar[Account | None] = ContextVar("azlabs_invocation", default=None)
"""The invocation that the code at hand belongs to."""
local = threading.local()
"""`invocation_id`: what a thread of the learner's own says it belongs to (`context.thread_local_storage`)."""


class Account:
    """How much one invocation has said."""

    def __init__(self, invocation: str, function: str) -> None:
        self.invocation, self.function = invocation, function
        self.lines = self.characters = self.dropped = 0

    def admits(self, length: int) -> bool:
        """May another line pass?"""
        if self.lines >= LINES or self.characters >= CHARACTERS:
            self.dropped += 1
            return False
        self.lines += 1
        self.characters += length
        return True


class Lines:
    """Passes lines on to the host with `say({"invocation", "level", "text", "logger"})`."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say = say
        self.accounts: dict[str, Account] = {}
        self.nobody = Account("", "")
        """Lines that belong to no invocation, for a second."""
        self._second = 0.0

    def account(self) -> Account:
        """Whom the code at hand belongs to."""
        found = running.get()
        if found is None:
            found = self.accounts.get(getattr(local, "invocation_id", None) or "")
        return found if found is not None else self._of_nobody()

    def _of_nobody(self) -> Account:
        now = time.monotonic()
        if now - self._second > 1.0:
            self._second = now
            if self.nobody.dropped:
                self.dropped(self.nobody)
            self.nobody = Account("", "")
        return self.nobody

    def put(self, level: str, text: str, logger: str = "") -> None:
        """One line, or one message of several lines."""
        account = self.account()
        if account.admits(len(text)):
            message = {
                "op": "log",
                "invocation": account.invocation,
                "level": level,
                "text": text[:LINE],
                "at": time.time(),
            }
            self._say({**message, "logger": logger})

    def dropped(self, account: Account) -> None:
        """Say how many lines did not pass."""
        if account.dropped:
            text = f"{account.dropped} more lines were dropped: one invocation may log {LINES} lines or {CHARACTERS} characters here."
            message = {
                "op": "log",
                "invocation": account.invocation,
                "level": "Warning",
                "text": text,
                "at": time.time(),
            }
            account.dropped = 0
            self._say({**message, "logger": "host"})


class Handler(logging.Handler):
    """The root logger's handler."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def handle(self, record: logging.LogRecord) -> bool:
        """Formats nothing that is going to be dropped."""
        account = self._lines.account()
        if account.lines >= LINES or account.characters >= CHARACTERS:
            account.dropped += 1
            return False
        return bool(super().handle(record))

    def emit(self, record: logging.LogRecord) -> None:
        """As the real worker does: the message, and the traceback of an exception."""
        try:
            text = self.format(record)
        except Exception:
            text = str(record.msg)
        level = next(name for number, name in LEVELS if record.levelno >= number)
        with contextlib.suppress(Exception):
            self._lines.put(level, text, record.name)


class Console(io.TextIOBase):
    """In place of sys.stdout and sys.stderr: whole lines become lines of the log."""

    def __init__(self, lines: Lines, level: str, descriptor: int) -> None:
        super().__init__()
        self._lines, self._level, self._descriptor = lines, level, descriptor
        self._open = threading.local()
        self.buffer = open(descriptor, "wb", 0, closefd=False)  # noqa: SIM115

    encoding = "utf-8"
    errors = "replace"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        """A line that is not finished waits, for each thread."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        whole = getattr(self._open, "text", "") + text
        *finished, rest = whole.split("\n")
        self._open.text = rest[-LINE:]
        for line in finished:
            if line.strip():
                self._lines.put(self._level, line)
        return len(text)

    def flush(self) -> None:
        """What an invocation leaves unfinished is a line too."""
        rest, self._open.text = getattr(self._open, "text", ""), ""
        if rest.strip():
            self._lines.put(self._level, rest)
