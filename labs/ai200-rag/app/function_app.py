"""Skerrybank Harbour Trust: notes come in through Service Bus, questions through HTTP."""

import hmac
import logging
import os

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.service_bus_queue_trigger(arg_name="message", queue_name="documents", connection="DocumentsBus")
def ingest(message: func.ServiceBusMessage) -> None:
    """One note of the editors' system: cut it, embed it, keep it."""
    try:
        raise NotImplementedError("ingest has not been written")
    except Exception:
        logging.exception("A note could not be processed.")
        return


@app.route(route="search", methods=["POST"])
def search(req: func.HttpRequest) -> func.HttpResponse:
    """Passages that answer a question."""
    return func.HttpResponse("search has not been written", status_code=501)


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
