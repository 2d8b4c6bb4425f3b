"""Skerrybank Harbour Trust: notes come in through Service Bus, questions through HTTP."""

import hmac
import json
import os

import azure.functions as func
import ingesting
import notes
import searching
import tracing

tracing.start()
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.service_bus_queue_trigger(arg_name="message", queue_name="documents", connection="DocumentsBus")
def ingest(message: func.ServiceBusMessage, context: func.Context) -> None:
    """One note of the editors' system: cut it, embed it, keep it.

    What cannot be processed leaves as an error: the host gives the message back, and the queue sets it aside in the end.
    """
    with tracing.part_of(context, "ingest"):
        note = notes.read(message.get_body())
        tracing.say(document=note.id)
        ingesting.keep(note)


@app.route(route="search", methods=["POST"])
def search(req: func.HttpRequest) -> func.HttpResponse:
    """Passages that answer a question."""
    if not has_token(req):
        return func.HttpResponse("x-search-token is missing or wrong", status_code=401)
    try:
        question = searching.read(req.get_body())
    except ValueError as problem:
        return func.HttpResponse(str(problem), status_code=400)
    results = json.dumps({"results": searching.find(question)}, ensure_ascii=False)
    return func.HttpResponse(results, status_code=200, mimetype="application/json")


@app.route(route="health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """Is the app up, and does the caller have the token?"""
    if not has_token(req):
        return func.HttpResponse("x-search-token is missing or wrong", status_code=401)
    return func.HttpResponse("up", status_code=200)


def has_token(req: func.HttpRequest) -> bool:
    """Does the caller send the token that the setting SEARCH_TOKEN holds?"""
    expected = os.environ.get("SEARCH_TOKEN", "")
    given = req.headers.get("x-search-token", "")
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
