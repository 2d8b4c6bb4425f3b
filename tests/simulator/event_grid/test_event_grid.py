"""Topics, domains, system topics and event subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..clients import client
from ..library import Arm

VERSION = "2022-06-15"
HOOK = {"endpointType": "WebHook", "properties": {"endpointUrl": "https://example.com/hook?code=1"}}


class Grid:
    """Requests to Microsoft.EventGrid in a group with a topic."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.group = arm, arm.group()
        self.root = f"{self.group}/providers/Microsoft.EventGrid"
        self.topic = f"{self.root}/topics/news"
        self.first = self("PUT", "topics/news", {"location": "westeurope"})
        assert self.first.status == 201

    def __call__(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Answer:
        return self.arm(method, path if path.startswith("/") else f"{self.root}/{path}", body, version=version)

    def subscribe(self, scope: str, name: str = "hook", **properties: Any) -> Answer:
        path = f"{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{name}"
        return self("PUT", path, {"properties": {"destination": HOOK, **properties}})

    def refusal(self, answer: Answer) -> str:
        return f"{answer.status} {answer.json()['error']['code']}"


@pytest.fixture
def grid(arm: Arm) -> Grid:
    return Grid(arm)


def test_a_new_topic_has_no_endpoint_yet(grid: Grid) -> None:
    assert grid.first.json()["properties"]["endpoint"] is None
    topic = grid("GET", "topics/news").json()
    assert topic["properties"]["endpoint"] == "https://news.westeurope-1.eventgrid.azure.net/api/events"
    assert topic["identity"] == {"type": "None", "principalId": None, "tenantId": None, "userAssignedIdentities": None}
    old = grid("GET", "topics/news", version="2018-09-15-preview").json()
    assert set(old["properties"]) == {"provisioningState", "endpoint", "inputSchema"}


def test_keys_are_renewed_one_by_one(grid: Grid) -> None:
    before = grid("POST", "topics/news/listKeys").json()
    after = grid("POST", "topics/news/regenerateKey", {"keyName": "key1"}).json()
    assert (before["key1"] != after["key1"], before["key2"] == after["key2"]) == (True, True)
    assert grid.refusal(grid("POST", "topics/news/regenerateKey", {"keyName": "key3"})) == "400 InvalidRequest"


def test_the_schema_of_a_topic_stays(grid: Grid) -> None:
    body = {"location": "westeurope", "properties": {"inputSchema": "CloudEventSchemaV1_0"}}
    assert grid.refusal(grid("PUT", "topics/news", body)) == "400 InvalidRequest"


def test_the_secret_of_a_web_hook_is_given_out_only_on_demand(grid: Grid) -> None:
    assert grid.subscribe(grid.topic).status == 201
    path = f"{grid.topic}/providers/Microsoft.EventGrid/eventSubscriptions/hook"
    answer = grid("GET", path)
    assert b"code=1" not in answer.body
    assert answer.json()["properties"]["destination"]["properties"]["endpointBaseUrl"] == "https://example.com/hook"
    assert answer.json()["properties"]["filter"] == {"subjectBeginsWith": "", "subjectEndsWith": ""}
    assert grid("POST", f"{path}/getFullUrl").json() == {"endpointUrl": "https://example.com/hook?code=1"}


def test_a_subscription_to_a_group_gets_what_happens_to_resources(grid: Grid) -> None:
    answer = grid.subscribe(grid.group)
    assert "Microsoft.Resources.ResourceWriteSuccess" in answer.json()["properties"]["filter"]["includedEventTypes"]
    assert answer.json()["properties"]["topic"] == grid.group
    listed = grid("GET", f"{grid.group}/providers/Microsoft.EventGrid/eventSubscriptions").json()["value"]
    assert [one["name"] for one in listed] == ["hook"]


@pytest.mark.parametrize(
    "properties",
    [
        {"destination": {"endpointType": "Pigeon"}},
        {"destination": {"endpointType": "WebHook", "properties": {}}},
        {"destination": {"endpointType": "WebHook", "properties": {"endpointUrl": "http://example.com"}}},
        {"destination": {"endpointType": "StorageQueue", "properties": {}}},
        {"retryPolicy": {"maxDeliveryAttempts": 31}},
        {"deadLetterDestination": {"endpointType": "WebHook"}},
        {"filter": {"advancedFilters": [{"operatorType": "StringSounds", "key": "data.a", "values": ["x"]}]}},
        {"filter": {"advancedFilters": [{"operatorType": "StringIn", "key": "data.a", "values": []}]}},
        {"filter": {"advancedFilters": [{"operatorType": "NumberLessThan", "key": "data.a"}]}},
        {"filter": {"advancedFilters": [{"operatorType": "NumberIn", "key": "data.a", "values": list(range(26))}]}},
    ],
)
def test_what_a_subscription_cannot_be(grid: Grid, properties: dict[str, Any]) -> None:
    assert grid.refusal(grid.subscribe(grid.topic, **properties)) == "400 InvalidRequest"


def test_an_advanced_filter_is_kept_in_azures_spelling(grid: Grid) -> None:
    wanted = {"operatorType": "stringcontains", "key": "data.color", "values": ["red"]}
    assert grid.subscribe(grid.topic, filter={"advancedFilters": [wanted]}).status == 201
    shown = grid("GET", f"{grid.topic}/providers/Microsoft.EventGrid/eventSubscriptions/hook").json()["properties"]
    assert shown["filter"]["advancedFilters"] == [{**wanted, "operatorType": "StringContains"}]


def test_a_destination_that_does_not_exist_fails_while_the_operation_runs(grid: Grid) -> None:
    queue = f"{grid.group}/providers/Microsoft.ServiceBus/namespaces/none/queues/none"
    lost = {"endpointType": "ServiceBusQueue", "properties": {"resourceId": queue}}
    answer = grid.subscribe(grid.topic, "lost", destination=lost)
    assert (answer.status, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    poll = grid.arm("GET", answer.headers["Azure-AsyncOperation"]).json()
    assert (poll["status"], poll["error"]["code"]) == ("Failed", "Endpoint validation")
    assert grid("GET", f"{grid.topic}/providers/Microsoft.EventGrid/eventSubscriptions/lost").status == 404


def test_a_patch_changes_the_destination_as_a_whole(grid: Grid) -> None:
    bus = f"{grid.group}/providers/Microsoft.ServiceBus/namespaces/labspace1"
    grid.arm("PUT", bus, {"location": "westeurope", "sku": {"name": "Standard"}}, version="2024-01-01")
    grid.arm("PUT", f"{bus}/queues/q", {"properties": {}}, version="2024-01-01")
    grid.subscribe(grid.topic)
    path = f"{grid.topic}/providers/Microsoft.EventGrid/eventSubscriptions/hook"
    queue = {"endpointType": "ServiceBusQueue", "properties": {"resourceId": f"{bus}/queues/q"}}
    assert grid("PATCH", path, {"destination": queue, "labels": ["a"]}).status == 201
    shown = grid("GET", path).json()["properties"]
    assert (shown["destination"], shown["labels"]) == (queue, ["a"])


def test_a_source_has_one_system_topic(grid: Grid) -> None:
    def system(name: str, **properties: str) -> Answer:
        return grid("PUT", f"systemTopics/{name}", {"location": "global", "properties": properties})

    kind = "Microsoft.Resources.ResourceGroups"
    assert system("one", source=grid.group, topicType=kind).status == 200
    assert grid.refusal(system("two", source=grid.group, topicType=kind)) == "400 InvalidRequest"
    assert grid.refusal(system("two", source=f"{grid.group}x", topicType=kind)) == "400 InvalidRequest"
    assert (
        grid.refusal(system("two", source=grid.group, topicType="Microsoft.Storage.StorageAccounts"))
        == "400 InvalidRequest"
    )
    answer = grid("PUT", "systemTopics/one/eventSubscriptions/hook", {"properties": {"destination": HOOK}})
    assert len(answer.json()["properties"]["filter"]["includedEventTypes"]) == 9


def test_partners_have_namespaces_once_they_are_registered(grid: Grid) -> None:
    registration = f"{grid.root}/partnerRegistrations/self"
    body = {"location": "westeurope", "properties": {"partnerRegistrationFullyQualifiedId": registration}}
    assert grid.refusal(grid("PUT", "partnerNamespaces/mine", body)) == "400 InvalidRequest"
    assert grid("PUT", "partnerRegistrations/self", {"location": "global"}).status == 200
    assert grid("PUT", "partnerNamespaces/mine", body).status == 201


def test_the_sdk_makes_topics_and_domains(arm: Arm) -> None:
    from azure.mgmt.eventgrid import EventGridManagementClient

    arm.group()
    sdk = client(EventGridManagementClient, arm.simulator)
    topic = sdk.topics.begin_create_or_update("rg", "news", {"location": "westeurope"}).result()
    assert topic.endpoint == "https://news.westeurope-1.eventgrid.azure.net/api/events"
    sdk.domains.begin_create_or_update("rg", "world", {"location": "westeurope"}).result()
    assert sdk.domain_topics.begin_create_or_update("rg", "world", "one").result().name == "one"
    hook = {"destination": {"endpointType": "WebHook", "properties": {"endpointUrl": "https://example.com/hook"}}}
    made = sdk.event_subscriptions.begin_create_or_update(topic.id, "hook", {"properties": hook}).result()
    assert made.destination.endpoint_base_url == "https://example.com/hook"
    sdk.topics.begin_delete("rg", "news").result()
    assert list(sdk.topics.list_by_subscription()) == []
