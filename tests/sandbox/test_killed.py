"""A kill at any request leaves a sandbox that status shows and one down removes, with the ledger and without it.

The process is really killed (SIGKILL), before a request is handled or after it was committed and before the answer
arrives. The suite tries a seeded sample of the points; AZLABS_TORTURE=1 tries them all.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud import Cloud, connect
from azlabs.cloud.simulator import state_file
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.recover import recover
from azlabs.sandbox.solve import solve
from azlabs.sandbox.status import status
from azlabs.sandbox.up import up

API = "2024-11-01"
SAMPLE = 6
COMMANDS = ("up", "solve", "down")
MOMENTS = ("before", "after")
Point = tuple[int, str]


def act(command: str, lab: Lab, home: Path) -> None:
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        if command == "up":
            up(lab, cloud, ledger=ledger)
        elif command == "solve":
            solve(ledger.all()[0], lab, cloud, ledger=ledger)
        else:
            down(plan_down(ledger.all()[0], cloud), cloud, ledger=ledger)


def in_child(work: Callable[[], None], point: Point | None) -> int:
    """Run `work` in a forked process that kills itself at the n-th request; how many requests it made when it lived."""
    from azlabs.simulator import Simulator

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        count = 0
        handle = Simulator.handle

        def deadly(self: Any, request: Any) -> Any:
            nonlocal count
            count += 1
            if point == (count, "before"):
                os.kill(os.getpid(), signal.SIGKILL)
            answer = handle(self, request)
            if point == (count, "after"):
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        Simulator.handle = deadly  # type: ignore[method-assign]
        code = 1
        try:
            work()
            code = 0
        finally:
            os.write(writing, str(count).encode())
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _pid, result = os.waitpid(child, 0)
    if point is not None and os.WIFSIGNALED(result):
        assert os.WTERMSIG(result) == signal.SIGKILL
        return 0
    # The last points may not be reached: how often a deletion is looked at depends on how long it takes.
    assert os.waitstatus_to_exitcode(result) == 0
    return int(text)


def groups(cloud: Cloud) -> list[str]:
    return [str(g["name"]) for g in cloud.items(f"/subscriptions/{cloud.subscription_id}/resourcegroups", API)]


@pytest.fixture
def prepared(lab: Lab, tmp_path: Path) -> Callable[[str], Path]:
    """A fresh home in the state in which a command is run."""
    made = 0

    def prepare(command: str) -> Path:
        nonlocal made
        made += 1
        home = tmp_path / f"home-{made}"
        template = tmp_path / f"before-{command}"
        if not template.exists():
            template.mkdir()
            if command != "up":
                act("up", lab, template)
            if command == "down":
                act("solve", lab, template)
        shutil.copytree(template, home)
        return home

    return prepare


def points(total: int, seed: int) -> list[Point]:
    every = [(number, moment) for number in range(1, total + 1) for moment in MOMENTS]
    if os.environ.get("AZLABS_TORTURE"):
        return every
    return sorted(random.Random(seed).sample(every, min(SAMPLE, len(every))))


@pytest.mark.parametrize("command", COMMANDS)
def test_after_a_kill_one_down_leaves_nothing(command: str, lab: Lab, prepared: Callable[[str], Path]) -> None:
    alive = prepared(command)
    total = in_child(lambda: act(command, lab, alive), None)
    assert total > 3
    killed = 0
    for point in points(total, seed=COMMANDS.index(command)):
        for with_ledger in (True, False):
            home = prepared(command)
            killed += in_child(lambda home=home: act(command, lab, home), point) == 0  # type: ignore[misc]
            check(home, command, point, with_ledger)
    assert killed >= SAMPLE


def check(home: Path, command: str, point: Point, with_ledger: bool) -> None:
    where = f"{command}, request {point[0]}, {point[1]}, {'with' if with_ledger else 'without'} the ledger"
    if not with_ledger:
        shutil.rmtree(home / "sandboxes", ignore_errors=True)
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        assert not cloud.notices, where
        if not with_ledger:
            recover(cloud, ledger)
        rows = status(ledger)
        assert not ledger.notices, where
        assert {name for row in rows for name in row.sandbox.resource_groups} >= set(groups(cloud)), where
        for row in rows:
            if with_ledger and row.state == "ready":
                assert groups(cloud) == row.sandbox.resource_groups, where
            report = down(plan_down(row.sandbox, cloud), cloud, ledger=ledger)
            assert not report.survivors, where
        assert groups(cloud) == [] and ledger.all() == [], where


def test_after_a_kill_up_again_completes_the_same_sandbox(lab: Lab, prepared: Callable[[str], Path]) -> None:
    alive = prepared("up")
    total = in_child(lambda: act("up", lab, alive), None)
    for point in points(total, seed=9):
        home = prepared("up")
        in_child(lambda home=home: act("up", lab, home), point)  # type: ignore[misc]
        ledger = Ledger(home)
        known = [box.id for box in ledger.all()]
        with connect("simulator", home=home) as cloud:
            result = up(lab, cloud, ledger=ledger)
            assert result.sandbox.state == "ready"
            assert not known or result.sandbox.id == known[0], point
            assert groups(cloud) == result.sandbox.resource_groups, point


def test_a_damaged_simulator_state_is_set_aside_and_said(tmp_path: Path) -> None:
    path = state_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with connect("simulator", home=tmp_path) as cloud:
        assert len(cloud.notices) == 1
        assert groups(cloud) == []
    (kept,) = path.parent.glob("*.unreadable-*")
    assert kept.read_bytes().startswith(b"this is no database")
    assert str(kept) in cloud.notices[0]
