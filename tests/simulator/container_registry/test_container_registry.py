"""Registries: SKUs, the admin user, tokens, webhooks, replications, cache rules."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..clients import client
from ..library import SUBSCRIPTION, Arm, code

VERSION = "2023-11-01-preview"


class Registry:
    """Requests to a Premium registry."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.group = arm, arm.group()
        self.path = f"{self.group}/providers/Microsoft.ContainerRegistry/registries/images1"
        assert self("PUT", "", {"location": "westeurope", "sku": {"name": "Premium"}}).status == 201

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        return self.arm(method, path if path.startswith("/subscriptions") else self.path + path, body, version=VERSION)


@pytest.fixture
def registry(arm: Arm) -> Registry:
    return Registry(arm)


def test_registry_names_are_unique_in_the_world(registry: Registry) -> None:
    other = registry.arm.group("rg2")
    body = {"location": "westeurope", "sku": {"name": "Basic"}}
    assert (
        code(registry("PUT", f"{other}/providers/Microsoft.ContainerRegistry/registries/IMAGES1", body))
        == "AlreadyInUse"
    )
    check = registry(
        "POST",
        f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability",
        {"name": "images1", "type": "Microsoft.ContainerRegistry/registries"},
    )
    assert check.json()["reason"] == "AlreadyExists"


def test_credentials_need_the_admin_user(registry: Registry) -> None:
    assert code(registry("POST", "/listCredentials")) == "UnAuthorizedForCredentialOperations"
    registry("PATCH", "", {"properties": {"adminUserEnabled": True}})
    before = registry("POST", "/listCredentials").json()
    after = registry("POST", "/regenerateCredential", {"name": "password"}).json()
    assert [one["value"] == two["value"] for one, two in zip(before["passwords"], after["passwords"], strict=True)] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "asked", [{"publicNetworkAccess": "Disabled"}, {"zoneRedundancy": "Enabled"}, {"anonymousPullEnabled": True}]
)
def test_a_basic_registry_lacks_features(registry: Registry, asked: dict[str, Any]) -> None:
    path = registry.path.replace("images1", "images2")
    body = {"location": "westeurope", "sku": {"name": "Basic"}, "properties": asked}
    assert code(registry("PUT", path, body)) == "FeatureNotSupported"


def test_the_classic_sku_is_gone(registry: Registry) -> None:
    assert code(registry("PUT", "", {"location": "westeurope", "sku": {"name": "Classic"}})) == "ClassicSkuDeprecated"


def test_a_token_has_a_scope_map_and_passwords_shown_once(registry: Registry) -> None:
    actions = ["repositories/web/content/read"]
    assert registry("PUT", "/scopeMaps/readers", {"properties": {"actions": actions}}).status == 200
    scope = f"{registry.path}/scopeMaps/readers"
    assert registry("PUT", "/tokens/reader", {"properties": {"scopeMapId": scope}}).status == 201
    made = registry("POST", "/generateCredentials", {"tokenId": f"{registry.path}/tokens/reader"}).json()
    assert [one["name"] for one in made["passwords"]] == ["password1", "password2"]
    kept = registry("GET", "/tokens/reader").json()["properties"]["credentials"]["passwords"]
    assert all("value" not in one for one in kept) and len(kept) == 2
    assert code(registry("DELETE", "/scopeMaps/readers")) == "ScopeMapInUse"


def test_a_scope_map_with_other_actions_is_refused(registry: Registry) -> None:
    assert (
        code(registry("PUT", "/scopeMaps/bad01", {"properties": {"actions": ["everything"]}}))
        == "InvalidScopeMapAction"
    )
    assert code(registry("GET", "/scopeMaps/bad01")) == "ResourceNotFound"


def test_a_webhook_hides_where_it_calls(registry: Registry) -> None:
    body = {"location": "westeurope", "properties": {"serviceUri": "http://x.example", "actions": ["push"]}}
    made = registry("PUT", "/webhooks/hook1", body).json()
    assert made["properties"]["actions"] == ["push"] and "serviceUri" not in made["properties"]
    assert registry("POST", "/webhooks/hook1/getCallbackConfig").json()["serviceUri"] == "http://x.example"


def test_a_registry_with_replications_stays_premium(registry: Registry) -> None:
    assert registry("PUT", "/replications/northeurope", {"location": "northeurope"}).status == 201
    assert code(registry("PUT", "/replications/second", {"location": "northeurope"})) == "ReplicationAlreadyExists"
    assert code(registry("PATCH", "", {"sku": {"name": "Basic"}})) == "SkuChangeNotSupported"


def test_a_cache_rule_names_credentials_that_are_there(registry: Registry) -> None:
    rule = {"sourceRepository": "docker.io/library/ubuntu", "targetRepository": "ubuntu"}
    missing = {**rule, "credentialSetResourceId": f"{registry.path}/credentialSets/none1"}
    assert code(registry("PUT", "/cacheRules/ubuntu", {"properties": missing})) == "CredentialSetNotFound"
    assert registry("PUT", "/cacheRules/ubuntu", {"properties": rule}).status == 201


def test_builds_are_refused_by_name(registry: Registry) -> None:
    assert code(registry("POST", "/scheduleRun", {"type": "DockerBuildRequest"})) == "NotModelledBySimulator"


def test_the_real_sdk_makes_a_registry(registry: Registry) -> None:
    from azure.mgmt.containerregistry import ContainerRegistryManagementClient

    sdk = client(ContainerRegistryManagementClient, registry.arm.simulator)
    made = sdk.registries.begin_create("rg", "images3", {"location": "westeurope", "sku": {"name": "Basic"}}).result()
    assert made.login_server == "images3.azurecr.io"
    sdk.registries.begin_delete("rg", "images3").result()
    assert [one.name for one in sdk.registries.list_by_resource_group("rg")] == ["images1"]
