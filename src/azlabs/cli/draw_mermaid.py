"""A topology as a Mermaid diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azlabs.catalog.topology import Box, Topology


def draw(topology: Topology) -> str:
    """A flowchart: subgraphs for what holds something, dotted lines to what is attached."""
    drawn = [*topology.everything(), *topology.attachments]
    names = {box.key: f"n{position}" for position, box in enumerate(drawn)}
    lines = ["flowchart LR"]
    for box in [*topology.boxes, *topology.attachments]:
        lines.extend(_node(box, names, "  "))
    for box in drawn:
        lines.extend(f"  {names[box.key]} -.- {names[other.key]}" for other in box.attached if other.key in names)
        lines.extend(f"  {names[box.key]} --> {names[other.key]}" for other in box.links if other.key in names)
    return "\n".join(lines) + "\n"


def _node(box: Box, names: dict[str, str], indent: str) -> Iterator[str]:
    label = "<br/>".join(_clean(text) for text in [box.title, *box.facts, *box.rules])
    if not box.inside:
        yield f'{indent}{names[box.key]}["{label}"]'
        return
    yield f'{indent}subgraph {names[box.key]}["{label}"]'
    for inner in box.inside:
        yield from _node(inner, names, indent + "  ")
    yield f"{indent}end"


def _clean(text: str) -> str:
    """Mermaid reads quotes, angle brackets and # in a label as syntax; entities are its escape."""
    for sign, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, entity)
    return text
