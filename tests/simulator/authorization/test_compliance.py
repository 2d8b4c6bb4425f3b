"""What happens after a write: compliance, deployments by the assignment's identity, remediations, attestations."""

from __future__ import annotations

from typing import Any

from azlabs.simulator import Principal

from .conftest import AUTHORIZATION, SUBSCRIPTION, Azure
from .test_policy import BUILT_IN, NEEDS_TAG, assign, define, nsg

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
INSIGHTS = "/providers/Microsoft.PolicyInsights"
STATES = f"{INSIGHTS}/policyStates/latest"
# A security group without a route table of the same name beside it gets one.
DEPLOYS = {
    "mode": "Indexed",
    "policyRule": {
        "if": {"field": "type", "equals": "Microsoft.Network/networkSecurityGroups"},
        "then": {
            "effect": "deployIfNotExists",
            "details": {
                "type": "Microsoft.Network/routeTables",
                "name": "[field('name')]",
                "roleDefinitionIds": [f"/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}"],
                "deployment": {
                    "properties": {
                        "mode": "incremental",
                        "parameters": {"name": {"value": "[field('name')]"}, "at": {"value": "[field('location')]"}},
                        "template": {
                            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                            "contentVersion": "1.0.0.0",
                            "parameters": {"name": {"type": "string"}, "at": {"type": "string"}},
                            "resources": [
                                {
                                    "type": "Microsoft.Network/routeTables",
                                    "apiVersion": "2024-05-01",
                                    "name": "[parameters('name')]",
                                    "location": "[parameters('at')]",
                                }
                            ],
                        },
                    }
                },
            },
        },
    },
}


def states(azure: Azure, scope: str, query: str = "") -> list[dict[str, Any]]:
    path = f"{scope}{STATES}/queryResults{query}"
    return list(azure.ok("POST", path, "2019-10-01")["value"])


def with_deployer(azure: Azure, *, role: bool) -> str:
    who = {"type": "SystemAssigned"}
    made = assign(azure, define(azure, DEPLOYS), azure.group, identity=who)
    if role:
        identity = azure.ok("GET", made, "2021-06-01")["identity"]
        azure.assign(CONTRIBUTOR, Principal(identity["principalId"], identity["tenantId"]), azure.group)
    return made


def routes(azure: Azure) -> int:
    azure.ok("GET", azure.network, "2024-05-01")
    azure.ok("GET", azure.network, "2024-05-01")
    return azure.call("GET", f"{azure.group}/providers/Microsoft.Network/routeTables/n", "2024-05-01")[0]


def test_audited_resources_are_not_compliant_until_they_are_put_right(azure: Azure) -> None:
    audit = {"tag": {"value": "env"}, "effect": {"value": "audit"}}
    made = assign(azure, define(azure, NEEDS_TAG), azure.group, parameters=audit)
    nsg(azure)
    (state,) = [item for item in states(azure, azure.group) if item["resourceId"].endswith("/n")]
    assert (state["complianceState"], state["policyAssignmentId"]) == ("NonCompliant", made)
    assert states(azure, azure.group, "?$filter=complianceState%20eq%20'Compliant'") == []
    nsg(azure, {"env": "test"})
    (state,) = states(azure, azure.group, "?$filter=complianceState%20eq%20'Compliant'")
    assert state["resourceId"].endswith("/n") and state["isCompliant"] is True


def test_a_summary_counts_resources_and_policies(azure: Azure) -> None:
    audit = {"tag": {"value": "env"}, "effect": {"value": "audit"}}
    assign(azure, define(azure, NEEDS_TAG), azure.group, parameters=audit)
    nsg(azure, {"env": "test"})
    (summary,) = azure.ok("POST", f"{SUBSCRIPTION}{STATES}/summarize", "2019-10-01")["value"]
    assert summary["results"]["nonCompliantResources"] == 1 and summary["results"]["nonCompliantPolicies"] == 1
    counted = {item["complianceState"]: item["count"] for item in summary["results"]["resourceDetails"]}
    assert counted == {"compliant": 1, "noncompliant": 1}


def test_an_evaluation_is_accepted_and_over_at_the_first_look(azure: Azure) -> None:
    assert azure.call("POST", f"{azure.group}{STATES}/triggerEvaluation", "2019-10-01")[0] == 202
    nowhere = f"{SUBSCRIPTION}/resourceGroups/none{STATES}/triggerEvaluation"
    assert azure.refused("POST", nowhere, "2019-10-01") == "404 ResourceGroupNotFound"
    assert azure.refused("GET", f"{azure.group}{STATES}/queryResults", "2019-10-01").startswith("405 ")


def test_what_is_missing_is_deployed_by_the_identity_of_the_assignment(azure: Azure) -> None:
    with_deployer(azure, role=True)
    nsg(azure)
    assert routes(azure) == 200
    assert [item["complianceState"] for item in states(azure, azure.group)] == ["Compliant"]


def test_without_its_role_the_identity_deploys_nothing(azure: Azure) -> None:
    with_deployer(azure, role=False)
    nsg(azure)
    assert routes(azure) == 404
    assert [item["complianceState"] for item in states(azure, azure.group)] == ["NonCompliant"]


