"""Deployments: accepted, run in order, reported, and never Succeeded without what they were to make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azlabs.simulator import Simulator

from ..library import SUBSCRIPTION, Arm, code
from .helpers import (
    GROUP,
    SCHEMA,
    TYPE,
    VERSION,
    accept,
    body,
    deploy,
    exists,
    nested,
    network,
    operations,
    refused,
    rule,
    security_group,
    template,
)


@pytest.fixture(autouse=True)
def _group(arm: Arm) -> None:
    arm.group()


def test_a_deployment_is_accepted_and_polled_as_azure_announces_it(arm: Arm) -> None:
    accepted = accept(arm, template(security_group()))
    assert accepted.status == 201
    assert accepted.json()["properties"]["provisioningState"] == "Accepted"
    url = accepted.headers["Azure-AsyncOperation"]
    assert f"{GROUP}/{TYPE}/d/operationStatuses/" in url
    assert arm("GET", url).json() == {"status": "Succeeded"}
    assert exists(arm, "networkSecurityGroups", "nsg")
    assert accept(arm, template(security_group())).status == 200


def test_resources_are_made_in_the_order_of_their_dependencies(arm: Arm) -> None:
    found = deploy(arm, template(network(dependsOn=["nsg"]), security_group()))
    assert found["provisioningState"] == "Succeeded"
    assert [item["id"].rpartition("/")[2] for item in found["outputResources"]] == ["nsg", "vnet"]
    assert found["dependencies"][0]["resourceName"] == "vnet"
    assert [item["resourceName"] for item in found["dependencies"][0]["dependsOn"]] == ["nsg"]
    assert {item["namespace"] for item in found["providers"]} == {"Microsoft.Network"}


def test_outputs_are_answered_with_types_and_in_azures_spelling_of_names(arm: Arm) -> None:
    outputs = {
        "NSG_NAME": {"type": "string", "value": "[reference('nsg').securityRules[0].name]"},
        "Full": {"type": "string", "value": "[reference('nsg', '2024-05-01', 'Full').location]"},
        "hush": {"type": "securestring", "value": "x"},
    }
    found = deploy(arm, template(security_group(rules=[rule("r", 100)]), outputs=outputs))
    assert found["outputs"] == {
        "nsG_NAME": {"type": "String", "value": "r"},
        "full": {"type": "String", "value": "westeurope"},
        "hush": {"type": "SecureString"},
    }


def test_every_operation_tells_its_state(arm: Arm) -> None:
    deploy(arm, template(security_group()))
    listed = operations(arm)
    assert listed["nsg"]["provisioningState"] == "Succeeded"
    assert listed["nsg"]["targetResource"]["resourceType"] == "Microsoft.Network/networkSecurityGroups"
    assert listed[""]["provisioningOperation"] == "EvaluateDeploymentOutput"
    first = arm("GET", f"{GROUP}/{TYPE}/d/operations", version=VERSION).json()["value"][0]
    assert arm("GET", f"{GROUP}/{TYPE}/d/operations/{first['operationId']}", version=VERSION).json() == first


def test_a_failed_resource_fails_the_deployment_and_what_waits_for_it_is_not_made(arm: Arm) -> None:
    twice = security_group("bad", [rule("a", 100), rule("b", 100)])
    found = deploy(arm, template(twice, network("waits", "bad", dependsOn=["bad"]), security_group("beside")))
    assert found["provisioningState"] == "Failed"
    assert found["error"]["code"] == "DeploymentFailed"
    assert [item["code"] for item in found["error"]["details"]] == ["SecurityRuleConflict"]
    assert not exists(arm, "networkSecurityGroups", "bad")
    assert not exists(arm, "virtualNetworks", "waits")
    assert exists(arm, "networkSecurityGroups", "beside")
    listed = operations(arm)
    assert listed["bad"]["provisioningState"] == "Failed"
    assert listed["bad"]["statusCode"] == "BadRequest"
    assert listed["bad"]["statusMessage"]["error"]["code"] == "SecurityRuleConflict"
    assert "waits" not in listed
    assert [item["id"].rpartition("/")[2] for item in found["outputResources"]] == ["beside"]


def test_the_poll_of_a_failed_deployment_carries_the_nested_error(arm: Arm) -> None:
    inner = template(security_group("bad", [rule("a", 100), rule("b", 100)]))
    accepted = accept(arm, template(nested(inner)))
    status = arm("GET", accepted.headers["Azure-AsyncOperation"]).json()
    assert status["status"] == "Failed"
    module = status["error"]["details"][0]
    assert (status["error"]["code"], module["code"]) == ("DeploymentFailed", "DeploymentFailed")
    assert module["details"][0]["code"] == "SecurityRuleConflict"


def test_an_output_that_cannot_be_evaluated_fails_the_deployment(arm: Arm) -> None:
    found = deploy(
        arm, template(security_group(), outputs={"o": {"type": "string", "value": "[reference('nsg').nope]"}})
    )
    assert found["provisioningState"] == "Failed"
    assert found["error"]["code"] == "DeploymentOutputEvaluationFailed"
    assert found["error"]["details"][0]["target"] == "o"
    assert found["error"]["details"][0]["message"].startswith(
        "The template output 'o' is not valid: The language expression property 'nope' doesn't exist, available properties"
    )


def test_modules_pass_values_on_secure_ones_too(arm: Arm) -> None:
    inner = template(
        security_group("[parameters('n')]"),
        parameters={"n": {"type": "string"}},
        outputs={"id": {"type": "string", "value": "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('n'))]"},
                 "key": {"type": "securestring", "value": "k"}},
    )  # fmt: skip
    outer = template(
        nested(inner, "m", parameters={"n": {"value": "[concat('n', reference('nsg').provisioningState)]"}}),
        security_group(),
        outputs={"id": {"type": "string", "value": "[reference('m').outputs.id.value]"},
                 "length": {"type": "int", "value": "[length(reference('m').outputs.key.value)]"}},
    )  # fmt: skip
    found = deploy(arm, outer)
    assert found["outputs"]["id"]["value"].endswith("networkSecurityGroups/nSucceeded")
    assert found["outputs"]["length"]["value"] == 1
    assert deploy_names(found) == ["nsg", "nSucceeded"] or deploy_names(found) == ["nSucceeded", "nsg"]
    shown = arm("GET", f"{GROUP}/{TYPE}/m", version=VERSION).json()["properties"]["outputs"]
    assert shown["key"] == {"type": "SecureString"}


def deploy_names(found: dict[str, Any]) -> list[str]:
    return [item["id"].rpartition("/")[2] for item in found["outputResources"]]


def test_a_subscription_deployment_makes_groups_and_what_is_in_them(arm: Arm) -> None:
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2024-03-01",
        "name": "made",
        "location": "northeurope",
    }
    inner = template(security_group(location="[resourceGroup().location]"))
    module = nested(inner, "m", resourceGroup="made", dependsOn=["made"])
    schema = SCHEMA.replace("2019-04-01/deployment", "2018-05-01/subscriptionDeployment")
    content = {**template(group, module), "$schema": schema}
    found = deploy(arm, content, scope=SUBSCRIPTION, location="westeurope")
    assert found["provisioningState"] == "Succeeded", found.get("error")
    made = arm(
        "GET",
        f"{SUBSCRIPTION}/resourceGroups/made/providers/Microsoft.Network/networkSecurityGroups/nsg",
        version="2024-05-01",
    )
    assert made.json()["location"] == "northeurope"
    listed = arm("GET", f"{SUBSCRIPTION}/{TYPE}", version=VERSION).json()["value"]
    assert [(item["name"], item["location"]) for item in listed] == [("d", "westeurope")]


def test_a_location_belongs_to_all_scopes_but_a_group(arm: Arm) -> None:
    assert refused(arm, template(), location="westeurope")[1]["code"] == "InvalidDeployment"
    assert refused(arm, template(), scope=SUBSCRIPTION)[1]["code"] == "InvalidDeployment"
    deploy(arm, template(), scope=SUBSCRIPTION, location="westeurope")
    moved = arm("PUT", f"{SUBSCRIPTION}/{TYPE}/d", body(template(), location="northeurope"), version=VERSION)
    assert (moved.status, code(moved)) == (409, "InvalidDeploymentLocation")


def test_complete_mode_takes_away_what_the_template_does_not_have(arm: Arm) -> None:
    deploy(arm, template(security_group("used"), network("old", "used", dependsOn=["used"]), security_group("kept")))
    found = deploy(arm, template(security_group("kept")), mode="Complete")
    assert found["provisioningState"] == "Succeeded", found.get("error")
    assert exists(arm, "networkSecurityGroups", "kept")
    assert not exists(arm, "virtualNetworks", "old")
    assert not exists(arm, "networkSecurityGroups", "used")
    assert operations(arm)["old"]["provisioningOperation"] == "Delete"


def test_incremental_mode_leaves_the_rest_alone(arm: Arm) -> None:
    deploy(arm, template(security_group("old")))
    deploy(arm, template(security_group("new")), "e")
    assert exists(arm, "networkSecurityGroups", "old")
    listed = arm("GET", f"{GROUP}/{TYPE}", version=VERSION).json()["value"]
    assert [item["name"] for item in listed] == ["e", "d"]


def test_the_text_that_the_azure_cli_sends_is_read(arm: Arm) -> None:
    text = (
        '{"properties": {"parameters": {}, "mode": "Incremental", template:{ // comment\n'
        + json.dumps(template(security_group()))[1:]
        + "}}"
    )
    answer = arm("PUT", f"{GROUP}/{TYPE}/d", text.encode(), version=VERSION)
    assert answer.status == 201
    assert arm("GET", answer.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"


def test_generated_values_do_not_change_between_polls(arm: Arm) -> None:
    parameters = {"g": {"type": "string", "defaultValue": "[newGuid()]"}}
    outputs = {
        "g": {"type": "string", "value": "[parameters('g')]"},
        "s": {"type": "string", "value": "[reference('nsg').provisioningState]"},
    }
    accepted = accept(arm, template(security_group(), parameters=parameters, outputs=outputs))
    from azlabs.simulator.providers.deployments import execution

    execution._PLANS.clear()
    arm("GET", accepted.headers["Azure-AsyncOperation"])
    found = arm("GET", f"{GROUP}/{TYPE}/d", version=VERSION).json()["properties"]
    assert found["outputs"]["g"]["value"] == accepted.json()["properties"]["parameters"]["g"]["value"]


def test_another_process_goes_on_with_what_was_accepted(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    with Simulator(file) as first:
        arm = Arm(first)
        arm.group()
        accepted = accept(arm, template(security_group()))
        assert accepted.json()["properties"]["provisioningState"] == "Accepted"
    from azlabs.simulator.providers.deployments import execution

    execution._PLANS.clear()
    with Simulator(file) as second:
        arm = Arm(second)
        assert arm("GET", accepted.headers["Azure-AsyncOperation"]).json() == {"status": "Succeeded"}
        assert exists(arm, "networkSecurityGroups", "nsg")


def test_a_deployment_that_nobody_polls_goes_on_behind_reads_of_something_else(arm: Arm) -> None:
    accept(arm, template(security_group()))
    assert not exists(arm, "networkSecurityGroups", "nsg")
    assert exists(arm, "networkSecurityGroups", "nsg")


def test_a_fault_of_a_deployment_is_reported_by_its_own_poll_alone(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    from azlabs.simulator.providers.deployments.execution import Execution

    accepted = accept(arm, template(security_group()))
    with monkeypatch.context() as patched:
        patched.setattr(Execution, "_finish", _die)
        assert arm("GET", GROUP, version=VERSION).status == 200
        assert arm("GET", accepted.headers["Azure-AsyncOperation"]).status == 500


def test_a_process_that_dies_in_the_middle_leaves_nothing_half_done(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    from azlabs.simulator.providers.deployments.execution import Execution

    accepted = accept(arm, template(security_group("one"), security_group("two", dependsOn=["one"])))
    with monkeypatch.context() as patched:
        patched.setattr(Execution, "_finish", _die)
        assert arm("GET", accepted.headers["Azure-AsyncOperation"]).status == 500
    assert not exists(arm, "networkSecurityGroups", "one")
    assert arm("GET", accepted.headers["Azure-AsyncOperation"]).json() == {"status": "Succeeded"}
    assert exists(arm, "networkSecurityGroups", "two")


def _die(_execution: Any) -> str:
    raise MemoryError


def test_with_latency_a_deployment_runs_until_its_resources_are_ready(arm: Arm) -> None:
    manager = arm.simulator.resource_manager
    manager.latencies = {("microsoft.network/virtualnetworks", "PUT"): 30.0}
    accepted = accept(arm, template(network(group=None), security_group("after", dependsOn=["vnet"])))
    url = accepted.headers["Azure-AsyncOperation"]
    assert arm("GET", url).json()["status"] == "Running"
    assert operations(arm)["vnet"]["provisioningState"] == "Running"
    again = arm("PUT", f"{GROUP}/{TYPE}/d", body(template()), version=VERSION)
    assert (again.status, code(again)) == (409, "DeploymentActive")
    arm.simulator.clock.advance(31)
    assert arm("GET", url).json()["status"] == "Succeeded"
    assert exists(arm, "networkSecurityGroups", "after")


def test_a_deployment_is_cancelled_while_it_runs_and_only_then(arm: Arm) -> None:
    accepted = accept(arm, template(security_group()))
    assert arm("POST", f"{GROUP}/{TYPE}/d/cancel", version=VERSION).status == 204
    assert arm("GET", accepted.headers["Azure-AsyncOperation"]).json()["status"] == "Canceled"
    found = arm("GET", f"{GROUP}/{TYPE}/d", version=VERSION).json()["properties"]
    assert found["provisioningState"] == "Canceled"
    assert not exists(arm, "networkSecurityGroups", "nsg")
    again = arm("POST", f"{GROUP}/{TYPE}/d/cancel", version=VERSION)
    assert (again.status, code(again)) == (409, "DeploymentCannotBeCancelled")
    assert deploy(arm, template(security_group()))["provisioningState"] == "Succeeded"


def test_deleting_a_deployment_leaves_its_resources(arm: Arm) -> None:
    deploy(arm, template(security_group()))
    answer = arm("DELETE", f"{GROUP}/{TYPE}/d", version=VERSION)
    assert answer.status == 202
    assert arm("GET", answer.headers["Location"]).status in (200, 204)
    assert arm("HEAD", f"{GROUP}/{TYPE}/d", version=VERSION).status == 404
    assert exists(arm, "networkSecurityGroups", "nsg")


def test_a_failed_deployment_falls_back_to_one_that_succeeded(arm: Arm) -> None:
    deploy(arm, template(security_group("good")), "earlier")
    arm("DELETE", f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/good", version="2024-05-01")
    bad = template(security_group("bad", [rule("a", 100), rule("b", 100)]))
    found = deploy(arm, bad, onErrorDeployment={"type": "LastSuccessful"})
    assert found["provisioningState"] == "Failed"
    assert found["onErrorDeployment"]["deploymentName"] == "earlier"
    arm("GET", f"{GROUP}/{TYPE}/earlier", version=VERSION)
    assert exists(arm, "networkSecurityGroups", "good")


def test_the_template_of_a_deployment_and_of_a_group_are_exported(arm: Arm) -> None:
    content = template(security_group(rules=[rule("r", 100)]), network(dependsOn=["nsg"]))
    deploy(arm, content)
    assert arm("POST", f"{GROUP}/{TYPE}/d/exportTemplate", version=VERSION).json() == {"template": content}
    answer = arm("POST", f"{GROUP}/exportTemplate", {"resources": ["*"]}, version=VERSION)
    exported = arm("GET", answer.headers["Location"]).json()["template"]
    assert set(exported["parameters"]) == {"networkSecurityGroups_nsg_name", "virtualNetworks_vnet_name"}
    other = arm.group("other")
    assert deploy(arm, exported, scope=other)["provisioningState"] == "Succeeded"
    assert exists(arm, "virtualNetworks", "vnet", other)


def test_tags_and_links_of_a_deployment_are_kept(arm: Arm) -> None:
    sent = {**body(template()), "tags": {"a": "b"}}
    assert arm("PUT", f"{GROUP}/{TYPE}/d", sent, version=VERSION).json()["tags"] == {"a": "b"}
    linked = {"properties": {"mode": "Incremental", "templateLink": {"uri": "https://example.org/t.json"}}}
    answer = arm("PUT", f"{GROUP}/{TYPE}/e", linked, version=VERSION)
    assert (answer.status, code(answer)) == (400, "InvalidContentLink")


def test_management_groups_and_the_tenant_take_deployments(arm: Arm) -> None:
    group = "/providers/Microsoft.Management/managementGroups/lab"
    arm("PUT", group, {"properties": {"displayName": "lab"}}, version="2020-05-01")
    definition = {
        "type": "Microsoft.Authorization/policyDefinitions", "apiVersion": "2021-06-01", "name": "p",
        "properties": {"policyType": "Custom", "mode": "All", "policyRule": {
            "if": {"field": "location", "equals": "northeurope"}, "then": {"effect": "audit"}}},
    }  # fmt: skip
    outputs = {"where": {"type": "string", "value": "[managementGroup().id]"}}
    schema = SCHEMA.replace("2019-04-01/deployment", "2019-08-01/managementGroupDeployment")
    content = {**template(definition, outputs=outputs), "$schema": schema}
    found = deploy(arm, content, scope=group, location="westeurope")
    assert found["provisioningState"] == "Succeeded", found.get("error")
    assert found["outputs"]["where"]["value"] == group
    assert [item["id"] for item in found["outputResources"]] == [
        f"{group}/providers/Microsoft.Authorization/policyDefinitions/p"
    ]
    outer = template(nested({**template(), "$schema": schema}, "to-group", scope="inner", location="westeurope"))
    outer["resources"][0]["scope"] = "Microsoft.Management/managementGroups/lab"
    tenant = deploy(arm, outer, scope="", location="westeurope")
    assert tenant["provisioningState"] == "Succeeded", tenant.get("error")
    assert arm("GET", f"{group}/{TYPE}/to-group", version=VERSION).status == 200
