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


BUILT_IN = "/providers/Microsoft.Authorization/policyDefinitions/"


def test_built_in_policies_are_found_assigned_and_enforced(azure: Azure) -> None:
    locations = {"listOfAllowedLocations": {"value": ["northeurope"]}}
    assign(azure, BUILT_IN + "e56962a6-4747-49cd-b67b-bf8b01975c4c", azure.group, parameters=locations)
    assert nsg(azure)[1]["error"]["code"] == "RequestDisallowedByPolicy"
    listed = azure.ok("GET", f"{SUBSCRIPTION}{AUTHORIZATION}/policyDefinitions", VERSION)["value"]
    assert len(listed) >= 25 and {item["properties"]["policyType"] for item in listed} == {"BuiltIn"}
    one = azure.ok("GET", BUILT_IN + "e56962a6-4747-49cd-b67b-bf8b01975c4c", VERSION)
    assert one["properties"]["displayName"] == "Allowed locations"


def test_a_tag_is_inherited_from_the_group_and_only_when_the_group_has_it(azure: Azure) -> None:
    inherit = BUILT_IN + "cd3aa116-8754-49c9-a813-ad46512ece54"
    who = {"type": "SystemAssigned"}
    assign(azure, inherit, azure.group, parameters={"tagName": {"value": "cost"}}, identity=who)
    assert "tags" not in nsg(azure)[1]
    azure.ok("PUT", azure.group, "2024-11-01", {"location": "westeurope", "tags": {"Cost": "7"}})
    assert nsg(azure)[1]["tags"] == {"cost": "7"}


def test_built_in_policies_about_groups_look_at_groups(azure: Azure) -> None:
    require = BUILT_IN + "96670d01-0a4d-4649-9c89-2d3abc0a5025"
    assign(azure, require, SUBSCRIPTION, parameters={"tagName": {"value": "owner"}})
    path = f"{SUBSCRIPTION}/resourceGroups/other"
    assert azure.refused("PUT", path, "2024-11-01", {"location": "westeurope"}) == "403 RequestDisallowedByPolicy"
    azure.ok("PUT", path, "2024-11-01", {"location": "westeurope", "tags": {"owner": "me"}})
    assert nsg(azure)[0] < 300


def test_nothing_of_a_protected_type_is_deleted(azure: Azure) -> None:
    protect = BUILT_IN + "78460a36-508a-49a4-b2b2-2f5ec564f4bb"
    types = {"listOfResourceTypesDisallowedForDeletion": {"value": ["Microsoft.Network/virtualNetworks"]}}
    assign(azure, protect, azure.group, parameters=types)
    assert azure.refused("DELETE", azure.network, "2024-05-01") == "403 RequestDisallowedByPolicy"


def test_a_public_address_on_an_interface_is_refused_by_its_alias(azure: Azure) -> None:
    assign(azure, BUILT_IN + "83a86a26-fd1f-447c-b59d-e51f44264114", azure.group)
    subnet = azure.ok(
        "PUT", f"{azure.network}/subnets/s", "2024-05-01", {"properties": {"addressPrefix": "10.0.0.0/24"}}
    )
    address = azure.ok(
        "PUT",
        f"{azure.group}/providers/Microsoft.Network/publicIPAddresses/p",
        "2024-05-01",
        {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}},
    )
    path = f"{azure.group}/providers/Microsoft.Network/networkInterfaces/n"

    def interface(**more: Any) -> dict[str, Any]:
        configuration = {"name": "c", "properties": {"subnet": {"id": subnet["id"]}, **more}}
        return {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}}

    public = interface(publicIPAddress={"id": address["id"]})
    assert azure.refused("PUT", path, "2024-05-01", public) == "403 RequestDisallowedByPolicy"
    azure.ok("PUT", path, "2024-05-01", interface())


def test_a_built_in_definition_that_is_not_modelled_is_refused_by_name(azure: Azure) -> None:
    unknown = BUILT_IN + "0004bbf0-5099-4179-869e-e9ffe5fb0945"
    assert azure.refused("GET", unknown, VERSION) == "501 NotModelledBySimulator"
    path = f"{azure.group}{AUTHORIZATION}/policyAssignments/assign"
    body = {"properties": {"policyDefinitionId": unknown}}
    assert azure.refused("PUT", path, VERSION, body) == "501 NotModelledBySimulator"
