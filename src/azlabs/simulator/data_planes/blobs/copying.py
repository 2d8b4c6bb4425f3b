"""Copies: Copy Blob, Put Blob From URL, blocks, appended blocks and pages from a URL. Sources are blobs of the simulator."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote

from azlabs.simulator.data_planes.blobs import conditions, content, places, shown, writing
from azlabs.simulator.data_planes.blobs.content import Piece
from azlabs.simulator.data_planes.storage import grants
from azlabs.simulator.data_planes.storage.asking import Asking, http_date, invalid_header
from azlabs.simulator.data_planes.storage.grants import Need
from azlabs.simulator.http import Answer, parse_query, split_url
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.blobs.rows import Blob

READ = Need("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", "r", "o", "Blob")
SUFFIX = ".blob.core.windows.net"


def source(asking: Asking) -> tuple[Blob, str]:
    """The blob behind x-ms-copy-source, once the request may read it, and its URL without a signature. Raises 404 and 403."""
    from azlabs.simulator.data_planes.storage.front import find_account

    url = asking.header("x-ms-copy-source")
    host, path, query_text = split_url(url)
    if not host.endswith(SUFFIX):
        raise Refused(404, "CannotVerifyCopySource", "The specified resource does not exist.")
    account = find_account(asking.store, host.removesuffix(SUFFIX))
    container_name, _, name = unquote(path.lstrip("/")).partition("/")
    if account is None or not name:
        raise Refused(404, "CannotVerifyCopySource", "The specified resource does not exist.")
    bearer = asking.headers.get("x-ms-copy-source-authorization")
    headers = {"authorization": bearer} if bearer else {}
    headers["x-ms-version"] = asking.version
    inner = Asking(
        asking.simulator, "blob", account, "GET", url, path, query_text, parse_query(query_text), headers, b"", None, asking.now,
        container_name, name,
    )  # fmt: skip
    container = places.find(inner)
    own = account.key == asking.account.key and not bearer and "sig" not in inner.query
    try:
        inner.grant = asking.grant if own else grants.identify(inner)
        grants.authorize(inner, READ, container.public if container is not None else "None")
        if container is None:
            raise Refused(404, "BlobNotFound", "")
        blob = places.blob_of(inner, container)
    except Refused as refusal:
        status = refusal.status if refusal.status in (401, 403, 404, 409) else 404
        raise Refused(
            status,
            "CannotVerifyCopySource",
            "The specified resource does not exist."
            if status == 404
            else "This request is not authorized to perform this operation.",
        ) from None
    if blob.facts.get("tier") == "Archive":
        raise Refused(409, "BlobArchived", "This operation is not permitted on an archived blob.")
    conditions.check(asking, blob.etag, blob.modified, prefix="x-ms-source-")
    return blob, url.partition("?")[0] + (f"?snapshot={inner.query['snapshot']}" if "snapshot" in inner.query else "")


def copy(asking: Asking, container: Container) -> Answer:
    """Copy Blob: done at once; what the request does not say is taken from the source."""
    writing.check_name(asking)
    if asking.headers.get("x-ms-blob-type"):
        return _put_from(asking, container)
    blob, url = source(asking)
    facts = {
        name: value
        for name, value in blob.facts.items()
        if name in ("type", "encoding", "language", "disposition", "cache", "md5", "metadata", "sequence", "count")
    }
    given = places.metadata_of(asking)
    if given:
        facts["metadata"] = given
    if asking.headers.get("x-ms-tags"):
        facts["tags"] = places.parse_tags(asking.headers["x-ms-tags"])
    writing.set_tier(asking, facts)
    id = str(uuid.uuid4())
    facts["copy"] = {
        "id": id, "source": url, "status": "success", "progress": f"{blob.size}/{blob.size}", "completed": http_date(asking.now),
    }  # fmt: skip
    target = _store(asking, container, blob, blob.kind, facts)
    return Answer(202, shown.brief(target) | {"x-ms-copy-id": id, "x-ms-copy-status": "success"})


def _put_from(asking: Asking, container: Container) -> Answer:
    """Put Blob From URL: always a block blob."""
    if asking.headers["x-ms-blob-type"] != "BlockBlob":
        raise invalid_header("x-ms-blob-type", asking.headers["x-ms-blob-type"])
    blob, _ = source(asking)
    facts = places.facts_of(asking)
    if asking.headers.get("x-ms-copy-source-blob-properties", "true").lower() == "true":
        kept = {
            name: value
            for name, value in blob.facts.items()
            if name in ("type", "encoding", "language", "disposition", "cache")
        }
        facts = {
            **kept,
            **{
                name: value
                for name, value in facts.items()
                if name != "type" or "x-ms-blob-content-type" in asking.headers
            },
        }
    writing.set_tier(asking, facts)
    target = _store(asking, container, blob, "BlockBlob", facts)
    return Answer(201, writing.written_headers(target))


def _store(asking: Asking, container: Container, blob: Blob, kind: str, facts: dict[str, object]) -> Blob:
    store = asking.store
    with store.writing():
        old = writing.current(asking, container)
        if old is not None and old.kind != kind:
            raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
        same = old is not None and old.number == blob.number
        laid = content.pieces(store, blob.number) if blob.inline is None else []
        content.add_pieces(store, 0, [Piece(0, 0, piece.chunk, 0) for piece in laid])
        target = places.new_blob(container, kind, facts, old, size=blob.size, inline=blob.inline)
        if laid or same:
            content.set_pieces(store, target.number, laid)
        store.sql.execute("DELETE FROM blob_pieces WHERE blob=0")
    return target


def abort(asking: Asking, container: Container) -> Answer:
    """Abort Copy Blob: copies are done at once, so there is never one to abort."""
    places.blob_of(asking, container)
    if not asking.query.get("copyid"):
        raise Refused(
            400, "MissingRequiredQueryParameter", "A required query parameter was not specified for this request."
        )
    raise Refused(409, "NoPendingCopyOperation", "There is currently no pending copy operation.")


def block(asking: Asking, container: Container) -> Answer:
    """Put Block From URL."""
    id = writing.block_id(asking.query.get("blockid", ""))
    blob, _ = source(asking)
    start, end = _range(asking, blob)
    with asking.store.writing():
        writing.stage(asking, container, id, _chunks(asking, blob, start, end))
    return Answer(201, {"x-ms-request-server-encrypted": "true"})


def append(asking: Asking, container: Container) -> Answer:
    """Append Block From URL."""
    blob, _ = source(asking)
    start, end = _range(asking, blob)
    store = asking.store
    asking.body = (
        b"".join(content.read(store, content.pieces(store, blob.number), start, end - start))
        if blob.inline is None
        else blob.inline[start:end]
    )
    return writing.append(asking, container)


def page(asking: Asking, container: Container) -> Answer:  # noqa: ARG001
    """Put Page From URL."""
    raise not_modelled("Put Page From URL")


def _range(asking: Asking, blob: Blob) -> tuple[int, int]:
    text = asking.headers.get("x-ms-source-range")
    if not text:
        return 0, blob.size
    first, _, last = text.removeprefix("bytes=").partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()) or int(first) >= blob.size:
        raise Refused(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    return int(first), min(blob.size, int(last) + 1 if last else blob.size)


def _chunks(asking: Asking, blob: Blob, start: int, end: int) -> list[tuple[int, int]]:
    """The bytes as chunks of their own."""
    store = asking.store
    data = (
        blob.inline[start:end]
        if blob.inline is not None
        else b"".join(content.read(store, content.pieces(store, blob.number), start, end - start))
    )
    return content.keep(store, content.receive(store, data, None))
