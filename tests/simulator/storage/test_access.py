"""Who may use the data planes: roles, public access, network rules, keys."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, generate_blob_sas

from azlabs.simulator import Principal
from azlabs.simulator.identity import TENANT_ID

READER, CONTRIBUTOR = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
DELEGATOR = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a"
RESOURCE = "https://storage.azure.com"


class Somebody:
    """A principal of the directory that SDK clients can use as a credential."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage
        self.principal = Principal(str(uuid.uuid4()), TENANT_ID, str(uuid.uuid4()), "app")

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        return AccessToken(self.storage.simulator.token(self.principal, RESOURCE), 2**40)

    def give(self, role: str, scope: str) -> None:
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
        id = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {
            "roleDefinitionId": id,
            "principalId": self.principal.object_id,
            "principalType": "ServicePrincipal",
        }
        assert self.storage.send("PUT", path, {"properties": properties}).status == 201


@pytest.fixture
def somebody(storage: Any) -> Somebody:
    storage.blob("PUT", "/box?restype=container")
    storage.blob("PUT", "/box/one", b"1", x_ms_blob_type="BlockBlob")
    return Somebody(storage)


def code(caught: Any) -> str:
    found = caught.value.error_code
    return str(getattr(found, "value", found))


def test_a_role_on_a_container_lets_in_there(storage: Any, somebody: Somebody) -> None:
    mine = storage.client(BlobServiceClient, somebody).get_blob_client("box", "one")
    with pytest.raises(HttpResponseError) as caught:
        mine.download_blob()
    assert code(caught) == "AuthorizationPermissionMismatch"
    somebody.give(READER, f"{storage.id}/blobServices/default/containers/box")
    assert mine.download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError):
        mine.upload_blob(b"2", overwrite=True)
    somebody.give(CONTRIBUTOR, storage.id)
    mine.upload_blob(b"2", overwrite=True)


def test_the_owner_of_the_subscription_has_no_data_by_that(storage: Any, somebody: Somebody) -> None:
    token = storage.simulator.token(storage.simulator.tokens.owner, RESOURCE)
    assert storage.anonymous("GET", "/box/one", authorization=f"Bearer {token}").status == 403
    other = storage.simulator.token(somebody.principal, "https://vault.azure.net")
    assert storage.anonymous("GET", "/box/one", authorization=f"Bearer {other}").status == 401


def test_user_delegation_gives_what_both_allow(storage: Any, somebody: Somebody) -> None:
    somebody.give(READER, storage.id)
    somebody.give(DELEGATOR, storage.id)
    service = storage.client(BlobServiceClient, somebody)
    end = datetime.now(UTC) + timedelta(hours=1)
    key = service.get_user_delegation_key(datetime.now(UTC) - timedelta(minutes=5), end)

    def mine(permission: str) -> Any:
        token = generate_blob_sas("labstore", "box", "one", user_delegation_key=key, permission=permission, expiry=end)
        return storage.client(BlobServiceClient, token).get_blob_client("box", "one")

    assert mine("r").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as caught:
        mine("rw").upload_blob(b"2", overwrite=True)
    assert code(caught) == "AuthorizationPermissionMismatch"
    storage.arm("POST", f"{storage.id}/revokeUserDelegationKeys")
    with pytest.raises(HttpResponseError) as caught:
        mine("r").download_blob()
    assert code(caught) == "AuthenticationFailed"


def test_public_containers_are_public_only_if_the_account_lets_them(storage: Any, somebody: Somebody) -> None:
    def refused(**headers: str) -> str:
        return str(storage.anonymous("GET", "/box/one", **headers).headers.get("x-ms-error-code"))

    assert refused() == "PublicAccessNotPermitted"
    storage.account(allowBlobPublicAccess=True)
    assert refused() == "NoAuthenticationInformation"
    storage.arm("PATCH", f"{storage.id}/blobServices/default/containers/box", {"properties": {"publicAccess": "Blob"}})
    assert storage.anonymous("GET", "/box/one").body == b"1"
    assert storage.anonymous("GET", "/box?restype=container&comp=list").status == 401
    assert storage.anonymous("DELETE", "/box/one").status == 401
    storage.account(allowBlobPublicAccess=False)
    assert refused() == "PublicAccessNotPermitted"


def test_keys_can_be_switched_off(storage: Any, somebody: Somebody) -> None:
    service = storage.client(BlobServiceClient)
    storage.account(allowSharedKeyAccess=False)
    with pytest.raises(HttpResponseError) as caught:
        service.get_service_properties()
    assert code(caught) == "KeyBasedAuthenticationNotPermitted"


def test_network_rules_keep_others_out(storage: Any, somebody: Somebody) -> None:
    storage.account(networkAcls={"defaultAction": "Deny"})
    assert storage.blob("GET", "/box/one").headers["x-ms-error-code"] == "AuthorizationFailure"
    storage.account(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24"}]})
    assert storage.blob("GET", "/box/one").status == 200
    assert storage.blob("GET", "/box/one", x_azlabs_client_address="20.1.2.3").status == 403
    storage.account(publicNetworkAccess="Disabled")
    assert storage.blob("GET", "/box/one").status == 403


def test_http_is_refused_where_https_is_asked_for(storage: Any, somebody: Somebody) -> None:
    answer = storage.send("GET", "http://labstore.blob.core.windows.net/box/one")
    assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "AccountRequiresHttps")
