"""Mutants of a solution's code: the app is published with one small change, and the checks look at what it does now.

Two sources: usual slips, made by rule of the code itself (a condition turned round, a limit moved by one, a statement left out,
a name of a field changed), and mistakes that the lab's author knows, from `code_mutants.yaml`:

    - name: the filter comes after the query
      file: searching.py
      find: ...             a piece of the file that stands there once
      replace: ...
      fails: [search]       every task that has to fail

What a change of code means cannot be read from a state, so every one of them has to make a task fail, or be declared.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azlabs.errors import AzlabsError
from azlabs.proof.mutant import Edit, Mutant

PUBLISH = "PUBLISH "
"""How the id of an edit begins that publishes code; its body says which files have other contents."""
Files = Mapping[str, str]
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">=", ast.GtE: ">", ast.Lt: "<=", ast.LtE: "<", ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not", ast.IsNot: "is",
    ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_BOUNDARIES = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
_TELLING = frozenset({"info", "warning", "error", "exception", "debug", "log", "setLevel", "set_attributes", "set_attribute"})
"""Calls that only tell of something: nothing that a caller sees depends on them."""


class BrokenCodeMutants(AzlabsError):
    """`code_mutants.yaml` cannot be used, or does not fit the solution's code any more."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A piece of a file, by line and column from 1 and by its offsets, and what stands there instead."""

    operator: str
    line: int
    column: int
    start: int
    end: int
    before: str
    after: str


def code_mutants(app: str, files: Files, named: Path) -> list[Mutant]:
    """Every mutant of a solution's code. `files`: text by path in the package. Raises BrokenCodeMutants."""
    made = [mutant for name, text in sorted(files.items()) if name.endswith(".py") for mutant in _by_rule(app, name, text)]
    return [*_named(app, files, named), *made]


def _by_rule(app: str, name: str, text: str) -> Iterator[Mutant]:
    seen: set[str] = set()
    for slip in slips(text):
        changed = text[: slip.start] + slip.after + text[slip.end :]
        if changed in seen or changed == text:
            continue
        seen.add(changed)
        before, after = (" ".join(one.split()) for one in (slip.before, slip.after or "nothing"))
        title = f"{name}({slip.line},{slip.column}) {slip.operator}: {before[:70]} -> {after[:70]}"
        yield Mutant(title, slip.operator, app, (name, str(slip.line)), before, after, (Edit(PUBLISH + app, {name: changed}),))


def slips(text: str) -> Iterator[Slip]:
    """The usual slips of a Python file, in the order of its lines. Raises SyntaxError."""
    tree = ast.parse(text)
    place = _Places(text)
    told = {id(inner) for node in ast.walk(tree) if _tells(node) for inner in ast.walk(node)}
    tests = {id(test) for node in ast.walk(tree) for test in _tests(node)}
    found: list[Slip] = []
    for node in ast.walk(tree):
        if id(node) in told:
            continue
        for test in _tests(node):
            if not (isinstance(test, ast.Constant) or id(test) in told):
                plain = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
                turned = place.text(test.operand) if isinstance(test, ast.UnaryOp) and plain else f"not ({place.text(test)})"
                found.append(place.slip("condition", test, turned))
        if isinstance(node, ast.Compare) and (id(node) not in tests or isinstance(node.ops[0], _BOUNDARIES)):
            found += _comparisons(place, node)
        elif isinstance(node, ast.BoolOp):
            words = " or " if isinstance(node.op, ast.And) else " and "
            found.append(place.slip("boolean", node, words.join(f"({place.text(one)})" for one in node.values)))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _tells(node):
            found.append(place.slip("statement", node, "pass"))
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            found.append(place.slip("number", node, str(node.value + 1)))
        elif isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    found.append(place.slip("field", key, repr(key.value + "_")))
    yield from sorted(found, key=lambda one: (one.start, one.operator))


