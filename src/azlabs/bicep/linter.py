"""The linter: findings that do not stop a compilation, under the names that Bicep's own linter gives them.

A rule is a function from a node (or a whole file) to findings; it registers itself with the kind of node it wants.
`bicepconfig.json` in the file's folder or above sets levels; `#disable-next-line RULE`, `#disable-diagnostics RULE`
and `#restore-diagnostics RULE` silence rules in places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from azlabs.bicep import syntax as s
from azlabs.bicep.diagnostics import Diagnostic, Level
from azlabs.bicep.model import Model
from azlabs.bicep.symbols import Symbol

Finding = tuple[s.Node, str]
NodeRule = Callable[[Model, Any], Iterator[Finding]]
FileRule = Callable[[Model], Iterator[Finding]]

LINK = "https://aka.ms/bicep/linter-diagnostics#"
NODE_RULES: dict[type, list[tuple[str, NodeRule]]] = {}
FILE_RULES: list[tuple[str, FileRule]] = []
_LEVELS: dict[str, Level | None] = {"off": None, "info": "Info", "warning": "Warning", "error": "Error"}


def node_rule(name: str, *kinds: type) -> Callable[[NodeRule], NodeRule]:
    """Register a rule that looks at single nodes."""

    def register(rule: NodeRule) -> NodeRule:
        for kind in kinds:
            NODE_RULES.setdefault(kind, []).append((name, rule))
        return rule

    return register


def file_rule(name: str) -> Callable[[FileRule], FileRule]:
    """Register a rule that looks at the whole file."""

    def register(rule: FileRule) -> FileRule:
        FILE_RULES.append((name, rule))
        return rule

    return register


def lint(model: Model) -> list[Diagnostic]:
    """The findings of all rules in a file without errors."""
    from azlabs.bicep import lint_resources, lint_text  # noqa: F401 - they register their rules

    levels = configured_levels(model)
    used: set[Symbol] = set()
    found: list[tuple[str, s.Node, str]] = []
    pending: list[s.Node] = list(reversed(model.parsed.program.statements))
    while pending:
        node = pending.pop()
        symbol = getattr(node, "symbol", None)
        if symbol is not None:
            used.add(symbol)
        for name, rule in NODE_RULES.get(type(node), ()):
            found += [(name, at, message) for at, message in rule(model, node)]
        pending += s.children(node)
    model.facts["used"] = used
    for name, file_rule_ in FILE_RULES:
        found += [(name, at, message) for at, message in file_rule_(model)]
    silenced = Silenced(model)
    diagnostics = []
    for name, node, message in found:
        line, column = model.position(node.start)
        level = levels.get(name, "Warning")
        if level is not None and not silenced(name, line):
            diagnostics.append(Diagnostic(model.shown, line, column, level, name, f"{message} [{LINK}{name}]"))
    return diagnostics


def configured_levels(model: Model) -> dict[str, Level | None]:
    """Levels by rule from the nearest bicepconfig.json."""
    from azlabs.bicep.files import parse_json

    for folder in model.path.parents:
        path = folder / "bicepconfig.json"
        if path.is_file():
            return _levels(path, parse_json)
    return {}


def _levels(path: Path, parse: Callable[[str], Any]) -> dict[str, Level | None]:
    try:
        config = parse(path.read_text(encoding="utf-8-sig"))
        core = config["analyzers"]["core"]
        if core.get("enabled") is False:
            every = [name for name, _ in FILE_RULES] + [name for rules in NODE_RULES.values() for name, _ in rules]
            return dict.fromkeys(every)
        rules = core.get("rules", {})
        return {name: _LEVELS[rule["level"].lower()] for name, rule in rules.items()
                if isinstance(rule, dict) and str(rule.get("level", "")).lower() in _LEVELS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


class Silenced:
    """Which rules directives in the source switch off, line by line."""

    def __init__(self, model: Model) -> None:
        self.lines: dict[int, set[str]] = {}
        self.spans: list[tuple[int, bool, set[str]]] = []
        for directive in model.parsed.lexed.directives:
            words = directive.text.split("//")[0].split()
            line, _ = model.position(directive.start)
            if words[0] == "#disable-next-line":
                self.lines.setdefault(line + 1, set()).update(words[1:])
            elif words[0] in ("#disable-diagnostics", "#restore-diagnostics"):
                self.spans.append((line, words[0] == "#disable-diagnostics", set(words[1:])))

    def __call__(self, code: str, line: int) -> bool:
        if code in self.lines.get(line, ()):
            return True
        off = False
        for start, disables, codes in self.spans:
            if start < line and code in codes:
                off = disables
        return off


# --- rules about declarations ---


def _unused(model: Model, symbols: dict[str, Any], what: str) -> Iterator[Finding]:
    used = model.facts["used"]
    for name, symbol in symbols.items():
        exported = any(d.call.name.text == "export" for d in symbol.node.decorators)
        if symbol not in used and not exported:
            yield symbol.node.name, f'{what} "{name}" is declared but never used.'


@file_rule("no-unused-params")
def unused_parameters(model: Model) -> Iterator[Finding]:
    yield from _unused(model, model.parameters, "Parameter")


@file_rule("no-unused-vars")
def unused_variables(model: Model) -> Iterator[Finding]:
    yield from _unused(model, model.variables, "Variable")


@file_rule("no-unused-existing-resources")
def unused_existing(model: Model) -> Iterator[Finding]:
    used = model.facts["used"]
    for symbol in model.resources:
        if symbol.existing and symbol not in used and not symbol.nested:
            yield symbol.node.name, f'Existing resource "{symbol.name}" is declared but never used.'


# What ARM takes in one template. Bicep's linter calls these errors; here the cloud that is deployed to decides.
_LIMITS = {"max-params": ("parameters", 256), "max-variables": ("variables", 512), "max-outputs": ("outputs", 64),
           "max-resources": ("resources", 800)}


def _limit(name: str) -> FileRule:
    what, most = _LIMITS[name]

    def rule(model: Model) -> Iterator[Finding]:
        count = len(model.resources) + len(model.modules) if what == "resources" else len(getattr(model, what))
        if count > most:
            yield model.parsed.program, f"Too many {what}. Number of {what} is limited to {most}."

    return rule


for _name in _LIMITS:
    file_rule(_name)(_limit(_name))
