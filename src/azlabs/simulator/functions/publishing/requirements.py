"""Reading a `requirements.txt` in the form that pip reads.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

FILE = "requirements.txt"
_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s+|=|(?=\S))(\S+)$")
_HASHES = re.compile(r"\s+--hash[=\s]\S+")
_MOST_FILES = 20


@dataclass
class Requirements:
    """What a file and those that it includes ask for."""

    wanted: list[Requirement] = field(default_factory=list)
    """Those that apply to this Python."""
    special: list[str] = field(default_factory=list)
    """Lines that only pip understands: options, addresses, folders."""
    broken: str = ""
    """The first line that is no requirement, with its file and number; "" when all are."""
    text: str = ""
    """All that counts, line by line: the same for files that differ in comments only."""


def read(path: Path) -> Requirements:
    """Read a requirements file; an absent one asks for nothing."""
    from packaging.requirements import InvalidRequirement, Requirement

    found = Requirements()
    lines = []
    for where, line in _lines(path, path.parent.resolve(), set()):
        lines.append(line)
        plain = _HASHES.sub("", line)
        if plain.startswith(("-", ".", "/")) or "://" in plain:
            found.special.append(line)
            continue
        try:
            one = Requirement(plain)
        except InvalidRequirement:
            found.broken = found.broken or f"{where}: {line!r} is not a requirement"
            continue
        if one.url:
            found.special.append(line)
        elif one.marker is None or one.marker.evaluate({"extra": ""}):
            found.wanted.append(one)
    found.text = "\n".join(lines)
    return found


def _lines(path: Path, root: Path, seen: set[Path]) -> Iterator[tuple[str, str]]:
    """(place, line) of a file and of those that it includes, from below `root` only, each once."""
    real = path.resolve()
    if real in seen or len(seen) >= _MOST_FILES or not real.is_relative_to(root) or not real.is_file():
        return
    seen.add(real)
    joined, first = "", 0
    for number, raw in enumerate(real.read_text("utf-8-sig", "replace").splitlines(), 1):
        first = first or number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            joined += raw[:-1]
            continue
        line, place = _COMMENT.sub("", joined + raw).strip(), f"{real.name} line {first}"
        joined, first = "", 0
        if not line:
            continue
        include = _INCLUDE.match(line)
        if include:
            yield from _lines(real.parent / include[1], root, seen)
        else:
            yield place, line
    if joined.strip():
        yield f"{real.name} line {first}", joined.strip()
