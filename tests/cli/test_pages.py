"""What is shown before something costs money, and while it is worked on."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from azlabs.cli.call import Call
from azlabs.cli.learning import _print_hint
from azlabs.cli.live import Board, Lines, progress
from azlabs.cli.sandbox_pages import show_plan
from azlabs.cli.screen import dollars, minutes
from azlabs.progress import Event
from azlabs.sandbox.up import UpPlan


@pytest.fixture
def written(monkeypatch):
    """A Call whose two consoles write into memory, and what they wrote."""
    streams = {"stdout": StringIO(), "stderr": StringIO()}

    def console(terminal: bool) -> Call:
        call = Call()
        for name, stream in streams.items():
            call._consoles[name] = Console(
                file=stream, width=80, highlight=False, force_terminal=terminal, no_color=True
            )
        return call

    console.out, console.err = streams["stdout"], streams["stderr"]
    return console


def plan(**changed):
    known = {
        "sandbox": "one-door-abcde",
        "lab": "one-door",
        "cloud": "azure",
        "account": "someone@example.com",
        "tenant_id": "11111111-1111-1111-1111-111111111111",
        "subscription_id": "22222222-2222-2222-2222-222222222222",
        "subscription_name": "Labs",
        "region": "swedencentral",
        "resource_groups": ("azlabs-one-door-abcde",),
        "resources": {"Microsoft.Network/publicIPAddresses": 4, "Microsoft.Network/virtualNetworks": 1},
        "cost_per_hour_usd": 0.02,
        "costs_money": True,
        "expires": datetime(2030, 1, 1, tzinfo=UTC),
        "resumes": False,
    }
    return UpPlan(**{**known, **changed})


def test_where_what_and_how_much_is_shown_before_money_is_spent(written):
    show_plan(written(False), plan())
    text = written.err.getvalue()
    for words in (
        "someone@example.com",
        "11111111-1111-1111-1111-111111111111",
        "Labs (22222222-2222-2222-2222-222222222222)",
        "swedencentral",
        "4 public addresses, 1 network",
        "0.02 USD an hour",
        "2030-01-01",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_price_that_is_not_known_is_said(written):
    show_plan(written(False), plan(cost_per_hour_usd=None))
    assert "not known" in written.err.getvalue()


def test_on_the_simulator_it_is_free_and_nobody_is_named(written):
    show_plan(written(False), plan(cloud="simulator", costs_money=False, expires=None))
    text = written.err.getvalue()
    assert "free" in text
    assert "someone" not in text


def test_a_log_gets_a_line_for_each_thing_that_ended(written):
    with progress(written(False), "Bringing up x") as told:
        assert isinstance(told, Lines)
        told(Event("Microsoft.Network/virtualNetworks", "vnet", "running"))
        told(Event("Microsoft.Network/virtualNetworks", "vnet", "done"))
        told(Event("mutant", "m1", "done"))
        told(Event("Microsoft.Network/networkInterfaces", "nic", "failed", "no room"))
    assert written.err.getvalue().splitlines() == [
        "Bringing up x:",
        "  + virtualNetworks vnet",
        "  ! networkInterfaces nic (no room)",
    ]


def test_a_terminal_gets_a_board_that_leaves_one_line(written):
    with progress(written(True), "Bringing up x") as told:
        assert isinstance(told, Board)
        for number in range(30):
            told(Event("Microsoft.Network/networkInterfaces", f"nic-{number}", "running"))
        shown = told._show()
        assert len(shown.renderables) <= 13
        for number in range(30):
            told(Event("Microsoft.Network/networkInterfaces", f"nic-{number}", "done"))
    assert "Bringing up x: 30 of 30 done" in written.err.getvalue().splitlines()[-1]


def test_no_work_leaves_no_trace(written):
    with progress(written(True), "Bringing up x"):
        pass
    assert written.err.getvalue() == ""


@pytest.mark.parametrize(
    ("amount", "text"), [(None, "?"), (0, "0.00"), (0.02, "0.02"), (0.0133, "0.013"), (12, "12.00")]
)
def test_amounts(amount, text):
    assert dollars(amount) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 min"), (40, "40 min"), (60, "1 h"), (95, "1 h 35 min")])
def test_durations(count, text):
    assert minutes(count) == text


def test_commands_in_hints_are_printed_whole_so_that_they_can_be_copied(written):
    call = written(False)
    command = "    az group list --query \"[?name=='one-door']" + " " * 40 + "\" \\"
    _print_hint(call, f"Run `this`, which is\nwritten here:\n\n{command}\n      -o tsv\n\nand read it.")
    lines = [line.rstrip() for line in written.out.getvalue().splitlines()]
    assert lines == ["Run this, which is written here:", command, "      -o tsv", "and read it."]
