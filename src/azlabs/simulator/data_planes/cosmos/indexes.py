"""What indexing policies allow: sorting needs the right index; vectors have their rules."""

from __future__ import annotations

from typing import Any

from azlabs.simulator.data_planes.cosmos.errors import bad
from azlabs.simulator.data_planes.cosmos.partition import split_path
from azlabs.simulator.data_planes.cosmos.places import Container
from azlabs.simulator.data_planes.cosmos.query.syntax import Call, Constant, Expression, Member, Name, Query

MOST_DIMENSIONS = {"flat": 505, "quantizedFlat": 4096, "diskANN": 4096}
MOST_WITHOUT_INDEX = 4096
DATA_TYPES = ("float32", "float16", "uint8", "int8")
DISTANCES = ("cosine", "dotproduct", "euclidean")
VECTOR_CAPABILITY = "EnableNoSQLVectorSearch"
FULL_TEXT_CAPABILITY = "EnableNoSQLFullTextSearch"


def check_order(container: Container, query: Query) -> None:
    """Raise 400 where ORDER BY has no index that serves it."""
    if not query.order or len(query.sources) != 1 or not isinstance(query.sources[0].value, Name) or query.sources[0].iterates:
        return
    alias = query.sources[0].alias
    if any(isinstance(one.value, Call) for one in query.order):
        return
    paths = [_chain(one.value, alias) for one in query.order]
    policy = container.document.get("indexingPolicy") or {}
    if any(not path for path in paths):
        raise _wrong("Unsupported ORDER BY clause. ORDER BY item expression could not be mapped to a document path.")
    wanted = [path for path in paths if path]
    if len(wanted) == 1:
        if not indexed(policy, wanted[0]):
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


def check_vectors(document: dict[str, Any], capabilities: list[str]) -> None:
    """Raise 400 for a container whose vector or full-text policies Cosmos DB refuses."""
    embeddings = (document.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings") or []
    indexes = (document.get("indexingPolicy") or {}).get("vectorIndexes") or []
    able = {one.lower() for one in capabilities}
    if (embeddings or indexes) and VECTOR_CAPABILITY.lower() not in able:
        raise _wrong(f"Vector search is not enabled for the account: it lacks the capability {VECTOR_CAPABILITY}.")
    sizes: dict[str, int] = {}
    for one in embeddings:
        path, size = str(one.get("path", "")), one.get("dimensions")
        if not path.startswith("/") or path in sizes:
            raise _wrong(f"The path '{path}' of the vector embedding policy is invalid or used twice.")
        if type(size) is not int or not 1 <= size <= MOST_WITHOUT_INDEX:
            raise _wrong(f"The dimensions of the vector embedding at '{path}' have to be between 1 and {MOST_WITHOUT_INDEX}.")
        if str(one.get("dataType", "float32")).lower() not in DATA_TYPES:
            raise _wrong(f"The data type '{one.get('dataType')}' of the embedding at '{path}' is not one of {', '.join(DATA_TYPES)}.")
        if str(one.get("distanceFunction", "cosine")).lower() not in DISTANCES:
            raise _wrong(f"The distance function '{one.get('distanceFunction')}' at '{path}' is not one of {', '.join(DISTANCES)}.")
        sizes[path] = size
    for one in indexes:
        path, kind = str(one.get("path", "")), str(one.get("type", ""))
        if path not in sizes:
            raise _wrong(f"The vector index path '{path}' has no embedding in the vector embedding policy.")
        if kind not in MOST_DIMENSIONS:
            raise _wrong(f"The vector index type '{kind}' is not one of flat, quantizedFlat, diskANN.")
        if sizes[path] > MOST_DIMENSIONS[kind]:
            limit = MOST_DIMENSIONS[kind]
            raise _wrong(f"The vector index at '{path}' of type {kind} cannot have {sizes[path]} dimensions; the limit is {limit}.")


def _wrong(message: str) -> Exception:
    return bad(f'Message: {{"Errors":["{message}"]}}')
