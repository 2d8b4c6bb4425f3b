"""Live progress on standard error: a board on a terminal, one line per finished thing elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlabs.cli.call import Call
    from azlabs.progress import Event

SHOWN = 12
SIGNS = {"waiting": " ", "running": "~", "done": "+", "failed": "!", "skipped": "-"}
STYLES = {"running": "cyan", "done": "green", "failed": "bold red", "skipped": "dim"}
FINISHED = ("done", "failed", "skipped")
MANY = ("mutant", "check")  # too many for a line each: a log names those that failed


class Lines:
    """Progress for logs and pipes: what has ended, line by line."""

    def __init__(self, call: Call, title: str) -> None:
        self._call = call
        self._title = title

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_details: object) -> None:
        return None

    def __call__(self, event: Event) -> None:
        """Tell one change of state; the title goes before the first one."""
        if self._title:
            self._call.say(f"{self._title}:")
            self._title = ""
        if (event.state == "failed" and event.kind != "check") or (event.state in FINISHED and event.kind not in MANY):
            self._call.say(_line(event))


class Board:
    """Progress for people: what is being worked on now, the last things that ended, and how many."""

    def __init__(self, call: Call, title: str) -> None:
        self._call = call
        self._title = title
        self._events: dict[tuple[str, str], Event] = {}
        self._lock = threading.RLock()  # opening the board draws it at once
        self._begun = time.monotonic()
        self._live: Any = None

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._live is None:
            return
        self._live.stop()
        with self._lock:
            events = list(self._events.values())
        told = [event for event in events if event.kind != "check"]  # the report tells about checks
        for event in told:
            if event.state == "failed":
                self._call.say(_line(event))
        if kind is None and told:
            self._call.say(f"{self._title}: {_count(events)} in {time.monotonic() - self._begun:.1f} s.")

    def __call__(self, event: Event) -> None:
        """Note one change of state; the newest stands last. The first one opens the board, questions come before it."""
        with self._lock:
            if self._live is None:
                self._open()
            self._events.pop((event.kind, event.subject), None)
            self._events[event.kind, event.subject] = event

    def _open(self) -> None:
        from rich.live import Live

        self._begun = time.monotonic()
        self._live = Live(get_renderable=self._show, console=self._call.notes, transient=True, refresh_per_second=8)
        self._live.start()

    def _show(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            events = list(self._events.values())
        running = [event for event in events if event.state not in FINISHED]
        ended = [event for event in events if event.state in FINISHED]
        seconds = time.monotonic() - self._begun
        lines = [Text(f"{self._title} ({_count(events)}, {seconds:.0f} s)", style="bold")]
        for event in (ended + running)[-SHOWN:]:
            lines.append(Text(_line(event), style=STYLES.get(event.state, ""), no_wrap=True, overflow="ellipsis"))
        return Group(*lines)


def progress(call: Call, title: str) -> Lines | Board:
    """The progress that fits where standard error goes; used as `with call.progress(...) as progress:`."""
    return Board(call, title) if call.notes.is_terminal else Lines(call, title)


def _line(event: Event) -> str:
    detail = f" ({event.detail})" if event.detail else ""
    return f"  {SIGNS[event.state]} {_short(event.kind)} {event.subject}{detail}"


def _short(kind: str) -> str:
    """`virtualNetworks` of `Microsoft.Network/virtualNetworks`."""
    return kind.rsplit("/", 1)[-1]


def _count(events: list[Event]) -> str:
    ended = sum(event.state in FINISHED for event in events)
    return f"{ended} of {len(events)} done"
