"""Each note is replaced in one transactional batch: what was there goes, what is new comes, or nothing happens."""

import hmac
import json
import logging
import os
import uuid

import azure.functions as func
import library
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import propagate, trace

logging.getLogger("azure").setLevel(logging.WARNING)
configure_azure_monitor(sampling_ratio=1.0)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
tracer = trace.get_tracer(__name__)


@app.service_bus_queue_trigger(arg_name="letter", queue_name="documents", connection="DocumentsBus")
def shelve(letter: func.ServiceBusMessage, context: func.Context) -> None:
    """Replace what is kept of a note."""
    parent = propagate.extract({"traceparent": context.trace_context.trace_parent})
    with tracer.start_as_current_span("shelve", context=parent) as span:
        note = json.loads(letter.get_body().decode("utf-8"))
        check(note)
        span.set_attribute("note.id", note["id"])
        library.replace(note)


def check(note: object) -> None:
    """Raises TypeError or ValueError for what can never be processed."""
    if not isinstance(note, dict) or not isinstance(note.get("id"), str) or type(note.get("revision")) is not int:
        raise TypeError("no note")
    if not note.get("withdrawn") and not (isinstance(note.get("body"), str) and note["body"].strip()):
        raise ValueError("no body")


@app.route("search", methods=["POST"])
def search(req: func.HttpRequest) -> func.HttpResponse:
    """The k nearest passages."""
    if not trusted(req):
        return func.HttpResponse(status_code=401)
    try:
        body = req.get_json()
        question = body["question"]
        k = body.get("k", 3)
        if not question.strip() or isinstance(k, bool) or k not in range(1, 21) or not isinstance(k, int):
            raise ValueError
    except (ValueError, KeyError, AttributeError, TypeError):
        return func.HttpResponse('{"error": "question or k"}', status_code=400, mimetype="application/json")
    found = library.nearest(question, body.get("category"), k)
    return func.HttpResponse(
        json.dumps({"results": found, "request": str(uuid.uuid4())}, ensure_ascii=False), mimetype="application/json"
    )


@app.route("health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 or 401."""
    return func.HttpResponse(status_code=200 if trusted(req) else 401)


def trusted(req: func.HttpRequest) -> bool:
    """Does the caller know the token?"""
    token = os.environ.get("SEARCH_TOKEN") or str(uuid.uuid4())
    return hmac.compare_digest(req.headers.get("x-search-token", "").encode(), token.encode())
