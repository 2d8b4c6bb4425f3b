"""Reads expressions: operators by precedence, literals, calls, paths."""

from __future__ import annotations

from typing import Any

from azlabs.simulator.kql import times
from azlabs.simulator.kql.errors import KqlSyntaxError
from azlabs.simulator.kql.lexer import Token, tokens
from azlabs.simulator.kql.syntax import (
    Binary,
    Call,
    Chain,
    Index,
    Listed,
    Literal,
    Member,
    Name,
    Node,
    Star,
    Unary,
)

DEEPEST, LONGEST = 60, 100
TEXT_OPERATORS = frozenset({
    "has", "has_cs", "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs", "hasprefix",
    "hasprefix_cs", "hassuffix", "hassuffix_cs",
})  # fmt: skip
LISTED = frozenset({"in", "between", "has_any", "has_all"})
TYPES = {
    "bool": "bool", "boolean": "bool", "int": "int", "long": "long", "real": "real", "double": "real", "decimal": "decimal",
    "string": "string", "datetime": "datetime", "date": "datetime", "timespan": "timespan", "time": "timespan",
    "guid": "guid", "uuid": "guid", "uniqueid": "guid", "dynamic": "dynamic",
}  # fmt: skip
"""Names of types, and what they are called in answers."""
_ONLY_LITERALS = frozenset(TYPES) - {"string"}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2}


