"""Access, policy and locks decide about a deployment as about any other write."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from azlabs.simulator import TENANT_ID, Principal

from ..library import SUBSCRIPTION, Arm, code
from .helpers import GROUP, TYPE, VERSION, body, deploy, exists, security_group, template

AUTHORIZATION = "providers/Microsoft.Authorization"
VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"


@pytest.fixture(autouse=True)
def _group(arm: Arm) -> None:
    arm.group()


def learner(arm: Arm, role: str) -> Arm:
    """The client of somebody who holds one role on the group."""
    person = Principal(str(uuid.uuid4()), TENANT_ID, str(uuid.uuid4()), "learner")
    assignment: dict[str, Any] = {
        "roleDefinitionId": f"{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/{role}",
        "principalId": person.object_id, "principalType": "ServicePrincipal",
    }  # fmt: skip
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
    assert arm("PUT", path, {"properties": assignment}, version="2022-04-01").status == 201
    client = Arm(arm.simulator)
    client.token = arm.simulator.token(person)
    return client


def test_who_may_not_make_a_resource_may_not_deploy_it(arm: Arm) -> None:
    answer = learner(arm, VAULT_ADMINISTRATOR)(
        "PUT", f"{GROUP}/{TYPE}/d", body(template(security_group())), version=VERSION
    )
    assert (answer.status, code(answer)) == (403, "InvalidTemplateDeployment")
    assert "networkSecurityGroups/write" in answer.json()["error"]["message"]
    assert not exists(arm, "networkSecurityGroups", "nsg")


def test_a_deployment_runs_as_who_asked_for_it_whoever_polls(arm: Arm) -> None:
    somebody = learner(arm, NETWORK_CONTRIBUTOR)
    accepted = somebody("PUT", f"{GROUP}/{TYPE}/d", body(template(security_group())), version=VERSION)
    assert accepted.status == 201
    assert arm("GET", accepted.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
    entry = next(
        found
        for found in arm.simulator.store.activity(f"{GROUP}/providers/microsoft.network".lower())
        if found["action"].endswith("networkSecurityGroups/write")
    )
    assert entry["principal"] != arm.simulator.tokens.owner.object_id


def test_a_denied_policy_refuses_the_whole_deployment(arm: Arm) -> None:
    rule = {"if": {"field": "type", "equals": "Microsoft.Network/networkSecurityGroups"}, "then": {"effect": "deny"}}
    definition = f"{SUBSCRIPTION}/{AUTHORIZATION}/policyDefinitions/none"
    made = arm("PUT", definition, {"properties": {"mode": "All", "policyRule": rule}}, version="2023-04-01")
    assert made.status == 201, made.body
    assignment = {"properties": {"policyDefinitionId": definition}}
    assert arm("PUT", f"{GROUP}/{AUTHORIZATION}/policyAssignments/none", assignment, version="2023-04-01").status == 201
    answer = arm("PUT", f"{GROUP}/{TYPE}/d", body(template(security_group())), version=VERSION)
    assert (answer.status, code(answer)) == (400, "InvalidTemplateDeployment")
    assert [item["code"] for item in answer.json()["error"]["details"]] == ["RequestDisallowedByPolicy"]
    assert arm("GET", f"{GROUP}/{TYPE}/d", version=VERSION).status == 404


@pytest.mark.parametrize(("level", "refused"), [("ReadOnly", True), ("CanNotDelete", False)])
def test_a_lock_stops_what_it_locks(arm: Arm, level: str, refused: bool) -> None:
    deploy(arm, template(security_group("old")), "before")
    lock = {"properties": {"level": level}}
    assert arm("PUT", f"{GROUP}/{AUTHORIZATION}/locks/l", lock, version="2020-05-01").status in (200, 201)
    if refused:
        answer = arm("PUT", f"{GROUP}/{TYPE}/d", body(template(security_group())), version=VERSION)
        assert answer.status in (400, 409)
        assert "ScopeLocked" in answer.body.decode()
        return
    found = deploy(arm, template(security_group("new")), mode="Complete")
    assert found["provisioningState"] == "Failed"
    assert [item["code"] for item in found["error"]["details"]] == ["ScopeLocked"]
    assert exists(arm, "networkSecurityGroups", "old")
    assert exists(arm, "networkSecurityGroups", "new")
