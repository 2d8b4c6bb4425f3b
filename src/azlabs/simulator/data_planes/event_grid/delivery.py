"""Events on their way: to functions, web hooks, storage queues, Service Bus; again after a while when they were not taken.

What waits to be tried again is kept in memory, and is lost with the process that took the event.
https://learn.microsoft.com/azure/event-grid/delivery-and-retry
"""

from __future__ import annotations

import base64
import heapq
import itertools
import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from azlabs.simulator.data_planes.event_grid import filters
from azlabs.simulator.http import Request, split_url

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

Event = dict[str, Any]
SUBSCRIPTIONS = ("microsoft.eventgrid/eventsubscriptions", "microsoft.eventgrid/topics/eventsubscriptions")
PAUSES = (10.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds until the next attempt; the last one again and again."""
FINAL = (400, 401, 403, 404, 413, 501)
"""Answers after which there is no other attempt."""
FIRST_SECONDS = 2.0
"""How long a publisher waits at most for the first attempts."""
MOST_WAITING = 10_000
_log = logging.getLogger(__name__)


@dataclass(order=True)
class _Waiting:
    at: float
    number: int
    subscription: str = field(compare=False)
    event: Event = field(compare=False)
    attempts: int = field(compare=False)
    since: float = field(compare=False)


class Courier:
    """Delivers the events of one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._running = False

    def deliver(self, subscription: str, event: Event, attempts: int = 0, since: float = 0.0) -> None:
        """One attempt; the next one is planned when it fails."""
        with self._simulator.store.lock:
            row = self._simulator.store.get(subscription)
        if row is None:
            return
        since = since or time.monotonic()
        try:
            status = Destination(self._simulator, row).send(event)
        except Exception:
            _log.exception("an event could not be delivered")
            status = 500
        if status < 300:
            return
        retry = row.body["properties"].get("retryPolicy") or {}
        over = time.monotonic() - since > 60 * float(retry.get("eventTimeToLiveInMinutes", 1440))
        if status in FINAL or over or attempts + 1 >= int(retry.get("maxDeliveryAttempts", 30)):
            Destination(self._simulator, row).set_aside(event, status, attempts + 1)
            return
        at = time.monotonic() + PAUSES[min(attempts, len(PAUSES) - 1)]
        self._plan(_Waiting(at, next(self._numbers), subscription, event, attempts + 1, since))

    def _plan(self, one: _Waiting) -> None:
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                _log.warning("an event was dropped: too many wait to be delivered")
                return
            heapq.heappush(self._waiting, one)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="azlabs-event-grid", daemon=True).start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._running = False
                    return
                left = self._waiting[0].at - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                one = heapq.heappop(self._waiting)
            self.deliver(one.subscription, one.event, one.attempts, one.since)


_couriers: WeakKeyDictionary[Simulator, Courier] = WeakKeyDictionary()
_lock = threading.Lock()


def publish(simulator: Simulator, topic: Resource, events: list[Event]) -> None:
    """Give events to every subscription of a topic that wants them."""
    with simulator.store.lock:
        found = [row for kind in SUBSCRIPTIONS for row in simulator.store.at_scope(topic.key, kind)]
    spread(simulator, found, events, FIRST_SECONDS)


def spread(simulator: Simulator, subscriptions: list[Resource], events: list[Event], wait: float) -> None:
    """Give events to those of these subscriptions that want them; waits so many seconds at most for the first attempts."""
    with _lock:
        courier = _couriers.setdefault(simulator, Courier(simulator))
    threads = []
    for row in subscriptions:
        wanted = [event for event in events if filters.wants(row.body["properties"].get("filter") or {}, event)]
        if wanted:
            work = threading.Thread(target=_all, args=(courier, row.key, wanted), name="azlabs-event-grid", daemon=True)
            work.start()
            threads.append(work)
    end = time.monotonic() + wait
    for work in threads:
        work.join(max(0.0, end - time.monotonic()))


def _all(courier: Courier, subscription: str, events: list[Event]) -> None:
    for event in events:
        courier.deliver(subscription, event)


