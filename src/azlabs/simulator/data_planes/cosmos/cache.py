"""The items of one container in memory, parsed, for queries; vectors of the embedding policy as rows of one block."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos import rows
from azlabs.simulator.data_planes.cosmos.partition import look_up
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED
from azlabs.simulator.data_planes.cosmos.vectors import Block, Stub

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

Path = tuple[str, ...]


class Cache:
    """`items` by number, in the order of creation; `keys`: partition key of each. Whoever reads holds the store's lock."""

    def __init__(self, rid: str, vectors: dict[Path, dict[str, Any]]) -> None:
        self.rid, self.paths = rid, tuple(vectors)
        self.stamp = ""
        self.items: dict[int, dict[str, Any]] = {}
        self.keys: dict[int, str] = {}
        self.by_key: dict[str, dict[int, dict[str, Any]]] = {}
        self.blocks = {path: Block(policy) for path, policy in vectors.items()}
        self.results: dict[Any, Any] = {}
        """Results of the last queries, for their further pages."""

    def refresh(self, store: Store) -> None:
        """Read everything again, unless nothing was written by others since."""
        with store.lock:
            stamp = rows.state(store, self.rid)[1]
            if stamp == self.stamp:
                return
            self.items, self.keys, self.by_key = {}, {}, {}
            self.results.clear()
            for block in self.blocks.values():
                block.clear()
            selected = "SELECT number, pk, body FROM cosmos_items WHERE container=? ORDER BY number"
            for number, key, body in store.sql.execute(selected, (self.rid,)):
                self._put(number, key, json.loads(body))
            self.stamp = stamp

    def apply(self, before: str, after: str, changes: list[tuple[int, str, dict[str, Any] | None]]) -> None:
        """Follow a write of this process: (number, partition key, item or None when it is gone)."""
        if before != self.stamp:
            return
        self.results.clear()
        for number, key, item in changes:
            if item is None:
                self._drop(number, key)
            else:
                self._put(number, key, item)
        self.stamp = after

    def _put(self, number: int, key: str, item: dict[str, Any]) -> None:
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
        self.items[number] = item
        self.keys[number] = key
        self.by_key.setdefault(key, {})[number] = item

    def _drop(self, number: int, key: str) -> None:
        old = self.items.pop(number, None)
        self.keys.pop(number, None)
        of_key = self.by_key.get(key, {})
        of_key.pop(number, None)
        if not of_key:
            self.by_key.pop(key, None)
        for path, block in self.blocks.items():
            kept = look_up(old, path) if old is not None else UNDEFINED
            if isinstance(kept, Stub):
                block.drop(kept.row)