def _comparisons(place: _Places, node: ast.Compare) -> Iterator[Slip]:
    parts = [node.left, *node.comparators]
    for number, operator in enumerate(node.ops):
        words = place.text(parts[0])
        for other, right in enumerate(parts[1:]):
            sign = _COMPARISONS[type(node.ops[other])] if other == number else _sign(node.ops[other])
            words += f" {sign} {place.text(right)}"
        if type(operator) in _COMPARISONS:
            yield place.slip("comparison", node, words)


def _sign(operator: ast.cmpop) -> str:
    return next(sign for kind, other in _COMPARISONS.items() if kind is type(operator) for sign in [_inverse(other)])


def _inverse(sign: str) -> str:
    pairs = {">=": ">", ">": ">=", "<=": "<", "<": "<=", "!=": "==", "==": "!=", "is not": "is", "is": "is not"}
    return pairs.get(sign, "in" if sign == "not in" else "not in")


def _tests(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return [node.test]
    return list(node.ifs) if isinstance(node, ast.comprehension) else []


def _tells(node: ast.AST) -> bool:
    """Does it only tell of something: a log line, an attribute of a span, the words of an error?"""
    call = node.value if isinstance(node, ast.Expr) else node
    if isinstance(node, ast.Raise):
        return True
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _TELLING


class _Places:
    """Where nodes stand in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = text.splitlines(keepends=True)

    def _at(self, line: int, column: int) -> int:
        # Columns count bytes of UTF-8.
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: Any) -> tuple[int, int]:
        """Where a node begins and ends."""
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def text(self, node: Any) -> str:
        """How a node is written."""
        start, end = self.span(node)
        return self._text[start:end]

    def slip(self, operator: str, node: Any, after: str) -> Slip:
        """A slip in place of a node."""
        start, end = self.span(node)
        return Slip(operator, node.lineno, start - self._starts[node.lineno - 1] + 1, start, end, self._text[start:end], after)


def _named(app: str, files: Files, named: Path) -> Iterator[Mutant]:
    if not named.is_file():
        return
    import yaml

    try:
        entries = yaml.safe_load(named.read_text(encoding="utf-8")) or []
        for entry in entries:
            changes = entry.get("changes") or [entry]
            edited = dict(files)
            for change in changes:
                edited[change["file"]] = _replaced(named, entry["name"], edited.get(change["file"]), change)
            body = {name: text for name, text in edited.items() if files.get(name) != text}
            tasks = ", ".join(entry["fails"])
            yield Mutant(str(entry["name"]), "mistake", app, (), "", tasks, (Edit(PUBLISH + app, body),), entry["fails"][0])
    except (AttributeError, KeyError, TypeError, yaml.YAMLError) as problem:
        raise BrokenCodeMutants(
            f"{named}: {problem}.", action="Each entry has name, file, find, replace and fails, or changes in place of a file."
        ) from problem


def _replaced(named: Path, mistake: str, text: str | None, change: Mapping[str, str]) -> str:
    """A file with a piece replaced. Whole lines are found at any depth, and what replaces them goes to the same depth."""
    find, instead = (textwrap.dedent(change.get(word, "")).strip("\n") for word in ("find", "replace"))
    spots = list(_spots(text or "", find))
    if len(spots) != 1:
        raise BrokenCodeMutants(
            f"{named}: '{mistake}' does not fit the solution: what it looks for stands in {change['file']} {len(spots)} times.",
            action="Write it anew for the code as it is.",
        )
    start, end, depth = spots[0]
    return f"{(text or '')[:start]}{textwrap.indent(instead, depth).removeprefix(depth)}{(text or '')[end:]}"


def _spots(text: str, find: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, the white space that the first line begins with) of a piece of a text."""
    for match in re.finditer(re.escape(find.splitlines()[0]) if find else r"\Z(?!)", text):
        line = text.rfind("\n", 0, match.start()) + 1
        depth = text[line : match.start()]
        if depth.strip():
            depth = ""
        whole = textwrap.indent(find, depth).removeprefix(depth)
        if text.startswith(whole, match.start()):
            yield match.start(), match.start() + len(whole), depth
