"""What a state of a sandbox comes to, as a table of facts that two states can be compared by.

A module that knows how some resource types behave registers itself: it names their settings that it is about, and
gives the rows that replace them. Everything else counts by its configuration, setting by setting, so that nothing is
called equivalent because nobody looked: settings that a step set are asked for, what was there at the start is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azlabs.proof.asked import Asked, Weight
from azlabs.proof.equivalent import Unasked
from azlabs.proof.state import Path, Resource, State, settings, type_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that two states do not share, and how it reads."""

    row: str
    words: Callable[[], str]
    weight: Weight = "asked"

    def __str__(self) -> str:
        return f"{self.row}: {self.words()}"


def became(row: str, before: object, after: object, weight: Weight = "asked") -> Difference:
    """A row whose value was one and is another; None: it is not there."""
    return Difference(row, lambda: f"{_shown(before)} before, {_shown(after)} after", weight)


def _shown(value: object) -> str:
    return "not there" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Model:
    """How resources of some types (lower case) behave together.

    `types` gives for each type the paths of the settings that the model is about ("*" for any element); the other
    settings count bare. `prepare` makes of a state what is compared, once for each state; `compare` yields the rows in
    which two of these differ outside of what no task asks for, best lazily.
    """

    types: Mapping[str, Sequence[str]]
    prepare: Callable[[State], Any]
    compare: Callable[[Any, Any, Sequence[Unasked]], Iterator[Difference]]
    whole: bool = False
    """`prepare` is given all of a state, not only the resources of `types`."""


_models: list[Model] = []


def register(model: Model) -> None:
    """Adds a model; a type may belong to one model only."""
    _models.append(model)


class Behaviour:
    """The behaviour of one state; keeps what it took to compare it."""

    def __init__(self, state: State) -> None:
        import azlabs.proof.access_behaviour
        import azlabs.proof.network_behaviour  # noqa: F401  (both register their models)

        self._state = state
        self._prepared = [
            model.prepare({name: entry for name, entry in state.items() if model.whole or type_of(entry) in model.types})
            for model in _models
        ]

    def differences(
        self, after: Behaviour, unasked: Sequence[Unasked] = (), asked: Asked | None = None
    ) -> Iterator[Difference]:
        """What is different after, lazily: asking for the first difference is enough to tell that there is one.

        With `asked` only what a step set or may have set, else everything.
        """
        covered = {kind: paths for model in _models for kind, paths in model.types.items()}
        yield from _bare(self._state, after._state, covered, unasked, asked)
        for model, mine, other in zip(_models, self._prepared, after._prepared, strict=True):
            yield from model.compare(mine, other, unasked)


def differences(before: State, after: State, unasked: Sequence[Unasked] = ()) -> Iterator[Difference]:
    """All differences in behaviour between two states."""
    return Behaviour(before).differences(Behaviour(after), unasked)


def _bare(
    before: State,
    after: State,
    covered: Mapping[str, Sequence[str]],
    unasked: Sequence[Unasked],
    asked: Asked | None,
) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        modelled = covered.get(type_of(one or other or {}))
        if one is not None and other is not None:
            yield from _settings(name, one, other, modelled, unasked, asked)
        elif modelled is None:
            yield became(name, one and "there", other and "there")


def _settings(
    name: str,
    one: Resource,
    other: Resource,
    modelled: Sequence[str] | None,
    unasked: Sequence[Unasked],
    asked: Asked | None,
) -> Iterator[Difference]:
    was, now = settings(one), settings(other)
    for path in [*was, *(path for path in now if path not in was)]:
        if was.get(path) == now.get(path) or any(_is_within(path, pattern) for pattern in modelled or ()):
            continue
        row = "/".join([str(one["name"]), *(part for part in path if part != "properties")])
        weight = asked.weight(name, row, path) if asked else "asked"
        if modelled is None and weight == "perhaps":
            weight = "asked"
        if weight != "kept" and not any(entry.covers_setting(row) for entry in unasked):
            yield became(row, was.get(path), now.get(path), weight)


def _is_within(path: Path, pattern: str) -> bool:
    parts = pattern.split("/")
    return len(path) >= len(parts) and all(part in ("*", name) for part, name in zip(parts, path, strict=False))
