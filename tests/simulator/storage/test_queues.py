"""The unmodified azure-storage-queue works against the simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueSasPermissions, QueueServiceClient, generate_queue_sas


@pytest.fixture
def queue(storage: Any) -> Any:
    return storage.client(QueueServiceClient).create_queue("work", metadata={"a": "b"})


def test_queues_come_and_go(storage: Any, queue: Any) -> None:
    service = storage.client(QueueServiceClient)
    assert [(one.name, one.metadata) for one in service.list_queues(include_metadata=True)] == [("work", {"a": "b"})]
    with pytest.raises(ResourceExistsError):
        service.create_queue("work", metadata={"other": "1"})
    shown = storage.arm("GET", f"{storage.id}/queueServices/default/queues/work").json()
    assert shown["properties"] == {"metadata": {"a": "b"}, "approximateMessageCount": 0}
    queue.delete_queue()
    with pytest.raises(ResourceNotFoundError):
        queue.get_queue_properties()


def test_a_message_is_hidden_while_somebody_works_on_it(storage: Any, queue: Any) -> None:
    for text in ("one", "two"):
        queue.send_message(text)
    assert [one.content for one in queue.peek_messages(5)] == ["one", "two"]
    taken = queue.receive_message(visibility_timeout=20)
    assert (taken.content, taken.dequeue_count) == ("one", 1)
    assert [one.content for one in queue.peek_messages(5)] == ["two"]
    storage.simulator.clock.advance(21)
    again = list(queue.receive_messages())
    assert [one.content for one in again] == ["two", "one"]
    assert queue.get_queue_properties().approximate_message_count == 2
    with pytest.raises(HttpResponseError) as caught:
        queue.delete_message(taken)
    assert caught.value.error_code == "PopReceiptMismatch"


def test_a_message_is_updated_and_deleted_by_whoever_holds_it(queue: Any) -> None:
    queue.send_message("draft")
    held = queue.receive_message()
    held = queue.update_message(held, visibility_timeout=0, content="final")
    assert queue.receive_message().content == "final"
    queue.clear_messages()
    assert queue.receive_message() is None


def test_messages_expire_and_can_be_delayed(storage: Any, queue: Any) -> None:
    queue.send_message("later", visibility_timeout=60)
    queue.send_message("short", time_to_live=10)
    assert queue.receive_message(visibility_timeout=1).content == "short"
    storage.simulator.clock.advance(61)
    assert [one.content for one in queue.receive_messages()] == ["later"]


def test_a_signature_may_only_add(storage: Any, queue: Any) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    token = generate_queue_sas("labstore", "work", storage.key, QueueSasPermissions(add=True), end)
    mine = storage.client(QueueServiceClient, token).get_queue_client("work")
    mine.send_message("hello")
    with pytest.raises(HttpResponseError) as caught:
        mine.receive_message()
    assert caught.value.error_code == "AuthorizationPermissionMismatch"
