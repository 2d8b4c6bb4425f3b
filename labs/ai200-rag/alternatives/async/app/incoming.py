"""Notes."""

import asyncio
import base64
import json

import azure.functions as func
import services
from opentelemetry import propagate, trace

SIZE, SHARED = 1000, 250
door = func.Blueprint()
tracer = trace.get_tracer("answers.incoming")


@door.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="DocumentsBus")
async def note_saved(msg: func.ServiceBusMessage, context: func.Context) -> None:
    """Keep the windows of a note's newest revision."""
    note = json.loads(msg.get_body())
    if not isinstance(note["id"], str):
        raise TypeError("id")
    carrier = {"traceparent": context.trace_context.trace_parent}
    with tracer.start_as_current_span("note_saved", context=propagate.extract(carrier)) as span:
        span.set_attribute("note", note["id"])
        await keep(note)


async def keep(note: dict) -> None:
    """Write what is new, then delete what is old."""
    shelf, key = services.passages(), note["id"]
    there = {row["id"]: row["revision"] async for row in shelf.query_items("SELECT c.id, c.revision FROM c", partition_key=key)}
    if there and max(there.values()) > note["revision"]:
        return
    new = {}
    if not note.get("withdrawn"):
        texts = windows(note["body"])
        for number, (text, vector) in enumerate(zip(texts, await services.vectors(texts), strict=True)):
            name = base64.urlsafe_b64encode(f"{number:04}{key}".encode()).decode()
            new[name] = {
                "id": name, "documentId": key, "category": note["category"], "revision": note["revision"], "text": text, "vector": vector,
            }  # fmt: skip
    await asyncio.gather(*(shelf.upsert_item(item) for item in new.values()))
    await asyncio.gather(*(shelf.delete_item(name, key) for name in there.keys() - new.keys()))


def windows(text: str) -> list[str]:
    """Pieces of 1,000 characters that share 250: every sentence of up to 250 stands whole in one."""
    text = " ".join(text.split())
    if not text:
        raise ValueError("body")
    return [text[at : at + SIZE] for at in range(0, max(len(text) - SHARED, 1), SIZE - SHARED)]
