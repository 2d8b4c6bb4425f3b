"""Down removes what is azlabs', leaves everything else alone, looks again, and names what stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud.memory import ScratchCloud
from azlabs.progress import Event
from azlabs.sandbox import tags
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.recover import forget_vanished, recover
from azlabs.sandbox.solve import solve
from azlabs.sandbox.status import status
from azlabs.sandbox.up import up

API = "2024-11-01"
NETWORK_API = "2024-05-01"


def groups(cloud: ScratchCloud) -> list[str]:
    return [str(g["name"]) for g in cloud.items(f"/subscriptions/{cloud.subscription_id}/resourcegroups", API)]


def test_a_plan_lists_what_the_lab_and_the_learner_made(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    solve(sandbox, lab, cloud, ledger=ledger)
    plan = plan_down(sandbox, cloud)
    assert {(item.id.rpartition("/")[2], item.origin) for item in plan.inside} == {
        ("nsg", "lab"),
        ("vnet", "lab"),
        ("nic-web", "lab"),
        ("nic-db", "lab"),
        ("nsg-data", "you"),
    }
    assert plan.groups == [sandbox.group_id(sandbox.resource_group)]
    assert not plan.refused and not plan.unseen and not plan.is_empty
    assert groups(cloud) == [sandbox.resource_group], "a plan deletes nothing"


def test_nothing_is_left_and_the_workspace_stays(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    events: list[Event] = []
    report = down(plan_down(sandbox, cloud), cloud, events.append, ledger)
    assert report.survivors == []
    assert len(report.deleted) == 5
    assert groups(cloud) == [] and ledger.all() == [] and status(ledger) == []
    assert (sandbox.workspace / "guide.md").is_file()
    assert ("vnet", "done") in [(event.subject, event.state) for event in events]
    assert report.to_json() == {"sandbox": sandbox.id, "deleted": report.deleted, "purged": [], "survivors": []}


def test_a_sandbox_that_is_gone_already_is_forgotten(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    cloud.run("DELETE", sandbox.group_id(sandbox.resource_group), API)
    plan = plan_down(sandbox, cloud)
    assert plan.is_empty
    assert down(plan, cloud, ledger=ledger).deleted == []
    assert ledger.all() == []


def test_two_downs_at_once_both_end_well(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    first, second = plan_down(sandbox, cloud), plan_down(ledger.load(sandbox.id), cloud)
    assert down(first, cloud, ledger=ledger).deleted
    assert down(second, cloud, ledger=ledger).survivors == []
    assert ledger.all() == []


def test_the_subscription_around_it_is_not_touched(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    """Groups that look alike: near names, tags copied from the sandbox, another sandbox of the lab."""
    own = cloud.get(sandbox.group_id(sandbox.resource_group), API)
    likes = [f"{sandbox.resource_group}-2", "azlabs", "production", sandbox.id]
    for name in likes:
        cloud.request("PUT", sandbox.group_id(name), API, {"location": "westeurope", "tags": own["tags"]})
    other = up(lab, cloud, ledger=ledger, another=True).sandbox
    before = {name: cloud.get(sandbox.group_id(name), API) for name in likes}
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert not report.survivors
    assert sorted(groups(cloud)) == sorted([*likes, other.resource_group])
    assert {name: cloud.get(sandbox.group_id(name), API) for name in likes} == before
    assert recover(cloud, Ledger(ledger.home / "elsewhere"))[0].id == other.id


def test_a_group_that_lost_its_tags_is_known_by_the_record_of_its_deployment(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    cloud.request("PATCH", sandbox.group_id(sandbox.resource_group), API, {"tags": {"mine": "now"}})
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    assert groups(cloud) == []


def test_a_group_made_anew_by_hand_is_refused_until_it_is_named(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    identifier = sandbox.group_id(sandbox.resource_group)
    cloud.run("DELETE", identifier, API)
    cloud.request("PUT", identifier, API, {"location": "westeurope"})
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert report.deleted == []
    assert [survivor.id for survivor in report.survivors] == [identifier]
    assert f"--group {sandbox.resource_group}" in report.survivors[0].reason
    assert groups(cloud) == [sandbox.resource_group]
    (row,) = status(ledger)
    assert row.state == "removing"
    named = plan_down(ledger.load(sandbox.id), cloud, include=[sandbox.resource_group])
    assert not down(named, cloud, ledger=ledger).survivors
    assert groups(cloud) == [] and ledger.all() == []


def test_what_azure_will_not_delete_survives_with_its_reason(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, templates: Any
) -> None:
    """An interface of another group sits in the sandbox's network."""
    other = sandbox.group_id("theirs")
    vnet = f"{sandbox.group_id(sandbox.resource_group)}/providers/Microsoft.Network/virtualNetworks/vnet"
    cloud.request("PUT", other, API, {"location": "swedencentral"})
    foreign = f"{other}/providers/Microsoft.Network/networkInterfaces/nic-theirs"
    inner = {"subnet": {"id": f"{vnet}/subnets/flat"}}
    cloud.run(
        "PUT",
        foreign,
        NETWORK_API,
        {"location": "swedencentral", "properties": {"ipConfigurations": [{"name": "a", "properties": inner}]}},
    )
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    survivors = {survivor.id.rpartition("/")[2]: survivor.reason for survivor in report.survivors}
    assert {"vnet", sandbox.resource_group} <= survivors.keys()
    assert all(survivors.values())
    assert cloud.find(foreign, NETWORK_API) is not None
    assert not set(report.deleted) & {survivor.id for survivor in report.survivors}
    (row,) = status(ledger)
    assert (row.state, row.sandbox.id) == ("removing", sandbox.id)
    cloud.run("DELETE", foreign, NETWORK_API)
    assert not down(plan_down(ledger.load(sandbox.id), cloud), cloud, ledger=ledger).survivors
    assert groups(cloud) == ["theirs"]


