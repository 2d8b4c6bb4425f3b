"""The change feed of Cosmos DB as a trigger, and its bindings, with real apps and the real client."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from azure.cosmos import CosmosClient, PartitionKey
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from .running import Packages, code
from .scene import Scene, eventually

COSMOS = "2024-11-15"
HOST = "https://cosmos-harbour.documents.azure.com"
FEED = """
@app.cosmos_db_trigger("items", database_name="library", container_name="notes", connection="HarbourDb",
                       lease_container_name="leases", create_lease_container_if_not_exists=True, start_from_beginning=True)
@app.cosmos_db_output("out", database_name="library", container_name="seen", connection="HarbourDb")
def fed(items: func.DocumentList, out: func.Out[func.DocumentList]) -> None:
    logging.info("fed %s", json.dumps([one["id"] for one in items]))
    if any(one["id"] == "bad" for one in items):
        raise ValueError("cannot do this")
    out.set(func.DocumentList([func.Document.from_dict({"id": "seen-" + one["id"], "kind": "seen"}) for one in items]))
"""
HTTP = """
@app.route("note/{kind}/{id}")
@app.cosmos_db_input("found", database_name="library", container_name="notes", connection="HarbourDb", id="{id}", partition_key="{kind}")
def note(req: func.HttpRequest, found: func.DocumentList) -> str:
    return "nothing" if not found else found[0]["text"]


@app.route("count", methods=["POST"])
@app.cosmos_db_input("found", database_name="library", container_name="notes", connection="HarbourDb",
                     sql_query="SELECT c.id FROM c WHERE c.kind = {kind} AND c.depth > {depth} ORDER BY c.id")
def count(req: func.HttpRequest, found: func.DocumentList) -> str:
    return json.dumps([one["id"] for one in found])


@app.route("put", methods=["POST"])
@app.cosmos_db_output("out", database_name="library", container_name="notes", connection="HarbourDb")
def put(req: func.HttpRequest, out: func.Out[func.Document]) -> str:
    out.set(func.Document.from_dict(req.get_json()))
    return "ok"
"""


class Library:
    """An account `cosmos-harbour` with database `library`, containers `notes` (/kind) and `seen` (/kind)."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.id = f"{scene.root}/Microsoft.DocumentDB/databaseAccounts/cosmos-harbour"
        properties = {"databaseAccountOfferType": "Standard", "locations": [{"locationName": "westeurope", "failoverPriority": 0}]}
        scene.arm("PUT", self.id, COSMOS, {"location": "westeurope", "kind": "GlobalDocumentDB", "properties": properties})
        self.key = scene.arm("POST", f"{self.id}/listKeys", COSMOS)["primaryMasterKey"]
        client = CosmosClient(HOST, self.key, transport=scene.cloud.open_transport())
        self.database = client.create_database("library")
        self.notes = self.database.create_container("notes", PartitionKey("/kind"))
        self.seen = self.database.create_container("seen", PartitionKey("/kind"))

    def text(self) -> str:
        return f"AccountEndpoint={HOST}:443/;AccountKey={self.key};"

    def names(self) -> list[str]:
        return sorted(one["id"] for one in self.seen.read_all_items())

    def allow(self, scope: str) -> None:
        """Make the identity a data contributor."""
        role = f"{self.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"
        properties = {"roleDefinitionId": role, "principalId": self.scene.principal_id, "scope": f"{self.id}{scope}"}
        self.scene.arm("PUT", f"{self.id}/sqlRoleAssignments/{uuid.uuid4()}", COSMOS, {"properties": properties})


@pytest.fixture
def library(scene: Scene) -> Library:
    return Library(scene)


def identity(scene: Scene) -> dict[str, str]:
    fields = {"accountEndpoint": f"{HOST}:443/", "credential": "managedidentity", "clientId": scene.client_id}
    return {f"HarbourDb__{name}": value for name, value in fields.items()}


