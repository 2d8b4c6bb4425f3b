"""Microsoft.Resources: groups, subscriptions, locations, providers, lists, tags, moves."""

from __future__ import annotations

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, Principal, Simulator

from .library import SUBSCRIPTION, Arm, code


def test_a_resource_group_is_made_once_and_kept_where_it_is(arm: Arm) -> None:
    path = arm.group("Tier-1", tags={"a": "b"})
    made = arm("GET", path.lower()).json()
    assert made == {
        "id": path,
        "name": "Tier-1",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert arm("PUT", path, {"location": "West Europe"}).status == 200
    refused = arm("PUT", path, {"location": "eastus"})
    assert (refused.status, code(refused)) == (409, "InvalidResourceGroupLocation")


@pytest.mark.parametrize("name", ["ends.", "a" * 91, "a b", "a*"])
def test_bad_group_names_are_refused(arm: Arm, name: str) -> None:
    assert arm("PUT", f"{SUBSCRIPTION}/resourceGroups/{name}", {"location": "westeurope"}).status == 400


def test_deleting_a_group_takes_everything_in_it_away(arm: Arm, library: str) -> None:
    answer = arm("DELETE", f"{SUBSCRIPTION}/resourceGroups/rg")
    assert answer.status == 202
    assert f"{SUBSCRIPTION}/operationresults/" in answer.headers["Location"]
    assert (arm("GET", answer.headers["Location"]).status, arm("HEAD", f"{SUBSCRIPTION}/resourceGroups/rg").status) == (
        200,
        404,
    )
    assert code(arm("GET", f"{library}/shelves/fiction")) == "ResourceGroupNotFound"
    assert arm("DELETE", f"{SUBSCRIPTION}/resourceGroups/rg").status == 404
    arm.group()
    assert arm("GET", f"{library}/shelves/fiction").status == 404


def test_a_group_whose_content_is_used_from_outside_is_not_deleted(arm: Arm, library: str) -> None:
    other = arm.group("other")
    book = f"{library}/shelves/fiction/books/emma"
    arm.make(f"{other}/providers/Contoso.Library/readers/ann", properties={"reading": [{"book": {"id": book}}]})
    answer = arm("DELETE", f"{SUBSCRIPTION}/resourceGroups/rg")
    failed = arm("GET", answer.headers["Location"])
    assert (failed.status, code(failed)) == (409, "ResourceGroupDeletionBlocked")
    assert failed.json()["error"]["details"][0]["code"] == "BookIsLent"
    assert arm("GET", book).status == 200
    assert arm("GET", arm("DELETE", other).headers["Location"]).status == 200
    assert arm("GET", arm("DELETE", f"{SUBSCRIPTION}/resourceGroups/rg").headers["Location"]).status == 200


def test_long_lists_come_in_pages_that_miss_and_repeat_nothing(arm: Arm) -> None:
    for index in range(25):
        arm.group(f"g{index:02}")
    seen, url = [], f"{SUBSCRIPTION}/resourcegroups?$top=10"
    while url:
        page = arm("GET", url).json()
        assert len(page["value"]) <= 10
        seen += [group["name"] for group in page["value"]]
        url = page.get("nextLink", "")
    assert seen == [f"g{index:02}" for index in range(25)]


@pytest.mark.parametrize("query", ["$top=0", "$top=many", "$skiptoken=???"])
def test_bad_paging_is_refused(arm: Arm, query: str) -> None:
    assert arm("GET", f"{SUBSCRIPTION}/resourcegroups?{query}").status == 400


def names(arm: Arm, filter: str, path: str = f"{SUBSCRIPTION}/resources") -> list[str]:
    """Names that a filtered list has, over all its pages."""
    from urllib.parse import quote

    answer = arm("GET", f"{path}?$filter={quote(filter)}")
    assert answer.status == 200, answer.body
    return [item["name"] for item in answer.json()["value"]]


def test_resources_are_listed_with_filters(arm: Arm, library: str) -> None:
    arm.make(f"{library}/readers/ann", tags={"team": "blue", "floor": "1"})
    arm.make(f"{arm.group('other')}/providers/Contoso.Library/readers/bob", tags={"Team": "red"})
    assert names(arm, "resourceType eq 'contoso.library/READERS'") == ["ann", "bob"]
    assert names(arm, "resourceType eq 'Contoso.Library/readers' and name eq 'BOB'") == ["bob"]
    assert names(arm, "resourceGroup eq 'other'") == ["bob"]
    assert names(arm, "name eq 'fiction' and (resourceType eq 'x/y' or resourceType eq 'Contoso.Library/shelves')") == [
        "fiction"
    ]
    assert names(arm, "substringof('nn', name)") == ["ann"]
    assert names(arm, "startswith(name,'b') or not (location eq 'westeurope')") == ["bob"]
    assert names(arm, "tagName eq 'team'") == ["ann", "bob"]
    assert names(arm, "tagName eq 'team' and tagValue eq 'red'") == ["bob"]
    assert names(arm, "name ne 'fiction'", f"{SUBSCRIPTION}/resourceGroups/rg/resources") == ["ann"]
    assert code(arm("GET", f"{SUBSCRIPTION}/resources?$filter=name eq")) == "InvalidFilterInQueryString"


def test_the_list_of_resources_shows_no_properties_and_no_parts(arm: Arm, library: str) -> None:
    arm("PUT", f"{library}/shelves/fiction/providers/Contoso.Library/labels/red", {"properties": {}})
    items = arm("GET", f"{SUBSCRIPTION}/resources?$expand=createdTime").json()["value"]
    assert [item["name"] for item in items] == ["fiction"]
    assert "properties" not in items[0]
    assert items[0]["createdTime"].endswith("Z")


def test_groups_are_found_by_tag(arm: Arm) -> None:
    arm.group("one", tags={"env": "a"})
    arm.group("two", tags={"env": "b"})
    assert names(arm, "tagName eq 'env' and tagValue eq 'b'", f"{SUBSCRIPTION}/resourcegroups") == ["two"]


def test_subscriptions_tenants_and_locations_are_described(arm: Arm) -> None:
    assert arm("GET", "/subscriptions").json()["value"][0]["subscriptionId"] == SUBSCRIPTION_ID
    assert arm("GET", SUBSCRIPTION).json()["state"] == "Enabled"
    tenant = arm("GET", "/tenants").json()["value"][0]["tenantId"]
    assert arm("GET", SUBSCRIPTION).json()["tenantId"] == tenant
    regions = {
        region["name"]: region
        for region in arm("GET", f"{SUBSCRIPTION}/locations", version="2022-12-01").json()["value"]
    }
    assert regions["westeurope"]["metadata"]["pairedRegion"][0]["name"] == "northeurope"
    assert len(regions["westeurope"]["availabilityZoneMappings"]) == 3


def test_providers_are_registered_and_can_be_unregistered(arm: Arm) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Network"
    provider = arm("GET", path).json()
    assert provider["registrationState"] == "Registered"
    assert {"virtualNetworks", "virtualNetworks/subnets"} <= {
        kind["resourceType"] for kind in provider["resourceTypes"]
    }
    assert arm("POST", f"{path}/unregister").json()["registrationState"] == "Unregistered"
    table = f"{arm.group()}/providers/Microsoft.Network/routeTables/rt"
    refused = arm("PUT", table, {"location": "westeurope"}, version="2024-05-01")
    assert (refused.status, code(refused)) == (409, "MissingSubscriptionRegistration")
    assert arm("POST", f"{path}/register").status == 200
    assert arm("PUT", table, {"location": "westeurope"}, version="2024-05-01").status == 201
    assert arm("POST", f"{path}/unregister").status == 409
    assert code(arm("GET", f"{SUBSCRIPTION}/providers/Nobody.Nothing")) == "InvalidResourceNamespace"


def test_reserved_words_are_found_in_names(arm: Arm) -> None:
    path = "/providers/Microsoft.Resources/checkResourceName"
    assert arm("POST", path, {"name": "plain", "type": "x/y"}).json()["status"] == "Allowed"
    assert code(arm("POST", path, {"name": "myMicrosoft", "type": "x/y"})) == "ReservedResourceName"


@pytest.mark.parametrize("scope", [SUBSCRIPTION, f"{SUBSCRIPTION}/resourceGroups/rg", "{library}/shelves/fiction"])
def test_the_tags_api_changes_what_it_sits_on(arm: Arm, library: str, scope: str) -> None:
    scope = scope.replace("{library}", library)
    path = f"{scope}/providers/Microsoft.Resources/tags/default"
    version = "2030-01-01" if "Contoso" in scope else "2024-11-01"

    def tags() -> object:
        own: object = arm("GET", scope, version=version).json().get("tags")
        return own

    def change(operation: str, **tags: str) -> None:
        assert (
            arm("PATCH", path, {"operation": operation, "properties": {"tags": tags}}, version="2024-11-01").status
            == 200
        )

    assert arm("PUT", path, {"properties": {"tags": {"a": "1", "b": "2"}}}, version="2024-11-01").status == 200
    change("Merge", A="9", c="3")
    assert tags() == {"b": "2", "A": "9", "c": "3"}
    change("Delete", b="2", c="other")
    assert tags() == {"A": "9", "c": "3"}
    change("Replace", d="4")
    assert arm("GET", path, version="2024-11-01").json()["properties"]["tags"] == {"d": "4"} == tags()
    assert arm("DELETE", path, version="2024-11-01").status == 200
    assert tags() is None
    assert arm("PATCH", path, {"operation": "Turn", "properties": {"tags": {}}}, version="2024-11-01").status == 400


def test_tag_names_are_counted_and_can_be_made_beforehand(arm: Arm) -> None:
    arm.group("one", tags={"env": "a"})
    path = f"{SUBSCRIPTION}/tagNames"
    assert (arm("PUT", f"{path}/cost", None).status, arm("PUT", f"{path}/cost", None).status) == (201, 200)
    assert arm("PUT", f"{path}/cost/tagValues/low").status == 201
    listed = {item["tagName"]: item for item in arm("GET", path).json()["value"]}
    assert listed["env"]["count"]["value"] == 1
    assert [value["tagValue"] for value in listed["cost"]["values"]] == ["low"]
    assert arm("DELETE", f"{path}/cost").status == 409
    assert (arm("DELETE", f"{path}/cost/tagValues/low").status, arm("DELETE", f"{path}/cost").status) == (200, 200)
    assert arm("DELETE", f"{path}/cost").status == 204
    assert arm("PUT", f"{path}/nobody/tagValues/x").status == 404


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({f"t{index}": "" for index in range(51)}, "TooManyTags"),
        ({"x" * 513: ""}, "InvalidTagNameLength"),
        ({"x": "y" * 257}, "InvalidTagValueLength"),
        ({"microsoftThing": ""}, "ReservedTagName"),
        ({"A": "", "a": ""}, "DuplicateTagName"),
        ([], "InvalidRequestContent"),
    ],
)
def test_bad_tags_are_refused(arm: Arm, tags: object, expected: str) -> None:
    assert code(arm("PUT", f"{SUBSCRIPTION}/resourceGroups/x", {"location": "westeurope", "tags": tags})) == expected


