"""Slips in written answers: left out, taken from another question, turned round, another name of the same kind."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from azlabs.proof.mutant import Edit, Mutant
from azlabs.proof.state import Path, State, element_name, steps

FILE = "answers.yaml"
_OPPOSITES = {"allow": "deny", "yes": "no", "true": "false", "allowed": "denied", "enabled": "disabled"}
_TURNED = {**_OPPOSITES, **{value: name for name, value in _OPPOSITES.items()}}


def answer_mutants(text: str, start: State, task: str = "") -> list[Mutant]:
    """Mutants of a correct answers file. `start` tells which other names a learner may have seen."""
    import yaml

    document = yaml.load(text, Loader=yaml.BaseLoader) if text else None
    if not isinstance(document, dict):
        return []
    siblings = list(_named_together(start))
    found: dict[str, Mutant] = {}
    for path, value in _leaves(document, ()):
        for operator, other in _variants(document, path, value, siblings):
            body = deepcopy(document)
            owner: Any = body
            for name in path[:-1]:
                owner = owner[name]
            owner[path[-1]] = other
            mutant = Mutant(
                name=f"{FILE}/{'/'.join(path)}: {value or 'nothing'} -> {other or 'nothing'}",
                operator=operator,
                resource="",
                path=path,
                before=value,
                after=other,
                edits=(Edit("", yaml.safe_dump(body, sort_keys=False)),),
                task=task,
            )
            found.setdefault(mutant.name, mutant)
    return list(found.values())


def _variants(document: dict[str, Any], path: Path, value: str, siblings: list[set[str]]) -> Iterator[tuple[str, str]]:
    if not value:
        return
    yield "remove", ""
    yield "change", f"{value}-2"
    if value.lower() in _TURNED:
        yield "swap", _TURNED[value.lower()]
    for other_path, other in _leaves(document, ()):
        if other_path[-1] == path[-1] and other.casefold() != value.casefold():
            yield "exchange", other
    for names in siblings:
        if value.casefold() in {name.casefold() for name in names}:
            for other in sorted(names):
                if other.casefold() != value.casefold():
                    yield "neighbour", other


def _leaves(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _leaves(child, (*path, str(name)))
    elif isinstance(node, str):
        yield path, node


def _named_together(node: Any) -> Iterator[set[str]]:
    """The names of the elements of each list in a state."""
    if isinstance(node, list):
        names = {element_name(child) for child in node if isinstance(child, dict) and "properties" in child}
        if len(names) > 1:
            yield names
    if isinstance(node, dict | list):
        for _, child in steps(node):
            yield from _named_together(child)
