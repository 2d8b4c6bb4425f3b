"""SQL filters and actions, as Microsoft's pages on their syntax describe them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from azlabs.simulator.data_planes.service_bus import rules
from azlabs.simulator.data_planes.service_bus.amqp.message import Message
from azlabs.simulator.data_planes.service_bus.amqp.types import encode
from azlabs.simulator.data_planes.service_bus.conditions import CannotEvaluate, Evaluation
from azlabs.simulator.data_planes.service_bus.sql import BadSql, parse_action, parse_filter


def message(properties: list[Any] | None = None, /, **application: Any) -> Message:
    raw = b"\x00\x53\x73" + encode(properties or ["id-1", None, "to", "label"]) + b"\x00\x53\x74" + encode(application)
    return Message(raw + b"\x00\x53\x75" + encode(b"body"))


def holds(text: str, /, **application: Any) -> bool:
    return Evaluation(message(**application)).holds(parse_filter(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1=1", True), ("1=0", False), ("color = 'red'", True), ("COLOR='red'", True), ("color = 'Red'", False), ("color <> 'blue'", True),
        ("color != 'red'", False), ("quantity > 4 AND quantity <= 5", True), ("quantity + 1 = 6", True), ("quantity * 2 - 1 >= 9", True),
        ("quantity / 2 = 2", True), ("quantity % 2 = 1", True), ("-quantity = -5", True), ("color IN ('blue', 'red')", True),
        ("color NOT IN ('blue')", True), ("missing IN ('a')", False), ("missing NOT IN ('a')", False), ("missing IS NULL", True),
        ("color IS NOT NULL", True), ("EXISTS(color)", True), ("NOT EXISTS(missing)", True), ("missing = 'x'", False),
        ("NOT missing = 'x'", False), ("missing = 'x' OR 1=1", True), ("missing = 'x' AND 1=1", False), ("color LIKE 'r%'", True),
        ("color LIKE '_ed'", True), ("color NOT LIKE 'b%'", True), ("text LIKE '50!%' ESCAPE '!'", True), ("color LIKE 'e'", False),
        ("sys.label = 'label'", True), ("sys.MessageId = 'id-1'", True), ("user.color = 'red'", True), ("[color] = 'red'", True),
        ("\"color\" = 'red'", True), ("p('color') = 'red'", True), ("property('none') IS NULL", True), ("flag = TRUE", True),
        ("flag", True),
        ("quote = 'it''s'", True), ("(color = 'blue' OR quantity = 5) AND flag", True), ("color = 5", False), ("real > 1.4", True),
        ("newid() IS NOT NULL", True), ("1e2 = 100", True), ("NOT (color = 'red')", False),
    ],
)  # fmt: skip
def test_conditions(text: str, expected: bool) -> None:
    assert holds(text, color="red", quantity=5, flag=True, quote="it's", text="50%", real=1.5) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "color =",
        "= 1",
        "a b",
        "color IN ()",
        "foo(1)",
        "(1=1",
        "color LIKE",
        "1=1;",
        "'open",
        "a NOT b",
        "x" * 2000,
        "(" * 400,
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(BadSql):
        parse_filter(text)


@pytest.mark.parametrize("text", ["quantity / 0 = 1", "flag > FALSE", "color + 1 = 2", "sys.nothing = 1", "@x = 1"])
def test_what_cannot_be_evaluated_says_so(text: str) -> None:
    with pytest.raises(CannotEvaluate):
        holds(text, quantity=5, flag=True, color="red")


def test_actions_change_a_copy() -> None:
    before = message(color="red", size=1)
    after = rules.act("SET size = size + 1; SET sys.Label = 'new'; REMOVE color; SET fresh = 'x'", {}, before)
    assert after.application == {"size": 2, "fresh": "x"} and after.value_of("subject") == "new"
    assert before.application == {"color": "red", "size": 1} and after.raw.endswith(encode(b"body"))
    for text in ("", "SET", "DROP x", "SET a = 1 SET b = 2"):
        with pytest.raises(BadSql):
            parse_action(text)


def test_correlation_filters_compare_all_that_they_name() -> None:
    def takes(**wanted: Any) -> bool:
        return rules.matches(
            {"filterType": "CorrelationFilter", "correlationFilter": wanted}, message(color="red", size=3)
        )

    assert takes(label="label") and takes(label="label", properties={"color": "red", "size": "3"})
    assert (
        not takes(label="Label") and not takes(label="label", properties={"color": "blue"}) and not takes(sessionId="s")
    )


@given(some.text(max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        tree = parse_filter(text)
        Evaluation(message(color="red")).holds(tree)
    except (BadSql, CannotEvaluate):
        pass


@given(some.text("ab%_", max_size=12), some.text("ab", max_size=20))
def test_like_agrees_with_a_plain_matcher(pattern: str, text: str) -> None:
    def fits(p: str, t: str) -> bool:
        if not p:
            return not t
        if p[0] == "%":
            return any(fits(p[1:], t[at:]) for at in range(len(t) + 1))
        return bool(t) and p[0] in ("_", t[0]) and fits(p[1:], t[1:])

    assert holds(f"t LIKE '{pattern}'", t=text) is fits(pattern, text)
