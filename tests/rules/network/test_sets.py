"""Interval sets, boxes and the texts of services behave as sets do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.rules.network import boxes, intervals, ports
from azlabs.rules.network.addresses import AddressError, cidrs, parse, texts
from azlabs.rules.network.boxes import Box

members = st.frozensets(st.integers(0, 30), max_size=12)


def as_set(values: frozenset[int]) -> intervals.IntervalSet:
    return intervals.from_pairs((value, value) for value in values)


def back(values: intervals.IntervalSet) -> set[int]:
    return {n for low, high in intervals.pairs(values) for n in range(low, high + 1)}


@given(members, members)
def test_interval_sets_are_sets(one: frozenset[int], other: frozenset[int]) -> None:
    first, second = as_set(one), as_set(other)
    assert back(intervals.union(first, second)) == one | other
    assert back(intervals.intersect(first, second)) == one & other
    assert back(intervals.subtract(first, second)) == one - other
    assert (intervals.subtract(first, second) == ()) == intervals.is_subset(first, second)
    assert intervals.size(first) == len(one)
    assert (first == second) == (one == other)


some = st.frozensets(st.integers(0, 3), min_size=1, max_size=3).map(as_set)
box = st.builds(Box, st.integers(1, 7), some, some, some)


def packets(found: list[Box] | tuple[Box, ...]) -> list[tuple[int, int, int, int]]:
    return [
        (bit, source, destination, port)
        for b in found
        for bit in (1, 2, 4)
        if b.protocols & bit
        for source in back(b.sources)
        for destination in back(b.destinations)
        for port in back(b.ports)
    ]


@given(st.lists(box, max_size=3), st.lists(box, max_size=3))
def test_boxes_are_sets_of_packets(first: list[Box], second: list[Box]) -> None:
    disjoint: list[Box] = []
    for b in first:
        disjoint += boxes.subtract_all([b], disjoint)
    left = packets(boxes.subtract_all(disjoint, second))
    assert set(left) == set(packets(first)) - set(packets(second))
    assert len(left) == len(set(left))
    assert boxes.merged(first) == boxes.merged(disjoint)
    assert set(packets(boxes.merged(first))) == set(packets(first))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Tcp/443", "TCP 443"),
        ("Tcp/22, Tcp/3389", "TCP 22 and 3389"),
        ("tcp/22,3389", "TCP 22 and 3389"),
        ("Tcp/80-443, Udp/53", "TCP 80-443; UDP 53"),
        ("Icmp", "all ICMP"),
        ("*", "everything"),
        ("*/53", "TCP and UDP 53"),
    ],
)
def test_services_have_short_texts(text: str, words: str) -> None:
    assert ports.services_text(ports.parse_services(text)) == words


@pytest.mark.parametrize("text", ["Icmp/7", "Sctp/1", "Tcp/70000", "Tcp/9-1", "Tcp/x"])
def test_texts_that_name_no_service_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        ports.parse_services(text)


def test_addresses_prefixes_and_ranges_are_read_and_written() -> None:
    assert texts(parse("203.0.113.77/28")) == ["203.0.113.64/28"]
    assert texts(parse("10.0.0.1-10.0.0.3")) == ["10.0.0.1-10.0.0.3"]
    assert texts(parse("fd00::/64")) == ["fd00::/64"]
    assert cidrs(parse("10.0.0.1-10.0.0.3")) == ["10.0.0.1/32", "10.0.0.2/31"]
    for bad in ("10.0.0.256", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "fe80::g", "10.0.0.1-::1", ""):
        with pytest.raises(AddressError):
            parse(bad)
