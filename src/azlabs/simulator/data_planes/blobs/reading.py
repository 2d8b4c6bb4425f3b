"""GET and HEAD of blobs: content and ranges, headers, block lists, page ranges, tags."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.blobs import conditions, content, lifecycle, places, rows, shown
from azlabs.simulator.data_planes.storage import sas
from azlabs.simulator.data_planes.storage.asking import element, http_date, xml_answer
from azlabs.simulator.http import Answer, StreamedAnswer
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.blobs.rows import Blob
    from azlabs.simulator.data_planes.storage.asking import Asking

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
WHOLE = 4 << 20
"""Answers up to this size are put together in memory; longer ones are sent as they are read."""


def _found(asking: Asking, container: Container) -> Blob:
    blob = places.blob_of(asking, container)
    conditions.check(asking, blob.etag, blob.modified, reading=True)
    conditions.check_lease(asking, blob.facts.get("lease"), reading=True)
    return blob


def properties(asking: Asking, container: Container) -> Answer:
    """HEAD of a blob."""
    blob = _found(asking, container)
    headers = shown.headers(asking, blob)
    headers["Content-Length"] = str(blob.size)
    if blob.facts.get("md5"):
        headers["Content-MD5"] = blob.facts["md5"]
    _from_signature(asking, headers)
    return Answer(200, headers)


def get(asking: Asking, container: Container) -> Answer:
    """GET of a blob or of a range of it."""
    blob = _found(asking, container)
    if blob.facts.get("tier") == "Archive":
        raise Refused(409, "BlobArchived", "This operation is not permitted on an archived blob.")
    lifecycle.note_access(asking, container, blob)
    headers = shown.headers(asking, blob)
    _from_signature(asking, headers)
    start, end, status = byte_range(asking, blob.size)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
        if blob.facts.get("md5"):
            headers["x-ms-blob-content-md5"] = blob.facts["md5"]
    elif blob.facts.get("md5"):
        headers["Content-MD5"] = blob.facts["md5"]
    if blob.inline is not None:
        data = blob.inline if status == 200 else blob.inline[start:end]
    elif end - start <= WHOLE:
        data = b"".join(content.read(asking.store, content.pieces(asking.store, blob.number), start, end - start))
    else:
        parts = content.read(asking.store, content.pieces(asking.store, blob.number), start, end - start)
        return StreamedAnswer(status, headers, parts, end - start)
    if asking.headers.get("x-ms-range-get-content-md5", "").lower() == "true":
        if status != 206 or len(data) > 4 << 20:
            raise Refused(
                400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format."
            )
        headers["Content-MD5"] = shown.base64_of(hashlib.md5(data, usedforsecurity=False).digest())
    return Answer(status, headers, data)


def _from_signature(asking: Asking, headers: dict[str, str]) -> None:
    """A signature may set headers of the answer."""
    fields = asking.grant.fields if asking.grant is not None else {}
    for name, header in sas.RESPONSE.items():
        if fields.get(name):
            headers[header] = fields[name]


def byte_range(asking: Asking, size: int) -> tuple[int, int, int]:
    """(first byte, byte behind the last, status). Raises 416 InvalidRange; a range that cannot be read counts as none."""
    text = asking.headers.get("x-ms-range") or asking.headers.get("range")
    match = _RANGE.fullmatch(text.strip()) if text else None
    if match is None:
        return 0, size, 200
    start = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if start >= size or last < start:
        raise Refused(
            416, "InvalidRange", "The range specified is invalid for the current size of the resource.",
            headers={"Content-Range": f"bytes */{size}"},
        )  # fmt: skip
    return start, min(last + 1, size), 206


def block_list(asking: Asking, container: Container) -> Answer:
    """The committed and the uncommitted blocks."""
    wanted = asking.query.get("blocklisttype", "committed").lower()
    store = asking.store
    blob = rows.find(
        store, container.uid, asking.name, asking.query.get("snapshot", ""), asking.query.get("versionid", "")
    )
    waiting = store.sql.execute(
        "SELECT block, sum(size) FROM blob_blocks WHERE container=? AND name=? GROUP BY block ORDER BY min(at)",
        (container.uid, asking.name),
    ).fetchall()
    if blob is None and not waiting:
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    if blob is not None and blob.kind != "BlockBlob":
        raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    text = "<BlockList>"
    if wanted in ("committed", "all"):
        sizes: dict[str, int] = {}
        for piece in content.pieces(store, blob.number) if blob is not None and blob.inline is None else ():
            if piece.block:
                sizes[piece.block] = sizes.get(piece.block, 0) + piece.length
        text += "<CommittedBlocks>" + _blocks(sizes.items()) + "</CommittedBlocks>"
    if wanted in ("uncommitted", "all"):
        text += "<UncommittedBlocks>" + _blocks(waiting) + "</UncommittedBlocks>"
    headers = {"x-ms-blob-content-length": str(blob.size if blob is not None else 0)}
    if blob is not None:
        headers |= {"ETag": blob.etag, "Last-Modified": http_date(blob.modified)}
    return xml_answer(text + "</BlockList>", headers)


def _blocks(sizes: Iterable[tuple[str, int]]) -> str:
    return "".join(
        f"<Block>{element('Name', block.partition('#')[0])}{element('Size', size)}</Block>" for block, size in sizes
    )


def page_list(asking: Asking, container: Container) -> Answer:
    """The ranges of a page blob that hold something; with `prevsnapshot`, that have changed since is not modelled."""
    from azlabs.simulator.resource_manager.errors import not_modelled

    if "prevsnapshot" in asking.query:
        raise not_modelled("differences between snapshots of page blobs")
    blob = _found(asking, container)
    if blob.kind != "PageBlob":
        raise Refused(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    start, end, _ = byte_range(asking, blob.size) if blob.size else (0, 0, 200)
    ranges: list[list[int]] = []
    for piece in content.pieces(asking.store, blob.number):
        first, last = max(start, piece.start), min(end, piece.start + piece.length)
        if first >= last:
            continue
        if ranges and ranges[-1][1] == first:
            ranges[-1][1] = last
        else:
            ranges.append([first, last])
    text = "".join(
        f"<PageRange>{element('Start', first)}{element('End', last - 1)}</PageRange>" for first, last in ranges
    )
    headers = {**shown.brief(blob), "x-ms-blob-content-length": str(blob.size)}
    return xml_answer(f"<PageList>{text}</PageList>", headers)


def tags(asking: Asking, container: Container) -> Answer:
    """The tags of a blob."""
    blob = places.blob_of(asking, container)
    return xml_answer(shown.tag_set(blob.facts.get("tags") or {}))
