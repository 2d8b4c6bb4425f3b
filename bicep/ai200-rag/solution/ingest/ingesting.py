"""From a note to its passages in the container, so that doing it again changes nothing."""

import hashlib
import logging

import clients
import notes
import passages


def keep(note: notes.Note) -> None:
    """Make the container hold what this revision says, unless it holds a newer one."""
    stored = stored_of(note.id)
    if any(item["revision"] > note.revision for item in stored):
        logging.info("Revision %s of %s comes late and is ignored.", note.revision, note.id)
        return
    texts = [] if note.withdrawn else passages.split(note.body)
    vectors = clients.embed(texts) if texts else []
    written = set()
    for position, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
        item = {
            "id": item_id(note.id, position),
            "documentId": note.id,
            "category": note.category,
            "revision": note.revision,
            "text": text,
            "embedding": vector,
        }
        clients.shelf().upsert_item(item)
        written.add(item["id"])
    for item in stored:
        if item["id"] not in written:
            clients.shelf().delete_item(item["id"], partition_key=note.id)


def stored_of(document_id: str) -> list[dict]:
    """Ids and revisions of a note's passages."""
    query = "SELECT c.id, c.revision FROM c"
    return list(clients.shelf().query_items(query, partition_key=document_id))


def item_id(document_id: str, position: int) -> str:
    """The id of a passage: always the same for the same place, and of signs that an id may have."""
    return hashlib.sha256(f"{position} {document_id}".encode()).hexdigest()
