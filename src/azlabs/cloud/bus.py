"""Service Bus clients: they speak AMQP, so the read-only gate of the transports cannot stand in front of them."""

from __future__ import annotations

from typing import Any

from azlabs.cloud.errors import WriteRefused
from azlabs.errors import AzlabsError, ExitCode


def is_bus(kind: type[Any]) -> bool:
    """Is this `ServiceBusClient`, sync or aio?"""
    return kind.__name__ == "ServiceBusClient" and kind.__module__.startswith("azure.servicebus")


def client_class() -> type[Any]:
    """`azure.servicebus.ServiceBusClient`. Raises AzlabsError where the package is not installed."""
    try:
        from azure.servicebus import ServiceBusClient
    except ModuleNotFoundError as problem:
        raise AzlabsError(
            "Messages cannot be sent or read: the package azure-servicebus is not installed.",
            action="Install azlabs with what function apps use: pip install 'azlabs[apps]'.",
            code="PackageMissing",
            exit_code=ExitCode.UNREACHABLE,
        ) from problem
    return ServiceBusClient  # type: ignore[no-any-return]


class Peeks:
    """A ServiceBusClient that only lets messages be looked at."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_queue_receiver(self, queue_name: str, **options: Any) -> PeeksQueue:
        """A receiver that peeks."""
        return PeeksQueue(self._client.get_queue_receiver(queue_name, **options), queue_name)

    def close(self) -> None:
        self._client.close()

    def __getattr__(self, name: str) -> Any:
        raise WriteRefused("AMQP", name)


class PeeksQueue:
    """A receiver without everything that takes a message away."""

    def __init__(self, receiver: Any, name: str) -> None:
        self._receiver, self._name = receiver, name

    def peek_messages(self, **options: Any) -> Any:
        """As in the SDK."""
        return self._receiver.peek_messages(**options)

    def close(self) -> None:
        self._receiver.close()

    def __enter__(self) -> PeeksQueue:
        self._receiver.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._receiver.__exit__(*details)

    def __getattr__(self, name: str) -> Any:
        raise WriteRefused("AMQP", f"{self._name}: {name}")
