"""Request units: by size of what is read or written, what is indexed of it, and what a query has to look at.

Anchors from Microsoft's documentation "Request Units": reading an item of 1 KB by id costs 1 RU and one of 100 KB 10; writing
one of 1 KB costs about 5 RU; the least charge of a query is a little above 2 RU. Between them these are interpolations.
"""

from __future__ import annotations

QUERY = 2.26
PER_ITEM = 0.034
"""RU for each item that a query with an index returns."""
SCANNED = 0.0666
"""RU for each item that a query reads because no index serves its filter (the documentation's example of a scan: 60,951 items,
4,059.95 RU)."""


def read(size: int) -> float:
    """RU of a point read of `size` bytes."""
    return round(max(1.0, 1.0 + (size / 1024 - 1) * 9 / 99), 2)


def write(size: int, paths: int, *, replaces: bool = False) -> float:
    """RU of a write of `size` bytes of which `paths` values are indexed; replacing takes the old entries out of the index too."""
    base = 4.95 + max(0.0, size / 1024 - 1) * 4.4 + 0.057 * max(0, paths - 1)
    return round(base * (1.9 if replaces else 1.1), 2)


def query(size: int, count: int, scanned: float = 0.0) -> float:
    """RU of one page: bytes and items returned, items that had to be read because no index found them."""
    return round(QUERY + size / 1024 * 0.05 + count * PER_ITEM + scanned * SCANNED, 2)
