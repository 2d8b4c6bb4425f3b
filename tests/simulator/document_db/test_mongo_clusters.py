"""Clusters of Cosmos DB for MongoDB and their firewall."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..library import Arm

VERSION = "2024-07-01"


class Mongo:
    """Requests about one cluster."""

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self.path = f"{arm.group()}/providers/Microsoft.DocumentDB/mongoClusters/lab-cluster"

    def put(self, **properties: Any) -> Answer:
        basis = {
            "administrator": {"userName": "ann", "password": "sEcret!23"},
            "compute": {"tier": "M30"},
            "storage": {"sizeGb": 128},
        }
        body = {"location": "westeurope", "properties": {**basis, **properties}}
        return self.arm("PUT", self.path, body, version=VERSION)

    def rule(self, start: str, end: str) -> Answer:
        body = {"properties": {"startIpAddress": start, "endIpAddress": end}}
        return self.arm("PUT", f"{self.path}/firewallRules/home", body, version=VERSION)


@pytest.fixture
def mongo(arm: Arm) -> Mongo:
    return Mongo(arm)


def test_a_cluster_is_made_and_never_shows_its_password(mongo: Mongo) -> None:
    first = mongo.put()
    assert (first.status, first.json()["properties"]["clusterStatus"]) == (201, "Provisioning")
    answer = mongo.arm("GET", mongo.path, version=VERSION)
    assert b"sEcret" not in first.body + answer.body
    assert answer.json()["properties"]["clusterStatus"] == "Ready"
    strings = mongo.arm("POST", f"{mongo.path}/listConnectionStrings", version=VERSION).json()["connectionStrings"]
    assert strings[0]["connectionString"].startswith("mongodb+srv://")


@pytest.mark.parametrize(
    "properties",
    [
        {"administrator": {"userName": "ann"}},
        {"compute": {"tier": "M31"}},
        {"storage": {"sizeGb": 100}},
        {"compute": {"tier": "M10"}, "highAvailability": {"targetMode": "SameZone"}},
        {"compute": {"tier": "M10"}, "sharding": {"shardCount": 2}},
    ],
)
def test_what_a_cluster_cannot_be(mongo: Mongo, properties: dict[str, Any]) -> None:
    answer = mongo.put(**properties)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_storage_only_grows(mongo: Mongo) -> None:
    mongo.put(storage={"sizeGb": 256})
    assert mongo.put(storage={"sizeGb": 128}).status == 400
    assert mongo.put(storage={"sizeGb": 512}).status == 200


def test_a_firewall_rule_is_a_range(mongo: Mongo) -> None:
    mongo.put()
    assert mongo.rule("10.0.0.9", "10.0.0.1").status == 400
    assert mongo.rule("home", "10.0.0.1").status == 400
    assert mongo.rule("203.0.113.1", "203.0.113.9").status == 202
    found = mongo.arm("GET", f"{mongo.path}/firewallRules", version=VERSION).json()["value"]
    assert [one["properties"]["endIpAddress"] for one in found] == ["203.0.113.9"]
