"""The nearest of the known names to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

# Longer names, and more of them, are made by programs; nobody misspelt them.
MAX_LENGTH = 80
MAX_KNOWN = 1000


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one known name within an edit distance of two (less for short names), or None."""
    if len(name) > MAX_LENGTH:
        return None
    limit = 0 if len(name) < 3 else 1 if len(name) < 5 else 2
    best: tuple[int, str] | None = None
    for candidate in islice(known, MAX_KNOWN):
        if abs(len(candidate) - len(name)) > limit or candidate == name:
            continue
        distance = 0 if candidate.lower() == name.lower() else edit_distance(name, candidate, limit)
        if distance <= limit and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best else None


def edit_distance(a: str, b: str, limit: int) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours; above `limit` any larger number."""
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        current = [i]
        for j, right in enumerate(b, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return previous[-1]
