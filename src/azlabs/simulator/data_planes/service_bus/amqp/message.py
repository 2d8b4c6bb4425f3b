"""Messages as they travel: sections of bytes, of which only those are decoded that somebody asks for.

A stored message is what the sender sent; header and annotations are written anew for each delivery.
"""

from __future__ import annotations

import struct
from typing import Any, TypeVar

from azlabs.simulator.data_planes.service_bus.amqp.types import Malformed, Symbol, UInt, decode, encode, skip, write

Kind = TypeVar("Kind", list[Any], dict[str, Any])
HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS, PROPERTIES, APPLICATION, DATA, SEQUENCE, VALUE, FOOTER = range(0x70, 0x79)
_NAMES = {
    "amqp:header:list": HEADER, "amqp:delivery-annotations:map": DELIVERY_ANNOTATIONS, "amqp:message-annotations:map": ANNOTATIONS,
    "amqp:properties:list": PROPERTIES, "amqp:application-properties:map": APPLICATION, "amqp:data:binary": DATA,
    "amqp:amqp-sequence:list": SEQUENCE, "amqp:amqp-value:*": VALUE, "amqp:footer:map": FOOTER,
}  # fmt: skip
BATCH_FORMAT = 0x80013700
PROPERTY_NAMES = (
    "message-id", "user-id", "to", "subject", "reply-to", "correlation-id", "content-type", "content-encoding",
    "absolute-expiry-time", "creation-time", "group-id", "group-sequence", "reply-to-group-id",
)  # fmt: skip


class Message:
    """One message: `raw` is what was sent. Reading a section of a broken message raises `Malformed`."""

    __slots__ = ("_annotations", "_application", "_header", "_properties", "raw", "sections")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._header: list[Any] | None = None
        self._properties: list[Any] | None = None
        self._annotations: dict[str, Any] | None = None
        self._application: dict[str, Any] | None = None
        self.sections: dict[int, tuple[int, int]] = {}
        """Section code to (start of its value, end); of body sections the first."""
        at, end, last = 0, len(raw), 0
        while at < end:
            if raw[at] != 0:
                raise Malformed("a message section without a descriptor")
            if raw[at + 1 : at + 2] == b"\x53" and at + 2 < end:
                code, start = raw[at + 2], at + 3
            else:
                descriptor, start = decode(raw, at + 1)
                code = (
                    _NAMES.get(descriptor, 0)
                    if isinstance(descriptor, str)
                    else int(descriptor)
                    if isinstance(descriptor, int)
                    else 0
                )
            if not HEADER <= code <= FOOTER or code < last:
                raise Malformed("message sections out of order")
            at = skip(raw, start)
            if code not in self.sections:
                self.sections[code] = (start, at)
            last = code

    def _decoded(self, code: int, kind: type[Kind]) -> Kind:
        place = self.sections.get(code)
        if place is None:
            return kind()
        value, _ = decode(self.raw, place[0])
        if not isinstance(value, kind):
            raise Malformed("a message section of the wrong type")
        return value

    @property
    def header(self) -> list[Any]:
        """[durable, priority, ttl, first-acquirer, delivery-count], possibly shorter."""
        if self._header is None:
            self._header = self._decoded(HEADER, list)
        return self._header

    @property
    def annotations(self) -> dict[str, Any]:
        if self._annotations is None:
            self._annotations = self._decoded(ANNOTATIONS, dict)
        return self._annotations

    @property
    def properties(self) -> list[Any]:
        if self._properties is None:
            self._properties = self._decoded(PROPERTIES, list)
        return self._properties

    @property
    def application(self) -> dict[str, Any]:
        """The application properties."""
        if self._application is None:
            self._application = self._decoded(APPLICATION, dict)
        return self._application

    def value_of(self, name: str) -> Any:
        """A property by its AMQP name; None when it is not set."""
        at = PROPERTY_NAMES.index(name)
        return self.properties[at] if at < len(self.properties) else None

    @property
    def ttl(self) -> float | None:
        """Seconds to live; None: for ever."""
        value = self.header[2] if len(self.header) > 2 else None
        return int(value) / 1000 if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def body(self) -> Any:
        """The body: bytes of all its data sections, else the decoded value (of a value section) or list (of sequences)."""
        found: list[Any] = []
        at, end = self.body_start, len(self.raw)
        while at < end:
            described, at = decode(self.raw, at)
            code = _NAMES.get(described.descriptor, described.descriptor)
            if code == VALUE:
                return described.value
            if code in (DATA, SEQUENCE):
                found.append(described.value)
        if all(isinstance(one, bytes) for one in found):
            return b"".join(found)
        return [item for one in found for item in (one if isinstance(one, list) else [one])]

    @property
    def body_start(self) -> int:
        """Where everything after the application properties begins."""
        return max((end for code, (_, end) in self.sections.items() if code <= APPLICATION), default=0)

    def delivered(self, delivery_count: int, annotations: dict[Symbol, Any], ttl: float | None = None) -> bytes:
        """The bytes for a consumer: header (`ttl`: how long it lives here) and annotations anew, the rest as it was sent."""
        header = list(self.header) + [None] * (5 - len(self.header))
        if ttl is not None:
            header[2] = UInt(min(round(ttl * 1000), 0xFFFFFFFF))
        header[4] = UInt(delivery_count)
        out = bytearray(b"\x00\x53\x70")
        write(out, header)
        out += b"\x00\x53\x72"
        merged = {Symbol(name): value for name, value in self.annotations.items()}
        merged.update(annotations)
        write(out, merged)
        kept = max((end for code, (_, end) in self.sections.items() if code < PROPERTIES), default=0)
        return bytes(out) + self.raw[kept:]

    def changed(self, application: dict[str, Any], properties: dict[str, Any] | None = None) -> Message:
        """A copy in which application properties are set (or, with the value `REMOVED`, taken away), and properties."""
        if not application and not properties:
            return self
        pairs = self._raw_application()
        for name, value in application.items():
            if value is REMOVED:
                pairs.pop(name, None)
            else:
                pairs[name] = encode(value)
        fields = list(self.properties)
        for name, value in (properties or {}).items():
            at = PROPERTY_NAMES.index(name)
            fields += [None] * (at + 1 - len(fields))
            fields[at] = value
        out = bytearray()
        for code in (HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS):
            if code in self.sections:
                start, end = self.sections[code]
                out += b"\x00\x53" + bytes((code,)) + self.raw[start:end]
        if fields:
            out += b"\x00\x53\x73" + encode(fields)
        if pairs:
            body = b"".join(encode(name) + raw for name, raw in pairs.items())
            out += b"\x00\x53\x74\xd1" + struct.pack(">II", len(body) + 4, 2 * len(pairs)) + body
        return Message(bytes(out) + self.raw[self.body_start :])

    def _raw_application(self) -> dict[str, bytes]:
        """Application properties as they are encoded, so that their types survive a change of others."""
        place = self.sections.get(APPLICATION)
        if place is None or not self.application:
            return {}
        raw, start = self.raw, place[0]
        at = start + (3 if raw[start] == 0xC1 else 9)
        found: dict[str, bytes] = {}
        while at < place[1]:
            name, at = decode(raw, at)
            end = skip(raw, at)
            found[name] = raw[at:end]
            at = end
        return found


