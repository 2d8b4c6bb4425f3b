"""OData `$filter` as resource lists use it: and, or, not, eq, ne, gt, ge, lt, le, startswith, endswith, substringof, contains.

A hand-written recursive parser into a predicate over a document; comparisons of text ignore case, as ARM's do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from azlabs.simulator.resource_manager.errors import Refused

Document = dict[str, Any]
Predicate = Callable[[Document], bool]
Lookup = Callable[[Document, str], Any]
MAX_LENGTH = 4000
MAX_DEPTH = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?![\w\-:]))"
    r"|(?P<word>[A-Za-z_$@][\w./\-@$]*|\d{4}-\d\d-\d\dT[\d:.Z+\-]+)|(?P<sign>[(),]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left is not None and right is not None and left > right,
    "ge": lambda left, right: left is not None and right is not None and left >= right,
    "lt": lambda left, right: left is not None and right is not None and left < right,
    "le": lambda left, right: left is not None and right is not None and left <= right,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
    "contains": lambda whole, part: part in whole,
    "substringof": lambda part, whole: part in whole,
}


def parse(text: str, lookup: Lookup) -> Predicate:
    """A predicate for a filter; `lookup(document, name)` gives a member's value. Raises 400 InvalidFilterInQueryString."""
    if len(text) > MAX_LENGTH:
        raise _invalid(text)
    parser = _Parser(_tokens(text), lookup, text)
    predicate = parser.either(0)
    if parser.peek() is not None:
        raise _invalid(text)
    return predicate


def equalities(text: str) -> dict[str, str]:
    """{lower-case member: value} of a filter that is only `a eq 'x' and b eq 'y'`; {} for any other. Lets lists use an index."""
    found: dict[str, str] = {}
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.I):
        match = re.fullmatch(r"([\w/]+)\s+eq\s+'((?:[^']|'')*)'", part.strip(), re.I)
        if match is None:
            return {}
        found[match[1].lower()] = match[2].replace("''", "'")
    return found


def _invalid(text: str) -> Refused:
    return Refused(400, "InvalidFilterInQueryString", f"Invalid $filter '{text[:200]}' specified in the query string.")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise _invalid(text)
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], lookup: Lookup, text: str) -> None:
        self.tokens, self.lookup, self.text, self.at = tokens, lookup, text, 0

    def peek(self) -> tuple[str, str] | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> tuple[str, str]:
        token = self.peek()
        if token is None:
            raise _invalid(self.text)
        self.at += 1
        return token

    def word(self, *words: str) -> bool:
        token = self.peek()
        if token is not None and token[0] == "word" and token[1].lower() in words:
            self.at += 1
            return True
        return False

    def sign(self, sign: str) -> None:
        if self.take() != ("sign", sign):
            raise _invalid(self.text)

    def either(self, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise _invalid(self.text)
        parts = [self.both(depth)]
        while self.word("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else lambda document: any(part(document) for part in parts)

    def both(self, depth: int) -> Predicate:
        parts = [self.single(depth)]
        while self.word("and"):
            parts.append(self.single(depth))
        return parts[0] if len(parts) == 1 else lambda document: all(part(document) for part in parts)

    def single(self, depth: int) -> Predicate:
        if self.word("not"):
            inner = self.single(depth + 1) if depth < MAX_DEPTH else self.either(depth + 1)
            return lambda document: not inner(document)
        token = self.peek()
        if token == ("sign", "("):
            self.at += 1
            inner = self.either(depth + 1)
            self.sign(")")
            return inner
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        if token is not None and token[0] == "word" and token[1].lower() in _FUNCTIONS and following == ("sign", "("):
            return self.function(_FUNCTIONS[token[1].lower()])
        return self.comparison()

    def function(self, compare: Callable[[str, str], bool]) -> Predicate:
        self.at += 1
        self.sign("(")
        left = self.operand()
        self.sign(",")
        right = self.operand()
        self.sign(")")
        if self.word("eq"):
            wanted = self.take()[1].lower() == "true"
            return lambda document: compare(_text(left(document)), _text(right(document))) == wanted
        return lambda document: compare(_text(left(document)), _text(right(document)))

    def comparison(self) -> Predicate:
        left = self.operand()
        kind, operator = self.take()
        compare = _COMPARE.get(operator.lower()) if kind == "word" else None
        if compare is None:
            raise _invalid(self.text)
        right = self.operand()

        def judge(document: Document) -> bool:
            try:
                return compare(_fold(left(document)), _fold(right(document)))
            except TypeError:
                return False

        return judge

    def operand(self) -> Callable[[Document], Any]:
        kind, text = self.take()
        if kind == "text":
            literal: Any = text[1:-1].replace("''", "'")
        elif kind == "number":
            literal = float(text)
        elif kind == "word" and text.lower() in ("true", "false", "null"):
            literal = {"true": True, "false": False, "null": None}[text.lower()]
        elif kind == "word" and text[0].isdigit():
            literal = text
        elif kind == "word":
            lookup = self.lookup
            return lambda document: lookup(document, text)
        else:
            raise _invalid(self.text)
        return lambda _document: literal


def _fold(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower()
