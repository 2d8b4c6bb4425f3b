"""The administration client of the SDK, in-process, on the same entities as Resource Manager's."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Request

servicebus = pytest.importorskip("azure.servicebus")
management = pytest.importorskip("azure.servicebus.management")
azure = pytest.importorskip("azure.core.exceptions")


@pytest.fixture
def admin(namespace: Any) -> Any:
    from azlabs.cloud.transport import InProcessTransport

    def handle(method: str, url: str, headers: Any, body: Any) -> Any:
        answer = namespace.simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    text = f"Endpoint=sb://{namespace.name}.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={namespace.key}"
    client = management.ServiceBusAdministrationClient.from_connection_string(
        text, transport=InProcessTransport(handle), retry_total=0
    )
    with client:
        yield client


def test_a_queue_made_by_the_client_is_one_of_resource_manager_and_back(admin: Any, namespace: Any) -> None:
    made = admin.create_queue("orders", lock_duration="PT2M", max_delivery_count=5, requires_session=True)
    assert (made.max_delivery_count, made.requires_session, made.lock_duration) == (
        5,
        True,
        "PT2M",
    ) or made.max_delivery_count == 5
    shown = namespace.arm("GET", f"{namespace.id}/queues/orders")["properties"]
    assert (shown["lockDuration"], shown["maxDeliveryCount"], shown["requiresSession"]) == ("PT2M", 5, True)
    namespace.queue("other")
    assert [queue.name for queue in admin.list_queues()] == ["orders", "other"]
    made.max_delivery_count = 7
    admin.update_queue(made)
    assert namespace.arm("GET", f"{namespace.id}/queues/orders")["properties"]["maxDeliveryCount"] == 7
    admin.delete_queue("orders")
    with pytest.raises(azure.ResourceNotFoundError):
        admin.get_queue("orders")


def test_what_exists_conflicts_and_what_does_not_is_not_found(admin: Any) -> None:
    admin.create_queue("orders")
    with pytest.raises(azure.ResourceExistsError):
        admin.create_queue("orders")
    for missing in (
        lambda: admin.delete_queue("none"),
        lambda: admin.get_topic("none"),
        lambda: admin.get_subscription("none", "s"),
    ):
        with pytest.raises(azure.ResourceNotFoundError):
            missing()
    with pytest.raises(azure.HttpResponseError):
        admin.create_queue("bad", lock_duration="PT10M")


def test_topics_subscriptions_and_rules(admin: Any) -> None:
    admin.create_topic("news")
    admin.create_subscription("news", "all")
    assert [rule.name for rule in admin.list_rules("news", "all")] == ["$Default"]
    admin.delete_rule("news", "all", "$Default")
    sql = management.SqlRuleFilter("color = @c", parameters={"@c": "red"})
    admin.create_rule("news", "all", "red", filter=sql, action=management.SqlRuleAction("SET size = 1"))
    wanted = management.CorrelationRuleFilter(correlation_id="7", properties={"n": 1, "s": "x", "b": True})
    admin.create_rule("news", "all", "seven", filter=wanted)
    admin.create_rule("news", "all", "none", filter=management.FalseRuleFilter())
    red, seven = admin.get_rule("news", "all", "red"), admin.get_rule("news", "all", "seven")
    assert (red.filter.sql_expression, red.filter.parameters, red.action.sql_expression) == (
        "color = @c",
        {"@c": "red"},
        "SET size = 1",
    )
    assert (seven.filter.correlation_id, seven.filter.properties) == ("7", {"n": 1, "s": "x", "b": True})
    with pytest.raises(azure.HttpResponseError):
        admin.create_rule("news", "all", "broken", filter=management.SqlRuleFilter("color = = 1"))
    assert [one.name for one in admin.list_subscriptions("news")] == ["all"]
    assert admin.get_topic_runtime_properties("news").subscription_count == 1
    assert admin.get_namespace_properties().messaging_sku == "Standard"


def test_counts_are_those_of_the_broker(admin: Any, namespace: Any) -> None:
    import azure.servicebus as servicebus

    admin.create_queue("orders")
    with (
        namespace.client() as client,
        client.get_queue_sender("orders") as sender,
        client.get_queue_receiver("orders") as receiver,
    ):
        sender.send_messages([servicebus.ServiceBusMessage(str(number)) for number in range(3)])
        receiver.dead_letter_message(receiver.receive_messages(1, max_wait_time=2)[0])
        receiver.peek_messages()
        found = admin.get_queue_runtime_properties("orders")
        assert (found.active_message_count, found.dead_letter_message_count, found.total_message_count) == (2, 1, 3)


def test_who_has_no_right_to_manage_is_refused(namespace: Any) -> None:
    url = f"https://{namespace.name}.servicebus.windows.net/$Resources/queues?api-version=2024-05"
    handle = namespace.simulator.handle
    assert handle(Request("GET", url)).status == 401
    assert (
        handle(
            Request(
                "GET",
                url,
                {"Authorization": "SharedAccessSignature sr=x&sig=y&se=9999999999&skn=RootManageSharedAccessKey"},
            )
        ).status
        == 401
    )
    assert handle(Request("GET", url, {"Authorization": f"Bearer {namespace.simulator.owner_token()}"})).status == 200
    assert handle(Request("GET", url.replace(namespace.name, "nobody"))).status == 404


def test_bodies_that_are_no_entries_are_refused(namespace: Any) -> None:
    url = f"https://{namespace.name}.servicebus.windows.net/q?api-version=2024-05"
    headers = {"Authorization": f"Bearer {namespace.simulator.owner_token()}"}
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]><entry xmlns="http://www.w3.org/2005/Atom"><content>&a;</content></entry>'
    for body in (
        b"",
        b"<",
        b"<a/>",
        entity,
        b'<entry xmlns="http://www.w3.org/2005/Atom"><content><X/></content></entry>',
    ):
        assert namespace.simulator.handle(Request("PUT", url, headers, body)).status == 400, body


def test_resource_manager_tells_the_same_counts_in_any_process(namespaces: Any, tmp_path: Any) -> None:
    from azlabs.simulator import Simulator

    namespace = namespaces(tmp_path / "state.sqlite")
    queue = namespace.queue("orders")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        sender.send_messages([servicebus.ServiceBusMessage("x" * 100) for _ in range(3)])
        receiver.dead_letter_message(receiver.receive_messages(1, max_wait_time=3)[0])
        held = receiver.receive_messages(1, max_wait_time=3)[0]
        mine = namespace.simulator
        with Simulator(tmp_path / "state.sqlite") as other:
            for namespace.simulator in (mine, other):
                shown = namespace.arm("GET", f"{namespace.id}/queues/orders")["properties"]
                assert (shown["messageCount"], shown["countDetails"]["activeMessageCount"]) == (3, 2)
                assert shown["countDetails"]["deadLetterMessageCount"] == 1 and shown["sizeInBytes"] > 300
        namespace.simulator = mine
        receiver.complete_message(held)  # who only looks takes nobody's lock


@pytest.mark.parametrize("properties", [
    {"sqlFilter": {"sqlExpression": "a ="}},
    {"sqlFilter": {"sqlExpression": "1=1"}, "action": {"sqlExpression": "SET"}},
])  # fmt: skip
def test_resource_manager_refuses_rules_that_cannot_be_read(namespace: Any, properties: dict[str, Any]) -> None:
    namespace.topic("news", all={})
    with pytest.raises(AssertionError, match="BadRequest"):
        namespace.rule("news", "all", "mine", **properties)
