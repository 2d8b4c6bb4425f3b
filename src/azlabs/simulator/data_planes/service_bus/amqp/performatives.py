"""Performatives and frames: what two AMQP peers say to each other about connections, sessions and links."""

from __future__ import annotations

import struct
from typing import Any

from azlabs.simulator.data_planes.service_bus.amqp.types import Described, Malformed, Symbol, ULong, decode, write

AMQP_HEADER, SASL_HEADER, TLS_HEADER = b"AMQP\x00\x01\x00\x00", b"AMQP\x03\x01\x00\x00", b"AMQP\x02\x01\x00\x00"
OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
SASL_MECHANISMS, SASL_INIT, SASL_CHALLENGE, SASL_RESPONSE, SASL_OUTCOME = range(0x40, 0x45)
ERROR, SOURCE, TARGET, COORDINATOR = 0x1D, 0x28, 0x29, 0x30
RECEIVED, ACCEPTED, REJECTED, RELEASED, MODIFIED = 0x23, 0x24, 0x25, 0x26, 0x27
FIELDS = {OPEN: 10, BEGIN: 8, ATTACH: 14, FLOW: 11, TRANSFER: 11, DISPOSITION: 6, DETACH: 3, END: 1, CLOSE: 1,
          SASL_INIT: 3, SASL_RESPONSE: 1}  # fmt: skip
"""How many fields a performative has, absent ones at its end included."""
_BY_NAME = {"amqp:accepted:list": ACCEPTED, "amqp:rejected:list": REJECTED, "amqp:released:list": RELEASED,
            "amqp:modified:list": MODIFIED, "amqp:received:list": RECEIVED, "amqp:source:list": SOURCE,
            "amqp:target:list": TARGET, "amqp:coordinator:list": COORDINATOR, "amqp:error:list": ERROR}  # fmt: skip
_HEAD = struct.Struct(">IBBH")
SMALLEST_FRAME, LARGEST_FRAME = 512, 65_536


def frame(channel: int, code: int, fields: list[Any], payload: bytes = b"", kind: int = 0) -> bytes:
    """A whole frame with one performative. `kind` 1: SASL."""
    while fields and fields[-1] is None:
        fields.pop()
    body = bytearray((0, 0x53, code))
    write(body, fields)
    return _HEAD.pack(8 + len(body) + len(payload), 2, kind, channel) + bytes(body) + payload


EMPTY = _HEAD.pack(8, 2, 0, 0)
"""A heartbeat."""


def size_of(buffer: bytes | bytearray, at: int) -> int:
    """Size of the frame that begins here; 0 while its head is not complete."""
    if len(buffer) - at < 8:
        return 0
    return int(_HEAD.unpack_from(buffer, at)[0])


def parse(raw: bytes) -> tuple[int, int, int, list[Any], int]:
    """(kind, channel, code, fields, where the payload begins) of a whole frame; code 0: a heartbeat. Raises `Malformed`."""
    size, offset, kind, channel = _HEAD.unpack_from(raw)
    start = offset * 4
    if offset < 2 or start > size:
        raise Malformed("a frame whose head is longer than itself")
    if start == size:
        return kind, channel, 0, [], size
    value, end = decode(raw, start)
    if not isinstance(value, Described) or not isinstance(value.value, list) or not isinstance(value.descriptor, int):
        raise Malformed("a frame without a performative")
    code = int(value.descriptor)
    width = FIELDS.get(code)
    if width is None:
        raise Malformed(f"unknown performative 0x{code:x}")
    fields = value.value
    if len(fields) > width:
        raise Malformed("a performative with too many fields")
    return kind, channel, code, fields + [None] * (width - len(fields)), end


def number(value: Any, default: int = 0) -> int:
    """A field that has to be a number. Raises `Malformed`."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("a field is not a number")
    return int(value)


def composite(value: Any) -> tuple[int, list[Any]]:
    """(code, fields) of a described list; (0, []) when it is none."""
    if not isinstance(value, Described) or not isinstance(value.value, list):
        return 0, []
    code = value.descriptor
    if isinstance(code, str):
        code = _BY_NAME.get(code, 0)
    return (int(code), value.value) if isinstance(code, int) else (0, [])


def described(code: int, fields: list[Any]) -> Described:
    """A described list: an outcome, a source, a target, an error."""
    while fields and fields[-1] is None:
        fields.pop()
    return Described(ULong(code), fields)


def error(condition: str, description: str) -> Described:
    """An error, for detach, end, close and rejected outcomes. All three fields: clients read the last one unasked."""
    return described(ERROR, [Symbol(condition), description, {}])


ACCEPTED_STATE = described(ACCEPTED, [])
RELEASED_STATE = described(RELEASED, [])


def item(fields: list[Any], index: int) -> Any:
    """A field of a composite, None where it ends before."""
    return fields[index] if index < len(fields) else None
