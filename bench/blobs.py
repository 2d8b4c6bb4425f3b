"""Blobs over https with the real SDK: PUT+GET pairs of 1 KiB a second, and the memory that 1 GiB in blocks takes.

The listener runs in a process of its own, with its state in a file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAIRS = 1000
KIB = 1024
UPLOAD = 1 << 30
NAME = "benchstore"
_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/bench"
_SERVER = """
import json, sys, threading
from pathlib import Path
from azlabs.simulator import Request, Simulator
from azlabs.simulator.server import serve
folder = Path(sys.argv[1])
simulator = Simulator(folder / "state.sqlite")
headers = {"Authorization": "Bearer " + simulator.owner_token()}
def put(path, version, body):
    url = f"https://management.azure.com{path}?api-version={version}"
    return simulator.handle(Request("PUT", url, headers, json.dumps(body).encode()))
put(sys.argv[2], "2024-11-01", {"location": "westeurope"})
account = sys.argv[2] + "/providers/Microsoft.Storage/storageAccounts/" + sys.argv[3]
put(account, "2024-01-01", {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
url = f"https://management.azure.com{account}/listKeys?api-version=2024-01-01"
key = simulator.handle(Request("POST", url, headers)).json()["keys"][0]["value"]
listener = serve(simulator, folder=folder / "tls")
print(json.dumps({"port": listener.port, "authority": str(listener.authority), "key": key}), flush=True)
sys.stdin.read()
listener.close()
"""


@contextmanager
def served() -> Iterator[tuple[Any, int]]:
    """(a service client of the SDK, the listener's process id)."""
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import BlobServiceClient

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _SERVER, folder, _GROUP, NAME]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            with _resolving(facts["port"]):
                transport = RequestsTransport(connection_verify=facts["authority"])
                url = f"https://{NAME}.blob.core.windows.net"
                yield BlobServiceClient(url, credential=facts["key"], transport=transport), process.pid
            process.communicate("")


@contextmanager
def _resolving(port: int) -> Iterator[None]:
    """The account's public name leads to the listener."""
    import socket

    real: Callable[..., Any] = socket.getaddrinfo

    def local(host: Any, _port: Any, *more: Any, **named: Any) -> Any:
        return (
            real("127.0.0.1", port, *more, **named)
            if str(host).endswith("core.windows.net")
            else real(host, _port, *more, **named)
        )

    socket.getaddrinfo = local  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = real


def peak_megabytes(process: int) -> float:
    """The most memory that a process has had."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmHWM:")).split()[1]) / 1024


def pairs(service: Any) -> float:
    """PUT+GET pairs of 1 KiB a second, one client, one after the other."""
    box = service.create_container("pairs")
    data = bytes(range(256)) * 4
    box.upload_blob("warm", data)
    start = time.perf_counter()
    for index in range(PAIRS):
        blob = box.get_blob_client(f"b{index}")
        blob.upload_blob(data)
        assert len(blob.download_blob().readall()) == KIB
    return PAIRS / (time.perf_counter() - start)


class Zeros:
    """A stream of zeros, so that the client holds nothing."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, count: int = -1) -> bytes:
        count = self.left if count < 0 else min(count, self.left)
        self.left -= count
        return bytes(count)


def upload(service: Any, block: int) -> float:
    """Seconds for 1 GiB in blocks of this size, and back."""
    blob = service.get_blob_client("pairs", f"big-{block}")
    start = time.perf_counter()
    ids = []
    for index in range(-(-UPLOAD // block)):
        id = f"{index:06}"
        size = min(block, UPLOAD - index * block)
        blob.stage_block(id, Zeros(size), length=size)
        ids.append(id)
    blob.commit_block_list(ids)
    total = sum(map(len, blob.download_blob().chunks()))
    assert total == UPLOAD
    return time.perf_counter() - start


def main() -> None:
    """Print the figures."""
    with served() as (service, process):
        print(f"{pairs(service):.0f} PUT+GET pairs of 1 KiB a second")
        for block in (4 << 20, 100 << 20):
            print(
                f"1 GiB in blocks of {block >> 20} MiB and back: {upload(service, block):.1f} s, {peak_megabytes(process):.0f} MB at most"
            )


if __name__ == "__main__":
    main()
