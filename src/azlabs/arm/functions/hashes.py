"""The two hashes of the template language: `uniqueString` and `guid`."""

from __future__ import annotations

import uuid

_MASK = 0xFFFFFFFF
_C1, _C2 = 0x239B961B, 0xAB0E9789
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _first(word: int) -> int:
    return _rotate(word * _C1 & _MASK, 15) * _C2 & _MASK


def _second(word: int) -> int:
    return _rotate(word * _C2 & _MASK, 17) * _C1 & _MASK


def _finish(value: int) -> int:
    value ^= value >> 16
    value = value * 2246822507 & _MASK
    value ^= value >> 13
    value = value * 3266489909 & _MASK
    return value ^ value >> 16


def hash64(data: bytes) -> int:
    """A 64-bit hash of the MurmurHash3 family, in two 32-bit lanes, as the deployment engine computes it."""
    low = high = 0
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        low ^= _first(int.from_bytes(data[at : at + 4], "little"))
        low = ((_rotate(low, 19) + high) * 5 + 1444728091) & _MASK
        high ^= _second(int.from_bytes(data[at + 4 : at + 8], "little"))
        high = ((_rotate(high, 13) + low) * 5 + 197830471) & _MASK
    rest = data[whole:]
    if rest:
        low ^= _first(int.from_bytes(rest[:4], "little"))
    if len(rest) > 4:
        high ^= _second(int.from_bytes(rest[4:], "little"))
    low, high = low ^ len(data), high ^ len(data)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    low, high = _finish(low), _finish(high)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    return high << 32 | low


def unique_string(text: str) -> str:
    """13 characters of a-z2-7: the hash, five bits at a time from the top."""
    value = hash64(text.encode("utf-8", "surrogatepass")) << 1
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(60, -1, -5))


def name_guid(text: str) -> str:
    """A name-based UUID (RFC 4122, version 5) in the namespace of the deployment engine."""
    return str(uuid.uuid5(_NAMESPACE, text))
