"""Namespaces, event hubs, consumer groups, schema groups and clusters of Event Hubs."""

from __future__ import annotations

from typing import Any

import pytest

from ..clients import client
from ..library import Arm
from .conftest import Messaging


def test_an_event_hub_has_partitions_and_a_consumer_group(hubs: Messaging) -> None:
    assert hubs.put("/eventhubs/clicks", partitionCount=2).status == 200
    hub = hubs.read("/eventhubs/clicks")
    assert (hub["partitionIds"], hub["messageRetentionInDays"]) == (["0", "1"], 7)
    groups = hubs("GET", "/eventhubs/clicks/consumergroups").json()["value"]
    assert [one["name"] for one in groups] == ["$Default"]
    assert hubs.refusal(hubs("DELETE", "/eventhubs/clicks/consumergroups/$Default")) == "400 BadRequest"
    assert hubs.refusal(hubs.put("/eventhubs/clicks", partitionCount=4)) == "400 BadRequest"


@pytest.mark.parametrize(
    "properties",
    [
        {"partitionCount": 33},
        {"partitionCount": 0},
        {"messageRetentionInDays": 8},
        {"retentionDescription": {"cleanupPolicy": "Keep"}},
        {"captureDescription": {"enabled": True, "destination": {"properties": {"storageAccountResourceId": "/none"}}}},
    ],
)
def test_what_an_event_hub_cannot_be(hubs: Messaging, properties: dict[str, Any]) -> None:
    assert hubs.refusal(hubs.put("/eventhubs/clicks", **properties)) == "400 BadRequest"


def test_basic_has_one_consumer_group(hubs: Messaging) -> None:
    hubs.namespace("labbasic1", "Basic")
    path = f"{hubs.root}/labbasic1/eventhubs/clicks"
    assert hubs("PUT", path, {"properties": {}}).status == 200
    assert hubs.refusal(hubs("PUT", f"{path}/consumergroups/more", {"properties": {}})) == "400 BadRequest"


def test_auto_inflate_needs_room(hubs: Messaging) -> None:
    beyond = hubs.namespace("labspace1", isAutoInflateEnabled=True, maximumThroughputUnits=41)
    assert hubs.refusal(beyond) == "400 BadRequest"
    assert hubs.namespace("labspace1", isAutoInflateEnabled=True, maximumThroughputUnits=5).status == 200
    assert hubs.refusal(hubs.namespace("labspace2", maximumThroughputUnits=5)) == "400 BadRequest"


def test_a_schema_group_never_changes_its_kind(hubs: Messaging) -> None:
    assert hubs.put("/schemagroups/s", schemaType="Avro", schemaCompatibility="Forward").status == 200
    assert (
        hubs.refusal(hubs.put("/schemagroups/s", schemaType="Json", schemaCompatibility="Forward")) == "400 BadRequest"
    )
    assert hubs.refusal(hubs.put("/schemagroups/t")) == "400 BadRequest"


def test_a_cluster_lists_the_namespaces_on_it(hubs: Messaging) -> None:
    cluster = f"{hubs.group}/providers/Microsoft.EventHub/clusters/big"
    made = hubs("PUT", cluster, {"location": "westeurope", "sku": {"name": "Dedicated", "capacity": 1}})
    assert (made.status, made.json()["properties"]["status"]) == (202, "Creating")
    assert hubs.refusal(hubs.namespace("labspace2", clusterArmId=f"{cluster}x")) == "400 BadRequest"
    assert hubs.namespace("labspace2", clusterArmId=cluster).status == 201
    assert [one["id"] for one in hubs("GET", f"{cluster}/namespaces").json()["value"]] == [f"{hubs.root}/labspace2"]
    assert hubs("DELETE", cluster).status == 202


def test_the_sdk_makes_an_event_hub(arm: Arm) -> None:
    from azure.mgmt.eventhub import EventHubManagementClient

    arm.group()
    sdk = client(EventHubManagementClient, arm.simulator)
    body = {"location": "westeurope", "sku": {"name": "Standard", "capacity": 2}}
    assert sdk.namespaces.begin_create_or_update("rg", "labspace1", body).result().sku.capacity == 2
    hub = sdk.event_hubs.create_or_update("rg", "labspace1", "clicks", {"properties": {"partitionCount": 3}})
    assert hub.partition_ids == ["0", "1", "2"]
    sdk.namespaces.begin_delete("rg", "labspace1").result()
    assert list(sdk.namespaces.list()) == []
