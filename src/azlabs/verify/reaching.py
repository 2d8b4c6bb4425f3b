"""Expectations about what may connect, with the evidence that learners need: for the checks of network labs.

reach = lab.network.reach("Internet", nic)
expect_only(reach, "Tcp/443", fix="Ask who is still let in.")
expect_closed(reach.minus("Tcp/443"), "Nothing besides HTTPS", fix="...")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.rules.network.ports import parse_services, services_text
from azlabs.verify.outcome import expect

if TYPE_CHECKING:
    from azlabs.rules.network.reach import Reach


def expect_only(reach: Reach, services: str, fix: str, *, note: str = "") -> None:
    """Fails unless exactly these services ("Tcp/443, Udp/53") pass, from every address of the source."""
    expect(
        reach.equals(services),
        found=f"{_ends(reach)}: {reach}{note}",
        expected=f"{services_text(parse_services(services))} and nothing else, from {reach.source}",
        decided_by=reach.decided_by(services),
        fix=fix,
    )


def expect_open(reach: Reach, services: str, fix: str, *, note: str = "") -> None:
    """Fails unless these services pass from every address of the source, whatever else does."""
    chosen = reach.only(services)
    expect(
        reach.all(services),
        found=f"{_ends(reach)}: {chosen}{note}",
        expected=services_text(parse_services(services)),
        decided_by=chosen.decided_by(services),
        fix=fix,
    )


def expect_closed(reach: Reach, expected: str, fix: str) -> None:
    """Fails unless nothing passes; an example of what does stands in the message. `expected` in the learner's words."""
    empty = reach.is_empty()
    expect(
        empty,
        found=f"{_ends(reach)}: {reach}" + ("" if empty else f", for example {reach.witness()}"),
        expected=expected,
        decided_by=reach.deciding_rule,
        fix=fix,
    )


def _ends(reach: Reach) -> str:
    return f"{reach.source} to {reach.destination}"
