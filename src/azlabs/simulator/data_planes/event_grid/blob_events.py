"""The events of a storage account: a blob was written or deleted. To subscriptions of the account and of its system topics.

https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.data_planes.event_grid import delivery
from azlabs.simulator.http import Answer, CaseInsensitive, Request, parse_query, split_url

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

CREATED, DELETED = "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"
OWN = "microsoft.eventgrid/eventsubscriptions"
TOPIC, OF_TOPIC = "microsoft.eventgrid/systemtopics", "microsoft.eventgrid/systemtopics/eventsubscriptions"
OPERATIONS = {
    ("PUT", ""): (CREATED, "PutBlob"), ("PUT", "blocklist"): (CREATED, "PutBlockList"), ("DELETE", ""): (DELETED, "DeleteBlob"),
}  # fmt: skip
"""(method, comp) -> type of the event, and the operation that it names."""


def tell(simulator: Simulator, request: Request, path: str, query: str, answer: Answer) -> None:
    """After a request to the blob service went well: let those know who have asked for it."""
    store = simulator.store
    with store.lock:
        if not store.has_type(OWN) and not store.has_type(OF_TOPIC):
            return
    asked = parse_query(query)
    found = OPERATIONS.get((request.method.upper(), asked.get("comp", "").lower()))
    name = path.strip("/").partition("/")[2]
    if found is None or not name or "restype" in asked or "snapshot" in asked or "versionid" in asked:
        return
    from azlabs.simulator.data_planes.storage.front import find_account

    host = split_url(request.url)[0]
    with store.lock:
        account = find_account(store, host.partition(".")[0])
        rows = _subscriptions(simulator, account) if account is not None else []
    if account is not None and rows:
        delivery.spread(simulator, rows, [_event(simulator, account, host, path, found, request, answer)], wait=0.0)


def _subscriptions(simulator: Simulator, account: Resource) -> list[Resource]:
    store = simulator.store
    rows = store.at_scope(account.key, OWN)
    for topic in store.of_type(TOPIC):
        if str(topic.body["properties"].get("source", "")).lower() == account.key:
            rows += store.at_scope(topic.key, OF_TOPIC)
    return rows


def _event(
    simulator: Simulator, account: Resource, host: str, path: str, found: tuple[str, str], request: Request, answer: Answer
) -> dict[str, Any]:
    from urllib.parse import unquote

    kind, operation = found
    container, _, name = unquote(path.strip("/")).partition("/")
    url = f"https://{host}{path}"
    sent, got = CaseInsensitive(request.headers), CaseInsensitive(answer.headers)
    data: dict[str, Any] = {
        "api": "CopyBlob" if sent.get("x-ms-copy-source") else operation, "clientRequestId": sent.get("x-ms-client-request-id", ""),
        "requestId": got.get("x-ms-request-id", ""), "eTag": got.get("etag", "").strip('"'), "contentType": "", "blobType": "BlockBlob",
        "url": url, "sequencer": f"{int(simulator.clock.now() * 1e6):048x}", "storageDiagnostics": {"batchId": str(uuid.uuid4())},
    }  # fmt: skip
    if kind == CREATED:
        headers = {"Authorization": f"Bearer {simulator.owner_token()}", "x-ms-version": "2023-11-03"}
        facts = CaseInsensitive(simulator.handle(Request("HEAD", url, headers)).headers)
        data |= {
            "contentType": facts.get("content-type", ""), "contentLength": int(facts.get("content-length", 0)),
            "blobType": facts.get("x-ms-blob-type", "BlockBlob"), "eTag": facts.get("etag", "").strip('"'),
        }  # fmt: skip
    return {
        "topic": account.id, "subject": f"/blobServices/default/containers/{container}/blobs/{name}", "eventType": kind,
        "id": str(uuid.uuid4()), "data": data, "dataVersion": "", "metadataVersion": "1", "eventTime": stamp(simulator.clock.now()),
    }  # fmt: skip
