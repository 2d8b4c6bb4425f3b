"""Sends notes to the queue as the editors' system does.

    python documents/send.py                     all notes of this folder
    python documents/send.py ops-014.json        some of them
    python documents/send.py --withdraw ops-014  the withdrawal of one

It signs in as whoever runs it (DefaultAzureCredential) and needs the right to send. Packages: azure-servicebus, azure-identity.
"""

import argparse
import json
import os
import secrets
import uuid
from pathlib import Path

from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient, ServiceBusMessage

HERE = Path(__file__).resolve().parent
QUEUE = "documents"


def variables() -> dict:
    """What stands in the file .env beside the app."""
    lines = (HERE.parent / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def as_message(note: dict) -> ServiceBusMessage:
    """A note with the envelope that the editors' system gives it."""
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    return ServiceBusMessage(
        json.dumps(note, ensure_ascii=False).encode(),
        content_type="application/json",
        message_id=str(uuid.uuid4()),
        session_id=note["id"],
        application_properties={"traceparent": trace, "Diagnostic-Id": trace},
    )


def main() -> None:
    """Send what the command line names."""
    parser = argparse.ArgumentParser(description="Send notes to the queue as the editors' system does.")
    parser.add_argument("files", nargs="*", help="notes of this folder; all of them when none is named")
    parser.add_argument("--withdraw", metavar="ID", help="send the withdrawal of the note with this id")
    parser.add_argument("--revision", type=int, help="send with this revision instead of the note's own")
    arguments = parser.parse_args()
    if arguments.withdraw:
        notes = [{"id": arguments.withdraw, "revision": arguments.revision or 1_000_000, "withdrawn": True}]
    else:
        files = [HERE / name for name in arguments.files] or sorted(HERE.glob("*.json"))
        notes = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if arguments.revision:
        notes = [{**note, "revision": arguments.revision} for note in notes]
    namespace = os.environ.get("SERVICE_BUS_NAMESPACE") or variables()["SERVICE_BUS_NAMESPACE"]
    with ServiceBusClient(namespace, DefaultAzureCredential()) as client, client.get_queue_sender(QUEUE) as sender:
        for note in notes:
            message = as_message(note)
            sender.send_messages(message)
            trace = message.application_properties["traceparent"].split("-")[1]
            print(f"sent {note['id']} revision {note['revision']}, trace {trace}")


if __name__ == "__main__":
    main()
