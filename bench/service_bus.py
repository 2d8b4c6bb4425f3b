"""Service Bus through the unpatched SDK: messages a second, durable, in batches of 100; memory of idle entities.

    .venv/bin/python bench/service_bus.py [--messages 3000] [--idle 1000]

Baseline in the same run: the SDK's own work, encoding and decoding the same messages without a broker.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
NAMESPACE = f"{SUBSCRIPTION}/resourceGroups/bench/providers/Microsoft.ServiceBus/namespaces/benches"
BATCH, BODY = 100, b"x" * 1024
WANTED_RATE, WANTED_MEGABYTES = 1500, 100


def broker(folder: str, pipe: Any, idle: int) -> None:
    """A broker on a file, in a process of its own; then a look at its memory with many entities in use."""
    from azlabs.simulator import Request, Simulator
    from azlabs.simulator.data_planes.service_bus.service import ServiceBus

    simulator = Simulator(Path(folder) / "state.sqlite")

    def arm(method: str, id: str, body: Any = None, version: str = "2024-01-01") -> Any:
        headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json"}
        raw = json.dumps(body).encode() if body is not None else None
        answer = simulator.handle(
            Request(method, f"https://management.azure.com{id}?api-version={version}", headers, raw)
        )
        if answer.status >= 400:
            raise SystemExit(str(answer.body))
        return answer.json()

    arm("PUT", f"{SUBSCRIPTION}/resourceGroups/bench", {"location": "westeurope"}, "2024-11-01")
    arm("PUT", NAMESPACE, {"location": "westeurope", "sku": {"name": "Standard"}})
    arm("PUT", f"{NAMESPACE}/queues/orders", {"properties": {}})
    key = arm("POST", f"{NAMESPACE}/authorizationRules/RootManageSharedAccessKey/listKeys")["primaryKey"]
    with ServiceBus(simulator) as bus:
        pipe.send((bus.port, key))
        pipe.recv()
        before = memory()
        for number in range(idle):
            arm("PUT", f"{NAMESPACE}/queues/idle-{number}", {"properties": {}})
        from azlabs.simulator.data_planes.service_bus import namespaces

        server = bus._server
        namespace = namespaces.namespace_named(simulator.store, "benches")
        assert server is not None and namespace is not None
        for number in range(idle):
            server.broker.box(server.broker.find(namespace, f"idle-{number}"))
        pipe.send(memory() - before)
    simulator.close()


def memory() -> float:
    """Megabytes in use now; the peak where that is not known."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def baseline(count: int) -> float:
    """Messages a second of the SDK alone: encode and decode each once."""
    from azure.servicebus import ServiceBusMessage
    from azure.servicebus._pyamqp._decode import decode_payload
    from azure.servicebus._pyamqp._encode import encode_payload
    from azure.servicebus._transport._pyamqp_transport import PyamqpTransport

    start = time.perf_counter()
    for _ in range(count):
        message = PyamqpTransport.to_outgoing_amqp_message(ServiceBusMessage(BODY).raw_amqp_message)
        decode_payload(memoryview(bytes(encode_payload(bytearray(), message))))
    return count / (time.perf_counter() - start)


def round_trip(port: int, key: str, count: int) -> tuple[float, float]:
    """(seconds to send, seconds to receive and complete)."""
    from azure.servicebus import ServiceBusClient, ServiceBusMessage

    text = (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={key};"
        "UseDevelopmentEmulator=true;"
    )
    with (
        ServiceBusClient.from_connection_string(text) as client,
        client.get_queue_sender("orders") as sender,
        client.get_queue_receiver("orders") as receiver,
    ):
        start = time.perf_counter()
        for _ in range(count // BATCH):
            sender.send_messages([ServiceBusMessage(BODY) for _ in range(BATCH)])
        sent, done = time.perf_counter(), 0
        while done < count:
            for message in receiver.receive_messages(BATCH, max_wait_time=10):
                receiver.complete_message(message)
                done += 1
        return sent - start, time.perf_counter() - sent


def main() -> int:
    """Measure and say what was wanted; 1 when it was not reached."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--idle", type=int, default=1000)
    asked = parser.parse_args()
    here, there = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(target=broker, args=(folder, there, asked.idle))
        process.start()
        port, key = here.recv()
        alone = baseline(asked.messages)
        sending, receiving = round_trip(port, key, asked.messages)
        here.send(None)
        megabytes = here.recv()
        process.join()
    rate = asked.messages / (sending + receiving)
    print(f"the SDK alone (encode, decode)        {alone:8.0f} messages/s   (baseline)")
    print(f"sent, durable, batches of {BATCH}         {asked.messages / sending:8.0f} messages/s")
    print(f"received and completed                {asked.messages / receiving:8.0f} messages/s")
    print(
        f"sent and completed                    {rate:8.0f} messages/s   wanted {WANTED_RATE}; {rate / alone:.2f} of the baseline"
    )
    print(
        f"{asked.idle} idle entities                    {megabytes:8.1f} MB           wanted under {WANTED_MEGABYTES}"
    )
    return 0 if rate >= WANTED_RATE and megabytes < WANTED_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
