"""Accounts of Cosmos DB: their regions, settings, keys; what Azure refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ..library import Arm
from .conftest import VERSION, Cosmos


def test_a_new_account_is_announced_without_endpoints_and_then_has_them(arm: Arm) -> None:
    path = f"{arm.group()}/providers/Microsoft.DocumentDB/databaseAccounts/shop"
    body = {"location": "westeurope", "properties": {"locations": [{"locationName": "West Europe"}]}}
    first = arm("PUT", path, body, version=VERSION)
    assert first.status == 200
    assert first.json()["properties"]["provisioningState"] == "Creating"
    assert "documentEndpoint" not in first.json()["properties"]
    words = [arm("GET", first.headers["Azure-AsyncOperation"]).json()["status"] for _ in range(3)]
    assert words == ["Enqueued", "Dequeued", "Succeeded"]
    account = arm("GET", path, version=VERSION).json()
    assert account["location"] == "West Europe"
    assert account["properties"]["documentEndpoint"] == "https://shop.documents.azure.com:443/"
    assert account["properties"]["EnabledApiTypes"] == "Sql"


def test_an_update_is_answered_with_what_the_account_was_until_then(cosmos: Cosmos) -> None:
    answer = cosmos("PATCH", "", {"tags": {"a": "b"}, "properties": {"enableBurstCapacity": True}})
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert answer.json()["tags"] == {}
    assert not answer.json()["properties"]["enableBurstCapacity"]
    after = cosmos("GET", "").json()
    assert after["tags"] == {"a": "b"}
    assert after["properties"]["enableBurstCapacity"]


def test_older_versions_show_less(cosmos: Cosmos) -> None:
    old = cosmos("GET", "", version="2020-03-01").json()
    assert "identity" not in old
    assert old["properties"]["ipRangeFilter"] == ""
    assert "keysMetadata" not in old["properties"]


@pytest.mark.parametrize(
    ("properties", "part"),
    [
        ({"locations": []}, "locations"),
        ({"locations": [{"locationName": "atlantis"}]}, "atlantis"),
        ({"locations": [{"locationName": "westeurope", "failoverPriority": 1}]}, "priorities"),
        (
            {"locations": [{"locationName": "westeurope"}, {"locationName": "West Europe", "failoverPriority": 1}]},
            "once",
        ),
        (
            {"consistencyPolicy": {"defaultConsistencyLevel": "BoundedStaleness", "maxIntervalInSeconds": 1}},
            "MaxInterval",
        ),
        ({"consistencyPolicy": {"defaultConsistencyLevel": "Weak"}}, "Weak"),
        ({"capabilities": [{"name": "EnableMongo"}, {"name": "EnableCassandra"}]}, "more than one API"),
        ({"capabilities": [{"name": "EnableMagic"}]}, "EnableMagic"),
        ({"backupPolicy": {"type": "Periodic", "periodicModeProperties": {"backupIntervalInMinutes": 5}}}, "1440"),
        ({"ipRules": [{"ipAddressOrRange": "nowhere"}]}, "nowhere"),
        ({"virtualNetworkRules": [{"id": "/subscriptions/x/subnets/none"}]}, "not found"),
    ],
)
def test_what_an_account_cannot_be(cosmos: Cosmos, properties: dict[str, Any], part: str) -> None:
    answer = cosmos.account("other", **properties)
    assert cosmos.refusal(answer) == "400 BadRequest"
    assert part in answer.json()["error"]["message"]


def test_names_are_unique_in_the_world(cosmos: Cosmos) -> None:
    other = f"{cosmos.arm.group('second')}/providers/Microsoft.DocumentDB/databaseAccounts/shop"
    body = {"location": "westeurope", "properties": {"locations": [{"locationName": "westeurope"}]}}
    assert cosmos.refusal(cosmos("PUT", other, body)) == "400 BadRequest"
    exists = "/providers/Microsoft.DocumentDB/databaseAccountNames"
    assert cosmos.arm("HEAD", f"{exists}/shop", version=VERSION).status == 200
    assert cosmos.arm("HEAD", f"{exists}/free", version=VERSION).status == 404


def test_regions_come_alone_and_change_their_order(cosmos: Cosmos) -> None:
    places = [
        {"locationName": "westeurope", "failoverPriority": 0},
        {"locationName": "northeurope", "failoverPriority": 1},
    ]
    both = cosmos("PATCH", "", {"properties": {"locations": places, "enableBurstCapacity": True}})
    assert cosmos.refusal(both) == "400 BadRequest"
    assert cosmos("PATCH", "", {"properties": {"locations": places}}).status == 200
    order = [
        {"locationName": "northeurope", "failoverPriority": 0},
        {"locationName": "westeurope", "failoverPriority": 1},
    ]
    assert cosmos("POST", "/failoverPriorityChange", {"failoverPolicies": order}).status == 202
    account = cosmos("GET", "").json()["properties"]
    assert [one["locationName"] for one in account["readLocations"]] == ["North Europe", "West Europe"]
    assert [one["locationName"] for one in account["writeLocations"]] == ["North Europe"]
    assert (
        cosmos.refusal(cosmos("POST", "/failoverPriorityChange", {"failoverPolicies": order[:1]})) == "400 BadRequest"
    )


def test_who_went_over_to_continuous_backup_stays_there(cosmos: Cosmos) -> None:
    assert cosmos("PATCH", "", {"properties": {"backupPolicy": {"type": "Continuous"}}}).status == 200
    back = cosmos("PATCH", "", {"properties": {"backupPolicy": {"type": "Periodic"}}})
    assert cosmos.refusal(back) == "400 BadRequest"
    listed = cosmos(
        "GET",
        f"{cosmos.group.rpartition('/resourceGroups')[0]}/providers/Microsoft.DocumentDB/restorableDatabaseAccounts",
    )
    assert [one["properties"]["accountName"] for one in listed.json()["value"]] == ["shop"]


def test_a_regenerated_key_is_another_one(cosmos: Cosmos) -> None:
    before = cosmos("POST", "/listKeys").json()
    assert cosmos("POST", "/regenerateKey", {"keyKind": "primary"}).status == 202
    after = cosmos("POST", "/listKeys").json()
    assert {name for name in before if before[name] != after[name]} == {"primaryMasterKey"}
    assert set(cosmos("POST", "/readonlykeys").json()) == {"primaryReadonlyMasterKey", "secondaryReadonlyMasterKey"}
    strings = cosmos("POST", "/listConnectionStrings").json()["connectionStrings"]
    assert after["primaryMasterKey"] in strings[0]["connectionString"]


def test_a_subscription_has_one_free_tier(cosmos: Cosmos) -> None:
    assert cosmos.account("free1", enableFreeTier=True).status == 200
    assert cosmos.refusal(cosmos.account("free2", enableFreeTier=True)) == "400 BadRequest"


def test_restoring_is_refused_by_name(cosmos: Cosmos) -> None:
    answer = cosmos.account("restored", createMode="Restore", restoreParameters={})
    assert cosmos.refusal(answer) == "501 NotModelledBySimulator"


def test_a_dedicated_gateway_is_a_service_of_the_account(cosmos: Cosmos) -> None:
    wanted = {"serviceType": "SqlDedicatedGateway", "instanceSize": "Cosmos.D4s", "instanceCount": 2}
    assert cosmos("PUT", "/services/SqlDedicatedGateway", {"properties": wanted}).status == 202
    gateway = cosmos.read("/services/SqlDedicatedGateway")
    assert gateway["status"] == "Running"
    assert gateway["sqlDedicatedGatewayEndpoint"] == "https://shop.sqlx.cosmos.azure.com/"
    many = cosmos("PUT", "/services/SqlDedicatedGateway", {"properties": {**wanted, "instanceCount": 6}})
    assert cosmos.refusal(many) == "400 BadRequest"
    assert cosmos.refusal(cosmos("PUT", "/services/DataTransfer", {"properties": wanted})) == "400 BadRequest"
