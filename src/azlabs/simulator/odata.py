"""OData `$filter` and `$search` as Azure's and Graph's clients send them, read into predicates over a document.

Comparisons, `in`, startswith, endswith, contains, substringof, `any` over a list, and, or, not, parentheses. Text compares
without regard to case, as Azure Resource Manager and Microsoft Graph do. Operands may stand on either side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Document = Mapping[str, Any]
Predicate = Callable[[Any], bool]
Lookup = Callable[[Any, str], Any]
Operand = Callable[[Any], Any]
MAX_LENGTH = 4000
MAX_DEPTH = 40
TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w\-:]))"
    r"|(?P<word>[A-Za-z_$@][\w./\-@$]*|\d{4}-\d\d-\d\dT[\d:.Z+\-]+)"
    r"|(?P<sign>[(),:]))"
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left is not None and right is not None and left > right,
    "ge": lambda left, right: left is not None and right is not None and left >= right,
    "lt": lambda left, right: left is not None and right is not None and left < right,
    "le": lambda left, right: left is not None and right is not None and left <= right,
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
    "contains": lambda whole, part: part in whole,
    "substringof": lambda part, whole: part in whole,
}
CONSTANTS = {"true": True, "false": False, "null": None}


class UnsupportedQuery(ValueError):
    """The query is not OData, or uses a part of it that is not supported."""


def value_of(document: Any, path: str) -> Any:
    """A member by path ("api/oauth2PermissionScopes"), null when it is absent."""
    if isinstance(document, Mapping) and path in document:
        return document[path]
    node: Any = document
    for name in path.split("/"):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def parse_filter(text: str, lookup: Lookup = value_of) -> Predicate:
    """The filter as a function of a document; `lookup(document, name)` gives a member's value. Raises UnsupportedQuery."""
    if len(text) > MAX_LENGTH:
        raise UnsupportedQuery("The filter is too long.")
    parser = _Parser(_tokens(text), lookup)
    predicate = parser.either(0)
    parser.end()
    return predicate


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise UnsupportedQuery(f"Syntax error at position {at} in '{text[:200]}'.")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """Recursive descent; `_variables` are the names that enclosing `any`s bind."""

    def __init__(self, tokens: list[tuple[str, str]], lookup: Lookup) -> None:
        self._tokens, self._lookup, self._at = tokens, lookup, 0
        self._variables: list[str] = []

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise UnsupportedQuery(f"Syntax error near '{self._tokens[self._at][1]}'.")

    def either(self, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise UnsupportedQuery("The filter is nested too deeply.")
        parts = [self._both(depth)]
        while self._word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda document: any(part(document) for part in parts)

    def _both(self, depth: int) -> Predicate:
        parts = [self._single(depth)]
        while self._word("and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else lambda document: all(part(document) for part in parts)

    def _single(self, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise UnsupportedQuery("The filter is nested too deeply.")
        if self._word("not"):
            negated = self._single(depth + 1)
            return lambda document: not negated(document)
        if self._peek() == ("sign", "("):
            self._at += 1
            inner = self.either(depth + 1)
            self._sign(")")
            return inner
        name = self._called()
        if name is None:
            return self._comparison()
        if name.lower() in FUNCTIONS:
            return self._function(FUNCTIONS[name.lower()])
        if name.lower().endswith("/any"):
            return self._any(name[:-4], depth)
        raise UnsupportedQuery(f"The function '{name}' is not supported.")

    def _called(self) -> str | None:
        """The name of a call that starts here; takes the name and its parenthesis."""
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        token = self._peek()
        if token is None or token[0] != "word" or following != ("sign", "("):
            return None
        self._at += 2
        return token[1]

    def _function(self, holds: Callable[[str, str], bool]) -> Predicate:
        left = self._operand()
        self._sign(",")
        right = self._operand()
        self._sign(")")
        wanted = self._take()[1].lower() == "true" if self._word("eq") else True
        return lambda document: holds(_text(left(document)), _text(right(document))) == wanted

    def _any(self, name: str, depth: int) -> Predicate:
        """`list/any(x:condition)`: the condition reads `x` or `x/member`."""
        group, variable = self._take()
        if group != "word":
            raise UnsupportedQuery("any() needs a variable and a condition.")
        self._sign(":")
        self._variables.append(variable)
        inner = self.either(depth + 1)
        self._variables.pop()
        self._sign(")")
        items = self._member(name)
        return lambda document: any(inner({variable: item}) for item in items(document) or ())

    def _comparison(self) -> Predicate:
        left = self._operand()
        group, operator = self._take()
        if group == "word" and operator.lower() == "in":
            return self._in(left)
        compare = COMPARISONS.get(operator.lower()) if group == "word" else None
        if compare is None:
            raise UnsupportedQuery(f"The operator '{operator}' is not supported.")
        right = self._operand()

        def judge(document: Any) -> bool:
            try:
                return bool(compare(_folded(left(document)), _folded(right(document))))
            except TypeError:
                return False

        return judge

    def _in(self, left: Operand) -> Predicate:
        self._sign("(")
        wanted = [self._operand()]
        while self._peek() == ("sign", ","):
            self._at += 1
            wanted.append(self._operand())
        self._sign(")")
        return lambda document: _folded(left(document)) in [_folded(item(document)) for item in wanted]

    def _operand(self) -> Operand:
        group, text = self._take()
        literal: Any
        if group == "text":
            literal = text[1:-1].replace("''", "'")
        elif group == "number":
            literal = float(text)
        elif group == "word" and text.lower() in CONSTANTS:
            literal = CONSTANTS[text.lower()]
        elif group == "word" and text[0].isdigit():
            literal = text
        elif group == "word":
            return self._member(text)
        else:
            raise UnsupportedQuery(f"A value is missing before '{text}'.")
        return lambda _document: literal

    def _member(self, path: str) -> Operand:
        bound = path.partition("/")[0] in self._variables
        lookup = value_of if bound else self._lookup
        return lambda document: lookup(document, path)

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        if token is None:
            raise UnsupportedQuery("The filter ends too early.")
        self._at += 1
        return token

    def _word(self, word: str) -> bool:
        token = self._peek()
        if token is not None and token[0] == "word" and token[1].lower() == word:
            self._at += 1
            return True
        return False

    def _sign(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            raise UnsupportedQuery(f"'{sign}' is missing.")


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower()


SEARCH = re.compile(r'^"?(?P<name>\w+):(?P<text>.*?)"?$')


def parse_search(text: str) -> Predicate:
    """$search="displayName:word": every word of the text starts a word of the member. Raises UnsupportedQuery."""
    match = SEARCH.match(text.strip())
    if match is None:
        raise UnsupportedQuery("A search names one member and a text.")
    name, words = match["name"], match["text"].lower().split()

    def found(document: Any) -> bool:
        parts = re.split(r"[\s\-_.@]+", str(value_of(document, name) or "").lower())
        return all(any(part.startswith(word) for part in parts) for word in words)

    return found
