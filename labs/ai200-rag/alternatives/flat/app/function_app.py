"""Messages come as batches, each with a header item that says which revision is kept. Vectors of 256 numbers, by distance."""

import hashlib
import hmac
import json
import logging
import os
import textwrap
from typing import List  # noqa: UP035 - the worker knows batches by this name

import azure.functions as func
from azure.cosmos import CosmosClient
from azure.cosmos.exceptions import CosmosResourceNotFoundError
from azure.identity import ManagedIdentityCredential, get_bearer_token_provider
from azure.monitor.opentelemetry import configure_azure_monitor
from openai import AzureOpenAI
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

logging.getLogger("azure").setLevel(logging.WARNING)
configure_azure_monitor(enable_live_metrics=False)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
tracer = trace.get_tracer("leaves")
me = ManagedIdentityCredential()
leaves = (
    CosmosClient(os.environ["COSMOS_ENDPOINT"], me).get_database_client("archive").get_container_client("leaves")
    if "COSMOS_ENDPOINT" in os.environ
    else None
)
model = AzureOpenAI(
    azure_endpoint=os.environ["OPENAI_ENDPOINT"],
    azure_ad_token_provider=get_bearer_token_provider(me, "https://cognitiveservices.azure.com/.default"),
    api_version="2024-10-21",
)


@app.service_bus_queue_trigger(
    arg_name="messages", queue_name="documents", connection="DocumentsBus", cardinality=func.Cardinality.MANY
)
def file_notes(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
    """One message at a time, since host.json says so: a bad one takes nobody along."""
    for message in messages:
        parent = TraceContextTextMapPropagator().extract({"traceparent": message.application_properties["traceparent"]})
        with tracer.start_as_current_span("file note", context=parent):
            file_note(json.loads(message.get_body()))


def file_note(note: dict) -> None:
    """Header first read, last written: a revision that is not whole is done again."""
    name, revision = note["id"], int(note["revision"])
    trace.get_current_span().set_attribute("leaf", name)
    head = {"id": "head", "note": {"id": str(name)}, "revision": revision, "count": 0}
    if not isinstance(name, str):
        raise ValueError("id")
    try:
        before = leaves.read_item("head", name)
    except CosmosResourceNotFoundError:
        before = {"revision": 0, "count": 0}
    if before["revision"] > revision:
        return
    if not note.get("withdrawn"):
        texts = cut(note["body"])
        answer = model.embeddings.create(model=os.environ["EMBEDDING_DEPLOYMENT"], input=texts, dimensions=256)
        for number, (text, one) in enumerate(zip(texts, answer.data, strict=True)):
            leaves.upsert_item(
                {
                    "id": f"leaf-{number}", "note": {"id": name, "category": note["category"]}, "revision": revision,
                    "hash": hashlib.md5(text.encode()).hexdigest(), "text": text, "vectors": {"text": one.embedding},
                }
            )  # fmt: skip
        head["count"] = len(texts)
    for number in range(head["count"], before["count"]):
        leaves.delete_item(f"leaf-{number}", name)
    leaves.upsert_item(head)


def cut(body: str) -> list[str]:
    """Lines of at most 400 characters between sentences."""
    if not body.strip():
        raise ValueError("body")
    marked = body.replace(". ", ".\n").replace("! ", "!\n").replace("? ", "?\n").splitlines()
    found: list[str] = []
    for sentence in (textwrap.shorten(one, 400) for one in marked if one.strip()):
        if found and len(found[-1]) + len(sentence) < 400:
            found[-1] += " " + sentence
        else:
            found.append(sentence)
    return found


@app.route(route="search", methods=["POST"])
def search(req: func.HttpRequest) -> func.HttpResponse:
    """Distances become scores: the nearer, the higher."""
    if not trusted(req):
        return func.HttpResponse(status_code=401)
    body = read(req)
    if body is None:
        return func.HttpResponse(status_code=400)
    answer = model.embeddings.create(model=os.environ["EMBEDDING_DEPLOYMENT"], input=body["question"], dimensions=256)
    category = body.get("category")
    query = (
        "SELECT TOP @k c.note, c.text, VectorDistance(c.vectors.text, @v) AS away FROM c WHERE c.id != 'head'"
        + (" AND c.note.category = @category" if category else "")
        + " ORDER BY VectorDistance(c.vectors.text, @v)"
    )
    given = {"@k": body.get("k", 3), "@v": answer.data[0].embedding, "@category": category}
    rows = leaves.query_items(
        query, [{"name": name, "value": value} for name, value in given.items()], enable_cross_partition_query=True
    )
    found = [
        {"documentId": one["note"]["id"], "category": one["note"]["category"], "text": one["text"], "score": 1 / (1 + one["away"])}
        for one in rows
    ]
    return func.HttpResponse(json.dumps({"results": sorted(found, key=lambda one: -one["score"])}), mimetype="application/json")


def read(req: func.HttpRequest) -> dict | None:
    """The request's body; None when it is no question."""
    try:
        body = req.get_json()
    except ValueError:
        return None
    k = body.get("k", 3)
    good = type(k) is int and 1 <= k <= 20 and isinstance(body.get("question"), str) and body["question"].strip()
    return body if good else None


@app.route(route="health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Up."""
    return func.HttpResponse("{}", status_code=200 if trusted(req) else 401, mimetype="application/json")


def trusted(req: func.HttpRequest) -> bool:
    """Is it one of ours?"""
    return hmac.compare_digest(req.headers.get("x-search-token", "").encode(), os.environ["SEARCH_TOKEN"].encode())
