"""What the parts of the Functions host hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Package:
    """The deployed content of an app, unpacked: `folder` holds host.json; `digest` changes with every file."""

    folder: Path
    digest: str


class Datum(NamedTuple):
    """A value on its way to or from a worker, as Azure's own host types it.

    | kind | value |
    |---|---|
    | string, json | text |
    | bytes | bytes |
    | int, double | a number |
    | collection_string, collection_bytes, collection_sint64, collection_double | a list of these |
    | http | a request {method, url, headers, query, params, identities, body: Datum} or an answer {status_code, headers, body: Datum} |
    """

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Function:
    """A function as the app declares it. Binding documents are those of function.json: `type`, `direction`, `name`..."""

    name: str
    trigger: Mapping[str, Any]
    bindings: tuple[Mapping[str, Any], ...]
    """All of them, the trigger included."""
    script: str = "function_app.py"
    retry: Mapping[str, Any] | None = None
    """The retry policy that the function declares, as function.json has it."""
    disabled: bool = False

    @property
    def kind(self) -> str:
        """The type of the trigger."""
        return str(self.trigger.get("type", ""))

    @property
    def many(self) -> bool:
        """Does an invocation get a batch?"""
        return str(self.trigger.get("cardinality") or "one").lower() == "many"

    @property
    def inputs(self) -> list[Mapping[str, Any]]:
        """Input bindings beside the trigger."""
        return [one for one in self.bindings if one is not self.trigger and direction(one) == "in"]

    @property
    def outputs(self) -> list[Mapping[str, Any]]:
        """Output bindings, the HTTP answer included; the one named `$return` is what the function returns."""
        return [one for one in self.bindings if direction(one) == "out"]


def direction(binding: Mapping[str, Any]) -> str:
    """ "in" or "out"."""
    return str(binding.get("direction", "in")).lower()


@dataclass(frozen=True, slots=True)
class Event:
    """What starts an invocation.

    `data`: the trigger's value; `metadata`: what its converter reads beside it (trigger metadata); `values`: what binding
    expressions may name ({id}, {DeliveryCount}); `parents`: W3C traceparents of those who caused it: one is continued, of
    several each is linked; `reason`: a sentence for the log.
    """

    data: Datum | None
    metadata: Mapping[str, Datum] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    reason: str = ""
    linked: bool = False
    """The parents are linked even where there is only one."""
    problem: str = ""
    """Why the function cannot be given its value: the invocation fails with this sentence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended. `error`: one sentence, "" when it went well; `outputs`: by binding name, already written."""

    invocation: str
    error: str = ""
    error_type: str = ""
    stack: str = ""
    returned: Datum | None = None
    outputs: Mapping[str, Datum] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Did it end without an error?"""
        return not self.error


class FunctionProblem(Exception):
    """What keeps an app, a function or an invocation from running; the text is a sentence for whoever wrote it."""
