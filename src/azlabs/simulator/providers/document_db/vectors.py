"""Vectors in containers: which members of items hold embeddings, and how they are indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.document_db.base import Body, bad, offers

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

CAPABILITY = "EnableNoSQLVectorSearch"
FULL_TEXT = "EnableNoSQLFullTextSearch"
LANGUAGES = ("en-US", "de-DE", "es-ES", "fr-FR", "it-IT", "pt-BR", "pt-PT")
TYPES = ("float32", "float16", "int8", "uint8")
FUNCTIONS = ("cosine", "dotproduct", "euclidean")
DIMENSIONS = {"flat": 505, "quantizedFlat": 4096, "diskANN": 4096}
"""The most dimensions that a kind of index takes, from Microsoft's documentation."""


def settle(write: Write, document: Body, account: Body) -> None:
    """Check a container's embeddings and their indexes; indexed vectors are kept out of the ordinary index."""
    policies = document["indexingPolicy"]
    old = write.old("properties.resource.vectorEmbeddingPolicy") or {}
    old_indexes = write.old("properties.resource.indexingPolicy.vectorIndexes") or []
    if old_indexes and "vectorIndexes" not in policies:
        policies["vectorIndexes"] = old_indexes
    indexes = policies.get("vectorIndexes") or []
    embeddings = (document.get("vectorEmbeddingPolicy") or old).get("vectorEmbeddings") or []
    if not embeddings and not indexes and not old:
        return
    if not offers(account, CAPABILITY):
        bad(f"The vector policies of a container need the capability {CAPABILITY}, which the account does not have.")
    by_path = {one.get("path"): _embedding(one) for one in embeddings}
    if len(by_path) != len(embeddings):
        bad("Every path of the vector embedding policy has to be unique.")
    for one in indexes:
        _index(document, one, by_path)
    if write.before is None:
        _not_shared(write)
    elif embeddings != (old.get("vectorEmbeddings") or []):
        bad("The vector embedding policy of a container cannot be changed. Create another container.")
    elif indexes != old_indexes:
        bad("The vector indexes of a container cannot be changed. Create another container.")
    else:
        document["vectorEmbeddingPolicy"] = old


def _not_shared(write: Write) -> None:
    """Vectors are not for containers that live on the throughput of their database."""
    database = write.key.rpartition("/")[0].rpartition("/")[0]
    if not write.hidden.get("offer") and write.store.exists(f"{database}/throughputsettings/default"):
        bad("Vector search is not supported in a database with shared throughput. Give the container throughput of its own.")


def full_text(document: Body, account: Body) -> None:
    """Check the paths of full-text search and their indexes."""
    policy, indexes = document.get("fullTextPolicy") or {}, document["indexingPolicy"].get("fullTextIndexes") or []
    paths = policy.get("fullTextPaths") or []
    if not paths and not indexes:
        return
    if not offers(account, FULL_TEXT):
        bad(f"The full-text policy of a container needs the capability {FULL_TEXT}, which the account does not have.")
    known = {one.get("path") for one in paths}
    wrong = next((one.get("path") for one in paths if not str(one.get("path", "")).startswith("/")), None)
    if wrong is not None or len(known) != len(paths):
        bad(f"The full-text path '{wrong or paths[0].get('path')}' is invalid: paths begin with '/' and are named once.")
    for language in (policy.get("defaultLanguage"), *(one.get("language") for one in paths)):
        if language is not None and language not in LANGUAGES:
            bad(f"The language '{language}' of full-text search is not one of {', '.join(LANGUAGES)}.")
    missing = next((one.get("path") for one in indexes if one.get("path") not in known), None)
    if missing is not None:
        bad(f"The full-text index path '{missing}' is not in the full-text policy.")


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
