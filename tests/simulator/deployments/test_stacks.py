"""Deployment stacks manage what they deployed; template specs are deployed by their id."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..library import SUBSCRIPTION, Arm, code
from .helpers import GROUP, TYPE, VERSION, exists, nested, rule, security_group, template

STACKS = "2024-03-01"
PATH = "providers/Microsoft.Resources/deploymentStacks"
DELETE = {"resources": "delete", "resourceGroups": "delete", "managementGroups": "detach"}
DETACH = {"resources": "detach", "resourceGroups": "detach", "managementGroups": "detach"}


@pytest.fixture(autouse=True)
def _group(arm: Arm) -> None:
    arm.group()


def put(arm: Arm, content: dict[str, Any], actions: dict[str, str], scope: str = GROUP, **more: Any) -> Answer:
    properties = {
        "template": content,
        "parameters": {},
        "actionOnUnmanage": actions,
        "denySettings": {"mode": "denyDelete"},
    }
    return arm("PUT", f"{scope}/{PATH}/s", {**more, "properties": properties}, version=STACKS)


def stack(
    arm: Arm, content: dict[str, Any], actions: dict[str, str], scope: str = GROUP, **more: Any
) -> dict[str, Any]:
    accepted = put(arm, content, actions, scope, **more)
    assert accepted.status in (200, 201), accepted.body
    assert accepted.json()["properties"]["provisioningState"] == "initializing"
    arm("GET", accepted.headers["Azure-AsyncOperation"])
    found: dict[str, Any] = arm("GET", f"{scope}/{PATH}/s", version=STACKS).json()["properties"]
    return found


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"].rpartition("/")[2] for item in items]


def test_a_stack_knows_what_it_manages(arm: Arm) -> None:
    found = stack(arm, template(security_group("a"), nested(template(security_group("b")))), DELETE)
    assert found["provisioningState"] == "succeeded"
    assert ids(found["resources"]) == ["a", "b"]
    assert {item["denyStatus"] for item in found["resources"]} == {"denyDelete"}
    assert found["denySettings"] == {"mode": "denyDelete", "applyToChildScopes": False}
    assert arm("GET", found["deploymentId"], version=VERSION).status == 200
    assert arm("POST", f"{GROUP}/{PATH}/s/exportTemplate", version=STACKS).json()["template"]["resources"]


@pytest.mark.parametrize(("actions", "kept"), [(DELETE, False), (DETACH, True)])
def test_what_the_template_no_longer_has_is_deleted_or_let_go(arm: Arm, actions: dict[str, str], kept: bool) -> None:
    stack(arm, template(security_group("a"), security_group("b")), actions)
    found = stack(arm, template(security_group("b")), actions)
    assert ids(found["resources"]) == ["b"]
    assert ids(found["detachedResources" if kept else "deletedResources"]) == ["a"]
    assert exists(arm, "networkSecurityGroups", "a") is kept


def test_a_failed_deployment_fails_the_stack_and_deletes_nothing(arm: Arm) -> None:
    stack(arm, template(security_group("a")), DELETE)
    found = stack(arm, template(security_group("bad", [rule("x", 100), rule("y", 100)])), DELETE)
    assert found["provisioningState"] == "failed"
    assert found["error"]["code"] == "DeploymentStackDeploymentFailed"
    assert found["error"]["details"][0]["details"][0]["code"] == "SecurityRuleConflict"
    assert exists(arm, "networkSecurityGroups", "a")
    assert ids(found["resources"]) == ["a"]


def test_a_template_error_shows_in_the_stack(arm: Arm) -> None:
    found = stack(arm, template(parameters={"p": {"type": "string"}}), DELETE)
    assert found["provisioningState"] == "failed"
    assert found["error"]["details"][0]["code"] == "InvalidTemplate"


def test_a_stack_of_a_subscription_takes_its_groups_with_it(arm: Arm) -> None:
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2024-03-01",
        "name": "made",
        "location": "westeurope",
    }
    module = nested(template(security_group("deep")), "m", resourceGroup="made", dependsOn=["made"])
    found = stack(arm, template(group, module), DELETE, SUBSCRIPTION, location="westeurope")
    assert found["provisioningState"] == "succeeded", found
    assert ids(found["resources"]) == ["made", "deep"]
    query = "unmanageAction.Resources=delete&unmanageAction.ResourceGroups=delete"
    answer = arm("DELETE", f"{SUBSCRIPTION}/{PATH}/s?{query}", version=STACKS)
    assert answer.status == 202
    assert arm("GET", answer.headers["Azure-AsyncOperation"]).json()["status"].lower() == "succeeded"
    assert arm("GET", f"{SUBSCRIPTION}/resourceGroups/made").status == 404
    assert arm("GET", f"{SUBSCRIPTION}/{PATH}/s", version=STACKS).status == 404


def test_a_deleted_stack_lets_go_of_its_resources_by_default(arm: Arm) -> None:
    stack(arm, template(security_group("a")), DELETE)
    assert arm("DELETE", f"{GROUP}/{PATH}/s", version=STACKS).status == 200
    assert exists(arm, "networkSecurityGroups", "a")
    assert arm("DELETE", f"{GROUP}/{PATH}/s", version=STACKS).status == 204
    assert arm("GET", f"{GROUP}/{PATH}", version=STACKS).json() == {"value": []}


def test_a_stack_is_validated_without_being_made(arm: Arm) -> None:
    def validate(content: dict[str, Any]) -> Answer:
        properties = {"template": content, "actionOnUnmanage": DELETE, "denySettings": {"mode": "none"}}
        answer = arm("POST", f"{GROUP}/{PATH}/s/validate", {"properties": properties}, version=STACKS)
        assert answer.status == 202
        return arm("GET", answer.headers["Location"])

    good = validate(template(security_group("a")))
    assert ids(good.json()["properties"]["validatedResources"]) == ["a"]
    assert good.json()["properties"]["denySettings"]["mode"] == "None"
    bad = validate(template(parameters={"p": {"type": "string"}}))
    assert (bad.status, code(bad)) == (400, "InvalidTemplate")
    assert not exists(arm, "networkSecurityGroups", "a")


@pytest.mark.parametrize(
    "change",
    [{"actionOnUnmanage": None}, {"denySettings": {"mode": "perhaps"}}, {"actionOnUnmanage": {"resources": "burn"}}],
)
def test_settings_that_are_missing_or_unknown_are_refused(arm: Arm, change: dict[str, Any]) -> None:
    properties = {"template": template(), "actionOnUnmanage": DELETE, "denySettings": {"mode": "none"}, **change}
    assert arm("PUT", f"{GROUP}/{PATH}/s", {"properties": properties}, version=STACKS).status == 400


def test_a_template_spec_is_kept_listed_and_deployed(arm: Arm) -> None:
    spec = f"{GROUP}/providers/Microsoft.Resources/templateSpecs/spec"
    assert arm("PUT", spec, {"location": "westeurope"}, version="2022-02-01").status == 201
    version = {
        "location": "westeurope",
        "properties": {"mainTemplate": template(security_group()), "linkedTemplates": []},
    }
    made = arm("PUT", f"{spec}/versions/1.0", version, version="2022-02-01")
    assert made.status == 201
    assert "createdAt" in made.json()["systemData"]
    shown = arm("GET", f"{spec}?$expand=versions", version="2022-02-01").json()
    assert list(shown["properties"]["versions"]) == ["1.0"]
    linked = {"properties": {"mode": "Incremental", "templateLink": {"id": f"{spec}/versions/1.0"}}}
    accepted = arm("PUT", f"{GROUP}/{TYPE}/d", linked, version=VERSION)
    assert arm("GET", accepted.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
    assert exists(arm, "networkSecurityGroups", "nsg")
    assert arm("DELETE", spec, version="2022-02-01").status == 200
    assert arm("GET", f"{spec}/versions/1.0", version="2022-02-01").status == 404


def test_a_template_spec_brings_the_templates_it_links_to(arm: Arm) -> None:
    spec = f"{GROUP}/providers/Microsoft.Resources/templateSpecs/spec"
    arm("PUT", spec, {"location": "westeurope"}, version="2022-02-01")
    link = {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "linked",
            "properties": {"mode": "Incremental", "templateLink": {"relativePath": "parts/one.json"}}}  # fmt: skip
    part = {"path": "parts\\one.json", "template": template(security_group("deep"))}
    properties = {"mainTemplate": template(link), "linkedTemplates": [part]}
    arm("PUT", f"{spec}/versions/1", {"location": "westeurope", "properties": properties}, version="2022-02-01")
    linked = {"properties": {"mode": "Incremental", "templateLink": {"id": f"{spec}/versions/1"}}}
    accepted = arm("PUT", f"{GROUP}/{TYPE}/d", linked, version=VERSION)
    assert arm("GET", accepted.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
    assert exists(arm, "networkSecurityGroups", "deep")
