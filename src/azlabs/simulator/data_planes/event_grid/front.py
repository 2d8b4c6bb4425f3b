"""`<topic>.<region>-1.eventgrid.azure.net/api/events`: who may publish, which events are good.

https://learn.microsoft.com/azure/event-grid/post-to-custom-topic
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.event_grid import delivery
from azlabs.simulator.http import Answer, CaseInsensitive, json_answer, split_url
from azlabs.simulator.providers.authorization.table import access_table
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator import Request, Simulator
    from azlabs.simulator.records import Resource

TOPIC = "microsoft.eventgrid/topics"
AUDIENCES = frozenset({"https://eventgrid.azure.net", "https://eventgrid.azure.net/"})
ACTION = "Microsoft.EventGrid/events/send/action"
MOST_BYTES = 1024 * 1024
GRID, CLOUD = "EventGridSchema", "CloudEventSchemaV1_0"
NEEDED = {
    GRID: ("id", "subject", "eventType", "eventTime", "dataVersion", "data"),
    CLOUD: ("id", "source", "type", "specversion"),
}
_CLOUD_TYPES = ("application/cloudevents+json", "application/cloudevents-batch+json")
Event = dict[str, Any]


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:  # noqa: ARG001
    """Answer one request to a topic."""
    host = split_url(request.url)[0]
    try:
        topic = _topic(simulator, host)
        headers = CaseInsensitive(request.headers)
        if path.rstrip("/").lower() != "/api/events" or request.method != "POST":
            raise Refused(404, "NotFound", f"There is no '{request.method} {path}' at an Event Grid topic.")
        _authorize(simulator, topic, headers)
        delivery.publish(simulator, topic, _events(topic, headers, request.body or b""))
        return Answer(200)
    except Refused as refusal:
        return json_answer(refusal.body(), refusal.status, refusal.headers)


def _topic(simulator: Simulator, host: str) -> Resource:
    with simulator.store.lock:
        for row in simulator.store.of_type(TOPIC):
            if split_url(str(row.body["properties"].get("endpoint", "")))[0] == host:
                return row
    raise Refused(404, "NotFound", f"There is no topic behind '{host}'.")


def _authorize(simulator: Simulator, topic: Resource, headers: Mapping[str, str]) -> None:
    mine = topic.body["properties"]
    if mine.get("publicNetworkAccess") == "Disabled":
        raise Refused(403, "Forbidden", f"Publishing to {topic.name} is rejected: its public network access is disabled.")
    key, authorization = headers.get("aeg-sas-key"), headers.get("authorization", "")
    if headers.get("aeg-sas-token") or authorization.lower().startswith("sharedaccesssignature"):
        raise not_modelled("shared access signatures of Event Grid topics")
    if key is not None:
        if mine.get("disableLocalAuth"):
            raise Refused(401, "Unauthorized", f"Local authentication of the topic {topic.name} is disabled; use Microsoft Entra ID.")
        if not any(hmac.compare_digest(str(one).encode(), key.encode()) for one in topic.hidden.get("keys", {}).values()):
            raise Refused(401, "Unauthorized", "The request did not have a valid key in the header 'aeg-sas-key'.")
        return
    principal = simulator.tokens.check(authorization or None, simulator.clock.now(), AUDIENCES)
    if simulator.tokens.audience(authorization) == EVERY_AUDIENCE:
        return
    with simulator.store.lock:
        decision = access_table(simulator.store).can(principal.object_id, ACTION, topic.id, data=True)
    if decision.allowed is None:
        raise not_modelled("conditions of role assignments")
    if not decision.allowed or decision.denied_by is not None:
        raise Refused(403, "Forbidden", f"The principal '{principal.object_id}' is not authorized to send events to '{topic.name}'.")


def _events(topic: Resource, headers: Mapping[str, str], body: bytes) -> list[Event]:
    schema = str(topic.body["properties"].get("inputSchema", GRID))
    if schema not in NEEDED:
        raise not_modelled(f"topics with the input schema {schema}")
    if len(body) > MOST_BYTES:
        raise Refused(413, "PayloadTooLarge", f"The size of the events is larger than {MOST_BYTES} bytes.")
    try:
        found = json.loads(body)
    except ValueError:
        raise Refused(400, "BadRequest", "The body of the request is not valid JSON.") from None
    single = isinstance(found, dict)
    if schema == CLOUD and headers.get("content-type", "").partition(";")[0].strip().lower() not in _CLOUD_TYPES:
        raise Refused(400, "BadRequest", f"The content type of events to this topic has to be one of {', '.join(_CLOUD_TYPES)}.")
    if single and schema == GRID:
        raise Refused(400, "BadRequest", "The events have to be a JSON array.")
    events = [found] if single else found
    if not isinstance(events, list) or not events:
        raise Refused(400, "BadRequest", "The events have to be a JSON array with one event at least.")
    for event in events:
        if not isinstance(event, dict):
            raise Refused(400, "BadRequest", "An event has to be a JSON object.")
        missing = [name for name in NEEDED[schema] if event.get(name) in (None, "") and name != "data"]
        if missing:
            raise Refused(400, "BadRequest", f"This event is missing the required property '{missing[0]}' of the schema {schema}.")
        if schema == GRID:
            event.setdefault("topic", topic.id)
            event["metadataVersion"] = "1"
    return events
