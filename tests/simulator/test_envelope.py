"""What the envelope does for every type, shown on types of an invented provider."""

from __future__ import annotations

import json
import uuid

import pytest

from azlabs.simulator import SUBSCRIPTION_ID

from .library import SUBSCRIPTION, Arm, code


def state(arm: Arm) -> list[object]:
    """Everything that is stored, apart from the log of what was tried."""
    tables = ("resources", "tags", "links", "operations", "deleted")
    return [arm.simulator.store.sql.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


def reading(book: str) -> dict[str, object]:
    """A reader's document."""
    return {"location": "westeurope", "properties": {"reading": [{"book": {"id": book}}]}}


def test_ids_are_compared_without_case_and_keep_their_first_spelling(arm: Arm, library: str) -> None:
    answer = arm("GET", f"{library}/shelves/fiction".upper().replace("SUBSCRIPTIONS", "Subscriptions"))
    assert answer.status == 200
    assert answer.json()["id"] == f"{library}/shelves/fiction"
    assert arm("PUT", f"{library}/Shelves/FICTION", {"location": "West Europe", "properties": {}}).status == 200
    assert arm("GET", f"{library}/shelves").json()["value"][0]["name"] == "fiction"


@pytest.mark.parametrize(
    ("path", "version", "status", "expected"),
    [
        ("{library}/shelves/fiction", "", 400, "MissingApiVersionParameter"),
        ("{library}/shelves/fiction", "2028-01-01", 400, "NoRegisteredProviderFound"),
        ("{library}/shelves/fiction", "yesterday", 400, "InvalidApiVersionParameter"),
        (
            "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups",
            "2024-11-01",
            404,
            "SubscriptionNotFound",
        ),
        ("{library}/chairs/one", "2030-01-01", 501, "NotModelledBySimulator"),
        (
            SUBSCRIPTION + "/resourceGroups/nowhere/providers/Contoso.Library/shelves/a1",
            "2030-01-01",
            404,
            "ResourceGroupNotFound",
        ),
        ("{library}/shelves/poetry", "2030-01-01", 404, "ResourceNotFound"),
        ("{library}/readers/nobody/notes/one", "2030-01-01", 404, "ResourceNotFound"),
    ],
)
def test_a_read_of_what_is_not_there_is_refused_with_azures_code(
    arm: Arm, library: str, path: str, version: str, status: int, expected: str
) -> None:
    answer = arm("GET", path.replace("{library}", library), version=version)
    assert (answer.status, code(answer)) == (status, expected)


def test_an_unknown_version_is_refused_with_the_supported_ones(arm: Arm, library: str) -> None:
    message = arm("GET", f"{library}/shelves/fiction", version="2001-01-01").json()["error"]["message"]
    assert "2030-01-01, 2029-01-01" in message


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("shelves/Bad_Name", {"location": "westeurope"}, 400, "InvalidShelfName"),
        ("shelves/poetry", {}, 400, "LocationRequired"),
        ("shelves/poetry", {"location": "atlantis"}, 400, "LocationNotAvailableForResourceType"),
        ("shelves/fiction", {"location": "eastus"}, 409, "InvalidResourceLocation"),
        ("shelves/poetry", {"location": "westeurope", "colour": "red"}, 400, "InvalidRequestContent"),
        ("shelves/poetry", {"location": "westeurope", "properties": []}, 400, "InvalidRequestContent"),
        ("shelves/poetry", {"location": "westeurope", "properties": {"wood": "plastic"}}, 400, "InvalidRequestFormat"),
        ("shelves/poetry", {"location": "westeurope", "properties": {"books": [{}]}}, 400, "InvalidRequestFormat"),
        ("shelves/poetry", {"location": "westeurope", "properties": {"books": [{"name": "x"}]}}, 400, "InvalidRequestContent"),
        ("shelves/poetry", {"location": "westeurope", "tags": {"a<b": "c"}}, 400, "InvalidTagNameCharacters"),
        ("shelves/poetry", b"{", 400, "InvalidRequestContent"),
        ("shelves/poetry", None, 400, "InvalidRequestContent"),
        ("readers/ann/notes/one", {}, 404, "ParentResourceNotFound"),
        ("shelves/poetry/books/one", {"properties": {"title": "One"}}, 404, "ParentResourceNotFound"),
        ("readers/ann", reading("{library}/shelves/fiction/books/ulysses"), 400, "BookNotFound"),
        ("readers/ann", reading("{library}/shelves/fiction"), 400, "BookNotFound"),
        ("readers/ann", reading("emma"), 400, "LinkedInvalidPropertyId"),
    ],
)  # fmt: skip
def test_a_bad_write_is_refused_and_changes_nothing(
    arm: Arm, library: str, path: str, body: object, status: int, expected: str
) -> None:
    before = state(arm)
    if isinstance(body, dict):
        body = json.loads(json.dumps(body).replace("{library}", library))
    answer = arm("PUT", f"{library}/{path}", body)
    assert (answer.status, code(answer)) == (status, expected)
    assert arm("GET", f"{library}/readers/ann").status == 404
    assert state(arm) == before


