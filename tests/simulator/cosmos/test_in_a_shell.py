"""Unmodified programs reach an account over https under its public name, with DefaultAzureCredential or a key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import host
from azlabs.cloud.shell import variables

OUTSIDE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
MAKE = """
import base64, json, urllib.request
from azure.identity import DefaultAzureCredential
token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/notes"
account = group + "/providers/Microsoft.DocumentDB/databaseAccounts/skerrybank"
def send(method, id, body, version="2024-11-15"):
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    url = "https://management.azure.com" + id + "?api-version=" + version
    text = urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)).read()
    return json.loads(text or b"null")
def put(id, **properties):
    return send("PUT", account + id, {"location": "westeurope", "properties": properties})
send("PUT", group, {"location": "westeurope"}, "2024-11-01")
put("", locations=[{"locationName": "westeurope"}], databaseAccountOfferType="Standard",
    capabilities=[{"name": "EnableServerless"}, {"name": "EnableNoSQLVectorSearch"}])
put("/sqlDatabases/library", resource={"id": "library"}, options={})
embedding = {"path": "/e", "dataType": "float32", "distanceFunction": "cosine", "dimensions": 3}
put("/sqlDatabases/library/containers/passages", options={}, resource={
    "id": "passages", "partitionKey": {"paths": ["/documentId"], "kind": "Hash"},
    "vectorEmbeddingPolicy": {"vectorEmbeddings": [embedding]},
    "indexingPolicy": {"vectorIndexes": [{"path": "/e", "type": "quantizedFlat"}]},
})
put("/sqlRoleAssignments/7d3c0e0a-0000-4000-8000-00000000000a", principalId=claims["oid"],
    roleDefinitionId=account + "/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002", scope=account + "/dbs/library/colls/passages")
print(send("POST", account + "/listKeys", {})["primaryMasterKey"])
"""
SYNC = """
import sys
from azure.cosmos import CosmosClient
from azure.identity import DefaultAzureCredential
client = CosmosClient("https://skerrybank.documents.azure.com:443/", DefaultAzureCredential())
container = client.get_database_client("library").get_container_client("passages")
for number in range(4):
    container.upsert_item({"id": str(number), "documentId": "d", "e": [number, 1, 0]})
text = "SELECT TOP 2 VALUE c.id FROM c ORDER BY VectorDistance(c.e, @e)"
print(list(container.query_items(text, parameters=[{"name": "@e", "value": [1, 0, 0]}], enable_cross_partition_query=True)))
with_key = CosmosClient("https://skerrybank.documents.azure.com:443/", sys.argv[1])
print([one["id"] for one in with_key.list_databases()])
"""
AIO = """
import asyncio
from azure.cosmos.aio import CosmosClient
from azure.identity.aio import DefaultAzureCredential

async def main():
    async with DefaultAzureCredential() as credential, CosmosClient("https://skerrybank.documents.azure.com", credential) as client:
        container = client.get_database_client("library").get_container_client("passages")
        print((await container.read_item("3", "d"))["e"])
        print(len([one async for one in container.query_items_change_feed(start_time="Beginning")]))

asyncio.run(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    host.stop(folder)


def python(home: Path, program: str, *words: str) -> str:
    environment = variables("simulator", home, OUTSIDE).apply(OUTSIDE)
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_sdk_reaches_an_account_under_its_public_name(home: Path) -> None:
    key = python(home, MAKE)
    assert python(home, SYNC, key).splitlines() == ["['3', '2']", "['library']"]
    assert python(home, AIO).splitlines() == ["[3, 1, 0]", "4"]
