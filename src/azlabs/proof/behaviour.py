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
    """One row that two states do not share, and how it reads."""

    row: str
    words: Callable[[], str]

    def __str__(self) -> str:
        return f"{self.row}: {self.words()}"


def became(row: str, before: object, after: object) -> Difference:
    """A row whose value was one and is another; None: it is not there."""
    return Difference(row, lambda: f"{_shown(before)} before, {_shown(after)} after")


def _shown(value: object) -> str:
    return "not there" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Model:
    """How resources of some types (lower case) behave together.

    `prepare` makes of a state what is compared, once for each state; `compare` yields the rows in which two of these
    differ outside of what no task asks for, best lazily.
    """

    types: frozenset[str]
    prepare: Callable[[State], Any]
    compare: Callable[[Any, Any, Sequence[Unasked]], Iterator[Difference]]


_models: list[Model] = []


def register(model: Model) -> None:
    """Adds a model; a type may belong to one model only."""
    _models.append(model)


class Behaviour:
    """The behaviour of one state; keeps what it took to compare it."""

    def __init__(self, state: State) -> None:
        import azlabs.proof.network_behaviour  # noqa: F401  (registers its model)

        covered = frozenset[str]().union(*(model.types for model in _models))
        self._bare = {name: entry for name, entry in state.items() if type_of(entry) not in covered}
        self._prepared = [
            model.prepare({name: entry for name, entry in state.items() if type_of(entry) in model.types})
            for model in _models
        ]

    def differences(self, after: Behaviour, unasked: Sequence[Unasked] = ()) -> Iterator[Difference]:
        """What is different after, lazily: asking for the first difference is enough to tell that there is one."""
        yield from _bare(self._bare, after._bare, unasked)
        for model, mine, other in zip(_models, self._prepared, after._prepared, strict=True):
            yield from model.compare(mine, other, unasked)


def differences(before: State, after: State, unasked: Sequence[Unasked] = ()) -> Iterator[Difference]:
    """The differences in behaviour between two states."""
    return Behaviour(before).differences(Behaviour(after), unasked)


def _bare(before: State, after: State, unasked: Sequence[Unasked]) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            yield became(name, one and "there", other and "there")
        elif one != other:
            yield from _settings(one, other, unasked)


def _settings(one: dict[str, Any], other: dict[str, Any], unasked: Sequence[Unasked]) -> Iterator[Difference]:
    was, now = settings(one), settings(other)
    for path in [*was, *(path for path in now if path not in was)]:
        row = "/".join([str(one["name"]), *(part for part in path if part != "properties")])
        if was.get(path) != now.get(path) and not any(entry.covers_setting(row) for entry in unasked):
            yield became(row, was.get(path), now.get(path))
