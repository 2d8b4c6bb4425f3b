"""The syntax of template expressions: text to tree and back.

    expression  = primary { "." name | "[" expression "]" }
    primary     = string | integer | name [ "." name ] "(" [ expression { "," expression } ] ")"

Names of functions ignore case; a namespace (`contoso.fn(...)`) marks a user function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.limits import EXPRESSION_DEPTH, EXPRESSION_LENGTH, INTEGER


@dataclass(frozen=True, slots=True)
class Literal:
    """A string or an integer; after folding any JSON value."""

    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `name` as written, `key` in lower case, namespace included."""

    name: str
    key: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A member or an item of `base`; `dotted` says which spelling the text had."""

    base: Node
    index: Node
    dotted: bool


Node = Literal | Call | Access

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^']|'')*')
        |(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
        |(?P<name>[A-Za-z_$][A-Za-z0-9_$-]*)
        |(?P<mark>[.,()\[\]]))""",
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_expression(text: str) -> bool:
    """Is this string of a template an expression? `[[` escapes a literal that starts with a bracket."""
    return len(text) > 1 and text[0] == "[" and text[-1] == "]" and text[1] != "["


def unescape(text: str) -> str:
    """The literal that a string of a template which is no expression stands for."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


@lru_cache(maxsize=8192)
def parse(text: str) -> Node:
    """Reads an expression, with or without its outer brackets; raises ExpressionError."""
    if len(text) > EXPRESSION_LENGTH:
        raise ExpressionError(
            f"The template language expression length limit exceeded. Limit: '{EXPRESSION_LENGTH}' and actual: "
            f"'{len(text)}'. Please see https://aka.ms/arm-syntax-expressions for usage details."
        )
    inner = text[1:-1] if is_expression(text) else text
    parser = _Parser(inner, text)
    node = parser.expression(0)
    parser.end()
    return node


class _Parser:
    def __init__(self, source: str, whole: str) -> None:
        self.whole = whole
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(source.rstrip())
        while position < end:
            match = _TOKEN.match(source, position)
            if match is None or match.lastgroup is None:
                raise self.wrong(source[position:].strip()[:20], position)
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self.tokens.append(("end", "EndOfData"))
        self.at = 0

    def wrong(self, found: str, position: int | None = None) -> ExpressionError:
        place = f" at position '{position}'" if position is not None else ""
        return ExpressionError(
            f"Unable to parse language expression '{self.whole[:200]}': unexpected token '{found}'{place}."
            " Please see https://aka.ms/arm-syntax-expressions for usage details."
        )

    def take(self) -> tuple[str, str]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, mark: str) -> bool:
        if self.tokens[self.at] == ("mark", mark):
            self.at += 1
            return True
        return False

    def need(self, mark: str) -> None:
        if not self.accept(mark):
            raise self.wrong(self.tokens[self.at][1])

    def end(self) -> None:
        if self.tokens[self.at][0] != "end":
            raise self.wrong(self.tokens[self.at][1])

    def expression(self, depth: int) -> Node:
        if depth > EXPRESSION_DEPTH:
            raise ExpressionError(
                f"The template language expression nesting limit exceeded. Limit: '{EXPRESSION_DEPTH}'."
                " Please see https://aka.ms/arm-syntax-expressions for usage details."
            )
        node = self.primary(depth)
        links = 0
        while True:
            if self.accept("."):
                kind, name = self.take()
                if kind != "name":
                    raise self.wrong(name)
                node = Access(node, Literal(name), True)
            elif self.accept("["):
                node = Access(node, self.expression(depth + 1), False)
                self.need("]")
            else:
                return node
            links += 1
            if depth + links > EXPRESSION_DEPTH:
                raise ExpressionError(
                    f"The template language expression nesting limit exceeded. Limit: '{EXPRESSION_DEPTH}'."
                    " Please see https://aka.ms/arm-syntax-expressions for usage details."
                )

    def primary(self, depth: int) -> Node:
        kind, text = self.take()
        if kind == "string":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(self.number(text))
        if kind != "name":
            raise self.wrong(text)
        name = text
        if self.tokens[self.at] == ("mark", ".") and self.tokens[self.at + 1][0] == "name":
            self.at += 1
            name = f"{name}.{self.take()[1]}"
        self.need("(")
        arguments: list[Node] = []
        if not self.accept(")"):
            arguments.append(self.expression(depth + 1))
            while self.accept(","):
                arguments.append(self.expression(depth + 1))
            self.need(")")
        return Call(name, name.lower(), tuple(arguments))

    def number(self, text: str) -> int | float:
        if not text.lstrip("+-").isdigit():
            raise self.wrong(text)
        value = int(text) if len(text) < 30 else INTEGER
        if not -INTEGER <= value < INTEGER:
            raise ExpressionError(f"The language expression integer '{text[:40]}' is outside the range of 64 bits.")
        return value


def unparse(node: Node) -> str:
    """The text of a tree, without outer brackets; values that have no literal are spelt as calls."""
    if isinstance(node, Literal):
        return _spell(node.value)
    if isinstance(node, Call):
        return f"{node.name}({', '.join(map(unparse, node.arguments))})"
    base = unparse(node.base)
    if isinstance(node.index, Literal) and isinstance(node.index.value, str) and _NAME.match(node.index.value):
        return f"{base}.{node.index.value}"
    return f"{base}[{unparse(node.index)}]"


def as_node(value: Any) -> Node:
    """A JSON value of a template as one tree: objects and arrays become the calls that make them."""
    if isinstance(value, str):
        return parse(value) if is_expression(value) else Literal(unescape(value))
    if isinstance(value, list):
        return Call("createArray", "createarray", tuple(map(as_node, value)))
    if isinstance(value, dict):
        parts = (part for name, item in value.items() for part in (as_node(name), as_node(item)))
        return Call("createObject", "createobject", tuple(parts))
    return Literal(value)


def _spell(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None:
        return "null()"
    if isinstance(value, bool):
        return "true()" if value else "false()"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"json('{value!r}')"
    if isinstance(value, list):
        return f"createArray({', '.join(map(_spell, value))})"
    pairs = (part for key, item in value.items() for part in (_spell(key), _spell(item)))
    return f"createObject({', '.join(pairs)})"
