"""Namespaces, queues, topics, subscriptions and rules of Service Bus."""

from __future__ import annotations

from typing import Any

import pytest

from ..clients import client
from ..library import Arm
from .conftest import Messaging


def test_a_new_namespace_has_a_key_and_an_open_network(bus: Messaging) -> None:
    namespace = bus("GET", "").json()
    assert namespace["properties"]["serviceBusEndpoint"] == "https://labspace1.servicebus.windows.net:443/"
    assert namespace["sku"] == {"name": "Standard", "tier": "Standard"}
    keys = bus("POST", "/authorizationRules/RootManageSharedAccessKey/listKeys").json()
    assert keys["primaryConnectionString"].startswith(
        "Endpoint=sb://labspace1.servicebus.windows.net/;SharedAccessKeyName=Root"
    )
    assert bus.read("/networkRuleSets/default")["defaultAction"] == "Allow"


def test_a_name_is_taken_for_both_services(bus: Messaging) -> None:
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    other = f"{bus.group}/providers/Microsoft.EventHub/namespaces/labspace1"
    assert bus.refusal(bus("PUT", other, body)) == "400 BadRequest"
    ask = f"{bus.group.rpartition('/resourceGroups')[0]}/providers/Microsoft.ServiceBus/checkNameAvailability"
    assert bus("POST", ask, {"name": "labspace1"}).json()["reason"] == "NameInUse"
    assert bus("POST", ask, {"name": "labspace2"}).json()["nameAvailable"]
    assert bus("POST", ask, {"name": "x-sb"}).json()["reason"] == "InvalidName"


def test_a_queue_has_the_services_defaults(bus: Messaging) -> None:
    assert bus.put("/queues/orders").status == 200
    queue = bus("GET", "/queues/orders").json()
    assert queue["location"] == "westeurope"
    assert queue["properties"]["lockDuration"] == "PT1M"
    assert queue["properties"]["defaultMessageTimeToLive"] == "P10675199DT2H48M5.4775807S"
    assert queue["properties"]["countDetails"]["deadLetterMessageCount"] == 0


@pytest.mark.parametrize(
    "properties",
    [
        {"lockDuration": "PT6M"},
        {"lockDuration": "soon"},
        {"maxDeliveryCount": 0},
        {"maxSizeInMegabytes": 1000},
        {"maxMessageSizeInKilobytes": 1024},
        {"autoDeleteOnIdle": "PT1M"},
        {"duplicateDetectionHistoryTimeWindow": "P8D"},
        {"forwardTo": "nowhere"},
        {"forwardDeadLetteredMessagesTo": "nowhere"},
        {"status": "Sleeping"},
    ],
)
def test_what_a_queue_cannot_be(bus: Messaging, properties: dict[str, Any]) -> None:
    assert bus.refusal(bus.put("/queues/orders", **properties)) == "400 BadRequest"


def test_what_is_decided_when_a_queue_is_made_stays(bus: Messaging) -> None:
    bus.put("/queues/orders", requiresSession=True)
    assert bus.refusal(bus.put("/queues/orders", requiresSession=False)) == "400 BadRequest"
    assert bus.put("/queues/orders", requiresSession=True, maxDeliveryCount=3).status == 200


def test_a_partitioned_queue_is_sixteen_times_as_large(bus: Messaging) -> None:
    bus.put("/queues/big", enablePartitioning=True, maxSizeInMegabytes=1024)
    assert bus.read("/queues/big")["maxSizeInMegabytes"] == 16384
    assert bus.put("/queues/big", **bus.read("/queues/big")).status == 200


def test_basic_has_queues_only(bus: Messaging) -> None:
    bus.namespace("labbasic1", "Basic")
    basic = f"{bus.root}/labbasic1"
    assert (
        bus("PUT", f"{basic}/queues/q", {"properties": {}}).json()["properties"]["defaultMessageTimeToLive"] == "P14D"
    )
    assert bus.refusal(bus("PUT", f"{basic}/topics/t", {"properties": {}})) == "400 BadRequest"
    assert bus.refusal(bus("PUT", f"{basic}/queues/s", {"properties": {"requiresSession": True}})) == "400 BadRequest"


def test_a_subscription_lets_everything_through_until_its_rule_changes(bus: Messaging) -> None:
    bus.put("/topics/news")
    assert bus.put("/topics/news/subscriptions/all").status == 200
    rules = bus("GET", "/topics/news/subscriptions/all/rules").json()["value"]
    assert [(one["name"], one["properties"]["sqlFilter"]["sqlExpression"]) for one in rules] == [("$Default", "1=1")]
    assert bus.read("/topics/news")["subscriptionCount"] == 1
    red = bus.put(
        "/topics/news/subscriptions/all/rules/red", correlationFilter={"label": "red"}, filterType="CorrelationFilter"
    )
    assert red.json()["properties"]["correlationFilter"]["label"] == "red"
    empty = bus.put("/topics/news/subscriptions/all/rules/none", filterType="CorrelationFilter")
    assert bus.refusal(empty) == "400 BadRequest"
    assert bus("DELETE", "/topics/news/subscriptions/all/rules/$Default").status == 200
    assert bus.refusal(bus("GET", "/topics/news/subscriptions/none")) == "404 SubscriptionNotFound"


