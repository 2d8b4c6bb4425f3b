"""A topology as an SVG picture: nested boxes laid out in rows, attachments as labels, links as arrows."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azlabs.catalog.topology import Box, Topology

LETTER = 7.3  # width of a letter at 12 px, in px: wide enough for the fallback fonts too
LINE = 17
PAD = 12
GAP = 14
WIDEST = 980
COLOURS = {"NSG": "#b45309", "public address": "#1d4ed8", "ASG": "#7e22ce", "route table": "#0f766e"}
FILLS = ("#ffffff", "#f1f5f9", "#e2e8f0", "#f8fafc")


@dataclass(slots=True)
class Placed:
    """A box with its place, in px. `lines` are (text, colour)."""

    box: Box
    lines: list[tuple[str, str]]
    width: float = 0
    height: float = 0
    x: float = 0
    y: float = 0
    inside: list[Placed] = field(default_factory=list)


def draw(topology: Topology, title: str = "") -> str:
    """A standalone SVG document. What is attached and has no rules is told where it is attached, and nowhere else."""
    explained = [box for box in topology.attachments if box.rules]
    placed = [_measure(box) for box in [*topology.boxes, *explained]]
    width, height = _flow(placed, PAD, PAD + (LINE + GAP if title else 0))
    everything = [one for outer in placed for one in _walk(outer)]
    at = {one.box.key: one for one in everything}
    body: list[str] = []
    if title:
        body.append(_text(PAD, PAD + LINE, title, "#0f172a", bold=True))
        width = max(width, len(title) * LETTER + 2 * PAD)
    for outer in placed:
        body.extend(_rectangle(outer, 0))
    for one in everything:
        body.extend(_arrow(one, at[other.key]) for other in one.box.links if other.key in at)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif" font-size="12">\n'
        f"<title>{escape(title or 'Topology')}</title>\n"
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#64748b"/></marker></defs>\n'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _measure(box: Box) -> Placed:
    lines = [(box.title, "#0f172a"), *((fact, "#475569") for fact in box.facts)]
    lines += [(f"+ {other.title}", COLOURS.get(other.word, "#475569")) for other in box.attached]
    lines += [(rule, "#475569") for rule in box.rules]
    placed = Placed(box, lines, inside=[_measure(inner) for inner in box.inside])
    placed.width = max(len(text) for text, _ in lines) * LETTER + 2 * PAD
    placed.height = len(lines) * LINE + 2 * PAD - 4
    if placed.inside:
        width, height = _flow(placed.inside, PAD, placed.height)
        placed.width, placed.height = max(placed.width, width), height
    return placed


def _flow(items: list[Placed], left: float, top: float) -> tuple[float, float]:
    """Put boxes side by side, in as many rows as are needed; the width and height that they take with a margin."""
    x, y, row, right = left, top, 0.0, left
    for item in items:
        if x > left and x + item.width > WIDEST:
            x, y, row = left, y + row + GAP, 0.0
        item.x, item.y = x, y
        x += item.width + GAP
        row = max(row, item.height)
        right = max(right, x - GAP)
    return right + PAD, y + row + PAD


def _walk(placed: Placed, x: float = 0, y: float = 0) -> Iterator[Placed]:
    """All boxes, with places made absolute on the way."""
    placed.x += x
    placed.y += y
    yield placed
    for inner in placed.inside:
        yield from _walk(inner, placed.x, placed.y)


def _rectangle(placed: Placed, depth: int) -> Iterator[str]:
    fill = FILLS[min(depth + 1, len(FILLS) - 1)] if placed.inside else FILLS[0]
    yield (
        f'<rect x="{placed.x:.1f}" y="{placed.y:.1f}" width="{placed.width:.1f}" height="{placed.height:.1f}" '
        f'rx="5" fill="{fill}" stroke="{COLOURS.get(placed.box.word, "#94a3b8")}"/>'
    )
    for number, (text, colour) in enumerate(placed.lines):
        y = placed.y + PAD + (number + 0.7) * LINE
        yield _text(placed.x + PAD, y, text, colour, bold=number == 0)
    for inner in placed.inside:
        yield from _rectangle(inner, depth + 1)


def _text(x: float, y: float, text: str, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{weight}>{escape(text)}</text>'


def _arrow(source: Placed, target: Placed) -> str:
    """A curve between the facing sides of two boxes."""
    sideways = target.x > source.x + source.width or source.x > target.x + target.width
    if sideways:
        forward = target.x > source.x
        x1, y1 = source.x + (source.width if forward else 0), source.y + source.height / 2
        x2, y2 = target.x + (0 if forward else target.width), target.y + target.height / 2
        bend = (x1 + x2) / 2
        curve = f"C{bend:.1f},{y1:.1f} {bend:.1f},{y2:.1f}"
    else:
        down = target.y > source.y
        x1, y1 = source.x + source.width / 2, source.y + (source.height if down else 0)
        x2, y2 = target.x + target.width / 2, target.y + (0 if down else target.height)
        bend = (y1 + y2) / 2
        curve = f"C{x1:.1f},{bend:.1f} {x2:.1f},{bend:.1f}"
    path = f"M{x1:.1f},{y1:.1f} {curve} {x2:.1f},{y2:.1f}"
    return f'<path d="{path}" fill="none" stroke="#64748b" marker-end="url(#tip)"/>'
