"""Content of blobs: put at once, in blocks, in pages, by appending."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.blobs import conditions, content, places, rows, shown
from azlabs.simulator.data_planes.blobs.content import Piece
from azlabs.simulator.data_planes.blobs.rows import Blob
from azlabs.simulator.data_planes.storage.asking import EARLIEST, invalid_header, parse_xml
from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.storage.asking import Asking

INLINE = 64 * 1024
"""Content up to this size stands in the blob's row."""
PAGE = 512
MOST_BLOCKS = 50_000
MOST_APPENDED = 50_000
MOST_PAGE_BYTES = 8 << 40
KINDS = ("BlockBlob", "PageBlob", "AppendBlob")
TIERS = ("Hot", "Cool", "Cold", "Archive")


def current(asking: Asking, container: Container, kind: str | None = None) -> Blob | None:
    """The blob that a write replaces or changes, once conditions, lease, holds and kind allow it."""
    blob = rows.find(asking.store, container.uid, asking.name)
    conditions.check(asking, blob.etag if blob else None, blob.modified if blob else None)
    conditions.check_lease(asking, blob.facts.get("lease") if blob else None)
    if blob is not None:
        conditions.check_held(blob, container.hidden, asking.now)
        if kind is not None and blob.kind != kind:
            raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    return blob


def existing(asking: Asking, container: Container, kind: str | None = None) -> Blob:
    """The same for what has to be there. Raises 404 BlobNotFound."""
    blob = rows.find(asking.store, container.uid, asking.name)
    if blob is None:
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    return current(asking, container, kind) or blob


def check_name(asking: Asking) -> None:
    """Names have 1 to 1024 characters and 254 segments at most."""
    if not 1 <= len(asking.name) <= 1024 or asking.name.count("/") > 253:
        raise Refused(400, "InvalidResourceName", "The specifed resource name contains invalid characters.")


def check_digest(asking: Asking, md5: bytes) -> None:
    """Content-MD5 of the request against what arrived. Raises 400 Md5Mismatch."""
    sent = asking.headers.get("content-md5")
    if not sent:
        return
    try:
        wanted = base64.b64decode(sent, validate=True)
    except binascii.Error:
        wanted = b""
    if len(wanted) != 16:
        raise Refused(
            400,
            "InvalidMd5",
            "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.",
        )
    if wanted != md5:
        raise Refused(
            400,
            "Md5Mismatch",
            "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
        )


def set_tier(asking: Asking, facts: dict[str, object]) -> None:
    """The tier that a write asks for."""
    tier = asking.headers.get("x-ms-access-tier")
    if tier:
        if tier not in TIERS and not tier.startswith("P"):
            raise invalid_header("x-ms-access-tier", tier)
        facts["tier"], facts["tier_at"] = tier, asking.now


def written_headers(blob: Blob, md5: bytes | None = None) -> dict[str, str]:
    """Headers of the answer to a write of content."""
    found = {**shown.brief(blob), "x-ms-request-server-encrypted": "true"}
    if md5 is not None:
        found["Content-MD5"] = shown.base64_of(md5)
    return found


def put(asking: Asking, container: Container) -> Answer:
    """Put Blob. The earliest version of the service, which answers requests that name none, knows block blobs only."""
    check_name(asking)
    kind = asking.headers.get("x-ms-blob-type", "")
    if not kind and asking.version == EARLIEST:
        kind = "BlockBlob"
    if not kind:
        asking.header("x-ms-blob-type")
    if kind not in KINDS:
        raise invalid_header("x-ms-blob-type", kind)
    facts = places.facts_of(asking, plain_headers=True)
    if kind != "BlockBlob":
        return _put_empty(asking, container, kind, facts)
    set_tier(asking, facts)
    store = asking.store
    if asking.spool is None and len(asking.body) <= INLINE:
        body = bytes(asking.body)
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        check_digest(asking, md5)
        facts.setdefault("md5", shown.base64_of(md5))
        with store.writing():
            old = current(asking, container)
            blob = places.new_blob(container, kind, facts, old, size=len(body), inline=body)
            rows.drop_blocks(store, container.uid, asking.name)
        return Answer(201, written_headers(blob, md5))
    current(asking, container)
    written = content.receive(store, asking.body, asking.spool)
    try:
        check_digest(asking, written.md5)
        facts.setdefault("md5", shown.base64_of(written.md5))
        with store.writing():
            old = current(asking, container)
            blob = places.new_blob(container, kind, facts, old, size=written.size)
            rows.drop_blocks(store, container.uid, asking.name)
            content.set_pieces(store, blob.number, _laid(content.keep(store, written), ""))
    except BaseException:
        content.discard(store, written)
        raise
    return Answer(201, written_headers(blob, written.md5))


def _laid(chunks: list[tuple[int, int]], block: str, start: int = 0) -> list[Piece]:
    found = []
    for chunk, size in chunks:
        found.append(Piece(start, size, chunk, 0, block))
        start += size
    return found