def test_a_document_gets_its_defaults_and_managed_members_and_hides_its_secrets(arm: Arm, library: str) -> None:
    shelf = arm("GET", f"{library}/shelves/fiction").json()
    properties = shelf["properties"]
    assert (shelf["type"], shelf["location"]) == ("Contoso.Library/shelves", "westeurope")
    assert (properties["height"], properties["wood"], properties["count"]) == (5, "Oak", 2)
    assert "combination" not in properties
    assert properties["provisioningState"] == "Succeeded"
    assert uuid.UUID(properties["uniqueId"])
    assert shelf["systemData"]["createdByType"] in ("User", "Application")
    stored = arm.simulator.store.get(f"{library}/shelves/fiction".lower())
    assert stored is not None and stored.hidden == {"properties": {"combination": "1234"}}


def test_what_azure_computes_is_not_taken_from_a_request(arm: Arm, library: str) -> None:
    first = arm("GET", f"{library}/shelves/fiction").json()
    sent = {
        **first,
        "id": "/other",
        "name": "other",
        "properties": {**first["properties"], "count": 77, "provisioningState": "Failed"},
    }
    second = arm("PUT", f"{library}/shelves/fiction", sent).json()
    assert second["properties"]["count"] == 2
    assert second["properties"]["uniqueId"] == first["properties"]["uniqueId"]
    assert second["id"] == first["id"]
    assert second["etag"] != first["etag"]


def test_a_part_is_one_thing_with_its_parents_document(arm: Arm, library: str) -> None:
    before = arm("GET", f"{library}/shelves/fiction").json()
    made = arm("PUT", f"{library}/shelves/fiction/books/ulysses", {"properties": {"title": "Ulysses"}})
    assert made.status == 201
    after = arm("GET", f"{library}/shelves/fiction").json()
    assert [book["name"] for book in after["properties"]["books"]] == ["emma", "dune", "ulysses"]
    assert after["etag"] != before["etag"]
    assert all(book["etag"] == after["etag"] for book in after["properties"]["books"])
    assert arm("GET", f"{library}/shelves/fiction/books/ulysses").json() == after["properties"]["books"][2]
    assert [book["name"] for book in arm("GET", f"{library}/shelves/fiction/books").json()["value"]][-1] == "ulysses"
    refused = arm("PUT", f"{library}/shelves/fiction/books/odyssey", {"properties": {"title": "Odyssey"}})
    assert code(refused) == "ShelfIsFull"
    assert arm("DELETE", f"{library}/shelves/fiction/books/dune").status == 200
    assert [book["name"] for book in arm("GET", f"{library}/shelves/fiction").json()["properties"]["books"]] == [
        "emma",
        "ulysses",
    ]
    assert arm("DELETE", f"{library}/shelves/fiction/books/dune").status == 204


def test_parts_may_refer_to_parts_of_the_same_document(arm: Arm, library: str) -> None:
    emma = f"{library}/shelves/fiction/books/emma"
    path = f"{library}/shelves/fiction/books/emma2"
    assert arm("PUT", path, {"properties": {"title": "Emma 2", "sequelOf": {"id": emma}}}).status == 201
    refused = arm("PUT", path, {"properties": {"title": "Emma 2", "sequelOf": {"id": emma + "9"}}})
    assert code(refused) == "InvalidResourceReference"


