"""Functions of GeoJSON values: distances between points on the globe, and what lies within a polygon."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.functions import Function, is_number
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED

RADIUS = 6_371_008.8
"""Metres: the mean radius of the earth."""
_KINDS = frozenset({"Point", "LineString", "Polygon", "MultiPolygon", "MultiPoint", "MultiLineString"})


def _point(value: Any) -> tuple[float, float] | None:
    if value.__class__ is not dict or value.get("type") != "Point":
        return None
    pair = value.get("coordinates")
    if not isinstance(pair, list) or len(pair) < 2 or not all(is_number(one) for one in pair):
        return None
    return (pair[0], pair[1]) if abs(pair[0]) <= 180 and abs(pair[1]) <= 90 else None


def _distance(left: Any, right: Any) -> Any:
    first, second = _point(left), _point(right)
    if first is None or second is None:
        if _is_valid(left) and _is_valid(right):
            raise QueryError("ST_DISTANCE is modelled between points only.", "NotModelledBySimulator")
        return UNDEFINED
    (x1, y1), (x2, y2) = ((math.radians(one[0]), math.radians(one[1])) for one in (first, second))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(half)))


def _rings(value: Any) -> list[list[list[float]]] | None:
    if value.__class__ is not dict or value.get("type") != "Polygon" or not isinstance(value.get("coordinates"), list):
        return None
    rings: list[list[list[float]]] = value["coordinates"]
    for ring in rings:
        if not isinstance(ring, list) or len(ring) < 4 or ring[0] != ring[-1]:
            return None
        if any(not isinstance(pair, list) or len(pair) < 2 or not all(is_number(one) for one in pair) for pair in ring):
            return None
    return rings


def _inside(x: float, y: float, ring: list[list[float]]) -> bool:
    found = False
    for (x1, y1, *_), (x2, y2, *_) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            found = not found
    return found


def _within(left: Any, right: Any) -> Any:
    point, rings = _point(left), _rings(right)
    if point is None or not rings:
        if _is_valid(left) and _is_valid(right):
            raise QueryError("ST_WITHIN is modelled for a point within a polygon only.", "NotModelledBySimulator")
        return UNDEFINED
    return _inside(*point, rings[0]) and not any(_inside(*point, ring) for ring in rings[1:])


def _is_valid(value: Any) -> bool:
    if value.__class__ is not dict or value.get("type") not in _KINDS:
        return False
    if value["type"] == "Point":
        return _point(value) is not None
    return _rings(value) is not None if value["type"] == "Polygon" else isinstance(value.get("coordinates"), list)


def _reason(value: Any) -> dict[str, Any]:
    if _is_valid(value):
        return {"valid": True}
    kind = value.get("type") if value.__class__ is dict and value.get("type") in _KINDS else "GeoJSON"
    rings = value.get("coordinates") if kind == "Polygon" else None
    for number, ring in enumerate(rings if isinstance(rings, list) else (), 1):
        if isinstance(ring, list) and len(ring) > 1 and ring[0] != ring[-1]:
            return {
                "valid": False,
                "reason": f"The Polygon input is not valid because the start and end points of the ring number {number} are not the same. "
                "Each ring of a Polygon must have the same start and end points.",
            }
    return {"valid": False, "reason": f"The {kind} input is not valid because its coordinates are malformed or out of range."}


FUNCTIONS: dict[str, Function] = {
    "ST_DISTANCE": Function(_distance, 2, 2),
    "ST_WITHIN": Function(_within, 2, 2),
    "ST_ISVALID": Function(_is_valid, 1, 1),
    "ST_ISVALIDDETAILED": Function(_reason, 1, 1),
}
