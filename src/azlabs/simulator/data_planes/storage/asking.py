"""One request to a data plane of a storage account, and its answer."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.storage.grants import Grant
    from azlabs.simulator.records import Resource
    from azlabs.simulator.store import Store

XML = "application/xml"
NEWEST = "2025-11-05"
EARLIEST = "2009-09-19"
"""What a request without x-ms-version is answered as: the earliest version of the service."""
_numbers = itertools.count(int.from_bytes(os.urandom(5), "big"))
_head = str(uuid.uuid4())[:24]


@dataclass(slots=True)
class Asking:
    """`query` and `headers` have lower-case names. `raw_path` and `raw_query` are as sent, `container` and `name` decoded."""

    simulator: Simulator
    service: str
    account: Resource
    method: str
    url: str
    raw_path: str
    raw_query: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    spool: IO[bytes] | None
    now: float
    container: str = ""
    name: str = ""
    secondary: bool = False
    grant: Grant | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.simulator.store

    @property
    def account_name(self) -> str:
        return self.account.name

    @property
    def version(self) -> str:
        """The service version that the client asked for."""
        return self.headers.get("x-ms-version") or self.query.get("sv") or EARLIEST

    def header(self, name: str) -> str:
        """A header that has to be there. Raises 400 MissingRequiredHeader."""
        value = self.headers.get(name)
        if value is None or value == "":
            raise Refused(
                400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified.",
                extra={"HeaderName": name},
            )  # fmt: skip
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """A header that is a whole number."""
        value = self.headers.get(name) if default is not None else self.header(name)
        if value is None or value == "":
            return default or 0
        if not value.isdecimal():
            raise invalid_header(name, value)
        return int(value)

    @property
    def size(self) -> int:
        """Bytes of the body."""
        if self.spool is not None:
            return os.fstat(self.spool.fileno()).st_size
        return len(self.body)


def invalid_header(name: str, value: str) -> Refused:
    """A header that cannot be read."""
    return Refused(
        400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.",
        extra={"HeaderName": name, "HeaderValue": value},
    )  # fmt: skip


def invalid_query(name: str, value: str) -> Refused:
    """A query parameter that cannot be read."""
    return Refused(
        400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.",
        extra={"QueryParameterName": name, "QueryParameterValue": value},
    )  # fmt: skip


def request_id() -> str:
    """A new id for an answer."""
    return f"{_head}{next(_numbers) & 0xFFFFFFFFFFFF:012x}"


def error(refusal: Refused, id: str, now: float) -> Answer:
    """A refusal as the storage services write it."""
    more = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in (refusal.extra or {}).items())
    text = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}\n'
        f"RequestId:{id}\nTime:{stamp(now)}</Message>{more}</Error>"
    )
    headers = {"x-ms-error-code": refusal.code, **refusal.headers}
    if refusal.status == 304:
        return Answer(304, headers)
    return Answer(refusal.status, {"Content-Type": XML, **headers}, text.encode())


def finish(answer: Answer, asking_headers: Mapping[str, str], id: str, now: float, method: str) -> Answer:
    """The headers that every answer has."""
    own = answer.headers
    own["x-ms-request-id"] = id
    own["x-ms-version"] = asking_headers.get("x-ms-version") or EARLIEST
    own["Date"] = http_date(now)
    client = asking_headers.get("x-ms-client-request-id")
    if client:
        own["x-ms-client-request-id"] = client
    if method == "HEAD" and answer.status >= 300:
        answer.body = b""
    return answer


def http_date(seconds: float) -> str:
    """Mon, 03 Nov 2025 10:00:00 GMT."""
    return formatdate(seconds, usegmt=True)


def parse_date(text: str) -> float:
    """Seconds since the epoch of an HTTP date. Raises ValueError."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError) as problem:
        raise ValueError(text) from problem


def xml_answer(text: str, headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    """An XML document."""
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?>{text}'.encode()
    return Answer(status, {"Content-Type": XML, **(headers or {})}, body)


def element(name: str, value: Any) -> str:
    """<name>value</name>; nothing for None, an empty element for ""."""
    if value is None:
        return ""
    text = ("true" if value else "false") if isinstance(value, bool) else escape(str(value))
    text = "".join(char if char >= " " or char in "\t\n\r" else f"&#x{ord(char):X};" for char in text)
    return f"<{name}>{text}</{name}>" if text else f"<{name} />"


def parse_xml(body: bytes) -> Any:
    """The root of an XML body. Raises 400 InvalidXmlDocument."""
    from xml.etree import ElementTree

    try:
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            raise ElementTree.ParseError("document types are not allowed")
        return ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf"))
    except (ElementTree.ParseError, ValueError):
        raise Refused(400, "InvalidXmlDocument", "XML specified is not syntactically valid.") from None