def test_a_move_takes_children_links_and_references_along(arm: Arm, library: str) -> None:
    other = arm.group("other")
    arm.make(
        f"{library}/readers/ann", properties={"reading": [{"book": {"id": f"{library}/shelves/fiction/books/emma"}}]}
    )
    arm("PUT", f"{library}/readers/ann/notes/one", {"properties": {}})
    request = {"resources": [f"{library}/shelves/fiction", f"{library}/readers/ann"], "targetResourceGroup": other}
    source = f"{SUBSCRIPTION}/resourceGroups/rg"
    assert arm("GET", arm("POST", f"{source}/validateMoveResources", request).headers["Location"]).status == 204
    moved = arm("POST", f"{source}/moveResources", request)
    assert (moved.status, arm("GET", moved.headers["Location"]).status) == (202, 204)
    new = f"{other}/providers/Contoso.Library"
    assert arm("GET", f"{library}/shelves/fiction").status == 404
    reader = arm("GET", f"{new}/readers/ann").json()
    assert reader["properties"]["reading"][0]["book"]["id"] == f"{new}/shelves/fiction/books/emma"
    book = arm("GET", f"{new}/shelves/fiction/books/emma").json()
    assert (book["id"], book["properties"]["readers"]) == (f"{new}/shelves/fiction/books/emma", [{"id": reader["id"]}])
    assert arm("GET", f"{new}/readers/ann/notes").json()["value"][0]["id"] == f"{new}/readers/ann/notes/one"
    again = arm("POST", f"{source}/moveResources", request)
    assert (again.status, code(again)) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "AuthenticationFailed"),
        ("Basic eDp5", "AuthenticationFailedInvalidHeader"),
        ("Bearer x", "InvalidAuthenticationToken"),
        ("Bearer a.b.c", "InvalidAuthenticationToken"),
        ("Bearer é", "InvalidAuthenticationToken"),
    ],
)
def test_without_a_good_token_the_answer_is_azures_challenge(arm: Arm, header: str | None, expected: str) -> None:
    from azlabs.simulator import Request

    sent = {} if header is None else {"Authorization": header}
    answer = arm.simulator.handle(
        Request("GET", f"https://management.azure.com{SUBSCRIPTION}?api-version=2022-12-01", sent)
    )
    assert (answer.status, code(answer)) == (401, expected)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer authorization_uri="https://login.microsoftonline.com/')


