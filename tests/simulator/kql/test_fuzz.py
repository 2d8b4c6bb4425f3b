"""Whatever is sent, the answer is a table or an error of the language, soon."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulator.kql.support import NOW, tables

from azlabs.simulator.kql.calls import _FORMS, TABLE
from azlabs.simulator.kql.errors import KqlError
from azlabs.simulator.kql.evaluator import run

WORDS = st.sampled_from(
    ["Calls", "People", "|", "where", "extend", "project", "summarize", "by", "count()", "sum(", "avg(", "bin(", "join",
    "kind=inner", "on", "union", "mv-expand", "parse", "with", "take", "top", "sort", "order", "asc", "desc", "distinct",
    "let", "=", ";", "(", ")", "[", "]", "{", "}", ",", ".", "..", ":", "+", "-", "*", "/", "%", "==", "!=", "=~", "<", ">",
    "<=", ">=", "and", "or", "not(", "in", "(", "between", "has", "contains", "!in", "!has", "~", "!", "At", "Name", "Ms",
    "Ok", "Code", "Bag", "Bag.id", "Bag['n']", "Id", "Age", "1", "2.5", "5m", "1d", "'text'", '"t"', "@'v'", "true", "false",
    "datetime(2024-01-01)", "dynamic([1,{'a':2}])", "ago(1h)", "iff(", "tostring(", "toscalar(", "arg_max(", "make_list(",
    "percentile(", "print", "range", "x", "from", "1", "to", "3", "step", "1", "datatable(a:long)[1]", "render", "search",
    "has_any", "project-away", "Na*", "$left.Id", "$right.Id", "limit", "typeof(long)", "to", "kind=leftouter",
    "withsource=s", "serialize", "as", "lookup", "long(null)", "real(nan)"]
)
SOUP = st.lists(WORDS, min_size=1, max_size=25).map(" ".join)
ARGUMENTS = st.sampled_from(
    ["1", "-1", "0", "2.5", "''", "'a.*'", "'x,y'", "1h", "-1d", "datetime(2024-01-01)", "datetime(9999-12-31)",
    "dynamic([3,'a',null])",
     "dynamic({'a':{'b':1}})", "true", "long(null)", "datetime(null)", "Name", "Ms", "Code", "Bag", "At", "Ok", "1e308",
     "9223372036854775807",
     "'day'", "'yyyy-MM-dd'", "real(nan)", "real(+inf)", "decimal(1.5)", "Bag.id", "Bag.tags", "'$.a'", "new_guid()", "int(7)"]
)  # fmt: skip
MANY = settings(max_examples=300, deadline=None)


def attempt(text: str) -> None:
    with contextlib.suppress(KqlError):
        run(text, tables(), NOW)


@MANY
@given(SOUP)
def test_words_in_any_order(text: str) -> None:
    attempt(text)


@MANY
@given(SOUP)
def test_words_in_any_order_after_a_table(text: str) -> None:
    attempt(f"Calls | {text}")


@MANY
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    attempt(text)
    attempt(f"Calls | where {text}")


@MANY
@given(st.sampled_from(sorted({*TABLE, *_FORMS} - {"materialize"})), st.lists(ARGUMENTS, max_size=5))
def test_every_function_with_any_arguments(name: str, arguments: list[str]) -> None:
    attempt(f"Calls | extend x = {name}({', '.join(arguments)}) | project tostring(x)")
    attempt(f"print {name}({', '.join(arguments)})")


@MANY
@given(ARGUMENTS, st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "has", "contains", "=~", "!startswith",
"and"]), ARGUMENTS,
       st.sampled_from(["count", "sum", "avg", "min", "max", "dcount", "stdev", "make_list", "make_set", "arg_max",
       "take_any", "percentile"]))  # fmt: skip
def test_every_operator_and_aggregate_with_any_operands(left: str, op: str, right: str, aggregate: str) -> None:
    attempt(f"Calls | extend x = {left} {op} {right}")
    attempt(f"Calls | summarize x = {aggregate}({left}, {right}) by Name")
    attempt(f"Calls | summarize {aggregate}({left}) by bin({right}, 1h) | order by Name asc")
    attempt(f"Calls | where {left} in ({right}, {left}) | distinct {left}, {right} | sort by {left}")
