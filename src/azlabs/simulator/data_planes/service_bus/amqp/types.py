"""The AMQP 1.0 type system: values to bytes and back.

Decoded values are plain Python values; where AMQP knows more than Python does, they are subclasses (`Symbol`, `Timestamp`,
`UInt`...), so that what was decoded encodes to the same type again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

DEEPEST = 32
"""Compound values may be nested this deep."""
LONGEST = 65_536
"""Items of a list, map or array whose items take no bytes themselves."""


class Malformed(Exception):
    """Bytes that are not AMQP."""


class Symbol(str):
    __slots__ = ()


class Timestamp(int):
    """Milliseconds since the epoch."""

    __slots__ = ()


class Int(int):
    __slots__ = ()


class UInt(int):
    __slots__ = ()


class ULong(int):
    __slots__ = ()


class UByte(int):
    __slots__ = ()


class UShort(int):
    __slots__ = ()


class Byte(int):
    __slots__ = ()


class Short(int):
    __slots__ = ()


class Float(float):
    __slots__ = ()


class Char(str):
    __slots__ = ()


class Described(NamedTuple):
    """A value with a descriptor (a number or a symbol)."""

    descriptor: Any
    value: Any


class Opaque(NamedTuple):
    """A decimal, which nothing here computes with: its constructor and its bytes."""

    code: int
    raw: bytes


class Array(list[Any]):
    """Values of one type. `code`: the constructor to encode them with."""

    __slots__ = ("code",)

    def __init__(self, items: list[Any], code: int) -> None:
        super().__init__(items)
        self.code = code


_pack = {name: struct.Struct(">" + name) for name in "bBhHiIqQfd"}
_u32 = _pack["I"].unpack_from
_fixed: dict[int, tuple[struct.Struct, Callable[[Any], Any] | None]] = {
    0x50: (_pack["B"], UByte), 0x51: (_pack["b"], Byte), 0x52: (_pack["B"], UInt), 0x53: (_pack["B"], ULong),
    0x54: (_pack["b"], Int), 0x55: (_pack["b"], None), 0x60: (_pack["H"], UShort), 0x61: (_pack["h"], Short),
    0x70: (_pack["I"], UInt), 0x71: (_pack["i"], Int), 0x72: (_pack["f"], Float), 0x80: (_pack["Q"], ULong),
    0x81: (_pack["q"], None), 0x82: (_pack["d"], None), 0x83: (_pack["q"], Timestamp),
}  # fmt: skip
_NOTHING: dict[int, Any] = {0x40: None, 0x41: True, 0x42: False, 0x43: UInt(0), 0x44: ULong(0)}
_WIDTH = {4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16}
Buffer = bytes


def decode(data: Buffer, at: int = 0, depth: int = 0) -> tuple[Any, int]:
    """(value, where it ends). Raises `Malformed`."""
    try:
        code = data[at]
        if code == 0:
            return _described(data, at + 1, depth)
        return _value(code, data, at + 1, depth)
    except (IndexError, struct.error, UnicodeDecodeError, ValueError, OverflowError, TypeError):
        raise Malformed(f"not a value of AMQP at byte {at}") from None


def _described(data: Buffer, at: int, depth: int) -> tuple[Described, int]:
    if depth > DEEPEST:
        raise Malformed("values are nested too deeply")
    descriptor, at = decode(data, at, depth + 1)
    value, at = decode(data, at, depth + 1)
    return Described(descriptor, value), at


def _value(code: int, data: Buffer, at: int, depth: int) -> tuple[Any, int]:
    fixed = _fixed.get(code)
    if fixed is not None:
        shape, kind = fixed
        number = shape.unpack_from(data, at)[0]
        return (number if kind is None else kind(number)), at + shape.size
    if code in _NOTHING:
        return _NOTHING[code], at
    if code in (0xA0, 0xA1, 0xA3, 0xB0, 0xB1, 0xB3):
        if code < 0xB0:
            start, size = at + 1, data[at]
        else:
            start, size = at + 4, _u32(data, at)[0]
        raw = _slice(data, start, size)
        kind4 = code & 0x0F
        text: Any = raw if kind4 == 0 else raw.decode() if kind4 == 1 else Symbol(raw.decode("ascii"))
        return text, start + size
    if code == 0x45:
        return [], at
    if code in (0xC0, 0xC1, 0xD0, 0xD1):
        return _compound(code, data, at, depth + 1)
    if code in (0xE0, 0xF0):
        return _array(code, data, at, depth + 1)
    if code == 0x56:
        if data[at] > 1:
            raise Malformed("not a boolean")
        return data[at] == 1, at + 1
    if code == 0x98:
        return UUID(bytes=_slice(data, at, 16)), at + 16
    if code == 0x73:
        return Char(_slice(data, at, 4).decode("utf-32-be")), at + 4
    if code in (0x74, 0x84, 0x94):
        width = _WIDTH[code >> 4]
        return Opaque(code, _slice(data, at, width)), at + width
    raise Malformed(f"unknown constructor 0x{code:02x}")


def _slice(data: Buffer, start: int, size: int) -> bytes:
    raw = data[start : start + size]
    if len(raw) != size:
        raise Malformed("a value ends too early")
    return raw


def _head(code: int, data: Buffer, at: int) -> tuple[int, int, int]:
    """(end, count, start of the items) of a compound value."""
    if code in (0xC0, 0xC1, 0xE0):
        end, count, start = at + 1 + data[at], data[at + 1], at + 2
    else:
        end, count, start = at + 4 + _u32(data, at)[0], _u32(data, at + 4)[0], at + 8
    if end > len(data) or end < start:
        raise Malformed("a compound value ends too early")
    return end, count, start


def _compound(code: int, data: Buffer, at: int, depth: int) -> tuple[Any, int]:
    if depth > DEEPEST:
        raise Malformed("values are nested too deeply")
    end, count, at = _head(code, data, at)
    if count > end - at:
        raise Malformed("more items than bytes")
    items: list[Any] = []
    for _ in range(count):
        item, at = decode(data, at, depth)
        items.append(item)
    if at != end:
        raise Malformed("a compound value has another size than its items")
    if code & 0x0F == 0:
        return items, end
    if count % 2:
        raise Malformed("a map with an odd number of items")
    return dict(zip(items[::2], items[1::2], strict=True)), end


def _array(code: int, data: Buffer, at: int, depth: int) -> tuple[Array, int]:
    if depth > DEEPEST:
        raise Malformed("values are nested too deeply")
    end, count, at = _head(code, data, at)
    descriptor: Any = None
    described = data[at] == 0
    if described:
        descriptor, at = decode(data, at + 1, depth)
    kind = data[at]
    at += 1
    if count > max(end - at, 0) and (kind >> 4 != 4 or count > LONGEST):
        raise Malformed("more items than bytes")
    items: list[Any] = []
    for _ in range(count):
        item, at = _value(kind, data, at, depth)
        items.append(Described(descriptor, item) if described else item)
    if at != end:
        raise Malformed("an array has another size than its items")
    return Array(items, kind), end


def skip(data: Buffer, at: int, depth: int = 0) -> int:
    """Where the value that begins here ends, without looking inside of it. Raises `Malformed`."""
    try:
        code = data[at]
        at += 1
        if code == 0:
            if depth > DEEPEST:
                raise Malformed("values are nested too deeply")
            return skip(data, skip(data, at, depth + 1), depth + 1)
        group = code >> 4
        if group in _WIDTH:
            end = at + _WIDTH[group]
        elif group in (0xA, 0xC, 0xE):
            end = at + 1 + data[at]
        elif group in (0xB, 0xD, 0xF):
            end = at + 4 + _u32(data, at)[0]
        else:
            raise Malformed(f"unknown constructor 0x{code:02x}")
    except (IndexError, struct.error):
        raise Malformed("a value ends too early") from None
    if end > len(data):
        raise Malformed("a value ends too early")
    return end


def encode(value: Any) -> bytes:
    """The bytes of a value. Whole numbers of no AMQP type are longs; `str` is a string, `bytes` binary."""
    out = bytearray()
    write(out, value)
    return bytes(out)


def write(out: bytearray, value: Any) -> None:
    """Append the bytes of a value. Raises TypeError for what AMQP has no type for, OverflowError for too big numbers."""
    writer = _WRITERS.get(type(value))
    if writer is None:
        writer = next((_WRITERS[kind] for kind in type(value).__mro__ if kind in _WRITERS), None)
        if writer is None:
            raise TypeError(f"AMQP has no type for {type(value).__name__}")
    try:
        writer(out, value)
    except struct.error as problem:
        raise OverflowError(str(problem)) from None


def _bool(out: bytearray, value: bool) -> None:
    out.append(0x41 if value else 0x42)


def _number(small: int, large: int, shape: str, low: int, high: int) -> Callable[[bytearray, int], None]:
    pack, tiny = _pack[shape].pack, _pack["b" if low < 0 else "B"].pack

    def writer(out: bytearray, value: int) -> None:
        if low <= value <= high:
            out.append(small)
            out += tiny(value)
        else:
            out.append(large)
            out += pack(value)

    return writer


def _only(code: int, shape: str) -> Callable[[bytearray, Any], None]:
    pack = _pack[shape].pack

    def writer(out: bytearray, value: Any) -> None:
        out.append(code)
        out += pack(value)

    return writer


def _variable(code: int, out: bytearray, raw: bytes) -> None:
    if len(raw) < 256:
        out.append(code)
        out.append(len(raw))
    else:
        out.append(code + 0x10)
        out += _pack["I"].pack(len(raw))
    out += raw


def _items(code: int, out: bytearray, body: bytearray, count: int) -> None:
    if len(body) < 255 and count < 256:
        out += bytes((code, len(body) + 1, count))
    else:
        out.append(code + 0x10)
        out += struct.pack(">II", len(body) + 4, count)
    out += body


def _list(out: bytearray, value: list[Any]) -> None:
    if not value:
        out.append(0x45)
        return
    body = bytearray()
    for item in value:
        write(body, item)
    _items(0xC0, out, body, len(value))


def _map(out: bytearray, value: dict[Any, Any]) -> None:
    body = bytearray()
    for key, item in value.items():
        write(body, key)
        write(body, item)
    _items(0xC1, out, body, 2 * len(value))


_ARRAYED: dict[int, Callable[[Any], bytes]] = {
    0x98: lambda item: UUID(str(item)).bytes,
    0x83: _pack["q"].pack, 0x81: _pack["q"].pack, 0x80: _pack["Q"].pack, 0x70: _pack["I"].pack, 0x71: _pack["i"].pack,
    0x82: _pack["d"].pack, 0xB0: lambda item: _pack["I"].pack(len(item)) + item,
    0xB1: lambda item: _pack["I"].pack(len(item.encode())) + item.encode(),
    0xB3: lambda item: _pack["I"].pack(len(item)) + item.encode("ascii"),
    0xD1: lambda item: encode_wide_map(item),
}  # fmt: skip
_WIDE = {
    0x54: 0x71,
    0x55: 0x81,
    0x52: 0x70,
    0x43: 0x70,
    0x53: 0x80,
    0x44: 0x80,
    0xA0: 0xB0,
    0xA1: 0xB1,
    0xA3: 0xB3,
    0xC1: 0xD1,
}


def encode_wide_map(value: dict[Any, Any]) -> bytes:
    """A map in its wide form, without the constructor: an item of an array."""
    body = bytearray()
    for key, item in value.items():
        write(body, key)
        write(body, item)
    return struct.pack(">II", len(body) + 4, 2 * len(value)) + bytes(body)


def _write_array(out: bytearray, value: Array) -> None:
    code = _WIDE.get(value.code, value.code)
    packed = _ARRAYED.get(code)
    if packed is None:
        raise TypeError(f"arrays of constructor 0x{code:02x} are not written")
    body = bytearray((code,))
    for item in value:
        body += packed(item)
    out.append(0xF0)
    out += struct.pack(">II", len(body) + 4, len(value))
    out += body


def _write_described(out: bytearray, value: Described) -> None:
    out.append(0)
    write(out, value.descriptor)
    write(out, value.value)


def _write_opaque(out: bytearray, value: Opaque) -> None:
    out.append(value.code)
    out += value.raw


def _uuid(out: bytearray, value: UUID) -> None:
    out.append(0x98)
    out += value.bytes


def _char(out: bytearray, value: Char) -> None:
    out.append(0x73)
    out += value.encode("utf-32-be")


_WRITERS: dict[type, Callable[[bytearray, Any], None]] = {
    type(None): lambda out, _value: out.append(0x40),
    bool: _bool,
    int: _number(0x55, 0x81, "q", -128, 127),
    Int: _number(0x54, 0x71, "i", -128, 127),
    UInt: _number(0x52, 0x70, "I", 0, 255),
    ULong: _number(0x53, 0x80, "Q", 0, 255),
    UByte: _only(0x50, "B"),
    Byte: _only(0x51, "b"),
    UShort: _only(0x60, "H"),
    Short: _only(0x61, "h"),
    Timestamp: _only(0x83, "q"),
    float: _only(0x82, "d"),
    Float: _only(0x72, "f"),
    str: lambda out, value: _variable(0xA1, out, value.encode()),
    Symbol: lambda out, value: _variable(0xA3, out, value.encode("ascii")),
    bytes: lambda out, value: _variable(0xA0, out, value),
    UUID: _uuid,
    Char: _char,
    list: _list,
    tuple: _list,
    dict: _map,
    Array: _write_array,
    Described: _write_described,
    Opaque: _write_opaque,
}
