"""Down knows what each kind of thing needs: backups, names that are kept, locks, roles, budgets, the directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox import directory
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.recover import recover
from azlabs.sandbox.status import settled, status

from .test_down_costs import machines_start, with_start, work_of_a_learner

GROUPS_API = "2024-11-01"
VAULT_API = "2023-07-01"
BACKUP_API = "2024-04-01"
ROLES_API = "2022-04-01"
BUDGETS_API = "2023-05-01"
TENANT = "[subscription().tenantId]"


@pytest.fixture
def with_backups(cloud: ScratchCloud, ledger: Ledger, lab_folder: Path, tmp_path: Path) -> Sandbox:
    from azlabs.sandbox.up import up

    lab = with_start(machines_start(), tmp_path / "machines", lab_folder)
    box = up(lab, cloud, ledger=ledger).sandbox
    work_of_a_learner(cloud, box.group_id(box.resource_group))
    return box


def groups(cloud: ScratchCloud) -> list[str]:
    return [str(g["name"]) for g in cloud.items(f"/subscriptions/{cloud.subscription_id}/resourcegroups", GROUPS_API)]


def put_vault(cloud: ScratchCloud, box: Sandbox, name: str, **properties: Any) -> str:
    identifier = f"{box.group_id(box.resource_group)}/providers/Microsoft.KeyVault/vaults/{name}"
    body = {
        "location": "swedencentral",
        "properties": {
            "tenantId": cloud.tenant_id,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
            **properties,
        },
    }
    cloud.run("PUT", identifier, VAULT_API, body)
    return identifier


def test_backups_are_stopped_and_deleted_before_their_vault(
    with_backups: Sandbox, cloud: ScratchCloud, ledger: Ledger
) -> None:
    plan = plan_down(with_backups, cloud)
    assert [item.name for vault in plan.vaults for item in vault.items] == ["vm"]
    report = down(plan, cloud, ledger=ledger)
    assert report.survivors == []
    assert groups(cloud) == []
    assert [identifier.rpartition("/")[2][:3] for identifier in report.purged] == ["kv-"]


def test_backups_that_were_deleted_and_are_kept_come_back_to_go_for_good(
    with_backups: Sandbox, cloud: ScratchCloud, ledger: Ledger
) -> None:
    (vault,) = plan_down(with_backups, cloud).vaults
    cloud.run("DELETE", vault.items[0].id, BACKUP_API)
    (vault,) = plan_down(with_backups, cloud).vaults
    assert vault.items[0].is_kept and vault.items[0].until
    assert not down(plan_down(with_backups, cloud), cloud, ledger=ledger).survivors
    assert groups(cloud) == []


def test_file_shares_are_let_go_and_their_account_is_unregistered(
    with_backups: Sandbox, cloud: ScratchCloud, ledger: Ledger
) -> None:
    (vault,) = plan_down(with_backups, cloud).vaults
    group = with_backups.group_id(with_backups.resource_group)
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/azlabskept"
    location = cloud.request("GET", vault.id, BACKUP_API).json["location"]
    body = {"location": location, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
    cloud.run("PUT", account, "2024-01-01", body)
    cloud.run("PUT", f"{account}/fileServices/default/shares/reports", "2024-01-01", {})
    name = f"StorageContainer;Storage;{with_backups.resource_group};azlabskept"
    container = f"{vault.id}/backupFabrics/Azure/protectionContainers/{name}"
    about = {
        "backupManagementType": "AzureStorage",
        "containerType": "StorageContainer",
        "sourceResourceId": account,
    }
    cloud.run("PUT", container, BACKUP_API, {"properties": about})
    (vault,) = plan_down(with_backups, cloud).vaults
    assert [found.rpartition(";")[2] for found in vault.accounts] == ["azlabskept"]
    assert not down(plan_down(with_backups, cloud), cloud, ledger=ledger).survivors
    assert groups(cloud) == []


def test_backups_whose_soft_delete_is_always_on_survive_with_their_reason(
    with_backups: Sandbox, cloud: ScratchCloud, ledger: Ledger
) -> None:
    (vault,) = plan_down(with_backups, cloud).vaults
    always = {"properties": {"softDeleteFeatureState": "AlwaysON"}}
    cloud.run("PATCH", f"{vault.id}/backupconfig/vaultconfig", BACKUP_API, always)
    report = down(plan_down(with_backups, cloud), cloud, ledger=ledger)
    left = {survivor.id.rpartition("/")[2]: survivor for survivor in report.survivors}
    assert set(left) == {"keeper", with_backups.resource_group}
    assert "always on" in left["keeper"].reason or "soft deleted" in left["keeper"].reason
    assert left["keeper"].command == f"az resource delete --ids {vault.id}"
    assert "az group delete" in left[with_backups.resource_group].command
    assert not set(report.deleted) & {survivor.id for survivor in report.survivors}


def test_a_vault_under_purge_protection_survives_with_its_date(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    put_vault(cloud, sandbox, "kv-kept", enablePurgeProtection=True)
    put_vault(cloud, sandbox, "kv-free")
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert [identifier.rpartition("/")[2] for identifier in report.purged] == ["kv-free"]
    (survivor,) = report.survivors
    assert survivor.id.endswith("/deletedVaults/kv-kept")
    until = datetime.fromtimestamp(cloud.simulator.clock.now() + 7 * 86400, UTC)
    assert until.strftime("%Y-%m-%d") in survivor.reason
    assert survivor.command == f"azlabs down --sandbox {sandbox.id}"
    assert groups(cloud) == []
    (row,) = status(ledger)
    assert row.state == "removing"
    cloud.simulator.clock.advance(7 * 86400 + 1)
    cloud._arm = None  # its token has expired meanwhile
    assert settled(ledger.load(sandbox.id), cloud, ledger) == ""
    assert ledger.all() == []


def test_a_name_that_the_learner_deleted_before_is_made_free_as_well(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    vault = put_vault(cloud, sandbox, "kv-early")
    cloud.run("DELETE", vault, VAULT_API)
    plan = plan_down(sandbox, cloud)
    assert [entry.name for entry in plan.kept] == ["kv-early"]
    assert not down(plan, cloud, ledger=ledger).survivors
    deleted = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.KeyVault/deletedVaults"
    assert list(cloud.items(deleted, VAULT_API)) == []


def test_the_deleted_vault_of_somebody_else_is_not_purged(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    """Its group only begins with the sandbox's name."""
    other = f"{sandbox.group_id(sandbox.resource_group)}-2"
    cloud.request("PUT", other, GROUPS_API, {"location": "swedencentral"})
    properties = {"tenantId": cloud.tenant_id, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    theirs = f"{other}/providers/Microsoft.KeyVault/vaults/kv-theirs"
    cloud.run("PUT", theirs, VAULT_API, {"location": "swedencentral", "properties": properties})
    cloud.run("DELETE", theirs, VAULT_API)
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    deleted = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.KeyVault/deletedVaults"
    assert [entry["name"] for entry in cloud.items(deleted, VAULT_API)] == ["kv-theirs"]


def test_nothing_is_purged_from_a_group_that_is_refused(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    group = sandbox.group_id(sandbox.resource_group)
    cloud.run("DELETE", group, GROUPS_API)
    cloud.request("PUT", group, GROUPS_API, {"location": "swedencentral"})
    cloud.run("DELETE", put_vault(cloud, sandbox, "kv-theirs"), VAULT_API)
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert [survivor.id for survivor in report.survivors] == [group]
    deleted = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.KeyVault/deletedVaults"
    assert [entry["name"] for entry in cloud.items(deleted, VAULT_API)] == ["kv-theirs"]


def test_a_vault_that_a_template_made_in_another_group_goes_with_its_name_and_leaves_the_group(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    other = f"/subscriptions/{cloud.subscription_id}/resourceGroups/shared"
    cloud.request("PUT", other, GROUPS_API, {"location": "swedencentral"})
    properties = {"tenantId": cloud.tenant_id, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    names = ("kv-of-the-lab", "kv-of-theirs")
    for name in names:
        vault = f"{other}/providers/Microsoft.KeyVault/vaults/{name}"
        cloud.run("PUT", vault, VAULT_API, {"location": "swedencentral", "properties": properties})
    cloud.run("DELETE", f"{other}/providers/Microsoft.KeyVault/vaults/{names[1]}", VAULT_API)
    sandbox.outside.append(f"{other}/providers/Microsoft.KeyVault/vaults/{names[0]}")
    ledger.save(sandbox)
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert report.survivors == []
    assert [identifier.rpartition("/")[2] for identifier in report.purged] == [names[0]]
    deleted = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.KeyVault/deletedVaults"
    assert [entry["name"] for entry in cloud.items(deleted, VAULT_API)] == [names[1]]
    assert groups(cloud) == ["shared"] and ledger.all() == []


def test_a_lock_on_the_subscription_is_left_and_named(cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    lock = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Authorization/locks/company"
    cloud.request("PUT", lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert report.deleted == []
    commands = {survivor.command for survivor in report.survivors}
    assert commands == {f"az lock delete --ids {lock} && azlabs down --sandbox {sandbox.id}"}
    assert cloud.find(lock, "2020-05-01") is not None
    cloud.request("DELETE", lock, "2020-05-01")
    assert not down(plan_down(ledger.load(sandbox.id), cloud), cloud, ledger=ledger).survivors


def test_a_role_made_for_the_sandbox_goes_with_it_and_no_other(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    scope, group = f"/subscriptions/{cloud.subscription_id}", sandbox.group_id(sandbox.resource_group)
    mine, wide = "aaaaaaaa-1111-2222-3333-444444444444", "bbbbbbbb-1111-2222-3333-444444444444"
    for name, scopes in ((mine, [group]), (wide, [group, scope])):
        properties = {
            "roleName": name,
            "type": "CustomRole",
            "assignableScopes": scopes,
            "permissions": [{"actions": ["Microsoft.Network/virtualNetworks/read"], "notActions": []}],
        }
        cloud.run("PUT", f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}", ROLES_API, {"properties": properties})
    assignment = f"{group}/providers/Microsoft.Authorization/roleAssignments/cccccccc-1111-2222-3333-444444444444"
    given = {
        "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{mine}",
        "principalId": "dddddddd-1111-2222-3333-444444444444",
        "principalType": "ServicePrincipal",
    }
    cloud.run("PUT", assignment, ROLES_API, {"properties": given})
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    custom = f"{scope}/providers/Microsoft.Authorization/roleDefinitions?$filter=type%20eq%20'CustomRole'"
    assert [entry["name"] for entry in cloud.items(custom, ROLES_API)] == [wide]


def put_budget(cloud: ScratchCloud, name: str, watched: list[str]) -> None:
    properties: dict[str, Any] = {
        "amount": 5,
        "category": "Cost",
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": "2026-11-01T00:00:00Z"},
    }
    if watched:
        properties["filter"] = {"dimensions": {"name": "ResourceGroupName", "operator": "In", "values": watched}}
    identifier = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Consumption/budgets/{name}"
    cloud.run("PUT", identifier, BUDGETS_API, {"properties": properties})


def test_a_budget_that_watches_the_sandbox_alone_goes_with_it(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    put_budget(cloud, "mine", [sandbox.resource_group.upper()])
    put_budget(cloud, f"azlabs-{sandbox.id}", [])
    put_budget(cloud, "both", [sandbox.resource_group, "production"])
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert not report.survivors
    assert [identifier.rpartition("/")[2] for identifier in report.deleted if "budgets" in identifier] == ["mine"]
    budgets = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Consumption/budgets"
    assert {entry["name"] for entry in cloud.items(budgets, BUDGETS_API)} == {"both", f"azlabs-{sandbox.id}"}


def applications(cloud: ScratchCloud, folder: str = "applications") -> list[str]:
    answer = cloud.graph.send("GET", f"{directory.ROOT}/{folder}", "").json
    return [str(entry["displayName"]) for entry in answer["value"]]


@pytest.mark.parametrize("with_ledger", [True, False])
def test_an_application_made_for_the_sandbox_goes_with_all_it_holds(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path, with_ledger: bool
) -> None:
    made, principal = directory.register(sandbox, cloud, "pipeline", ledger.save)
    copied = {"displayName": "production", "tags": list(made["tags"])}
    cloud.graph.send("POST", f"{directory.ROOT}/applications", "", copied)
    scope = f"/subscriptions/{cloud.subscription_id}"
    assignment = f"{scope}/providers/Microsoft.Authorization/roleAssignments/eeeeeeee-1111-2222-3333-444444444444"
    given = {
        "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "principalId": principal["id"],
        "principalType": "ServicePrincipal",
    }
    cloud.run("PUT", assignment, ROLES_API, {"properties": given})
    if not with_ledger:
        ledger = Ledger(tmp_path / "new-home")
        (sandbox,) = recover(cloud, ledger)
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    assert report.survivors == []
    assert f"{directory.ROOT}/applications/{made['id']}" in report.deleted
    assert applications(cloud) == ["production"]
    assert applications(cloud, "directory/deletedItems/microsoft.graph.application") == []
    assert cloud.find(assignment, ROLES_API) is None
    assert groups(cloud) == []


def test_a_directory_is_not_searched_for_a_sandbox_that_made_nothing_there(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    asked: list[str] = []
    handle = cloud.simulator.handle
    cloud.simulator.handle = lambda request: asked.append(request.url) or handle(request)  # type: ignore[method-assign,func-returns-value]
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    assert not [url for url in asked if "graph.microsoft.com" in url]


def test_nobody_waits_for_the_groups_and_status_tells_when_it_is_over(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    put_vault(cloud, sandbox, "kv-nowait")
    cloud.simulator.resource_manager.set_latency(real=True)
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger, wait=False)
    assert report.survivors == []
    assert report.pending == [sandbox.group_id(sandbox.resource_group)]
    assert [identifier.rpartition("/")[2] for identifier in report.purged] == ["kv-nowait"]
    assert report.to_json()["pending"] == report.pending
    (row,) = status(ledger)
    assert row.state == "removing" and row.is_being_removed
    assert "Azure is deleting it" in settled(ledger.load(sandbox.id), cloud, ledger)
    cloud.simulator.clock.advance(600)
    assert settled(ledger.load(sandbox.id), cloud, ledger) == ""
    assert ledger.all() == [] and groups(cloud) == []


def test_it_goes_although_the_lab_has_vanished(lab: Lab, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger) -> None:
    import shutil

    shutil.rmtree(lab.folder)
    assert not down(plan_down(ledger.load(sandbox.id), cloud), cloud, ledger=ledger).survivors
    assert groups(cloud) == []
