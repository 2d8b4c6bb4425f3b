"""What a state of a sandbox comes to, as a table of facts that two states can be compared by.

A module that knows how some resource types behave registers itself: it names those types, and gives the rows that
replace their bare configuration. Every other type counts by its configuration, setting by setting, so that
nothing is called equivalent because nobody looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from azlabs.proof.equivalent import Unasked
from azlabs.proof.state import State, settings, type_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that two states do not share. Texts for people."""

    row: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.row}: {self.before} before, {self.after} after"


Compare = Callable[[State, State, Sequence[Unasked]], Iterator[Difference]]
"""Yields the rows in which two states behave differently, outside of what no task asks for; best lazily."""


@dataclass(frozen=True, slots=True)
class Model:
    """How resources of some types (lower case) behave together."""

    types: frozenset[str]
    compare: Compare


_models: list[Model] = []


def register(model: Model) -> None:
    """Adds a model; a type may belong to one model only."""
    _models.append(model)


def differences(before: State, after: State, unasked: Sequence[Unasked] = ()) -> Iterator[Difference]:
    """The differences in behaviour, lazily: asking for the first one is enough to tell that there is one."""
    import azlabs.proof.network_behaviour  # noqa: F401  (registers its model)

    covered = frozenset[str]().union(*(model.types for model in _models))
    yield from _bare(before, after, covered, unasked)
    for model in _models:
        yield from model.compare(_of(before, model.types), _of(after, model.types), unasked)


def _of(state: State, types: frozenset[str]) -> State:
    return {name: resource for name, resource in state.items() if type_of(resource) in types}


def _bare(before: State, after: State, covered: frozenset[str], unasked: Sequence[Unasked]) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is other or type_of(one or other or {}) in covered:
            continue
        if one is None or other is None:
            yield Difference(name, "there" if one else "not there", "there" if other else "not there")
            continue
        yield from _settings(one, other, unasked)


def _settings(one: dict[str, Any], other: dict[str, Any], unasked: Sequence[Unasked]) -> Iterator[Difference]:
    was, became = settings(one), settings(other)
    for path in [*was, *(path for path in became if path not in was)]:
        row = "/".join([str(one["name"]), *(part for part in path if part != "properties")])
        if was.get(path) != became.get(path) and not any(entry.covers_setting(row) for entry in unasked):
            yield Difference(row, str(was.get(path, "nothing")), str(became.get(path, "nothing")))