def test_references_show_up_on_the_other_side_and_protect_it(arm: Arm, library: str) -> None:
    dune = f"{library}/shelves/fiction/books/dune"
    reader = arm.make(f"{library}/readers/ann", properties={"reading": [{"book": {"id": dune.upper()}}]})
    assert arm("GET", dune).json()["properties"]["readers"] == [{"id": reader["id"]}]
    assert "readers" not in arm("GET", f"{library}/shelves/fiction/books/emma").json()["properties"]
    for path in (dune, f"{library}/shelves/fiction"):
        refused = arm("DELETE", path)
        assert (refused.status, code(refused)) == (409, "BookIsLent")
        assert reader["id"] in refused.json()["error"]["message"]
    assert arm("DELETE", f"{library}/readers/ann").status == 200
    assert "readers" not in arm("GET", dune).json()["properties"]
    assert arm("DELETE", f"{library}/shelves/fiction").status == 202


def test_members_of_newer_versions_are_not_shown_to_older_ones(arm: Arm, library: str) -> None:
    assert "height" in arm("GET", f"{library}/shelves/fiction").json()["properties"]
    assert "height" not in arm("GET", f"{library}/shelves/fiction", version="2029-01-01").json()["properties"]


def test_patch_merges_or_changes_tags_only_as_the_type_says(arm: Arm, library: str) -> None:
    changed = arm("PATCH", f"{library}/shelves/fiction", {"tags": {"a": "b"}, "properties": {"wood": "pine"}}).json()
    assert (changed["tags"], changed["properties"]["wood"], changed["properties"]["count"]) == ({"a": "b"}, "Pine", 2)
    arm.make(f"{library}/readers/ann", properties={"age": 7})
    changed = arm("PATCH", f"{library}/readers/ann", {"tags": {"a": "b"}, "properties": {"age": 8}}).json()
    assert (changed["tags"], changed["properties"]["age"]) == ({"a": "b"}, 7)
    assert arm("PATCH", f"{library}/readers/bob", {"tags": {}}).status == 404


def test_etags_guard_writes(arm: Arm, library: str) -> None:
    path = f"{library}/shelves/fiction"
    etag = arm("GET", path).headers["ETag"]
    assert arm("PUT", path, {"location": "westeurope"}, If_None_Match="*").status == 412
    assert arm("PUT", path, {"location": "westeurope"}, If_Match='W/"stale"').status == 412
    assert arm("PUT", path, {"location": "westeurope"}, If_Match=etag).status == 200
    refused = arm("DELETE", path, If_Match=etag)
    assert (refused.status, code(refused)) == (412, "PreconditionFailed")
    assert arm("PUT", f"{library}/shelves/poetry", {"location": "westeurope"}, If_Match="*").status == 412
    assert arm("PUT", f"{library}/shelves/poetry", {"location": "westeurope"}, If_None_Match="*").status == 201


def test_a_long_write_is_announced_and_done_at_the_first_poll(arm: Arm, library: str) -> None:
    answer = arm(
        "PUT",
        f"{library}/shelves/poetry",
        {"location": "westeurope", "properties": {"books": [{"name": "a", "properties": {"title": "A"}}]}},
    )
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert answer.json()["properties"]["books"][0]["properties"]["provisioningState"] == "Creating"
    poll = arm("GET", answer.headers["Azure-AsyncOperation"])
    assert (poll.status, poll.json()["status"]) == (200, "Succeeded")
    assert arm("GET", f"{library}/shelves/poetry").json()["properties"]["provisioningState"] == "Succeeded"


