"""Duplicate detection is decided when a queue is created, so the queue is made again."""

from __future__ import annotations

from typing import Any

API = "2024-01-01"


def solve(lab: Any) -> None:
    """The queue with a delivery limit, a week to live, and a dead-letter queue for what expires."""
    queue = f"{lab.outputs['namespaceId']}/queues/documents"
    lab.cloud.run("DELETE", queue, API)
    properties = {
        "maxDeliveryCount": 5,
        "defaultMessageTimeToLive": "P7D",
        "deadLetteringOnMessageExpiration": True,
        "requiresDuplicateDetection": True,
        "duplicateDetectionHistoryTimeWindow": "PT10M",
    }
    lab.cloud.run("PUT", queue, API, {"properties": properties})
