"""The parser of scalar expressions: operators by precedence, literals, functions, subqueries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos.query.errors import QueryError, syntax
from azlabs.simulator.data_planes.cosmos.query.lexer import Token, words
from azlabs.simulator.data_planes.cosmos.query.syntax import (
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    In,
    Like,
    MakeArray,
    MakeObject,
    Member,
    Name,
    Parameter,
    Subquery,
    Unary,
)
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.cosmos.query.syntax import Query

DEEPEST = 60
"""Levels of nesting; more are refused as Cosmos DB refuses them."""
_LEVELS: tuple[frozenset[str], ...] = tuple(
    map(frozenset, (("OR",), ("AND",), ("|",), ("^",), ("&",), ("=", "!=", "<>", "<", "<=", ">", ">="), ("<<", ">>", ">>>"),
                    ("||", "+", "-"), ("*", "/", "%")))
)  # fmt: skip
_COMPARISONS = 5
_LITERALS = {"TRUE": True, "FALSE": False, "NULL": None, "UNDEFINED": UNDEFINED}


class Expressions:
    """Reads expressions from the tokens of a query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = words(text)
        self.place = 0
        self.depth = 0

    # --- tokens ---------------------------------------------------------------------------------------------------------
    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def at(self, *texts: str) -> bool:
        """Is the next token one of these signs or keywords?"""
        token = self.tokens[self.place]
        return token.text in texts and token.kind in ("sign", "keyword")

    def ahead(self, text: str, distance: int = 1) -> bool:
        """Is the token after the next one this?"""
        place = min(self.place + distance, len(self.tokens) - 1)
        return self.tokens[place].text == text and self.tokens[place].kind in ("sign", "keyword")

    def take(self, *texts: str) -> bool:
        """Go past the next token if it is one of these."""
        if self.at(*texts):
            self.place += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Go past a token that has to be there."""
        token = self.token
        if not self.take(text):
            raise self.wrong()
        return token

    def wrong(self) -> QueryError:
        """The refusal of the next token."""
        token = self.token
        return syntax(token.raw, token.start, token.end)

    def next(self) -> Token:
        """The next token, and go past it."""
        token = self.token
        if token.kind != "end":
            self.place += 1
        return token

    def listed(self, close: str, read: Callable[[], Any]) -> tuple[Any, ...]:
        """Items between commas until a closing sign, which is taken."""
        found: list[Any] = []
        if not self.take(close):
            found.append(read())
            while self.take(","):
                found.append(read())
            self.expect(close)
        return tuple(found)

    # --- operators ------------------------------------------------------------------------------------------------------
    def expression(self) -> Expression:
        """A whole scalar expression."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryError("The query is nested too deeply.", "SC3003")
        try:
            found = self._level(0)
            while self.take("??"):
                found = Binary("??", found, self._level(0))
            if self.take("?"):
                yes = self.expression()
                self.expect(":")
                return Conditional(found, yes, self.expression())
            return found
        finally:
            self.depth -= 1

    def _level(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        if level == 2 and self.at("NOT"):
            self.next()
            return Unary("NOT", self._level(2))
        found = self._level(level + 1)
        while True:
            token = self.token
            if token.kind in ("sign", "keyword") and token.text in _LEVELS[level]:
                self.next()
                sign = "!=" if token.text == "<>" else token.text
                found = Binary(sign, found, self._level(level + 1))
            elif level == _COMPARISONS and self.at("NOT", "IN", "BETWEEN", "LIKE"):
                found = self._word_comparison(found)
            else:
                return found

    def _word_comparison(self, value: Expression) -> Expression:
        negated = self.take("NOT")
        found: Expression
        if self.take("IN"):
            self.expect("(")
            found = In(value, self.listed(")", self.expression))
            if not found.choices:
                raise self.wrong()
        elif self.take("BETWEEN"):
            low = self._level(_COMPARISONS + 1)
            self.expect("AND")
            high = self._level(_COMPARISONS + 1)
            found = Binary("AND", Binary(">=", value, low), Binary("<=", value, high))
        elif self.take("LIKE"):
            pattern = self._level(_COMPARISONS + 1)
            found = Like(value, pattern, self._level(_COMPARISONS + 1) if self.take("ESCAPE") else None)
        else:
            raise self.wrong()
        return Unary("NOT", found) if negated else found

    def _unary(self) -> Expression:
        for sign in ("-", "+", "~", "NOT"):
            if self.take(sign):
                self.depth += 1
                if self.depth > DEEPEST:
                    raise QueryError("The query is nested too deeply.", "SC3003")
                inner = self._unary()
                self.depth -= 1
                if sign == "-" and isinstance(inner, Constant) and inner.value.__class__ in (int, float):
                    return Constant(-inner.value)
                return Unary(sign, inner)
        return self._members(self._primary())

    def _members(self, value: Expression) -> Expression:
        while True:
            if self.take("."):
                token = self.next()
                if token.kind not in ("name", "keyword"):
                    self.place -= 1
                    raise self.wrong()
                value = Member(value, Constant(token.raw))
            elif self.take("["):
                name = self.expression()
                self.expect("]")
                value = Member(value, name)
            else:
                return value

    # --- what stands by itself ------------------------------------------------------------------------------------------
    def _primary(self) -> Expression:
        token = self.token
        if token.kind in ("number", "string"):
            self.next()
            return Constant(token.value)
        if token.kind == "parameter":
            self.next()
            return Parameter(token.text)
        if token.kind == "keyword" and token.text in _LITERALS:
            self.next()
            return Constant(_LITERALS[token.text])
        if self.at("EXISTS", "ARRAY") and self.ahead("("):
            form = self.next().text
            self.expect("(")
            return self._subquery(form)
        if token.kind == "keyword" and token.text in ("LEFT", "RIGHT") and self.ahead("("):
            self.next()
            return self._call(token)
        if self.at("UDF"):
            raise QueryError("User-defined functions are not modelled by the simulator.", "NotModelledBySimulator", token.start, token.end)
        if token.kind == "name" or (token.text in ("VALUE", "CONVERT", "SET") and token.kind == "keyword"):
            self.next()
            return self._call(token) if self.at("(") else Name(token.raw, token.start, token.end)
        return self._bracketed()

    def _bracketed(self) -> Expression:
        if self.take("("):
            if self.at("SELECT"):
                return self._subquery("scalar")
            found = self.expression()
            self.expect(")")
            return found
        if self.take("["):
            return MakeArray(self.listed("]", self.expression))
        if self.take("{"):
            return MakeObject(self.listed("}", self._property))
        raise self.wrong()

    def _property(self) -> tuple[str, Expression]:
        token = self.next()
        if token.kind not in ("string", "name", "keyword"):
            self.place -= 1
            raise self.wrong()
        self.expect(":")
        return (token.value if token.kind == "string" else token.raw), self.expression()

    def _call(self, token: Token) -> Expression:
        self.expect("(")
        return Call(token.text.upper(), self.listed(")", self.expression), token.raw, token.start, token.end)

    def _subquery(self, form: str) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise QueryError("The query is nested too deeply.", "SC3003")
        found = Subquery(form, self.query())
        self.depth -= 1
        self.expect(")")
        return found

    def query(self) -> Query:
        """A query inside brackets."""
        raise NotImplementedError
