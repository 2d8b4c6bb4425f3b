"""Microsoft Graph keeps users, groups, applications and service principals as clients expect them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azlabs.simulator import Principal, Request, Simulator
from azlabs.simulator.odata import UnsupportedQuery, parse_filter, parse_search


class Client:
    """Calls Graph as the owner, or as somebody else."""

    def __init__(self, simulator: Simulator, token: str | None = None) -> None:
        self.simulator = simulator
        self.token = token or simulator.token(simulator.tokens.owner, "https://graph.microsoft.com")

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.simulator.handle(Request(method, f"https://graph.microsoft.com/v1.0/{path}", headers, raw))
        return answer.status, answer.json()

    def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        status, made = self.call("POST", path, body)
        assert status == 201, made
        return dict(made)

    def group(self, name: str) -> dict[str, Any]:
        return self.made(
            "groups", {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
        )


@pytest.fixture
def graph() -> Client:
    return Client(Simulator())


def test_the_owner_is_a_user_who_can_be_asked_for(graph: Client) -> None:
    status, me = graph.call("GET", "me")
    assert status == 200 and me["id"] == graph.simulator.tokens.owner.object_id
    assert graph.call("GET", f"users/{me['userPrincipalName']}")[1]["id"] == me["id"]


def test_a_service_principal_takes_its_name_from_its_application_and_goes_with_it(graph: Client) -> None:
    application = graph.made("applications", {"displayName": "ship"})
    service = graph.made("servicePrincipals", {"appId": application["appId"]})
    assert service["displayName"] == "ship" and service["servicePrincipalNames"] == [application["appId"]]
    condition = quote(f"servicePrincipalNames/any(c:c eq '{application['appId']}')")
    assert [item["id"] for item in graph.call("GET", f"servicePrincipals?$filter={condition}")[1]["value"]] == [
        service["id"]
    ]
    assert graph.call("DELETE", f"applications/{application['id']}")[0] == 204
    assert graph.call("GET", f"servicePrincipals/{service['id']}")[0] == 404


def test_a_service_principal_needs_an_application(graph: Client) -> None:
    status, body = graph.call("POST", "servicePrincipals", {"appId": "11111111-1111-1111-1111-111111111111"})
    assert (status, body["error"]["code"]) == (400, "Request_BadRequest")


def test_a_deleted_application_can_be_restored_and_purged(graph: Client) -> None:
    application = graph.made("applications", {"displayName": "ship"})
    graph.call("DELETE", f"applications/{application['id']}")
    assert graph.call("POST", f"directory/deletedItems/{application['id']}/restore")[0] == 200
    assert graph.call("GET", f"applications/{application['id']}")[0] == 200
    graph.call("DELETE", f"applications/{application['id']}")
    assert graph.call("DELETE", f"directory/deletedItems/{application['id']}")[0] == 204
    assert graph.call("DELETE", f"directory/deletedItems/{application['id']}")[0] == 404


def test_membership_reaches_through_nested_groups(graph: Client) -> None:
    inner, outer = graph.group("inner"), graph.group("outer")
    me = graph.call("GET", "me")[1]["id"]
    reference = "https://graph.microsoft.com/v1.0/directoryObjects/"
    assert graph.call("POST", f"groups/{outer['id']}/members/$ref", {"@odata.id": reference + inner["id"]})[0] == 204
    assert graph.call("POST", f"groups/{inner['id']}/members/$ref", {"@odata.id": reference + me})[0] == 204
    assert graph.call("POST", f"groups/{inner['id']}/members/$ref", {"@odata.id": reference + me})[0] == 400
    found = graph.call("POST", f"users/{me}/getMemberGroups", {"securityEnabledOnly": False})[1]["value"]
    assert sorted(found) == sorted([inner["id"], outer["id"]])
    assert [item["id"] for item in graph.call("GET", f"users/{me}/memberOf")[1]["value"]] == [inner["id"]]
    assert graph.call("DELETE", f"groups/{inner['id']}/members/{me}/$ref")[0] == 204
    assert graph.simulator.directory.groups_of(me) == frozenset()


def test_deleting_a_member_takes_it_out_of_its_groups(graph: Client) -> None:
    inner, outer = graph.group("inner"), graph.group("outer")
    graph.call("POST", f"groups/{outer['id']}/members/$ref", {"@odata.id": "x/" + inner["id"]})
    graph.call("DELETE", f"groups/{inner['id']}")
    assert graph.call("GET", f"groups/{outer['id']}/members")[1]["value"] == []


def test_a_new_password_is_shown_once_and_never_again(graph: Client) -> None:
    application = graph.made("applications", {"displayName": "ship"})
    status, made = graph.call("POST", f"applications/{application['id']}/addPassword", {})
    assert status == 200 and made["secretText"]
    again = graph.call("GET", f"applications/{application['id']}")[1]
    assert again["passwordCredentials"][0]["secretText"] is None
    assert made["secretText"] not in json.dumps(again)


def test_a_list_comes_in_pages(graph: Client) -> None:
    names = [f"g{number}" for number in range(5)]
    for name in names:
        graph.group(name)
    status, page = graph.call("GET", "groups?$top=2&$orderby=displayName")
    found = [item["displayName"] for item in page["value"]]
    while "@odata.nextLink" in page:
        status, page = graph.call("GET", page["@odata.nextLink"].partition("/v1.0/")[2])
        found += [item["displayName"] for item in page["value"]]
    assert status == 200 and found == names


def test_somebody_without_a_directory_role_may_read_but_not_write(graph: Client) -> None:
    reader = graph.simulator.token(Principal("22222222-2222-2222-2222-222222222222", graph.simulator.tokens.owner.tenant_id),
                                   "https://graph.microsoft.com")  # fmt: skip
    other = Client(graph.simulator, reader)
    assert other.call("GET", "users")[0] == 200
    status, body = other.call("POST", "groups", {"displayName": "x"})
    assert (status, body["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_a_token_for_another_audience_is_refused(graph: Client) -> None:
    other = Client(graph.simulator, graph.simulator.token(graph.simulator.tokens.owner))
    status, body = other.call("GET", "me")
    assert (status, body["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_what_is_not_modelled_is_refused_by_name(graph: Client) -> None:
    status, body = graph.call("GET", "auditLogs/signIns")
    assert (status, body["error"]["code"]) == (501, "NotModelledBySimulator")


PERSON = {
    "displayName": "Ann O'Hara",
    "accountEnabled": True,
    "mail": None,
    "tags": ["a", "b"],
    "roles": [{"value": "x"}],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("displayName eq 'ann o''hara'", True),
        ("startswith(displayName,'Ann') and accountEnabled eq true", True),
        ("not (accountEnabled eq true) or mail eq null", True),
        ("displayName in ('x', 'Ann O''Hara')", True),
        ("tags/any(t:t eq 'b')", True),
        ("tags/any(t:t eq 'c')", False),
        ("roles/any(r:r/value eq 'x')", True),
        ("endswith(displayName,'x')", False),
        ("displayName ne 'x' and contains(displayName,'hara')", True),
    ],
)
def test_filters(text: str, holds: bool) -> None:
    assert parse_filter(text)(PERSON) is holds


def test_a_search_finds_the_beginnings_of_words() -> None:
    assert parse_search('"displayName:har ann"') is not None
    assert parse_search('"displayName:ann"')(PERSON) is True
    assert parse_search('"displayName:nn"')(PERSON) is False


@settings(max_examples=200)
@given(st.text(alphabet="abc'() eqandornt/:,.0123456789$", max_size=60))
def test_any_filter_is_a_predicate_or_refused(text: str) -> None:
    try:
        parse_filter(text)(PERSON)
    except (UnsupportedQuery, TypeError) as problem:
        assert isinstance(problem, UnsupportedQuery), problem
