"""Indexing policies: what is in the index, what that costs and serves, and what sorting needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos.errors import bad
from azlabs.simulator.data_planes.cosmos.partition import split_path
from azlabs.simulator.data_planes.cosmos.query.syntax import (
    Binary,
    Call,
    Constant,
    Expression,
    In,
    Like,
    Member,
    Name,
    Parameter,
    Query,
    Subquery,
    Unary,
)

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.cosmos.places import Container

_ALWAYS = (("id",), ("_ts",))
_DIRECT = frozenset({"STARTSWITH", "ENDSWITH", "CONTAINS", "STRINGEQUALS", "REGEXMATCH", "IS_DEFINED", "IS_NULL", "IS_STRING", "IS_NUMBER",
                     "IS_BOOL", "IS_ARRAY", "IS_OBJECT", "IS_PRIMITIVE", "ARRAY_CONTAINS", "FULLTEXTCONTAINS", "FULLTEXTCONTAINSALL",
                     "FULLTEXTCONTAINSANY", "ST_DISTANCE", "ST_WITHIN", "ST_INTERSECTS"})  # fmt: skip
"""Functions that an index serves when their first argument is a property. Source: "Query language reference", each function's remarks."""
_REMEMBERED = 10_000


class Indexing:
    """An indexing policy: which paths are in the index. Answers are remembered, since items have the same paths over and over."""

    def __init__(self, policy: dict[str, Any]) -> None:
        self.policy = policy
        self.none = policy.get("indexingMode", "consistent") == "none"
        self._known: dict[tuple[str, ...], bool] = {}

    def has(self, path: tuple[str, ...]) -> bool:
        """Is a path in the index? The longest of the included and excluded paths that match decides."""
        found = self._known.get(path)
        if found is None:
            found = indexed(self.policy, path)
            if len(self._known) < _REMEMBERED:
                self._known[path] = found
        return found

    def count(self, value: Any, path: tuple[str, ...] = ()) -> int:
        """Leaves of an item that the index has to keep."""
        if self.none:
            return 0
        if value.__class__ is dict:
            return sum(self.count(one, (*path, name)) for name, one in value.items())
        if isinstance(value, list):
            if set(map(type, value)) <= _LEAVES:
                return len(value) if self.has(path) else 0
            return sum(self.count(one, path) for one in value)
        return 1 if self.has(path) else 0

    def serves(self, query: Query) -> tuple[bool, list[tuple[str, ...]], list[tuple[str, ...]]]:
        """(does the index answer WHERE, paths that it uses, paths that it would use if they were in it)."""
        if query.where is None or not query.sources or not isinstance(query.sources[0].value, Name):
            return True, [], []
        used: list[tuple[str, ...]] = []
        missing: list[tuple[str, ...]] = []
        alias = "" if query.sources[0].iterates else query.sources[0].alias
        return self._serves(query.where, alias, used, missing), used, missing

    def _serves(self, node: Expression, alias: str, used: list[tuple[str, ...]], missing: list[tuple[str, ...]]) -> bool:
        if isinstance(node, Binary) and node.sign in ("AND", "OR"):
            sides = [self._serves(one, alias, used, missing) for one in (node.left, node.right)]
            return any(sides) if node.sign == "AND" else all(sides)
        if isinstance(node, Unary) and node.sign == "NOT":
            return self._serves(node.value, alias, used, missing)
        if isinstance(node, Binary):
            places = [node.left, node.right]
        elif isinstance(node, In | Like):
            places = [node.value]
        elif isinstance(node, Call) and node.name in _DIRECT:
            places = list(node.arguments[:1])
        elif isinstance(node, Subquery):
            return True
        else:
            places = [node]
        found = [path for path in (_chain(one, alias) for one in places) if path]
        for path in found:
            if self.has(path):
                used.append(path)
                return True
            missing.append(path)
        return not found and isinstance(node, Constant | Parameter)


_LEAVES = {int, float, str, bool, type(None)}


def check_order(container: Container, query: Query) -> None:
    """Raise 400 where ORDER BY has no index that serves it."""
    if not query.order or len(query.sources) != 1 or not isinstance(query.sources[0].value, Name) or query.sources[0].iterates:
        return
    alias = query.sources[0].alias
    if any(isinstance(one.value, Call) for one in query.order):
        return
    paths = [_chain(one.value, alias) for one in query.order]
    policy = container.indexing.policy
    if any(not path for path in paths):
        raise _wrong("Unsupported ORDER BY clause. ORDER BY item expression could not be mapped to a document path.")
    wanted = [path for path in paths if path]
    if len(wanted) == 1:
        if not container.indexing.has(wanted[0]):
            raise bad('Message: {"Errors":["The index path corresponding to the specified order-by item is excluded."]}')
        return
    directions = [one.descending for one in query.order]
    for composite in policy.get("compositeIndexes") or ():
        kept = [(split_path(one["path"]), str(one.get("order", "ascending")).lower() == "descending") for one in composite]
        if [path for path, _ in kept] == wanted and [down for _, down in kept] in (directions, [not down for down in directions]):
            return
    raise bad('Message: {"Errors":["The order by query does not have a corresponding composite index that it can be served from."]}')


def indexed(policy: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Is a path in the index? The longest of the included and excluded paths that match decides."""
    if policy.get("indexingMode", "consistent") == "none":
        return False
    if path in _ALWAYS:
        return True
    best, found = -1, True
    for member, included in (("excludedPaths", False), ("includedPaths", True)):
        for one in policy.get(member) or ():
            length = _match(split_path(str(one.get("path", ""))), path)
            if length >= best and length >= 0:
                best, found = length, included
    return found


def _match(pattern: tuple[str, ...], path: tuple[str, ...]) -> int:
    """How precisely a policy's path covers a property's; -1: not at all."""
    end = pattern[-1]
    names = [name for name in pattern[:-1] if name != "[]"]
    if end == "*":
        return len(names) * 2 if list(path[: len(names)]) == names else -1
    if end == "?":
        return len(names) * 2 + 1 if list(path) == names else -1
    return len(pattern) * 2 + 1 if path == pattern else -1


def _chain(node: Expression, alias: str) -> tuple[str, ...] | None:
    names: list[str] = []
    while isinstance(node, Member):
        if not isinstance(node.name, Constant) or not isinstance(node.name.value, str):
            return None
        names.append(node.name.value)
        node = node.value
    return tuple(reversed(names)) if isinstance(node, Name) and node.name == alias else None


def _wrong(message: str) -> Exception:
    return bad(f'Message: {{"Errors":["{message}"]}}')
