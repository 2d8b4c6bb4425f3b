"""Service Bus trigger: queues, subscriptions, sessions, single messages and batches.

A function that fails gives its message back at once; the delivery limit of the entity decides when it is set aside.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.functions.model import Event, Function, FunctionProblem
from azlabs.simulator.functions.triggers import Trigger, messages

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.local import Client, Received, Receiver
    from azlabs.simulator.functions.app import App

SECTION = ("extensions", "serviceBus")
DEFAULT_CONNECTION = "ServiceBus"
WAIT_SECONDS = 60.0
AGAIN_SECONDS = 0.3
"""After which a receiver that was refused is tried again."""
LOOK_SECONDS = 1.0
SPARE = 0.5
"""Share of a lock's time after which it is renewed."""


class ServiceBusTrigger(Trigger):
    """Receives for one function."""

    kind: ClassVar[str] = "serviceBusTrigger"

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        binding, host = function.trigger, app.host_json
        self.path = _path(app, function)
        self.sessions = bool(binding.get("isSessionsEnabled"))
        self.binary = str(binding.get("dataType") or "").lower() == "binary"
        self.many = function.many
        complete = binding.get("autoCompleteMessages")
        self.completes = (
            complete if isinstance(complete, bool) else host.flag(*SECTION, "autoCompleteMessages", default=True)
        )
        self.calls = host.number(*SECTION, "maxConcurrentCalls", default=16)
        self.concurrent_sessions = host.number(*SECTION, "maxConcurrentSessions", default=8)
        self.batch = host.number(*SECTION, "maxMessageBatchSize", default=1000)
        self.least = host.number(*SECTION, "minMessageBatchSize", default=1)
        self.patience = host.seconds(*SECTION, "maxBatchWaitTime", default=30.0)
        self.renewal = host.seconds(*SECTION, "maxAutoLockRenewalDuration", default=300.0)
        self.idle = host.seconds(*SECTION, "sessionIdleTimeout", default=WAIT_SECONDS)
        self._client: Client | None = None
        self._slots = threading.Semaphore(self.calls)
        self._said = ""
        self._locks = _Locks(self)

    # --- life -------------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Open the client and begin to receive."""
        name = str(self.function.trigger.get("connection") or DEFAULT_CONNECTION)
        try:
            self._client = self._open(name)
        except (FunctionProblem, ValueError) as problem:
            self._say(str(problem))
            self.app.problems[self.function.name] = str(problem)
            return
        self._locks.start()
        if self.sessions:
            for _ in range(self.concurrent_sessions):
                self._thread(self._receive_sessions)
        else:
            self._thread(self._receive_batches if self.many else self._receive_singles)

    def _thread(self, work: Any) -> None:
        threading.Thread(target=work, name=f"azlabs-bus-{self.function.name}", daemon=True).start()

    def _open(self, name: str) -> Client:
        from azlabs.simulator.data_planes.service_bus.local import AUDIENCE, Client

        connection = self.app.connection(name)
        if connection.text:
            return Client.from_connection_string(self.app.simulator, connection.text)
        host = connection.get("fullyQualifiedNamespace")
        if not host:
            raise FunctionProblem(
                f"The connection '{name}' has no {name}__fullyQualifiedNamespace; set it to <namespace>.servicebus.windows.net."
            )
        return Client(self.app.simulator, host, token=lambda: connection.token(AUDIENCE))

    def stop(self) -> None:
        """Receive no more; what was received is finished by its own threads."""
        client, self._client = self._client, None
        self._locks.stop()
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    def by_hand(self, text: str | None) -> Event:
        """A message with this body."""
        return messages.by_hand(text, self.many)

    # --- receiving --------------------------------------------------------------------------------------------------------
    def _receiver(self) -> Receiver | None:
        """A receiver of the entity; None when it is time to stop."""
        from azlabs.simulator.data_planes.service_bus.local import BrokerGone, Refusal

        while not self.app.stopping.is_set() and (client := self._client) is not None:
            try:
                return client.receiver(self.path)
            except (Refusal, FunctionProblem) as problem:
                self._refused(problem)
            except BrokerGone:
                return None
        return None

    def _receive(self, receiver: Receiver, most: int, wait: float) -> list[Received] | None:
        """Messages; none when there were none in time; None when it is time to stop."""
        from azlabs.simulator.data_planes.service_bus.local import BrokerGone, Refusal

        if self.app.stopping.is_set() or self._client is None:
            return None
        try:
            found = receiver.receive(most, wait)
        except (Refusal, FunctionProblem) as problem:
            self._refused(problem)
            return []
        except BrokerGone:
            return None
        self._said = ""
        return found if not found or self._still_mine(receiver, found) else None

    def _still_mine(self, receiver: Receiver, found: list[Received]) -> bool:
        """A change of the app that was made before the message came counts for the message: the app that follows gets it."""
        self.app.host_process.look()
        if not self.app.stopping.is_set():
            return True
        for message in found:
            with contextlib.suppress(Exception):
                receiver.release(message)
        return False

    def _refused(self, problem: Exception) -> None:
        """Say why nothing can be received, once, and wait a little."""
        self._say(str(getattr(problem, "message", "") or problem))
        self.app.stopping.wait(AGAIN_SECONDS)

    def _say(self, text: str) -> None:
        if text != self._said and not self.app.stopping.is_set():
            self._said = text
            self.app.log.write(
                "Error", f"The listener for function '{self.function.name}' cannot receive: {text}", self.function.name
            )

    def _receive_singles(self) -> None:
        receiver = self._receiver()
        while receiver is not None:
            free = 0
            while free < self.calls and self._slots.acquire(timeout=LOOK_SECONDS if free == 0 else 0):
                free += 1
            if free == 0:
                if self.app.stopping.is_set():
                    return
                continue
            found = self._receive(receiver, free, WAIT_SECONDS)
            for _ in range(free - len(found or ())):
                self._slots.release()
            if found is None:
                return
            for message in found:
                self._hand_over(receiver, message)

    def _hand_over(self, receiver: Receiver, message: Received) -> None:
        """To a thread of its own; back to the queue where the app has been stopped meanwhile."""
        if not self.app.stopping.is_set():
            self._locks.hold(receiver, message)
            # Not a pool: whoever ends the process does not have to wait for a function.
            threading.Thread(target=self._one, args=(receiver, message), name="azlabs-message", daemon=True).start()
            return
        self._slots.release()
        with contextlib.suppress(Exception):
            receiver.release(message)

    def _one(self, receiver: Receiver, message: Received) -> None:
        try:
            self._process(receiver, message)
        finally:
            self._slots.release()

    def _process(self, receiver: Receiver, message: Received) -> None:
        """One invocation for one message, and its outcome for the message."""
        try:
            outcome = self.app.invoke(self.function, messages.single(message, self.binary, self.path))
        finally:
            self._locks.drop(message)
        self._settle(receiver, [message], outcome.ok)

    def _settle(self, receiver: Receiver, done: list[Received], ok: bool) -> None:
        if ok and not self.completes:
            return
        for message in done:
            try:
                if ok:
                    receiver.complete(message)
                else:
                    receiver.abandon(message)
            except Exception as problem:
                text = f"A message of '{self.path}' could not be {'completed' if ok else 'given back'}: {problem}"
                with contextlib.suppress(Exception):
                    self.app.log.write("Warning", text, self.function.name)

    def _receive_batches(self) -> None:
        receiver = self._receiver()
        while receiver is not None:
            found = self._receive(receiver, self.batch, WAIT_SECONDS)
            if found is None:
                return
            if found:
                found += self._until_enough(receiver, len(found))
                self._process_batch(receiver, found)

    def _until_enough(self, receiver: Receiver, count: int) -> list[Received]:
        """More messages, until there are as many as the app wants at least or its patience ends."""
        more: list[Received] = []
        until = time.monotonic() + self.patience
        while count + len(more) < self.least and (left := until - time.monotonic()) > 0:
            found = self._receive(receiver, self.batch - count - len(more), min(left, LOOK_SECONDS))
            if found is None:
                break
            more += found
        return more

    def _process_batch(self, receiver: Receiver, found: list[Received]) -> None:
        outcome = self.app.invoke(self.function, messages.batch(found, self.binary, self.path))
        self._settle(receiver, found, outcome.ok)

    # --- sessions ---------------------------------------------------------------------------------------------------------
    def _receive_sessions(self) -> None:
        from azlabs.simulator.data_planes.service_bus.local import BrokerGone, Refusal

        while not self.app.stopping.is_set() and (client := self._client) is not None:
            try:
                receiver = client.next_session(self.path, WAIT_SECONDS)
            except (Refusal, FunctionProblem) as problem:
                self._refused(problem)
                continue
            except BrokerGone:
                return
            if receiver is None:
                continue
            try:
                self._work_on(receiver)
            finally:
                receiver.close()

    def _work_on(self, receiver: Receiver) -> None:
        """One session, message by message, until nothing comes for a while or its lock is lost."""
        while not self.app.stopping.is_set():
            said = self._said
            found = self._receive(receiver, self.batch if self.many else 1, self.idle)
            if not found:
                self._said = said
                return
            self._locks.hold_session(receiver)
            try:
                if self.many:
                    self._process_batch(receiver, found)
                else:
                    self._process(receiver, found[0])
            finally:
                self._locks.drop_session(receiver)


