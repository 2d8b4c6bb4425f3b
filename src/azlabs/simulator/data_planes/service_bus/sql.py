"""The language of SQL filters and actions of subscriptions, from text to a tree.

Source: Microsoft's pages "Subscription Rule SQL Filter Syntax" and "Subscription Rule SQL Action Syntax". Trees are tuples:
("literal", value) ("property", scope, name) ("parameter", name) ("call", name, arguments) ("negate", e) (operator, left, right)
("not", e) ("and", l, r) ("or", l, r) ("null", e, negated) ("exists", property) ("in", e, list, negated)
("like", e, pattern, escape, negated). Statements: ("set", property, e), ("remove", property).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

LONGEST = 1024
MOST_OPERANDS = 2000
DEEPEST = 50
Tree = tuple[Any, ...]
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)|(?P<text>'(?:[^']|'')*')"
    r"|(?P<quoted>\"(?:[^\"]|\"\")+\"|\[(?:[^\]]|\]\])+\])|(?P<parameter>@[A-Za-z_][\w@#$]*)|(?P<name>[A-Za-z_][\w@#$]*)"
    r"|(?P<sign><=|>=|<>|!=|[=<>+\-*/%(),.;]))"
)
COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})
WORDS = frozenset(
    {"and", "or", "not", "is", "null", "in", "like", "escape", "exists", "true", "false", "set", "remove"}
)
SCOPES = frozenset({"sys", "user"})
FUNCTIONS = {"newid": 0, "property": 1, "p": 1}


class BadSql(Exception):
    """Text that is no filter or action; the message says where."""


class _Reader:
    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise BadSql(f"The expression is longer than {LONGEST} characters.")
        self.tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise BadSql(f"There was an error parsing the SQL expression at position {at}.")
            kind, word = found.lastgroup, found.group(found.lastgroup)
            if kind == "name" and word.lower() in WORDS:
                kind = "word"
            self.tokens.append((kind, word))
            at = found.end()
        self.at = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "")

    def take(self, *wanted: str) -> bool:
        """Step over the next token when it is one of these signs or words."""
        kind, word = self.peek()
        if kind in ("sign", "word") and word.lower() in wanted:
            self.at += 1
            return True
        return False

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise BadSql(
                f"There was an error parsing the SQL expression: '{wanted}' is expected near '{self.peek()[1]}'."
            )

    def predicate(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadSql("The expression is nested too deeply.")
        left = self._conjunction()
        while self.take("or"):
            left = ("or", left, self._conjunction())
        self.depth -= 1
        return left

    def _conjunction(self) -> Tree:
        left = self._negation()
        while self.take("and"):
            left = ("and", left, self._negation())
        return left

    def _negation(self) -> Tree:
        negations = 0
        while self.take("not"):
            negations += 1
        tree = self._comparison()
        return ("not", tree) if negations % 2 else tree

    def _comparison(self) -> Tree:
        if self.take("exists"):
            self.need("(")
            tree = self.property()
            self.need(")")
            return ("exists", tree)
        left = self.expression()
        kind, word = self.peek()
        if kind == "sign" and word in COMPARISONS:
            self.at += 1
            return ("<>" if word == "!=" else word, left, self.expression())
        if self.take("is"):
            negated = self.take("not")
            self.need("null")
            return ("null", left, negated)
        negated = self.take("not")
        if self.take("in"):
            return ("in", left, self._list(), negated)
        if self.take("like"):
            pattern = self.expression()
            escape = self.expression() if self.take("escape") else None
            return ("like", left, pattern, escape, negated)
        if negated:
            raise BadSql("There was an error parsing the SQL expression: IN or LIKE is expected after NOT.")
        return left

    def _list(self) -> tuple[Tree, ...]:
        self.need("(")
        found = [self.expression()]
        while self.take(","):
            found.append(self.expression())
        self.need(")")
        return tuple(found)

    def expression(self) -> Tree:
        left = self._term()
        while (word := self.peek()[1]) in ("+", "-") and self.peek()[0] == "sign":
            self.at += 1
            left = (word, left, self._term())
        return left

    def _term(self) -> Tree:
        left = self._factor()
        while (word := self.peek()[1]) in ("*", "/", "%") and self.peek()[0] == "sign":
            self.at += 1
            left = (word, left, self._factor())
        return left

    def _factor(self) -> Tree:
        negations = 0
        while self.peek()[0] == "sign" and self.peek()[1] in ("+", "-"):
            negations += self.peek()[1] == "-"
            self.at += 1
        tree = self._atom()
        return ("negate", tree) if negations % 2 else tree

    def _atom(self) -> Tree:
        kind, word = self.peek()
        if kind == "number":
            self.at += 1
            return ("literal", float(word) if set(word) & set(".eE") else int(word))
        if kind == "text":
            self.at += 1
            return ("literal", word[1:-1].replace("''", "'"))
        if kind == "parameter":
            self.at += 1
            return ("parameter", word)
        if kind == "word" and word.lower() in ("true", "false", "null"):
            self.at += 1
            return ("literal", {"true": True, "false": False, "null": None}[word.lower()])
        if self.take("("):
            tree = self.predicate()
            self.need(")")
            return tree
        if kind == "name" and self.peek(1) == ("sign", "("):
            return self._call(word.lower())
        return self.property()

    def _call(self, name: str) -> Tree:
        if name not in FUNCTIONS:
            raise BadSql(f"The function '{name}' is not known.")
        self.at += 2
        arguments: list[Tree] = []
        while not self.take(")"):
            if arguments:
                self.need(",")
            arguments.append(self.expression())
        if len(arguments) != FUNCTIONS[name]:
            raise BadSql(f"The function '{name}' takes {FUNCTIONS[name]} arguments.")
        return ("call", name, tuple(arguments))

    def property(self) -> Tree:
        name = self._identifier()
        if name.lower() in SCOPES and self.take("."):
            return ("property", name.lower(), self._identifier())
        return ("property", "user", name)

    def _identifier(self) -> str:
        kind, word = self.peek()
        if kind == "quoted":
            self.at += 1
            return word[1:-1].replace(word[-1] * 2, word[-1])
        if kind != "name":
            raise BadSql(f"There was an error parsing the SQL expression near '{word}'.")
        self.at += 1
        return word

    def finish(self) -> None:
        if self.at != len(self.tokens):
            raise BadSql(f"There was an error parsing the SQL expression near '{self.peek()[1]}'.")


@lru_cache(512)
def parse_filter(text: str) -> Tree:
    """The tree of a condition. Raises `BadSql`."""
    reader = _Reader(text)
    tree = reader.predicate()
    reader.finish()
    return tree


@lru_cache(512)
def parse_action(text: str) -> tuple[Tree, ...]:
    """The statements of an action. Raises `BadSql`."""
    reader = _Reader(text)
    found: list[Tree] = []
    while reader.peek()[0] != "end":
        if reader.take("set"):
            target = reader.property()
            reader.need("=")
            found.append(("set", target, reader.expression()))
        elif reader.take("remove"):
            found.append(("remove", reader.property()))
        else:
            raise BadSql(f"SET or REMOVE is expected near '{reader.peek()[1]}'.")
        if not reader.take(";"):
            break
    reader.finish()
    if not found:
        raise BadSql("The action is empty.")
    return tuple(found)
