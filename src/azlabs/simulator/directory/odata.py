"""OData queries as clients send them to Microsoft Graph: $filter, $search, $select, $orderby and $top.

The grammar is the part of OData 4.01 that Graph documents for directory objects: comparisons, `in`, startswith,
endswith and contains, `any` over a list, and, or, not, parentheses. Text compares without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?![\w-]))|(?P<word>[A-Za-z_@$0-9][\w.@/\-:]*)|(?P<mark>[(),]))"
)
Predicate = Callable[[Mapping[str, Any]], bool]
MAX_DEPTH = 60


class UnsupportedQuery(ValueError):
    """The query is not OData, or uses a part of it that is not supported."""


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "lt": lambda left, right: left is not None and right is not None and left < right,
    "le": lambda left, right: left is not None and right is not None and left <= right,
    "gt": lambda left, right: left is not None and right is not None and left > right,
    "ge": lambda left, right: left is not None and right is not None and left >= right,
}
TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
CONSTANTS = {"true": True, "false": False, "null": None}


def parse_filter(text: str) -> Predicate:
    """The filter as a function of an object. Raises UnsupportedQuery."""
    parser = _Parser(text)
    predicate = parser.disjunction(0)
    parser.end()
    return predicate


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position = 0
        text = text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise UnsupportedQuery(f"Syntax error at position {position} in '{text[:200]}'.")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self._next = 0

    def end(self) -> None:
        if self._next != len(self._tokens):
            raise UnsupportedQuery(f"Syntax error near '{self._tokens[self._next][1]}'.")

    def disjunction(self, depth: int) -> Predicate:
        return self._chain("or", self._conjunction, any, depth)

    def _conjunction(self, depth: int) -> Predicate:
        return self._chain("and", self._unary, all, depth)

    def _chain(
        self, word: str, part: Callable[[int], Predicate], combine: Callable[[Any], bool], depth: int
    ) -> Predicate:
        if depth > MAX_DEPTH:
            raise UnsupportedQuery("The filter is nested too deeply.")
        parts = [part(depth + 1)]
        while self._peek() == ("word", word):
            self._next += 1
            parts.append(part(depth + 1))
        return parts[0] if len(parts) == 1 else lambda item: combine(one(item) for one in parts)

    def _unary(self, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise UnsupportedQuery("The filter is nested too deeply.")
        if self._peek() == ("word", "not"):
            self._next += 1
            inner = self._unary(depth + 1)
            return lambda item: not inner(item)
        if self._peek() == ("mark", "("):
            self._next += 1
            inner = self.disjunction(depth + 1)
            self._expect(")")
            return inner
        return self._term(depth)

    def _term(self, depth: int) -> Predicate:
        word = self._word()
        lowered = word.lower()
        if self._peek() == ("mark", "("):
            self._next += 1
            if lowered in TESTS:
                return self._text_test(TESTS[lowered])
            if lowered.endswith("/any"):
                return self._any(word[:-4], depth)
            raise UnsupportedQuery(f"The function '{word}' is not supported.")
        operator = self._word().lower()
        if operator == "in":
            wanted = self._list()
            return lambda item: _folded(value_of(item, word)) in wanted
        if operator not in COMPARISONS:
            raise UnsupportedQuery(f"The operator '{operator}' is not supported.")
        compare, right = COMPARISONS[operator], self._constant()
        return lambda item: compare(_folded(value_of(item, word)), right)

    def _text_test(self, test: Callable[[str, str], bool]) -> Predicate:
        name = self._word()
        self._expect(",")
        wanted = str(self._constant())
        self._expect(")")
        return lambda item: test(str(_folded(value_of(item, name)) or ""), wanted)

    def _any(self, name: str, depth: int) -> Predicate:
        variable = self._word()
        if ":" in variable:
            variable, _, first = variable.partition(":")
            if first:
                self._next -= 1
                self._tokens[self._next] = ("word", first)
        else:
            raise UnsupportedQuery("any() needs a variable and a condition.")
        inner = self.disjunction(depth + 1)
        self._expect(")")
        return lambda item: any(
            inner({variable: element, **_members(variable, element)}) for element in value_of(item, name) or ()
        )

    def _list(self) -> list[Any]:
        self._expect("(")
        found = [self._constant()]
        while self._peek() == ("mark", ","):
            self._next += 1
            found.append(self._constant())
        self._expect(")")
        return found

    def _constant(self) -> Any:
        group, text = self._take()
        if group == "text":
            return text[1:-1].replace("''", "'").lower()
        if group == "number":
            return float(text) if "." in text else int(text)
        if group == "word" and text.lower() in CONSTANTS:
            return CONSTANTS[text.lower()]
        if group == "word":
            return text.lower()
        raise UnsupportedQuery(f"A value is missing before '{text}'.")

    def _word(self) -> str:
        group, text = self._take()
        if group != "word":
            raise UnsupportedQuery(f"A name is expected instead of {text}.")
        return text

    def _expect(self, mark: str) -> None:
        if self._take() != ("mark", mark):
            raise UnsupportedQuery(f"'{mark}' is missing.")

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        if token is None:
            raise UnsupportedQuery("The filter ends too early.")
        self._next += 1
        return token


def _members(variable: str, element: Any) -> dict[str, Any]:
    return {f"{variable}/{name}": value for name, value in element.items()} if isinstance(element, dict) else {}


def value_of(item: Mapping[str, Any], path: str) -> Any:
    """A member by path ("api/oauth2PermissionScopes"), null when it is absent."""
    if path in item:
        return item[path]
    node: Any = item
    for name in path.split("/"):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


SEARCH = re.compile(r'^"?(?P<name>\w+):(?P<text>.*?)"?$')


def parse_search(text: str) -> Predicate:
    """$search="displayName:word": every word of the text starts a word of the member. Raises UnsupportedQuery."""
    match = SEARCH.match(text.strip())
    if match is None:
        raise UnsupportedQuery("A search names one member and a text.")
    name, words = match["name"], match["text"].lower().split()
    return lambda item: all(
        any(part.startswith(word) for part in re.split(r"[\s\-_.@]+", str(item.get(name) or "").lower()))
        for word in words
    )
