"""YAML files whose errors can name a line: the data and the line of each field."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Field = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file.

    `field` is written `tasks[0].points`; `line` counts from 1, and 0 stands for the file as a whole.
    """

    file: Path
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else str(self.file)
        return f"{place}, {self.field}: {self.message}" if self.field else f"{place}: {self.message}"

    def to_json(self) -> dict[str, str | int]:
        """The shape of `azlabs lab validate --json`."""
        return {"file": str(self.file), "line": self.line, "field": self.field, "message": self.message}


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file; `data` is None when it could not be parsed, and then `problems` says why."""

    path: Path
    data: Any
    lines: dict[Field, int]
    problems: tuple[Problem, ...] = ()

    def line(self, field: Field) -> int:
        """The line of a field, or of the nearest one around it that is written down."""
        for length in range(len(field), -1, -1):
            if field[:length] in self.lines:
                return self.lines[field[:length]]
        return 1

    def problem(self, field: Field, message: str) -> Problem:
        """A problem at this field."""
        return Problem(self.path, self.line(field), spell(field), message)


def spell(field: Field) -> str:
    """`("tasks", 0, "points")` as `tasks[0].points`."""
    text = ""
    for part in field:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(path: Path) -> Document:
    """The document in a file; a file that cannot be read or parsed is a document with problems."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _unreadable(path, 0, "the file is missing")
    except (OSError, UnicodeDecodeError) as problem:
        return _unreadable(path, 0, f"the file cannot be read ({problem})")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        return _unreadable(path, mark.line + 1 if mark else 0, f"not valid YAML: {problem.problem}")
    except (yaml.YAMLError, ValueError, TypeError) as problem:
        return _unreadable(path, 0, f"not valid YAML: {problem}")
    finally:
        loader.dispose()
    lines: dict[Field, int] = {}
    twice: list[Problem] = []
    if node is not None:
        _note_lines(node, (), lines, twice, path)
    return Document(path, data, lines, tuple(twice))


def _unreadable(path: Path, line: int, message: str) -> Document:
    return Document(path, None, {}, (Problem(path, line, "", message),))


def _note_lines(node: Any, field: Field, lines: dict[Field, int], twice: list[Problem], path: Path) -> None:
    import yaml

    lines.setdefault(field, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _note_lines(item, (*field, position), lines, twice, path)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*field, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                twice.append(Problem(path, line, spell(inner), f"written twice, first in line {lines[inner]}"))
            lines[inner] = line
            _note_lines(value, inner, lines, twice, path)
