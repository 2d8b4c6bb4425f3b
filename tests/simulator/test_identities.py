"""Managed identities: principals that live as long as their resource, get tokens and may do what their roles give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, TENANT_ID, Request, Simulator
from azlabs.simulator.resource_manager.resource_type import ResourceType
from azlabs.simulator.tokens import Principal

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/lab"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
READER = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"


class Workers(ResourceType):
    """A type of the tests that can have identities."""

    type = "Microsoft.Network/testWorkers"
    members = frozenset({"identity"})


WORKER = f"{GROUP}/providers/Microsoft.Network/testWorkers/w1"


@pytest.fixture
def azure() -> Simulator:
    simulator = Simulator()
    send(simulator, "PUT", GROUP, {"location": "westus"})
    return simulator


def send(
    azure: Simulator,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str = "",
    version: str = "2023-01-31",
    expect: int = 0,
) -> Any:
    versions = {"testworkers": "2024-05-01", "roleassignments": "2022-04-01"}
    known = next((found for word, found in versions.items() if word in path.lower()), version)
    if path == GROUP:
        known = "2024-11-01"
    answer = azure.handle(
        Request(
            method,
            f"https://management.azure.com{path}?api-version={known}",
            {"Authorization": f"Bearer {token or azure.owner_token()}"},
            json.dumps(body).encode() if body is not None else None,
        )
    )
    if expect:
        assert answer.status == expect, answer.body
    return answer.json() if not expect or expect < 300 else answer.json()["error"]


def worker(azure: Simulator, identity: Any, expect: int = 0) -> Any:
    return send(azure, "PUT", WORKER, {"location": "westus", "identity": identity}, expect=expect)


def principals(azure: Simulator) -> list[str]:
    from azlabs.simulator.directory.kinds import SERVICE_PRINCIPALS

    return [row.name for row in azure.directory.all(SERVICE_PRINCIPALS)]


def imds(azure: Simulator, header: str, **query: str) -> Any:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    url = f"https://169.254.169.254/metadata/identity/oauth2/token?resource=https://management.azure.com&{text}"
    return azure.handle(Request("GET", url, {"Metadata": "true", "X-IDENTITY-HEADER": header})).json()


def grant(azure: Simulator, principal: str, role: str = READER) -> None:
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-00000000000a"
    send(azure, "PUT", path, {"properties": {"roleDefinitionId": role, "principalId": principal}}, expect=201)


def test_a_user_assigned_identity_is_a_principal_until_it_is_deleted(azure: Simulator) -> None:
    made = send(azure, "PUT", f"{IDENTITIES}/app", {"location": "westus"}, expect=201)
    mine = made["properties"]
    assert made["id"].startswith(f"/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/lab/")
    assert mine["tenantId"] == TENANT_ID
    assert principals(azure) == [mine["principalId"]]
    again = send(azure, "PUT", f"{IDENTITIES}/app", {"location": "westus", "tags": {"a": "b"}}, expect=200)
    assert again["properties"] == mine
    send(azure, "DELETE", f"{IDENTITIES}/app")
    assert principals(azure) == []


def test_a_system_assigned_identity_lives_as_long_as_its_resource(azure: Simulator) -> None:
    identity = worker(azure, {"type": "systemassigned"}, 201)["identity"]
    assert identity["type"] == "SystemAssigned"
    assert principals(azure) == [identity["principalId"]]
    assert worker(azure, {"type": "SystemAssigned"}, 200)["identity"] == identity
    assert send(azure, "PUT", WORKER, {"location": "westus"}, expect=200)["identity"] == identity
    assert worker(azure, {"type": "None"}, 200)["identity"] == {"type": "None"}
    assert principals(azure) == []
    worker(azure, {"type": "SystemAssigned"}, 200)
    send(azure, "DELETE", GROUP)
    send(azure, "GET", GROUP)
    assert principals(azure) == []


def test_a_resource_is_given_identities_that_exist(azure: Simulator) -> None:
    mine = send(azure, "PUT", f"{IDENTITIES}/app", {"location": "westus"}, expect=201)
    both = worker(azure, {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {mine["id"]: {}}}, 201)[
        "identity"
    ]
    assert both["type"] == "SystemAssigned, UserAssigned"
    wanted = {name: mine["properties"][name] for name in ("principalId", "clientId")}
    assert both["userAssignedIdentities"] == {mine["id"]: wanted}
    associated = send(
        azure, "POST", f"{IDENTITIES}/app/listAssociatedResources", version="2022-01-31-preview", expect=200
    )
    assert [item["id"] for item in associated["value"]] == [WORKER]
    missing = {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITIES}/none": {}}}
    assert worker(azure, missing, 400)["code"] == "FailedIdentityOperation"
    assert worker(azure, {"type": "UserAssigned"}, 400)["code"] == "InvalidIdentityValues"
    assert worker(azure, {"type": "Something"}, 400)["code"] == "InvalidRequestContent"


def test_an_identity_gets_tokens_and_only_what_its_roles_give(azure: Simulator) -> None:
    principal = worker(azure, {"type": "SystemAssigned"}, 201)["identity"]["principalId"]
    token = imds(azure, azure.identity_header(WORKER))["access_token"]
    assert send(azure, "GET", WORKER, token=token, expect=403)["code"] == "AuthorizationFailed"
    grant(azure, principal)
    assert send(azure, "GET", WORKER, token=token, expect=200)["identity"]["principalId"] == principal
    assert (
        send(azure, "PUT", f"{IDENTITIES}/x", {"location": "westus"}, token=token, expect=403)["code"]
        == "AuthorizationFailed"
    )
    found, secret = azure.sign_in_secret(principal)
    assert isinstance(found, Principal)
    assert imds(azure, f"{principal}.{secret}")["client_id"] == found.app_id


def test_a_resource_chooses_among_its_identities_and_may_use_no_others(azure: Simulator) -> None:
    one, two, other = (
        send(azure, "PUT", f"{IDENTITIES}/{name}", {"location": "westus"}, expect=201) for name in ("one", "two", "six")
    )
    assigned = {one["id"]: {}, two["id"]: {}}
    worker(azure, {"type": "UserAssigned", "userAssignedIdentities": assigned}, 201)
    header = azure.identity_header(WORKER)
    assert imds(azure, header)["error_description"] == "Identity not found"
    assert imds(azure, header, client_id=two["properties"]["clientId"])["client_id"] == two["properties"]["clientId"]
    assert imds(azure, header, mi_res_id=one["id"])["client_id"] == one["properties"]["clientId"]
    assert "error" in imds(azure, header, client_id=other["properties"]["clientId"])
    assert "error" in imds(azure, header[:-2] + "00", client_id=two["properties"]["clientId"])


def test_federated_credentials_are_unique_by_issuer_and_subject(azure: Simulator) -> None:
    send(azure, "PUT", f"{IDENTITIES}/app", {"location": "westus"}, expect=201)
    path = f"{IDENTITIES}/app/federatedIdentityCredentials"
    body = {
        "properties": {"issuer": "https://issuer", "subject": "repo:a", "audiences": ["api://AzureADTokenExchange"]}
    }
    made = send(azure, "PUT", f"{path}/github", body, expect=201)
    assert made["properties"] == body["properties"]
    assert send(azure, "PUT", f"{path}/again", body, expect=409)["code"] == "Conflict"
    assert (
        send(azure, "PUT", f"{path}/empty", {"properties": {"issuer": "https://issuer"}}, expect=400)["code"]
        == "BadRequest"
    )
    assert send(azure, "PUT", f"{IDENTITIES}/none/federatedIdentityCredentials/abc", body, expect=404)["code"] == (
        "ParentResourceNotFound"
    )
