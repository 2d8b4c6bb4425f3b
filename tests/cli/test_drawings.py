"""Pictures of a start state: no box on another, every text inside its box."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.catalog.topology import Box, Topology
from azlabs.cli import draw_mermaid, draw_svg, draw_text


def box(name: str, inside: list[Box]) -> Box:
    return Box(key=name, type="A.B/things", word="thing", name=name, inside=inside)


names = st.integers(0, 10**9).map(lambda number: f"n{number}")
boxes = st.recursive(
    st.builds(box, names, st.just([])), lambda inner: st.builds(box, names, st.lists(inner, max_size=6)), max_leaves=20
)


@given(st.lists(boxes, min_size=1, max_size=8))
def test_boxes_do_not_overlap_and_stay_in_their_parents(found):
    placed = [draw_svg._measure(one) for one in found]
    width, height = draw_svg._flow(placed, draw_svg.PAD, draw_svg.PAD)

    def check(siblings, right, bottom):
        for one, other in combinations(siblings, 2):
            apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
            apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert apart_x or apart_y
        for one in siblings:
            assert one.x + one.width <= right + 0.01
            assert one.y + one.height <= bottom + 0.01
            assert all(len(text) * draw_svg.LETTER <= one.width for text, _ in one.lines)
            check(one.inside, one.width, one.height)

    check(placed, width, height)


@pytest.mark.parametrize("name", ['a"b', "a<b>", "a#b", "a&b"])
def test_strange_names_do_not_break_a_picture(name):
    import xml.etree.ElementTree as ElementTree

    topology = Topology([box(name, [])], [])
    texts = [element.text for element in ElementTree.fromstring(draw_svg.draw(topology)).iter() if element.text]
    assert f"thing {name}" in texts
    assert draw_mermaid.draw(topology).count('"') == 2


def test_text_says_what_is_attached_and_linked():
    group, network, other = box("nsg", []), box("v", []), box("env", [])
    group.rules = ["100 in allow TCP any -> any: 443  (https)"]
    network.inside = [box("one", []), box("two", [])]
    network.inside[0].attached = [group]
    network.inside[1].links = [other]
    assert draw_text.draw(Topology([network, other], [group])).splitlines() == [
        "thing v",
        "├─ thing one  + thing nsg",
        "└─ thing two  -> thing env",
        "thing env",
        "",
        "thing nsg",
        "   100 in allow TCP any -> any: 443  (https)",
    ]
