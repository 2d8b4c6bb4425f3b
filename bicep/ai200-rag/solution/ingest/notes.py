"""Notes as the editors' system sends them."""

import json
from dataclasses import dataclass


class Unusable(ValueError):
    """A message that can never become passages."""


@dataclass(frozen=True)
class Note:
    """One saved note. `body` is empty when the note is withdrawn."""

    id: str
    revision: int
    category: str
    body: str
    withdrawn: bool


def read(content: bytes) -> Note:
    """The note in a message. Raises Unusable; fields that are not known are ignored."""
    try:
        found = json.loads(content)
    except ValueError as problem:
        raise Unusable("The message is not JSON.") from problem
    if not isinstance(found, dict):
        raise Unusable("The message is not a JSON object.")
    withdrawn = found.get("withdrawn") is True
    return Note(
        id=_text(found, "id"),
        revision=_number(found, "revision"),
        category="" if withdrawn else _text(found, "category"),
        body="" if withdrawn else _text(found, "body"),
        withdrawn=withdrawn,
    )


def _text(found: dict, name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unusable(f"The field {name} is no text.")
    return value


def _number(found: dict, name: str) -> int:
    value = found.get(name)
    if type(value) is not int:
        raise Unusable(f"The field {name} is no number.")
    return value