def test_changes_start_a_function_and_its_place_survives_a_restart(scene: Scene, packages: Packages, library: Library) -> None:
    site = scene.dedicated(settings={"HarbourDb": library.text()})
    library.notes.upsert_item({"id": "one", "kind": "tide"})
    library.notes.upsert_item({"id": "two", "kind": "crew"})
    packages.put(site, {"function_app.py": code(FEED)})
    packages.app(site)
    assert eventually(lambda: library.names() == ["seen-one", "seen-two"])
    (lease,) = library.database.get_container_client("leases").read_all_items()
    assert (lease["LeaseToken"], lease["ContinuationToken"]) == ("0", '"2"')
    packages.host.restart(site)
    packages.app(site)
    library.notes.upsert_item({"id": "three", "kind": "crew"})
    assert eventually(lambda: "seen-three" in library.names())
    assert [line for line in packages.lines(site, function="fed") if line.startswith("fed ")] == ['fed ["one", "two"]', 'fed ["three"]']


def test_a_batch_that_fails_is_passed_over_unless_there_is_a_retry_policy(scene: Scene, packages: Packages, library: Library) -> None:
    site = scene.dedicated(settings={"HarbourDb": library.text()})
    library.notes.upsert_item({"id": "bad", "kind": "tide"})
    packages.put(site, {"function_app.py": code(FEED)})
    packages.app(site)
    assert eventually(lambda: [line for line in packages.lines(site, level="Error") if "cannot do this" in line])
    library.notes.upsert_item({"id": "good", "kind": "tide"})
    assert eventually(lambda: library.names() == ["seen-good"])
    policy = '@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")'
    packages.put(site, {"function_app.py": code(policy + FEED)})
    packages.app(site)
    library.notes.upsert_item({"id": "bad", "kind": "tide"})
    assert eventually(lambda: len([line for line in packages.lines(site) if line == 'fed ["bad"]']) == 4)


def test_without_the_lease_container_it_is_said_and_begins_when_it_is_there(scene: Scene, packages: Packages, library: Library) -> None:
    site = scene.dedicated(settings={"HarbourDb": library.text()})
    library.notes.upsert_item({"id": "one", "kind": "tide"})
    packages.put(site, {"function_app.py": code(FEED.replace("create_lease_container_if_not_exists=True, ", ""))})
    packages.app(site)
    assert eventually(lambda: [line for line in packages.lines(site, level="Error") if "lease container 'leases'" in line])
    library.database.create_container("leases", PartitionKey("/id"))
    assert eventually(lambda: library.names() == ["seen-one"])


def test_an_identity_needs_the_data_role_of_cosmos_db(scene: Scene, packages: Packages, library: Library) -> None:
    site = scene.dedicated(settings=identity(scene))
    library.notes.upsert_item({"id": "one", "kind": "tide"})
    library.database.create_container("leases", PartitionKey("/id"))
    packages.put(site, {"function_app.py": code(FEED)})
    packages.app(site)
    assert eventually(lambda: [line for line in packages.lines(site, level="Error") if "403 Forbidden" in line])
    library.allow("/dbs/library")
    assert eventually(lambda: library.names() == ["seen-one"])


def test_items_come_in_by_id_and_by_query_and_go_out(scene: Scene, packages: Packages, library: Library) -> None:
    site = scene.dedicated(settings=identity(scene))
    library.allow("/dbs/library/colls/notes")
    packages.put(site, {"function_app.py": code(HTTP)})
    packages.app(site)

    def post(path: str, body: Any) -> bytes:
        answer = scene.call("func-b1", path, "POST", json.dumps(body).encode(), Content_Type="application/json")
        assert answer.status == 200, packages.lines(site, level="Error")
        return answer.body

    for id, depth in (("a", 3), ("b", 12), ("c", 20)):
        post("/api/put", {"id": id, "kind": "tide", "text": f"text of {id}", "depth": depth})
    assert library.notes.read_item("b", "tide")["text"] == "text of b"
    assert scene.call("func-b1", "/api/note/tide/b").body == b"text of b"
    assert scene.call("func-b1", "/api/note/tide/z").body == b"nothing"
    assert json.loads(post("/api/count", {"kind": "tide", "depth": 10})) == ["b", "c"]
    assert json.loads(post("/api/count", {"kind": "' OR 1=1 --", "depth": 0})) == []
    assert scene.call("func-b1", "/api/put", "POST", b'{"kind": "tide"}', Content_Type="application/json").status == 500
    with pytest.raises(CosmosResourceNotFoundError):
        library.notes.read_item("z", "tide")