def test_a_long_delete_answers_both_polling_urls(arm: Arm, library: str) -> None:
    answer = arm("DELETE", f"{library}/shelves/fiction")
    assert (answer.status, answer.body) == (202, b"")
    assert arm("GET", answer.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
    assert arm("GET", answer.headers["Location"]).status == 204


def test_actions_answer_at_once_or_at_their_location(arm: Arm, library: str) -> None:
    assert arm("POST", f"{library}/shelves/fiction/dust", {}).json() == {"dusted": "fiction"}
    answer = arm("POST", f"{library}/shelves/fiction/rebind", {})
    assert answer.status == 202
    assert arm("GET", answer.headers["Location"]).json() == {"rebound": 2}
    assert code(arm("POST", f"{library}/shelves/poetry/dust", {})) == "ResourceNotFound"
    assert arm("POST", f"{library}/shelves/fiction/burn", {}).status == 501


def test_extensions_sit_on_groups_resources_and_subscriptions(arm: Arm, library: str) -> None:
    for scope in (SUBSCRIPTION, f"{SUBSCRIPTION}/resourceGroups/rg", f"{library}/shelves/fiction"):
        made = arm("PUT", f"{scope}/providers/Contoso.Library/labels/red", {"properties": {}})
        assert (made.status, made.json()["id"]) == (201, f"{scope}/providers/Contoso.Library/labels/red")
    assert arm("GET", f"{library}/shelves/fiction/providers/Contoso.Library/labels").json()["value"][0]["name"] == "red"
    arm("DELETE", f"{library}/shelves/fiction")
    assert arm("GET", f"{library}/shelves/fiction/providers/Contoso.Library/labels/red").status == 404


def test_methods_that_a_path_does_not_have_answer_405(arm: Arm, library: str) -> None:
    for method, path in (
        ("POST", f"{library}/shelves/fiction"),
        ("PUT", f"{library}/shelves"),
        ("DELETE", f"{SUBSCRIPTION}/locations"),
    ):
        assert arm(method, path, {}).status == 405


def test_head_tells_whether_something_exists(arm: Arm, library: str) -> None:
    assert (arm("HEAD", f"{library}/shelves/fiction").status, arm("HEAD", f"{library}/shelves/none").status) == (
        204,
        404,
    )
    assert arm("HEAD", f"{library}/shelves/none").body == b""


def test_every_answer_carries_request_ids(arm: Arm) -> None:
    first, second = arm("GET", "/tenants"), arm("GET", "/nothing")
    assert uuid.UUID(first.headers["x-ms-request-id"]) != uuid.UUID(second.headers["x-ms-request-id"])
    assert arm("GET", "/tenants", x_ms_correlation_request_id="mine").headers["x-ms-correlation-request-id"] == "mine"


def test_other_hosts_are_refused_by_name(arm: Arm) -> None:
    answer = arm("GET", "https://example.com/x", version="")
    assert (answer.status, code(answer)) == (501, "NotModelledBySimulator")


def test_the_activity_log_remembers_writes(arm: Arm, library: str) -> None:
    arm("PUT", f"{library}/shelves/fiction", {"location": "westeurope"})
    entries = arm.simulator.store.activity(f"{library}/shelves/fiction".lower())
    assert [entry["status"] for entry in entries] == [200, 201]
    assert entries[0]["action"] == "Contoso.Library/shelves/write"
    assert SUBSCRIPTION_ID in entries[0]["key"]


def test_nothing_can_be_attached_to_what_is_not_there(arm: Arm, library: str) -> None:
    refused = arm("PUT", f"{library}/shelves/none/providers/Contoso.Library/labels/red", {"properties": {}})
    assert (refused.status, code(refused)) == (404, "ResourceNotFound")


def test_a_soft_deleted_name_stays_taken_until_it_is_recovered_purged_or_old(arm: Arm, library: str) -> None:
    path, other = f"{library}/archives/a", f"{library}/archives/b"
    for name in (path, other):
        arm.make(name, tags={"n": "1"}, properties={"words": 7})
        assert arm("DELETE", name).status == 200
        assert arm("GET", name).status == 404
    refused = arm("PUT", path, {"location": "westeurope"})
    assert (refused.status, code(refused)) == (409, "ConflictError")
    assert arm("PUT", path, {"location": "westeurope", "properties": {"recover": True}}).status in (200, 201)
    assert names_of(arm, f"{library}/archives") == ["a"]
    arm.simulator.clock.advance(8 * 24 * 3600)
    arm.token = arm.simulator.owner_token()
    assert arm("PUT", other, {"location": "westeurope"}).status == 201


def names_of(arm: Arm, path: str) -> list[str]:
    """Names that a list has."""
    return [item["name"] for item in arm("GET", path).json()["value"]]
