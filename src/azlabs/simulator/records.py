"""Rows of the store as objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from azlabs.simulator.http import dumps


class Resource:
    """One stored resource. `key` is the lower-case id, `type` lower-case, `scope` the key of the parent resource of a
    child, else of what it sits on (group, subscription, resource of an extension). `created`, `changed`: seconds.

    `text` is the stored JSON; `body` decodes it once: treat it as read-only, `copy()` gives a fresh one.
    """

    __slots__ = ("_body", "_text", "api_version", "changed", "created", "etag", "hidden_text", "id", "key", "location",
                 "number", "pending", "scope", "subscription", "type")  # fmt: skip

    def __init__(
        self, number: int, key: str, id: str, type: str, scope: str, subscription: str, location: str, etag: str,
        api_version: str, created: float, changed: float, pending: str | None, text: str | None, hidden_text: str | None,
    ) -> None:  # fmt: skip
        self.number, self.key, self.id, self.type, self.scope = number, key, id, type, scope
        self.subscription, self.location, self.etag, self.api_version = subscription, location, etag, api_version
        self.created, self.changed, self.pending = created, changed, pending
        self._text, self.hidden_text = text, hidden_text
        self._body: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = dumps(self._body)
        return self._text

    @property
    def body(self) -> dict[str, Any]:
        if self._body is None:
            self._body = json.loads(self._text or "{}")
        return self._body

    @body.setter
    def body(self, value: dict[str, Any]) -> None:
        self._body, self._text = value, None

    def copy(self) -> dict[str, Any]:
        """A fresh copy of the document."""
        copied: dict[str, Any] = json.loads(self.text)
        return copied

    @property
    def hidden(self) -> dict[str, Any]:
        """What is stored beside the document and never shown (secrets, internal state); a fresh copy."""
        return json.loads(self.hidden_text) if self.hidden_text else {}

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Link:
    """`source`: key of the resource that refers; `holder`: id of its innermost part that does; `target`: key."""

    source: str
    holder: str
    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A soft-deleted resource; times in seconds since the epoch."""

    key: str
    type: str
    name: str
    location: str
    at: float
    purge_at: float
    text: str
    hidden_text: str | None