def _put_empty(asking: Asking, container: Container, kind: str, facts: dict[str, object]) -> Answer:
    if asking.size:
        raise Refused(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format.",
            extra={"HeaderName": "Content-Length"},
        )
    size = 0
    if kind == "PageBlob":
        size = asking.number("x-ms-blob-content-length")
        if size % PAGE or size > MOST_PAGE_BYTES:
            raise invalid_header("x-ms-blob-content-length", str(size))
        facts["sequence"] = asking.number("x-ms-blob-sequence-number", 0)
        set_tier(asking, facts)
    else:
        facts["count"] = 0
    with asking.store.writing():
        blob = places.new_blob(container, kind, facts, current(asking, container), size=size)
    return Answer(201, written_headers(blob))


def block_id(text: str) -> str:
    """A block's id, base64 of 64 bytes at most. Raises 400 InvalidBlobOrBlock."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not 1 <= len(raw) <= 64:
        raise Refused(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
    return text


def put_block(asking: Asking, container: Container) -> Answer:
    """Put Block: it counts only once it is committed."""
    check_name(asking)
    block = block_id(asking.query.get("blockid", ""))
    store = asking.store
    old = rows.find(store, container.uid, asking.name)
    conditions.check_lease(asking, old.facts.get("lease") if old else None)
    if old is not None and old.kind != "BlockBlob":
        raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    if not asking.size:
        raise Refused(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format.",
            extra={"HeaderName": "Content-Length"},
        )
    written = content.receive(store, asking.body, asking.spool)
    try:
        check_digest(asking, written.md5)
        with store.writing():
            stage(asking, container, block, content.keep(store, written))
    except BaseException:
        content.discard(store, written)
        raise
    return Answer(201, {"Content-MD5": shown.base64_of(written.md5), "x-ms-request-server-encrypted": "true"})


def stage(asking: Asking, container: Container, block: str, chunks: list[tuple[int, int]]) -> None:
    """Remember an uncommitted block; ids of a blob's blocks have one length. Inside a transaction."""
    execute = asking.store.sql.execute
    place = (container.uid, asking.name)
    other = execute("SELECT block FROM blob_blocks WHERE container=? AND name=? LIMIT 1", place).fetchone()
    if other is not None and len(other[0]) != len(block):
        raise Refused(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
    old = {
        row[0]
        for row in execute("SELECT chunk FROM blob_blocks WHERE container=? AND name=? AND block=?", (*place, block))
    }
    execute("DELETE FROM blob_blocks WHERE container=? AND name=? AND block=?", (*place, block))
    for part, (chunk, size) in enumerate(chunks):
        execute("INSERT INTO blob_blocks VALUES (?,?,?,?,?,?,?)", (*place, block, part, chunk, size, asking.now))
    content.release(asking.store, old)


def put_block_list(asking: Asking, container: Container) -> Answer:
    """Put Block List: the blob is exactly these blocks, in this order."""
    check_name(asking)
    check_digest(asking, hashlib.md5(asking.body, usedforsecurity=False).digest())
    wanted = [(entry.tag.lower(), (entry.text or "").strip()) for entry in parse_xml(bytes(asking.body))]
    if len(wanted) > MOST_BLOCKS:
        raise Refused(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
    facts = places.facts_of(asking)
    set_tier(asking, facts)
    store = asking.store
    with store.writing():
        old = current(asking, container, "BlockBlob")
        laid = _commit(asking, container, old, wanted)
        size = sum(piece.length for piece in laid)
        chunks = {piece.chunk for piece in laid}
        blob = places.new_blob(container, "BlockBlob", facts, _without(asking, old, chunks), size=size)
        content.set_pieces(store, blob.number, laid)
        rows.drop_blocks(store, container.uid, asking.name)
        if chunks:
            store.sql.execute("DELETE FROM blob_pieces WHERE blob=0")
    return Answer(201, written_headers(blob))


def _without(asking: Asking, old: Blob | None, chunks: set[int]) -> Blob | None:
    """Hold on to chunks of the old content that the new one uses, while the row is being replaced."""
    if old is not None:
        content.add_pieces(asking.store, 0, [Piece(0, 0, chunk, 0) for chunk in chunks])
    return old


def _commit(asking: Asking, container: Container, old: Blob | None, wanted: list[tuple[str, str]]) -> list[Piece]:
    store = asking.store
    staged: dict[str, list[tuple[int, int, int]]] = {}
    for block, chunk, size in store.sql.execute(
        "SELECT block, chunk, size FROM blob_blocks WHERE container=? AND name=? ORDER BY block, part",
        (container.uid, asking.name),
    ):
        staged.setdefault(block, []).append((chunk, 0, size))
    committed: dict[str, list[tuple[int, int, int]]] = {}
    seen: dict[str, str] = {}
    for piece in content.pieces(store, old.number) if old is not None and old.inline is None else ():
        block = piece.block.partition("#")[0]
        if seen.setdefault(block, piece.block) == piece.block:
            committed.setdefault(block, []).append((piece.chunk, piece.skip, piece.length))
    sources = {"committed": (committed,), "uncommitted": (staged,), "latest": (staged, committed)}
    laid: list[Piece] = []
    start = 0
    for index, (kind, block) in enumerate(wanted):
        found = next((source[block] for source in sources.get(kind, ()) if block in source), None)
        if found is None or not block:
            raise Refused(400, "InvalidBlockList", "The specified block list is invalid.")
        for chunk, skip, size in found:
            laid.append(Piece(start, size, chunk, skip, f"{block}#{index}"))
            start += size
    return laid


def append(asking: Asking, container: Container) -> Answer:
    """Append Block."""
    blob = existing(asking, container, "AppendBlob")
    if blob.facts.get("sealed"):
        raise Refused(
            409,
            "BlobIsSealed",
            "The specified blob is sealed and its contents can't be modified unless the blob is re-created after a delete.",
        )
    if not asking.size:
        raise Refused(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format.",
            extra={"HeaderName": "Content-Length"},
        )
    store = asking.store
    written = content.receive(store, asking.body, asking.spool)
    try:
        check_digest(asking, written.md5)
        with store.writing():
            blob = existing(asking, container, "AppendBlob")
            offset, count = blob.size, int(blob.facts.get("count", 0))
            position, most = (
                asking.headers.get("x-ms-blob-condition-appendpos"),
                asking.headers.get("x-ms-blob-condition-maxsize"),
            )
            if position is not None and position != str(offset):
                raise Refused(
                    412, "AppendPositionConditionNotMet", "The append position condition specified was not met."
                )
            if most is not None and most.isdecimal() and offset + written.size > int(most):
                raise Refused(412, "MaxBlobSizeConditionNotMet", "The max blob size condition specified was not met.")
            if count >= MOST_APPENDED:
                raise Refused(
                    409,
                    "BlockCountExceedsLimit",
                    "The committed block count cannot exceed the maximum limit of 50,000 blocks.",
                )
            content.add_pieces(store, blob.number, _laid(content.keep(store, written), "", offset))
            blob.size, blob.facts["count"] = offset + written.size, count + 1
            places.touch(container, blob)
            rows.update(store, blob)
    except BaseException:
        content.discard(store, written)
        raise
    more = {"x-ms-blob-append-offset": str(offset), "x-ms-blob-committed-block-count": str(count + 1)}
    return Answer(201, written_headers(blob, written.md5) | more)


def put_page(asking: Asking, container: Container) -> Answer:
    """Put Page: write or clear whole pages."""
    text = asking.headers.get("x-ms-range") or asking.header("range")
    first, _, last = text.removeprefix("bytes=").partition("-")
    if (
        not first.isdecimal()
        or not last.isdecimal()
        or int(first) % PAGE
        or (int(last) + 1) % PAGE
        or int(last) < int(first)
    ):
        raise Refused(416, "InvalidPageRange", "The page range specified is invalid.")
    start, end = int(first), int(last) + 1
    action = asking.header("x-ms-page-write").lower()
    if action not in ("update", "clear"):
        raise invalid_header("x-ms-page-write", action)
    if asking.size != (end - start if action == "update" else 0):
        raise Refused(
            400,
            "InvalidHeaderValue",
            "The value for one of the HTTP headers is not in the correct format.",
            extra={"HeaderName": "Content-Length"},
        )
    store = asking.store
    existing(asking, container, "PageBlob")
    written = content.receive(store, asking.body, asking.spool) if action == "update" else None
    try:
        if written is not None:
            check_digest(asking, written.md5)
        with store.writing():
            blob = existing(asking, container, "PageBlob")
            _sequence_conditions(asking, int(blob.facts.get("sequence", 0)))
            if end > blob.size:
                raise Refused(416, "InvalidPageRange", "The page range specified is invalid.")
            laid = _laid(content.keep(store, written), "", start) if written is not None else []
            kept = [one for piece in content.pieces(store, blob.number) for one in outside(piece, start, end)]
            content.set_pieces(store, blob.number, [*kept, *laid])
            places.touch(container, blob)
            rows.update(store, blob)
    except BaseException:
        if written is not None:
            content.discard(store, written)
        raise
    more = {"x-ms-blob-sequence-number": str(blob.facts.get("sequence", 0))}
    return Answer(201, written_headers(blob, written.md5 if written is not None else None) | more)


def outside(piece: Piece, start: int, end: int) -> list[Piece]:
    """What is left of a piece without a range."""
    last = piece.start + piece.length
    found = []
    if piece.start < start:
        found.append(Piece(piece.start, min(last, start) - piece.start, piece.chunk, piece.skip, piece.block))
    if last > end:
        first = max(piece.start, end)
        found.append(Piece(first, last - first, piece.chunk, piece.skip + first - piece.start, piece.block))
    return found


def _sequence_conditions(asking: Asking, sequence: int) -> None:
    for word, holds in (("le", int.__le__), ("lt", int.__lt__), ("eq", int.__eq__)):
        name = f"x-ms-if-sequence-number-{word}"
        if asking.headers.get(name) is not None and not holds(sequence, asking.number(name)):
            raise Refused(412, "SequenceNumberConditionNotMet", "The sequence number condition specified was not met.")
