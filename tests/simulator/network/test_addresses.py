"""Address arithmetic, against a brute-force reading of small prefixes."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from azlabs.simulator.providers.network import addresses

PREFIXES = st.builds(
    lambda start, length: str(ipaddress.ip_network((0x0A000000 + start, length), strict=False)),
    st.integers(0, 1023),
    st.integers(24, 32),
)


def members(prefix: str) -> set[str]:
    """Every address of a prefix."""
    return {str(one) for one in ipaddress.ip_network(prefix)}


@given(PREFIXES, PREFIXES)
def test_prefixes_overlap_when_they_share_an_address(one: str, other: str) -> None:
    assert addresses.overlap(one, other) == bool(members(one) & members(other))
    assert addresses.inside(one, [other]) == (members(one) <= members(other))


@given(PREFIXES, st.integers(0, 1279))
def test_the_first_four_and_the_last_address_are_reserved(prefix: str, offset: int) -> None:
    ordered = [str(one) for one in ipaddress.ip_network(prefix)]
    address = str(ipaddress.ip_address(0x0A000000 + offset))
    assert addresses.reserved(prefix, address) == (address in ordered[:4] or address in ordered[-1:])
    assert list(addresses.usable([prefix])) == ordered[4:-1]
    assert addresses.capacity(prefix) == len(ordered[4:-1])


@given(PREFIXES, st.sets(st.integers(0, 300), max_size=40))
def test_the_first_free_address_is_the_lowest_that_nobody_has(prefix: str, offsets: set[int]) -> None:
    ordered = list(addresses.usable([prefix]))
    taken = {ordered[offset] for offset in offsets if offset < len(ordered)}
    assert addresses.first_free([prefix], taken) == next((one for one in ordered if one not in taken), None)


@given(st.text(max_size=20))
def test_no_text_breaks_the_arithmetic(text: str) -> None:
    assert addresses.overlap(text, "10.0.0.0/8") in (True, False)
    assert addresses.holds(text, text) in (True, False)
    assert addresses.family(text) in (0, 4, 6)
    assert addresses.inside(text, [text]) in (True, False)
