"""Clients in the broker's own process: the same rights, locks and rules as over AMQP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from azlabs.simulator import TENANT_ID, Principal, Simulator
from azlabs.simulator.data_planes.service_bus import errors
from azlabs.simulator.data_planes.service_bus.local import AUDIENCE, BrokerGone, Client, Outgoing, Refusal

RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
HOST = "skerrybank.servicebus.windows.net"


@pytest.fixture
def client(namespace: Any) -> Iterator[Client]:
    """A client with the key of the namespace."""
    text = f"Endpoint=sb://{HOST}/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={namespace.key}"
    with Client.from_connection_string(namespace.simulator, text) as found:
        yield found


def as_principal(namespace: Any, *roles: tuple[str, str]) -> Client:
    who = Principal(str(uuid4()), TENANT_ID, str(uuid4()))
    for role, scope in roles:
        namespace.arm(
            "PUT",
            f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}",
            {"properties": {"principalId": who.object_id, "principalType": "ServicePrincipal",
                            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}"}},
            "2022-04-01",
        )  # fmt: skip
    return Client(namespace.simulator, HOST, token=lambda: namespace.simulator.token(who, AUDIENCE))


def refusal(act: Any) -> str:
    with pytest.raises(Refusal) as found:
        act()
    return str(found.value.condition)


def test_a_message_is_sent_received_and_completed(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    sent = Outgoing(
        b"{}", message_id="m", session_id="s", correlation_id="c", subject="x", content_type="application/json",
        time_to_live=60, application_properties={"n": 7, "text": "x", "flag": True},
    )  # fmt: skip
    client.send("orders", [sent])
    with client.receiver("orders") as receiver:
        (found,) = receiver.receive(10, 5)
        assert (found.body, found.message_id, found.session_id, found.subject) == (b"{}", "m", "s", "x")
        assert found.application_properties == {"n": 7, "text": "x", "flag": True}
        assert (found.delivery_count, found.sequence_number, found.time_to_live) == (1, 1, 60)
        assert abs(found.enqueued - time.time()) < 60 and 50 < found.locked_until - time.time() <= 60
        assert receiver.renew(found) >= found.locked_until
        receiver.complete(found)
        assert receiver.receive(10, 0) == []
        assert refusal(lambda: receiver.complete(found)) == errors.LOCK_LOST


def test_what_is_given_back_comes_again_until_it_is_set_aside(namespace: Any, client: Client) -> None:
    namespace.queue("orders", maxDeliveryCount=3)
    client.send("orders", [Outgoing(b"one")])
    with client.receiver("orders") as receiver, client.receiver("orders/$DeadLetterQueue") as dead:
        for number in (1, 2, 3):
            (found,) = receiver.receive(1, 5)
            assert found.delivery_count == number
            receiver.abandon(found)
        assert receiver.receive(1, 0) == []
        (found,) = dead.receive(1, 5)
        assert found.application_properties["DeadLetterReason"] == "MaxDeliveryCountExceeded"
        assert found.body == b"one" and found.dead_letter_source == "orders"
        client.send("orders", [Outgoing(b"two"), Outgoing(b"three")])
        two, three = receiver.receive(2, 5)
        receiver.dead_letter(two, "bad", "because", {"more": 1})
        receiver.defer(three)
        (found,) = dead.receive(1, 5)
        words = found.application_properties
        assert (words["DeadLetterReason"], words["DeadLetterErrorDescription"], words["more"]) == ("bad", "because", 1)


def test_a_receiver_that_waits_gets_a_message_at_once_and_ends_when_it_is_closed(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    receiver, found = client.receiver("orders"), []
    waiting = threading.Thread(target=lambda: found.extend(receiver.receive(5, 30)))
    waiting.start()
    client.send("orders", [Outgoing(b"1"), Outgoing(b"2")])
    waiting.join(10)
    assert [one.body for one in found] == [b"1", b"2"]
    waiting = threading.Thread(target=lambda: receiver.receive(1, 30))
    waiting.start()
    receiver.close()
    waiting.join(10)
    assert not waiting.is_alive() and receiver.receive(1, 30) == []


def test_sessions_are_taken_one_after_the_other(namespace: Any, client: Client) -> None:
    namespace.queue("orders", requiresSession=True)
    assert refusal(lambda: client.receiver("orders")) == errors.NOT_ALLOWED
    assert client.next_session("orders", 0.05) is None
    client.send("orders", [Outgoing(name.encode(), session_id=name) for name in ("a", "b", "a")])
    first, second = client.next_session("orders", 5), client.next_session("orders", 5)
    assert first is not None and second is not None
    assert (first.session_id, second.session_id) == ("a", "b")
    assert refusal(lambda: client.receiver("orders", session="a")) == errors.SESSION_TAKEN
    first.set_session_state(b"half")
    assert first.session_state() == b"half" and first.renew_session() > time.time() + 50
    for one in first.receive(5, 5):
        first.complete(one)
    first.close()
    with client.receiver("orders", session="a") as again:
        assert again.session_state() == b"half" and again.receive(5, 0) == []


def test_rights_are_those_of_the_role_at_the_queue_as_they_are_now(namespace: Any) -> None:
    namespace.queue("orders")
    namespace.queue("invoices")
    queue = f"{namespace.id}/queues/orders"
    with as_principal(namespace, (RECEIVER, queue)) as client:
        with client.receiver("orders") as receiver:
            assert receiver.receive(1, 0) == []
        assert refusal(lambda: client.receiver("invoices")) == errors.UNAUTHORIZED
        assert refusal(lambda: client.send("orders", [Outgoing(b"x")])) == errors.UNAUTHORIZED
    with as_principal(namespace) as nobody:
        assert refusal(lambda: nobody.receiver("orders")) == errors.UNAUTHORIZED
    with as_principal(namespace, (SENDER, queue)) as sender:
        sender.send("orders", [Outgoing(b"x")])
        assert refusal(lambda: sender.receiver("orders")) == errors.UNAUTHORIZED


def test_an_open_receiver_loses_what_is_taken_away_and_goes_on_when_it_comes_back(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    receiver = client.receiver("orders")
    for change, back, condition in (
        ({"disableLocalAuth": True}, {"disableLocalAuth": False}, errors.UNAUTHORIZED),
        ({"publicNetworkAccess": "Disabled"}, {"publicNetworkAccess": "Enabled"}, errors.UNAUTHORIZED),
    ):
        namespace.arm("PATCH", namespace.id, {"properties": change})
        assert refusal(lambda: receiver.receive(1, 0)) == condition
        namespace.arm("PATCH", namespace.id, {"properties": back})
        assert receiver.receive(1, 0) == []
    namespace.queue("orders", status="ReceiveDisabled")
    assert refusal(lambda: receiver.receive(1, 0)) == errors.DISABLED
    namespace.queue("orders", status="Active")
    client.send("orders", [Outgoing(b"old")])
    namespace.arm("DELETE", f"{namespace.id}/queues/orders")
    assert refusal(lambda: receiver.receive(1, 0)) == errors.NOT_FOUND
    namespace.queue("orders", maxDeliveryCount=1)
    client.send("orders", [Outgoing(b"new")])
    assert [one.body for one in receiver.receive(5, 5)] == [b"new"]


def test_a_receiver_that_waits_follows_changes_by_another_process(namespaces: Any, tmp_path: Any) -> None:
    namespace = namespaces(tmp_path / "state.sqlite")
    namespace.queue("orders")
    other = Simulator(tmp_path / "state.sqlite")
    mine, namespace.simulator = namespace.simulator, other
    try:
        key = namespace.key
        text = f"Endpoint=sb://{HOST}/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key}"
        with Client.from_connection_string(mine, text) as client, client.receiver("orders") as receiver:
            problems: list[str] = []
            waiting = threading.Thread(target=lambda: problems.append(refusal(lambda: receiver.receive(1, 30))))
            waiting.start()
            namespace.arm("DELETE", f"{namespace.id}/queues/orders")
            waiting.join(10)
            assert problems == [errors.NOT_FOUND]
            namespace.queue("orders")
            client.send("orders", [Outgoing(b"x")])
            assert [one.body for one in receiver.receive(1, 5)] == [b"x"]
    finally:
        namespace.simulator = mine
        other.close()


def test_a_key_for_one_entity_and_a_signature_are_good_as_well(namespace: Any, client: Client) -> None:
    from azlabs.simulator.data_planes.service_bus.access import sign

    namespace.queue("orders")
    namespace.arm("PUT", f"{namespace.id}/queues/orders/authorizationRules/in", {"properties": {"rights": ["Send"]}})
    key = namespace.keys(f"{namespace.id}/queues/orders", "in")
    text = f"Endpoint=sb://{HOST};SharedAccessKeyName=in;SharedAccessKey={key};EntityPath=orders"
    with Client.from_connection_string(namespace.simulator, text) as sender:
        assert sender.path == "orders"
        sender.send("orders", [Outgoing(b"x")])
        assert refusal(lambda: sender.receiver("orders")) == errors.UNAUTHORIZED
    signature = sign(f"sb://{HOST}/orders", "RootManageSharedAccessKey", namespace.key, time.time() + 60)
    with Client.from_connection_string(
        namespace.simulator, f"Endpoint=sb://{HOST}/;SharedAccessSignature={signature}"
    ) as signed, signed.receiver("orders") as receiver:
        assert len(receiver.receive(1, 5)) == 1
    wrong = Client.from_connection_string(namespace.simulator, text.replace(key, "d3Jvbmc="))
    assert refusal(lambda: wrong.send("orders", [Outgoing(b"x")])) == errors.UNAUTHORIZED
    for nonsense in ("", "Endpoint=sb://x", "hello", f"Endpoint=sb://{HOST};SharedAccessKeyName=in"):
        with pytest.raises(ValueError, match="connection string"):
            Client.from_connection_string(namespace.simulator, nonsense)
    nowhere = Client(namespace.simulator, "nowhere.servicebus.windows.net", token="x")
    assert refusal(lambda: nowhere.receiver("orders")) == errors.NOT_FOUND


def test_a_client_is_told_when_the_broker_ends(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    receiver = client.receiver("orders")
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            receiver.receive(1, 30)
        except (Refusal, BrokerGone) as problem:
            ended.append(problem)

    waiting = threading.Thread(target=wait)
    waiting.start()
    namespace.bus.close()
    waiting.join(10)
    assert len(ended) == 1
    with pytest.raises(BrokerGone):
        client.send("orders", [Outgoing(b"x")])


def test_a_state_file_has_one_broker(tmp_path: Any) -> None:
    with Simulator(tmp_path / "state.sqlite") as simulator, pytest.raises(RuntimeError, match="holds its station"):
        Client(simulator, HOST, token="x")


def test_a_broker_that_was_needed_before_a_port_gets_the_ports_of_the_doorway(namespace: Any, tmp_path: Any) -> None:
    from azlabs.simulator.data_planes.service_bus.doorway import Doorway

    namespace.queue("orders")
    namespace.bus.close()
    door = Doorway(namespace.simulator, tmp_path)
    text = f"Endpoint=sb://{HOST}/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={namespace.key}"
    try:
        with Client.from_connection_string(namespace.simulator, text) as client, client.receiver("orders") as receiver:
            namespace.bus.port = door.port
            with namespace.client() as other, other.get_queue_sender("orders") as sender:
                from azure.servicebus import ServiceBusMessage

                sender.send_messages(ServiceBusMessage("from outside"))
            assert [one.body for one in receiver.receive(1, 5)] == [b"from outside"]
    finally:
        door.close()
    with pytest.raises(BrokerGone):
        client.send("orders", [Outgoing(b"x")])


def test_an_open_receiver_ends_with_its_token(namespace: Any) -> None:
    from azlabs.simulator.data_planes.service_bus.access import sign

    namespace.queue("orders")
    clock = namespace.simulator.clock
    tokens = [sign(f"sb://{HOST}/", "RootManageSharedAccessKey", namespace.key, clock.now() + 600)]
    with Client(namespace.simulator, HOST, token=lambda: tokens[-1]) as client, client.receiver("orders") as receiver:
        clock.advance(700)
        with pytest.raises(Refusal, match="ExpiredToken"):
            receiver.receive(1, 0)
        tokens.append(sign(f"sb://{HOST}/", "RootManageSharedAccessKey", namespace.key, clock.now() + 600))
        client.send("orders", [Outgoing(b"x")])
        assert [one.body for one in receiver.receive(1, 5)] == [b"x"]
