"""Management groups: made and deleted through operations, moved at once, with settings on the root."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azlabs.simulator import TENANT_ID, Request

from .conftest import SUBSCRIPTION, Azure

VERSION = "2021-04-01"
GROUPS = "/providers/Microsoft.Management/managementGroups/"
ROOT = GROUPS + TENANT_ID


def send(azure: Azure, method: str, url: str, body: Any = None) -> tuple[int, dict[str, str], Any]:
    url = url if url.startswith("https") else f"https://management.azure.com{url}?api-version={VERSION}"
    headers = {"Authorization": f"Bearer {azure.simulator.owner_token()}"}
    raw = None if body is None else json.dumps(body).encode()
    answer = azure.simulator.handle(Request(method, url, headers, raw))
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.json()


@pytest.fixture
def team(azure: Azure) -> str:
    azure.ok("PUT", GROUPS + "team", VERSION, {"properties": {"displayName": "Team"}})
    return GROUPS + "team"


def test_a_new_group_is_accepted_with_a_receipt_and_an_operation_named_after_it(azure: Azure) -> None:
    status, headers, body = send(azure, "PUT", GROUPS + "team", {"properties": {}})
    assert (status, body["status"], body["name"]) == (202, "NotStarted", "team")
    poll = headers["azure-asyncoperation"]
    assert "/operationResults/create/asyncOperation/status/managementGroups/team?" in poll
    assert [send(azure, "GET", poll)[2]["status"] for _ in range(2)] == ["Running", "Succeeded"]
    assert send(azure, "GET", poll)[2]["properties"]["displayName"] == "team"
    assert send(azure, "GET", headers["location"])[0] == 200


def test_a_change_is_done_at_once(azure: Azure, team: str) -> None:
    status, _headers, body = send(azure, "PUT", team, {"properties": {"displayName": "Crew"}})
    assert (status, body["properties"]["displayName"], body["properties"]["details"]["version"]) == (200, "Crew", 2)


def test_a_delete_is_accepted_and_a_group_with_children_stays(azure: Azure, team: str) -> None:
    below = {"properties": {"details": {"parent": {"id": team}}}}
    azure.ok("PUT", GROUPS + "inner", VERSION, below)
    assert azure.refused("DELETE", team, VERSION).startswith("400 ")
    status, headers, body = send(azure, "DELETE", GROUPS + "inner")
    assert (status, body["status"]) == (202, "NotStarted")
    assert send(azure, "GET", headers["azure-asyncoperation"])[2]["status"] == "Succeeded"
    assert azure.refused("GET", GROUPS + "inner", VERSION).startswith("404 ")


def test_a_subscription_is_in_one_group_only(azure: Azure, team: str) -> None:
    azure.ok("PUT", GROUPS + "other", VERSION, {"properties": {}})
    azure.ok("PUT", team + SUBSCRIPTION, VERSION)
    azure.ok("PUT", GROUPS + "other" + SUBSCRIPTION, VERSION)
    assert azure.ok("GET", team + "/subscriptions", VERSION)["value"] == []
    assert len(azure.ok("GET", GROUPS + "other/subscriptions", VERSION)["value"]) == 1


def test_names_are_available_once_and_of_few_characters(azure: Azure, team: str) -> None:
    path = "/providers/Microsoft.Management/checkNameAvailability"

    def asked(name: str) -> tuple[bool, str]:
        body = azure.ok("POST", path, VERSION, {"name": name, "type": "Microsoft.Management/managementGroups"})
        return body["nameAvailable"], body.get("reason", "")

    assert [asked(name) for name in ("team", "!bad", "new")] == [
        (False, "AlreadyExists"),
        (False, "Invalid"),
        (True, ""),
    ]


def test_settings_belong_to_the_root_group(azure: Azure, team: str) -> None:
    body = {"properties": {"requireAuthorizationForGroupCreation": True, "defaultManagementGroup": team}}
    made = azure.ok("PUT", f"{ROOT}/settings/default", VERSION, body)
    assert made["properties"]["defaultManagementGroup"] == "team"
    assert len(azure.ok("GET", f"{ROOT}/settings", VERSION)["value"]) == 1
    azure.ok("DELETE", f"{ROOT}/settings/default", VERSION)
    assert azure.refused("DELETE", f"{ROOT}/settings/default", VERSION) == "404 NotFound"
    assert azure.refused("PUT", f"{team}/settings/default", VERSION, body) == "400 BadRequest"


def test_the_provider_is_listed_as_azure_lists_it(azure: Azure) -> None:
    listed = azure.ok("GET", f"{SUBSCRIPTION}/providers/Microsoft.Management", "2021-04-01")
    types = [item["resourceType"] for item in listed["resourceTypes"]]
    assert {"managementGroups", "getEntities", "operationResults/asyncOperation"} <= set(types)