def test_tokens_expire_and_are_bound_to_a_simulator_and_an_audience(arm: Arm) -> None:
    path = SUBSCRIPTION
    arm.token = Simulator().owner_token()
    assert code(arm("GET", path)) == "InvalidAuthenticationToken"
    arm.token = arm.simulator.tokens.issue(
        arm.simulator.tokens.owner, arm.simulator.clock.now(), "https://vault.azure.net"
    )
    assert code(arm("GET", path)) == "InvalidAuthenticationTokenAudience"
    arm.token = arm.simulator.owner_token()
    assert arm("GET", path).status == 200
    arm.simulator.clock.advance(10 * 24 * 3600)
    assert code(arm("GET", path)) == "ExpiredAuthenticationToken"


def test_a_token_tells_who_asks_as_azures_do(arm: Arm) -> None:
    import base64
    import json

    token = arm.simulator.token(
        Principal("11111111-2222-3333-4444-555555555555", arm.simulator.tokens.owner.tenant_id, "app")
    )
    claims = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert found["oid"] == "11111111-2222-3333-4444-555555555555"
    assert {"aud", "iss", "tid", "appid", "exp", "nbf", "iat"} <= found.keys()


def test_the_activity_log_lists_what_was_done_and_what_was_refused(arm: Arm, library: str) -> None:
    arm("DELETE", f"{library}/shelves/fiction", If_Match='"stale"')
    arm("POST", f"{library}/shelves/fiction/dust", {})
    path = f"{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"

    def events(filter: str, select: str = "") -> list[dict[str, object]]:
        from urllib.parse import quote

        answer = arm("GET", f"{path}?$filter={quote(filter)}{select}", version="2015-04-01")
        assert answer.status == 200, answer.body
        found: list[dict[str, object]] = answer.json()["value"]
        return found

    from azlabs.simulator.clock import stamp

    since = f"eventTimestamp ge '{stamp(arm.simulator.clock.now() - 60)}'"
    newest = events(since)
    assert [event["operationName"]["value"] for event in newest] == [
        "Contoso.Library/shelves/dust/action",
        "Contoso.Library/shelves/delete",
        "Contoso.Library/shelves/write",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
    ]
    assert [event["status"]["value"] for event in newest] == ["Succeeded", "Failed", "Succeeded", "Succeeded"]
    assert len(events(f"{since} and resourceGroupName eq 'RG'")) == 4
    assert len(events(f"{since} and resourceUri eq '{library}/shelves/fiction' and status eq 'Failed'")) == 1
    assert list(events(since, "&$select=caller")[0]) == ["caller"]
    assert arm("GET", f"{path}?$filter=eventTimestamp ge '2001-01-01'", version="2015-04-01").status == 400
