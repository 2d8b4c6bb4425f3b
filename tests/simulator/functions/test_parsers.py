"""Texts that learners write: read, or refused with a sentence, never anything else."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.simulator.functions import expressions, routes, schedule, settings, tracing
from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.program import frames

NOISE = st.text("abcXY019{}:()*=?/,.-_ %~[]\\^$@;&é", max_size=30)
SEGMENT = st.text("abcxyz019._~ é", min_size=1, max_size=8).filter(lambda text: text.strip() and text not in (".", ".."))


@given(NOISE, NOISE)
def test_any_template_is_read_or_refused_and_any_path_is_matched_or_not(template: str, path: str) -> None:
    with contextlib.suppress(FunctionProblem):
        found = routes.read(template).match(path)
        assert found is None or all(isinstance(value, str) for value in found.values())


@given(st.lists(SEGMENT, min_size=1, max_size=4))
def test_what_a_path_says_comes_back_as_parameters(values: list[str]) -> None:
    from urllib.parse import quote

    template = "/".join(f"{{p{number}}}" for number in range(len(values)))
    path = "/".join(quote(value, safe="") for value in values)
    assert routes.read(template).match(path) == {f"p{number}": value for number, value in enumerate(values)}
    assert routes.read("{*rest}").match(path) == {"rest": "/".join(values)}
    assert routes.read(f"fixed/{template}").match(path) is None or values[0] == "fixed"


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("int", "-3", "3.0"), ("int", "2147483647", "2147483648"), ("long", "9223372036854775807", "x"), ("bool", "TRUE", "1"),
        ("guid", "cd2c1638-1638-72d5-1638-deadbeef1638", "cd2c"), ("alpha", "abc", "a1"), ("length(2)", "ab", "abc"),
        ("length(2,4)", "abc", "a"), ("minlength(2)", "ab", "a"), ("maxlength(2)", "ab", "abc"), ("min(18)", "18", "17"),
        ("max(5)", "5", "6"), ("range(1,3)", "2", "4"),
        ("datetime", "2026-01-31", "soon"), ("double", "1e3", "x"), ("decimal", "1.5", "1e3"),
        (r"regex(^\d{{3}}$)", "123", "12"), ("int:min(1)", "1", "0"),
    ],
)  # fmt: skip
def test_constraints_are_those_of_asp_net(constraint: str, good: str, bad: str) -> None:
    route = routes.read(f"a/{{x:{constraint}}}")
    assert route.match(f"a/{good}") == {"x": good}
    assert route.match(f"a/{bad}") is None


def test_literal_parts_are_tried_before_parameters_and_catch_alls_last() -> None:
    templates = ["{*rest}", "a/{x}", "a/{x:int}", "a/b", "{y}/b"]
    assert sorted(templates, key=lambda one: routes.read(one).order) == ["a/b", "a/{x:int}", "a/{x}", "{y}/b", "{*rest}"]


@given(NOISE)
def test_any_schedule_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FunctionProblem):
        assert schedule.read(text, spans=True).next(1_700_000_000) > 1_700_000_000


@given(NOISE, st.dictionaries(st.text("abc", max_size=2), st.integers() | st.text(max_size=3) | st.none()))
def test_any_expression_is_expanded_or_refused(text: str, values: dict[str, object]) -> None:
    with contextlib.suppress(FunctionProblem):
        assert isinstance(expressions.expand(text, values, 0.0), str)


@given(NOISE | st.builds(lambda vault, name: f"VaultName={vault};SecretName={name}", NOISE, NOISE))
def test_any_reference_names_a_secret_or_is_refused(inner: str) -> None:
    with contextlib.suppress(FunctionProblem):
        vault, name, _ = settings._named(inner)
        assert "/" not in vault + name


@given(st.text(max_size=60))
def test_any_traceparent_is_read_or_ignored(text: str) -> None:
    trace = tracing.begin((text,), linked=False)
    assert tracing.parse(trace.traceparent) is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab", max_size=3), JSON, max_size=4))
def test_messages_between_host_and_worker_come_as_they_were_sent(message: dict[str, object]) -> None:
    here, there = socket.socketpair()
    with here, there:
        threading.Thread(target=frames.Channel(here).send, args=(message,)).start()
        assert frames.Channel(there).receive() == message


@pytest.mark.parametrize("raw", [b"", b"\0\0\0\x02\0\0\0\0no", b"\0\0\0\x02\0\0\0\0[]", b"\xff" * 8, json.dumps({}).encode()])
def test_what_is_no_message_ends_the_conversation(raw: bytes) -> None:
    here, there = socket.socketpair()
    with there:
        with here:
            here.sendall(raw)
        with pytest.raises(frames.Broken):
            frames.Channel(there).receive()
