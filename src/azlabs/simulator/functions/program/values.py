"""Values between the host's form and the learner's: by azure.functions' own converters, as the real worker does it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

_COLLECTIONS = {
    "collection_string": "string",
    "collection_bytes": "bytes",
    "collection_sint64": "sint64",
    "collection_double": "double",
}


def datum(wire: Any) -> Any:
    """`[kind, value]` as azure.functions.meta.Datum; None stays None."""
    from azure.functions import meta

    if wire is None:
        return None
    kind, value = wire
    if kind in _COLLECTIONS:
        return meta.Datum(SimpleNamespace(**{_COLLECTIONS[kind]: value}), kind)
    if kind == "http":
        value = {
            **value,
            **{name: meta.Datum(value[name], "string") for name in ("method", "url")},
            **{name: {key: meta.Datum(one, "string") for key, one in value[name].items()} for name in ("headers", "query", "params")},
            "body": datum(value["body"]),
        }  # fmt: skip
    return meta.Datum(value, kind)


def wired(value: Any) -> list[Any] | None:
    """A Datum as `[kind, value]`."""
    if value is None or value.type is None:
        return None
    if value.type == "http":
        return ["http", _answer(value.value)]
    if value.type in _COLLECTIONS:
        inner = value.value
        return [value.type, list(getattr(inner, _COLLECTIONS[value.type], inner))]
    if value.type in ("dict", "list"):
        return ["json", json.dumps(value.value)]
    return [value.type, value.value]


def _answer(value: dict[str, Any]) -> dict[str, Any]:
    cookies = [morsel.OutputString() for jar in value.get("cookies") or () for morsel in jar.values()]
    return {
        "status_code": value["status_code"].value,
        "headers": {name: one.value for name, one in value["headers"].items()},
        "cookies": cookies,
        "body": wired(value["body"]),
    }


def decoded(kind: str, wire: Any, metadata: dict[str, Any]) -> Any:
    """What a function gets for a binding of this type. Raises TypeError when the type has no such value."""
    from azure.functions import meta

    converter = meta.get_binding_registry().get(kind)
    value = datum(wire)
    if converter is None:
        return _plain(value)
    try:
        return converter.decode(value, trigger_metadata={name: datum(one) for name, one in metadata.items()})
    except NotImplementedError:
        shape = "None" if value is None else value.type
        raise TypeError(
            f"unable to decode incoming TypedData: a binding of type {kind} cannot be made of '{shape}'"
        ) from None


def _plain(value: Any) -> Any:
    """Types that azure.functions does not know: text, bytes, or text of JSON."""
    return None if value is None else value.value


def encoded(kind: str, value: Any, python_type: Any) -> list[Any] | None:
    """What a function gave for a binding of this type. Raises TypeError when the binding cannot take it."""
    from azure.functions import meta

    converter = meta.get_binding_registry().get(kind)
    if converter is None:
        return _from_plain(value)
    try:
        return wired(converter.encode(value, expected_type=python_type))
    except NotImplementedError:
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{kind}" for Python type "{type(value).__name__}"'
        ) from None


def _from_plain(value: Any) -> list[Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return ["string", value]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", bytes(value)]
    if isinstance(value, (dict, list, bool, int, float)):
        return ["json", json.dumps(value)]
    raise TypeError(f'unable to encode outgoing TypedData: Python type "{type(value).__name__}" is not supported')
