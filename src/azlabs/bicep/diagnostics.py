"""Diagnostics: what the compiler has to say about a file, in the form people know from the Bicep CLI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["Error", "Warning", "Info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `line` and `column` count from 1; `code` is a BCP code or a linter rule's name."""

    file: str
    line: int
    column: int
    level: Level
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}({self.line},{self.column}) : {self.level} {self.code}: {self.message}"


def format_diagnostics(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as lines `FILE(line,column) : Level CODE: text`, the form the Bicep CLI writes."""
    return "\n".join(str(diagnostic) for diagnostic in diagnostics)


class BicepError(Exception):
    """A file could not be compiled. `diagnostics` holds every finding, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        super().__init__(format_diagnostics(d for d in self.diagnostics if d.level == "Error"))


class Rejected(Exception):
    """Raised inside the compiler to abandon one node; `start` and `end` are offsets in the text."""

    def __init__(self, code: str, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
