"""Files on their way through the compiler: reading, parsing and binding each once."""

from __future__ import annotations

import os
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azlabs.bicep import syntax as s
from azlabs.bicep.diagnostics import Diagnostic, Level, Rejected
from azlabs.bicep.parser import Parsed, parse
from azlabs.bicep.symbols import (
    FunctionSymbol,
    ImportedSymbol,
    ModuleSymbol,
    OutputSymbol,
    ParameterSymbol,
    ResourceSymbol,
    Scope,
    TypeSymbol,
    VariableSymbol,
    WildcardSymbol,
)

MAX_MODULE_DEPTH = 30
TARGET_SCOPES = ("resourceGroup", "subscription", "managementGroup", "tenant")


@dataclass(eq=False)
class Model:
    """A Bicep file after binding. Lists hold the declarations in the order of their emission."""

    path: Path
    shown: str
    source: str
    parsed: Parsed
    workspace: Workspace
    scope: Scope = field(default_factory=dict)
    target_scope: str = "resourceGroup"
    parameters: dict[str, ParameterSymbol] = field(default_factory=dict)
    variables: dict[str, VariableSymbol] = field(default_factory=dict)
    outputs: dict[str, OutputSymbol] = field(default_factory=dict)
    types: dict[str, TypeSymbol] = field(default_factory=dict)
    functions: dict[str, FunctionSymbol] = field(default_factory=dict)
    resources: list[ResourceSymbol] = field(default_factory=list)
    modules: list[ModuleSymbol] = field(default_factory=list)
    imports: list[ImportedSymbol] = field(default_factory=list)
    wildcards: list[WildcardSymbol] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    _lines: list[int] | None = None
    _told: set[Diagnostic] = field(default_factory=set)

    @property
    def is_parameter_file(self) -> bool:
        return self.path.suffix == ".bicepparam"

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset in the text."""
        if self._lines is None:
            lines, at = [0], self.source.find("\n")
            while at >= 0:
                lines.append(at + 1)
                at = self.source.find("\n", at + 1)
            self._lines = lines
        line = bisect_right(self._lines, offset)
        column = offset - self._lines[line - 1] + 1
        return line, column

    def report(self, code: str, message: str, node: s.Node | Rejected | int, level: Level = "Error") -> None:
        line, column = self.position(node if isinstance(node, int) else node.start)
        found = Diagnostic(self.shown, line, column, level, code, message)
        if found not in self._told:
            self._told.add(found)
            self.diagnostics.append(found)

    @property
    def has_errors(self) -> bool:
        return any(d.level == "Error" for d in self.diagnostics)


@dataclass(eq=False)
class Workspace:
    """All files of one compilation, by path; a file that two modules name is read once."""

    root: Path
    models: dict[Path, Any] = field(default_factory=dict)
    # Files being bound right now, outermost first: a file that names one of them closes a circle.
    opening: list[Path] = field(default_factory=list)

    def shown(self, path: Path) -> str:
        return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)

    def open(self, path: Path) -> Model:
        """The bound model of a file; raises OSError or UnicodeError when it cannot be read."""
        from azlabs.bicep.binder import bind
        from azlabs.bicep.checker import check

        path = path.resolve()
        if path in self.models:
            model: Model = self.models[path]
            return model
        source = read_text(path)
        model = Model(path, self.shown(path), source, parse(source), self)
        self.models[path] = model
        for problem in model.parsed.problems:
            model.report(problem.code, str(problem), problem)
        self.opening.append(path)
        try:
            bind(model)
            check(model)
        finally:
            self.opening.pop()
        return model


def read_text(path: Path) -> str:
    """A text file, its byte order mark honoured and removed, its line ends kept."""
    data = path.read_bytes()
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark):].decode(encoding)
    return data.decode("utf-8")
