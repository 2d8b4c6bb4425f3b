"""Which bare settings the tasks ask for: those that the steps set, and those that the lab's author names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from azlabs.proof.equivalent import Pattern
from azlabs.proof.state import Path, State, at, steps

Weight = Literal["asked", "perhaps", "kept"]
"""asked: a step set it. perhaps: it stands in something that a step made, and may be no more than a default there.
kept: it is as it was at the start, and no task is about it."""


class Asked:
    """Knows for every setting of a solved state where it came from."""

    def __init__(self, start: State, solved: State, patterns: Sequence[Pattern] = ()) -> None:
        self._start = start
        self._solved = solved
        self._patterns = patterns

    def weight(self, resource: str, row: str, path: Path) -> Weight:
        """How much a setting of a resource (lower-case id) matters; `row` is how people call it."""
        if any(pattern.covers(row) for pattern in self._patterns):
            return "asked"
        before = self._start.get(resource)
        if before is None and path[:1] != ("tags",):
            return "perhaps"
        if _is_in_a_made_element(before, path):
            return "perhaps"
        return "kept" if _value(before, path) == _value(self._solved.get(resource), path) else "asked"


def _value(resource: Any, path: Path) -> Any:
    try:
        return at(resource, path)
    except KeyError:
        return None


def _is_in_a_made_element(node: Any, path: Path) -> bool:
    for name in path:
        children = dict(steps(node))
        if name not in children:
            return isinstance(node, list)
        node = children[name]
    return False
