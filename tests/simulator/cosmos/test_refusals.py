"""Who is kept out, and how the service says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.cosmos import PartitionKey, exceptions

from azlabs.simulator import Principal, Request, Simulator

from .support import ACCOUNT, HOST, Token, client, make_account, manage

CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"
SOMEONE = "7d3c0e0a-0000-4000-8000-000000000001"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as found:
        yield found


@pytest.fixture
def containers(simulator: Simulator) -> tuple[Any, Any]:
    database = client(simulator, make_account(simulator)).create_database("library")
    made = [database.create_container(name, PartitionKey("/pk")) for name in ("passages", "loans")]
    for one in made:
        one.create_item({"id": "1", "pk": "p"})
    return made[0], made[1]


def assign(simulator: Simulator, scope: str, role: str = CONTRIBUTOR) -> None:
    properties = {"roleDefinitionId": f"{ACCOUNT}/sqlRoleDefinitions/{role}", "scope": f"{ACCOUNT}{scope}", "principalId": SOMEONE}
    manage(simulator, "PUT", f"{ACCOUNT}/sqlRoleAssignments/{SOMEONE}", {"properties": properties})


def status(work: Any) -> tuple[int, int | None]:
    with pytest.raises(exceptions.CosmosHttpResponseError) as refusal:
        work()
    return refusal.value.status_code, refusal.value.sub_status


def someone(simulator: Simulator) -> Any:
    principal = Principal(SOMEONE, simulator.tokens.owner.tenant_id, "app")
    return client(simulator, Token(simulator, principal))


def test_a_role_at_a_container_opens_this_container_alone(simulator: Simulator, containers: tuple[Any, Any]) -> None:
    assert status(lambda: someone(simulator)) == (403, 5301)
    assign(simulator, "/dbs/library/colls/passages")
    database = someone(simulator).get_database_client("library")
    passages, loans = (database.get_container_client(name) for name in ("passages", "loans"))
    passages.upsert_item({"id": "2", "pk": "p"})
    assert len(list(passages.query_items("SELECT * FROM c", partition_key="p"))) == 2
    assert status(lambda: loans.read_item("1", "p")) == (403, 5301)
    assert status(lambda: list(loans.query_items("SELECT * FROM c", partition_key="p"))) == (403, 5301)
    assert status(lambda: database.create_container("more", PartitionKey("/pk")))[0] == 403
    manage(simulator, "DELETE", f"{ACCOUNT}/sqlRoleAssignments/{SOMEONE}")
    assert status(lambda: passages.read_item("1", "p")) == (403, 5301)


def test_a_role_of_ones_own_allows_what_it_lists(simulator: Simulator, containers: tuple[Any, Any]) -> None:
    role = "aaaaaaaa-0000-0000-0000-000000000001"
    actions = ["readMetadata", "sqlDatabases/containers/items/read", "sqlDatabases/containers/executeQuery"]
    properties = {
        "roleName": "Look", "type": "CustomRole", "assignableScopes": [ACCOUNT],
        "permissions": [{"dataActions": [f"Microsoft.DocumentDB/databaseAccounts/{action}" for action in actions]}],
    }  # fmt: skip
    manage(simulator, "PUT", f"{ACCOUNT}/sqlRoleDefinitions/{role}", {"properties": properties})
    assign(simulator, "", role)
    mine = someone(simulator).get_database_client("library").get_container_client("loans")
    assert mine.read_item("1", "p")["id"] == "1"
    assert status(lambda: mine.create_item({"id": "2", "pk": "p"})) == (403, 5301)
    assert status(lambda: list(mine.query_items_change_feed(start_time="Beginning"))) == (403, 5301)


def test_switching_local_auth_off_leaves_tokens(simulator: Simulator, containers: tuple[Any, Any]) -> None:
    assign(simulator, "")
    manage(simulator, "PATCH", ACCOUNT, {"properties": {"disableLocalAuth": True}})
    assert status(lambda: containers[0].read_item("1", "p"))[0] == 401
    assert someone(simulator).get_database_client("library").get_container_client("loans").read_item("1", "p")["id"] == "1"


def test_keys_that_only_read_do_not_write_and_old_keys_are_worth_nothing(simulator: Simulator, containers: tuple[Any, Any]) -> None:
    keys = manage(simulator, "POST", f"{ACCOUNT}/listKeys", {})
    reader = client(simulator, keys["primaryReadonlyMasterKey"]).get_database_client("library").get_container_client("loans")
    assert reader.read_item("1", "p")["id"] == "1"
    assert len(list(reader.query_items("SELECT * FROM c", partition_key="p"))) == 1
    assert status(lambda: reader.upsert_item({"id": "1", "pk": "p"}))[0] == 403
    manage(simulator, "POST", f"{ACCOUNT}/regenerateKey", {"keyKind": "primary"})
    assert status(lambda: containers[0].read_item("1", "p"))[0] == 401
    client(simulator, manage(simulator, "POST", f"{ACCOUNT}/listKeys", {})["primaryMasterKey"]).get_database_client("library").read()


def test_the_firewall_lets_its_addresses_in(simulator: Simulator) -> None:
    key = make_account(simulator, ipRules=[{"ipAddressOrRange": "10.9.8.7"}])
    assert status(lambda: client(simulator, key))[0] == 403
    from azlabs.simulator.data_planes.storage.firewall import CLIENT

    manage(simulator, "PATCH", ACCOUNT, {"properties": {"ipRules": [{"ipAddressOrRange": f"{CLIENT}/32"}]}})
    client(simulator, key).create_database("d")
    manage(simulator, "PATCH", ACCOUNT, {"properties": {"ipRules": [], "publicNetworkAccess": "Disabled"}})
    assert status(lambda: client(simulator, key))[0] == 403


def test_what_does_not_exist_is_not_found(simulator: Simulator, containers: tuple[Any, Any]) -> None:
    headers = {"authorization": f"Bearer {simulator.owner_token()}", "x-ms-documentdb-partitionkey": '["p"]'}

    def get(url: str) -> tuple[int, str]:
        answer = simulator.handle(Request("GET", url, headers))
        assert set(json.loads(answer.body)) == {"code", "message"}
        return answer.status, answer.headers.get("x-ms-substatus", "")

    assert get("https://nothing.documents.azure.com/") == (404, "")
    assert get(HOST + "dbs/none") == (404, "")
    assert get(HOST + "dbs/library/colls/none") == (404, "")
    assert get(HOST + "dbs/library/colls/none/docs/1") == (404, "1003")
    assert get(HOST + "dbs/library/colls/loans/docs/none") == (404, "")
    manage(simulator, "DELETE", ACCOUNT)
    assert get(HOST + "dbs/library") == (404, "")


def test_a_token_for_something_else_is_refused(simulator: Simulator, containers: tuple[Any, Any]) -> None:
    token = simulator.token(simulator.tokens.owner, "https://vault.azure.net")
    answer = simulator.handle(Request("GET", HOST, {"authorization": f"type%3Daad%26ver%3D1.0%26sig%3D{token}"}))
    assert answer.status == 401
    assert simulator.handle(Request("GET", HOST, {})).status == 401
    assert simulator.handle(Request("GET", HOST, {"authorization": "type=master&ver=1.0&sig="})).status == 401
    assert simulator.handle(Request("GET", HOST, {"authorization": "&&%%%"})).status == 401
