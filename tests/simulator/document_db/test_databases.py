"""What lives in accounts: databases, containers, throughput, roles."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Cosmos

PK = {"paths": ["/pk"], "kind": "Hash"}
ITEMS = "/sqlDatabases/db/containers/items"
READER = "00000000-0000-0000-0000-000000000001"
SOMEBODY = "11111111-2222-3333-4444-555555555555"
ONE = "aaaaaaaa-0000-0000-0000-000000000001"


@pytest.fixture
def db(cosmos: Cosmos) -> Cosmos:
    """An account with a database."""
    assert cosmos.resource("/sqlDatabases/db").status == 202
    return cosmos


def test_a_container_is_completed_as_azure_does(db: Cosmos) -> None:
    assert db.resource(ITEMS, partitionKey=PK).status == 202
    container = db.read(ITEMS)
    assert container["indexingPolicy"]["excludedPaths"] == [{"path": '/"_etag"/?'}]
    assert container["conflictResolutionPolicy"]["conflictResolutionPath"] == "/_ts"
    assert container["_self"].startswith(db.read("/sqlDatabases/db")["_self"])
    rid = container["_rid"]
    db.resource(ITEMS, partitionKey=PK, defaultTtl=60)
    assert (db.read(ITEMS)["_rid"], db.read(ITEMS)["defaultTtl"]) == (rid, 60)


@pytest.mark.parametrize(
    ("options", "resource"),
    [
        ({}, {}),
        ({}, {"partitionKey": {"paths": ["pk"]}}),
        ({}, {"partitionKey": PK, "defaultTtl": 0}),
        ({}, {"partitionKey": PK, "analyticalStorageTtl": -1}),
        ({}, {"partitionKey": PK, "indexingPolicy": {"vectorIndexes": [{"path": "/v", "type": "flat"}]}}),
        ({"throughput": 450}, {"partitionKey": PK}),
        ({"throughput": 400, "autoscaleSettings": {"maxThroughput": 1000}}, {"partitionKey": PK}),
        ({"autoscaleSettings": {"maxThroughput": 1500}}, {"partitionKey": PK}),
    ],
)
def test_what_a_container_cannot_be(db: Cosmos, options: dict[str, Any], resource: dict[str, Any]) -> None:
    assert db.refusal(db.resource(ITEMS, options, **resource)) == "400 BadRequest"


def vectors(dimensions: int = 3, kind: str = "flat", function: str = "cosine") -> dict[str, Any]:
    embedding = {"path": "/v", "dataType": "float32", "distanceFunction": function, "dimensions": dimensions}
    indexes = {"vectorIndexes": [{"path": "/v", "type": kind}]}
    return {"partitionKey": PK, "vectorEmbeddingPolicy": {"vectorEmbeddings": [embedding]}, "indexingPolicy": indexes}


def test_vectors_need_the_capability_and_an_index_that_takes_them(db: Cosmos) -> None:
    assert db.refusal(db.resource(ITEMS, **vectors())) == "400 BadRequest"
    assert db("PATCH", "", {"properties": {"capabilities": [{"name": "EnableNoSQLVectorSearch"}]}}).status == 200
    assert db.refusal(db.resource(ITEMS, **vectors(506))) == "400 BadRequest"
    assert db.refusal(db.resource(ITEMS, **vectors(kind="tree"))) == "400 BadRequest"
    assert db.refusal(db.resource(ITEMS, **vectors(function="near"))) == "400 BadRequest"
    assert db.resource(ITEMS, **vectors(1536, "diskann")).status == 202
    container = db.read(ITEMS)
    assert container["indexingPolicy"]["vectorIndexes"] == [{"path": "/v", "type": "diskANN"}]
    assert {"path": "/v/*"} in container["indexingPolicy"]["excludedPaths"]
    assert db.refusal(db.resource(ITEMS, **vectors(3, "diskANN"))) == "400 BadRequest"
    assert db.resource(ITEMS, partitionKey=PK, defaultTtl=5).status == 202
    assert db.read(ITEMS)["vectorEmbeddingPolicy"] == container["vectorEmbeddingPolicy"]


def test_vectors_do_not_share_throughput_and_never_change(cosmos: Cosmos) -> None:
    cosmos.account("shop", capabilities=[{"name": "EnableNoSQLVectorSearch"}])
    cosmos.resource("/sqlDatabases/shared", {"throughput": 400})
    inside = "/sqlDatabases/shared/containers/v"
    assert b"shared throughput" in cosmos.resource(inside, **vectors()).body
    assert cosmos.resource(inside, {"throughput": 400}, **vectors()).status == 202
    assert b"cannot be changed" in cosmos.resource(inside, **vectors(kind="quantizedFlat")).body
    assert cosmos.resource(inside, defaultTtl=9, **vectors()).status == 202


def test_details_of_policies_are_kept(cosmos: Cosmos) -> None:
    cosmos.account("shop", capabilities=[{"name": "EnableNoSQLVectorSearch"}, {"name": "EnableNoSQLFullTextSearch"}])
    cosmos.resource("/sqlDatabases/db")
    asked = vectors(1536, "quantizedFlat")
    asked["indexingPolicy"]["vectorIndexes"][0]["quantizationByteSize"] = 96
    asked["indexingPolicy"]["fullTextIndexes"] = [{"path": "/text"}]
    asked["fullTextPolicy"] = {"defaultLanguage": "en-US", "fullTextPaths": [{"path": "/text", "language": "en-US"}]}
    assert cosmos.resource(ITEMS, **asked).status == 202
    found = cosmos.read(ITEMS)
    assert found["indexingPolicy"]["vectorIndexes"] == asked["indexingPolicy"]["vectorIndexes"]
    assert (found["fullTextPolicy"], found["vectorEmbeddingPolicy"]) == (asked["fullTextPolicy"], asked["vectorEmbeddingPolicy"])
    asked["fullTextPolicy"]["defaultLanguage"] = "xx"
    assert cosmos.refusal(cosmos.resource(ITEMS + "2", **asked)) == "400 BadRequest"


def test_capabilities_for_search_and_serverless_stay(cosmos: Cosmos) -> None:
    names = [{"name": "EnableServerless"}, {"name": "EnableNoSQLVectorSearch"}]
    cosmos.account("less", capabilities=names[:1])
    assert cosmos.account("less", capabilities=names).status == 200
    assert b"EnableServerless" in cosmos.account("less", capabilities=names[1:]).body
    assert cosmos.refusal(cosmos.account("less", capabilities=names[:1])) == "400 BadRequest"
    assert cosmos.account("less", disableLocalAuth=True).status == 200
    assert cosmos("GET", f"{cosmos.root}/less").json()["properties"]["capabilities"] == names
    assert cosmos.refusal(cosmos.account("shop", capabilities=names)) == "400 BadRequest"


def test_a_partition_key_never_changes(db: Cosmos) -> None:
    db.resource(ITEMS, partitionKey=PK)
    assert db.refusal(db.resource(ITEMS, partitionKey={"paths": ["/other"], "kind": "Hash"})) == "400 BadRequest"


def test_throughput_is_the_containers_own_unless_the_database_shares_its(db: Cosmos) -> None:
    db.resource(ITEMS, partitionKey=PK)
    assert db.read(f"{ITEMS}/throughputSettings/default")["throughput"] == 400
    db.resource("/sqlDatabases/shared", {"throughput": 800})
    db.resource("/sqlDatabases/shared/containers/a", partitionKey=PK)
    assert db("GET", "/sqlDatabases/shared/containers/a/throughputSettings/default").status == 404
    assert db("GET", "/sqlDatabases/db/throughputSettings/default").status == 404


def test_throughput_migrates_and_comes_back(db: Cosmos) -> None:
    db.resource(ITEMS, {"throughput": 1200}, partitionKey=PK)
    path = f"{ITEMS}/throughputSettings/default"
    automatic = {"properties": {"resource": {"autoscaleSettings": {"maxThroughput": 4000}}}}
    assert db.refusal(db("PUT", path, automatic)) == "400 BadRequest"
    answer = db("POST", f"{path}/migrateToAutoscale")
    assert answer.status == 202
    assert db.read(path)["autoscaleSettings"] == {"maxThroughput": 2000}
    assert db("PUT", path, automatic).status == 202
    assert db("POST", f"{path}/migrateToManualThroughput").status == 202
    assert db.read(path)["throughput"] == 4000


def test_a_serverless_account_takes_no_throughput(cosmos: Cosmos) -> None:
    cosmos.account("less", capabilities=[{"name": "EnableServerless"}])
    path = f"{cosmos.root}/less/sqlDatabases/db"
    body = {"properties": {"resource": {"id": "db"}, "options": {"throughput": 400}}}
    assert cosmos.refusal(cosmos("PUT", path, body)) == "400 BadRequest"
    assert cosmos("PUT", path, {"properties": {"resource": {"id": "db"}}}).status == 202
    assert b"serverless" in cosmos("GET", f"{path}/throughputSettings/default").body


def test_an_account_speaks_its_own_api_only(cosmos: Cosmos) -> None:
    assert cosmos.refusal(cosmos.resource("/mongodbDatabases/m")) == "400 BadRequest"
    cosmos.account("mongo", kind="MongoDB")
    path = f"{cosmos.root}/mongo/mongodbDatabases/m"
    assert cosmos("PUT", path, {"properties": {"resource": {"id": "m"}}}).status == 202
    indexes = {
        "id": "c",
        "indexes": [{"key": {"keys": ["_id"]}, "options": {"unique": True}}, {"key": {"keys": ["a"]}}],
    }
    cosmos("PUT", f"{path}/collections/c", {"properties": {"resource": indexes}})
    assert [one["key"]["keys"] for one in cosmos.read(f"{path}/collections/c")["indexes"]] == [["_id"], ["a"]]


def test_what_is_deleted_takes_what_is_inside_along(db: Cosmos) -> None:
    db.resource(ITEMS, partitionKey=PK)
    assert db("DELETE", "/sqlDatabases/db").status == 202
    assert db("GET", "/sqlDatabases/db").json()["error"]["code"] == "NotFound"
    db.resource("/sqlDatabases/db")
    assert db("GET", "/sqlDatabases/db/containers").json() == {"value": []}


def test_scripts_live_in_containers(db: Cosmos) -> None:
    db.resource(ITEMS, partitionKey=PK)
    assert db.refusal(db.resource(f"{ITEMS}/triggers/t", body="x", triggerType="Sometimes")) == "400 BadRequest"
    assert db.resource(f"{ITEMS}/triggers/t", body="x", triggerType="Post").status == 202
    assert db.read(f"{ITEMS}/triggers/t")["triggerOperation"] == "All"
    assert db.resource(f"{ITEMS}/storedProcedures/s", body="code").status == 202
    assert "/sprocs/" in db.read(f"{ITEMS}/storedProcedures/s")["_self"]


def test_roles_are_assigned_inside_the_account(db: Cosmos) -> None:
    def assign(**properties: str) -> Any:
        return db("PUT", f"/sqlRoleAssignments/{ONE}", {"properties": {"principalId": SOMEBODY, **properties}})

    role = f"{db.path}/sqlRoleDefinitions/{READER}"
    assert db.refusal(assign(roleDefinitionId=role.replace(READER, ONE), scope="/")) == "400 BadRequest"
    assert db.refusal(assign(roleDefinitionId=role, scope="/dbs/none")) == "400 BadRequest"
    assert db.refusal(assign(roleDefinitionId=role, scope="/subscriptions/x/elsewhere")) == "400 BadRequest"
    assert assign(roleDefinitionId=role, scope="/dbs/db").status == 202
    assert db.read(f"/sqlRoleAssignments/{ONE}")["scope"] == f"{db.path}/dbs/db"
    assert len(db("GET", "/sqlRoleDefinitions").json()["value"]) == 2


def test_a_role_in_use_stays(db: Cosmos) -> None:
    data = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read"
    role = {"roleName": "Look", "assignableScopes": ["/"], "permissions": [{"dataActions": [data]}]}
    assert db("PUT", f"/sqlRoleDefinitions/{ONE}", {"properties": role}).status == 202
    properties = {"roleDefinitionId": f"{db.path}/sqlRoleDefinitions/{ONE}", "scope": db.path, "principalId": SOMEBODY}
    assert db("PUT", f"/sqlRoleAssignments/{ONE}", {"properties": properties}).status == 202
    assert db.refusal(db("DELETE", f"/sqlRoleDefinitions/{ONE}")) == "400 BadRequest"
    assert db("DELETE", f"/sqlRoleAssignments/{ONE}").status == 202
    assert db("DELETE", f"/sqlRoleDefinitions/{ONE}").status == 202
    assert db.refusal(db("DELETE", f"/sqlRoleDefinitions/{READER}")) == "400 BadRequest"


def test_the_password_of_a_mongo_user_is_never_shown(cosmos: Cosmos) -> None:
    cosmos.account("mongo", kind="MongoDB", capabilities=[{"name": "EnableMongoRoleBasedAccessControl"}])
    path = f"{cosmos.root}/mongo/mongodbUserDefinitions/db.ann"
    user = {"userName": "ann", "databaseName": "db", "roles": [{"role": "read", "db": "db"}]}
    assert cosmos.refusal(cosmos("PUT", path, {"properties": user})) == "400 BadRequest"
    assert cosmos("PUT", path, {"properties": {**user, "password": "sEcret!23"}}).status == 202
    shown = cosmos("GET", path)
    assert b"sEcret" not in shown.body
    assert (shown.json()["name"], shown.json()["properties"]["password"]) == ("ann", "")
