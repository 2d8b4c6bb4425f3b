"""Data planes through a cloud: Service Bus over its own protocol, anything else by plain requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from azlabs.cloud import scratch
from azlabs.cloud.errors import WriteRefused
from azlabs.cloud.memory import ScratchCloud

API = {"namespace": "2024-01-01", "vault": "2023-07-01"}
HOST = "sb-planes.servicebus.windows.net"


@pytest.fixture
def cloud() -> Iterator[ScratchCloud]:
    with scratch() as made:
        group = made.resource_group("planes")
        namespace = f"{group}/providers/Microsoft.ServiceBus/namespaces/sb-planes"
        made.run("PUT", namespace, API["namespace"], {"location": "swedencentral", "sku": {"name": "Standard"}})
        made.run("PUT", f"{namespace}/queues/notes", API["namespace"], {"properties": {}})
        yield made


def test_a_view_that_only_reads_looks_at_messages_and_takes_none(cloud: ScratchCloud) -> None:
    with cloud.client(ServiceBusClient, fully_qualified_namespace=HOST).get_queue_sender("notes") as sender:
        sender.send_messages(ServiceBusMessage(b"hello"))
    reading = cloud.read_only().client(ServiceBusClient, fully_qualified_namespace=HOST)
    with reading.get_queue_receiver("notes") as queue:
        assert [bytes(b"".join(message.body)) for message in queue.peek_messages()] == [b"hello"]
        with pytest.raises(WriteRefused, match="receive_messages"):
            queue.receive_messages()
    with pytest.raises(WriteRefused, match="get_queue_sender"):
        reading.get_queue_sender("notes")
    acting = cloud.read_only(acts=True).client(ServiceBusClient, fully_qualified_namespace=HOST)
    with acting.get_queue_receiver("notes", max_wait_time=5) as queue:
        (message,) = queue.receive_messages()
        queue.complete_message(message)


def test_a_plain_request_carries_a_token_where_one_is_asked_for(cloud: ScratchCloud) -> None:
    vault = f"{cloud.resource_group('planes')}/providers/Microsoft.KeyVault/vaults/kv-planes"
    properties = {
        "tenantId": cloud.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    cloud.run("PUT", vault, API["vault"], {"location": "swedencentral", "properties": properties})
    url = "https://kv-planes.vault.azure.net/secrets?api-version=7.5"
    assert cloud.send("GET", url).status == 401
    said = cloud.send("GET", url, audience="https://vault.azure.net")
    assert (said.status, said.json["value"]) == (200, [])


def test_a_plain_request_that_writes_needs_a_check_that_acts(cloud: ScratchCloud) -> None:
    url = "https://kv-planes.vault.azure.net/secrets/a?api-version=7.5"
    with pytest.raises(WriteRefused):
        cloud.read_only().send("PUT", url, content=b"{}")
    assert cloud.read_only(acts=True).send("PUT", url, content=b"{}").status >= 400
