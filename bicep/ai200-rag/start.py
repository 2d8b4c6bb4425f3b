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
    invoices = lab.cloud.get(f"{lab.outputs['namespaceId']}/queues/invoices", "2024-01-01")
    if not invoices["properties"].get("messageCount"):
        bus = lab.client(ServiceBusClient, fully_qualified_namespace=lab.outputs["namespaceHost"])
        invoice = ServiceBusMessage(
            json.dumps(INVOICE), content_type="application/json", message_id=f"invoice-{INVOICE['invoice']}"
        )
        with bus.get_queue_sender("invoices") as queue:
            queue.send_messages(invoice)
