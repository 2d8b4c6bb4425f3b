"""Secrets through the real client: versions, soft delete, backup, both permission models, network rules."""

from __future__ import annotations

import json

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient
from tests.simulator.key_vault.conftest import URL, World

from azlabs.simulator import TENANT_ID, Request

SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"


def inner(problem: HttpResponseError) -> str:
    return str(json.loads(problem.response.body())["error"]["innererror"]["code"])


@pytest.fixture
def secrets(world: World) -> SecretClient:
    return world.client(SecretClient)


def test_without_a_token_the_challenge_says_where_to_get_one(world: World) -> None:
    answer = world.simulator.handle(Request("GET", f"{URL}/secrets?api-version=7.4", {}))
    assert answer.status == 401
    assert answer.json()["error"]["code"] == "Unauthorized"
    challenge = answer.headers["WWW-Authenticate"]
    assert (
        challenge
        == f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'
    )


def test_a_token_for_another_audience_is_refused(world: World) -> None:
    token = world.simulator.token(world.person(), "https://management.azure.com")
    answer = world.simulator.handle(
        Request("GET", f"{URL}/secrets?api-version=7.4", {"Authorization": f"Bearer {token}"})
    )
    assert answer.status == 401
    assert "AKV10022" in answer.json()["error"]["message"]


def test_every_set_makes_a_version_and_old_ones_stay_readable(secrets: SecretClient) -> None:
    first = secrets.set_secret("db", "one", tags={"a": "b"}, content_type="text/plain")
    second = secrets.set_secret("db", "two")
    assert secrets.get_secret("db").value == "two"
    assert secrets.get_secret("db", first.properties.version).value == "one"
    versions = [one.version for one in secrets.list_properties_of_secret_versions("db")]
    assert versions == [first.properties.version, second.properties.version]
    assert first.properties.tags == {"a": "b"}
    assert first.properties.recovery_level == "Recoverable+Purgeable"
    assert first.properties.recoverable_days == 90
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        secrets.get_secret("none")


def test_a_disabled_secret_cannot_be_read(secrets: SecretClient) -> None:
    secrets.set_secret("db", "one")
    secrets.update_secret_properties("db", enabled=False, tags={"x": "y"})
    with pytest.raises(HttpResponseError) as refused:
        secrets.get_secret("db")
    assert (refused.value.status_code, inner(refused.value)) == (403, "SecretDisabled")
    secrets.update_secret_properties("db", enabled=True)
    assert secrets.get_secret("db").properties.tags == {"x": "y"}


def test_deleted_secrets_are_recovered_or_purged(secrets: SecretClient) -> None:
    secrets.set_secret("db", "one")
    gone = secrets.begin_delete_secret("db").result()
    assert gone.recovery_id == f"{URL}/deletedsecrets/db"
    with pytest.raises(ResourceExistsError) as refused:
        secrets.set_secret("db", "two")
    assert inner(refused.value) == "ObjectIsDeletedButRecoverable"
    assert [one.name for one in secrets.list_deleted_secrets()] == ["db"]
    secrets.begin_recover_deleted_secret("db").wait()
    assert secrets.get_secret("db").value == "one"
    secrets.begin_delete_secret("db").wait()
    secrets.purge_deleted_secret("db")
    with pytest.raises(ResourceNotFoundError):
        secrets.get_deleted_secret("db")
    secrets.set_secret("db", "again")


def test_purge_protection_keeps_what_was_deleted(world: World, secrets: SecretClient) -> None:
    world.put(enablePurgeProtection=True)
    secrets.set_secret("db", "one")
    secrets.begin_delete_secret("db").wait()
    with pytest.raises(HttpResponseError) as refused:
        secrets.purge_deleted_secret("db")
    assert refused.value.status_code == 403
    world.simulator.clock.advance(91 * 86400)
    assert list(secrets.list_deleted_secrets()) == []


def test_a_backup_is_restored_once_and_not_when_it_was_changed(secrets: SecretClient) -> None:
    secrets.set_secret("db", "one")
    secrets.set_secret("db", "two")
    kept = secrets.backup_secret("db")
    with pytest.raises(ResourceExistsError):
        secrets.restore_secret_backup(kept)
    secrets.begin_delete_secret("db").wait()
    secrets.purge_deleted_secret("db")
    with pytest.raises(HttpResponseError, match="BadParameter"):
        secrets.restore_secret_backup(kept[:-1] + b"!")
    secrets.restore_secret_backup(kept)
    assert [len(list(secrets.list_properties_of_secret_versions("db"))), secrets.get_secret("db").value] == [2, "two"]


def test_lists_have_pages(secrets: SecretClient) -> None:
    for number in range(30):
        secrets.set_secret(f"s{number:02}", "x")
    assert [one.name for one in secrets.list_properties_of_secrets()] == [f"s{number:02}" for number in range(30)]
    pages = secrets.list_properties_of_secrets(max_page_size=10).by_page()
    assert [len(list(page)) for page in pages] == [10, 10, 10]