class _Locks:
    """Renews the locks of what is being worked on, for as long as host.json says."""

    def __init__(self, trigger: ServiceBusTrigger) -> None:
        self._trigger = trigger
        self._held: dict[object, tuple[Receiver, Received | None, float, float]] = {}
        """By token or session receiver: receiver, message, since when (monotonic), when to renew (the simulator's clock)."""
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="azlabs-bus-locks", daemon=True).start()

    def stop(self) -> None:
        """Locks of what is still being worked on are renewed until it is over."""
        self._ended.set()

    def hold(self, receiver: Receiver, message: Received) -> None:
        now = self._trigger.app.now()
        with self._lock:
            self._held[message.lock_token] = (
                receiver,
                message,
                time.monotonic(),
                now + (message.locked_until - now) * SPARE,
            )

    def drop(self, message: Received) -> None:
        with self._lock:
            self._held.pop(message.lock_token, None)

    def hold_session(self, receiver: Receiver) -> None:
        with self._lock:
            self._held[receiver] = (receiver, None, time.monotonic(), self._trigger.app.now())

    def drop_session(self, receiver: Receiver) -> None:
        with self._lock:
            self._held.pop(receiver, None)

    def _run(self) -> None:
        while not (self._ended.wait(LOOK_SECONDS) and not self._held):
            if self._ended.is_set():
                time.sleep(LOOK_SECONDS)
            now = self._trigger.app.now()
            with self._lock:
                due = [(key, *entry) for key, entry in self._held.items() if entry[3] <= now]
            for key, receiver, message, since, _ in due:
                if time.monotonic() - since > self._trigger.renewal:
                    continue
                with contextlib.suppress(Exception):
                    until = receiver.renew_session() if message is None else receiver.renew(message)
                    with self._lock:
                        if key in self._held:
                            self._held[key] = (receiver, message, since, now + (until - now) * SPARE)


def _path(app: App, function: Function) -> str:
    """The entity that the binding names."""
    binding = function.trigger
    what = f"the trigger of '{function.name}'"
    if binding.get("queueName"):
        return app.setting(str(binding["queueName"]), what).strip("/")
    if not binding.get("topicName") or not binding.get("subscriptionName"):
        raise FunctionProblem(f"The trigger of '{function.name}' has to name a queue, or a topic and a subscription.")
    topic, name = (app.setting(str(binding[key]), what).strip("/") for key in ("topicName", "subscriptionName"))
    suffix = ""
    if name.lower().endswith("/$deadletterqueue"):
        name, _, letter = name.rpartition("/")
        suffix = f"/{letter}"
    return f"{topic}/Subscriptions/{name}{suffix}"
