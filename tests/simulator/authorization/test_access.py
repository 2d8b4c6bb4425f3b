"""Nobody but the owner may do what no role gives; roles, groups and scopes decide as Azure decides."""

from __future__ import annotations

import uuid

from azlabs.simulator import Principal
from azlabs.simulator.providers.authorization import builtin_roles

from .conftest import AUTHORIZATION, SUBSCRIPTION, Azure

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
TAGS = {
    "location": "westeurope",
    "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    "tags": {"a": "b"},
}


def test_without_a_role_nothing_may_be_read_and_the_error_names_who_what_and_where(
    azure: Azure, ann: Principal
) -> None:
    status, body = azure.call("GET", azure.network, "2024-05-01", principal=ann)
    message = body["error"]["message"]
    assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
    assert ann.object_id in message and "Microsoft.Network/virtualNetworks/read" in message and azure.network in message


def test_a_reader_of_the_group_reads_what_is_inside_and_writes_nothing(azure: Azure, ann: Principal) -> None:
    azure.assign(READER, ann, azure.group)
    assert azure.call("GET", azure.network, "2024-05-01", principal=ann)[0] == 200
    assert azure.refused("PUT", azure.network, "2024-05-01", TAGS, ann) == "403 AuthorizationFailed"


def test_a_reader_of_the_group_lists_what_is_in_it_and_not_what_is_elsewhere(azure: Azure, ann: Principal) -> None:
    azure.assign(READER, ann, azure.group)
    lists = ("/providers/Microsoft.Network/virtualNetworks", "/resources", "/providers/Microsoft.Authorization/locks")
    versions = ("2024-05-01", "2024-11-01", "2016-09-01")
    for path, version in zip(lists, versions, strict=True):
        assert azure.call("GET", azure.group + path, version, principal=ann)[0] == 200
    assert azure.call("GET", f"{azure.network}/subnets", "2024-05-01", principal=ann)[0] == 200
    everywhere = f"{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks"
    assert azure.refused("GET", everywhere, "2024-05-01", principal=ann) == "403 AuthorizationFailed"


def test_a_network_contributor_writes_networks_and_no_roles(azure: Azure, ann: Principal) -> None:
    azure.assign(NETWORK_CONTRIBUTOR, ann, azure.group)
    assert azure.call("PUT", azure.network, "2024-05-01", TAGS, ann)[0] == 200
    path = f"{azure.group}{AUTHORIZATION}/roleAssignments/5b2cf2a6-3a39-4d0b-8f0a-333333333333"
    assert azure.refused("PUT", path, "2022-04-01", {"properties": {}}, ann) == "403 AuthorizationFailed"


def test_taking_the_assignment_away_takes_the_access_away(azure: Azure, ann: Principal) -> None:
    made = azure.assign(CONTRIBUTOR, ann, azure.group)
    assert azure.call("GET", azure.group, "2024-11-01", principal=ann)[0] == 200
    gone = azure.ok("DELETE", made["id"], "2022-04-01")
    assert gone["id"] == made["id"]
    assert azure.refused("GET", azure.group, "2024-11-01", principal=ann) == "403 AuthorizationFailed"


def test_a_role_reaches_a_member_through_a_group_of_the_directory(azure: Azure, ann: Principal) -> None:
    directory, now = azure.simulator.directory, azure.simulator.clock.now()
    from azlabs.simulator.directory.kinds import GROUPS

    team = directory.create(GROUPS, {"displayName": "team", "mailNickname": "team"}, now)
    azure.assign(READER, Principal(team.name, ann.tenant_id), azure.group)
    assert azure.refused("GET", azure.group, "2024-11-01", principal=ann) == "403 AuthorizationFailed"
    directory.link(team, "members", ann.object_id, now)
    assert azure.call("GET", azure.group, "2024-11-01", principal=ann)[0] == 200


def test_a_role_at_a_management_group_reaches_the_subscriptions_inside(azure: Azure, ann: Principal) -> None:
    group = "/providers/Microsoft.Management/managementGroups/team"
    azure.ok("PUT", group, "2021-04-01", {"properties": {}})
    azure.assign(READER, ann, group)
    assert azure.refused("GET", azure.group, "2024-11-01", principal=ann) == "403 AuthorizationFailed"
    azure.ok("PUT", f"{group}{SUBSCRIPTION}", "2021-04-01")
    assert azure.call("GET", azure.group, "2024-11-01", principal=ann)[0] == 200


