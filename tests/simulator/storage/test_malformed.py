"""Whatever is sent to the data planes is answered as the services answer it: never a failure of the simulator."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from azlabs.simulator import Request

COMPS = [
    "", "list", "properties", "metadata", "acl", "lease", "block", "blocklist", "page", "pagelist", "appendblock",
    "tier", "tags",
    "snapshot", "undelete", "copy", "expiry", "seal", "legalhold", "immutabilitypolicies", "blobs", "batch", "stats",
    "userdelegationkey", "query", "nonsense",
]  # fmt: skip
VALUES = [
    "",
    "x",
    "-1",
    "0",
    "99999999999999999999",
    "bytes=5-1",
    "bytes=0-511",
    "é",
    "Mon, 99 Nov",
    "true",
    "BlockBlob",
    "PageBlob",
    "*",
]
HEADERS = [
    "x-ms-blob-type", "x-ms-lease-action", "x-ms-lease-duration", "x-ms-lease-id", "x-ms-proposed-lease-id",
    "x-ms-range", "range",
    "x-ms-page-write", "x-ms-access-tier", "x-ms-copy-source", "x-ms-blob-content-length", "x-ms-meta-a",
    "x-ms-meta-1", "x-ms-tags",
    "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "content-md5", "x-ms-expiry-option",
    "x-ms-expiry-time",
    "x-ms-if-tags", "x-ms-version", "x-ms-blob-sequence-number", "x-ms-sequence-number-action", "content-type",
    "x-ms-source-range",
    "x-ms-deleted-container-name", "x-ms-deleted-container-version", "x-ms-delete-snapshots",
    "x-ms-immutability-policy-until-date",
]  # fmt: skip
QUERY = [
    "restype=container", "restype=service", "restype=account", "blockid=!!", "blockid=QUE=", "snapshot=x", "versionid=x",
    "maxresults=x", "marker=2!zz", "include=x", "where=x", "popreceipt=x", "visibilitytimeout=x", "numofmessages=99",
    "peekonly=true", "sig=x", "sv=2024-01-01&sr=d&sdd=9&sig=QQ==&sp=r&se=x", "ss=b&srt=o&sp=r&sig=x&se=2099-01-01",
    "skoid=a&sig=x",
]  # fmt: skip
BODIES = [
    None, b"", b"x" * 512, b"<a", b"<BlockList><Latest>QUE=</Latest></BlockList>", b"<Tags/>", b"\xff\xfe",
    b"<!DOCTYPE a><a/>", b"<SignedIdentifiers><SignedIdentifier/></SignedIdentifiers>",
    b"<QueueMessage><MessageText>a</MessageText></QueueMessage>",
]  # fmt: skip


@pytest.mark.parametrize("service", ["blob", "queue"])
def test_malformed_requests_are_refused(storage: Any, service: str) -> None:
    pick = random.Random(7)
    storage.blob("PUT", "/box?restype=container")
    storage.blob("PUT", "/box/one", b"1" * 600, x_ms_blob_type="BlockBlob")
    storage.blob("PUT", "/box/log", x_ms_blob_type="AppendBlob")
    storage.blob("PUT", "/box/disk", x_ms_blob_type="PageBlob", x_ms_blob_content_length="1024")
    storage.send("PUT", "https://labstore.queue.core.windows.net/jobs", None, {"x-ms-version": "2024-11-04"})
    paths = [
        "/",
        "/box",
        "/box/one",
        "/box/log",
        "/box/disk",
        "/box/new",
        "/jobs",
        "/jobs/messages",
        "/jobs/messages/x",
        "/%ff",
        "//",
    ]
    seen: set[int] = set()
    for method, comp in itertools.product(["GET", "PUT", "HEAD", "POST", "DELETE", "PATCH"], COMPS):
        for _ in range(6):
            query = "&".join([f"comp={comp}", *pick.sample(QUERY, pick.randrange(3))])
            headers = {name: pick.choice(VALUES) for name in pick.sample(HEADERS, pick.randrange(5))}
            url = f"https://labstore.{service}.core.windows.net{pick.choice(paths)}?{query}"
            body, headers = pick.choice(BODIES), {"x-ms-version": "2024-11-04", **headers}
            if "sig=" in query:
                answer = storage.simulator.handle(Request(method, url, headers, body))
            else:
                answer = storage.send(method, url, body, headers)
            seen.add(answer.status)
            assert answer.status < 500 or answer.headers.get("x-ms-error-code") == "NotModelledBySimulator", (
                method,
                url,
                headers,
            )
            assert b"Traceback" not in answer.body
    assert {200, 400, 403, 404, 405} <= seen
