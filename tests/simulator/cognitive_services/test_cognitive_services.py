"""Accounts with soft delete, deployments of models, projects, plans."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..clients import client
from ..library import SUBSCRIPTION, Arm, code

VERSION = "2025-06-01"
ROOT = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"


class Ai:
    """Requests to an OpenAI account."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.group = arm, arm.group()
        self.accounts = f"{self.group}/providers/Microsoft.CognitiveServices/accounts"
        self.account = f"{self.accounts}/ai"
        self.first = self.make("ai", customSubDomainName="ai1")

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        return self.arm(method, path, body, version=VERSION)

    def make(self, name: str, kind: str = "OpenAI", sku: str = "S0", **properties: Any) -> Answer:
        body = {"location": "eastus", "kind": kind, "sku": {"name": sku}, "properties": properties}
        return self("PUT", f"{self.accounts}/{name}", body)

    def deploy(
        self, model: str = "gpt-4o", version: str = "2024-11-20", capacity: int = 10, name: str = "chat"
    ) -> Answer:
        body = {
            "sku": {"name": "Standard", "capacity": capacity},
            "properties": {"model": {"format": "OpenAI", "name": model, "version": version}},
        }
        return self("PUT", f"{self.account}/deployments/{name}", body)


@pytest.fixture
def ai(arm: Arm) -> Ai:
    return Ai(arm)


def test_an_account_has_an_end_point_and_two_keys(ai: Ai) -> None:
    assert (ai.first.status, ai.first.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert ai("GET", ai.account).json()["properties"]["endpoint"] == "https://ai1.openai.azure.com/"
    before = ai("POST", f"{ai.account}/listKeys").json()
    after = ai("POST", f"{ai.account}/regenerateKey", {"keyName": "Key1"}).json()
    assert before["key1"] != after["key1"] and before["key2"] == after["key2"]


def test_without_local_authentication_keys_are_not_listed(ai: Ai) -> None:
    ai("PATCH", ai.account, {"properties": {"disableLocalAuth": True}})
    assert ai("POST", f"{ai.account}/listKeys").status == 400


@pytest.mark.parametrize(
    ("kind", "sku", "refusal"), [("Nothing", "S0", "InvalidApiSetId"), ("OpenAI", "F0", "InvalidSkuId")]
)
def test_kinds_and_skus_belong_together(ai: Ai, kind: str, sku: str, refusal: str) -> None:
    assert code(ai.make("other", kind, sku)) == refusal


def test_a_subdomain_is_unique_and_stays(ai: Ai) -> None:
    assert code(ai.make("other", customSubDomainName="AI1")) == "CustomDomainInUse"
    assert (
        code(ai("PATCH", ai.account, {"properties": {"customSubDomainName": "ai2"}}))
        == "CustomDomainNameCannotBeChanged"
    )


def test_a_deleted_account_comes_back_or_is_purged(ai: Ai) -> None:
    key = ai("POST", f"{ai.account}/listKeys").json()["key1"]
    assert ai("DELETE", ai.account).status == 200
    assert [one["name"] for one in ai("GET", f"{ROOT}/deletedAccounts").json()["value"]] == ["ai"]
    assert code(ai.make("ai")) == "FlagMustBeSetForRestore"
    assert ai("PUT", ai.account, {"location": "eastus", "properties": {"restore": True}}).status == 201
    assert ai("POST", f"{ai.account}/listKeys").json()["key1"] == key
    ai("DELETE", ai.account)
    deleted = f"{ROOT}/locations/eastus/resourceGroups/rg/deletedAccounts/ai"
    assert ai("DELETE", deleted).status == 202
    assert ai("GET", deleted).status == 404
    assert ai.make("ai").status == 201


def test_a_deployment_is_limited_by_its_capacity(ai: Ai) -> None:
    made = ai.deploy(capacity=20).json()["properties"]
    assert made["rateLimits"] == [
        {"key": "request", "renewalPeriod": 10, "count": 20},
        {"key": "token", "renewalPeriod": 60, "count": 20000},
    ]
    assert code(ai.deploy(capacity=990, name="more")) == "InsufficientQuota"
    used = ai("GET", f"{ROOT}/locations/eastus/usages").json()["value"]
    assert next(one["currentValue"] for one in used if one["name"]["value"] == "OpenAI.Standard.gpt-4o") == 20


def test_an_unknown_model_is_refused(ai: Ai) -> None:
    assert code(ai.deploy("gpt-none", "1")) == "DeploymentModelNotSupported"
    assert code(ai("GET", f"{ai.account}/deployments/none")) == "NotFound"


def test_models_need_an_account_that_has_them(ai: Ai) -> None:
    ai.make("face", "Face")
    body = {"properties": {"model": {"format": "OpenAI", "name": "gpt-4o"}}}
    assert ai("PUT", f"{ai.accounts}/face/deployments/chat", body).status == 400


def test_the_first_project_is_the_default(ai: Ai) -> None:
    ai.make("foundry", "AIServices", allowProjectManagement=True, customSubDomainName="foundry1")
    project = f"{ai.accounts}/foundry/projects"
    first = ai("PUT", f"{project}/one", {"location": "eastus", "properties": {}}).json()
    second = ai("PUT", f"{project}/two", {"location": "eastus", "properties": {}}).json()
    assert (first["name"], first["properties"]["isDefault"], second["properties"]["isDefault"]) == (
        "foundry/one",
        True,
        False,
    )
    assert ai("PUT", f"{ai.account}/projects/one", {"location": "eastus", "properties": {}}).status == 400


def test_a_commitment_plan_includes_what_its_tier_says(ai: Ai) -> None:
    ai.make("text", "TextAnalytics", "S")
    plan = {"hostingModel": "Web", "planType": "TA", "current": {"tier": "T1"}, "next": {"tier": "T2"}}
    made = ai("PUT", f"{ai.accounts}/text/commitmentPlans/plan", {"properties": plan}).json()["properties"]
    assert made["next"]["quota"] == {"quantity": 3_000_000, "unit": "Transaction"}
    assert 0 < made["current"]["quota"]["quantity"] <= 1_000_000


def test_the_real_sdk_deploys_a_model(ai: Ai) -> None:
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient

    sdk = client(CognitiveServicesManagementClient, ai.arm.simulator)
    body = {
        "sku": {"name": "Standard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": "text-embedding-3-small", "version": "1"}},
    }
    made = sdk.deployments.begin_create_or_update("rg", "ai", "embeddings", body).result()
    assert made.properties.capabilities["embeddings"] == "true"
    sdk.accounts.begin_delete("rg", "ai").result()
    assert len(list(sdk.deleted_accounts.list())) == 1
