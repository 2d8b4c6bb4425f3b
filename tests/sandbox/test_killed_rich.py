"""The same for a sandbox that reaches far: backups, a vault's name, a role at the subscription, an application.

A kill at any request of `down` leaves what the next `down` removes without a rest, with the ledger and without it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud import Cloud, connect
from azlabs.sandbox import directory
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.recover import recover
from azlabs.sandbox.status import settled, status
from azlabs.sandbox.up import up

from .test_down_costs import machines_start, with_start, work_of_a_learner
from .test_killed import in_child, points


def everything(cloud: Cloud) -> list[str]:
    """All there is that a lab may lead to."""
    scope = f"/subscriptions/{cloud.subscription_id}"
    found: list[str] = []
    for path, version in (
        ("resourcegroups", "2024-11-01"),
        ("resources", "2021-04-01"),
        ("providers/Microsoft.Authorization/roleAssignments", "2022-04-01"),
        ("providers/Microsoft.Authorization/locks", "2020-05-01"),
        ("providers/Microsoft.KeyVault/deletedVaults", "2023-07-01"),
        ("providers/Microsoft.Resources/deployments", "2025-04-01"),
    ):
        found += [str(entry["id"]) for entry in cloud.items(f"{scope}/{path}", version)]
    for folder in ("applications", "directory/deletedItems/microsoft.graph.application"):
        answer = cloud.graph.send("GET", f"{directory.ROOT}/{folder}", "").json
        found += [str(entry["id"]) for entry in answer["value"]]
    return sorted(found)


@pytest.fixture
def prepared(lab_folder: Path, tmp_path: Path) -> tuple[Callable[[], Path], list[str]]:
    """A fresh home with the sandbox up, each time; and what there was before."""
    template = tmp_path / "template"
    ledger = Ledger(template)
    with connect("simulator", home=template) as cloud:
        before = everything(cloud)
        box = up(with_start(machines_start(), tmp_path / "lab-of", lab_folder), cloud, ledger=ledger).sandbox
        work_of_a_learner(cloud, box.group_id(box.resource_group))
        directory.register(box, cloud, "pipeline", ledger.save)
    made = 0

    def prepare() -> Path:
        nonlocal made
        made += 1
        home = tmp_path / f"home-{made}"
        shutil.copytree(template, home)
        return home

    return prepare, before


def take_down(home: Path, *, wait: bool = True) -> None:
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        down(plan_down(ledger.all()[0], cloud), cloud, ledger=ledger, wait=wait)


@pytest.mark.parametrize("wait", [True, False], ids=["waiting", "not waiting"])
def test_after_a_kill_of_down_the_next_one_leaves_nothing(prepared: Any, wait: bool) -> None:
    prepare, before = prepared
    alive = prepare()
    total = in_child(lambda: take_down(alive, wait=wait), None)
    for point in points(total, seed=7):
        for with_ledger in (True, False):
            home = prepare()
            in_child(lambda home=home: take_down(home, wait=wait), point)  # type: ignore[misc]
            where = f"request {point[0]} of {total}, {point[1]}, {'with' if with_ledger else 'without'} the ledger"
            finish(home, before, where, with_ledger=with_ledger)


def finish(home: Path, before: list[str], where: str, *, with_ledger: bool) -> None:
    if not with_ledger:
        shutil.rmtree(home / "sandboxes", ignore_errors=True)
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        if not with_ledger:
            recover(cloud, ledger)
        for row in status(ledger):
            assert row.state in ("ready", "removing") or (row.state == "failed" and not with_ledger), where
            if row.is_being_removed and settled(row.sandbox, cloud, ledger) == "":
                continue
            report = down(plan_down(ledger.load(row.sandbox.id), cloud), cloud, ledger=ledger)
            assert not report.survivors, where
        assert everything(cloud) == before, where
    assert ledger.all() == [], where
