"""What is read of a sandbox: its groups, what sits on them, and what lies outside."""

from __future__ import annotations

from azlabs.cloud.memory import scratch
from azlabs.proof.state import read_state
from azlabs.verify.reads import Reads

API = "2024-05-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PRINCIPAL = "11111111-1111-1111-1111-111111111111"


def test_groups_assignments_on_them_and_named_things_outside_are_read() -> None:
    cloud = scratch()
    subscription = f"/subscriptions/{cloud.subscription_id}"
    group, foreign = f"{subscription}/resourceGroups/rg", f"{subscription}/resourceGroups/other"
    for name in (group, foreign):
        cloud.run("PUT", name, "2021-04-01", {"location": "swedencentral"})
        web = f"{name}/providers/Microsoft.Network/applicationSecurityGroups/web"
        cloud.run("PUT", web, API, {"location": "swedencentral"})
    role = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    body = {"properties": {"roleDefinitionId": role, "principalId": PRINCIPAL, "principalType": "ServicePrincipal"}}
    given = {}
    for number, scope in enumerate((group, foreign, subscription)):
        name = f"{scope}/providers/Microsoft.Authorization/roleAssignments/0000000{number}-1111-1111-1111-111111111111"
        cloud.run("PUT", name, "2022-04-01", body)
        given[scope] = name.lower()
    missing = f"{foreign}/providers/Microsoft.Network/applicationSecurityGroups/gone"
    record = f"{subscription}/providers/Microsoft.Resources/deployments/d"
    outside = [given[subscription], missing, record]
    state = read_state(Reads(cloud), ["rg"], outside)
    assert set(state) == {
        f"{group}/providers/Microsoft.Network/applicationSecurityGroups/web".lower(),
        given[group],
        given[subscription],
        role.lower(),
    }
