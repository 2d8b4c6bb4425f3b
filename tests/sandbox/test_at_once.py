"""Several azlabs processes at work on one lab at the same time."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

from azlabs.catalog.labs import Lab
from azlabs.cloud import connect
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.solve import solve
from azlabs.sandbox.up import up

API = "2024-11-01"
PROCESSES = 4


def at_once(work: Callable[[], None]) -> list[int]:
    """Run `work` in several processes that start together; their exit codes."""
    reading, writing = os.pipe()
    children = []
    for _ in range(PROCESSES):
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)  # ends when the parent closes its side
            code = 1
            try:
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    os.close(reading)
    os.close(writing)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_one_sandbox_comes_of_several_ups_and_none_is_left_after_several_downs(lab: Lab, home: Path) -> None:
    def bring_up() -> None:
        with connect("simulator", home=home) as cloud:
            up(lab, cloud, ledger=Ledger(home))

    def apply_solution() -> None:
        ledger = Ledger(home)
        with connect("simulator", home=home) as cloud:
            solve(ledger.all()[0], lab, cloud, ledger=ledger)

    def take_down() -> None:
        ledger = Ledger(home)
        with connect("simulator", home=home) as cloud:
            for box in ledger.all():
                assert not down(plan_down(box, cloud), cloud, ledger=ledger).survivors

    assert at_once(bring_up) == [0] * PROCESSES
    (box,) = Ledger(home).all()
    assert box.state == "ready"
    assert at_once(apply_solution) == [0] * PROCESSES
    assert Ledger(home).all()[0].solved == ["name-rule", "split", "guard"]
    with connect("simulator", home=home) as cloud:
        scope = f"/subscriptions/{cloud.subscription_id}/resourcegroups"
        assert [group["name"] for group in cloud.items(scope, API)] == box.resource_groups
    assert at_once(take_down) == [0] * PROCESSES
    assert Ledger(home).all() == []
    with connect("simulator", home=home) as cloud:
        assert list(cloud.items(scope, API)) == []


def test_no_lock_is_left_behind(lab: Lab, home: Path) -> None:
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        box = up(lab, cloud, ledger=ledger).sandbox
        down(plan_down(box, cloud), cloud, ledger=ledger)
    assert list(ledger.folder.iterdir()) == []
