"""Messages through a broker and a consumer that are killed again and again: none lost, none completed twice.

    .venv/bin/python bench/service_bus_recovery.py [--messages 20000] [--consumer-kills 10] [--host-kills 2]

Broker, sender and consumer are processes of their own; kills are SIGKILL, spread evenly over the run. The unpatched SDK sends
in batches of 100 (a batch without an answer is sent again; the queue detects duplicates) and completes one by one. The consumer
writes a line before it completes a message and one when the broker has said that it is completed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
NAMESPACE = f"{SUBSCRIPTION}/resourceGroups/bench/providers/Microsoft.ServiceBus/namespaces/benches"
QUEUE, BATCH, LOCK = "orders", 100, "PT5S"
PATIENCE = 600.0


def prepare(folder: str) -> str:
    """A namespace with a queue in a new state file; its key."""
    from azlabs.simulator import Request, Simulator

    with Simulator(Path(folder) / "state.sqlite") as simulator:

        def arm(method: str, id: str, body: Any = None, version: str = "2024-01-01") -> Any:
            headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json"}
            raw = json.dumps(body).encode() if body is not None else None
            url = f"https://management.azure.com{id}?api-version={version}"
            return simulator.handle(Request(method, url, headers, raw)).json()

        arm("PUT", f"{SUBSCRIPTION}/resourceGroups/bench", {"location": "westeurope"}, "2024-11-01")
        arm("PUT", NAMESPACE, {"location": "westeurope", "sku": {"name": "Standard"}})
        settings = {"lockDuration": LOCK, "maxDeliveryCount": 100, "requiresDuplicateDetection": True}
        arm("PUT", f"{NAMESPACE}/queues/{QUEUE}", {"properties": settings})
        return str(arm("POST", f"{NAMESPACE}/authorizationRules/RootManageSharedAccessKey/listKeys")["primaryKey"])


def broker(folder: str, port: int) -> None:
    """The host: a broker on the state file, until it is killed."""
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.service import ServiceBus

    bound = socket.create_server(("127.0.0.1", port), backlog=128)
    with ServiceBus(Simulator(Path(folder) / "state.sqlite"), sockets=(None, bound)):
        signal.pause()


def client(port: int, key: str) -> Any:
    """The SDK's client."""
    from azure.servicebus import ServiceBusClient

    logging.getLogger("azure").setLevel(logging.CRITICAL)
    text = (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key};"
        "UseDevelopmentEmulator=true;"
    )
    return ServiceBusClient.from_connection_string(text, retry_total=0)


def send(port: int, key: str, count: int) -> None:
    """Send every message until the broker has said that it has it."""
    from azure.servicebus import ServiceBusMessage
    from azure.servicebus.exceptions import ServiceBusError

    first = 0
    while first < count:
        with contextlib.suppress(ServiceBusError, OSError), client(port, key) as one, one.get_queue_sender(QUEUE) as sender:
            while first < count:
                numbers = range(first, min(first + BATCH, count))
                sender.send_messages([ServiceBusMessage(b"x" * 1024, message_id=str(number)) for number in numbers])
                first += BATCH
        time.sleep(0.1)


def consume(port: int, key: str, log: str) -> None:
    """Complete messages for ever, and write down which."""
    from azure.servicebus.exceptions import ServiceBusError

    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while True:
        with contextlib.suppress(ServiceBusError, OSError), client(port, key) as one, one.get_queue_receiver(QUEUE) as receiver:
            while True:
                for message in receiver.receive_messages(BATCH, max_wait_time=5):
                    os.write(written, f"trying {message.message_id}\n".encode())
                    receiver.complete_message(message)
                    os.write(written, f"completed {message.message_id}\n".encode())
        time.sleep(0.1)


def kill(process: Any) -> None:
    """End a process at once."""
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def left(folder: str) -> int:
    """How many messages the broker still has, dead letters included."""
    from azlabs.simulator.data_planes.service_bus import counts
    from azlabs.simulator.store import Store

    store = Store(Path(folder) / "state.sqlite")
    row = store.get(f"{NAMESPACE}/queues/{QUEUE}".lower())
    assert row is not None
    found = sum(counts.message_counts(store, row)[0].values())
    store.close()
    return found


def main() -> int:
    """Run it; 1 when a message was lost or completed twice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--consumer-kills", type=int, default=10)
    parser.add_argument("--host-kills", type=int, default=2)
    asked = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        key, log = prepare(folder), str(Path(folder) / "completed.log")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        start = time.monotonic()
        host = spawn.Process(target=broker, args=(folder, port))
        sender = spawn.Process(target=send, args=(port, key, asked.messages))
        consumer = spawn.Process(target=consume, args=(port, key, log))
        for process in (host, sender, consumer):
            process.start()
        Path(log).touch()
        due = [asked.messages * n // (asked.consumer_kills + 1) for n in range(1, asked.consumer_kills + 1)]
        due_host = [asked.messages * n // (asked.host_kills + 1) for n in range(1, asked.host_kills + 1)]
        while time.monotonic() - start < PATIENCE:
            done = Path(log).read_text().count("completed ")
            if due_host and done >= due_host[0]:
                due_host.pop(0)
                kill(host)
                host = spawn.Process(target=broker, args=(folder, port))
                host.start()
            if due and done >= due[0]:
                due.pop(0)
                kill(consumer)
                consumer = spawn.Process(target=consume, args=(port, key, log))
                consumer.start()
            if not sender.is_alive() and done > 0 and not due and not due_host and left(folder) == 0:
                break
            time.sleep(0.05)
        seconds = time.monotonic() - start
        time.sleep(0.5)
        for process in (consumer, host, sender):
            if process.is_alive():
                kill(process)
        remaining = left(folder)
        lines = [line.split() for line in Path(log).read_text().splitlines()]
    tried = Counter(number for word, number in lines if word == "trying")
    completed = Counter(number for word, number in lines if word == "completed")
    lost = asked.messages - len(tried) - remaining
    twice = sum(1 for count in completed.values() if count > 1)
    unsure = len(tried.keys() - completed.keys())
    kills = asked.consumer_kills + asked.host_kills
    print(f"{asked.messages} messages, consumer killed {asked.consumer_kills} times, host {asked.host_kills} times: {seconds:.0f} s")
    print(f"lost                                  {lost:8d}   wanted 0")
    print(f"completed twice                       {twice:8d}   wanted 0")
    print(f"left in the queue or dead             {remaining:8d}   wanted 0")
    print(f"completed, but the answer not heard   {unsure:8d}   at most one for each of {kills} kills")
    print(f"delivered again                       {sum(tried.values()) - len(tried):8d}")
    return 1 if lost or twice or remaining or unsure > kills else 0


if __name__ == "__main__":
    sys.exit(main())
