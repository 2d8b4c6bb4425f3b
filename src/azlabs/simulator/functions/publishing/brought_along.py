"""The distributions that are installed beside azlabs: which of them fit, what they need, a folder of links to just these."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement


@dataclass
class Closure:
    """The distributions that requirements lead to, by normalized name, and what is not there."""

    found: dict[str, metadata.Distribution] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Requirements that nothing here satisfies, each with what is here instead."""

    def names(self) -> list[str]:
        """`name==version` of all, in order."""
        return sorted(f"{name}=={one.version}" for name, one in self.found.items())


_parsing = threading.Lock()
_read: dict[str, Requirement] = {}


def _parsed(text: str) -> Requirement:
    """A requirement, read once. One thread at a time: markers are read with `ast`, which in CPython 3.11 fails now and
    then when two threads use it (SystemError: AST constructor recursion depth mismatch)."""
    from packaging.requirements import Requirement

    with _parsing:
        found = _read.get(text)
        if found is None:
            found = _read[text] = Requirement(text)
    return found


def closure(wanted: Iterable[Requirement]) -> Closure:
    """All that these requirements need, from what is installed."""
    from packaging.utils import canonicalize_name

    result = Closure()
    todo = [(one, "") for one in wanted]
    seen: set[tuple[str, str]] = set()
    while todo:
        need, because = todo.pop()
        name = canonicalize_name(need.name)
        here = result.found.get(name) or _installed(name)
        if here is None or not need.specifier.contains(here.version, prereleases=True):
            instead = f", there is {here.version}" if here is not None else ""
            result.missing.append(f"{need.name}{need.specifier}{because}{instead}")
            continue
        result.found[name] = here
        for extra in ("", *sorted(need.extras)):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for text in here.requires or ():
                inner = _parsed(text)
                if inner.marker is None:
                    applies = extra == ""
                else:
                    applies = inner.marker.evaluate({"extra": extra})
                if applies:
                    todo.append((inner, f" (for {here.name})"))
    return result


def _installed(name: str) -> metadata.Distribution | None:
    """An installed distribution with files of its own: an editable install has none that could be linked."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    record = found.read_text("RECORD")
    return None if record is None or "__editable__" in record else found


def link(chosen: Iterable[metadata.Distribution], folder: Path) -> None:
    """Fill a folder with links to these distributions alone.

    A directory that belongs to one of them only is linked as a whole; one that several share (`azure/`) is made anew.
    """
    chosen = list(chosen)
    mine = {_identity(one) for one in chosen}
    owners: dict[PurePosixPath, set[str]] = defaultdict(set)
    files: list[tuple[PurePosixPath, metadata.Distribution, str]] = []
    for one in metadata.distributions():
        identity = _identity(one)
        for path in _record(one):
            for parent in path.parents[:-1]:
                owners[parent].add(identity)
            if identity in mine:
                files.append((path, one, identity))
    done: set[PurePosixPath] = set()
    for path, one, identity in files:
        target = path
        for parent in reversed(path.parents[:-1]):
            if owners[parent] == {identity}:
                target = parent
                break
        if target in done:
            continue
        done.add(target)
        place = folder.joinpath(*target.parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(str(one.locate_file(target)), target_is_directory=target is not path)


def _identity(one: metadata.Distribution) -> str:
    return f"{one.name}\n{one.locate_file('')}"


def _record(one: metadata.Distribution) -> Iterable[PurePosixPath]:
    """The importable files of a distribution, relative to the folder that it is installed in."""
    for line in (one.read_text("RECORD") or "").splitlines():
        path = line[1:].partition('"')[0] if line.startswith('"') else line.partition(",")[0]
        if path and not path.startswith(("..", "/")) and "__pycache__" not in path and not path.endswith(".pth"):
            yield PurePosixPath(path)
