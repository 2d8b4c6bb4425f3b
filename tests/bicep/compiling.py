"""Small helpers for tests that compile text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azlabs.bicep import Diagnostic, check_file


def check(folder: Path, text: str, **others: str) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """Compile `text`, with other files beside it (`part="..."` is part.bicep)."""
    for name, content in others.items():
        (folder / f"{name}.bicep").write_text(content)
    (folder / "main.bicep").write_text(text)
    return check_file(folder / "main.bicep")


def errors(folder: Path, text: str, **others: str) -> list[tuple[int, int, str]]:
    """(line, column, code) of each error."""
    _, found = check(folder, text, **others)
    return [(d.line, d.column, d.code) for d in found if d.level == "Error"]


def remarks(folder: Path, text: str, **others: str) -> list[tuple[int, str]]:
    """(line, rule) of each finding of the linter, but those on names that a test leaves unused."""
    template, found = check(folder, text, **others)
    assert template is not None, found
    return [(d.line, d.code) for d in found if not d.code.startswith("no-unused")]
