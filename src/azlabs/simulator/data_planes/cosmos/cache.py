"""The items of one container in memory, parsed, for queries; vectors of the embedding policy as rows of one block."""

from __future__ import annotations

import json
from contextlib import contextmanager
from sys import intern
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos import rows
from azlabs.simulator.data_planes.cosmos.partition import look_up
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED
from azlabs.simulator.data_planes.cosmos.vectors import Block, Stub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azlabs.simulator.store import Store

Path = tuple[str, ...]
_AT_ONCE = 500
_SHARED = 4096
_SHORT = 64
"""Strings up to this length that many items have are kept once."""


class Cache:
    """`items` by number, in the order of creation; `keys`: partition key of each. Whoever reads holds the store's lock."""

    def __init__(self, rid: str, vectors: dict[Path, dict[str, Any]]) -> None:
        self.rid, self.policies = rid, vectors
        self.stamp = ""
        self.items: dict[int, dict[str, Any]] = {}
        self.keys: dict[int, str] = {}
        self.etags: dict[int, str] = {}
        self.by_key: dict[str, dict[int, dict[str, Any]]] = {}
        self.blocks = {path: Block(policy) for path, policy in vectors.items()}
        self.whole = self.items.values()
        """What a query of the whole container goes through."""
        self._listed: dict[Path, tuple[list[Any], Any]] = {}
        self._shared: dict[str, str] = {"attachments/": "attachments/"}
        self.results: dict[Any, Any] = {}
        """Results of the last queries, for their further pages."""

    def forget(self) -> None:
        """Items have changed: what was worked out of them is worth nothing."""
        self.results.clear()
        self._listed.clear()

    def listed(self, path: Path) -> tuple[list[Any], Any]:
        """(all items as a list, rows of their vectors at a path: -1 where there is none)."""
        found = self._listed.get(path)
        if found is None:
            from azlabs.simulator.data_planes.cosmos.search import places

            found = self._listed[path] = places(self.whole, path)
        return found

    def refresh(self, store: Store) -> None:
        """Follow what others wrote, or a snapshot brought back: only items with another etag are read again."""
        with store.lock:
            stamp = rows.state(store, self.rid)[1]
            if stamp == self.stamp:
                return
            self.forget()
            now = dict(store.sql.execute("SELECT number, etag FROM cosmos_items WHERE container=? ORDER BY number", (self.rid,)))
            for number in [number for number in self.items if number not in now]:
                self._drop(number)
            changed = [number for number, etag in now.items() if self.etags.get(number) != etag]
            for block in self.blocks.values():
                block.reserve(len(now))
            last = next(reversed(self.items), 0)
            with _without_mapping(store):
                for start in range(0, len(changed), _AT_ONCE):
                    self._load(store, changed[start : start + _AT_ONCE])
            if changed and changed[0] < last:
                self._sort()
            self.stamp = stamp

    def _load(self, store: Store, numbers: list[int]) -> None:
        marks = ",".join("?" * len(numbers))
        selected = f"SELECT number, pk, etag, body FROM cosmos_items WHERE number IN ({marks}) ORDER BY number"
        for number, key, etag, body in store.sql.execute(selected, numbers):
            self._put(number, key, etag, json.loads(body))

    def _sort(self) -> None:
        """Items that came back have their old places."""
        items = sorted(self.items.items())
        self.items.clear()
        self.items.update(items)
        self.by_key = {key: dict(sorted(found.items())) for key, found in self.by_key.items()}

    def apply(self, before: str, after: str, changes: list[tuple[int, str, dict[str, Any] | None]]) -> None:
        """Follow a write of this process: (number, partition key, item or None when it is gone)."""
        if before != self.stamp:
            return
        self.forget()
        for number, key, item in changes:
            if item is None:
                self._drop(number)
            else:
                self._put(number, key, item["_etag"], item)
        self.stamp = after

    def _put(self, number: int, key: str, etag: str, item: dict[str, Any]) -> None:
        item = {intern(name): self._once(value) if value.__class__ is str else value for name, value in item.items()}
        old = self.items.get(number)
        for path, block in self.blocks.items():
            value = look_up(item, path)
            kept = look_up(old, path) if old is not None else UNDEFINED
            row = kept.row if isinstance(kept, Stub) else None
            if block.fits(value):
                place = block.put(value, number, row)
                above = look_up(item, path[:-1])
                above[path[-1]] = Stub(place, len(value))
            elif row is not None:
                block.drop(row)
        if "_etag" in item:
            item["_etag"] = etag
        key = intern(key)
        self.items[number] = item
        self.keys[number], self.etags[number] = key, etag
        self.by_key.setdefault(key, {})[number] = item

    def _once(self, text: str) -> str:
        if len(text) > _SHORT:
            return text
        known = self._shared.get(text)
        if known is not None:
            return known
        if len(self._shared) < _SHARED:
            self._shared[text] = text
        return text

    def _drop(self, number: int) -> None:
        old = self.items.pop(number, None)
        self.etags.pop(number, None)
        key = self.keys.pop(number, "")
        of_key = self.by_key.get(key, {})
        of_key.pop(number, None)
        if not of_key:
            self.by_key.pop(key, None)
        for path, block in self.blocks.items():
            kept = look_up(old, path) if old is not None else UNDEFINED
            if isinstance(kept, Stub):
                block.drop(kept.row)


@contextmanager
def _without_mapping(store: Store) -> Iterator[None]:
    """Read by buffers: what is looked at once would stay in the process's memory as mapped pages of the file."""
    row = store.sql.execute("PRAGMA mmap_size").fetchone()
    size = int(row[0]) if row is not None else 0
    if not size:
        yield
        return
    store.sql.execute("PRAGMA mmap_size=0")
    try:
        yield
    finally:
        store.sql.execute(f"PRAGMA mmap_size={size}")
