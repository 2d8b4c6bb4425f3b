"""Ingest with bindings alone: what is stored of a note comes in, what is to be stored goes out.

Bindings cannot delete. So what is left over of an older revision is written over by an item without a vector, which
the query of `search` leaves out.
"""

import hashlib
import hmac
import json
import logging
import os
import re
from functools import cache

import azure.functions as func
from azure.cosmos import CosmosClient
from azure.identity import ManagedIdentityCredential, get_bearer_token_provider
from azure.monitor.opentelemetry import configure_azure_monitor
from openai import AzureOpenAI
from opentelemetry import propagate, trace

logging.getLogger("azure").setLevel(logging.WARNING)
configure_azure_monitor()
tracer = trace.get_tracer("answers")
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
WHERE = {"database_name": "library", "container_name": "sheets", "connection": "Sheets"}


@app.function_name("take_note")
@app.service_bus_queue_trigger(arg_name="message", queue_name="documents", connection="DocumentsBus")
@app.cosmos_db_input(arg_name="stored", sql_query="SELECT * FROM c WHERE c.note = {id}", partition_key="{id}", **WHERE)
@app.cosmos_db_output(arg_name="kept", **WHERE)
def take_note(
    message: func.ServiceBusMessage, stored: func.DocumentList, kept: func.Out[func.DocumentList], context: func.Context
) -> None:
    """Write the passages of a note over what was there."""
    note = json.loads(message.get_body())
    parent = propagate.extract({"traceparent": context.trace_context.trace_parent})
    with tracer.start_as_current_span("take note", context=parent, attributes={"note": note["id"]}):
        before = [json.loads(one.to_json()) for one in stored]
        if any(one["revision"] > note["revision"] for one in before):
            return
        texts = [] if note.get("withdrawn") else cut(usable(note))
        vectors = embed(texts)
        items = [
            {
                "id": name(note["id"], number), "note": note["id"], "kind": note["category"], "revision": note["revision"],
                "words": text, "vector": vector,
            }
            for number, (text, vector) in enumerate(zip(texts, vectors, strict=True))
        ]  # fmt: skip
        new = {one["id"] for one in items}
        items += [
            {"id": one["id"], "note": note["id"], "revision": note["revision"], "gone": True}
            for one in before
            if one["id"] not in new
        ]
        # The host writes when the function has ended; this says where to.
        target = {"db.system": "cosmosdb", "db.operation": "upsert", "server.address": host("COSMOS_ENDPOINT")}
        with tracer.start_as_current_span("write", kind=trace.SpanKind.CLIENT, attributes=target):
            kept.set(func.DocumentList(func.Document.from_dict(one) for one in items))


def usable(note: dict) -> str:
    """The body of a note. Raises ValueError for one that has none; the host then gives the message back."""
    body = note.get("body")
    if not isinstance(note["id"], str) or not isinstance(body, str) or not body.strip():
        raise ValueError("id or body is no text")
    return body


def name(note: str, number: int) -> str:
    """The id of an item."""
    return hashlib.sha1(f"{note}|{number}".encode()).hexdigest()


def cut(text: str) -> list[str]:
    """Two sentences after the other until there are 600 characters."""
    found = [""]
    for sentence in re.split(r"(?<=[.!?])\s+", text.strip()):
        if len(found[-1]) + len(sentence) > 600:
            found.append("")
        found[-1] = f"{found[-1]} {sentence}".strip()
    return [one for one in found if one]


def embed(texts: list[str]) -> list[list[float]]:
    """Vectors of 1,024 numbers."""
    if not texts:
        return []
    target = {"http.request.method": "POST", "server.address": host("OPENAI_ENDPOINT")}
    with tracer.start_as_current_span("embed", kind=trace.SpanKind.CLIENT, attributes=target):
        answer = model().embeddings.create(model=os.environ["EMBEDDING_DEPLOYMENT"], input=texts, dimensions=1024)
    return [one.embedding for one in answer.data]


def host(setting: str) -> str:
    """The host of an endpoint."""
    return os.environ[setting].split("/")[2].split(":")[0]


@cache
def credential() -> ManagedIdentityCredential:
    """The identity that the settings name."""
    return ManagedIdentityCredential(client_id=os.environ["AZURE_CLIENT_ID"])


@cache
def model() -> AzureOpenAI:
    """The model."""
    provider = get_bearer_token_provider(credential(), "https://cognitiveservices.azure.com/.default")
    return AzureOpenAI(
        azure_endpoint=os.environ["OPENAI_ENDPOINT"], azure_ad_token_provider=provider, api_version="2024-10-21"
    )


@cache
def sheets():
    """The container."""
    client = CosmosClient(os.environ["COSMOS_ENDPOINT"], credential())
    return client.get_database_client("library").get_container_client("sheets")


@app.route("search", methods=["POST"])
def find(req: func.HttpRequest) -> func.HttpResponse:
    """Passages for a question."""
    if not known(req):
        return said(401, {"error": "token"})
    try:
        asked = req.get_json()
        question, kind, k = asked.get("question"), asked.get("category"), asked.get("k", 3)
    except (ValueError, AttributeError):
        return said(400, {"error": "body"})
    if not isinstance(question, str) or not question.strip() or type(k) is not int or not 0 < k < 21:
        return said(400, {"error": "question or k"})
    values = {"@k": k, "@vector": embed([question])[0], "@kind": kind}
    rows = sheets().query_items(
        "SELECT TOP @k c.note AS documentId, c.kind AS category, c.words AS text, "
        "VectorDistance(c.vector, @vector) AS score FROM c "
        "WHERE IS_DEFINED(c.vector) AND (IS_NULL(@kind) OR c.kind = @kind) ORDER BY VectorDistance(c.vector, @vector)",
        parameters=[{"name": key, "value": value} for key, value in values.items()],
        enable_cross_partition_query=True,
    )
    return said(200, {"results": list(rows), "asked": question})


@app.route("health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Up or not."""
    return said(200, {"status": "up"}) if known(req) else said(401, {"error": "token"})


def known(req: func.HttpRequest) -> bool:
    """Has the caller the token?"""
    return hmac.compare_digest(
        req.headers.get("x-search-token", "").encode(), os.environ.get("SEARCH_TOKEN", "?").encode()
    )


def said(status: int, body: dict) -> func.HttpResponse:
    """JSON."""
    return func.HttpResponse(json.dumps(body), status_code=status, mimetype="application/json")
