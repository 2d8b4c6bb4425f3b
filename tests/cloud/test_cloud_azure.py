"""Connecting to Azure: who is signed in, which subscription, whether azlabs may use it; recorded answers after that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud import azure, deployments
from azlabs.cloud.azure import SubscriptionNotAllowed, SubscriptionUnclear, allowed_subscriptions
from azlabs.cloud.errors import AzureError, CredentialMissing
from azlabs.progress import Event

ONE = {"subscriptionId": "aaaa", "displayName": "Study", "state": "Enabled", "tenantId": "t1"}
TWO = {"subscriptionId": "bbbb", "displayName": "Work", "state": "Enabled", "tenantId": "t1"}
OFF = {"subscriptionId": "cccc", "displayName": "Old", "state": "Disabled", "tenantId": "t1"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_SUBSCRIPTION_ID", "AZLABS_ALLOWED_SUBSCRIPTIONS", "AZLABS_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def door(azure_door: Callable[..., Any]) -> Callable[..., Any]:
    def with_subscriptions(*subscriptions: dict[str, str]) -> Any:
        return azure_door(lambda *_request: (200, {}, json.dumps({"value": list(subscriptions)}).encode()))

    return with_subscriptions


def test_the_only_subscription_is_taken_and_the_account_named(door: Any, tmp_path: Path) -> None:
    cloud = azure.connect(tmp_path, door=door(ONE, OFF))
    assert (cloud.subscription_id, cloud.subscription_name, cloud.tenant_id) == ("aaaa", "Study", "t1")
    assert cloud.account == "dana@wherrymoor.example"
    assert cloud.costs_money and cloud.sandboxes_expire


def test_several_subscriptions_have_to_be_chosen_from(door: Any, tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(SubscriptionUnclear) as caught:
        azure.connect(tmp_path, door=door(ONE, TWO))
    assert "Study (aaaa)" in caught.value.action and "Work (bbbb)" in caught.value.action
    assert azure.connect(tmp_path, "work", door=door(ONE, TWO)).subscription_id == "bbbb"
    assert azure.connect(tmp_path, "BBBB", door=door(ONE, TWO)).subscription_id == "bbbb"
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "aaaa")
    assert azure.connect(tmp_path, door=door(ONE, TWO)).subscription_id == "aaaa"


@pytest.mark.parametrize("wanted", ["nobody", "cccc"])
def test_a_subscription_that_cannot_be_used_is_refused(door: Any, tmp_path: Path, wanted: str) -> None:
    with pytest.raises(SubscriptionUnclear):
        azure.connect(tmp_path, wanted, door=door(ONE, OFF))


def test_an_account_without_subscriptions_is_told(door: Any, tmp_path: Path) -> None:
    with pytest.raises(SubscriptionUnclear) as caught:
        azure.connect(tmp_path, door=door(OFF))
    assert caught.value.exit_code == 3


def test_only_listed_subscriptions_may_be_used(door: Any, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "config.toml").write_text('allowed_subscriptions = ["Work"]\n')
    with pytest.raises(SubscriptionNotAllowed):
        azure.connect(tmp_path, "aaaa", door=door(ONE, TWO))
    assert azure.connect(tmp_path, "bbbb", door=door(ONE, TWO)).subscription_id == "bbbb"
    monkeypatch.setenv("AZLABS_ALLOWED_SUBSCRIPTIONS", " aaaa , cccc")
    assert azure.connect(tmp_path, "aaaa", door=door(ONE, TWO)).subscription_id == "aaaa"
    with pytest.raises(SubscriptionNotAllowed):
        azure.connect(tmp_path, "bbbb", door=door(ONE, TWO))


@pytest.mark.parametrize("text", ["allowed_subscriptions = 3", "allowed_subscriptions = [1]", "][", "\udcff"])
def test_a_list_that_cannot_be_read_allows_nothing(tmp_path: Path, text: str) -> None:
    from azlabs.errors import AzlabsError

    (tmp_path / "config.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(AzlabsError) as caught:
        allowed_subscriptions(tmp_path)
    assert caught.value.code == "BrokenConfiguration"


def test_without_a_credential_it_says_what_to_do(azure_door: Any, tmp_path: Path) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    class Nobody:
        def get_token(self, *_scopes: str, **_options: Any) -> Any:
            raise ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token")

    with pytest.raises(CredentialMissing) as caught:
        azure.connect(tmp_path, door=azure_door(lambda *_request: (500, {}, b""), Nobody()))
    assert caught.value.exit_code == 3
    assert "az login" in caught.value.action and "--cloud simulator" in caught.value.action


def test_a_service_principal_is_named_by_its_application(azure_door: Any, account: Any, tmp_path: Path) -> None:
    body = json.dumps({"value": [ONE]}).encode()
    cloud = azure.connect(tmp_path, door=azure_door(lambda *_request: (200, {}, body), account(appid="app-1", tid="t")))
    assert cloud.account == "app-1"


def test_a_recorded_deployment_gives_outputs_and_resources(
    recorded: Callable[[str], Any], replay: Any, cloud_over: Any
) -> None:
    answers = replay(recorded("deployment.json"))
    events: list[Event] = []
    done = deployments.run(cloud_over(answers), "study", "start", {"resources": []}, {"a": 1}, events.append)
    assert done.outputs == {"vnetName": "vnet-study"}
    assert [found.rpartition("/")[2] for found in done.resources] == ["nsg-study", "vnet-study"]
    seen = [(event.subject, event.state) for event in events]
    assert ("nsg-study", "running") in seen and ("nsg-study", "done") in seen
    assert seen.index(("nsg-study", "done")) < seen.index(("vnet-study", "done"))
    assert seen[0] == ("start", "running") and seen[-1] == ("start", "done")


def test_a_recorded_failure_names_the_resource_and_the_reason(
    recorded: Callable[[str], Any], replay: Any, cloud_over: Any
) -> None:
    events: list[Event] = []
    with pytest.raises(AzureError) as caught:
        deployments.deploy(
            cloud_over(replay(recorded("deployment-failed.json"))),
            "study",
            "start",
            {"resources": []},
            None,
            events.append,
        )
    assert caught.value.code == "NetcfgInvalidSubnet"
    assert "snet-a" in caught.value.message
    assert ("vnet-study", "failed") in [(event.subject, event.state) for event in events]


def test_azures_own_recording_of_a_group_from_start_to_end(
    recorded: Callable[[str], Any], replay: Any, cloud_over: Any
) -> None:
    """Recorded by the Azure Developer CLI: a group, a deployment into it, its resources, its deletion."""
    exchanges = recorded("deployments/azd--CLI_Up_ResourceGroupScope.json")
    answers = replay(exchanges, missing=(200, {"value": []}))
    cloud = cloud_over(answers)
    group = exchanges[0]["request"]["path"]
    name = group.rpartition("/")[2]
    body = cloud.run("PUT", group, "2024-11-01", {"location": "eastus2"}).json
    assert body["properties"]["provisioningState"] == "Succeeded"
    record = next(
        exchange["request"]["path"]
        for exchange in exchanges
        if exchange["request"]["method"] == "PUT" and "deployments" in exchange["request"]["path"]
    ).rpartition("/")[2]
    done = deployments.run(cloud, name, record, {"resources": []}, None)
    assert done.resources and done.outputs
    assert list(cloud.items(f"{group}/resources", "2021-04-01"))
    assert cloud.run("DELETE", group, "2024-11-01").status == 200
    assert answers.asked[-2][0] == "DELETE"
