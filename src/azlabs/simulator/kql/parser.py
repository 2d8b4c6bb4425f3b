"""Reads whole queries: statements, sources of rows, and what follows the pipes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlabs.simulator.kql.errors import KqlSyntaxError, NotModelled
from azlabs.simulator.kql.expression_parser import TYPES, ExpressionParser
from azlabs.simulator.kql.syntax import (
    Binary,
    Function,
    Literal,
    Name,
    Named,
    Node,
    Operator,
    Ordered,
    Pipeline,
    Query,
    Star,
)

REFUSED = frozenset({
    "consume", "evaluate", "facet", "find", "fork", "invoke", "make-graph", "make-series", "mv-apply", "parse-kv", "partition",
    "reduce", "sample-distinct", "scan", "top-hitters", "top-nested", "graph-match", "graph-to-table", "macro-expand",
    "project-by-names", "externaldata", "cluster", "database", "adx", "arg", "execute_and_cache",
})  # fmt: skip
"""Operators and sources that Kusto has and the simulator does not."""
SOURCES = frozenset({"datatable", "union", "range", "print", "search", "externaldata", "find", "evaluate"})


def parse(text: str) -> Query:
    """The tree of a query. Raises KqlError."""
    return Parser(text).query()


class Parser(ExpressionParser):
    """Statements and operators."""

    searching = False

    def query(self) -> Query:
        """All statements."""
        found = Query()
        while self.now.kind != "end":
            if self.take(";"):
                continue
            word = self.now.word
            if word == "let" and self.ahead().kind in ("name", "sign"):
                found.lets.append(self._let())
            elif word == "set" and self.ahead().kind == "name" and self.ahead(2).word in ("=", ";"):
                while self.now.kind != "end" and not self.at_word(";"):
                    self.step()
            elif word in ("declare", "alias", "restrict") and self.ahead().kind == "name":
                raise NotModelled(f"the statement {word}", self.now.at)
            else:
                found.results.append(self.inside())
            if self.now.kind != "end":
                self.need(";")
        if not found.results:
            raise KqlSyntaxError(0, "<EOF>", "A query has to have a statement that gives rows.")
        return found

    def _let(self) -> tuple[str, Node]:
        self.step()
        name = self.name()
        self.need("=")
        self.take("view")
        if self.at_word("(") and self._is_function():
            return name, self._function()
        return name, self.inside()

    def _is_function(self) -> bool:
        depth, place = 0, self.place
        while place < len(self.tokens) - 1:
            word = self.tokens[place].word
            depth += (word == "(") - (word == ")")
            place += 1
            if depth == 0:
                return self.tokens[place].word == "{"
        return False

    def _function(self) -> Function:
        at = self.need("(").at
        parameters: list[tuple[str, str, Node | None]] = []
        while not self.take(")"):
            name = self.name()
            self.need(":")
            if self.take("("):
                kind = "table"
                while not self.take(")"):
                    if self.now.kind == "end":
                        raise self.wrong("Token: )")
                    self.step()
            else:
                kind = self.type_name()
            parameters.append((name, kind, self.expression() if self.take("=") else None))
            if not self.at_word(")"):
                self.need(",")
        self.need("{")
        lets: list[tuple[str, Node]] = []
        while self.at_word("let"):
            lets.append(self._let())
            self.need(";")
        body = self.inside()
        self.take(";")
        self.need("}")
        return Function(parameters, lets, body, at)

    def type_name(self) -> str:
        """The name of a type."""
        token = self.now
        word = self.name("a type")
        if word not in TYPES:
            raise KqlSyntaxError(token.at, word, "Expected: a type.")
        return TYPES[word]

    # --- sources --------------------------------------------------------------------------------------------------------
    def inside(self) -> Node:
        """A scalar expression or a source with steps: which of them a lone name is, only the evaluation knows."""
        self.depth += 1
        if self.depth > 40:
            raise self.wrong()
        at = self.now.at
        source = self._source()
        steps: list[Operator] = []
        while self.at_word("|"):
            self.step()
            steps.append(self._operator())
        self.depth -= 1
        if steps or isinstance(source, Operator):
            return Pipeline(source, steps, at)
        return source

    def _source(self) -> Node:
        word, following = self.now.word, self.ahead()
        if word in SOURCES and following.word not in ("|", "=", ";", "."):
            if (word == "datatable") == (following.word == "(") or (word in ("union", "search") and following.word == "("):
                return self._operator()
            if word == "print" and following.word == "(":
                return self._operator()
        return self.expression()

    def expressions(self, end: str) -> list[Node]:
        """Arguments may be tables."""
        found: list[Node] = []
        if self.take(end):
            return found
        while True:
            found.append(self.inside())
            if self.take(end):
                return found
            self.need(",")

    def call(self) -> Node:
        if self.now.word in REFUSED:
            raise NotModelled(self.now.word, self.now.at)
        return super().call()

    def _equality(self) -> Node:
        left = super()._equality()
        if self.searching and self.at_word(":"):
            at = self.step().at
            return Binary("has", left, self._primary(), at)
        return left

    # --- operators ------------------------------------------------------------------------------------------------------
    def _operator(self) -> Operator:
        at = self.now.at
        before = self.place
        word = self.joined()
        if word in REFUSED:
            raise NotModelled(word, at)
        read = _OPERATORS.get(word)
        if read is None:
            self.place = before
            raise self.wrong("an operator")
        name, args = read(self)
        return Operator(name, args, at)

    def _settings(self) -> dict[str, str]:
        """`kind=inner hint.strategy=shuffle` and the like, before what an operator works on."""
        found: dict[str, str] = {}
        while self.now.kind == "name":
            count = 1
            while self.ahead(count).word == "." and self.ahead(count + 1).kind == "name":
                count += 2
            if self.ahead(count).word != "=":
                return found
            name = self.text[self.now.at : self.tokens[self.place + count - 1].end]
            if count == 1 and name not in _SETTINGS:
                return found
            self.place += count + 1
            found[name] = str(self.step().value)
        return found

    def _named(self) -> Named:
        at = self.now.at
        names: list[str] = []
        if self.at_word("(") and self._names_follow():
            self.step()
            names.append(self.name())
            while self.take(","):
                names.append(self.name())
            self.need(")")
            self.need("=")
        elif (self.now.kind == "name" and self.ahead().word == "=") or (self.now.word == "[" and self.ahead(3).word == "="):
            names.append(self.name())
            self.need("=")
        return Named(names, self.expression(), at)

    def _names_follow(self) -> bool:
        place = self.place + 1
        while place < len(self.tokens) - 2 and self.tokens[place].kind == "name" and self.tokens[place + 1].word == ",":
            place += 2
        closing = self.tokens[place + 1 : place + 3]
        return self.tokens[place].kind == "name" and [token.word for token in closing] == [")", "="]

    def _list(self, part: Callable[[], Any]) -> list[Any]:
        found = [part()]
        while self.take(","):
            found.append(part())
        return found

    def _condition(self) -> tuple[str, dict[str, Any]]:
        return "where", {"by": self.expression()}

    def _projected(self, name: str) -> tuple[str, dict[str, Any]]:
        empty = self.now.kind == "end" or self.at_word("|", ")", ";")
        return name, {"items": [] if empty and name in ("serialize", "project") else self._list(self._named)}

    def _pattern(self) -> str:
        if self.at_word("["):
            return self.name()
        start = self.now
        while self.now.kind == "name" or self.at_word("*"):
            self.step()
            if self.now.at != self.tokens[self.place - 1].end:
                break
        if self.tokens[self.place - 1].end <= start.at:
            raise self.wrong("a column")
        return self.text[start.at : self.tokens[self.place - 1].end]

    def _patterns(self, name: str) -> tuple[str, dict[str, Any]]:
        def one() -> tuple[str, str]:
            pattern = self._pattern()
            order = self.step().word if name == "project-reorder" and self.at_word("asc", "desc") else ""
            return pattern, order

        return name, {"patterns": self._list(one)}

    def _rename(self) -> tuple[str, dict[str, Any]]:
        def one() -> tuple[str, Name]:
            new = self.name()
            self.need("=")
            return new, Name(self.name(), self.now.at)

        return "project-rename", {"items": self._list(one)}

    def _summarize(self) -> tuple[str, dict[str, Any]]:
        self._settings()
        items = [] if self.at_word("by") else self._list(self._named)
        by: list[Named] = []
        if self.take("by"):
            by = self._list(self._named)
        return "summarize", {"items": items, "by": by}

    def _ordered(self) -> Ordered:
        at = self.now.at
        value = self.expression()
        descending = not self.at_word("asc")
        if self.at_word("asc", "desc"):
            self.step()
        first: bool | None = None
        if self.take("nulls"):
            if not self.at_word("first", "last"):
                raise self.wrong("first or last")
            first = self.step().word == "first"
        return Ordered(value, descending, first, at)

    def _sort(self) -> tuple[str, dict[str, Any]]:
        self._settings()
        self.need("by")
        return "sort", {"keys": self._list(self._ordered)}

    def _top(self) -> tuple[str, dict[str, Any]]:
        count = self.expression()
        self.need("by")
        return "top", {"count": count, "keys": self._list(self._ordered)}

    def _take(self, name: str = "take") -> tuple[str, dict[str, Any]]:
        return name, {"count": self.expression()}

    def _distinct(self) -> tuple[str, dict[str, Any]]:
        self._settings()
        return "distinct", {"items": self._list(self._named)}

    def _table(self) -> Node:
        if self.take("("):
            found = self.inside()
            self.need(")")
            return found
        at = self.now.at
        if self.now.kind == "name" and self.ahead().word == "(":
            return self._path()
        name = self._pattern()
        return Name(name, at)

    def _join(self, name: str) -> tuple[str, dict[str, Any]]:
        settings = self._settings()
        right = self._table()
        self.need("on")
        return name, {"settings": settings, "right": right, "on": self._list(self.expression)}

    def _union(self) -> tuple[str, dict[str, Any]]:
        settings = self._settings()
        return "union", {"settings": settings, "tables": self._list(self._table)}

    def _expand(self) -> tuple[str, dict[str, Any]]:
        settings = self._settings()

        def one() -> Named:
            found = self._named()
            if self.take("to"):
                self.need("typeof")
                self.need("(")
                found.typed = self.type_name()
                self.need(")")
            return found

        items = self._list(one)
        return "mv-expand", {"settings": settings, "items": items, "limit": self.expression() if self.take("limit") else None}

    def _parse(self, name: str) -> tuple[str, dict[str, Any]]:
        settings = self._settings()
        if self.take("flags"):
            raise NotModelled("flags of parse", self.now.at)
        value = self._textual()
        self.need("with")
        parts: list[Any] = []
        while self.now.kind == "text" or (self.now.kind == "name" or self.at_word("*", "[")):
            if self.now.kind == "text":
                parts.append(Literal(self.step().value, "string", self.now.at))
            elif self.at_word("*"):
                parts.append(Star(self.step().at))
            else:
                column = self.name()
                parts.append((column, self.type_name() if self.take(":") else "string"))
        if not parts:
            raise self.wrong("a pattern")
        return name, {"settings": settings, "value": value, "parts": parts}

    def _render(self) -> tuple[str, dict[str, Any]]:
        found = {"visualization": self.name("a visualization")}
        while self.now.kind != "end" and not self.at_word("|", ";", ")"):
            if self.take("with"):
                self.need("(")
                while not self.take(")"):
                    name = self.name()
                    self.need("=")
                    found[name] = self.text[self.now.at : self._last_of_value()]
                    self.take(",")
            else:
                self.step()
        return "render", {"render": found}

    def _last_of_value(self) -> int:
        end = self.step().end
        while not self.at_word(",", ")"):
            if self.now.kind == "end":
                raise self.wrong("Token: )")
            end = self.step().end
        return end

    def _search(self) -> tuple[str, dict[str, Any]]:
        settings = self._settings()
        tables: list[Any] = []
        if self.take("in"):
            self.need("(")
            tables = self._list(self._table)
            self.need(")")
        self.searching = True
        try:
            by = self.expression()
        finally:
            self.searching = False
        return "search", {"settings": settings, "tables": tables, "by": by}

    def _datatable(self) -> tuple[str, dict[str, Any]]:
        self.need("(")
        columns: list[tuple[str, str]] = []
        while not self.take(")"):
            name = self.name()
            self.need(":")
            columns.append((name, self.type_name()))
            if not self.at_word(")"):
                self.need(",")
        self.need("[")
        values: list[Node] = []
        while not self.take("]"):
            values.append(self.expression())
            if not self.at_word("]"):
                self.need(",")
        return "datatable", {"columns": columns, "values": values}

    def _range(self) -> tuple[str, dict[str, Any]]:
        name = self.name()
        found: dict[str, Any] = {"name": name}
        for word in ("from", "to", "step"):
            self.need(word)
            found[word] = self.expression()
        return "range", found

    def _as(self) -> tuple[str, dict[str, Any]]:
        self._settings()
        return "as", {"name": self.name()}


_SETTINGS = frozenset({"kind", "withsource", "isfuzzy", "bagexpansion", "with_itemindex"})
_OPERATORS: dict[str, Callable[[Parser], tuple[str, dict[str, Any]]]] = {
    "where": Parser._condition, "filter": Parser._condition, "extend": lambda p: p._projected("extend"),
    "project": lambda p: p._projected("project"), "serialize": lambda p: p._projected("serialize"),
    "print": lambda p: p._projected("print"), "project-away": lambda p: p._patterns("project-away"),
    "project-keep": lambda p: p._patterns("project-keep"), "project-reorder": lambda p: p._patterns("project-reorder"),
    "project-rename": Parser._rename, "summarize": Parser._summarize, "sort": Parser._sort, "order": Parser._sort,
    "top": Parser._top, "take": Parser._take, "limit": Parser._take, "sample": Parser._take, "distinct": Parser._distinct,
    "count": lambda _: ("count", {}), "join": lambda p: p._join("join"), "lookup": lambda p: p._join("lookup"),
    "union": Parser._union, "mv-expand": Parser._expand, "mvexpand": Parser._expand, "parse": lambda p: p._parse("parse"),
    "parse-where": lambda p: p._parse("parse-where"), "render": Parser._render, "search": Parser._search,
    "datatable": Parser._datatable, "range": Parser._range, "getschema": lambda _: ("getschema", {}), "as": Parser._as,
}  # fmt: skip
