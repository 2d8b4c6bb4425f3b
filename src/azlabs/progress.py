"""How long work tells what it is doing: one event for each change of state of one resource or step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "running", "done", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Event:
    """`subject` is what the state is about (a resource's name, a check's id); `kind` its type or phase."""

    kind: str
    subject: str
    state: State
    detail: str = ""


Progress = Callable[[Event], None]


def silent(_event: Event) -> None:
    """The progress of a caller that does not want any."""
