"""Who may send, listen and manage: keys, Entra tokens with data roles, network rules."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

servicebus = pytest.importorskip("azure.servicebus")
exceptions = pytest.importorskip("azure.servicebus.exceptions")
Message = servicebus.ServiceBusMessage
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
REFUSED = (exceptions.ServiceBusAuthorizationError, exceptions.ServiceBusAuthenticationError)


class Credential:
    """A token that somebody has."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_more: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, 9_999_999_999)


def may(client: Any, queue: str, what: str) -> bool:
    try:
        with client.get_queue_sender(queue) if what == "send" else client.get_queue_receiver(queue):
            return True
    except REFUSED:
        return False


def test_a_key_gives_the_rights_of_its_rule(namespace: Any) -> None:
    namespace.queue("orders")
    namespace.queue("other")
    rule = f"{namespace.id}/queues/orders/authorizationRules/listen"
    namespace.arm("PUT", rule, {"properties": {"rights": ["Listen"]}})
    key = namespace.keys(f"{namespace.id}/queues/orders", "listen")
    with namespace.client(namespace.connection_string("listen", key)) as client:
        assert may(client, "orders", "receive") and not may(client, "orders", "send")
        assert not may(client, "other", "receive")
    with namespace.client(namespace.connection_string(key="d3Jvbmc=")) as client:
        assert not may(client, "orders", "send")
    namespace.arm("POST", f"{rule}/regenerateKeys", {"keyType": "PrimaryKey"})
    with namespace.client(namespace.connection_string("listen", key)) as client:
        assert not may(client, "orders", "receive")


def test_keys_are_worth_nothing_without_local_authentication(namespace: Any) -> None:
    namespace.queue("orders")
    namespace.arm("PATCH", namespace.id, {"properties": {"disableLocalAuth": True}})
    with namespace.client() as client:
        assert not may(client, "orders", "send")


def test_entra_tokens_give_what_data_roles_give(namespace: Any) -> None:
    from azlabs.simulator import TENANT_ID, Principal

    namespace.queue("orders")
    namespace.queue("other")
    person = Principal(str(uuid4()), TENANT_ID, str(uuid4()))
    scope = f"{namespace.id}/queues/orders"

    def client(audience: str = "https://servicebus.azure.net/") -> Any:
        return servicebus.ServiceBusClient(
            f"127.0.0.1:{namespace.bus.port}", Credential(namespace.simulator.token(person, audience)), use_tls=False,
            retry_total=0, socket_timeout=0.02,
        )  # fmt: skip

    with client() as refused:
        assert not may(refused, "orders", "send")
    role = f"/subscriptions/{namespace.id.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions/{SENDER}"
    body = {
        "properties": {"roleDefinitionId": role, "principalId": person.object_id, "principalType": "ServicePrincipal"}
    }
    namespace.arm("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}", body, "2022-04-01")
    with client() as allowed:
        assert (
            may(allowed, "orders", "send")
            and not may(allowed, "orders", "receive")
            and not may(allowed, "other", "send")
        )
    with client("https://management.azure.com/") as wrong:
        assert not may(wrong, "orders", "send")


def test_closed_networks_let_nobody_in(namespace: Any) -> None:
    namespace.queue("orders")
    namespace.arm("PATCH", namespace.id, {"properties": {"publicNetworkAccess": "Disabled"}})
    with namespace.client() as client:
        assert not may(client, "orders", "send")
