"""Policies deny, change and spare writes, from definition to exemption."""

from __future__ import annotations

from typing import Any

from .conftest import AUTHORIZATION, SUBSCRIPTION, Azure

VERSION = "2021-06-01"
NSG = "Microsoft.Network/networkSecurityGroups"
NEEDS_TAG = {
    "mode": "Indexed",
    "parameters": {
        "tag": {"type": "String"},
        "effect": {"type": "String", "defaultValue": "deny", "allowedValues": ["deny", "audit"]},
    },
    "policyRule": {
        "if": {"field": "[concat('tags[', parameters('tag'), ']')]", "exists": "false"},
        "then": {"effect": "[parameters('effect')]"},
    },
}


def define(azure: Azure, properties: dict[str, Any], name: str = "def") -> str:
    return str(
        azure.ok("PUT", f"{SUBSCRIPTION}{AUTHORIZATION}/policyDefinitions/{name}", VERSION, {"properties": properties})[
            "id"
        ]
    )


def assign(azure: Azure, definition: str, scope: str, **properties: Any) -> str:
    body: dict[str, Any] = {"properties": {"policyDefinitionId": definition, **properties}}
    identity = body["properties"].pop("identity", None)
    if identity:
        body |= {"identity": identity, "location": "westeurope"}
    return str(azure.ok("PUT", f"{scope}{AUTHORIZATION}/policyAssignments/assign", VERSION, body)["id"])


def nsg(azure: Azure, tags: dict[str, str] | None = None) -> tuple[int, Any]:
    body = {"location": "westeurope", **({"tags": tags} if tags else {})}
    return azure.call("PUT", f"{azure.group}/providers/{NSG}/n", "2024-05-01", body)


def test_a_denied_write_names_the_assignment_and_leaves_nothing(azure: Azure) -> None:
    made = assign(azure, define(azure, NEEDS_TAG), azure.group, parameters={"tag": {"value": "env"}})
    status, body = nsg(azure)
    assert (status, body["error"]["code"]) == (403, "RequestDisallowedByPolicy")
    assert made in body["error"]["message"] and body["error"]["additionalInfo"][0]["type"] == "PolicyViolation"
    assert azure.call("GET", f"{azure.group}/providers/{NSG}/n", "2024-05-01")[0] == 404
    assert nsg(azure, {"env": "prod"})[0] < 300


def test_audit_and_unenforced_assignments_let_writes_through(azure: Azure) -> None:
    definition = define(azure, NEEDS_TAG)
    assign(azure, definition, azure.group, parameters={"tag": {"value": "env"}, "effect": {"value": "audit"}})
    assert nsg(azure)[0] < 300


def test_an_exemption_spares_its_scope(azure: Azure) -> None:
    made = assign(azure, define(azure, NEEDS_TAG), SUBSCRIPTION, parameters={"tag": {"value": "env"}})
    assert nsg(azure)[0] == 403
    exemption = {"properties": {"policyAssignmentId": made, "exemptionCategory": "Waiver"}}
    azure.ok("PUT", f"{azure.group}{AUTHORIZATION}/policyExemptions/spare", "2022-07-01-preview", exemption)
    assert nsg(azure)[0] < 300


def test_modify_adds_what_is_missing(azure: Azure) -> None:
    rule = {
        "if": {"field": "tags['owner']", "exists": "false"},
        "then": {
            "effect": "modify",
            "details": {
                "roleDefinitionIds": [],
                "operations": [{"operation": "add", "field": "tags['owner']", "value": "[resourceGroup().name]"}],
            },
        },
    }
    definition = define(azure, {"mode": "Indexed", "policyRule": rule})
    path = f"{azure.group}{AUTHORIZATION}/policyAssignments/assign"
    without = {"properties": {"policyDefinitionId": definition}}
    assert azure.refused("PUT", path, VERSION, without) == "400 ResourceIdentityRequired"
    assign(azure, definition, azure.group, identity={"type": "SystemAssigned"})
    assert nsg(azure)[1]["tags"] == {"owner": "rg"}


def test_an_initiative_hands_parameters_on(azure: Azure) -> None:
    definition = define(azure, NEEDS_TAG)
    members = [{"policyDefinitionId": definition, "parameters": {"tag": {"value": "[parameters('which')]"}}}]
    properties = {"parameters": {"which": {"type": "String"}}, "policyDefinitions": members}
    path = f"{SUBSCRIPTION}{AUTHORIZATION}/policySetDefinitions/set"
    made = azure.ok("PUT", path, VERSION, {"properties": properties})
    assign(azure, made["id"], azure.group, parameters={"which": {"value": "cost"}})
    assert nsg(azure, {"env": "prod"})[0] == 403
    assert nsg(azure, {"cost": "1"})[0] < 300
    assert azure.refused("DELETE", definition, VERSION) == "409 PolicyDefinitionInUse"


def test_assignments_are_checked_against_the_definition(azure: Azure) -> None:
    definition = define(azure, NEEDS_TAG)
    path = f"{azure.group}{AUTHORIZATION}/policyAssignments/assign"

    def refused(**properties: Any) -> str:
        return azure.refused("PUT", path, VERSION, {"properties": {"policyDefinitionId": definition, **properties}})

    assert refused() == "400 MissingPolicyParameter"
    assert refused(parameters={"tag": {"value": "x"}, "more": {"value": 1}}) == "400 UndefinedPolicyParameter"
    bad = {"tag": {"value": "x"}, "effect": {"value": "append"}}
    assert refused(parameters=bad) == "400 PolicyParameterValueNotAllowed"
    assert (
        refused(policyDefinitionId=f"{SUBSCRIPTION}{AUTHORIZATION}/policyDefinitions/none")
        == "404 PolicyDefinitionNotFound"
    )


def test_definitions_are_checked(azure: Azure) -> None:
    path = f"{SUBSCRIPTION}{AUTHORIZATION}/policyDefinitions/bad"

    def refused(rule: Any) -> str:
        return azure.refused("PUT", path, VERSION, {"properties": {"policyRule": rule}})

    assert refused({"if": {}}) == "400 InvalidPolicyRule"
    assert (
        refused({"if": {"field": "name", "equals": "x"}, "then": {"effect": "explode"}})
        == "400 InvalidPolicyRuleEffect"
    )
    undeclared = {"if": {"field": "name", "equals": "[parameters('x')]"}, "then": {"effect": "deny"}}
    assert refused(undeclared) == "400 InvalidPolicyParameters"


def test_access_comes_before_lock_and_lock_before_policy(azure: Azure) -> None:
    assign(azure, define(azure, NEEDS_TAG), azure.group, parameters={"tag": {"value": "env"}})
    azure.ok("PUT", f"{azure.group}{AUTHORIZATION}/locks/keep", "2016-09-01", {"properties": {"level": "ReadOnly"}})
    status, body = nsg(azure)
    assert (status, body["error"]["code"]) == (409, "ScopeLocked")
