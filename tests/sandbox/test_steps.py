"""Steps go side by side, in the order that they need; what stands in the way of one is tried again when it has gone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.cloud.errors import AzureError
from azlabs.progress import Event, silent
from azlabs.sandbox.down_order import USES, longest_chain, what_goes_first
from azlabs.sandbox.steps import MOST_TRIES, Step, carry_out

GROUP = "/subscriptions/s/resourceGroups/g/providers"


def step(key: str, act: Callable[[], None] = lambda: None, *after: str) -> Step:
    return Step(key, "thing", key, "delete", act, set(after))


@given(st.lists(st.sets(st.integers(0, 8), max_size=3), min_size=1, max_size=9))
def test_every_step_is_done_after_those_that_it_waits_for(waits: list[set[int]]) -> None:
    """Also when they wait for each other in a circle, or for a step that there is not."""
    done: list[int] = []
    steps = [
        step(str(number), lambda number=number: done.append(number), *map(str, after))  # type: ignore[misc]
        for number, after in enumerate(waits)
    ]
    assert carry_out(steps, silent) == {}
    assert sorted(done) == list(range(len(waits)))
    if all(before < number for number, after in enumerate(waits) for before in after):
        for number, after in enumerate(waits):
            assert all(done.index(before) < done.index(number) for before in after)


def test_those_that_wait_for_nothing_go_at_once() -> None:
    gate = threading.Barrier(6, timeout=20)
    assert carry_out([step(str(number), gate.wait) for number in range(6)], silent) == {}  # type: ignore[arg-type]


def test_a_refusal_is_tried_again_when_something_else_has_gone() -> None:
    gone: list[str] = []

    def network() -> None:
        if "interface" not in gone:
            raise AzureError(409, "InUse", "An interface sits in it.")
        gone.append("network")

    def interface() -> None:
        threading.Event().wait(0.02)
        gone.append("interface")

    assert carry_out([step("network", network), step("interface", interface)], silent) == {}
    assert gone == ["interface", "network"]


def test_a_refusal_that_nothing_lifts_is_a_failure_and_those_behind_it_go_on() -> None:
    tries = 0

    def locked() -> None:
        nonlocal tries
        tries += 1
        raise AzureError(409, "ScopeLocked", "It is locked.")

    events: list[Event] = []
    done: list[str] = []
    steps = [
        step("locked", locked),
        *(step(str(number)) for number in range(30)),
        step("group", lambda: done.append("group"), "locked"),
    ]
    failed = carry_out(steps, events.append)
    assert list(failed) == ["locked"] and failed["locked"].code == "ScopeLocked"
    assert done == ["group"]
    assert tries <= MOST_TRIES
    assert [event.state for event in events if event.subject == "locked"][-1] == "failed"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 500])
def test_what_another_deletion_cannot_change_is_not_tried_again(status: int) -> None:
    tries = 0

    def refused() -> None:
        nonlocal tries
        tries += 1
        raise AzureError(status, "No", "No.")

    assert list(carry_out([step("a", refused), step("b")], silent)) == ["a"]
    assert tries == 1


def test_a_mistake_of_azlabs_is_not_swallowed() -> None:
    def broken() -> None:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        carry_out([step("a", broken)], silent)


# --- the order of resources


def test_no_type_waits_for_itself_over_others() -> None:
    kinds = {*USES, *(used for all_used in USES.values() for used in all_used)}
    ids = {f"{GROUP}/{kind.partition('/')[0]}/{kind.rpartition('/')[2]}/one": kind for kind in kinds if kind.count("/") == 1}
    chain = longest_chain(what_goes_first(ids))  # would not end with a circle
    assert 4 <= len(chain) <= 9


def test_users_go_before_what_they_use_and_children_with_their_parent() -> None:
    machine, interface = f"{GROUP}/Microsoft.Compute/virtualMachines/vm", f"{GROUP}/Microsoft.Network/networkInterfaces/nic"
    network, zone = f"{GROUP}/Microsoft.Network/virtualNetworks/net", f"{GROUP}/Microsoft.Network/privateDnsZones/z"
    link, extension = f"{zone}/virtualNetworkLinks/l", f"{machine}/extensions/x"
    kinds = {identifier: "/".join((identifier.split("/")[6], *identifier.split("/")[7::2])) for identifier in (
        network, extension, machine, zone, interface, link
    )}  # fmt: skip
    first = what_goes_first(kinds)
    assert extension not in first, "it goes with its machine"
    assert first[interface] == {machine} and first[network] == {interface, link}
    assert first[zone] == {link} and first[machine] == set()
    assert longest_chain(first) == [machine, interface, network]
