"""The same with the SDK's asynchronous clients."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

servicebus = pytest.importorskip("azure.servicebus")
aio = pytest.importorskip("azure.servicebus.aio")
Message = servicebus.ServiceBusMessage


def test_async_clients_send_receive_and_settle(namespace: Any) -> None:
    queue = namespace.queue("orders")
    sessions = namespace.queue("sessions", requiresSession=True)

    async def work() -> list[str]:
        text = namespace.connection_string()
        async with aio.ServiceBusClient.from_connection_string(text, retry_total=0, socket_timeout=0.02) as client:
            seen: list[str] = []
            async with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
                await sender.send_messages([Message("a"), Message("b"), Message("c")])
                first, second, third = await receiver.receive_messages(3, max_wait_time=3)
                await receiver.renew_message_lock(first)
                await receiver.complete_message(first)
                await receiver.dead_letter_message(second, reason="r")
                await receiver.abandon_message(third)
                seen += [f"{one}{one.delivery_count}" for one in await receiver.receive_messages(1, max_wait_time=3)]
            async with client.get_queue_receiver(queue, sub_queue="deadletter") as letters:
                seen += [
                    f"{one} {one.dead_letter_reason}" for one in await letters.receive_messages(1, max_wait_time=3)
                ]
            async with (
                client.get_queue_sender(sessions) as sender,
                client.get_queue_receiver(sessions, session_id="s") as receiver,
            ):
                await sender.send_messages(Message("in session", session_id="s"))
                await receiver.session.set_state("noted")
                (message,) = await receiver.receive_messages(1, max_wait_time=3)
                await receiver.complete_message(message)
                seen += [str(message), (await receiver.session.get_state()).decode()]
            return seen

    assert asyncio.run(work()) == ["c1", "b r", "in session", "noted"]
