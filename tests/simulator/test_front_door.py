"""A program that knows only one address finds everything else from there."""

from __future__ import annotations

from urllib.parse import urlencode

from azlabs.simulator import TENANT_ID, Request, Simulator

LOOPBACK = "https://127.0.0.1:8443"


def test_the_public_address_names_the_public_hosts() -> None:
    answer = Simulator().handle(
        Request("GET", "https://management.azure.com/metadata/endpoints?api-version=2022-09-01")
    )
    assert answer.status == 200
    assert answer.json()["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com"
    assert answer.json()["suffixes"]["keyVaultDns"] == "vault.azure.net"


def test_a_listener_on_loopback_names_itself_and_signs_in() -> None:
    simulator = Simulator()
    found = simulator.handle(Request("GET", f"{LOOPBACK}/metadata/endpoints?api-version=2022-09-01")).json()
    assert found["authentication"]["loginEndpoint"] == LOOPBACK and found["resourceManager"] == f"{LOOPBACK}/"
    discovery = f"{LOOPBACK}/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    token_endpoint = simulator.handle(Request("GET", discovery)).json()["token_endpoint"]
    assert token_endpoint.startswith(LOOPBACK)
    owner, secret = simulator.sign_in_secret(simulator.tokens.owner.object_id)
    form = {"grant_type": "client_credentials", "client_id": owner.app_id, "client_secret": secret}
    form["scope"] = "https://management.azure.com/.default"
    token = simulator.handle(Request("POST", token_endpoint, {}, urlencode(form).encode())).json()["access_token"]
    url = f"{LOOPBACK}/subscriptions?api-version=2022-12-01"
    assert simulator.handle(Request("GET", url, {"Authorization": f"Bearer {token}"})).status == 200


def test_the_api_version_is_required_here_too() -> None:
    answer = Simulator().handle(Request("GET", f"{LOOPBACK}/metadata/endpoints"))
    assert (answer.status, answer.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


def test_resources_keep_their_paths_on_loopback() -> None:
    simulator = Simulator()
    headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
    url = f"{LOOPBACK}/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/v2.0?api-version=2024-11-01"
    assert simulator.handle(Request("PUT", url, headers, b'{"location": "westeurope"}')).status == 201
