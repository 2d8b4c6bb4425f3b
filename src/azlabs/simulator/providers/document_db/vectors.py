"""Vectors in containers: which members of items hold embeddings, and how they are indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.document_db.base import Body, bad, offers

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

CAPABILITY = "EnableNoSQLVectorSearch"
TYPES = ("float32", "float16", "int8", "uint8")
FUNCTIONS = ("cosine", "dotproduct", "euclidean")
DIMENSIONS = {"flat": 505, "quantizedFlat": 4096, "diskANN": 4096}
"""The most dimensions that a kind of index takes, from Microsoft's documentation."""


def settle(write: Write, document: Body, account: Body) -> None:
    """Check a container's embeddings and their indexes; indexed vectors are kept out of the ordinary index."""
    policy = document.get("vectorEmbeddingPolicy")
    indexes = document["indexingPolicy"].get("vectorIndexes") or []
    embeddings = (policy or {}).get("vectorEmbeddings") or []
    if (embeddings or indexes) and not offers(account, CAPABILITY):
        bad(f"The vector policies of a container need the capability {CAPABILITY}, which the account does not have.")
    by_path = {one.get("path"): _embedding(one) for one in embeddings}
    if len(by_path) != len(embeddings):
        bad("Every path of the vector embedding policy has to be unique.")
    old = write.old("properties.resource.vectorEmbeddingPolicy")
    if write.before is not None and policy is not None and policy != old:
        bad("The vector embedding policy of a container cannot be changed.")
    if old is not None:
        document["vectorEmbeddingPolicy"] = old
    for one in indexes:
        _index(document, one, by_path)


def _embedding(one: Body) -> int:
    """Dimensions of an embedding that is in order."""
    if not str(one.get("path", "")).startswith("/"):
        bad(f"The vector embedding path '{one.get('path')}' is invalid: it has to begin with '/'.")
    if one.get("dataType") not in TYPES:
        bad(f"The vector data type '{one.get('dataType')}' is not one of {', '.join(TYPES)}.")
    if str(one.get("distanceFunction")).lower() not in FUNCTIONS:
        bad(f"The distance function '{one.get('distanceFunction')}' is not one of {', '.join(FUNCTIONS)}.")
    size = one.get("dimensions")
    if type(size) is not int or not 1 <= size <= max(DIMENSIONS.values()):
        bad(f"The dimensions of a vector have to be between 1 and {max(DIMENSIONS.values())}.")
    return size


def _index(document: Body, one: Body, embeddings: dict[str | None, int]) -> None:
    path, kind = (
        one.get("path"),
        next((word for word in DIMENSIONS if word.lower() == str(one.get("type")).lower()), None),
    )
    if path not in embeddings:
        bad(f"The vector index path '{path}' has no embedding in the vector embedding policy.")
    if kind is None:
        bad(f"The vector index type '{one.get('type')}' is not one of {', '.join(DIMENSIONS)}.")
    if embeddings[path] > DIMENSIONS[kind]:
        bad(f"A vector index of type {kind} takes {DIMENSIONS[kind]} dimensions at most, not {embeddings[path]}.")
    one["type"] = kind
    excluded = document["indexingPolicy"]["excludedPaths"]
    if all(other["path"] != f"{path}/*" for other in excluded):
        document["indexingPolicy"]["excludedPaths"] = [*excluded, {"path": f"{path}/*"}]
