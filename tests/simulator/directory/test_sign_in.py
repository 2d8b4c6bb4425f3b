"""Signing in works for the real credential classes and refuses what Microsoft Entra refuses."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, UsernamePasswordCredential

from azlabs.cloud.transport import InProcessTransport
from azlabs.simulator import TENANT_ID, Request, Simulator

ARM = "https://management.azure.com/.default"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def transport(simulator: Simulator) -> InProcessTransport:
    def call(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        answer = simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    return InProcessTransport(call)


def subscriptions(simulator: Simulator, token: str) -> int:
    url = "https://management.azure.com/subscriptions?api-version=2022-12-01"
    return simulator.handle(Request("GET", url, {"Authorization": f"Bearer {token}"})).status


def test_the_owner_signs_in_with_the_secret_of_this_machine(simulator: Simulator) -> None:
    owner, secret = simulator.sign_in_secret(simulator.tokens.owner.app_id)
    credential = ClientSecretCredential(TENANT_ID, owner.app_id, secret, transport=transport(simulator))
    assert subscriptions(simulator, credential.get_token(ARM).token) == 200


def test_a_wrong_secret_is_refused_with_its_number(simulator: Simulator) -> None:
    credential = ClientSecretCredential(
        TENANT_ID, simulator.tokens.owner.app_id, "wrong", transport=transport(simulator)
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(ARM)


def test_an_unknown_client_is_refused_with_its_number(simulator: Simulator) -> None:
    credential = ClientSecretCredential(
        TENANT_ID, "33333333-3333-3333-3333-333333333333", "x", transport=transport(simulator)
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        credential.get_token(ARM)


@pytest.mark.filterwarnings("ignore:UsernamePasswordCredential")
def test_a_user_signs_in_with_a_password(simulator: Simulator) -> None:
    user = {
        "accountEnabled": True,
        "displayName": "Ann",
        "mailNickname": "ann",
        "userPrincipalName": "ann@azlabs.onmicrosoft.com",
        "passwordProfile": {"password": "Sail-Away-77"},
    }
    headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
    made = simulator.handle(
        Request("POST", "https://graph.microsoft.com/v1.0/users", headers, json.dumps(user).encode())
    )
    assert made.status == 201 and b"Sail-Away" not in made.body
    credential = UsernamePasswordCredential(
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46", user["userPrincipalName"], "Sail-Away-77",
        tenant_id=TENANT_ID, transport=transport(simulator),
    )  # fmt: skip
    assert subscriptions(simulator, credential.get_token(ARM).token) == 200


def test_a_token_names_the_principal_that_asked(simulator: Simulator) -> None:
    owner, secret = simulator.sign_in_secret(simulator.tokens.owner.object_id)
    form = {"grant_type": "client_credentials", "client_id": owner.app_id, "client_secret": secret, "scope": ARM}
    url = f"https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/token"
    body = simulator.handle(Request("POST", url, {}, urlencode(form).encode())).json()
    principal = simulator.tokens.check(f"Bearer {body['access_token']}", simulator.clock.now())
    assert principal.object_id == owner.object_id


def test_managed_identity_gives_tokens_only_to_who_holds_the_header(simulator: Simulator) -> None:
    owner, secret = simulator.sign_in_secret(simulator.tokens.owner.object_id)
    url = "http://169.254.169.254/metadata/identity/oauth2/token?resource=https://management.azure.com/&api-version=2019-08-01"
    good = simulator.handle(Request("GET", url, {"X-IDENTITY-HEADER": f"{owner.object_id}.{secret}"}))
    assert good.status == 200 and subscriptions(simulator, good.json()["access_token"]) == 200
    assert simulator.handle(Request("GET", url, {"X-IDENTITY-HEADER": f"{owner.object_id}.x"})).status == 400


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x.y", "scope": ARM}, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody", "password": "x", "scope": ARM}, "invalid_grant"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_bad_requests_for_a_token(simulator: Simulator, form: dict[str, str], error: str) -> None:
    url = f"https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/token"
    answer = simulator.handle(Request("POST", url, {}, urlencode(form).encode()))
    assert answer.status == 400 and answer.json()["error"] == error


def test_another_tenant_is_unknown(simulator: Simulator) -> None:
    url = "https://login.microsoftonline.com/44444444-4444-4444-4444-444444444444/oauth2/v2.0/token"
    assert simulator.handle(Request("POST", url, {}, b"")).json()["error"] == "invalid_tenant"
