"""The list of gates, and $filter as a language of its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azlabs.simulator import Principal, Simulator
from azlabs.simulator.resource_manager import filters, gates
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.gates import Gate

from .library import SUBSCRIPTION, Arm, code

SEEN: list[tuple[str, str]] = []


def closed_on_mondays(_store: object, principal: Principal, write: object) -> None:
    """A gate for the tests: notes what it sees, and refuses names that start with `no`."""
    name = str(getattr(write, "name", ""))
    SEEN.append((principal.object_id, name))
    if name.startswith("no"):
        refuse("ClosedOnMondays", "The library is closed.", status=403)
    body = getattr(write, "body", None)
    if isinstance(body, dict) and name == "changed":
        body["tags"] = {"by": "gate"}


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Arm:
    """A simulator with a gate that is on while there are labels."""
    gate = Gate("test", f"{__name__}:closed_on_mondays", ("contoso.library/labels",), frozenset({"write", "delete"}))
    monkeypatch.setattr(gates, "GATES", [*gates.GATES, gate])
    SEEN.clear()
    return Arm(Simulator())


def test_a_gate_is_asked_only_while_there_is_something_to_judge(gated: Arm) -> None:
    library = f"{gated.group()}/providers/Contoso.Library"
    assert gated("PUT", f"{library}/shelves/no1", {"location": "westeurope"}).status == 201
    assert not SEEN
    label = f"{SUBSCRIPTION}/providers/Contoso.Library/labels/red"
    assert gated("PUT", label, {"properties": {}}).status == 201
    refused = gated("PUT", f"{library}/shelves/no2", {"location": "westeurope"})
    assert (refused.status, code(refused)) == (403, "ClosedOnMondays")
    assert gated("GET", f"{library}/shelves/no2").status == 404
    assert code(gated("DELETE", f"{library}/shelves/no1")) == "ClosedOnMondays"
    assert code(gated("PUT", f"{library}/shelves/no1/books/no3", {"properties": {"title": "x"}})) == "ClosedOnMondays"
    assert gated("PUT", f"{library}/shelves/no1/books/yes", {"properties": {"title": "x"}}).status == 201
    assert SEEN[-1] == (gated.simulator.tokens.owner.object_id, "yes")
    assert gated("DELETE", label).status == 200
    assert gated("DELETE", f"{library}/shelves/no1").status == 202


def test_a_gate_may_change_what_is_written(gated: Arm) -> None:
    library = f"{gated.group()}/providers/Contoso.Library"
    gated("PUT", f"{SUBSCRIPTION}/providers/Contoso.Library/labels/red", {"properties": {}})
    assert gated.make(f"{library}/readers/changed")["tags"] == {"by": "gate"}
    assert gated("GET", f"{library}/readers/changed").json()["tags"] == {"by": "gate"}


def test_gates_that_another_process_switched_on_count(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate("test", f"{__name__}:closed_on_mondays", ("contoso.library/labels",), frozenset({"write"}))
    monkeypatch.setattr(gates, "GATES", [*gates.GATES, gate])
    path = f"{tmp_path}/state.db"
    with Simulator(path) as one, Simulator(path) as two:
        first, second = Arm(one), Arm(two)
        library = f"{first.group()}/providers/Contoso.Library"
        assert first("PUT", f"{library}/readers/no1", {"location": "westeurope"}).status == 201
        assert second("PUT", f"{SUBSCRIPTION}/providers/Contoso.Library/labels/red", {"properties": {}}).status == 201
        assert code(first("PUT", f"{library}/readers/no2", {"location": "westeurope"})) == "ClosedOnMondays"


DOCUMENT = {
    "name": "Web",
    "size": 3,
    "on": True,
    "none": None,
    "sku": {"name": "Basic"},
    "when": "2026-01-02T00:00:00Z",
}


def lookup(document: dict[str, object], name: str) -> object:
    value: object = document
    for part in name.split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq 'web'", True),
        ("name ne 'web'", False),
        ("size gt 2 and size le 3", True),
        ("size lt 3 or on eq true", True),
        ("not (size eq 3)", False),
        ("not size eq 3 or on eq true", True),
        ("on eq false or size eq 4 and name eq 'web'", False),
        ("sku/name eq 'basic'", True),
        ("none eq null", True),
        ("startswith(name, 'w') and endswith(name,'B') and contains(name,'e')", True),
        ("substringof('eb', name) eq false", False),
        ("when ge 2026-01-01T00:00:00Z", True),
        ("name gt 5", False),
        ("name eq 'it''s'", False),
    ],
)
def test_filters_say_what_odata_says(text: str, expected: bool) -> None:
    assert filters.parse(text, lookup)(DOCUMENT) is expected


@pytest.mark.parametrize(
    "text", ["", "name", "name eq", "eq 'x'", "(name eq 'x'", "name eq 'x' name", "f(name)", "name eq 'x", "((" * 60]
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        filters.parse(text, lookup)
    assert (caught.value.status, caught.value.code) == (400, "InvalidFilterInQueryString")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abn='() ,eqandort5/", max_size=40))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = filters.parse(text, lookup)(DOCUMENT)
    except Refused:
        return
    assert found in (True, False)
