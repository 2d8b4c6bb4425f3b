"""What a sandbox leads to outside its groups: written down before it is made, removed with it, never what was there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud.errors import AzureError
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox import tags
from azlabs.sandbox.deploy import deploy
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.recover import recover
from azlabs.sandbox.reset import reset
from azlabs.sandbox.up import up

ROLES_API = "2022-04-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
NAMES = ("11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555")
PRINCIPALS = ("aaaaaaaa-0000-0000-0000-000000000001", "aaaaaaaa-0000-0000-0000-000000000002")
SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"


def assignment(name: str, principal: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": ROLES_API,
        "name": name,
        "properties": {
            "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{READER}')]",
            "principalId": principal,
            "principalType": "ServicePrincipal",
        },
    }


def module(*resources: dict[str, Any]) -> dict[str, Any]:
    """A module of a group's template that goes to the subscription."""
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "to-the-subscription",
        "location": "[parameters('location')]",
        "subscriptionId": "[subscription().subscriptionId]",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "template": {
                "$schema": SUBSCRIPTION_SCHEMA,
                "contentVersion": "1.0.0.0",
                "resources": list(resources),
            },
        },
    }


def assignment_id(cloud: ScratchCloud, name: str) -> str:
    return f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Authorization/roleAssignments/{name}"


def put_assignment(cloud: ScratchCloud, identifier: str, principal: str) -> None:
    role = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    properties = {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}
    cloud.request("PUT", identifier, ROLES_API, {"properties": properties})


@pytest.fixture
def reaching(lab: Lab, templates: Any) -> Lab:
    """The lab with two role assignments at the subscription in its start state."""
    resources = json.loads(lab.start.read_text())["resources"]
    pairs = zip(NAMES, PRINCIPALS, strict=True)
    lab.start.write_text(templates.template([*resources, module(*(assignment(*pair) for pair in pairs))]))
    return lab


def test_what_the_start_makes_at_the_subscription_goes_with_the_sandbox(
    reaching: Lab, cloud: ScratchCloud, ledger: Ledger
) -> None:
    box = up(reaching, cloud, ledger=ledger).sandbox
    wanted = {assignment_id(cloud, name).lower() for name in NAMES}
    assert wanted <= {identifier.lower() for identifier in box.outside}
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    assert not report.survivors
    assert wanted <= {identifier.lower() for identifier in report.deleted}
    assert all(cloud.find(assignment_id(cloud, name), ROLES_API) is None for name in NAMES)


