"""A topology as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azlabs.catalog.topology import Box, Topology


def draw(topology: Topology) -> str:
    """A tree of what stands in what, then what is attached and has something to say."""
    lines: list[str] = []
    for box in topology.boxes:
        lines.append(_line(box))
        lines.extend(_inside(box, ""))
    for box in topology.attachments:
        if box.rules:
            lines += ["", _line(box), *(f"   {rule}" for rule in box.rules)]
    return "\n".join(lines)


def _inside(box: Box, indent: str) -> Iterator[str]:
    for position, inner in enumerate(box.inside):
        last = position == len(box.inside) - 1
        yield f"{indent}{'└─ ' if last else '├─ '}{_line(inner)}"
        yield from _inside(inner, indent + ("   " if last else "│  "))


def _line(box: Box) -> str:
    """`interface nic-db-01  172.20.40.40  + public address pip-db-01`."""
    attached = [f"+ {other.title}" for other in box.attached]
    links = [f"-> {other.title}" for other in box.links]
    return "  ".join([box.title, *box.facts, *attached, *links])
