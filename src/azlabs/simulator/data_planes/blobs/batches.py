"""Blob Batch: up to 256 deletions or tier changes in one request, each answered on its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.storage import grants
from azlabs.simulator.data_planes.storage.asking import error, request_id
from azlabs.simulator.http import Answer, CaseInsensitive, parse_query
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking

MOST = 256
_BOUNDARY = re.compile(r'boundary="?([^";]+)')


def serve(asking: Asking) -> Answer:
    """Every part has its own proof of who asks, or that of the whole request."""
    from azlabs.simulator.data_planes.blobs import front

    match = _BOUNDARY.search(asking.headers.get("content-type", ""))
    if asking.method != "POST" or match is None:
        raise Refused(400, "InvalidInput", "One of the request inputs is not valid.")
    pieces = bytes(asking.body).split(b"--" + match[1].encode())[1:-1]
    if not 1 <= len(pieces) <= MOST:
        raise Refused(400, "InvalidInput", "The batch has to have 1 to 256 requests.")
    boundary = f"batchresponse_{request_id()}"
    text = [_answer(asking, piece, boundary, front.serve) for piece in pieces]
    body = "".join(text) + f"--{boundary}--\r\n"
    return Answer(202, {"Content-Type": f"multipart/mixed; boundary={boundary}"}, body.encode())


def _answer(asking: Asking, piece: bytes, boundary: str, serve_one: object) -> str:
    outer, _, inner = piece.decode("utf-8", "replace").strip("\r\n").partition("\r\n\r\n")
    number = next(
        (line.partition(":")[2].strip() for line in outer.split("\r\n") if line.lower().startswith("content-id:")), "0"
    )
    first, _, rest = inner.partition("\r\n")
    words = first.split(" ")
    id = request_id()
    try:
        if len(words) != 3 or words[0] not in ("DELETE", "PUT"):
            raise Refused(400, "InvalidInput", "One of the request inputs is not valid.")
        answer = _serve(asking, words[0], words[1], rest, serve_one)
    except Refused as refusal:
        answer = error(refusal, id, asking.now)
    headers = {
        "x-ms-request-id": id,
        "x-ms-version": asking.version,
        **answer.headers,
        "Content-Length": str(len(answer.body)),
    }
    lines = [
        f"HTTP/1.1 {answer.status} {_REASON.get(answer.status, 'Refused')}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    head = f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n"
    return head + "\r\n".join(lines) + "\r\n\r\n" + answer.body.decode() + "\r\n"


_REASON = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    412: "Precondition Failed",
}


def _serve(asking: Asking, method: str, target: str, rest: str, serve_one: object) -> Answer:
    from urllib.parse import unquote

    headers = CaseInsensitive(
        {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in rest.split("\r\n") if line)}
    )
    path, _, query_text = target.partition("?")
    if path.startswith("http"):
        path = "/" + path.split("/", 3)[3]
    container, _, name = unquote(path.lstrip("/")).partition("/")
    one = replace(
        asking, method=method, raw_path=path, raw_query=query_text, query=parse_query(query_text), headers=headers, body=b"",
        container=container, name=name,
    )  # fmt: skip
    if "authorization" in headers or "sig" in one.query:
        one.grant = grants.identify(one)
    if not callable(serve_one) or one.query.get("comp", "") not in ("", "tier"):
        raise Refused(400, "InvalidInput", "One of the request inputs is not valid.")
    answer: Answer = serve_one(one)
    return answer