def test_the_same_assignment_twice_is_a_conflict(azure: Azure, ann: Principal) -> None:
    made = azure.assign(READER, ann, azure.group)
    again = {
        "properties": {key: made["properties"][key] for key in ("roleDefinitionId", "principalId", "principalType")}
    }
    path = f"{azure.group}{AUTHORIZATION}/roleAssignments/5b2cf2a6-3a39-4d0b-8f0a-333333333333"
    assert azure.refused("PUT", path, "2022-04-01", again) == "409 RoleAssignmentExists"


def test_an_unknown_principal_needs_its_type_to_be_said(azure: Azure) -> None:
    definition = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions/{READER}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": "5b2cf2a6-3a39-4d0b-8f0a-999999999999"}}
    path = f"{azure.group}{AUTHORIZATION}/roleAssignments/5b2cf2a6-3a39-4d0b-8f0a-333333333333"
    assert azure.refused("PUT", path, "2022-04-01", body) == "400 PrincipalNotFound"
    body["properties"]["principalId"] = "wow"
    assert azure.refused("PUT", path, "2022-04-01", body) == "400 InvalidPrincipalId"


def test_the_last_owner_cannot_be_taken_away(azure: Azure) -> None:
    listed = azure.ok("GET", f"{SUBSCRIPTION}{AUTHORIZATION}/roleAssignments", "2022-04-01")["value"]
    assert [item["properties"]["principalId"] for item in listed] == [azure.simulator.tokens.owner.object_id]
    assert azure.refused("DELETE", listed[0]["id"], "2022-04-01") == "400 CannotDeleteLastRbacAdminAssignment"


def test_lists_of_assignments_reach_up_and_down(azure: Azure, ann: Principal) -> None:
    azure.assign(READER, ann, azure.network)
    everything = azure.ok("GET", f"{azure.group}{AUTHORIZATION}/roleAssignments", "2022-04-01")["value"]
    assert len(everything) == 2
    here = azure.ok("GET", f"{azure.group}{AUTHORIZATION}/roleAssignments?$filter=atScope()", "2022-04-01")["value"]
    assert len(here) == 1
    mine = f"{azure.group}{AUTHORIZATION}/roleAssignments?$filter=assignedTo('{ann.object_id}')"
    assert [item["properties"]["scope"] for item in azure.ok("GET", mine, "2022-04-01")["value"]] == [azure.network]


