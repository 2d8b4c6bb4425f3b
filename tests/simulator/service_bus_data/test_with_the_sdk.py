"""What the unpatched azure-servicebus SDK sees of the broker, sync."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

servicebus = pytest.importorskip("azure.servicebus")
exceptions = pytest.importorskip("azure.servicebus.exceptions")
Message = servicebus.ServiceBusMessage
WAIT = 3


def texts(messages: Any) -> list[str]:
    return [str(one) for one in messages]


def peek(receiver: Any) -> list[Any]:
    """All messages; without a number the SDK goes on where it was."""
    found: list[Any] = receiver.peek_messages(10, sequence_number=1)
    return found


def take(receiver: Any, count: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        got = receiver.receive_messages(count - len(found), max_wait_time=WAIT)
        if not got:
            break
        found += got
    return found


def test_messages_arrive_in_order_with_what_was_written_on_them(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        sender.send_messages(Message(
            b"one", message_id="m1", subject="s", correlation_id="c", content_type="text/plain", to="t", reply_to="r",
            application_properties={"number": 7, "text": "x", "flag": True, "real": 1.5}, session_id="any", partition_key="any",
        ))  # fmt: skip
        batch = sender.create_message_batch()
        for text in ("two", "three"):
            batch.add_message(Message(text))
        sender.send_messages(batch)
        peeked = peek(receiver)
        found = take(receiver, 3)
        first = found[0]
        assert texts(peeked) == texts(found) == ["one", "two", "three"]
        assert [one.sequence_number for one in found] == [1, 2, 3]
        assert first.application_properties == {b"number": 7, b"text": b"x", b"flag": True, b"real": 1.5}
        assert (first.message_id, first.subject, first.correlation_id, first.content_type) == (
            "m1",
            "s",
            "c",
            "text/plain",
        )
        assert (first.to, first.reply_to, first.session_id, first.delivery_count) == ("t", "r", "any", 0)
        assert abs((first.enqueued_time_utc - datetime.now(UTC)).total_seconds()) < 60
        assert 50 < (first.locked_until_utc - datetime.now(UTC)).total_seconds() <= 61
        for one in found:
            receiver.complete_message(one)
        assert peek(receiver) == []


def test_what_a_consumer_says_about_a_message_is_done(namespace: Any) -> None:
    queue = namespace.queue("orders", maxDeliveryCount=2)
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        sender.send_messages([Message(text) for text in ("abandon", "defer", "dead")])
        abandoned, deferred, dead = take(receiver, 3)
        receiver.abandon_message(abandoned)
        receiver.defer_message(deferred)
        receiver.dead_letter_message(dead, reason="bad", error_description="very bad")
        again = take(receiver, 1)[0]
        assert (str(again), again.delivery_count) == ("abandon", 1)
        receiver.abandon_message(again)
        (back,) = receiver.receive_deferred_messages(deferred.sequence_number)
        assert str(back) == "defer"
        receiver.complete_message(back)
        with pytest.raises(exceptions.MessageNotFoundError):
            receiver.receive_deferred_messages(deferred.sequence_number)
        assert peek(receiver) == []
        with client.get_queue_receiver(queue, sub_queue="deadletter") as letters:
            found = {str(one): one for one in take(letters, 2)}
            assert (found["dead"].dead_letter_reason, found["dead"].dead_letter_error_description) == (
                "bad",
                "very bad",
            )
            assert found["dead"].dead_letter_source == "orders"
            assert found["abandon"].dead_letter_reason == "MaxDeliveryCountExceeded"
            for one in found.values():
                letters.complete_message(one)


def test_an_expired_lock_gives_the_message_back_and_a_renewed_one_does_not(namespace: Any) -> None:
    queue = namespace.queue("orders", lockDuration="PT2S")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        sender.send_messages(Message("a"))
        (message,) = take(receiver, 1)
        namespace.simulator.clock.advance(1)
        assert receiver.renew_message_lock(message) > datetime.now(UTC)
        namespace.simulator.clock.advance(1.5)
        assert peek(receiver)[0].delivery_count == 0
        namespace.simulator.clock.advance(3)
        time.sleep(0.2)
        with pytest.raises(exceptions.MessageLockLostError):
            receiver.renew_message_lock(message)
        (again,) = take(receiver, 1)
        assert again.delivery_count == 1
        receiver.complete_message(again)


def test_receive_and_delete_leaves_nothing(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with namespace.client() as client, client.get_queue_sender(queue) as sender:
        sender.send_messages([Message(str(number)) for number in range(5)])
        with client.get_queue_receiver(queue, receive_mode="receiveanddelete") as receiver:
            assert texts(take(receiver, 5)) == list("01234")
            assert peek(receiver) == []


def test_scheduled_messages_appear_when_they_are_due_and_can_be_cancelled(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        soon = datetime.now(UTC) + timedelta(seconds=60)
        kept, cancelled = sender.schedule_messages([Message("kept"), Message("cancelled")], soon)
        sender.cancel_scheduled_messages(cancelled)
        with pytest.raises(exceptions.MessageNotFoundError):
            sender.cancel_scheduled_messages(cancelled)
        assert [(one.sequence_number, one.state.name) for one in peek(receiver)] == [(kept, "SCHEDULED")]
        assert receiver.receive_messages(max_wait_time=0.5) == []
        namespace.simulator.clock.advance(61)
        (message,) = take(receiver, 1)
        assert str(message) == "kept" and message.sequence_number > kept
        receiver.complete_message(message)


def test_messages_live_as_long_as_they_may(namespace: Any) -> None:
    queue = namespace.queue("orders", deadLetteringOnMessageExpiration=True, defaultMessageTimeToLive="PT30S")
    gone = namespace.queue("gone")
    with namespace.client() as client:
        for name in (queue, gone):
            with client.get_queue_sender(name) as sender:
                sender.send_messages(Message("short", time_to_live=timedelta(seconds=10)))
                sender.send_messages(Message("long"))
        namespace.simulator.clock.advance(11)
        with client.get_queue_receiver(queue) as receiver:
            assert texts(peek(receiver)) == ["long"]
            namespace.simulator.clock.advance(20)
            assert receiver.receive_messages(max_wait_time=0.5) == []
        with client.get_queue_receiver(gone) as receiver:
            assert texts(peek(receiver)) == ["long"]
        with client.get_queue_receiver(queue, sub_queue="deadletter") as letters:
            assert {(str(one), one.dead_letter_reason) for one in take(letters, 2)} == {
                ("short", "TTLExpiredException"), ("long", "TTLExpiredException"),
            }  # fmt: skip


def test_duplicates_are_accepted_once(namespace: Any) -> None:
    queue = namespace.queue("orders", requiresDuplicateDetection=True, duplicateDetectionHistoryTimeWindow="PT1M")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        sender.send_messages([Message("1", message_id="a"), Message("2", message_id="a"), Message("3", message_id="b")])
        assert texts(peek(receiver)) == ["1", "3"]
        namespace.simulator.clock.advance(61)
        sender.send_messages(Message("4", message_id="a"))
        assert texts(peek(receiver)) == ["1", "3", "4"]


def test_a_session_belongs_to_one_receiver_and_keeps_its_order_and_state(namespace: Any) -> None:
    queue = namespace.queue("orders", requiresSession=True)
    with namespace.client() as client, client.get_queue_sender(queue) as sender:
        sender.send_messages(
            [Message(f"{session}{number}", session_id=session) for number in range(3) for session in "ab"]
        )
        with client.get_queue_receiver(queue, session_id="b") as mine:
            with pytest.raises(exceptions.SessionCannotBeLockedError), client.get_queue_receiver(queue, session_id="b"):
                pass
            mine.session.set_state(b"half way")
            found = take(mine, 3)
            assert texts(found) == ["b0", "b1", "b2"]
            mine.complete_message(found[0])
            assert mine.session.renew_lock() > datetime.now(UTC)
            with client.get_queue_receiver(queue, session_id=servicebus.NEXT_AVAILABLE_SESSION) as other:
                assert other.session.session_id == "a"
                assert other.session.get_state() is None
                for one in take(other, 3):
                    other.complete_message(one)
        with client.get_queue_receiver(queue, session_id=servicebus.NEXT_AVAILABLE_SESSION) as again:
            assert (again.session.session_id, again.session.get_state()) == ("b", b"half way")
            assert [(str(one), one.delivery_count) for one in take(again, 2)] == [("b1", 0), ("b2", 0)]
        with pytest.raises(exceptions.ServiceBusError):
            sender.send_messages(Message("without"))


def test_nobody_waits_for_ever_for_a_session(namespace: Any) -> None:
    queue = namespace.queue("orders", requiresSession=True)
    with namespace.client() as client:
        receiver = client.get_queue_receiver(queue, session_id=servicebus.NEXT_AVAILABLE_SESSION, max_wait_time=1)
        with pytest.raises(exceptions.OperationTimeoutError), receiver:
            pass
        with pytest.raises(exceptions.ServiceBusError), client.get_queue_receiver(queue):
            pass


def test_an_expired_session_lock_is_lost(namespace: Any) -> None:
    queue = namespace.queue("orders", requiresSession=True)
    with namespace.client() as client, client.get_queue_sender(queue) as sender:
        sender.send_messages(Message("x", session_id="s"))
        with client.get_queue_receiver(queue, session_id="s") as receiver:
            (message,) = take(receiver, 1)
            namespace.simulator.clock.advance(61)
            time.sleep(0.3)
            with pytest.raises(exceptions.ServiceBusError):
                receiver.complete_message(message)
                receiver.receive_messages(max_wait_time=1)
        with client.get_queue_receiver(queue, session_id="s") as receiver:
            assert take(receiver, 1)[0].delivery_count == 1


def test_subscriptions_take_what_their_rules_let_through(namespace: Any) -> None:
    topic = namespace.topic("news", all={}, red={}, mail={}, changed={})
    for name in ("red", "mail", "changed"):
        namespace.without_rules(topic, name)
    namespace.rule(topic, "red", "r", filterType="SqlFilter", sqlFilter={"sqlExpression": "color = 'red' AND size > 3"})
    namespace.rule(
        topic,
        "mail",
        "r",
        filterType="CorrelationFilter",
        correlationFilter={"label": "mail", "properties": {"color": "blue"}},
    )
    namespace.rule(
        topic,
        "changed",
        "r",
        sqlFilter={"sqlExpression": "EXISTS(size)"},
        action={"sqlExpression": "SET size = size + 1; REMOVE color"},
    )
    with namespace.client() as client, client.get_topic_sender(topic) as sender:
        sender.send_messages(Message("1", subject="mail", application_properties={"color": "red", "size": 4}))
        sender.send_messages(Message("2", subject="mail", application_properties={"color": "blue"}))
        seen = {}
        for name in ("all", "red", "mail", "changed"):
            with client.get_subscription_receiver(topic, name) as receiver:
                found = peek(receiver)
                seen[name] = texts(found)
                if name == "changed":
                    assert found[0].application_properties == {b"size": 5}
        assert seen == {"all": ["1", "2"], "red": ["1"], "mail": ["2"], "changed": ["1"]}


def test_messages_are_forwarded(namespace: Any) -> None:
    namespace.queue("last")
    namespace.queue("first", forwardTo="last", forwardDeadLetteredMessagesTo="last")
    namespace.queue("letters", forwardDeadLetteredMessagesTo="last")
    with namespace.client() as client:
        with client.get_queue_sender("first") as sender:
            sender.send_messages(Message("on"))
        with client.get_queue_sender("letters") as sender, client.get_queue_receiver("letters") as receiver:
            sender.send_messages(Message("dead"))
            receiver.dead_letter_message(take(receiver, 1)[0], reason="r")
        with client.get_queue_receiver("last") as receiver:
            found = take(receiver, 2)
            assert texts(found) == ["on", "dead"] and found[1].dead_letter_reason == "r"
        with pytest.raises(exceptions.ServiceBusError), client.get_queue_receiver("first"):
            pass


def test_messages_that_are_too_big_are_refused(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with (
        namespace.client() as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):
        with pytest.raises(exceptions.MessageSizeExceededError):
            sender.send_messages(Message(b"x" * 300_000))
        sender.send_messages(Message(b"y" * 250_000))
        assert len(b"".join(take(receiver, 1)[0].body)) == 250_000


def test_what_does_not_exist_or_is_switched_off_refuses(namespace: Any) -> None:
    namespace.queue("off", status="Disabled")
    namespace.queue("one-way", status="ReceiveDisabled")
    with namespace.client() as client:
        for name, problem in (
            ("nowhere", exceptions.MessagingEntityNotFoundError),
            ("off", exceptions.MessagingEntityDisabledError),
        ):
            with pytest.raises(problem), client.get_queue_sender(name):
                pass
        with client.get_queue_sender("one-way") as sender:
            sender.send_messages(Message("x"))
        with pytest.raises(exceptions.MessagingEntityDisabledError), client.get_queue_receiver("one-way"):
            pass


def test_accepted_messages_outlive_the_broker(namespaces: Any, tmp_path: Any) -> None:
    namespace = namespaces(tmp_path / "state.sqlite")
    queue = namespace.queue("orders")
    sessions = namespace.queue("sessions", requiresSession=True)
    with namespace.client() as client:
        with client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
            sender.send_messages([Message(str(number)) for number in range(6)])
            found = take(receiver, 3)
            receiver.complete_message(found[0])
            receiver.dead_letter_message(found[1], reason="why")
            receiver.defer_message(found[2])
            peek(receiver)
        with client.get_queue_sender(sessions) as sender:
            sender.send_messages(Message("s", session_id="s"))
        with client.get_queue_receiver(sessions, session_id="s") as receiver:
            receiver.session.set_state(b"state")
    namespace.restart()
    with namespace.client() as client:
        with client.get_queue_receiver(queue) as receiver, client.get_queue_sender(queue) as sender:
            assert texts(take(receiver, 3)) == ["3", "4", "5"]
            assert texts(receiver.receive_deferred_messages(found[2].sequence_number)) == ["2"]
            sender.send_messages(Message("new"))
            assert take(receiver, 1)[0].sequence_number == 7
        with client.get_queue_receiver(queue, sub_queue="deadletter") as receiver:
            assert take(receiver, 1)[0].dead_letter_reason == "why"
        with client.get_queue_receiver(sessions, session_id="s") as receiver:
            assert receiver.session.get_state() == b"state"


def test_a_queue_that_was_made_again_is_empty(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with namespace.client() as client:
        with client.get_queue_sender(queue) as sender:
            sender.send_messages(Message("old"))
        namespace.arm("DELETE", f"{namespace.id}/queues/{queue}")
        namespace.queue(queue)
        with client.get_queue_receiver(queue) as receiver:
            assert peek(receiver) == []
