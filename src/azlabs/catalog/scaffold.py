"""The folder of a new lab: a small lab that works, to be changed into one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from azlabs.catalog import exams
from azlabs.errors import AzlabsError

FILES = Path(__file__).with_name("scaffold_files")
SUFFIX = ".in"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_EXAM = "az-104"
_OBJECTIVE = "az104.network.nsg-rules"


class CannotScaffold(AzlabsError):
    """The new lab's name or place cannot be used."""


@dataclass(frozen=True, slots=True)
class NewLab:
    """What was made."""

    folder: Path
    files: list[Path]


def new_lab(identifier: str, place: Path) -> NewLab:
    """Make `place/identifier` with everything that a lab needs; raises CannotScaffold and touches nothing then."""
    if not _IDENTIFIER.fullmatch(identifier) or len(identifier) > 60:
        raise CannotScaffold(
            f"'{identifier}' cannot be a lab's id.", action="Use lower-case words joined by hyphens, as in my-lab."
        )
    folder = place / identifier
    if folder.exists():
        raise CannotScaffold(f"{folder} exists already.", action="Choose another id, or another folder with --in.")
    words = {
        "@ID@": identifier,
        "@EXAM@": _EXAM,
        "@OBJECTIVE@": _OBJECTIVE,
        "@SERVICE@": exams.objective(_OBJECTIVE).services[0],
    }
    made = []
    try:
        for source in sorted(FILES.rglob(f"*{SUFFIX}")):
            target = folder / source.relative_to(FILES).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_filled(source.read_text(encoding="utf-8"), words), encoding="utf-8")
            made.append(target)
    except OSError as problem:
        raise CannotScaffold(
            f"{folder} cannot be written: {problem.strerror}.", action="Choose another folder with --in."
        ) from problem
    return NewLab(folder, made)


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
