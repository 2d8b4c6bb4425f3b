"""What a function gave, as the messages or documents that it stands for."""

from __future__ import annotations

import json
from typing import Any

from azlabs.simulator.functions.model import Datum, FunctionProblem

COLLECTIONS = ("collection_string", "collection_bytes", "collection_sint64", "collection_double")


def items(datum: Datum) -> list[Any]:
    """The parts of a value: text, bytes, or JSON. Text that is a JSON array counts as its elements, as in Azure's own host
    (azure-functions-python-worker issue 1492)."""
    if datum.kind in COLLECTIONS:
        return list(datum.value)
    if datum.kind == "bytes":
        return [datum.value]
    if datum.kind in ("string", "json"):
        parsed = _parsed(datum.value)
        if isinstance(parsed, list):
            return parsed
        return [datum.value if datum.kind == "string" else parsed]
    return [datum.value]


def text(item: Any) -> str | bytes:
    """A part as the body of a message: text and bytes as they are, everything else as JSON."""
    return item if isinstance(item, (str, bytes)) else json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def raw(item: Any) -> bytes:
    """The same as bytes."""
    found = text(item)
    return found.encode() if isinstance(found, str) else found


def documents(datum: Datum, what: str) -> list[dict[str, Any]]:
    """The parts of a value as JSON objects. Raises `FunctionProblem`."""
    found = []
    for item in items(datum):
        one = _parsed(item) if isinstance(item, (str, bytes)) else item
        if not isinstance(one, dict):
            raise FunctionProblem(f"{what} takes JSON objects, not {str(item)[:80]!r}.")
        found.append(one)
    return found


def _parsed(value: str | bytes) -> Any:
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return None
