"""What was there before the learner came: an invoice that waits for somebody, and three loans."""

from __future__ import annotations

import json
from typing import Any

INVOICE = {"invoice": 2291, "supplier": "Ropewalk & Daughters", "total": 1184.5}
LOANS = [
    {"id": "loan-1", "memberId": "m-17", "title": "Tide tables of the northern approaches", "due": "2026-12-04"},
    {"id": "loan-2", "memberId": "m-17", "title": "A history of the breakwater", "due": "2026-12-11"},
    {"id": "loan-3", "memberId": "m-40", "title": "Knots for working boats", "due": "2027-01-08"},
]


def start(lab: Any) -> None:
    """Doing it again adds nothing: the invoice is sent once, loans have fixed ids."""
    from azure.cosmos import CosmosClient
    from azure.servicebus import ServiceBusClient, ServiceBusMessage

    library = lab.client(CosmosClient, url=lab.outputs["cosmosEndpoint"]).get_database_client("library")
    for loan in LOANS:
        library.get_container_client("loans").upsert_item(loan)
    bus = lab.client(ServiceBusClient, fully_qualified_namespace=lab.outputs["namespaceHost"])
    message_id = f"invoice-{INVOICE['invoice']}"
    with bus.get_queue_receiver("invoices") as queue:
        waiting = [str(message.message_id) for message in queue.peek_messages(max_message_count=10)]
    if message_id not in waiting:
        with bus.get_queue_sender("invoices") as queue:
            text = json.dumps(INVOICE)
            queue.send_messages(ServiceBusMessage(text, content_type="application/json", message_id=message_id))
