"""The activity log: every change and action of the control plane, done or refused, as Microsoft.Insights lists it."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.identity import SUBSCRIPTION_ID, TENANT_ID
from azlabs.simulator.resource_manager import filters, reads, routes
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

KEPT_DAYS = 90
_DAY = 86400.0
_TIME = re.compile(r"eventTimestamp\s+(ge|le)\s+'?([0-9T:.+\-Z]+)'?", re.I)
_NAMES = {status.value: status.phrase.title().replace(" ", "") for status in HTTPStatus} | {200: "OK"}
"""HTTP statuses as the log names them: "NoContent"."""


def list_events(call: Call) -> Answer:
    """Events by $filter on eventTimestamp (required), resourceGroupName, resourceUri, correlationId, caller..., newest first."""
    text = call.query.get("$filter", "")
    times = {word.lower(): _seconds(value) for word, value in _TIME.findall(text)}
    if "ge" not in times:
        raise Refused(400, "BadRequest", "The filter has to name a start time: eventTimestamp ge '...'.")
    if times["ge"] < call.now - KEPT_DAYS * _DAY - _DAY:
        raise Refused(400, "BadRequest", f"The start time cannot be more than {KEPT_DAYS} days in the past.")
    rest = re.sub(r"^\s*and\s+|\s+and\s*$", "", re.sub(r"\s+and(\s+and)+\s+", " and ", _TIME.sub("", text))).strip()
    wanted = filters.parse(rest, _lookup) if rest and rest.lower() != "and" else None
    events = []
    for entry in call.store.activity(f"/subscriptions/{call.route.subscription}", since=times["ge"]):
        if entry["at"] <= times.get("le", entry["at"]):
            event = _event(entry)
            if wanted is None or wanted(event):
                events.append(event)
    size, after = reads.page_size(call), reads.read_token(call)
    selected = {name.strip().lower() for name in call.query.get("$select", "").split(",")} - {""}
    texts = [dumps(_only(event, selected)) for event in events[after : after + size]]
    return reads.page(call, texts, after + size if len(events) > after + size else None)


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise Refused(400, "BadRequest", f"The time '{text}' in the filter cannot be read.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _only(event: dict[str, Any], selected: set[str]) -> dict[str, Any]:
    return event if not selected else {name: value for name, value in event.items() if name.lower() in selected}


def _lookup(event: dict[str, Any], name: str) -> Any:
    """Filters name members without their `value`, and the resource's id `resourceUri`."""
    wanted = {"resourceuri": "resourceid", "resourceprovider": "resourceprovidername"}.get(name.lower(), name.lower())
    value = next((item for member, item in event.items() if member.lower() == wanted), None)
    return value.get("value") if isinstance(value, dict) else value


def _word(value: str, localized: str = "") -> dict[str, str]:
    return {"value": value, "localizedValue": localized or value}


def _event(entry: dict[str, Any]) -> dict[str, Any]:
    route = routes.parse(entry["key"])
    status, at, action = entry["status"], entry["at"], entry["action"]
    done = status < 400
    seed = f"{entry['key']} {at} {action}"
    event_id, operation_id = (str(uuid.uuid5(uuid.NAMESPACE_OID, f"{word} {seed}")) for word in ("event", "operation"))
    name = _NAMES.get(status, str(status))
    kind = action.rpartition("/")[0]
    event: dict[str, Any] = {
        "authorization": {"action": action, "scope": entry["key"]},
        "caller": entry["principal"],
        "channels": "Operation",
        "claims": {"http://schemas.microsoft.com/identity/claims/objectidentifier": entry["principal"]},
        "correlationId": entry["correlation"] or operation_id,
        "description": "",
        "eventDataId": event_id,
        "eventName": _word("EndRequest", "End request"),
        "category": _word("Administrative"),
        "eventTimestamp": stamp(at),
        "id": f"{entry['key']}/events/{event_id}/ticks/{int((at + 62135596800) * 1e7)}",
        "level": "Informational" if done else "Error",
        "operationId": operation_id,
        "operationName": _word(action),
        "resourceGroupName": route.group,
        "resourceProviderName": _word(action.partition("/")[0]),
        "resourceType": _word(kind),
        "resourceId": entry["key"],
        "status": _word("Succeeded" if done else "Failed"),
        "subStatus": _word(name, f"{name} (HTTP Status Code: {status})"),
        "submissionTimestamp": stamp(at),
        "subscriptionId": route.subscription or SUBSCRIPTION_ID,
        "tenantId": TENANT_ID,
        "properties": {"statusCode": name, "serviceRequestId": None},
    }
    if "code" in entry:
        event["properties"]["statusMessage"] = dumps({"error": {"code": entry["code"], "message": entry["message"]}})
    return event


ENDPOINTS = [
    Endpoint(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values",
        list_events,
        ("2015-04-01", "2017-03-01-preview"),
    ),
]