def test_access_policies_decide_where_roles_do_not(world: World) -> None:
    ada = world.person()
    world.client(SecretClient).set_secret("db", "one")
    mine = world.client(SecretClient, ada)
    with pytest.raises(HttpResponseError) as refused:
        mine.get_secret("db")
    assert (refused.value.status_code, inner(refused.value)) == (403, "AccessDenied")
    grant = {"tenantId": TENANT_ID, "objectId": ada.object_id, "permissions": {"secrets": ["Get"]}}
    world.put(accessPolicies=[grant])
    assert mine.get_secret("db").value == "one"
    with pytest.raises(HttpResponseError, match="does not have secrets set permission"):
        mine.set_secret("db", "two")
    world.put(accessPolicies=[grant | {"permissions": {"secrets": ["set", "delete"]}}])
    mine.begin_delete_secret("db").wait()
    with pytest.raises(HttpResponseError, match="purge permission"):
        mine.purge_deleted_secret("db")
    world.put(accessPolicies=[grant | {"permissions": {"secrets": ["all"]}}])
    mine.purge_deleted_secret("db")


def test_roles_decide_where_the_vault_says_so_and_even_the_owner_needs_one(world: World) -> None:
    world.put(enableRbacAuthorization=True)
    world.client(SecretClient).set_secret("db", "one")
    ada = world.person()
    mine, owner = world.client(SecretClient, ada), world.client(SecretClient, world.simulator.tokens.owner)
    for client in (mine, owner):
        with pytest.raises(HttpResponseError) as refused:
            client.get_secret("db")
        assert (refused.value.status_code, inner(refused.value)) == (403, "ForbiddenByRbac")
        assert "Microsoft.KeyVault/vaults/secrets/getSecret/action" in str(refused.value)
    world.assign(ada, SECRETS_USER)
    assert mine.get_secret("db").value == "one"
    with pytest.raises(HttpResponseError, match="setSecret"):
        mine.set_secret("db", "two")


def test_a_role_on_one_secret_opens_that_secret_only(world: World) -> None:
    world.put(enableRbacAuthorization=True)
    for name in ("db", "other"):
        world.client(SecretClient).set_secret(name, "one")
    ada = world.person()
    world.assign(ada, SECRETS_USER, f"{world.vault_id}/secrets/db")
    mine = world.client(SecretClient, ada)
    assert mine.get_secret("db").value == "one"
    with pytest.raises(HttpResponseError, match="Forbidden"):
        mine.get_secret("other")


def test_network_rules_let_named_addresses_in(world: World, secrets: SecretClient) -> None:
    world.put(networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"})
    with pytest.raises(HttpResponseError) as refused:
        secrets.set_secret("db", "one")
    assert inner(refused.value) == "ForbiddenByFirewall"
    address = str(refused.value).partition("Client address: ")[2].split()[0]
    world.put(networkAcls={"defaultAction": "Deny", "bypass": "None", "ipRules": [{"value": address}]})
    secrets.set_secret("db", "one")
    world.put(publicNetworkAccess="Disabled")
    with pytest.raises(HttpResponseError) as refused:
        secrets.get_secret("db")
    assert inner(refused.value) == "ForbiddenByConnection"


def test_bad_requests_are_refused_and_never_crash(world: World) -> None:
    token = {"Authorization": f"Bearer {world.simulator.owner_token()}"}
    for method, path, body in (
        ("PUT", "secrets/db", b"{"),
        ("PUT", "secrets/db", b"[]"),
        ("PUT", "secrets/db", b'{"value": 1}'),
        ("PUT", "secrets/d_b", b'{"value": "x"}'),
        ("PUT", "secrets/db", b'{"value": "x", "attributes": []}'),
        ("PUT", "secrets/db", b'{"value": "x", "tags": {"a": 1}}'),
        ("POST", "keys/k/create", b'{"kty": "oct"}'),
        ("POST", "keys/k/create", b'{"kty": {"a": 1}}'),
        ("POST", "certificates/c/create", b'{"policy": {"issuer": "Self"}}'),
        ("POST", "certificates/c/import", b'{"value": "AAAA"}'),
    ):
        answer = world.simulator.handle(Request(method, f"{URL}/{path}?api-version=7.4", token, body))
        assert (answer.status, answer.json()["error"]["code"]) == (400, "BadParameter"), (path, body)
    missing = world.simulator.handle(Request("GET", "https://nobody.vault.azure.net/secrets?api-version=7.4", token))
    assert missing.status == 404


def test_a_long_secret_is_refused(secrets: SecretClient) -> None:
    with pytest.raises(HttpResponseError, match="too large"):
        secrets.set_secret("db", "x" * 25601)


def test_an_identity_of_a_resource_reads_secrets_once_it_has_the_role(world: World) -> None:
    world.put(enableRbacAuthorization=True)
    world.client(SecretClient).set_secret("db", "one")
    path = f"{world.group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {}}
    made = world.arm("PUT", path, body, version="2023-09-01").json()
    url = "https://169.254.169.254/metadata/identity/oauth2/token?resource=https://vault.azure.net"
    header = {"Metadata": "true", "X-IDENTITY-HEADER": world.simulator.identity_header(path)}
    token = world.simulator.handle(Request("GET", url, header)).json()["access_token"]

    def read() -> tuple[int, str]:
        answer = world.simulator.handle(
            Request("GET", f"{URL}/secrets/db?api-version=7.5", {"Authorization": f"Bearer {token}"})
        )
        found = answer.json()
        return answer.status, found.get("value") or found["error"]["innererror"]["code"]

    assert read() == (403, "ForbiddenByRbac")
    world.assign(world.simulator.sign_in_secret(made["identity"]["principalId"])[0], SECRETS_USER)
    assert read() == (200, "one")