def test_a_remediation_deploys_for_what_was_there_before(azure: Azure) -> None:
    nsg(azure)
    made = with_deployer(azure, role=True)
    path = f"{azure.group}{INSIGHTS}/remediations/mend"
    body = azure.ok("PUT", path, "2021-10-01", {"properties": {"policyAssignmentId": made}})
    assert body["properties"]["provisioningState"] == "Accepted" and body["id"] == path.lower()
    assert routes(azure) == 200
    done = azure.ok("GET", path, "2021-10-01")["properties"]
    assert (done["provisioningState"], done["deploymentStatus"]["successfulDeployments"]) == ("Succeeded", 1)
    (deployed,) = azure.ok("POST", f"{path}/listDeployments", "2021-10-01")["value"]
    assert deployed["remediatedResourceId"].endswith("/networkSecurityGroups/n")
    again = azure.ok("PUT", path + "2", "2021-10-01", {"properties": {"policyAssignmentId": made}})
    assert again["properties"]["provisioningState"] == "Succeeded"
    assert azure.ok("DELETE", path, "2021-10-01")["name"] == "mend"


def test_a_remediation_says_when_the_identity_lacks_its_role(azure: Azure) -> None:
    nsg(azure)
    made = with_deployer(azure, role=False)
    path = f"{azure.group}{INSIGHTS}/remediations/mend"
    azure.ok("PUT", path, "2021-10-01", {"properties": {"policyAssignmentId": made}})
    assert routes(azure) == 404
    assert azure.ok("GET", path, "2021-10-01")["properties"]["provisioningState"] == "Failed"
    (failed,) = azure.ok("POST", f"{path}/listDeployments", "2021-10-01")["value"]
    assert failed["status"] == "Failed" and failed["error"]["code"] == "AuthorizationFailed"


def test_a_remediation_of_modify_puts_tags_on(azure: Azure) -> None:
    nsg(azure)
    tag = {"tagName": {"value": "cost"}, "tagValue": {"value": "7"}}
    add_tag, who = BUILT_IN + "4f9dc7db-30c1-420c-b61a-e1d640128d26", {"type": "SystemAssigned"}
    made = assign(azure, add_tag, azure.group, parameters=tag, identity=who)
    identity = azure.ok("GET", made, "2021-06-01")["identity"]
    azure.assign(CONTRIBUTOR, Principal(identity["principalId"], identity["tenantId"]), azure.group)
    path = f"{azure.group}{INSIGHTS}/remediations/mend"
    azure.ok("PUT", path, "2021-10-01", {"properties": {"policyAssignmentId": made}})
    routes(azure)
    found = azure.ok("GET", f"{azure.group}/providers/Microsoft.Network/networkSecurityGroups/n", "2024-05-01")
    assert found["tags"] == {"cost": "7"}


def test_a_cancelled_remediation_does_nothing_more(azure: Azure) -> None:
    nsg(azure)
    made = with_deployer(azure, role=True)
    path = f"{azure.group}{INSIGHTS}/remediations/mend"
    azure.ok("PUT", path, "2021-10-01", {"properties": {"policyAssignmentId": made}})
    assert azure.ok("POST", f"{path}/cancel", "2021-10-01")["properties"]["provisioningState"] == "Cancelling"
    assert routes(azure) == 404
    assert azure.ok("GET", path, "2021-10-01")["properties"]["provisioningState"] == "Canceled"
    assert azure.refused("POST", f"{path}/cancel", "2021-10-01") == "400 InvalidCancelRemediationRequest"


def test_a_remediation_needs_an_assignment(azure: Azure) -> None:
    path = f"{azure.group}{INSIGHTS}/remediations/mend"
    body = {"properties": {"policyAssignmentId": f"{azure.group}{AUTHORIZATION}/policyAssignments/none"}}
    assert azure.refused("PUT", path, "2021-10-01", body) == "404 PolicyAssignmentNotFound"


def test_manual_policies_are_as_people_attest(azure: Azure) -> None:
    rule = {
        "if": {"field": "type", "equals": "Microsoft.Network/virtualNetworks"},
        "then": {"effect": "manual", "details": {"defaultState": "Unknown"}},
    }
    made = assign(azure, define(azure, {"mode": "All", "policyRule": rule}), azure.group)
    assert [item["complianceState"] for item in states(azure, azure.group)] == ["Unknown"]
    path = f"{azure.network}{INSIGHTS}/attestations/yes"
    azure.ok("PUT", path, "2022-09-01", {"properties": {"policyAssignmentId": made, "complianceState": "Compliant"}})
    assert [item["complianceState"] for item in states(azure, azure.group)] == ["Compliant"]
    azure.ok("DELETE", path, "2022-09-01")
    assert [item["complianceState"] for item in states(azure, azure.group)] == ["Unknown"]


def test_exempt_resources_are_counted_as_exempt(azure: Azure) -> None:
    audit = {"tag": {"value": "env"}, "effect": {"value": "audit"}}
    made = assign(azure, define(azure, NEEDS_TAG), azure.group, parameters=audit)
    exemption = {"properties": {"policyAssignmentId": made, "exemptionCategory": "Waiver"}}
    azure.ok("PUT", f"{azure.network}{AUTHORIZATION}/policyExemptions/spare", "2022-07-01-preview", exemption)
    assert [item["complianceState"] for item in states(azure, azure.group)] == ["Exempt"]


def test_a_reader_asks_about_compliance_and_changes_nothing(azure: Azure, ann: Principal) -> None:
    azure.assign("acdd72a7-3385-48ef-bd42-f606fba81ae7", ann, azure.group)
    assert azure.call("POST", f"{azure.group}{STATES}/summarize", "2019-10-01", principal=ann)[0] == 200
    trigger = f"{azure.group}{STATES}/triggerEvaluation"
    assert azure.refused("POST", trigger, "2019-10-01", principal=ann) == "403 AuthorizationFailed"
