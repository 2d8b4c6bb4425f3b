"""Pieces of template expressions: text, with what is needed to put them into larger ones."""

from __future__ import annotations

import re
from typing import Any

# Text longer than this can only come from variables that multiply each other.
MAX_TEXT = 1024 * 1024
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_INT32 = 2**31


class TooLarge(Exception):
    """The output would grow without bound."""


class Term:
    """An expression's text. `literal` is the value of a string or integer, else None."""

    __slots__ = ("literal", "text")

    def __init__(self, text: str, literal: str | int | None = None) -> None:
        self.text = text
        self.literal = literal

    def json(self) -> Any:
        """The term as a JSON value of the template."""
        if self.literal is not None:
            return escape(self.literal) if isinstance(self.literal, str) else self.literal
        return f"[{self.text}]"


def escape(text: str) -> str:
    """A literal string as JSON: text that looks like an expression gets a second bracket."""
    return "[" + text if text.startswith("[") and text.endswith("]") else text


def call(name: str, *arguments: Term) -> Term:
    if sum(len(a.text) for a in arguments) > MAX_TEXT:
        raise TooLarge
    return Term(f"{name}({', '.join([a.text for a in arguments])})")


def text(value: str) -> Term:
    return Term("'" + value.replace("'", "''") + "'", value)


def integer(value: int) -> Term:
    if -_INT32 <= value < _INT32:
        return Term(str(value), value)
    return Term(f"json('{value}')", value)


def _base(term: Term) -> str:
    if isinstance(term.literal, str):
        return f"string({term.text})"
    return f"int({term.text})" if term.literal is not None else term.text


def member(base: Term, name: Term) -> Term:
    """`base.name` or `base[name]`."""
    if isinstance(name.literal, str) and _IDENTIFIER.match(name.literal):
        made = f"{_base(base)}.{name.literal}"
    else:
        made = f"{_base(base)}[{name.text}]"
    if len(made) > MAX_TEXT:
        raise TooLarge
    return Term(made)


def interpolation(parts: list[str], holes: list[Term]) -> Term:
    """`format('...{0}...', ...)`."""
    pieces = [parts[0].replace("{", "{{").replace("}", "}}")]
    for position, part in enumerate(parts[1:]):
        pieces.append(f"{{{position}}}")
        pieces.append(part.replace("{", "{{").replace("}", "}}"))
    return call("format", text("".join(pieces)), *holes)


TRUE, FALSE, NULL = Term("true()"), Term("false()"), Term("null()")
