"""Blobs over the https listener, with the state in a file: long bodies, streamed answers, batches, restarts."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient

from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator
from azlabs.simulator.server import serve

GROUP = f"https://management.azure.com/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/lab"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/labstore"
MIB = 1 << 20


def put(simulator: Simulator, url: str, version: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
    request = Request("PUT", f"{url}?api-version={version}", headers, json.dumps(body).encode())
    assert simulator.handle(request).status < 300


def key(simulator: Simulator) -> str:
    headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
    answer = simulator.handle(Request("POST", f"{ACCOUNT}/listKeys?api-version=2024-01-01", headers)).json()
    return str(answer["keys"][0]["value"])


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with Simulator(tmp_path / "state.sqlite") as simulator:
        put(simulator, GROUP, "2024-11-01", {"location": "westeurope"})
        put(
            simulator,
            ACCOUNT,
            "2024-01-01",
            {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
        )
        yield simulator


@pytest.fixture
def service(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlobServiceClient]:
    real = socket.getaddrinfo
    with serve(simulator, folder=tmp_path / "tls") as listener:
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda _host, _port, *more, **named: real("127.0.0.1", listener.port, *more, **named)
        )
        transport = RequestsTransport(connection_verify=str(listener.authority))
        yield BlobServiceClient(
            "https://labstore.blob.core.windows.net", credential=key(simulator), transport=transport, retry_total=0
        )


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "state.sqlite.blobs").glob("*/*") if path.is_file()]


def test_long_bodies_go_to_files_and_come_back(service: BlobServiceClient, tmp_path: Path) -> None:
    data = bytes(range(256)) * (10 * MIB // 256)
    box = service.create_container("box")
    blob = box.upload_blob("big", data)
    assert [path.stat().st_size for path in files(tmp_path)] == [10 * MIB]
    assert blob.download_blob(max_concurrency=2).readall() == data
    assert blob.get_blob_properties().size == 10 * MIB
    blob.delete_blob()
    assert files(tmp_path) == []


def test_a_whole_blob_is_streamed_to_who_asks_for_it_at_once(service: BlobServiceClient) -> None:
    data = bytes(range(256)) * (6 * MIB // 256)
    box = service.create_container("box")
    box.get_blob_client("big").upload_blob(data)
    single = BlobServiceClient(
        service.url, credential=service.credential.account_key, transport=service._pipeline._transport, max_single_get_size=64 * MIB
    )  # fmt: skip
    assert single.get_blob_client("box", "big").download_blob().readall() == data


def test_many_blobs_are_deleted_in_one_request(service: BlobServiceClient) -> None:
    box = service.create_container("box")
    for index in range(3):
        box.upload_blob(f"b{index}", b"1")
    answers = list(box.delete_blobs("b0", "b1", "b2", "b3", raise_on_any_failure=False))
    assert [one.status_code for one in answers] == [202, 202, 202, 404]
    assert list(box.list_blobs()) == []


def test_blobs_outlive_the_process(simulator: Simulator, service: BlobServiceClient, tmp_path: Path) -> None:
    service.create_container("box").upload_blob("one", b"x" * 100_000)
    with Simulator(tmp_path / "state.sqlite") as again:
        headers = {"Authorization": f"Bearer {again.owner_token()}", "x-ms-version": "2024-11-04"}
        answer = again.handle(Request("GET", "https://labstore.blob.core.windows.net/box/one", headers))
        assert answer.body == b"x" * 100_000


def test_a_restored_snapshot_has_its_blobs(simulator: Simulator, service: BlobServiceClient) -> None:
    box = service.create_container("box")
    box.upload_blob("one", b"x" * 100_000)
    before = simulator.snapshot()
    box.delete_blob("one")
    simulator.restore(before)
    assert box.download_blob("one").readall() == b"x" * 100_000


def test_a_group_that_goes_takes_its_blobs_along(
    simulator: Simulator, service: BlobServiceClient, tmp_path: Path
) -> None:
    service.create_container("box").upload_blob("one", b"x" * 100_000)
    headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
    gone = simulator.handle(Request("DELETE", f"{GROUP}?api-version=2024-11-01", headers))
    simulator.handle(Request("GET", gone.headers["Location"], headers))
    assert files(tmp_path) == []
    put(simulator, GROUP, "2024-11-01", {"location": "westeurope"})
    put(
        simulator,
        ACCOUNT,
        "2024-01-01",
        {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
    )
    headers["x-ms-version"] = "2024-11-04"
    assert simulator.handle(Request("GET", "https://labstore.blob.core.windows.net/box/one", headers)).status == 404
