"""Queries give what plain Python works out from the same rows."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulator.kql.support import START, Rows, Tables, ask

from azlabs.simulator.kql import times

ROW = st.tuples(
    st.integers(0, 600).map(lambda second: START + second * times.SECOND),
    st.sampled_from(["GET /a", "GET /b", "post /a", "", "é"]),
    st.one_of(st.none(), st.integers(-5, 5)),
    st.one_of(st.none(), st.floats(-100, 100, allow_nan=False).map(lambda one: round(one, 3))),
    st.one_of(st.none(), st.booleans()),
)
COLUMNS = [("At", "datetime"), ("Name", "string"), ("N", "long"), ("R", "real"), ("B", "bool")]
DATA = st.lists(ROW, max_size=40)
FEW = settings(max_examples=120, deadline=None)


def query(text: str, rows: list[Any], others: list[Any] | None = None) -> list[tuple[Any, ...]]:
    return ask(text, Tables(T=Rows(COLUMNS, rows), U=Rows(COLUMNS, others or []))).rows


# --- conditions as trees: (KQL, Python with three-valued logic) --------------------------------------------------------------
def _both(left: Any, right: Any, compare: Any) -> Any:
    return None if left is None or right is None else compare(left, right)


def _leaf(place: int, name: str, op: str, value: Any) -> tuple[str, Any]:
    shown = f"'{value}'" if isinstance(value, str) else str(value)
    table = {"<": lambda a, b: a < b, ">=": lambda a, b: a >= b}

    def test(row: Any) -> Any:
        if op == "==":
            return row[place] == value
        if op == "!=":
            return row[place] != value
        if op == "contains":
            return value.lower() in row[place].lower()
        return _both(row[place], value, table[op])

    return f"{name} {op} {shown}", test


def _and(one: Any, two: Any) -> Any:
    return False if one is False or two is False else None if one is None or two is None else True


def _or(one: Any, two: Any) -> Any:
    return True if one is True or two is True else None if one is None or two is None else False


def _not(one: Any) -> Any:
    return None if one is None else not one


LEAF = st.one_of(
    st.builds(lambda op, value: _leaf(2, "N", op, value), st.sampled_from(["<", ">=", "==", "!="]), st.integers(-5, 5)),
    st.builds(lambda op, value: _leaf(3, "R", op, value), st.sampled_from(["<", ">="]), st.integers(-50, 50)),
    st.builds(lambda op, value: _leaf(1, "Name", op, value), st.sampled_from(["==", "!=", "contains"]),
    st.sampled_from(["GET /a", "a", "GET"])),
    st.just(("B", lambda row: row[4])),
    st.just(("isnull(N)", lambda row: row[2] is None)),
    st.just(("N in (1, 2, 3)", lambda row: row[2] in (1, 2, 3))),
    st.just(("N between (-1 .. 2)", lambda row: None if row[2] is None else -1 <= row[2] <= 2)),
)
TREE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(lambda a, b: (f"({a[0]} and {b[0]})", lambda row: _and(a[1](row), b[1](row))), inner, inner),
        st.builds(lambda a, b: (f"({a[0]} or {b[0]})", lambda row: _or(a[1](row), b[1](row))), inner, inner),
        st.builds(lambda a: (f"not({a[0]})", lambda row: _not(a[1](row))), inner),
    ),
    max_leaves=6,
)


@FEW
@given(DATA, TREE)
def test_where_and_conditional_results(rows: list[Any], tree: Any) -> None:
    text, test = tree
    assert query(f"T | where {text}", rows) == [row for row in rows if test(row) is True]
    found = query(f"T | extend x = {text}, y = iff({text}, 'yes', 'no')", rows)
    assert [row[5:] for row in found] == [(test(row), "yes" if test(row) is True else "no") for row in rows]


# --- arithmetic ------------------------------------------------------------------------------------------------------------
def _cut(left: int, right: int) -> int | None:
    return None if right == 0 else int(math.copysign(1, left) * math.copysign(1, right)) * (abs(left) // abs(right)) if left else 0


NUMBER = st.recursive(
    st.one_of(
        st.integers(0, 9).map(lambda one: (str(one), lambda _row: one)),
        st.just(("N", lambda row: row[2])),
    ),
    lambda inner: st.one_of(
        st.builds(lambda a, b: (f"({a[0]} + {b[0]})", lambda row: _both(a[1](row), b[1](row), lambda x, y: x + y)), inner, inner),
        st.builds(lambda a, b: (f"({a[0]} - {b[0]})", lambda row: _both(a[1](row), b[1](row), lambda x, y: x - y)), inner, inner),
        st.builds(lambda a, b: (f"({a[0]} * {b[0]})", lambda row: _both(a[1](row), b[1](row), lambda x, y: x * y)), inner, inner),
        st.builds(lambda a, b: (f"({a[0]} / {b[0]})", lambda row: _both(a[1](row), b[1](row), _cut)), inner, inner),
        st.builds(lambda a: (f"iff(B, {a[0]}, 7)", lambda row: a[1](row) if row[4] else 7), inner),
        st.builds(lambda a: (f"coalesce({a[0]}, 3)", lambda row: 3 if a[1](row) is None else a[1](row)), inner),
        st.builds(lambda a: (f"(-{a[0]})", lambda row: None if a[1](row) is None else -a[1](row)), inner),
    ),
    max_leaves=8,
)


@FEW
@given(DATA, NUMBER)
def test_arithmetic(rows: list[Any], tree: Any) -> None:
    text, work_out = tree
    found = [row[0] for row in query(f"T | project x = {text} + 0", rows)]
    assert found == [work_out(row) for row in rows]


# --- groups ----------------------------------------------------------------------------------------------------------------
def _median(values: list[Any], share: int) -> Any:
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share / 100 * len(ordered))) - 1] if ordered else None


@FEW
@given(DATA, st.sampled_from([1, 7, 60, 300]))
def test_summarize_by_bin_and_name(rows: list[Any], seconds: int) -> None:
    text = (f"T | summarize n = count(), s = sum(N), lo = min(R), hi = max(R), d = dcount(N), c = countif(B), l = make_list(N), "
            f"p = percentile(N, 50) by t = bin(At, {seconds}s), Name")  # fmt: skip
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[(row[0] - row[0] % (seconds * times.SECOND), row[1])].append(row)
    expected = {}
    for key, members in groups.items():
        whole = [row[2] for row in members if row[2] is not None]
        real = [row[3] for row in members if row[3] is not None]
        expected[key] = (len(members), sum(whole), min(real, default=None), max(real, default=None), len(set(whole)),
                         sum(row[4] is True for row in members), whole, _median(whole, 50))  # fmt: skip
    assert {row[:2]: row[2:] for row in query(text, rows)} == expected


@FEW
@given(DATA)
def test_order_top_and_distinct(rows: list[Any]) -> None:
    ascending = sorted(rows, key=lambda row: (row[2] is not None, row[2] or 0, ))
    assert query("T | sort by N asc", rows) == ascending
    filled = sorted((row for row in rows if row[3] is not None), key=lambda row: row[3], reverse=True)
    assert query("T | top 3 by R desc", rows) == (filled + [row for row in rows if row[3] is None])[:3]
    assert query("T | distinct Name, N", rows) == list(dict.fromkeys((row[1], row[2]) for row in rows))
    best = {}
    for row in rows:
        if row[1] not in best or row[0] > best[row[1]][0]:
            best[row[1]] = row
    found = {row[0]: row[1] for row in query("T | summarize arg_max(At, *) by Name", rows)}
    assert found == {name: row[0] for name, row in best.items()}


@FEW
@given(DATA, DATA, st.sampled_from(["inner", "innerunique", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti",
"rightsemi", "rightanti"]))
def test_joins_are_what_nested_loops_give(left: list[Any], right: list[Any], kind: str) -> None:
    found = query(f"T | project N, A = Name | join kind={kind} (U | project N, B = Name) on N", left, right)
    mine, others = [(row[2], row[1]) for row in left], [(row[2], row[1]) for row in right]
    if kind == "innerunique":
        mine = list({one[0]: one for one in reversed(mine)}.values())
    hits = [(one, two) for one in mine for two in others if one[0] is not None and one[0] == two[0]]
    lone = [one for one in mine if not any(one[0] is not None and one[0] == two[0] for two in others)]
    alone = [two for two in others if not any(two[0] is not None and one[0] == two[0] for one in mine)]
    pairs = [one + two for one, two in hits]
    expected = {
        "inner": pairs, "innerunique": pairs, "leftouter": pairs + [(*one, None, "") for one in lone],
        "rightouter": pairs + [(None, "", *two) for two in alone],
        "fullouter": pairs + [(*one, None, "") for one in lone] + [(None, "", *two) for two in alone],
        "leftsemi": [one for one in mine if one not in lone], "leftanti": lone,
        "rightsemi": [two for two in others if two not in alone], "rightanti": alone,
    }[kind]  # fmt: skip
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@FEW
@given(st.lists(st.tuples(st.text("ab=; ", max_size=6), st.integers(-99, 99)), max_size=10))
def test_parse_reads_what_strcat_wrote(pairs: list[tuple[str, int]]) -> None:
    rows = [(START, name.replace(" n=", "_"), number, None, None) for name, number in pairs]
    found = query("T | extend m = strcat('<', Name, ' n=', N, '>') | parse m with '<' who ' n=' n:long '>' | project who, n", rows)
    assert found == [(row[1], row[2]) for row in rows]


@FEW
@given(st.integers(0, times.LAST), st.integers(-(10**17), 10**17))
def test_points_in_time_survive_being_written_and_read(ticks: int, span: int) -> None:
    assert times.parse_time(times.show_time(ticks)) == ticks
    assert times.parse_time(times.answered_time(ticks)) == ticks
    assert times.parse_span(times.show_span(span)) == span
