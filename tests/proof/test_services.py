"""Slips in rights, settings, secrets and containers, and access compared as behaviour."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from azlabs.proof.access_behaviour import compare, prepare
from azlabs.proof.equivalent import Unasked
from azlabs.proof.mutation import World, mutants
from azlabs.proof.operators import variants
from azlabs.proof.state import State, key

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
BUS = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/sb"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/func"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
ROLE = "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions"
RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
WHO = "aaaaaaaa-0000-4000-8000-000000000001"
RECEIVE = "Microsoft.ServiceBus/namespaces/messages/receive/action"


def resource(identifier: str, **properties: Any) -> dict[str, Any]:
    parts = identifier.split("/providers/")[-1].split("/")
    kind = "/".join([parts[0], *parts[1::2]])
    return {"id": identifier, "name": parts[-1], "type": kind, "properties": properties}


def state(*resources: dict[str, Any]) -> State:
    return {key(entry["id"]): entry for entry in resources}


def definition(role: str, **permissions: list[str]) -> dict[str, Any]:
    return resource(f"{ROLE}/{role}", roleName="a role", permissions=[permissions])


def assignment(scope: str, role: str = RECEIVER, principal: str = WHO) -> dict[str, Any]:
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/11111111-0000-4000-8000-000000000001"
    return resource(path, roleDefinitionId=f"{ROLE}/{role}", principalId=principal, scope=scope)


QUEUE = resource(f"{BUS}/queues/documents", maxDeliveryCount=5, defaultMessageTimeToLive="P7D")
IDENTITY = resource(f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app", principalId=WHO)
BASE = (resource(BUS), QUEUE, resource(f"{BUS}/queues/other"), IDENTITY, definition(RECEIVER, dataActions=[RECEIVE]))


def test_rights_are_rows_whatever_assignment_gives_them() -> None:
    narrow = prepare(state(*BASE, assignment(QUEUE["id"])))
    assert narrow == {f"id-app may {RECEIVE} on sb/queues/documents"}
    wide = prepare(state(*BASE, assignment(BUS)))
    assert [str(found) for found in compare(narrow, wide, ())] == [
        f"id-app may {RECEIVE} on sb/queues/other: no before, yes after"
    ]
    assert prepare(state(*BASE, assignment(QUEUE["id"], principal="somebody-else"))) == frozenset()


def test_rights_that_no_task_asks_for_are_left_out() -> None:
    narrow, wide = (prepare(state(*BASE, assignment(scope))) for scope in (QUEUE["id"], BUS))
    assert not list(compare(narrow, wide, [Unasked("open", access="* may */receive/action on sb/queues/oth*")]))


def test_containers_are_judged_by_the_roles_of_their_account() -> None:
    items = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items"
    container = resource(f"{COSMOS}/sqlDatabases/library/containers/passages")
    role = resource(f"{COSMOS}/sqlRoleDefinitions/r", permissions=[{"dataActions": [f"{items}/*"]}])
    given = resource(
        f"{COSMOS}/sqlRoleAssignments/x",
        roleDefinitionId=role["id"],
        principalId=WHO,
        scope=f"{COSMOS}/dbs/library/colls/passages",
    )
    rows = prepare(state(IDENTITY, container, role, given))
    assert f"id-app may {items}/read on cosmos/sqlDatabases/library/containers/passages" in rows
    given["properties"]["scope"] = f"{COSMOS}/dbs/library/colls/loans"
    assert not prepare(state(IDENTITY, container, role, given))


def names(start: State, solved: State) -> dict[str, Any]:
    return {mutant.name: mutant for mutant in mutants(World(start, [("task", solved)], solved))}


def test_settings_are_left_out_misspelt_kept_and_put_back() -> None:
    path = f"{SITE}/config/appsettings"
    start = state(resource(path, OLD="key", SAME="https://a.example", TURNED="plain"))
    reference = "@Microsoft.KeyVault(VaultName=kv;SecretName=s)"
    solved = state(resource(path, SAME="https://a.example", TURNED=reference, NEW="id"))
    found = names(start, solved)
    assert found["appsettings/OLD: nothing -> as at the start"].edit.body["properties"]["OLD"] == "key"
    assert found["appsettings/TURNED: solved -> as at the start"].edit.body["properties"]["TURNED"] == "plain"
    assert "NEW" not in found["appsettings/NEW: there -> nothing"].edit.body["properties"]
    assert found["appsettings/SAME: right -> misspelt"].edit.body["properties"]["SAME"] == "https://a.exampl0"
    assert "appsettings/TURNED: right -> misspelt" not in found
    assert not any("key" in name for name in found)


def test_what_is_fixed_at_creation_is_made_again_with_what_sat_on_it() -> None:
    before = deepcopy(QUEUE)
    before["properties"]["maxDeliveryCount"] = 10
    given = assignment(QUEUE["id"])
    found = names(state(before, given), state(QUEUE, given))["documents/maxDeliveryCount: 5 -> 6"]
    assert [(edit.id.rpartition("/")[2], edit.body is None) for edit in found.edits] == [
        ("documents", True),
        ("documents", False),
        (given["name"], False),
    ]


def test_a_secret_is_switched_off_or_holds_the_old_text() -> None:
    secret = resource(f"{VAULT}/secrets/s", secretUri="https://kv.vault.azure.net/secrets/s", attributes={"enabled": True})
    path = f"{SITE}/config/appsettings"
    start = state(resource(path, TOKEN="leaked"))
    solved = state(resource(path, TOKEN="@Microsoft.KeyVault(VaultName=kv;SecretName=s)"), secret)
    found = names(start, solved)
    assert found["s: enabled -> disabled"].edit.id.startswith("PATCH https://kv.vault.azure.net/secrets/s?")
    assert found["s: new -> the old text of TOKEN"].edit.body == {"value": "leaked"}


def test_a_data_role_gets_another_role_scope_or_kind() -> None:
    scope = f"{COSMOS}/dbs/library/colls/passages"
    role = f"{COSMOS}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"
    given = resource(f"{COSMOS}/sqlRoleAssignments/x", roleDefinitionId=role, principalId=WHO, scope=scope)
    found = names({}, state(given))
    scopes = [mutant.edit.body["properties"].get("scope") for mutant in found.values() if mutant.operator == "raise scope"]
    assert scopes == [f"{COSMOS}/dbs/library", COSMOS]
    assert "x: a role of the account -> DocumentDB Account Contributor" in found


def test_neighbouring_roles_are_tried() -> None:
    found = names(state(*BASE), state(*BASE, assignment(QUEUE["id"])))
    told = {mutant.after for mutant in found.values() if mutant.operator == "role"}
    assert {"role Azure Service Bus Data Owner", "role Azure Service Bus Data Sender", "role Contributor"} <= told
    scopes = [mutant.after for mutant in found.values() if mutant.operator == "raise scope"]
    assert scopes == [BUS, GROUP]


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("P7D", ["P8D", "P6D", "PT16H"]),
        ("PT10M", ["PT11M", "PT9M", "PT60S"]),
        ("PT1M", ["PT2M"]),
        ("PT20S", ["PT21S", "PT19S", "PT1S"]),
        ("P10675199DT2H48M5.4775807S", []),
        ("P", []),
    ],
)
def test_durations_become_longer_and_shorter(text: str, others: list[str]) -> None:
    assert [value for _, value in variants("window", text)] == others
