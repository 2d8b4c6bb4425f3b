"""Every kind of name that Azure keeps after deletion is made free in that service's own way.

The answers have the shapes of the REST reference of each service; the simulator does not model all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from azlabs.cloud.base import Cloud
from azlabs.cloud.memory import ScratchCloud
from azlabs.cloud.transport import InProcessTransport
from azlabs.sandbox import soft_delete, tags
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox

GONE = (404, {"error": {"code": "ResourceNotFound", "message": "It does not exist."}})
FORBIDDEN = (403, {"error": {"code": "AuthorizationFailed", "message": "You may not."}})


class Service:
    """A subscription with one group that holds one resource whose name is kept when it is deleted."""

    def __init__(self, box: Sandbox, kind: soft_delete.KeptAfterDeletion) -> None:
        self.kind = kind
        self.group = box.group_id(box.resource_group)
        self.marks = tags.marks(box, box.resource_group)
        self.resource = f"{self.group}/providers/{kind.type}/thing"
        self.deleted_id = soft_delete.once_deleted(self.resource, kind.type, "West Europe").id  # type: ignore[union-attr]
        self.lists_are_forbidden = False
        self.keeps_after_purge = False
        self.refusals: list[tuple[int, Any]] = []
        """What the next requests to purge are answered."""
        self.state = "living"
        self.writes: list[str] = []

    def __call__(
        self, method: str, url: str, _headers: dict[str, str], _body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        path = url.removeprefix("https://management.azure.com").partition("?")[0]
        status, body = self.answer(method, path)
        return status, {"content-type": "application/json"}, b"" if body is None else json.dumps(body).encode()

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        if method != "GET":
            self.writes.append(f"{method} {path}")
            return self.write(method, path)
        if path == self.group:
            return (200, {"name": "g", "tags": self.marks}) if self.state != "no group" else GONE
        if path == f"{self.group}/resources":
            entry = {"id": self.resource, "type": self.kind.type, "location": "westeurope"}
            return 200, {"value": [entry] if self.state == "living" else []}
        if path.endswith(f"/providers/{self.kind.listed}"):
            if self.lists_are_forbidden:
                return FORBIDDEN
            properties = {self.kind.origin: self.resource, "location": "westeurope"} if self.kind.origin else {}
            is_kept = self.state == "deleted" or self.keeps_after_purge
            return 200, {"value": [{"id": self.deleted_id, "properties": properties}] if is_kept else []}
        if path == self.deleted_id:
            return (200, {"id": self.deleted_id, "properties": {}}) if self.state == "deleted" else GONE
        if "/deleted" in path.lower():
            return 409, {"error": {"code": "MissingSubscriptionRegistration", "message": "Never used."}}
        if "/providers/" in path and path.count("/") == 4:
            names = [self.kind.type.partition("/")[2]]
            return 200, {"resourceTypes": [{"resourceType": name, "apiVersions": ["2023-01-01"]} for name in names]}
        return 200, {"value": []}

    def write(self, method: str, path: str) -> tuple[int, Any]:
        if (method, path) == ("DELETE", self.resource):
            self.state = "deleted"
            return 200, None
        purge = ("DELETE", self.deleted_id) if self.kind.purge == "DELETE" else ("POST", f"{self.deleted_id}/purge")
        if (method, path) == purge:
            if self.refusals:
                return self.refusals.pop(0)
            self.state = "purged"
            return 200, None
        if (method, path) == ("DELETE", self.group):
            self.state = "no group"
            return 200, None
        raise AssertionError((method, path))


@pytest.fixture(params=soft_delete.KEPT, ids=lambda kind: kind.type)
def service(
    request: pytest.FixtureRequest, cloud: ScratchCloud, made: Callable[..., Sandbox], ledger: Ledger
) -> tuple[Service, Cloud, Sandbox]:
    box = made("kept-aaaaa", subscription_id=cloud.subscription_id)
    ledger.save(box)
    answers = Service(box, request.param)
    cloud.place.open_transport = lambda: InProcessTransport(answers)
    return answers, Cloud(cloud.place), box


def test_it_is_deleted_purged_and_only_then_the_group_goes(
    service: tuple[Service, Cloud, Sandbox], ledger: Ledger
) -> None:
    answers, cloud, box = service
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    assert report.survivors == []
    assert report.purged == [answers.deleted_id]
    assert [write.partition(" ")[0] for write in answers.writes] == ["DELETE", answers.kind.purge[:6].split()[0], "DELETE"]
    assert answers.state == "no group"


def test_a_name_that_is_still_kept_survives_with_the_command_that_frees_it(
    service: tuple[Service, Cloud, Sandbox], ledger: Ledger
) -> None:
    answers, cloud, box = service
    answers.keeps_after_purge = True
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    (survivor,) = report.survivors
    assert survivor.id == answers.deleted_id
    assert survivor.command.startswith("az ") and "purge" in survivor.command and "thing" in survivor.command
    assert "{" not in survivor.command and "westeurope" in survivor.command
    assert report.purged == []


def test_a_purge_that_azure_refuses_for_a_moment_is_asked_for_once_more(
    service: tuple[Service, Cloud, Sandbox], ledger: Ledger
) -> None:
    answers, cloud, box = service
    answers.refusals = [(409, {"error": {"code": "AnotherOperationInProgress", "message": "Not now."}})]
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    assert report.survivors == [] and report.purged == [answers.deleted_id]
    assert answers.state == "no group"


def test_a_group_stays_while_it_is_what_a_kept_name_is_found_by(
    service: tuple[Service, Cloud, Sandbox], ledger: Ledger
) -> None:
    answers, cloud, box = service
    answers.refusals = [FORBIDDEN]
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    told = {survivor.id: survivor for survivor in report.survivors}
    assert told.keys() == {answers.deleted_id, answers.group}
    assert "the group stays" in told[answers.group].reason and told[answers.group].command.startswith("azlabs down")
    assert f"DELETE {answers.group}" not in answers.writes
    again = down(plan_down(box, cloud), cloud, ledger=ledger)
    assert again.survivors == [] and again.purged == [answers.deleted_id]
    assert answers.state == "no group"


def test_a_list_that_may_not_be_read_is_told_when_something_may_be_in_it(
    service: tuple[Service, Cloud, Sandbox], ledger: Ledger
) -> None:
    answers, cloud, box = service
    answers.lists_are_forbidden = True
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    (survivor,) = report.survivors
    assert survivor.id.endswith(answers.kind.listed) and "AuthorizationFailed" in survivor.reason


def test_a_workspace_of_logs_is_deleted_with_force(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    group = sandbox.group_id(sandbox.resource_group)
    workspace = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    body = {"location": "swedencentral", "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}}
    cloud.run("PUT", workspace, "2023-09-01", body)
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    deleted = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.OperationalInsights/deletedWorkspaces"
    assert list(cloud.items(deleted, "2023-09-01")) == []


def test_a_model_account_is_purged(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    account = f"{sandbox.group_id(sandbox.resource_group)}/providers/Microsoft.CognitiveServices/accounts/oai-{sandbox.id}"
    body = {"location": "swedencentral", "kind": "OpenAI", "sku": {"name": "S0"}, "properties": {}}
    cloud.run("PUT", account, "2024-10-01", body)
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert not report.survivors and len(report.purged) == 1
    deleted = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.CognitiveServices/deletedAccounts"
    assert list(cloud.items(deleted, "2024-10-01")) == []
