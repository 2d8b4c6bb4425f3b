"""W3C trace context: which trace an invocation belongs to.

In OpenTelemetry mode an invocation continues the trace of the one message or request that caused it; a batch, and the other
mode with messages, begin a new one that links to its causes.
https://github.com/Azure/azure-functions-host/issues/11734, https://github.com/Azure/azure-functions-host/issues/8253
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Trace:
    """The span of one invocation. `operation`: its trace id; `parent`: the span that it continues, "" for a new trace."""

    operation: str
    span: str
    parent: str = ""
    links: tuple[tuple[str, str], ...] = ()
    """(trace id, span id) of causes that are not continued."""
    sampled: bool = True

    @property
    def traceparent(self) -> str:
        """What the function gets as `context.trace_context.trace_parent`."""
        return f"00-{self.operation}-{self.span}-{'01' if self.sampled else '00'}"


def parse(text: str) -> tuple[str, str, bool] | None:
    """(trace id, span id, sampled) of a traceparent; None when it is none."""
    match = _PARENT.fullmatch(text.strip().lower())
    if match is None or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return match[1], match[2], bool(int(match[3], 16) & 1)


def begin(parents: Sequence[str], *, linked: bool) -> Trace:
    """The trace of an invocation that these traceparents caused. `linked`: they are linked even where there is one."""
    found = [one for one in map(parse, parents) if one is not None]
    span = secrets.token_hex(8)
    if len(found) == 1 and not linked:
        operation, parent, sampled = found[0]
        return Trace(operation, span, parent, (), sampled or True)
    return Trace(secrets.token_hex(16), span, "", tuple((operation, parent) for operation, parent, _ in found))
