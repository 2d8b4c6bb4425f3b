"""Storage accounts and what the control plane shows below them."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, TENANT_ID

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/lab/providers/Microsoft.Storage/storageAccounts"
PLAIN = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def error(answer: Any) -> str:
    return f"{answer.status} {answer.json()['error']['code']}"


def test_an_account_is_made_in_the_background_with_keys_and_endpoints(storage: Any) -> None:
    answer = storage.arm("PUT", f"{GROUP}/second", PLAIN)
    assert (answer.status, answer.body) == (202, b"")
    assert storage.send("GET", answer.headers["Location"]).status == 202
    done = storage.send("GET", answer.headers["Location"]).json()
    mine = done["properties"]
    assert mine["primaryEndpoints"]["blob"] == "https://second.blob.core.windows.net/"
    assert (mine["accessTier"], mine["provisioningState"], done["sku"]["tier"]) == ("Hot", "Succeeded", "Standard")
    assert "secondaryLocation" not in mine
    assert storage.arm("GET", storage.id).json()["properties"]["secondaryLocation"] == "northeurope"
    keys = storage.arm("POST", f"{GROUP}/second/listKeys").json()["keys"]
    assert [one["keyName"] for one in keys] == ["key1", "key2"]


@pytest.mark.parametrize(
    ("name", "change", "wanted"),
    [
        ("Bad_Name", {}, "400 AccountNameInvalid"),
        ("ab", {}, "400 AccountNameInvalid"),
        ("fine", {"kind": "StorageV9"}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"sku": {"name": "Standard_XRS"}}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"kind": "BlockBlobStorage"}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"properties": {"networkAcls": {"ipRules": [{"value": "10.0.0.4"}]}}}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"properties": {"networkAcls": {"ipRules": [{"value": "20.0.0.0/31"}]}}}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"properties": {"minimumTlsVersion": "TLS9"}}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"properties": {"isSftpEnabled": True}}, "400 InvalidValuesForRequestParameters"),
        ("fine", {"properties": {"keyPolicy": {}}}, "400 InvalidValuesForRequestParameters"),
    ],
)  # fmt: skip
def test_what_azure_refuses_is_refused(storage: Any, name: str, change: dict[str, Any], wanted: str) -> None:
    assert error(storage.arm("PUT", f"{GROUP}/{name}", {**PLAIN, **change})) == wanted


def test_names_are_unique_in_the_world(storage: Any) -> None:
    storage.send(
        "PUT", f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/other?api-version=2024-11-01", {"location": "westus"}
    )
    elsewhere = GROUP.replace("/lab/", "/other/")
    assert error(storage.arm("PUT", f"{elsewhere}/labstore", PLAIN)) == "409 StorageAccountAlreadyExists"
    path = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Storage/checkNameAvailability"
    ask = {"name": "labstore", "type": "Microsoft.Storage/storageAccounts"}
    assert storage.arm("POST", path, ask).json()["reason"] == "AlreadyExists"
    assert storage.arm("POST", path, {**ask, "name": "free1"}).json() == {"nameAvailable": True}
    assert storage.arm("POST", path, {**ask, "name": "No"}).json()["reason"] == "AccountNameInvalid"


def test_what_is_fixed_at_creation_cannot_change(storage: Any) -> None:
    assert error(storage.account(isHnsEnabled=True)) == "400 AccountPropertyCannotBeUpdated"
    assert error(storage.arm("PATCH", storage.id, {"kind": "BlobStorage"})) == "400 AccountKindChangeNotAllowed"


def test_a_subnet_needs_a_service_endpoint(storage: Any) -> None:
    network = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/lab/providers/Microsoft.Network/virtualNetworks/net"

    def subnet(**more: Any) -> None:
        subnets = [{"name": "one", "properties": {"addressPrefix": "10.0.0.0/24", **more}}]
        body = {
            "location": "westeurope",
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets},
        }
        assert storage.send("PUT", f"{network}?api-version=2024-05-01", body).status < 300

    rules = {"virtualNetworkRules": [{"id": f"{network}/subnets/one"}], "defaultAction": "Deny"}
    assert error(storage.account(networkAcls=rules)) == "400 NetworkAclsValidationFailure"
    subnet()
    assert error(storage.account(networkAcls=rules)) == "400 NetworkAclsValidationFailure"
    subnet(serviceEndpoints=[{"service": "Microsoft.Storage"}])
    shown = storage.account(networkAcls=rules).json()["properties"]["networkAcls"]
    assert shown["virtualNetworkRules"][0]["state"] == "Succeeded"


def test_a_container_is_the_same_on_both_planes(storage: Any) -> None:
    path = f"{storage.id}/blobServices/default/containers"
    assert storage.arm("PUT", f"{path}/box", {"properties": {"metadata": {"a": "b"}}}).status == 201
    assert storage.blob("GET", "/box?restype=container").headers["x-ms-meta-a"] == "b"
    assert storage.blob("PUT", "/other?restype=container").status == 201
    assert [one["name"] for one in storage.arm("GET", path).json()["value"]] == ["box", "other"]
    assert storage.arm("DELETE", f"{path}/box").status == 200
    assert storage.blob("GET", "/box?restype=container").status == 404
    assert error(storage.arm("GET", f"{path}/box")) == "404 ContainerNotFound"


def test_a_legal_hold_keeps_blobs_and_container(storage: Any) -> None:
    path = f"{storage.id}/blobServices/default/containers/box"
    storage.arm("PUT", path, {})
    storage.blob("PUT", "/box/one", b"1", x_ms_blob_type="BlockBlob")
    held = storage.arm("POST", f"{path}/setLegalHold", {"tags": ["case42"]})
    assert held.json() == {"hasLegalHold": True, "tags": ["case42"]}
    assert storage.blob("DELETE", "/box/one").headers["x-ms-error-code"] == "BlobImmutableDueToLegalHold"
    assert error(storage.arm("DELETE", path)) == "409 ContainerProtectedFromDeletion"
    storage.arm("POST", f"{path}/clearLegalHold", {"tags": ["case42"]})
    assert storage.blob("DELETE", "/box/one").status == 202


def test_an_immutability_policy_is_locked_once_and_then_only_grows(storage: Any) -> None:
    container = f"{storage.id}/blobServices/default/containers/box"
    policy = f"{container}/immutabilityPolicies/default"
    storage.arm("PUT", container, {})
    storage.arm("PUT", policy, {"properties": {"immutabilityPeriodSinceCreationInDays": 3}})
    storage.blob("PUT", "/box/one", b"1", x_ms_blob_type="BlockBlob")
    assert storage.blob("DELETE", "/box/one").headers["x-ms-error-code"] == "BlobImmutableDueToPolicy"
    etag = storage.arm("GET", policy).json()["etag"]
    version = "?api-version=2024-01-01"
    assert storage.send("POST", f"{policy}/lock{version}", None, {"If-Match": '"wrong"'}).status == 412
    locked = storage.send("POST", f"{policy}/lock{version}", None, {"If-Match": etag}).json()
    assert locked["properties"]["state"] == "Locked"
    assert error(storage.arm("DELETE", policy)) == "409 ImmutabilityPolicyCannotBeDeletedWhenLocked"
    longer = {"properties": {"immutabilityPeriodSinceCreationInDays": 9}}
    assert storage.send("POST", f"{policy}/extend{version}", longer, {"If-Match": locked["etag"]}).status == 200
    shorter = {"properties": {"immutabilityPeriodSinceCreationInDays": 1}}
    again = storage.send("POST", f"{policy}/extend{version}", shorter, {"If-Match": "*"})
    assert error(again) == "400 InvalidImmutabilityPeriod"


def test_lifecycle_rules_are_checked(storage: Any) -> None:
    path = f"{storage.id}/managementPolicies/default"
    assert error(storage.arm("GET", path)) == "404 ManagementPolicyNotFound"
    actions = {"baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 30}}}
    rule = {
        "name": "cool",
        "type": "Lifecycle",
        "definition": {"filters": {"blobTypes": ["blockBlob"]}, "actions": actions},
    }
    answer = storage.arm("PUT", path, {"properties": {"policy": {"rules": [rule]}}})
    assert answer.json()["properties"]["policy"]["rules"][0]["enabled"] is True
    rule["definition"]["actions"] = {"baseBlob": {"explode": {}}}  # type: ignore[index]
    assert storage.arm("PUT", path, {"properties": {"policy": {"rules": [rule]}}}).status == 400
    assert storage.arm("DELETE", path).status == 200


def test_shares_come_back_after_deletion(storage: Any) -> None:
    shares = f"{storage.id}/fileServices/default/shares"
    assert storage.arm("PUT", f"{shares}/docs", {}).status == 201
    assert storage.arm("DELETE", f"{shares}/docs").status == 200
    gone = storage.send("GET", f"{shares}?api-version=2024-01-01&$expand=deleted").json()["value"][0]["properties"]
    body = {"deletedShareName": "docs", "deletedShareVersion": gone["version"]}
    assert storage.arm("POST", f"{shares}/docs/restore", body).status == 200
    assert storage.arm("GET", f"{shares}/docs").json()["properties"]["shareQuota"] == 102400


def test_signatures_of_the_control_plane_open_the_data_plane(storage: Any) -> None:
    storage.blob("PUT", "/box?restype=container")
    ask = {
        "signedServices": "b",
        "signedResourceTypes": "sco",
        "signedPermission": "rl",
        "signedExpiry": "2099-01-01T00:00:00Z",
    }
    token = storage.arm("POST", f"{storage.id}/listAccountSas", ask).json()["accountSasToken"]
    assert storage.anonymous("GET", f"/?comp=list&{token}").status == 200
    ask = {
        "canonicalizedResource": "/blob/labstore/box", "signedResource": "c", "signedPermission": "l",
        "signedExpiry": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    token = storage.arm("POST", f"{storage.id}/listServiceSas", ask).json()["serviceSasToken"]
    assert storage.anonymous("GET", f"/box?restype=container&comp=list&{token}").status == 200
    assert storage.anonymous("GET", f"/?comp=list&{token}").status == 403


def test_deleting_the_account_takes_everything(storage: Any) -> None:
    storage.blob("PUT", "/box?restype=container")
    assert storage.arm("DELETE", storage.id).status == 200
    assert storage.blob("GET", "/box?restype=container").status == 404
    assert storage.arm("GET", storage.id).status == 404


def test_encryption_names_the_version_of_the_key_in_the_vault(storage: Any) -> None:
    group = storage.id.partition("/providers/")[0]
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/azlabskeys?api-version=2023-07-01"
    about = {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    storage.send("PUT", vault, {"location": "westeurope", "properties": about})
    identity = {"type": "SystemAssigned"}
    key = {"keyvaulturi": "https://azlabskeys.vault.azure.net/", "keyname": "wraps"}
    encryption = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": key}
    body = {"identity": identity, "properties": {"encryption": encryption}}
    made: list[str] = []
    for _ in range(2):
        answer = storage.send("POST", "https://azlabskeys.vault.azure.net/keys/wraps/create?api-version=7.4", {"kty": "RSA"})
        made.append(answer.json()["key"]["kid"])
        shown = storage.arm("PATCH", storage.id, body).json()["properties"]["encryption"]["keyvaultproperties"]
        assert shown["currentVersionedKeyIdentifier"] == made[-1]
    assert made[0] != made[1]
    key["keyvaulturi"] = "https://elsewhere.vault.azure.net"
    shown = storage.arm("PATCH", storage.id, body).json()["properties"]["encryption"]["keyvaultproperties"]
    assert "currentVersionedKeyIdentifier" not in shown