def test_a_custom_role_works_at_its_scopes_only(azure: Azure, ann: Principal) -> None:
    role = "5b2cf2a6-3a39-4d0b-8f0a-444444444444"
    body = {
        "properties": {
            "roleName": "Network watcher",
            "assignableScopes": [azure.group],
            "permissions": [{"actions": ["Microsoft.Network/virtualNetworks/read"]}],
        }
    }
    azure.ok("PUT", f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions/{role}", "2022-04-01", body)
    definition = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions/{role}"
    wide = {"roleDefinitionId": definition, "principalId": ann.object_id, "principalType": "ServicePrincipal"}
    path = f"{SUBSCRIPTION}{AUTHORIZATION}/roleAssignments/5b2cf2a6-3a39-4d0b-8f0a-333333333333"
    assert (
        azure.refused("PUT", path, "2022-04-01", {"properties": wide})
        == "400 RoleAssignmentScopeNotAssignableToRoleDefinition"
    )
    azure.assign(role, ann, azure.group)
    assert azure.call("GET", azure.network, "2024-05-01", principal=ann)[0] == 200
    assert azure.refused("GET", azure.group, "2024-11-01", principal=ann) == "403 AuthorizationFailed"
    assert azure.refused("DELETE", definition, "2022-04-01") == "400 RoleDefinitionHasAssignments"


def test_built_in_roles_are_found_by_name_at_any_scope_and_cannot_be_changed(azure: Azure) -> None:
    path = f"{azure.network}{AUTHORIZATION}/roleDefinitions?$filter=roleName%20eq%20'reader'"
    (reader,) = azure.ok("GET", path, "2022-04-01")["value"]
    assert reader["name"] == READER and reader["properties"]["permissions"][0]["actions"] == ["*/read"]
    assert (
        azure.refused("PUT", reader["id"], "2022-04-01", {"properties": {}}) == "403 RoleDefinitionUpdateNotPermitted"
    )


def test_a_condition_is_refused_by_name_and_never_granted(azure: Azure, ann: Principal) -> None:
    definition = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions/{READER}"
    properties = {
        "roleDefinitionId": definition,
        "principalId": ann.object_id,
        "principalType": "ServicePrincipal",
        "condition": "@Resource[a] StringEquals 'x'",
        "conditionVersion": "2.0",
    }
    path = f"{azure.group}{AUTHORIZATION}/roleAssignments/5b2cf2a6-3a39-4d0b-8f0a-333333333333"
    azure.ok("PUT", path, "2022-04-01", {"properties": properties})
    assert azure.refused("GET", azure.group, "2024-11-01", principal=ann) == "501 NotModelledBySimulator"


def test_a_built_in_role_known_by_name_only_is_refused_by_name(azure: Azure, ann: Principal) -> None:
    avere = "4f8fab4f-1852-4a58-a46a-8eaf358af14a"
    definition = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions/{avere}"
    properties = {"roleDefinitionId": definition, "principalId": ann.object_id, "principalType": "ServicePrincipal"}
    path = f"{azure.group}{AUTHORIZATION}/roleAssignments/5b2cf2a6-3a39-4d0b-8f0a-333333333333"
    status, body = azure.call("PUT", path, "2022-04-01", {"properties": properties})
    assert (status, body["error"]["code"]) == (501, "NotModelledBySimulator")
    assert "Avere Contributor" in body["error"]["message"]
    by_name = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions?$filter=roleName%20eq%20'Avere%20Contributor'"
    assert azure.refused("GET", by_name, "2022-04-01") == "501 NotModelledBySimulator"
    assert azure.refused("GET", definition, "2022-04-01") == "501 NotModelledBySimulator"


def test_every_built_in_role_has_an_id_a_name_and_permissions_of_its_own() -> None:
    rows = builtin_roles.rows()
    assert len(rows) >= 90
    assert len({row[1] for row in rows.values()}) == len(rows)
    assert not set(rows) & set(builtin_roles.named())
    for id, name, text, *permissions in rows.values():
        assert str(uuid.UUID(id)) == id and name and text
        assert any(permissions), name


def test_data_actions_are_apart_from_control_actions() -> None:
    reader = builtin_roles.roles()["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"]
    blob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    assert reader.allows(blob, data=True) and not reader.allows(blob)
    assert not builtin_roles.roles()[READER].allows(blob, data=True)


def test_whoever_has_a_role_in_one_group_sees_that_group_only(azure: Azure, ann: Principal) -> None:
    azure.ok("PUT", f"{SUBSCRIPTION}/resourceGroups/other", "2024-11-01", {"location": "westeurope"})

    def names(path: str, version: str) -> list[str]:
        status, body = azure.call("GET", path, version, principal=ann)
        assert status == 200, body
        return [item.get("name") or item["subscriptionId"] for item in body["value"]]

    assert names("/subscriptions", "2022-12-01") == []
    assert (
        azure.refused("GET", f"{SUBSCRIPTION}/resourceGroups", "2024-11-01", principal=ann) == "403 AuthorizationFailed"
    )
    azure.assign(READER, ann, azure.group)
    assert names("/subscriptions", "2022-12-01") == [SUBSCRIPTION.rpartition("/")[2]]
    assert names(f"{SUBSCRIPTION}/resourceGroups", "2024-11-01") == ["rg"]
    assert names(f"{SUBSCRIPTION}/resources", "2021-04-01") == ["v"]
    azure.assign(READER, ann, SUBSCRIPTION)
    assert names(f"{SUBSCRIPTION}/resourceGroups", "2024-11-01") == ["rg", "other"]
