"""Template expressions have the values that Azure's engine gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.arm import ExpressionError, evaluate
from azlabs.arm.syntax import parse, unparse

SHARED = Path(__file__).resolve().parents[2] / "../shared/arm-functions/cases.json"
OWN = json.loads(Path(__file__).with_name("cases.json").read_text())


def check(case: dict[str, Any]) -> None:
    if case.get("error"):
        with pytest.raises(ExpressionError):
            evaluate(case["expression"], case.get("context"))
        return
    value = evaluate(case["expression"], case.get("context"))
    assert json.dumps(value, sort_keys=True) == json.dumps(case["expected"], sort_keys=True), case["expression"]


@pytest.mark.parametrize("case", OWN, ids=lambda case: case["expression"])
def test_an_expression_has_its_known_value(case: dict[str, Any]) -> None:
    check(case)


def test_every_gathered_case_holds() -> None:
    if not SHARED.exists():
        pytest.skip("the gathered cases are not at hand")
    cases = json.loads(SHARED.read_text())
    assert len(cases) > 200
    for case in cases:
        check(case)


NAMES = ["concat", "format", "union", "createArray", "createObject", "map", "filter", "reduce", "range", "json", "string",
         "length", "if", "and", "split", "replace", "padLeft", "lambda", "lambdaVariables", "toObject", "sort", "resourceId",
         "dateTimeAdd", "cidrSubnet", "parseCidr", "reference", "items", "mapValues", "substring", "uri", "take",
         "nope", "flatten", "shallowMerge", "coalesce", "int", "mul", "base64ToJson", "uniqueString", "tryGet"]  # fmt: skip
LEAVES = st.one_of(
    st.integers(-(2**64), 2**64).map(str),
    st.text(max_size=12).map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(["null()", "true()", "createArray()", "createObject()", "'10.0.0.0/8'", "'P1D'", "'[{\"a\":1}]'"]),
)


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    calls = st.tuples(st.sampled_from(NAMES), st.lists(inner, max_size=4)).map(lambda c: f"{c[0]}({', '.join(c[1])})")
    accesses = st.tuples(inner, inner).map(lambda pair: f"{pair[0]}[{pair[1]}]")
    lambdas = inner.map(lambda body: f"lambda('x', {body})")
    return st.one_of(calls, accesses, lambdas, inner.map(lambda base: f"{base}.name"))


EXPRESSIONS = st.recursive(LEAVES, grow, max_leaves=12).map(lambda text: f"[{text}]")


def outcome(text: str) -> Any:
    try:
        return json.dumps(evaluate(text))
    except ExpressionError as problem:
        return problem.message


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS)
def test_evaluating_twice_gives_the_same(text: str) -> None:
    assert outcome(text) == outcome(text)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_the_evaluator_crash(text: str) -> None:
    for candidate in (text, f"[{text}]", f"[concat({text})]"):
        outcome(candidate)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_what_is_printed_reads_as_the_same_tree(text: str) -> None:
    try:
        tree = parse(text)
    except ExpressionError:
        return
    printed = parse(f"[{unparse(tree)}]")
    assert unparse(printed) == unparse(tree)
    assert outcome(f"[{unparse(tree)}]") == outcome(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" + "concat(" * 5000 + "'a'" + ")" * 5000 + "]",
        "[createArray()" + "[0]" * 5000 + "]",
        "['" + "a" * 30_000 + "']",
        "[" + "x" * 100_000 + "]",
        "[reduce(range(0, 60), 'ab', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))]",
        "[reduce(range(0, 90), 'ab', lambda('a', 'b', createArray(lambdaVariables('a'), lambdaVariables('a'))))]",
        "[reduce(range(0, 9000), 'ab', lambda('a', 'b', createArray(lambdaVariables('a'))))]",
        "[map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', lambdaVariables('b')))))]",
        "[padLeft('a', 2000000000)]",
        "[format('{0,2000000000}', 1)]",
        "[json('" + "[" * 10_000 + "')]",
        "[string(json('" + "[" * 99 + "]" * 99 + "'))" + "]" * 2,
        "[int('" + "9" * 20_000 + "')]",
        "[replace(padLeft('a', 4000000), ' ', padLeft('a', 4000))]",
    ],
    ids=lambda text: text[:40],
)
def test_what_would_grow_without_bound_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


def test_an_expression_longer_than_azure_takes_is_refused_in_azures_words() -> None:
    with pytest.raises(ExpressionError, match="Limit: '24576' and actual: '30006'"):
        evaluate("['" + "a" * 30_002 + "']")