def test_a_list_that_cannot_be_read_for_a_moment_is_asked_for_again_and_one_that_never_can_is_told(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    from azlabs.simulator import Answer

    handle, left = cloud.simulator.handle, {"deletedVaults": 1, "budgets": 1, "deployments": 99}

    def failing(request: Any) -> Any:
        name = request.url.partition("?")[0].rpartition("/")[2]
        if request.method == "GET" and "/resourceGroups/" not in request.url and left.get(name, 0) > 0:
            left[name] -= 1
            return Answer(409, {"content-type": "application/json"}, b'{"error": {"code": "Conflict", "message": "No."}}')
        return handle(request)

    cloud.simulator.handle = failing  # type: ignore[method-assign]
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    (survivor,) = report.survivors
    assert survivor.id.endswith("/deployments") and "could not be looked at" in survivor.reason
    assert groups(cloud) == [] and [box.id for box in ledger.all()] == [sandbox.id]
    left.clear()
    assert not down(plan_down(ledger.load(sandbox.id), cloud), cloud, ledger=ledger).survivors


def test_a_group_that_azure_refuses_for_a_moment_is_asked_for_once_more(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    from azlabs.simulator import Answer

    handle, refused = cloud.simulator.handle, [b'{"error": {"code": "Conflict", "message": "Not yet."}}']

    def slow(request: Any) -> Any:
        if request.method == "DELETE" and request.url.partition("?")[0].endswith(sandbox.resource_group) and refused:
            return Answer(409, {"content-type": "application/json"}, refused.pop())
        return handle(request)

    cloud.simulator.handle = slow  # type: ignore[method-assign]
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    assert refused == [] and groups(cloud) == []


def test_a_lost_ledger_is_rebuilt_from_the_marks(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, tmp_path: Path
) -> None:
    fresh = Ledger(tmp_path / "new-home")
    (found,) = recover(cloud, fresh)
    assert (found.id, found.lab, found.resource_groups) == (sandbox.id, sandbox.lab, sandbox.resource_groups)
    assert (found.state, found.outputs, found.created) == ("ready", sandbox.outputs, sandbox.created)
    assert sorted(found.start) == sorted(sandbox.start)
    assert recover(cloud, fresh) == []
    assert not down(plan_down(found, cloud), cloud, ledger=fresh).survivors
    assert groups(cloud) == [] and fresh.all() == []


def test_the_sandbox_of_somebody_else_is_not_recovered(cloud: ScratchCloud, sandbox: Sandbox, tmp_path: Path) -> None:
    cloud.place.account = "somebody else"
    fresh = Ledger(tmp_path / "new-home")
    assert recover(cloud, fresh) == []
    assert [found.id for found in recover(cloud, fresh, of_anyone=True)] == [sandbox.id]


def test_a_half_made_sandbox_is_removed_as_well(lab: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    def impatient(event: Event) -> None:
        if event.kind.endswith("resourceGroups") and event.state == "done":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        up(lab, cloud, ledger=ledger, progress=impatient)
    (row,) = status(ledger)
    assert row.state == "failed" and "interrupted" in row.detail
    report = down(plan_down(row.sandbox, cloud), cloud, ledger=ledger)
    assert not report.survivors and groups(cloud) == []


def test_the_mark_is_what_the_plan_goes_by(cloud: ScratchCloud, made: Callable[..., Sandbox], ledger: Ledger) -> None:
    """A ledger entry alone, say one copied from another machine, makes nothing azlabs' own."""
    box = made("flat-net-zzzzz", subscription_id=cloud.subscription_id, resource_groups=["production"])
    cloud.request("PUT", box.group_id("production"), API, {"location": "westeurope", "tags": {tags.SANDBOX: box.id}})
    plan = plan_down(box, cloud)
    assert plan.groups == [] and len(plan.refused) == 1


def test_after_the_cloud_was_emptied_its_sandboxes_are_forgotten(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, made: Callable[..., Sandbox]
) -> None:
    elsewhere = made("elsewhere-aaaaa", cloud="other")
    ledger.save(elsewhere)
    assert forget_vanished(cloud, ledger) == []
    cloud.run("DELETE", sandbox.group_id(sandbox.resource_group), API)
    assert forget_vanished(cloud, ledger) == [sandbox.id]
    assert [box.id for box in ledger.all()] == [elsewhere.id]
