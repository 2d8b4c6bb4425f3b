"""How many messages an entity holds, from any process: read from the journal, not from the broker."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus import journal, namespaces

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.store import Store

ACTIVE, DEFERRED, SCHEDULED = 0, 1, 2


def message_counts(store: Store, row: Resource) -> tuple[dict[str, int], int]:
    """({"activeMessageCount", "deadLetterMessageCount", "scheduledMessageCount", "transferMessageCount",
    "transferDeadLetterMessageCount"}, size in bytes) of a queue, topic or subscription."""
    id = namespaces.entity_id(row)
    boxes: dict[str, Counter[int]] = {letter: Counter() for letter in ("", "#dead", "#transfer")}
    size = 0
    for box, state, count, bytes in journal.counts(store, [id + letter for letter in boxes]):
        boxes[box[len(id) :]][state] += count
        size += bytes
    mine = boxes[""]
    counts = {
        "activeMessageCount": mine[ACTIVE] + mine[DEFERRED],
        "deadLetterMessageCount": boxes["#dead"].total(),
        "scheduledMessageCount": mine[SCHEDULED],
        "transferMessageCount": 0,
        "transferDeadLetterMessageCount": boxes["#transfer"].total(),
    }
    return counts, size
