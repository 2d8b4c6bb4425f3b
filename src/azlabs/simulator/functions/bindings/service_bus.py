"""Service Bus: messages to a queue or a topic as output."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from azlabs.simulator.functions.bindings import values
from azlabs.simulator.functions.model import Datum, Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.local import Client
    from azlabs.simulator.functions.app import App

Binding = Mapping[str, Any]
DEFAULT = "AzureWebJobsServiceBus"
_clients: WeakKeyDictionary[App, dict[str, Client]] = WeakKeyDictionary()
_lock = threading.Lock()


def write(app: App, function: Function, binding: Binding, datum: Datum, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Send one message, or one for each part."""
    from azlabs.simulator.data_planes.service_bus.local import BrokerGone, Outgoing, Refusal

    entity = app.expand(_entity(binding), given)
    kinds = [(item, None if isinstance(item, (str, bytes)) else "application/json") for item in values.items(datum)]
    messages = [Outgoing(values.raw(item), content_type=kind) for item, kind in kinds]
    try:
        _client(app, binding).send(entity, messages)
    except Refusal as refusal:
        raise FunctionProblem(f"The message of the binding '{binding['name']}' cannot be sent to '{entity}': {refusal.message}") from None
    except BrokerGone:
        with _lock:
            _clients.pop(app, None)
        raise FunctionProblem(f"The message of the binding '{binding['name']}' cannot be sent: the simulator is closing.") from None


def check(app: App, function: Function, binding: Binding) -> None:
    """Raise `FunctionProblem` when the binding cannot work."""
    if not _entity(binding):
        raise FunctionProblem(f"The Service Bus binding of function '{function.name}' names neither a queue nor a topic.")
    _made(app, binding).close()


def _entity(binding: Binding) -> str:
    return str(binding.get("queueName") or binding.get("topicName") or "")


def _client(app: App, binding: Binding) -> Client:
    name = str(binding.get("connection") or DEFAULT)
    with _lock:
        mine = _clients.setdefault(app, {})
        if name not in mine:
            mine[name] = _made(app, binding)
        return mine[name]


def _made(app: App, binding: Binding) -> Client:
    from azlabs.simulator.data_planes.service_bus.local import AUDIENCE, Client

    name = str(binding.get("connection") or DEFAULT)
    connection = app.connection(name)
    if connection.text:
        try:
            return Client.from_connection_string(app.simulator, connection.text)
        except ValueError as problem:
            raise FunctionProblem(f"The setting '{name}' is not the connection string of a Service Bus namespace: {problem}.") from None
    host = connection.get("fullyQualifiedNamespace")
    if not host:
        raise FunctionProblem(f"The connection '{name}' has neither a connection string nor '{name}__fullyQualifiedNamespace'.")
    return Client(app.simulator, host, token=lambda: connection.token(AUDIENCE))
