"""Passages in Cosmos DB: 512 numbers each, compared by their dot product."""

import os
import re
from functools import lru_cache

from azure.cosmos import CosmosClient
from azure.identity import DefaultAzureCredential, get_bearer_token_provider
from openai import OpenAI

DIMENSIONS = 512
ME = DefaultAzureCredential()


@lru_cache(maxsize=1)
def rooms():
    """The container."""
    client = CosmosClient(os.environ["COSMOS_ENDPOINT"], ME)
    return client.get_database_client(os.environ["COSMOS_DATABASE"]).get_container_client(os.environ["COSMOS_CONTAINER"])


@lru_cache(maxsize=1)
def model() -> OpenAI:
    """The model, under the address without api-version."""
    provider = get_bearer_token_provider(ME, "https://cognitiveservices.azure.com/.default")
    return OpenAI(base_url=os.environ["OPENAI_ENDPOINT"].rstrip("/") + "/openai/v1/", api_key=provider)


def vectors(texts: list[str]) -> list[list[float]]:
    """One vector for each text."""
    found = model().embeddings.create(model=os.environ["EMBEDDING_DEPLOYMENT"], input=texts, dimensions=DIMENSIONS)
    return [one.embedding for one in sorted(found.data, key=lambda one: one.index)]


def replace(note: dict) -> None:
    """Everything of a note at once. What is newer stays."""
    key = note["id"]
    old = list(rooms().query_items("SELECT c.id, c.rev FROM c WHERE c.doc = @doc", [{"name": "@doc", "value": key}], key))
    if max((one["rev"] for one in old), default=-1) > note["revision"]:
        return
    texts = [] if note.get("withdrawn") else pieces(note["body"])
    steps = [("delete", (one["id"],)) for one in old]
    for number, (text, vector) in enumerate(zip(texts, vectors(texts) if texts else [], strict=True)):
        item = {"id": f"p{number}", "doc": key, "rev": note["revision"], "kind": note["category"], "about": {"text": text}, "v": vector}
        steps.append(("create", (item,)))
    if steps:
        rooms().execute_item_batch(steps, partition_key=key)


def pieces(text: str) -> list[str]:
    """Five sentences each, the last one of a piece again at the beginning of the next."""
    sentences = re.findall(r"[^.!?]+[.!?]*", text)
    sentences = [one.strip() for one in sentences if one.strip()]
    return [" ".join(sentences[at : at + 5]) for at in range(0, max(len(sentences) - 1, 1), 4)]


def nearest(question: str, category: str | None, k: int) -> list[dict]:
    """The k nearest, of one category or of all."""
    where, given = "", [{"name": "@k", "value": k}, {"name": "@v", "value": vectors([question])[0]}]
    if category is not None:
        where = "WHERE c.kind = @kind "
        given.append({"name": "@kind", "value": category})
    rows = rooms().query_items(
        f"SELECT TOP @k c.doc, c.kind, c.about.text, VectorDistance(c.v, @v) AS near FROM c {where}ORDER BY VectorDistance(c.v, @v)",
        given,
        enable_cross_partition_query=True,
    )
    return [{"documentId": one["doc"], "category": one["kind"], "text": one["text"], "score": one["near"]} for one in rows]
