"""Vaults on the control plane: names, soft delete, access policies, contents, connections."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.key_vault.conftest import VERSION, World

from azlabs.simulator import TENANT_ID

SOMEBODY = "11111111-1111-1111-1111-111111111111"


def policy(**permissions: list[str]) -> dict[str, Any]:
    return {"tenantId": TENANT_ID, "objectId": SOMEBODY, "permissions": permissions}


def code(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json()["error"]["code"]


def test_a_new_vault_is_registering_its_name_and_then_there(world: World) -> None:
    answer = world.put("second", accessPolicies=[])
    made = answer.json()["properties"]
    assert made["provisioningState"] == "RegisteringDns"
    assert made["vaultUri"] == "https://second.vault.azure.net"
    shown = world.arm("GET", world.vault_id, version=VERSION).json()["properties"]
    assert shown["provisioningState"] == "Succeeded"
    assert shown["vaultUri"] == "https://labvault.vault.azure.net/"
    assert (shown["enableSoftDelete"], shown["softDeleteRetentionInDays"], shown["publicNetworkAccess"]) == (
        True,
        90,
        "Enabled",
    )
    assert "enableRbacAuthorization" not in shown


@pytest.mark.parametrize("name", ["ab", "1vault", "a--b", "vault-", "a" * 25, "va_ult"])
def test_bad_names_are_refused(world: World, name: str) -> None:
    assert code(world.put(name)) == (400, "VaultNameNotValid")


def test_names_are_unique_in_the_world(world: World) -> None:
    other = world.arm.group("other")
    body = {"location": "westus", "properties": {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}}}
    answer = world.arm("PUT", f"{other}/providers/Microsoft.KeyVault/vaults/LabVault", body, version=VERSION)
    assert code(answer) == (409, "VaultAlreadyExists")
    check = f"{world.group.partition('/resourceGroups')[0]}/providers/Microsoft.KeyVault/checkNameAvailability"
    asked = {"name": "labvault", "type": "Microsoft.KeyVault/vaults"}
    assert world.arm("POST", check, asked, version=VERSION).json()["reason"] == "AlreadyExists"
    assert world.arm("POST", check, asked | {"name": "free1"}, version=VERSION).json() == {"nameAvailable": True}


def test_some_settings_can_never_be_taken_back(world: World) -> None:
    assert code(world.put("vault2", softDeleteRetentionInDays=6)) == (400, "BadRequest")
    assert world.put("vault2", softDeleteRetentionInDays=7, enablePurgeProtection=True).status == 200
    assert code(world.put("vault2", softDeleteRetentionInDays=8)) == (400, "BadRequest")
    assert code(world.put("vault2", enablePurgeProtection=False)) == (400, "BadRequest")
    assert code(world.put("vault2", enableSoftDelete=False)) == (400, "BadRequest")
    assert world.put("vault2").json()["properties"]["enablePurgeProtection"] is True


def test_newer_versions_make_vaults_that_are_governed_by_roles(world: World) -> None:
    body = {"location": "westus", "properties": {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}}}
    path = f"{world.group}/providers/Microsoft.KeyVault/vaults/newer"
    assert world.arm("PUT", path, body, version="2026-05-15").json()["properties"]["enableRbacAuthorization"] is True


def test_a_deleted_vault_can_be_recovered_with_what_it_held_or_purged(world: World) -> None:
    secret = f"{world.vault_id}/secrets/s1"
    assert world.arm("PUT", secret, {"properties": {"value": "x"}}, version=VERSION).status == 200
    assert world.arm("DELETE", world.vault_id, version=VERSION).status == 200
    assert world.arm("GET", world.vault_id, version=VERSION).status == 404
    assert code(world.put()) == (409, "ConflictError")
    subscription = world.group.partition("/resourceGroups")[0]
    root = f"{subscription}/providers/Microsoft.KeyVault"
    gone = world.arm("GET", f"{root}/locations/westeurope/deletedVaults/labvault", version=VERSION).json()
    assert gone["properties"]["vaultId"] == world.vault_id
    assert [one["name"] for one in world.arm("GET", f"{root}/deletedVaults", version=VERSION).json()["value"]] == [
        "labvault"
    ]
    assert world.put(createMode="recover").status == 200
    assert world.arm("GET", secret, version=VERSION).status == 200
    world.arm("DELETE", world.vault_id, version=VERSION)
    purge = f"{root}/locations/westeurope/deletedVaults/labvault/purge"
    answer = world.arm("POST", purge, version=VERSION)
    assert answer.status == 202
    assert world.arm("GET", answer.headers["Location"], version="").status in (200, 204)
    assert code(world.arm("POST", purge, version=VERSION)) == (404, "DeletedVaultNotFound")
    assert world.put().status == 200
    assert world.arm("GET", secret, version=VERSION).status == 404


def test_a_vault_goes_with_its_group_and_stays_recoverable(world: World) -> None:
    world.put("guarded", enablePurgeProtection=True, softDeleteRetentionInDays=7)
    world.arm("DELETE", world.group)
    world.arm("GET", world.group)
    root = f"{world.group.partition('/resourceGroups')[0]}/providers/Microsoft.KeyVault"
    names = [one["name"] for one in world.arm("GET", f"{root}/deletedVaults", version=VERSION).json()["value"]]
    assert names == ["guarded", "labvault"]
    purge = f"{root}/locations/westeurope/deletedVaults/guarded/purge"
    assert code(world.arm("POST", purge, version=VERSION)) == (405, "MethodNotAllowed")
    world.simulator.clock.advance(8 * 86400)
    world.arm.token = world.simulator.owner_token()
    assert code(world.arm("POST", purge, version=VERSION)) == (404, "DeletedVaultNotFound")


def test_access_policies_are_added_replaced_and_removed(world: World) -> None:
    def change(operation: str, *policies: Any) -> Any:
        path = f"{world.vault_id}/accessPolicies/{operation}"
        return world.arm("PUT", path, {"properties": {"accessPolicies": list(policies)}}, version=VERSION)

    assert change("add", policy(secrets=["get"])).status == 200
    change("add", policy(secrets=["list"], keys=["sign"]))
    stored = world.arm("GET", world.vault_id, version=VERSION).json()["properties"]["accessPolicies"]
    assert [one["permissions"] for one in stored] == [{"secrets": ["get", "list"], "keys": ["sign"]}]
    change("replace", policy(secrets=["set"]))
    shown = change("remove", policy(secrets=["get"])).json()["properties"]["accessPolicies"]
    assert [one["permissions"] for one in shown] == [{"secrets": ["set"]}]
    assert change("remove", policy(secrets=["set"])).json()["properties"]["accessPolicies"] == []
    assert code(change("add", policy(secrets=["dance"]))) == (400, "BadRequest")


def test_keys_and_secrets_of_templates_never_show_their_values(world: World) -> None:
    made = world.arm("PUT", f"{world.vault_id}/keys/k", {"properties": {"kty": "RSA"}}, version=VERSION).json()
    assert made["properties"]["keySize"] == 2048
    assert made["properties"]["keyUriWithVersion"].startswith("https://labvault.vault.azure.net/keys/k/")
    again = world.arm("PUT", f"{world.vault_id}/keys/k", {"properties": {"kty": "EC"}}, version=VERSION).json()
    assert again["properties"] == made["properties"]
    world.arm(
        "PUT", f"{world.vault_id}/secrets/s", {"properties": {"value": "hidden", "contentType": "t"}}, version=VERSION
    )
    answer = world.arm("GET", f"{world.vault_id}/secrets", version=VERSION)
    assert b"hidden" not in answer.body
    assert answer.json()["value"][0]["properties"]["contentType"] == "t"
    assert world.arm("DELETE", f"{world.vault_id}/secrets/s", version=VERSION).status == 405


def test_parameters_of_a_deployment_read_secrets_of_vaults_that_allow_it(world: World) -> None:
    world.arm("PUT", f"{world.vault_id}/secrets/s", {"properties": {"value": "from-the-vault"}}, version=VERSION)
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"secret": {"type": "securestring"}},
        "resources": [],
        "outputs": {"size": {"type": "int", "value": "[length(parameters('secret'))]"}},
    }
    reference = {"reference": {"keyVault": {"id": world.vault_id}, "secretName": "s"}}
    body = {"properties": {"mode": "Incremental", "template": template, "parameters": {"secret": reference}}}
    path = f"{world.group}/providers/Microsoft.Resources/deployments/d"
    assert world.arm("PUT", path, body, version="2024-03-01").status >= 400
    world.put(enabledForTemplateDeployment=True)
    assert world.arm("PUT", path, body, version="2024-03-01").status in (200, 201)
    shown = world.arm("GET", path, version="2024-03-01").json()
    assert shown["properties"]["outputs"]["size"]["value"] == len("from-the-vault")


def test_private_endpoints_show_as_connections_that_can_be_rejected(world: World) -> None:
    net = f"{world.group}/providers/Microsoft.Network"
    subnets = [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    network = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    world.arm(
        "PUT", f"{net}/virtualNetworks/v", {"location": "westeurope", "properties": network}, version="2024-05-01"
    )
    link = {"name": "c", "properties": {"privateLinkServiceId": world.vault_id, "groupIds": ["vault"]}}
    properties = {"subnet": {"id": f"{net}/virtualNetworks/v/subnets/a"}, "privateLinkServiceConnections": [link]}
    body = {"location": "westeurope", "properties": properties}
    assert world.arm("PUT", f"{net}/privateEndpoints/e", body, version="2024-05-01").status == 201
    path = f"{world.vault_id}/privateEndpointConnections"
    (one,) = world.arm("GET", path, version=VERSION).json()["value"]
    assert one["properties"]["privateEndpoint"]["id"] == f"{net}/privateEndpoints/e"
    assert one["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    change = {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected", "description": "no"}}}
    assert world.arm("PUT", one["id"], change, version=VERSION).status == 200
    shown = world.arm("GET", world.vault_id, version=VERSION).json()["properties"]["privateEndpointConnections"]
    assert shown[0]["properties"]["privateLinkServiceConnectionState"]["status"] == "Rejected"
    assert world.arm("DELETE", one["id"], version=VERSION).status == 202
    assert world.arm("GET", path, version=VERSION).json()["value"] == []


def test_a_managed_hsm_is_there_until_it_is_purged(world: World) -> None:
    path = f"{world.group}/providers/Microsoft.KeyVault/managedHSMs/pool1"
    properties = {"tenantId": TENANT_ID, "initialAdminObjectIds": [SOMEBODY], "softDeleteRetentionInDays": 7}
    body = {"location": "uksouth", "sku": {"family": "B", "name": "Standard_B1"}, "properties": properties}
    answer = world.arm("PUT", path, body, version=VERSION)
    assert answer.status == 202
    assert world.arm("GET", answer.headers["Location"], version="").status == 202
    done = world.arm("GET", answer.headers["Location"], version="")
    assert done.json()["properties"]["hsmUri"] == "https://pool1.managedhsm.azure.net/", done.body
    assert world.arm("DELETE", path, version=VERSION).status == 202
    root = f"{world.group.partition('/resourceGroups')[0]}/providers/Microsoft.KeyVault"
    (gone,) = world.arm("GET", f"{root}/deletedManagedHSMs", version=VERSION).json()["value"]
    assert gone["properties"]["mhsmId"] == path
    assert code(world.arm("PUT", path, body, version=VERSION)) == (409, "ConflictError")
    body["properties"]["createMode"] = "Recover"
    assert world.arm("PUT", path, body, version=VERSION).status == 202
    assert world.arm("GET", path, version=VERSION).json()["properties"]["initialAdminObjectIds"] == [SOMEBODY]
