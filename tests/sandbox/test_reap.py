"""Reap ends what has expired, by tags alone: for everybody, after a grace period, but for what is to be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox import reap, tags
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.up import up

API = "2024-11-01"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def ends(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> Sandbox:
    """A sandbox that ends in an hour."""
    return up(lab, cloud, ledger=ledger, hours=1).sandbox


@pytest.fixture
def elsewhere(tmp_path: Path) -> Ledger:
    """The ledger of a computer that knows nothing of it."""
    return Ledger(tmp_path / "elsewhere")


def later(box: Sandbox, **more: float) -> datetime:
    assert box.expires is not None
    return box.expires + timedelta(**more)


def retag(cloud: ScratchCloud, box: Sandbox, **changed: str | None) -> None:
    own = tags.tags_of(cloud.get(box.group_id(box.resource_group), API))
    for name, value in changed.items():
        own.pop(name.replace("_", "-"), None)
        if value is not None:
            own[name.replace("_", "-")] = value
    cloud.request("PATCH", box.group_id(box.resource_group), API, {"tags": own})


def test_before_its_end_nothing_is_touched_and_after_it_all_goes(
    ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger
) -> None:
    (found,) = reap.look(cloud, elsewhere, now=later(ends, seconds=-1))
    assert found.kept == "It has not ended."
    (found,) = reap.look(cloud, elsewhere, now=later(ends))
    assert found.kept == "" and found.sandbox.id == ends.id
    assert elsewhere.all() == [], "a look writes nothing"
    box = reap.adopt(cloud, elsewhere, found.sandbox)
    assert [known.id for known in elsewhere.all()] == [ends.id]
    assert sorted(box.start) == sorted(ends.start)
    assert not down(plan_down(box, cloud), cloud, ledger=elsewhere).survivors
    assert reap.look(cloud, elsewhere) == [] and elsewhere.all() == []


def test_the_sandboxes_of_others_end_as_well_unless_only_mine_are_wanted(
    ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger
) -> None:
    cloud.place.account = "the janitor"
    assert [found.sandbox.id for found in reap.look(cloud, elsewhere, now=later(ends))] == [ends.id]
    assert reap.look(cloud, elsewhere, now=later(ends), of_anyone=False) == []


def test_one_without_an_end_stays(lab: Lab, cloud: ScratchCloud, ledger: Ledger, elsewhere: Ledger) -> None:
    up(lab, cloud, ledger=ledger)
    (found,) = reap.look(cloud, elsewhere, now=datetime.now(UTC) + timedelta(days=9999))
    assert found.kept == "It does not end by itself."


def test_the_grace_period_counts_from_the_end(ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger) -> None:
    two_hours = timedelta(hours=2)
    (found,) = reap.look(cloud, elsewhere, now=later(ends, minutes=119), grace=two_hours)
    assert "grace" in found.kept
    (found,) = reap.look(cloud, elsewhere, now=later(ends, minutes=120), grace=two_hours)
    assert not found.kept


@pytest.mark.parametrize(
    ("written", "zone", "end"),
    [
        ("2026-12-01T12:00:00+02:00", "UTC", "2026-12-01T10:00:00+00:00"),
        ("2026-12-01T12:00:00Z", "Europe/Stockholm", "2026-12-01T12:00:00+00:00"),
        ("2026-12-01 12:00", "Europe/Stockholm", "2026-12-01T11:00:00+00:00"),
        ("2026-07-01 12:00", "Europe/Stockholm", "2026-07-01T10:00:00+00:00"),
        ("2026-12-01 12:00", "UTC", "2026-12-01T12:00:00+00:00"),
        ("2026-12-01 12:00 America/New_York", "UTC", "2026-12-01T17:00:00+00:00"),
        ("2026-12-01", "UTC", "2026-12-01T23:59:59.999999+00:00"),
    ],
)
def test_ends_that_people_write(written: str, zone: str, end: str) -> None:
    assert tags.moment_of(written, ZoneInfo(zone)) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    "written",
    ["", "soon", "2026-13-01", "2026-12-01 12:00 Mars/Olympus", "12:00", "9999-12-31 23:00 America/New_York"],
)
def test_ends_that_nobody_can_read(written: str) -> None:
    assert tags.moment_of(written) is None


def test_one_whose_end_cannot_be_read_stays_and_is_named(
    ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger
) -> None:
    retag(cloud, ends, azlabs_expires="when I am done")
    (found,) = reap.look(cloud, elsewhere, now=later(ends, days=99))
    assert found.kept == "Its end cannot be read: when I am done"


def test_an_end_without_an_offset_is_meant_in_the_zone_that_was_given(
    ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger
) -> None:
    retag(cloud, ends, azlabs_expires="2026-12-01 12:00")
    moment = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)
    (found,) = reap.look(cloud, elsewhere, now=moment, zone=UTC)
    assert found.kept == "It has not ended."
    (found,) = reap.look(cloud, elsewhere, now=moment, zone=STOCKHOLM)
    assert not found.kept


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("", True), ("true", True), ("until I say so", True), ("2099-01-01", True), ("2020-01-01", False), ("false", False), ("No", False)],
)
def test_the_tag_azlabs_keep(ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger, keep: str, kept: bool) -> None:
    retag(cloud, ends, AzLabs_Keep=keep)
    (found,) = reap.look(cloud, elsewhere, now=later(ends, days=1))
    assert bool(found.kept) is kept
    if kept:
        assert "azlabs-keep" in found.kept and ends.resource_group in found.kept


@pytest.mark.parametrize(("exclude", "kept"), [("env", True), ("ENV=Prod", True), ("env=test", False), ("owner", False)])
def test_tags_that_the_caller_excludes(
    ends: Sandbox, cloud: ScratchCloud, elsewhere: Ledger, exclude: str, kept: bool
) -> None:
    retag(cloud, ends, env="prod")
    (found,) = reap.look(cloud, elsewhere, now=later(ends), exclude=[exclude])
    assert bool(found.kept) is kept


def test_a_later_end_that_only_the_ledger_knows_counts(ends: Sandbox, cloud: ScratchCloud, ledger: Ledger) -> None:
    """`extend` was killed between the ledger and the tags."""
    assert ends.expires is not None
    ends.expires += timedelta(hours=5)
    ledger.save(ends)
    (found,) = reap.look(cloud, ledger, now=later(ends, hours=-1))
    assert found.kept == "It has not ended."


def test_one_that_a_command_is_at_work_on_stays(ends: Sandbox, cloud: ScratchCloud, ledger: Ledger) -> None:
    with ledger.locked(ends.id, "a test"):
        (found,) = reap.look(cloud, ledger, now=later(ends))
    assert "at work" in found.kept
    (found,) = reap.look(cloud, ledger, now=later(ends))
    assert not found.kept
