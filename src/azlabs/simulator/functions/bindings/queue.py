"""Storage queues: messages as output."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from azlabs.simulator.functions.bindings import storage, values
from azlabs.simulator.functions.model import Datum, Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

Binding = Mapping[str, Any]
DEFAULT = "AzureWebJobsStorage"
_MESSAGE = {"id", "body"}
"""Members of a `func.QueueMessage` on its way to the host."""


def write(app: App, function: Function, binding: Binding, datum: Datum, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Send one message, or one for each part; a queue that is missing is made."""
    name = app.expand(str(binding["queueName"]), given).lower()
    place = service(app, binding)
    for item in values.items(datum):
        body = item["body"] if isinstance(item, dict) and set(item) == _MESSAGE else item
        send(place, name, encoded(app, values.raw(body)), f"The message of the binding '{binding['name']}'")


def check(app: App, function: Function, binding: Binding) -> None:
    """Raise `FunctionProblem` when the binding cannot work."""
    if not binding.get("queueName"):
        raise FunctionProblem(f"The queue binding of function '{function.name}' names no queue.")
    service(app, binding)
    plain(app)


def service(app: App, binding: Binding) -> storage.Service:
    """The queue service that a binding means."""
    name = str(binding.get("connection") or DEFAULT)
    return storage.from_connection(app.connection(name), app.simulator.handle, "queue", name)


def plain(app: App) -> bool:
    """Are messages plain text, by `messageEncoding` of host.json? Else they are base64, as by default."""
    word = str(app.host_json.value("extensions", "queues", "messageEncoding", default="base64")).lower()
    if word not in ("base64", "none"):
        raise FunctionProblem(f"In host.json, extensions.queues.messageEncoding has to be base64 or none, not '{word}'.")
    return word == "none"


def encoded(app: App, body: bytes) -> str:
    """A body as the text of a message."""
    return body.decode("utf-8", "replace") if plain(app) else base64.b64encode(body).decode()


def send(place: storage.Service, queue: str, text: str, what: str) -> None:
    """Send a message to a queue, which is made when it is missing. Raises `FunctionProblem`."""
    body = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()
    headers = {"Content-Type": "application/xml"}
    answer = place.request("POST", f"{queue}/messages", None, headers, body)
    if answer.status == 404:
        storage.create(place, "PUT", queue, {})
        answer = place.request("POST", f"{queue}/messages", None, headers, body)
    if answer.status >= 300:
        raise FunctionProblem(f"{what} cannot be put into the queue '{queue}': {storage.said(answer)}")