class Destination:
    """Where a subscription's events go."""

    def __init__(self, simulator: Simulator, row: Resource) -> None:
        self._simulator, self._row = simulator, row
        mine = row.body["properties"]
        inner = (mine.get("deliveryWithResourceIdentity") or {}).get("destination") or mine.get("destination") or {}
        self._kind: str = str(inner.get("endpointType"))
        self._properties: Mapping[str, Any] = inner.get("properties") or {}

    def send(self, event: Event) -> int:
        """Deliver one event; the status of the answer, 501 where the simulator has no such destination."""
        sender = getattr(self, f"_to_{self._kind.lower()}", None)
        return 501 if sender is None else int(sender(event))

    def _to_azurefunction(self, event: Event) -> int:
        from azlabs.simulator.functions import keys
        from azlabs.simulator.providers.web.shown import host_name

        site, _, function = str(self._properties["resourceId"]).rpartition("/functions/")
        key = keys.system_key(self._simulator, site.lower(), "eventgrid_extension")
        url = f"https://{host_name(site)}/runtime/webhooks/eventgrid?functionName={function}&code={key}"
        return self._post(url, event)

    def _to_webhook(self, event: Event) -> int:
        return self._post(str(self._row.hidden.get("url", "")), event)

    def _post(self, url: str, event: Event) -> int:
        """Only what the simulator answers is reached: nothing goes out to the network."""
        if not split_url(url)[0].endswith(".azurewebsites.net"):
            return 501
        cloud = "specversion" in event
        kind = "application/cloudevents+json" if cloud else "application/json"
        headers = {"Content-Type": kind, "aeg-event-type": "Notification", "aeg-subscription-name": self._row.name.upper()}
        body = json.dumps(event if cloud else [event]).encode()
        return self._simulator.handle(Request("POST", url, headers, body)).status

    def _to_storagequeue(self, event: Event) -> int:
        from azlabs.simulator.functions.bindings import queue
        from azlabs.simulator.functions.model import FunctionProblem

        place = self._storage("queue", str(self._properties["resourceId"]))
        if place is None:
            return 404
        try:
            queue.send(place, str(self._properties["queueName"]), base64.b64encode(json.dumps(event).encode()).decode(), "The event")
        except FunctionProblem:
            return 500
        return 200

    def _storage(self, service: Any, account: str) -> Any:
        from azlabs.simulator.functions.bindings.storage import DOMAIN, Service

        with self._simulator.store.lock:
            row = self._simulator.store.get(account.lower())
        if row is None:
            return None
        return Service(self._simulator.handle, f"https://{row.name}.{service}.{DOMAIN}", key=str(row.hidden["keys"][0]["value"]))

    def _to_servicebusqueue(self, event: Event) -> int:
        return self._to_bus(event)

    def _to_servicebustopic(self, event: Event) -> int:
        return self._to_bus(event)

    def _to_bus(self, event: Event) -> int:
        """Into an entity of Service Bus, by the rule of its namespace that may do everything."""
        from azlabs.simulator.data_planes.service_bus.local import Client, Outgoing, Refusal

        parts = str(self._properties["resourceId"]).split("/")
        namespace, entity = "/".join(parts[:9]), parts[-1]
        with self._simulator.store.lock:
            rule = self._simulator.store.get(f"{namespace}/authorizationrules/rootmanagesharedaccesskey".lower())
        if rule is None:
            return 401
        text = f"Endpoint=sb://{parts[8].lower()}.servicebus.windows.net/;SharedAccessKeyName={rule.name};SharedAccessKey={_key(rule)}"
        client = Client.from_connection_string(self._simulator, text)
        try:
            client.send(entity, [Outgoing(json.dumps(event).encode(), message_id=str(event["id"]), content_type="application/json")])
        except Refusal:
            return 500
        finally:
            client.close()
        return 200

    def set_aside(self, event: Event, status: int, attempts: int) -> None:
        """Put an event that cannot be delivered into the container for such events, when the subscription has one."""
        from azlabs.simulator.functions.bindings import blob
        from azlabs.simulator.functions.model import FunctionProblem

        mine = self._row.body["properties"]
        by_identity = (mine.get("deadLetterWithResourceIdentity") or {}).get("deadLetterDestination")
        dead = (by_identity or mine.get("deadLetterDestination") or {}).get("properties")
        if not dead:
            _log.warning("an event for %s was dropped after %d attempts: %d", self._row.name, attempts, status)
            return
        place = self._storage("blob", str(dead["resourceId"]))
        if place is None:
            return
        moment = time.strftime("%Y/%-m/%-d/%-H", time.gmtime(self._simulator.clock.now()))
        reason = {"deadLetterReason": "MaxDeliveryAttemptsExceeded" if status not in FINAL else "UndeliverableDueToHttpStatus"}
        facts = {**event, **reason, "deliveryAttempts": attempts, "lastDeliveryOutcome": str(status)}
        path = f"{dead['blobContainerName']}/{self._row.name}/{moment}/{event['id']}.json"
        try:
            blob.put(place, path, json.dumps([facts]).encode())
        except FunctionProblem as problem:
            _log.warning("an event could not be set aside: %s", problem)


def _key(rule: Resource) -> str:
    return str(rule.hidden["keys"]["primaryKey"])
