"""Sets of packets as lists of disjoint boxes: protocols x sources x destinations x destination ports.

Each side of a box is a whole set, not one interval, so a few boxes hold what security rules make of a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from azlabs.rules.network.intervals import IntervalSet, intersect, subtract, union, union_all
from azlabs.rules.network.ports import PROTOCOL_BITS, Services


class Box(NamedTuple):
    """All packets with a protocol in `protocols` (bits), a source, a destination and a destination port in the sets."""

    protocols: int
    sources: IntervalSet
    destinations: IntervalSet
    ports: IntervalSet


def intersect_boxes(first: Box, second: Box) -> Box | None:
    """What two boxes share, or None."""
    protocols = first[0] & second[0]
    if not protocols:
        return None
    sources = intersect(first[1], second[1])
    if not sources:
        return None
    destinations = intersect(first[2], second[2])
    if not destinations:
        return None
    ports = intersect(first[3], second[3])
    return Box(protocols, sources, destinations, ports) if ports else None


def subtract_box(box: Box, other: Box) -> list[Box]:
    """What is left of a box without another one: up to four disjoint boxes."""
    shared = intersect_boxes(box, other)
    if shared is None:
        return [box]
    left: list[Box] = []
    if rest := box[0] & ~other[0]:
        left.append(Box(rest, box[1], box[2], box[3]))
    if sources := subtract(box[1], other[1]):
        left.append(Box(shared[0], sources, box[2], box[3]))
    if destinations := subtract(box[2], other[2]):
        left.append(Box(shared[0], shared[1], destinations, box[3]))
    if ports := subtract(box[3], other[3]):
        left.append(Box(shared[0], shared[1], shared[2], ports))
    return left


def subtract_all(boxes: Iterable[Box], others: Iterable[Box]) -> list[Box]:
    """What is in the boxes and in none of the others."""
    left = list(boxes)
    for other in others:
        left = [part for box in left for part in subtract_box(box, other)]
        if not left:
            break
    return left


def intersect_all(boxes: Iterable[Box], others: Sequence[Box]) -> list[Box]:
    """What is in the boxes and in the others; disjoint when both are."""
    return [shared for box in boxes for other in others if (shared := intersect_boxes(box, other))]


def of_services(services: Services, sources: IntervalSet, destinations: IntervalSet) -> list[Box]:
    """The boxes of some services between two address sets."""
    return [Box(protocols, sources, destinations, ports) for protocols, ports in services]


def services_of(boxes: Iterable[Box]) -> Services:
    """The protocols and ports that occur in any of the boxes."""
    found: dict[int, IntervalSet] = {}
    for box in boxes:
        found[box.protocols] = union(found.get(box.protocols, ()), box.ports)
    return tuple(found.items())


def _classes(values: Iterable[IntervalSet]) -> list[IntervalSet]:
    """The coarsest partition of the union of some sets in which every set is a union of parts."""
    parts: list[IntervalSet] = []
    for value in set(values):
        rest = value
        split: list[IntervalSet] = []
        for part in parts:
            split += [piece for piece in (intersect(part, value), subtract(part, value)) if piece]
            rest = subtract(rest, part)
        parts = [*split, rest] if rest else split
    return parts


Row = tuple[tuple[IntervalSet, IntervalSet], ...]
"""Destinations with their ports."""
Table = tuple[tuple[IntervalSet, Row], ...]
"""Sources with their rows."""


def _row(boxes: Sequence[Box]) -> Row:
    merged: dict[IntervalSet, IntervalSet] = {}
    for part in _classes(box.destinations for box in boxes):
        ports = union_all(box.ports for box in boxes if intersect(box.destinations, part))
        merged[ports] = union(merged.get(ports, ()), part)
    return tuple(sorted((destinations, ports) for ports, destinations in merged.items()))


def _table(boxes: Sequence[Box]) -> Table:
    merged: dict[Row, IntervalSet] = {}
    for part in _classes(box.sources for box in boxes):
        row = _row([box for box in boxes if intersect(box.sources, part)])
        merged[row] = union(merged.get(row, ()), part)
    return tuple(sorted((sources, row) for row, sources in merged.items()))


def merged(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The same packets in one canonical spelling: two lists of boxes hold the same packets exactly when this is
    equal."""
    by_table: dict[Table, int] = {}
    for bit in PROTOCOL_BITS:
        if chosen := [box for box in boxes if box.protocols & bit]:
            table = _table(chosen)
            by_table[table] = by_table.get(table, 0) | bit
    return tuple(
        sorted(
            Box(protocols, sources, destinations, ports)
            for table, protocols in by_table.items()
            for sources, row in table
            for destinations, ports in row
        )
    )
