"""Request units: by size of what is read or written, what is indexed of it, and what a query has to look at.

Anchors from Microsoft's documentation "Request Units": reading an item of 1 KB by id costs 1 RU and one of 100 KB 10; writing
one of 1 KB costs about 5 RU; the least charge of a query is a little above 2 RU. Between them these are interpolations.
"""

from __future__ import annotations

from typing import Any

QUERY = 2.26
PER_ITEM = 0.034
"""RU for each item that a query with an index returns."""
SCANNED = 0.0068
"""RU for each item that a query looks at without an index."""


def read(size: int) -> float:
    """RU of a point read of `size` bytes."""
    return round(max(1.0, 1.0 + (size / 1024 - 1) * 9 / 99), 2)


def count_paths(value: Any, most: int = 10_000) -> int:
    """Leaves of an item, which the index has to keep."""
    stack, found = [value], 0
    while stack and found < most:
        one = stack.pop()
        if one.__class__ is dict:
            stack.extend(one.values())
        elif one.__class__ is list:
            stack.extend(one[:100])
        else:
            found += 1
    return found


def write(size: int, paths: int, *, replaces: bool = False) -> float:
    """RU of a write; replacing takes the old entries out of the index too."""
    base = 4.95 + max(0.0, size / 1024 - 1) * 4.4 + 0.057 * max(0, paths - 1)
    return round(base * (1.9 if replaces else 1.1), 2)


def query(size: int, count: int, scanned: int, extra: float = 0.0) -> float:
    """RU of one page: bytes and items returned, items looked at beyond them."""
    return round(QUERY + size / 1024 * 0.05 + count * PER_ITEM + scanned * SCANNED + extra, 2)
