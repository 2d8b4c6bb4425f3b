"""Which hint comes next: a task's hints go from vague to exact, and each is shown before the next one."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlabs.catalog.labs import Task


@dataclass(frozen=True, slots=True)
class Hint:
    """`number` counts from 1 and goes to `count`."""

    task: str
    number: int
    count: int
    text: str

    def to_json(self) -> dict[str, Any]:
        """The shape of `azlabs hint --json`."""
        return {"task": self.task, "number": self.number, "of": self.count, "hint": self.text}


def next_hint(task: Task, sandbox_id: str, home: Path, *, number: int | None = None) -> Hint:
    """The hint after the last one shown for this sandbox, the last one again at the end; or the one of this number."""
    path = home / "hints" / f"{sandbox_id}.json"
    shown = _read(path)
    count = len(task.hints)
    chosen = min(max(number or shown.get(task.id, 0) + 1, 1), count)
    shown[task.id] = max(chosen, shown.get(task.id, 0))
    with suppress(OSError):  # a hint that cannot be remembered is still a hint
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(json.dumps(shown), encoding="utf-8")
    return Hint(task.id, chosen, count, task.hints[chosen - 1])


def _read(path: Path) -> dict[str, int]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: count for name, count in data.items() if isinstance(count, int)} if isinstance(data, dict) else {}