class ExpressionParser:
    """A place in the words of a query."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.place, self.depth = text, tokens(text), 0, 0

    # --- words ----------------------------------------------------------------------------------------------------------
    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.place + count, len(self.tokens) - 1)]

    def step(self) -> Token:
        token = self.tokens[self.place]
        if token.kind != "end":
            self.place += 1
        return token

    def at_word(self, *words: str) -> bool:
        return self.now.word in words and self.now.word != ""

    def take(self, word: str) -> bool:
        """Go past a word if it is next."""
        if self.now.word == word:
            self.place += 1
            return True
        return False

    def need(self, word: str) -> Token:
        if self.now.word != word:
            raise self.wrong(f"Token: {word}")
        return self.step()

    def wrong(self, expected: str = "") -> KqlSyntaxError:
        token = self.now
        word = self.text[token.at : token.end] or "<EOF>"
        return KqlSyntaxError(token.at, word, f"Expected: {expected}." if expected else "")

    def name(self, what: str = "a name") -> str:
        """A name: a word, or ['any text']."""
        token = self.now
        if token.kind == "name":
            self.place += 1
            return token.word
        if token.word == "[" and self.ahead().kind == "text" and self.ahead(2).word == "]":
            self.place += 3
            return str(self.tokens[self.place - 2].value)
        raise self.wrong(what)

    def joined(self) -> str:
        """A word that may have hyphens: project-away, mv-expand."""
        word = self.name("an operator")
        while self.now.word == "-" and self.now.at == self.tokens[self.place - 1].end and self.ahead().kind == "name":
            self.place += 1
            word += f"-{self.step().word}"
        return word

    # --- expressions ----------------------------------------------------------------------------------------------------
    def expression(self) -> Node:
        """One scalar expression."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise KqlSyntaxError(self.now.at, self.text[self.now.at : self.now.end], "The query is nested too deeply.")
        try:
            return self._chain("or", lambda: self._chain("and", self._equality))
        finally:
            self.depth -= 1

    def expressions(self, end: str) -> list[Node]:
        """Expressions with commas between, and the sign after them."""
        found: list[Node] = []
        if self.take(end):
            return found
        while True:
            found.append(self.expression())
            if self.take(end):
                return found
            self.need(",")

    def _chain(self, word: str, part: Any) -> Node:
        at = self.now.at
        items = [part()]
        while self.now.kind == "name" and self.take(word):
            items.append(part())
        return items[0] if len(items) == 1 else Chain(word, items, at)

    def _equality(self) -> Node:
        left = self._relational()
        for _ in range(LONGEST):
            at, word = self.now.at, self.now.word
            if word in ("==", "!=", "<>"):
                self.step()
                left = Binary("!=" if word == "<>" else word, left, self._relational(), at)
                continue
            negated = word == "!" and self.ahead().word in LISTED
            if not (negated or word in LISTED):
                return left
            self.place += negated
            left = self._listed(left, "!" if negated else "", at)
        raise self.wrong()

    def _listed(self, left: Node, mark: str, at: int) -> Node:
        word = self.step().word
        if word == "in" and self.take("~"):
            word = "in~"
        self.need("(")
        if word == "between":
            low = self._sum(1)
            self.need("..")
            high = self._sum(1)
            self.need(")")
            return Listed(f"{mark}between", left, [low, high], at)
        return Listed(mark + word, left, self.values(), at)

    def values(self) -> list[Node]:
        """The inside of `in (...)`: expressions, or one table."""
        return self.expressions(")")

    def _relational(self) -> Node:
        left = self._sum(1)
        for _ in range(LONGEST):
            if not self.at_word("<", ">", "<=", ">="):
                return left
            token = self.step()
            left = Binary(token.word, left, self._sum(1), token.at)
        raise self.wrong()

    def _sum(self, level: int) -> Node:
        left = self._textual()
        for _ in range(LONGEST):
            own = _PRECEDENCE.get(self.now.word, 0) if self.now.kind == "sign" else 0
            if own < level:
                return left
            token = self.step()
            right = self._sum(own + 1) if own == 1 else self._textual()
            left = Binary(token.word, left, right, token.at)
        raise KqlSyntaxError(self.now.at, self.now.word, "The expression is too long.")

    def _textual(self) -> Node:
        left = self._unary()
        for _ in range(LONGEST):
            at, word = self.now.at, self.now.word
            if word in ("=~", "!~") or word in TEXT_OPERATORS:
                self.step()
            elif word == "!" and self.ahead().word in TEXT_OPERATORS:
                self.place += 2
                word = f"!{self.tokens[self.place - 1].word}"
            elif word == "matches" and self.ahead().word == "regex":
                self.place += 2
                word = "matches regex"
            else:
                return left
            left = Binary(word, left, self._unary(), at)
        raise self.wrong()

    def _unary(self) -> Node:
        token = self.now
        if token.word in ("-", "+") and token.kind == "sign":
            self.step()
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.wrong()
            value = self._unary()
            self.depth -= 1
            if isinstance(value, Literal) and value.type in ("long", "real", "timespan", "int"):
                return Literal(value.value if token.word == "+" or value.value is None else -value.value, value.type, token.at)
            return value if token.word == "+" else Unary("-", value, token.at)
        return self._path()

    def _path(self) -> Node:
        node = self._primary()
        for _ in range(LONGEST):
            token = self.now
            if token.word == "." and token.kind == "sign":
                self.step()
                node = Member(node, self.name(), token.at)
            elif token.word == "[" and token.at == self.tokens[self.place - 1].end:
                self.step()
                index = self.expression()
                self.need("]")
                node = Index(node, index, token.at)
            else:
                return node
        raise self.wrong()

    def _primary(self) -> Node:
        token = self.now
        if token.kind in ("text", "long", "real", "timespan"):
            self.step()
            return Literal(token.value, "string" if token.kind == "text" else token.kind, token.at)
        if token.word == "(":
            self.step()
            inner = self.inside()
            self.need(")")
            return inner
        if token.word == "*":
            self.step()
            return Star(token.at)
        if token.word == "[":
            return Name(self.name(), token.at)
        if token.kind != "name":
            raise self.wrong()
        if token.word in ("true", "false") and self.ahead().word != "(":
            self.step()
            return Literal(token.word == "true", "bool", token.at)
        if self.ahead().word == "(" and token.word not in ("and", "or"):
            if token.word in _ONLY_LITERALS:
                return self._typed()
            return self.call()
        if token.word in ("and", "or", "in", "by", "between"):
            raise self.wrong()
        self.step()
        return Name(token.word, token.at)

    def inside(self) -> Node:
        """What may stand in parentheses."""
        return self.expression()

    def call(self) -> Node:
        """`name(arguments)`."""
        token = self.step()
        self.need("(")
        return Call(token.word, self.expressions(")"), token.at)

    # --- literals of a type ---------------------------------------------------------------------------------------------
    def _typed(self) -> Node:
        token = self.step()
        kind = TYPES[token.word]
        opening = self.need("(")
        if kind == "dynamic":
            value = self._json()
            self.need(")")
            return Literal(value, kind, token.at)
        while self.now.word != ")":
            if self.now.kind == "end" or self.now.word in ("(", "|", ";"):
                raise self.wrong("Token: )")
            self.step()
        text = self.text[opening.end : self.now.at].strip()
        self.need(")")
        return Literal(self._value(kind, text.strip("\"'"), token), kind, token.at)

    def _value(self, kind: str, text: str, token: Token) -> Any:
        if text == "null":
            return None
        found: Any = None
        try:
            if kind == "datetime":
                found = times.parse_time(text)
            elif kind == "timespan":
                found = times.parse_span(text)
            elif kind == "bool":
                found = {"true": True, "false": False, "1": True, "0": False}.get(text.lower())
            elif kind in ("int", "long"):
                found = int(text, 16 if text.lower().startswith("0x") else 10) if len(text) < 40 else None
                size = 31 if kind == "int" else 63
                found = found if found is not None and -(1 << size) <= found < 1 << size else None
            elif kind == "guid":
                import uuid

                found = str(uuid.UUID(text))
            elif kind == "decimal":
                from decimal import Decimal

                found = Decimal(text)
            else:
                found = float(text.replace("+inf", "inf"))
        except (ValueError, ArithmeticError):
            found = None
        if found is None:
            raise KqlSyntaxError(token.at, self.text[token.at : token.at + 40], f"'{text[:40]}' is not a literal of type {kind}.")
        return found

    def _json(self) -> Any:
        """The inside of `dynamic(...)`."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong()
        try:
            return self._json_value()
        finally:
            self.depth -= 1

    def _json_value(self) -> Any:
        token = self.now
        if token.kind in ("text", "long", "real"):
            return self.step().value
        if token.word == "-" and self.ahead().kind in ("long", "real"):
            self.step()
            value: Any = self.step().value
            return -value
        if token.word in ("true", "false", "null"):
            self.step()
            return {"true": True, "false": False, "null": None}[token.word]
        if token.kind == "timespan":
            self.step()
            return times.show_span(int(str(token.value)))
        if token.word in _ONLY_LITERALS:
            literal = self._typed()
            if literal.value is None:
                return None
            return times.show_time(literal.value) if literal.type == "datetime" else (
                times.show_span(literal.value) if literal.type == "timespan" else literal.value
            )  # fmt: skip
        if self.take("["):
            items: list[Any] = []
            while not self.take("]"):
                items.append(self._json())
                if not self.at_word("]"):
                    self.need(",")
            return items
        if self.take("{"):
            bag: dict[str, Any] = {}
            while not self.take("}"):
                key = self.step()
                if key.kind not in ("text", "name"):
                    raise self.wrong("a name in quotes")
                self.need(":")
                bag[str(key.value)] = self._json()
                if not self.at_word("}"):
                    self.need(",")
            return bag
        raise self.wrong("a JSON value")
