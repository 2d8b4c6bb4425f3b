"""Event Grid: events to a custom topic as output."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.functions.bindings import values
from azlabs.simulator.functions.model import Datum, Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

Binding = Mapping[str, Any]
AUDIENCE = "https://eventgrid.azure.net"


def write(app: App, function: Function, binding: Binding, datum: Datum, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Publish the events, all in one request."""
    url, headers = _target(app, binding)
    events = values.documents(datum, f"The binding '{binding['name']}'")
    for event in events:
        if "specversion" not in event:
            event.setdefault("id", str(uuid.uuid4()))
            event["eventTime"] = event.get("eventTime") or stamp(app.now())
    kind = "application/cloudevents-batch+json" if events and "specversion" in events[0] else "application/json"
    answer = app.send("POST", url, {**headers, "Content-Type": kind}, json.dumps(events).encode())
    if answer.status >= 300:
        text = answer.body.decode("utf-8", "replace")[:300]
        raise FunctionProblem(f"The events of the binding '{binding['name']}' were refused by the topic: {answer.status} {text}")


def check(app: App, function: Function, binding: Binding) -> None:  # noqa: ARG001
    """Raise `FunctionProblem` when the binding cannot work."""
    _target(app, binding)


def _target(app: App, binding: Binding) -> tuple[str, dict[str, str]]:
    """(URL of the topic, headers that prove who sends)."""
    endpoint, key = str(binding.get("topicEndpointUri") or ""), str(binding.get("topicKeySetting") or "")
    settings = {name.lower(): value for name, value in app.settings.items()}
    if endpoint or key:
        for name in (endpoint, key):
            if not settings.get(name.lower()):
                raise FunctionProblem(f"The setting '{name}' that the binding '{binding.get('name')}' names is missing.")
        return _url(settings[endpoint.lower()]), {"aeg-sas-key": settings[key.lower()]}
    name = str(binding.get("connection") or "")
    connection = app.connection(name)
    found = connection.get("topicEndpointUri")
    if not found:
        raise FunctionProblem(f"The connection '{name}' has no setting '{name}__topicEndpointUri'.")
    return _url(found), {"Authorization": f"Bearer {connection.token(AUDIENCE)}"}


def _url(endpoint: str) -> str:
    return endpoint if "?" in endpoint else f"{endpoint}?api-version=2018-01-01"
