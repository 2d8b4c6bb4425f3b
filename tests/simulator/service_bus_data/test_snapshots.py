"""Messages belong to the state of a simulator: they are in its snapshots and come back with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from azlabs.simulator import Simulator
from azlabs.simulator.data_planes.service_bus import errors
from azlabs.simulator.data_planes.service_bus.local import Client, Outgoing, Refusal

from .test_with_the_sdk import Message, peek, servicebus, take, texts

HOST = "skerrybank.servicebus.windows.net"


def client_of(simulator: Simulator, key: str) -> Client:
    text = f"Endpoint=sb://{HOST}/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key}"
    return Client.from_connection_string(simulator, text)


@pytest.fixture(params=["memory", "file"])
def namespace(request: Any, namespaces: Any, tmp_path: Any) -> Any:
    return namespaces(tmp_path / "state.sqlite" if request.param == "file" else None)


@pytest.fixture
def client(namespace: Any) -> Iterator[Client]:
    with client_of(namespace.simulator, namespace.key) as found:
        yield found


def bodies(client: Client, path: str) -> list[bytes]:
    with client.receiver(path) as receiver:
        found = receiver.receive(20, 0)
        for one in found:
            receiver.complete(one)
        return [one.body for one in found]


def test_messages_come_back_as_they_were(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    client.send("orders", [Outgoing(b"1"), Outgoing(b"2")])
    before = namespace.simulator.snapshot()
    for _ in range(3):
        client.send("orders", [Outgoing(b"3")])
        assert bodies(client, "orders") == [b"1", b"2", b"3"]
        assert bodies(client, "orders") == []
        namespace.simulator.restore(before)
    assert bodies(client, "orders") == [b"1", b"2"]


def test_a_receiver_stays_open_but_its_locks_are_lost(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    client.send("orders", [Outgoing(b"1")])
    before = namespace.simulator.snapshot()
    with client.receiver("orders") as receiver:
        (held,) = receiver.receive(1, 5)
        namespace.simulator.restore(before)
        with pytest.raises(Refusal) as problem:
            receiver.complete(held)
        assert problem.value.condition == errors.LOCK_LOST
        (again,) = receiver.receive(1, 5)
        assert (again.body, again.failures, again.sequence_number) == (b"1", 0, 1)


def test_a_queue_that_is_not_in_the_snapshot_is_gone_with_what_was_in_it(namespace: Any, client: Client) -> None:
    before = namespace.simulator.snapshot()
    namespace.queue("orders")
    client.send("orders", [Outgoing(b"1")])
    receiver = client.receiver("orders")
    namespace.simulator.restore(before)
    with pytest.raises(Refusal) as problem:
        receiver.receive(1, 1)
    assert problem.value.condition == errors.NOT_FOUND
    namespace.queue("orders")
    assert receiver.receive(1, 0) == []


def test_sessions_and_seen_ids_come_back(namespace: Any, client: Client) -> None:
    namespace.queue("orders", requiresSession=True, requiresDuplicateDetection=True)
    client.send("orders", [Outgoing(b"1", message_id="m", session_id="a")])
    with client.receiver("orders", session="a") as receiver:
        receiver.set_session_state(b"half")
    before = namespace.simulator.snapshot()
    with client.receiver("orders", session="a") as receiver:
        receiver.set_session_state(b"done")
        namespace.simulator.restore(before)
        with pytest.raises(Refusal) as problem:
            receiver.receive(1, 1)
        assert problem.value.condition == errors.SESSION_LOCK_LOST
    client.send("orders", [Outgoing(b"again", message_id="m", session_id="a")])
    with client.receiver("orders", session="a") as receiver:
        assert receiver.session_state() == b"half"
        assert [one.body for one in receiver.receive(5, 0)] == [b"1"]


def test_another_simulator_takes_the_messages_over(namespace: Any, client: Client) -> None:
    from azlabs.simulator.data_planes.service_bus import running

    namespace.queue("orders")
    client.send("orders", [Outgoing(b"1")])
    with Simulator() as twin:
        twin.restore(namespace.simulator.snapshot())
        with client_of(twin, namespace.key) as other:
            assert bodies(other, "orders") == [b"1"]
        running.end(twin)
    assert bodies(client, "orders") == [b"1"]


def test_clients_over_the_network_survive(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        sender.send_messages([Message("1"), Message("2")])
        before = namespace.simulator.snapshot()
        (held,) = take(receiver, 1)
        namespace.simulator.restore(before)
        with pytest.raises(servicebus.exceptions.MessageLockLostError):
            receiver.complete_message(held)
        assert texts(peek(receiver)) == ["1", "2"]
        for one in take(receiver, 2):
            receiver.complete_message(one)
        sender.send_messages(Message("3"))
        assert texts(take(receiver, 1)) == ["3"]


def test_a_snapshot_of_the_state_alone_has_no_messages(namespace: Any, client: Client) -> None:
    namespace.queue("orders")
    before = namespace.simulator.store.snapshot()
    client.send("orders", [Outgoing(b"1")])
    namespace.simulator.restore(before)
    assert bodies(client, "orders") == []
