"""How a query runs over cached items: where vectors are needed, and the nearest ones without sorting all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos import vectors
from azlabs.simulator.data_planes.cosmos.partition import look_up
from azlabs.simulator.data_planes.cosmos.query.compiler import Level
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.syntax import Call, Constant, Expression, Member, Name, Query
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED
from azlabs.simulator.data_planes.cosmos.vectors import Block, Stub

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.cosmos.cache import Cache
    from azlabs.simulator.data_planes.cosmos.places import Container
    from azlabs.simulator.store import Store

Path = tuple[str, ...]
_HARMLESS = frozenset({"VECTORDISTANCE", "IS_DEFINED", "IS_ARRAY", "IS_NULL", "IS_STRING", "IS_NUMBER", "IS_BOOL", "IS_OBJECT",
                       "IS_PRIMITIVE", "ARRAY_LENGTH", "TYPE"})  # fmt: skip
"""Functions that do not look at the elements of a vector."""


class Search:
    """One query over one container."""

    def __init__(self, container: Container, cache: Cache | None, query: Query) -> None:
        self.container, self.cache, self.query = container, cache, query
        self.alias = query.sources[0].alias if query.sources else ""
        self.nearest: tuple[Path, list[Any], str] | None = None
        """(path, vector, function) of an ORDER BY VectorDistance over a path of the policy."""
        self._first: dict[int, tuple[Path, list[Any], str]] = {}
        self._whole_rows = self._reaches(query.where, *(one.value for one in query.order), *query.group, *self._joins())
        self._whole_results = query.form == "*" or self._reaches(*(one.value for one in query.columns))
        if self._whole_results and (len(query.sources) != 1 or query.group or query.distinct):
            self._whole_rows = True
        self.ascending: list[bool] = []
        self._scores: list[tuple[Path, str, list[Any], Any]] = []

    def scores(self, path: Path, block: Block, wanted: list[Any], function: str) -> Any:
        """VectorDistance of all rows of a block; computed once for each vector of the query."""
        for known, name, vector, found in self._scores:
            if known == path and name == function and (vector is wanted or vector == wanted):
                return found
        self._scores.append((path, function, wanted, block.scores(wanted, function)))
        return self._scores[-1][3]

    def _joins(self) -> list[Expression]:
        if not self.query.sources:
            return []
        first = self.query.sources[0]
        own = [first.value] if first.iterates or not isinstance(first.value, Name) else []
        return [one.value for one in self.query.sources[1:]] + own

    # --- which expressions look at vectors ------------------------------------------------------------------------------
    def _reaches(self, *nodes: Any) -> bool:
        paths = list(self.container.vectors)
        return bool(paths) and any(self._node_reaches(node, paths) for node in nodes if node is not None)

    def _node_reaches(self, node: Any, paths: list[Path]) -> bool:
        if isinstance(node, Call) and node.name in _HARMLESS:
            return any(self._node_reaches(one, paths) for one in node.arguments[1:])
        if isinstance(node, Name | Member):
            names: list[str] = []
            base: Any = node
            known = True
            while isinstance(base, Member):
                if isinstance(base.name, Constant) and isinstance(base.name.value, str):
                    names.append(base.name.value)
                else:
                    known = False
                    names.clear()
                base = base.value
            names.reverse()
            if isinstance(base, Name):
                place = tuple(names)
                return any(path[: len(place)] == place or (known and place[: len(path)] == path) for path in paths)
        for name in getattr(node, "__dataclass_fields__", ()):
            value = getattr(node, name)
            for one in value if value.__class__ is tuple else (value,):
                for part in one if one.__class__ is tuple else (one,):
                    if hasattr(part, "__dataclass_fields__") and self._node_reaches(part, paths):
                        return True
        return False

    # --- VectorDistance -------------------------------------------------------------------------------------------------
    def distance(self, node: Expression, given: list[Any]) -> Callable[[Any, Any], Any]:
        """What VectorDistance(node, given...) computes. Raises `QueryError`."""
        wanted, options = given[0], next((one for one in given[1:] if isinstance(one, dict)), {})
        path = _chain(node, self.alias)
        policy = self.container.vectors.get(path) if path is not None else None
        function = str(options.get("distanceFunction") or (policy or {}).get("distanceFunction") or "cosine").lower()
        if function not in vectors.FUNCTIONS:
            raise QueryError(f"The distance function '{function[:40]}' is not one of cosine, dotproduct, euclidean.", "SC2051")
        self.ascending.append(function == "euclidean")
        if policy is None or path is None or wanted is UNDEFINED:
            return lambda left, right: vectors.distance(left, right, function)
        if not vectors.is_vector(wanted) or len(wanted) != int(policy["dimensions"]):
            count = len(wanted) if isinstance(wanted, list) else 0
            raise QueryError(
                f"The vector of VectorDistance has {count} dimensions; the vector embedding policy of the path '/{'/'.join(path)}' has "
                f"{policy['dimensions']}.", "SC2051",
            )  # fmt: skip
        block = self.cache.blocks[path] if self.cache is not None else Block(policy)
        made = _Distance(self, path, block, wanted, function)
        self._first[id(made)] = (path, wanted, function)
        return made

    def settle(self, level: Level) -> None:
        """Directions of ORDER BY VectorDistance: the most similar come first, whatever the query says."""
        from azlabs.simulator.data_planes.cosmos.plan import is_vector_order

        if not is_vector_order(self.query):
            return
        node = self.query.order[0].value
        assert isinstance(node, Call)
        path = _chain(node.arguments[0], self.alias) if node.arguments else None
        known = [one for one in self._first.values() if one[0] == path]
        self.nearest = known[0] if known else None
        level.descending[0] = not (self.nearest[2] == "euclidean" if self.nearest else self.ascending[0])

    # --- running --------------------------------------------------------------------------------------------------------
    def rows(self, store: Store, level: Level, items: Iterable[Any]) -> Sequence[Any]:
        """What pages are cut from: rows whose projection `result` makes, or results where they stand for groups."""
        if self._whole_rows:
            items = [self.whole(store, item) for item in items]
        if level.grouped or self.query.distinct:
            return level.run(items)
        alone = self.nearest is not None and level.top is not None and len(self.query.order) == 1 and not self._whole_rows
        if alone and level.places is not None:
            return self._nearest(level, items)
        found = level.rows(items)
        if alone:
            scores = level.keys[0](found)
            found = [row for row, score in zip(found, scores, strict=True) if score is not UNDEFINED]
        if level.keys:
            return _Ordered(found, level.window(level.order(found)))
        return level.window(found)

    def _nearest(self, level: Level, items: Iterable[Any]) -> list[Any]:
        """The items with the best scores, in order; items without a vector have none."""
        assert self.nearest is not None and self.cache is not None and level.places is not None
        path, wanted, function = self.nearest
        listed, at = self.cache.listed(path) if items is self.cache.whole else places(items, path)
        module = vectors.numpy_module()
        kept = None
        if self.query.where is not None:
            kept = module.array(level.places(listed), module.int64)
            at = at[kept]
        scores = self.scores(path, self.cache.blocks[path], wanted, function)
        if not len(scores):
            return []
        scores = (scores if function == "euclidean" else -scores)[at]
        missing = int((at < 0).sum())
        if missing:
            scores[at < 0] = module.inf
        chosen = _smallest(module, scores, min(level.offset + (level.top or 0), len(at) - missing))
        return level.window([listed[place if kept is None else kept[place]] for place in chosen])

    def result(self, store: Store, level: Level, row: Any) -> Any:
        """The result of a row; UNDEFINED when there is none."""
        if level.grouped or self.query.distinct:
            return row
        if self._whole_results and not self._whole_rows:
            row = self.whole(store, row)
        return level.project(row)

    def whole(self, store: Store, item: Any) -> Any:
        """An item with its vectors, out of the database when they are not in memory as they were written."""
        if self.cache is None:
            return item
        for path, block in self.cache.blocks.items():
            stub = look_up(item, path)
            if isinstance(stub, Stub):
                number = block.numbers[stub.row]
                body = store.sql.execute("SELECT body FROM cosmos_items WHERE number=?", (number,)).fetchone()
                return json.loads(body[0]) if body is not None else item
        return item


class _Ordered(Sequence[Any]):
    """Rows in another order. Only those that somebody asks for are looked at: each costs a look into far memory."""

    def __init__(self, rows: list[Any], order: list[int]) -> None:
        self._rows, self._order = rows, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: Any) -> Any:
        return self._rows[self._order[place]]


class _Distance:
    """VectorDistance to one vector: out of the scores of the whole block, which are computed once."""

    def __init__(self, search: Search, path: Path, block: Block, wanted: list[Any], function: str) -> None:
        self.search, self.path, self.block, self.wanted, self.function = search, path, block, wanted, function
        self.scores: Any = None

    def __call__(self, value: Any, wanted: Any) -> Any:
        if value.__class__ is Stub:
            if self.scores is None:
                self.scores = self.search.scores(self.path, self.block, self.wanted, self.function)
            return float(self.scores[value.row])
        if not isinstance(value, list) or len(value) != len(self.wanted):
            return UNDEFINED
        return vectors.distance(value, wanted, self.function)


def places(items: Iterable[Any], path: Path) -> tuple[list[Any], Any]:
    """(items as a list, rows of their vectors: -1 where there is none)."""
    module = vectors.numpy_module()
    listed = list(items)
    stubs = [item.get(path[0]) for item in listed] if len(path) == 1 else [look_up(item, path) for item in listed]
    return listed, module.fromiter((stub.row if stub.__class__ is Stub else -1 for stub in stubs), module.int64, len(stubs))


def _chain(node: Expression, alias: str) -> Path | None:
    names: list[str] = []
    while isinstance(node, Member):
        if not isinstance(node.name, Constant) or not isinstance(node.name.value, str):
            return None
        names.append(node.name.value)
        node = node.value
    return tuple(reversed(names)) if isinstance(node, Name) and node.name == alias else None


def _smallest(module: Any, scores: Any, count: int) -> list[int]:
    """Places of the smallest scores, in order."""
    if count <= 0:
        return []
    if count >= len(scores):
        return [int(place) for place in module.argsort(scores, kind="stable")]
    chosen = module.argpartition(scores, count - 1)[:count]
    return [int(place) for place in chosen[module.argsort(scores[chosen], kind="stable")]]


