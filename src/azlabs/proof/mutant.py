"""One small change of a solved sandbox, and what it takes to make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from azlabs.proof.state import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """A write: of a resource (`body` None: delete it), or with an empty id of the answers file.

    An id like "PUT https://..." is a request to a data plane.
    """

    id: str
    body: Any


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change that one slip of a learner could make.

    `name` is stable: lists of equivalents refer to it. `resource` is the id of what is edited (empty: the answers
    file), `path` the setting, `edits` the writes in order, `task` the task whose step made the setting (empty: the
    start did).
    """

    name: str
    operator: str
    resource: str
    path: Path
    before: str
    after: str
    edits: tuple[Edit, ...]
    task: str = ""

    @property
    def edit(self) -> Edit:
        """The last write, which says what the change comes to."""
        return self.edits[-1]

    def __str__(self) -> str:
        return f"{self.name} ({self.operator})"
