"""Unmodified programs reach the broker under the namespace's public name, over TLS, with DefaultAzureCredential."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import host
from azlabs.cloud.shell import variables

pytest.importorskip("azure.servicebus")
OUTSIDE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
OWNER = "090c5cfd-751d-490a-894a-3ce6f1109419"
MAKE = """
import json, os, sys, uuid, urllib.request
from azure.identity import DefaultAzureCredential
import base64
token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/post"
namespace = group + "/providers/Microsoft.ServiceBus/namespaces/skerrybank"
def put(id, body, version):
    url = "https://management.azure.com" + id + "?api-version=" + version
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers, method="PUT")).status
put(group, {"location": "westeurope"}, "2024-11-01")
put(namespace, {"location": "westeurope", "sku": {"name": "Standard"}}, "2024-01-01")
role = "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/ROLE"
put(namespace + "/providers/Microsoft.Authorization/roleAssignments/" + str(uuid.uuid4()),
    {"properties": {"roleDefinitionId": role, "principalId": claims["oid"], "principalType": "User"}}, "2022-04-01")
""".replace("ROLE", OWNER)
SYNC = """
from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.management import ServiceBusAdministrationClient
credential, name = DefaultAzureCredential(), "skerrybank.servicebus.windows.net"
with ServiceBusAdministrationClient(name, credential) as admin:
    admin.create_queue("orders")
with ServiceBusClient(name, credential) as client, client.get_queue_sender("orders") as sender:
    sender.send_messages([ServiceBusMessage("one"), ServiceBusMessage("two")])
    with client.get_queue_receiver("orders") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=5)
        receiver.complete_message(message)
        print(message)
"""
AIO = """
import asyncio
from azure.identity.aio import DefaultAzureCredential
from azure.servicebus.aio import ServiceBusClient

async def main():
    async with DefaultAzureCredential() as credential:
        async with ServiceBusClient("skerrybank.servicebus.windows.net", credential) as client:
            async with client.get_queue_receiver("orders") as receiver:
                for message in await receiver.receive_messages(1, max_wait_time=5):
                    await receiver.complete_message(message)
                    print(message)

asyncio.run(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    host.stop(folder)


def python(home: Path, program: str) -> str:
    environment = variables("simulator", home, OUTSIDE).apply(OUTSIDE)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_public_names_lead_to_the_broker_also_after_the_host_was_replaced(home: Path) -> None:
    python(home, MAKE)
    assert python(home, SYNC) == "one"
    host.stop(home)
    assert python(home, AIO) == "two"
