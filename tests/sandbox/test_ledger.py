"""The ledger keeps what it was given, in one step, and never loses a damaged file silently."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from azlabs.errors import AzlabsError
from azlabs.sandbox.ledger import Ledger, UnknownSandbox
from azlabs.sandbox.lock import SandboxBusy, held
from azlabs.sandbox.model import Sandbox

Made = Callable[..., Sandbox]


def test_what_was_saved_is_read_back(ledger: Ledger, made: Made) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    box = made(
        expires=now + timedelta(hours=3), created=now, outputs={"id": "/x", "n": [1, None]}, lab_folder=Path("/l")
    )
    ledger.save(box)
    assert ledger.load(box.id) == box
    assert Ledger(ledger.home).all() == [box]


def test_sandboxes_are_listed_oldest_first_and_forgotten_when_gone(ledger: Ledger, made: Made) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for name, age in (("a", 1), ("b", 3), ("c", 2)):
        ledger.save(made(name, created=now - timedelta(hours=age)))
    assert [box.id for box in ledger.all()] == ["b", "c", "a"]
    ledger.forget("c")
    ledger.forget("c")
    assert [box.id for box in ledger.all()] == ["b", "a"]


@pytest.mark.parametrize("name", ["nobody", "../escape", "", ".hidden", "a/b", "a\0b"])
def test_an_unknown_name_is_refused_with_those_that_exist(ledger: Ledger, made: Made, name: str) -> None:
    ledger.save(made("lab-bbbbb"))
    with pytest.raises(UnknownSandbox) as caught:
        ledger.load(name)
    assert "lab-bbbbb" in caught.value.action


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"format": 99}',
        b'{"format": 1, "id": "lab-aaaaa"}',
        b'{"format": 1, "id": "other", "lab": "l", "cloud": "c", "subscription_id": "s", "region": "r",'
        b' "workspace": "/w", "resource_groups": ["g"], "state": "ready"}',
    ],
)
def test_a_damaged_file_is_set_aside_and_said(ledger: Ledger, made: Made, damage: bytes) -> None:
    ledger.save(made("lab-aaaaa"))
    ledger.save(made("lab-zzzzz"))
    path = ledger.folder / "lab-aaaaa.json"
    path.write_bytes(damage)
    assert [box.id for box in ledger.all()] == ["lab-zzzzz"]
    assert len(ledger.notices) == 1 and "lab-aaaaa" in ledger.notices[0]
    assert ledger.damaged[0].read_bytes() == damage
    assert not path.exists()


@pytest.mark.parametrize("field", ["created", "state", "resource_groups", "outputs", "workspace"])
def test_a_file_with_a_field_of_the_wrong_shape_is_set_aside(ledger: Ledger, made: Made, field: str) -> None:
    ledger.save(made("lab-aaaaa"))
    path = ledger.folder / "lab-aaaaa.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: 7}))
    assert ledger.all() == []
    assert ledger.damaged


def test_reading_needs_no_folder(ledger: Ledger) -> None:
    assert ledger.all() == []
    assert not ledger.home.exists()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, made: Made) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AzlabsError) as caught:
        Ledger(tmp_path / "file").save(made())
    assert caught.value.code == "HomeNotWritable"
    assert "AZLABS_HOME" in caught.value.action


def test_a_lock_keeps_others_out_until_it_is_given_back(ledger: Ledger) -> None:
    with ledger.locked("x", "the thing"):
        assert ledger.is_locked("x")
        with pytest.raises(SandboxBusy, match="the thing"), ledger.locked("x", "the thing", patience_seconds=0):
            pass
    assert not ledger.is_locked("x")
    with ledger.locked("x", "the thing", patience_seconds=0):
        pass


def _hold(path: str, ready: Any) -> None:
    with held(Path(path), "a test"):
        ready.set()
        time.sleep(60)


def test_a_killed_process_gives_its_lock_back(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(str(tmp_path / "lock"), ready))
    process.start()
    assert ready.wait(20)
    with pytest.raises(SandboxBusy), held(tmp_path / "lock", "a test", patience_seconds=0):
        pass
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with held(tmp_path / "lock", "a test", patience_seconds=5):
        pass


def test_after_a_failure_the_ledger_does_not_say_that_work_goes_on(ledger: Ledger, made: Made) -> None:
    box = made()
    with pytest.raises(ValueError), ledger.working(box, "solve", new=True):
        assert ledger.load(box.id).doing == "solve"
        raise ValueError
    assert ledger.load(box.id).doing == ""


def test_after_an_interruption_it_says_what_was_interrupted(ledger: Ledger, made: Made) -> None:
    box = made()
    with pytest.raises(KeyboardInterrupt), ledger.working(box, "solve", new=True):
        raise KeyboardInterrupt
    assert ledger.load(box.id).doing == "solve"


def test_work_starts_from_what_another_process_wrote(ledger: Ledger, made: Made) -> None:
    box = made()
    ledger.save(box)
    other = ledger.load(box.id)
    other.solved = ["a"]
    ledger.save(other)
    with ledger.working(box, "solve"):
        assert box.solved == ["a"]
    ledger.forget(box.id)
    with pytest.raises(UnknownSandbox), ledger.working(box, "solve"):
        pass
