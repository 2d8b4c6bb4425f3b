"""Sets of integers as flat tuples of closed intervals: (low, high, low, high, ...), sorted, disjoint, never touching.

One set has one spelling, so equality of tuples is equality of sets and a set can be a key. The operations are
memoised: the same few sets meet again and again while a network is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

IntervalSet = tuple[int, ...]

EMPTY: IntervalSet = ()
_CACHE = 1 << 16


def interval(low: int, high: int) -> IntervalSet:
    """All integers from low to high, both included."""
    return (low, high)


def pairs(values: IntervalSet) -> Iterator[tuple[int, int]]:
    """The intervals of a set, lowest first."""
    return zip(values[::2], values[1::2], strict=True)


def from_pairs(intervals: Iterable[tuple[int, int]]) -> IntervalSet:
    """The set that the intervals cover together, in any order, overlapping or not."""
    flat: list[int] = []
    for low, high in sorted(intervals):
        if flat and low <= flat[-1] + 1:
            if high > flat[-1]:
                flat[-1] = high
        else:
            flat += (low, high)
    return tuple(flat)


@lru_cache(_CACHE)
def union(first: IntervalSet, second: IntervalSet) -> IntervalSet:
    """What is in either set."""
    if not first or first == second:
        return second
    if not second:
        return first
    return from_pairs([*pairs(first), *pairs(second)])


def union_all(sets: Iterable[IntervalSet]) -> IntervalSet:
    """What is in any of the sets."""
    return from_pairs(pair for values in sets for pair in pairs(values))


@lru_cache(_CACHE)
def intersect(first: IntervalSet, second: IntervalSet) -> IntervalSet:
    """What is in both sets."""
    if first == second:
        return first
    flat: list[int] = []
    i = j = 0
    while i < len(first) and j < len(second):
        low = max(first[i], second[j])
        high = min(first[i + 1], second[j + 1])
        if low <= high:
            flat += (low, high)
        if first[i + 1] < second[j + 1]:
            i += 2
        else:
            j += 2
    return tuple(flat)


@lru_cache(_CACHE)
def subtract(first: IntervalSet, second: IntervalSet) -> IntervalSet:
    """What is in the first set and not in the second."""
    if not first or not second:
        return first
    flat: list[int] = []
    j = 0
    for low, high in pairs(first):
        while j < len(second) and second[j + 1] < low:
            j += 2
        k = j
        while k < len(second) and second[k] <= high:
            if second[k] > low:
                flat += (low, second[k] - 1)
            low = second[k + 1] + 1
            k += 2
        if low <= high:
            flat += (low, high)
    return tuple(flat)


def is_subset(first: IntervalSet, second: IntervalSet) -> bool:
    """Whether every member of the first set is in the second."""
    return not subtract(first, second)


def contains(values: IntervalSet, member: int) -> bool:
    """Whether one integer is in the set."""
    return any(low <= member <= high for low, high in pairs(values))


def size(values: IntervalSet) -> int:
    """How many integers the set has."""
    return sum(high - low + 1 for low, high in pairs(values))
