"""Status tells the truth about time, money and interruptions; extending moves the end everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox import tags
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.status import NothingToExtend, extend, status
from azlabs.sandbox.up import up

Made = Callable[..., Sandbox]
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


def test_a_row_has_the_shape_that_tools_rely_on(ledger: Ledger, made: Made) -> None:
    ledger.save(made(created=NOW - timedelta(hours=3), cost_per_hour_usd=0.02))
    (row,) = status(ledger, NOW)
    assert row.to_json() == {
        "sandbox": "lab-aaaaa",
        "lab": "lab",
        "cloud": "simulator",
        "state": "ready",
        "expires": None,
        "spent_usd": 0.0,
        "would_cost_usd": 0.06,
    }


def test_money_is_spent_only_where_it_is_charged_and_unknown_prices_stay_unknown(ledger: Ledger, made: Made) -> None:
    made_at = NOW - timedelta(hours=3)
    ledger.save(made("a", created=made_at, cost_per_hour_usd=0.02, costs_money=True))
    ledger.save(made("b", created=made_at, cost_per_hour_usd=None, costs_money=True))
    ledger.save(made("c", created=made_at, cost_per_hour_usd=None, costs_money=False))
    spent = {row.sandbox.id: (row.spent_usd, row.would_cost_usd) for row in status(ledger, NOW)}
    assert spent == {"a": (0.06, 0.06), "b": (None, None), "c": (0.0, None)}


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"state": "ready", "expires": NOW - timedelta(seconds=1)}, "expired"),
        ({"state": "ready", "expires": NOW + timedelta(seconds=1)}, "ready"),
        ({"state": "provisioning", "doing": "up"}, "failed"),
        ({"state": "failed", "problem": "No quota."}, "failed"),
        ({"state": "removing", "doing": "down"}, "removing"),
        ({"state": "removing", "expires": NOW - timedelta(hours=1)}, "removing"),
        ({"state": "ready", "doing": "solve"}, "ready"),
    ],
)
def test_the_state_that_is_shown(ledger: Ledger, made: Made, facts: dict[str, object], shown: str) -> None:
    ledger.save(made(**facts))
    (row,) = status(ledger, NOW)
    assert row.state == shown
    if facts.get("doing"):
        assert f"azlabs {facts['doing']}" in row.detail and "interrupted" in row.detail


def test_a_command_at_work_is_told_from_one_that_was_interrupted(ledger: Ledger, made: Made) -> None:
    box = made(state="provisioning")
    with ledger.working(box, "up", new=True):
        (row,) = status(ledger, NOW)
        assert row.state == "provisioning" and "at work" in row.detail


def test_extending_moves_the_end_in_ledger_and_tags(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    box = up(lab, cloud, ledger=ledger, hours=1).sandbox
    first = box.expires
    assert first is not None
    cloud.request(
        "PATCH",
        box.group_id(box.resource_group),
        "2024-11-01",
        {"tags": {**tags.marks(box, box.resource_group), "mine": "x"}},
    )
    extend(box, cloud, 2, ledger)
    assert ledger.load(box.id).expires == first + timedelta(hours=2)
    found = cloud.get(box.group_id(box.resource_group), "2024-11-01")["tags"]
    mark = tags.read_mark(box.subscription_id, box.resource_group, found)
    assert mark is not None and mark.expires == first + timedelta(hours=2)
    assert found["mine"] == "x"


def test_extending_what_is_over_counts_from_now(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    box = up(lab, cloud, ledger=ledger, hours=1).sandbox
    later = (box.expires or NOW) + timedelta(days=2)
    assert extend(box, cloud, 1, ledger, now=later).expires == later + timedelta(hours=1)


def test_a_sandbox_without_an_end_has_nothing_to_extend(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    with pytest.raises(NothingToExtend):
        extend(sandbox, cloud, 1, ledger)