def test_a_queue_and_a_topic_share_their_names(bus: Messaging) -> None:
    bus.put("/queues/news")
    assert bus.refusal(bus.put("/topics/news")) == "400 BadRequest"


def test_who_manages_sends_and_listens_too(bus: Messaging) -> None:
    bus.put("/queues/orders")
    rules = "/queues/orders/authorizationRules"
    assert bus.refusal(bus.put(f"{rules}/boss", rights=["Manage"])) == "400 BadRequest"
    assert bus.refusal(bus.put(f"{rules}/boss", rights=[])) == "400 BadRequest"
    assert bus.put(f"{rules}/sender", rights=["send"]).json()["properties"]["rights"] == ["Send"]
    before = bus("POST", f"{rules}/sender/listKeys").json()
    assert before["primaryConnectionString"].endswith(";EntityPath=orders")
    after = bus("POST", f"{rules}/sender/regenerateKeys", {"keyType": "PrimaryKey"}).json()
    assert before["primaryKey"] != after["primaryKey"]
    assert before["secondaryKey"] == after["secondaryKey"]


def test_network_rules_are_for_premium(bus: Messaging) -> None:
    rules = {"ipRules": [{"ipMask": "203.0.113.7"}], "defaultAction": "Deny"}
    assert bus.refusal(bus.put("/networkRuleSets/default", **rules)) == "400 BadRequest"
    bus.namespace("labpremium", "Premium")
    path = f"{bus.root}/labpremium/networkRuleSets/default"
    assert bus("PUT", path, {"properties": rules}).json()["properties"]["ipRules"] == [
        {"ipMask": "203.0.113.7", "action": "Allow"}
    ]


def test_a_pair_breaks_and_fails_over(bus: Messaging) -> None:
    bus.namespace("labfirst1", "Premium")
    bus.namespace("labsecond1", "Premium", "northeurope")
    first, second = f"{bus.root}/labfirst1", f"{bus.root}/labsecond1"
    alias = "disasterRecoveryConfigs/labalias"
    body = {"properties": {"partnerNamespace": second}}
    assert bus("PUT", f"{first}/{alias}", body).json()["properties"]["provisioningState"] == "Accepted"
    assert bus.read(f"{second}/{alias}")["role"] == "Secondary"
    assert bus.refusal(bus("DELETE", f"{first}/{alias}")) == "400 BadRequest"
    assert bus.refusal(bus("POST", f"{first}/{alias}/failover")) == "400 BadRequest"
    keys = bus("POST", f"{first}/{alias}/authorizationRules/RootManageSharedAccessKey/listKeys").json()
    assert "labalias.servicebus.windows.net" in keys["aliasPrimaryConnectionString"]
    assert bus("POST", f"{second}/{alias}/failover").status == 200
    assert bus.read(f"{second}/{alias}")["role"] == "PrimaryNotReplicating"
    assert bus("GET", f"{first}/{alias}").status == 404
    assert bus("DELETE", f"{second}/{alias}").status == 200


def test_a_migration_copies_what_is_in_a_namespace(bus: Messaging) -> None:
    bus.put("/queues/orders", maxDeliveryCount=3)
    bus.namespace("labtarget1", "Premium")
    target = f"{bus.root}/labtarget1"
    wanted = {"targetNamespace": target, "postMigrationName": "labspace1old"}
    first = bus.put("/migrationConfigurations/$default", **wanted)
    assert (first.json()["name"], first.json()["properties"]["migrationState"]) == ("labspace1", "Initiating")
    assert bus.read(f"{target}/queues/orders")["maxDeliveryCount"] == 3
    assert bus("POST", "/migrationConfigurations/$default/upgrade").status == 200
    assert bus.read("")["alternateName"] == "labspace1old"


def test_the_sdk_makes_a_queue_and_takes_the_namespace_away(arm: Arm) -> None:
    from azure.mgmt.servicebus import ServiceBusManagementClient

    arm.group()
    sdk = client(ServiceBusManagementClient, arm.simulator)
    body = {"location": "westeurope", "sku": {"name": "Standard"}}
    assert sdk.namespaces.begin_create_or_update("rg", "labspace1", body).result().status == "Active"
    assert (
        sdk.queues.create_or_update(
            "rg", "labspace1", "orders", {"properties": {"maxDeliveryCount": 4}}
        ).max_delivery_count
        == 4
    )
    assert sdk.namespaces.list_keys("rg", "labspace1", "RootManageSharedAccessKey").primary_key
    sdk.namespaces.begin_delete("rg", "labspace1").result()
    assert list(sdk.namespaces.list()) == []