def test_it_is_written_down_before_it_is_made(reaching: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    known: list[list[str]] = []
    handle = cloud.simulator.handle

    def watching(request: Any) -> Any:
        if request.method == "PUT" and "/deployments/" in request.url:
            known.append(ledger.all()[0].outside)
        return handle(request)

    cloud.simulator.handle = watching  # type: ignore[method-assign]
    up(reaching, cloud, ledger=ledger)
    assert known
    for name in NAMES:
        assert assignment_id(cloud, name).lower() in [identifier.lower() for identifier in known[0]]


def test_what_was_there_before_is_not_the_sandboxs(reaching: Lab, cloud: ScratchCloud, ledger: Ledger) -> None:
    put_assignment(cloud, assignment_id(cloud, NAMES[0]), PRINCIPALS[0])
    box = up(reaching, cloud, ledger=ledger).sandbox
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    assert not report.survivors
    assert cloud.find(assignment_id(cloud, NAMES[0]), ROLES_API) is not None
    assert cloud.find(assignment_id(cloud, NAMES[1]), ROLES_API) is None


def test_it_goes_with_the_sandbox_when_the_ledger_is_lost_as_well(
    reaching: Lab, cloud: ScratchCloud, ledger: Ledger, tmp_path: Path
) -> None:
    put_assignment(cloud, assignment_id(cloud, NAMES[0]), PRINCIPALS[0])
    up(reaching, cloud, ledger=ledger)
    fresh = Ledger(tmp_path / "new-home")
    (box,) = recover(cloud, fresh)
    assert not down(plan_down(box, cloud), cloud, ledger=fresh).survivors
    assert cloud.find(assignment_id(cloud, NAMES[0]), ROLES_API) is not None, "it was there before"
    assert cloud.find(assignment_id(cloud, NAMES[1]), ROLES_API) is None


def test_a_record_that_was_changed_by_hand_makes_nothing_azlabs_own(made: Callable[..., Sandbox]) -> None:
    box = made(outside=["/subscriptions/s/resourceGroups/mine"])
    marks = tags.outside_marks(box)
    assert tags.read_outside_marks(box.subscription_id, box.id, marks) == box.outside
    forged = {name: value.replace("mine", "production") for name, value in marks.items()}
    assert tags.read_outside_marks(box.subscription_id, box.id, forged) == []
    assert tags.read_outside_marks(box.subscription_id, "another-sandbox", marks) == []


def test_locks_of_the_learner_do_not_keep_a_sandbox(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    group = sandbox.group_id(sandbox.resource_group)
    locks = [
        f"{group}/providers/Microsoft.Authorization/locks/keep",
        f"{group}/providers/Microsoft.Network/virtualNetworks/vnet/providers/Microsoft.Authorization/locks/keep-too",
    ]
    for lock in locks:
        cloud.request("PUT", lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    with pytest.raises(AzureError) as caught:
        cloud.run("DELETE", group, "2024-11-01")
    assert caught.value.code == "ScopeLocked"
    plan = plan_down(sandbox, cloud)
    assert sorted(plan.locks) == sorted(locks)
    assert not down(plan, cloud, ledger=ledger).survivors
    assert cloud.find(group, "2024-11-01") is None


def test_reset_takes_away_locks_and_assignments_that_were_added(
    lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    group = sandbox.group_id(sandbox.resource_group)
    lock = f"{group}/providers/Microsoft.Authorization/locks/read"
    added = f"{group}/providers/Microsoft.Authorization/roleAssignments/{NAMES[0]}"
    put_assignment(cloud, assignment_id(cloud, NAMES[1]), PRINCIPALS[0])
    put_assignment(cloud, added, PRINCIPALS[0])
    cloud.request("PUT", lock, "2020-05-01", {"properties": {"level": "ReadOnly"}})
    report = reset(sandbox, lab, cloud, ledger=ledger)
    assert {lock, added} <= set(report.removed)
    assert cloud.find(lock, "2020-05-01") is None and cloud.find(added, ROLES_API) is None
    assert cloud.find(assignment_id(cloud, NAMES[1]), ROLES_API) is not None, "it lies outside the sandbox"


def test_a_file_for_the_subscription_is_deployed_there_and_taken_back(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path
) -> None:
    file = tmp_path / "roles.json"
    file.write_text(
        json.dumps(
            {
                "$schema": SUBSCRIPTION_SCHEMA,
                "contentVersion": "1.0.0.0",
                "resources": [assignment(NAMES[0], PRINCIPALS[0])],
            }
        )
    )
    done = deploy(sandbox, cloud, file, ledger=ledger)
    assert "/resourceGroups/" not in done.id
    assert cloud.find(assignment_id(cloud, NAMES[0]), ROLES_API) is not None
    assert not down(plan_down(ledger.load(sandbox.id), cloud), cloud, ledger=ledger).survivors
    assert cloud.find(assignment_id(cloud, NAMES[0]), ROLES_API) is None
    assert cloud.find(done.id, "2025-04-01") is None


class SubscriptionWithVault:
    """Just enough of Azure's documented answers for a group that holds a key vault and an identity: what is deleted
    softly, what an identity may do elsewhere. `stuck` makes the purge fail."""

    def __init__(self, box: Sandbox, marks: Mapping[str, str], stuck: bool = False) -> None:
        self.scope = f"/subscriptions/{box.subscription_id}"
        self.group = box.group_id(box.resource_group)
        self.marks = dict(marks)
        self.stuck = stuck
        self.is_up = True
        self.kept: set[str] = set()
        self.assignments = {"of-the-identity": "principal-1", "of-somebody": "principal-2"}
        self.deleted: list[str] = []

    def __call__(
        self, method: str, url: str, _headers: dict[str, str], _body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        path, _, query = url.removeprefix("https://management.azure.com").partition("?")
        status, body = self.answer(method, path, unquote(query))
        return status, {"content-type": "application/json"}, b"" if body is None else json.dumps(body).encode()

    def answer(self, method: str, path: str, _query: str) -> tuple[int, Any]:
        vault = f"{self.group}/providers/Microsoft.KeyVault/vaults/kv"
        identity = f"{self.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
        roles = f"{self.scope}/providers/Microsoft.Authorization/roleAssignments"
        gone = (404, {"error": {"code": "ResourceNotFound", "message": "It does not exist."}})
        name = path.rpartition("/")[2]
        if method == "DELETE" and path == self.group:
            self.is_up = False
            return 200, None
        if method == "DELETE" and path in (vault, identity):
            self.deleted.append(name)
            self.kept |= {"kv"} & {name}
            return 200, None
        if method == "DELETE" and path.startswith(roles):
            self.deleted.append(name)
            return (200, {}) if self.assignments.pop(name, None) else gone
        if method == "POST" and path.endswith("/deletedVaults/kv/purge"):
            if self.stuck:
                return 409, {"error": {"code": "PurgeProtected", "message": "Purge protection is on."}}
            self.kept.clear()
            return 200, None
        assert method == "GET", (method, path)
        if path == self.group:
            return (200, {"name": self.group.rpartition("/")[2], "tags": self.marks}) if self.is_up else gone
        if path == f"{self.group}/resources":
            kinds = (
                (vault, "Microsoft.KeyVault/vaults"),
                (identity, "Microsoft.ManagedIdentity/userAssignedIdentities"),
            )
            listed = [
                {"id": i, "type": t, "location": "westeurope"}
                for i, t in kinds
                if i.rpartition("/")[2] not in self.deleted
            ]
            return (200, {"value": listed}) if self.is_up else gone
        if path == identity:
            return 200, {"id": identity, "properties": {"principalId": "principal-1"}}
        if path == roles:
            found = [{"id": f"{roles}/{n}", "properties": {"principalId": p}} for n, p in self.assignments.items()]
            return 200, {"value": found}
        if path.startswith(f"{roles}/"):
            return (200, {"id": path}) if name in self.assignments else gone
        if path.endswith("/providers/Microsoft.KeyVault"):
            return 200, {"resourceTypes": [{"resourceType": "vaults", "apiVersions": ["2023-07-01"]}]}
        if path.endswith("/providers/Microsoft.ManagedIdentity"):
            return 200, {"resourceTypes": [{"resourceType": "userAssignedIdentities", "apiVersions": ["2023-01-31"]}]}
        if path.endswith("/deletedVaults/kv"):
            return (200, {"id": path, "properties": {"purgeProtectionEnabled": self.stuck}}) if self.kept else gone
        if path.endswith("/deletedVaults"):
            location = f"{self.scope}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults"
            others = [
                {"id": f"{location}/theirs", "properties": {"vaultId": f"{self.scope}/resourceGroups/x/v/theirs"}}
            ]
            mine = [{"id": f"{location}/{n}", "properties": {"vaultId": vault}} for n in sorted(self.kept)]
            return 200, {"value": [*mine, *others]}
        if path.endswith("/providers/Microsoft.Authorization"):
            return 200, {"resourceTypes": [{"resourceType": "roleAssignments", "apiVersions": [ROLES_API]}]}
        return 200, {"value": []}


@pytest.fixture
def with_vault(made: Callable[..., Sandbox], ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    from azlabs.cloud.base import Cloud
    from azlabs.cloud.transport import InProcessTransport

    def make(cloud: ScratchCloud, stuck: bool = False) -> tuple[Sandbox, Cloud, SubscriptionWithVault]:
        box = made("vault-aaaaa", subscription_id=cloud.subscription_id)
        ledger.save(box)
        azure = SubscriptionWithVault(box, tags.marks(box, box.resource_group), stuck)
        cloud.place.open_transport = lambda: InProcessTransport(azure)
        return box, Cloud(cloud.place), azure

    return make


def test_a_vaults_name_is_made_free_and_its_identitys_assignments_go(
    with_vault: Any, cloud: ScratchCloud, ledger: Ledger
) -> None:
    box, subscription, azure = with_vault(cloud)
    report = down(plan_down(box, subscription), subscription, ledger=ledger)
    assert report.survivors == []
    assert [identifier.rpartition("/")[2] for identifier in report.purged] == ["kv"]
    assert azure.kept == set() and azure.assignments == {"of-somebody": "principal-2"}
    assert ledger.all() == []


def test_a_name_that_cannot_be_made_free_survives_with_its_reason_and_is_tried_again(
    with_vault: Any, cloud: ScratchCloud, ledger: Ledger
) -> None:
    box, subscription, azure = with_vault(cloud, stuck=True)
    report = down(plan_down(box, subscription), subscription, ledger=ledger)
    assert [(s.id.rpartition("/")[2], s.reason) for s in report.survivors] == [
        ("kv", "Purge protection is on. (PurgeProtected)")
    ]
    assert report.purged == []
    azure.stuck = False
    again = down(plan_down(ledger.load(box.id), subscription), subscription, ledger=ledger)
    assert [identifier.rpartition("/")[2] for identifier in again.purged] == ["kv"]
    assert ledger.all() == []
