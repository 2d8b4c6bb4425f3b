"""From the text of a query to its parts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.expressions import Expressions
from azlabs.simulator.data_planes.cosmos.query.syntax import (
    Call,
    Column,
    Constant,
    Expression,
    Member,
    Name,
    Order,
    Parameter,
    Query,
    Source,
)

MOST_JOINS = 10
"""JOINs per query (service limit)."""


class Parser(Expressions):
    """Reads the clauses of a query."""

    def whole(self) -> Query:
        """A query and nothing behind it."""
        found = self.query()
        if self.token.kind != "end":
            raise self.wrong()
        return found

    def query(self) -> Query:
        """SELECT and its clauses, in their order."""
        spans: list[tuple[str, int, int]] = []
        self.expect("SELECT")
        distinct = self.take("DISTINCT")
        start = self.token.start
        top = self._count() if self.at("TOP") and self._is_top() else None
        if top is not None:
            spans.append(("top", start, self.token.start))
        start = self.token.start
        form, columns = self._selection()
        spans.append(("select", start, self._end()))
        start = self.token.start
        sources = self._sources() if self.take("FROM") else ()
        spans.append(("from", start, self._end() if sources else start))
        start = self.token.start
        where = self.expression() if self.take("WHERE") else None
        if where is not None:
            spans.append(("where", start, self._end()))
        group: tuple[Expression, ...] = ()
        if self.take("GROUP"):
            self.expect("BY")
            group = self._group()
        start = self.token.start
        order, rank = self._order()
        if order or rank is not None:
            spans.append(("order", start, self._end()))
        start = self.token.start
        offset = limit = None
        if self.take("OFFSET"):
            offset = self._number()
            self.expect("LIMIT")
            limit = self._number()
            spans.append(("offset", start, self._end()))
        found = Query(form, columns, distinct, top, sources, where, group, order, rank, offset, limit, tuple(spans))
        _check(found, self)
        return found

    def _end(self) -> int:
        return self.tokens[self.place - 1].end

    # --- SELECT ---------------------------------------------------------------------------------------------------------
    def _is_top(self) -> bool:
        return self.tokens[self.place + 1].kind in ("number", "parameter")

    def _count(self) -> Expression:
        self.expect("TOP")
        return self._number()

    def _number(self) -> Expression:
        token = self.token
        if token.kind == "parameter":
            self.next()
            return Parameter(token.text)
        if token.kind != "number" or token.value.__class__ is not int:
            raise self.wrong()
        self.next()
        return Constant(token.value)

    def _selection(self) -> tuple[str, tuple[Column, ...]]:
        if self.at("*"):
            self.next()
            return "*", ()
        if self.at("VALUE") and not self.ahead(".") and not self.ahead(",") and not self.ahead("FROM"):
            self.next()
            return "value", (Column("", self.expression()),)
        unnamed = iter(range(1, 10_000))
        columns = [self._column(unnamed)]
        while self.take(","):
            columns.append(self._column(unnamed))
        names = [column.name for column in columns]
        again = next((name for name in names if names.count(name) > 1), None)
        if again is not None:
            raise QueryError(f"Property name '{again}' is specified more than once in the projection.", "SC2101")
        return "list", tuple(columns)

    def _column(self, unnamed: Iterator[int]) -> Column:
        value = self.expression()
        if self.take("AS"):
            token = self.next()
            if token.kind not in ("name", "string", "keyword"):
                self.place -= 1
                raise self.wrong()
            return Column(token.value if token.kind == "string" else token.raw, value)
        if self.token.kind == "name":
            return Column(self.next().raw, value)
        if isinstance(value, Name):
            return Column(value.name, value)
        if isinstance(value, Member) and isinstance(value.name, Constant) and isinstance(value.name.value, str):
            return Column(value.name.value, value)
        return Column(f"${next(unnamed)}", value)

    # --- FROM -----------------------------------------------------------------------------------------------------------
    def _sources(self) -> tuple[Source, ...]:
        known: set[str] = set()
        found = [self._source(known)]
        while self.take("JOIN"):
            found.append(self._source(known))
        if len(found) > MOST_JOINS + 1:
            raise QueryError("The query exceeded the maximum number of joins.", "SC3020")
        return tuple(found)

    def _source(self, known: set[str]) -> Source:
        alias = ""
        iterates = False
        if self.token.kind == "name" and self.ahead("IN"):
            alias, iterates = self.next().raw, True
            self.expect("IN")
        value = self._from_value()
        if not iterates:
            if self.take("AS") or self.token.kind == "name":
                token = self.next()
                if token.kind != "name":
                    self.place -= 1
                    raise self.wrong()
                alias = token.raw
            elif isinstance(value, Name):
                alias = value.name
            elif isinstance(value, Member) and isinstance(value.name, Constant):
                alias = str(value.name.value)
        if alias in known:
            raise QueryError(f"The input alias '{alias}' is specified more than once in the FROM clause.", "SC2020")
        known.add(alias)
        return Source(alias, value, iterates)

    def _from_value(self) -> Expression:
        if self.at("(") and self.ahead("SELECT"):
            self.next()
            return self._subquery("ARRAY")
        return self._unary()

    # --- GROUP BY, ORDER BY ---------------------------------------------------------------------------------------------
    def _group(self) -> tuple[Expression, ...]:
        found = [self.expression()]
        while self.take(","):
            found.append(self.expression())
        return tuple(found)

    def _order(self) -> tuple[tuple[Order, ...], Expression | None]:
        if not self.take("ORDER"):
            return (), None
        self.expect("BY")
        if self.token.kind == "name" and self.token.text.upper() == "RANK" and self.tokens[self.place + 1].kind == "name":
            self.next()
            return (), self.expression()
        found = [self._order_item()]
        while self.take(","):
            found.append(self._order_item())
        return tuple(found), None

    def _order_item(self) -> Order:
        value = self.expression()
        if self.take("DESC"):
            return Order(value, True, True)
        return Order(value, False, self.take("ASC"))


def _check(query: Query, parser: Parser) -> None:
    if query.form == "*" and len(query.sources) != 1:
        message = (
            "'SELECT *' is only valid with a single input set."
            if query.sources
            else "'SELECT *' is not valid if FROM clause is omitted."
        )
        raise QueryError(message, "SC2040")
    if query.group and (query.order or query.rank is not None):
        raise QueryError("'ORDER BY' is not supported with 'GROUP BY'.", "SC2204")
    if query.top is not None and query.limit is not None:
        raise QueryError("'TOP' and 'OFFSET LIMIT' cannot be combined in one query.", "SC2110", 0, len(parser.text))
    if query.rank is not None and not (isinstance(query.rank, Call) and query.rank.name in ("FULLTEXTSCORE", "RRF")):
        raise QueryError("One of the input values is invalid: ORDER BY RANK takes FullTextScore or RRF.", "SC2206")


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """The parts of a query. Raises `QueryError`."""
    try:
        return Parser(text).whole()
    except RecursionError:
        raise QueryError("The query is nested too deeply.", "SC3003") from None
