"""Partition keys: values out of items and headers, and effective partition keys, by which ranges are addressed."""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from typing import Any

from azlabs.simulator.data_planes.cosmos.errors import bad
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, canonical

_MASK = 2**64 - 1
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
WRONG = (
    "PartitionKey extracted from document doesn't match the one specified in the header. Learn more: "
    "https://aka.ms/CosmosDB/sql/errors/wrong-pk-value"
)


def split_path(path: str) -> tuple[str, ...]:
    """Property names of a path: "/a/b" or '/"a b"/c'."""
    return tuple(part[1:-1] if len(part) > 1 and part[0] == part[-1] == '"' else part for part in path.strip("/").split("/"))


def look_up(item: Any, path: tuple[str, ...]) -> Any:
    """The value at a path, UNDEFINED when there is none."""
    for name in path:
        if item.__class__ is not dict or name not in item:
            return UNDEFINED
        item = item[name]
    return item


def of_item(item: dict[str, Any], paths: tuple[tuple[str, ...], ...]) -> str:
    """The key of an item as text: the canonical JSON of its values, {} for one that is missing."""
    found: list[Any] = []
    for path in paths:
        value = look_up(item, path)
        if value.__class__ in (dict, list):
            raise bad("Partition key provided either doesn't correspond to definition in the collection or doesn't match partition key "
                      "field values specified in the document.", 1001)  # fmt: skip
        found.append({} if value is UNDEFINED else value)
    return canonical(found)


@lru_cache(maxsize=4096)
def of_header(text: str, parts: int, *, prefix: bool = False) -> str:
    """The key of a request; with fewer values than the container's paths only where a prefix is allowed."""
    try:
        values = json.loads(text)
    except ValueError:
        raise bad(f"Partition key {text[:200]} is invalid.") from None
    if not isinstance(values, list) or any(isinstance(one, list) or (isinstance(one, dict) and one) for one in values):
        raise bad(f"Partition key {text[:200]} is invalid.")
    if len(values) != parts and not (prefix and 0 < len(values) < parts):
        raise bad(
            "Partition key provided either doesn't correspond to definition in the collection or doesn't match partition key field values "
            "specified in the document. Learn more: https://aka.ms/CosmosDB/sql/errors/wrong-pk-value", 1001,
        )  # fmt: skip
    return canonical(values)


def _rotate(value: int, by: int) -> int:
    return ((value << by) | (value >> (64 - by))) & _MASK


def _mix(value: int) -> int:
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & _MASK
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & _MASK
    return value ^ (value >> 33)


def murmur(data: bytes) -> bytes:
    """MurmurHash3, x64, 128 bits, seed 0: the published algorithm, little-endian halves."""
    one = two = 0
    whole = len(data) // 16 * 16
    for start in range(0, whole, 16):
        first, second = struct.unpack_from("<QQ", data, start)
        one ^= (_rotate((first * _C1) & _MASK, 31) * _C2) & _MASK
        one = ((_rotate(one, 27) + two) * 5 + 0x52DCE729) & _MASK
        two ^= (_rotate((second * _C2) & _MASK, 33) * _C1) & _MASK
        two = ((_rotate(two, 31) + one) * 5 + 0x38495AB5) & _MASK
    if len(data) > whole:
        first, second = struct.unpack("<QQ", data[whole:].ljust(16, b"\0"))
        two ^= (_rotate((second * _C2) & _MASK, 33) * _C1) & _MASK
        one ^= (_rotate((first * _C1) & _MASK, 31) * _C2) & _MASK
    one ^= len(data)
    two ^= len(data)
    one = (one + two) & _MASK
    two = (two + one) & _MASK
    one, two = _mix(one), _mix(two)
    one = (one + two) & _MASK
    two = (two + one) & _MASK
    return struct.pack("<QQ", one, two)


def _encoded(value: Any) -> bytes:
    if value == {} and isinstance(value, dict):
        return b"\0"
    if value is None:
        return b"\x01"
    if isinstance(value, bool):
        return b"\x03" if value else b"\x02"
    if isinstance(value, str):
        return b"\x08" + value.encode("utf-8", "surrogatepass") + b"\xff"
    return b"\x05" + struct.pack("<d", float(value))


@lru_cache(maxsize=200_000)
def effective(key: str, hierarchical: bool) -> str:
    """The effective partition key of a key's text: a hash in hexadecimal, one for each level of a hierarchical key."""
    values = json.loads(key)
    blocks = [_encoded(value) for value in values] if hierarchical else [b"".join(map(_encoded, values))]
    found = []
    for block in blocks:
        raw = bytearray(murmur(block)[::-1])
        raw[0] &= 0x3F
        found.append(raw.hex().upper())
    return "".join(found)