class _Removed:
    """Stands for a property that is to be taken away."""


REMOVED = _Removed()


def batch(raw: bytes) -> list[bytes]:
    """The messages of a batch: each of its data sections is one. Raises `Malformed`."""
    found: list[bytes] = []
    at = 0
    while at < len(raw):
        value, end = decode(raw, at)
        code = getattr(value, "descriptor", None)
        if code in (DATA, "amqp:data:binary"):
            if not isinstance(value.value, bytes):
                raise Malformed("a data section that is not binary")
            found.append(value.value)
        elif not (isinstance(code, int) and HEADER <= code < DATA):
            raise Malformed("a batch holds data sections only")
        at = end
    return found


def compose(
    body: bytes, *, ttl: float | None = None, annotations: dict[Symbol, Any] | None = None,
    properties: dict[str, Any] | None = None, application: dict[str, Any] | None = None,
) -> bytes:  # fmt: skip
    """A message with one data section. `ttl` in seconds; `properties` by the names of `PROPERTY_NAMES`."""
    out = bytearray()
    if ttl is not None:
        out += b"\x00\x53\x70"
        write(out, [None, None, UInt(min(round(ttl * 1000), 0xFFFFFFFF))])
    if annotations:
        out += b"\x00\x53\x72"
        write(out, annotations)
    if properties:
        out += b"\x00\x53\x73"
        write(out, [properties.get(name) for name in PROPERTY_NAMES])
    if application:
        out += b"\x00\x53\x74"
        write(out, application)
    out += b"\x00\x53\x75"
    write(out, body)
    return bytes(out)


def build(value: Any, application: dict[str, Any], correlation_id: Any) -> bytes:
    """An answer of a request-response node: a value, with a status in the application properties."""
    out = bytearray(b"\x00\x53\x73")
    write(out, [None, None, None, None, None, correlation_id])
    out += b"\x00\x53\x74"
    write(out, application)
    out += b"\x00\x53\x77"
    write(out, value)
    return bytes(out)
