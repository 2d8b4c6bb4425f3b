"""Event Grid trigger: a webhook of the host that proves itself and takes events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.functions import keys
from azlabs.simulator.functions.model import Datum, Event, FunctionProblem
from azlabs.simulator.functions.triggers import Trigger
from azlabs.simulator.http import Answer, CaseInsensitive, Request, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable

VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
MOST_EVENTS = 5000


class EventGridTrigger(Trigger):
    """One function that events start, one at a time."""

    kind: ClassVar[str] = "eventGridTrigger"
    webhook: ClassVar[str] = "eventgrid"

    def start(self) -> None:
        """Events come through `hook`; the key of its address is made now."""
        keys.system_key(self.app.simulator, self.app.site_key, "eventgrid_extension")

    def stop(self) -> None:
        """The app takes no more requests."""

    def hook(self, request: Request, query: Mapping[str, str]) -> Answer:  # noqa: ARG002
        """A request to /runtime/webhooks/eventgrid?functionName=...&code=<system key eventgrid_extension>."""
        return taken(request, self._start)

    def _start(self, event: dict[str, Any]) -> bool:
        return self.app.invoke(self.function, event_of(event)).ok

    def by_hand(self, text: str | None) -> Event:
        """This event."""
        try:
            found = json.loads(text or "")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise FunctionProblem("The input of an Event Grid trigger is one event as a JSON object.")
        return event_of(found)


def taken(request: Request, start: Callable[[dict[str, Any]], bool]) -> Answer:
    """Answer a delivery of Event Grid: the handshakes of its two schemas, and events, each given to `start`.

    https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
    """
    headers = CaseInsensitive(request.headers)
    if request.method == "OPTIONS":
        origin = headers.get("webhook-request-origin", "")
        return Answer(200, {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}) if origin else Answer(400)
    if request.method != "POST":
        return Answer(405, {"Allow": "POST, OPTIONS"})
    kind = headers.get("aeg-event-type", "Notification").lower()
    if kind == "unsubscribe":
        return Answer(202)
    try:
        found = json.loads(request.body or b"")
    except ValueError:
        return _bad("The body of the request is not valid JSON.")
    events = found if isinstance(found, list) else [found]
    if not events or len(events) > MOST_EVENTS or not all(isinstance(one, dict) for one in events):
        return _bad("The body of the request has to be an event, or a list of events.")
    if kind == "subscriptionvalidation" or events[0].get("eventType") == VALIDATION:
        code = (events[0].get("data") or {}).get("validationCode")
        return json_answer({"validationResponse": code}) if code else _bad("The event has no validationCode.")
    results = [start(event) for event in events]
    return Answer(202) if all(results) else json_answer({"error": "A function that an event started failed."}, 500)


def event_of(event: dict[str, Any]) -> Event:
    """What an event starts."""
    trace = str(event.get("traceparent") or "")
    name = event.get("eventType") or event.get("type") or ""
    return Event(
        Datum("json", json.dumps(event)), {}, {**event}, parents=(trace,) if trace else (), reason=f"EventGrid trigger fired: {name}"
    )


def _bad(message: str) -> Answer:
    return json_answer({"error": message}, 400)
