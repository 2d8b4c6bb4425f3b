"""Requests and answers as plain values, and the cheap URL parsing that every request goes through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from ssl import SSLSocket

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(slots=True)
class Request:
    """`url` is absolute; header names are compared without case; `body` is what was sent, undecoded."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    spool: IO[bytes] | None = None
    """In place of `body`: a long body, in a file without a name. Fronts that do not read it get it as `body`."""


@dataclass(slots=True)
class Answer:
    """`headers` carry each name once; `body` is b"" where Azure sends none."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The decoded body; None when there is none."""
        return json.loads(self.body) if self.body else None


class Dropped(Answer):
    """No answer: the connection ends. To who cannot be left without one, the service is unavailable (503)."""

    def __init__(self) -> None:
        body = b'{"error":{"code":"ConnectionDropped","message":"The connection was dropped."}}'
        super().__init__(503, {"Content-Type": JSON_TYPE}, body)


class StreamedAnswer(Answer):
    """An answer whose body is long: `parts` come to `length` bytes. Whoever asks for `body` gets all of it at once."""

    __slots__ = ("length", "parts")

    def __init__(self, status: int, headers: dict[str, str], parts: Iterator[bytes], length: int) -> None:
        self.status, self.headers, self.parts, self.length = status, headers, parts, length

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    @body.setter
    def body(self, value: bytes) -> None:
        self.parts, self.length = iter((value,)), len(value)


class LiveAnswer(Answer):
    """An answer that goes on: `body` is what there is now, `parts` is what comes later, as long as somebody listens.

    Only a listener sends `parts`; whoever asks in the same process gets `body`.
    """

    __slots__ = ("parts",)

    def __init__(self, status: int, headers: dict[str, str], body: bytes, parts: Iterator[bytes]) -> None:
        self.status, self.headers, self.body, self.parts = status, headers, body, parts


class TakenOver(Answer):
    """An answer (101) after which the connection speaks something else: `take(connection, bytes that have come already)`.

    Only a listener hands its connection over.
    """

    __slots__ = ("take",)

    def __init__(self, status: int, headers: dict[str, str], take: Callable[[SSLSocket, bytes], None]) -> None:
        self.status, self.headers, self.body, self.take = status, headers, b"", take


class CaseInsensitive(dict[str, str]):
    """Request headers: looked up in lower case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dumps(value: Any) -> str:
    """Compact JSON text."""
    return _encode(value)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body. Text that is JSON already (`str`) is taken as it is."""
    text = value if type(value) is str else _encode(value)
    return Answer(status, {"Content-Type": JSON_TYPE, **(headers or {})}, text.encode("utf-8", "surrogatepass"))


def split_url(url: str) -> tuple[str, str, str]:
    """(host in lower case without port, path as sent, query text) of an absolute URL, or of an absolute path."""
    start = url.find("://")
    if start < 0:
        host, rest = "", url
    else:
        slash = url.find("/", start + 3)
        if slash < 0:
            slash = url.find("?", start + 3)
        if slash < 0:
            slash = len(url)
        host, rest = url[start + 3 : slash].lower(), url[slash:]
        if "@" in host:
            host = host.rpartition("@")[2]
        if ":" in host and not host.endswith("]"):
            host = host.rpartition(":")[0]
    rest, _, _ = rest.partition("#")
    path, _, query = rest.partition("?")
    return host, path or "/", query


def parse_query(text: str) -> dict[str, str]:
    """Query parameters with their names in lower case; of a repeated name the first counts."""
    if not text:
        return {}
    if "&" not in text and "%" not in text and "+" not in text:
        name, _, value = text.partition("=")
        return {name.lower(): value}
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=200):
        found.setdefault(name.lower(), value)
    return found


def decode_path(path: str) -> str:
    """Percent-decoding of a path; %2F stays encoded, since it does not separate segments."""
    if "%" not in path:
        return path
    return "/".join(
        unquote(part.replace("%2F", "%252F").replace("%2f", "%252F"), errors="replace") for part in path.split("/")
    )
