"""All single slips of a solved state: what the steps made or changed, walked setting by setting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from azlabs.arm.ids import ResourceId
from azlabs.proof.mutant import Edit, Mutant
from azlabs.proof.operators import variants
from azlabs.proof.state import (
    ROLE_DEFINITIONS,
    Path,
    Resource,
    State,
    at,
    changed,
    configurable,
    settings,
    steps,
    type_of,
)

NOTHING = "nothing"


@dataclass(frozen=True)
class World:
    """The states that mutants are made from. `steps`: after each task's step, in order; the last one is solved."""

    start: State
    steps: Sequence[tuple[str, State]]
    solved: State
    _by_type: dict[str, list[Resource]] = field(default_factory=dict)
    _settings: dict[int, dict[Path, Any]] = field(default_factory=dict)

    def of_type(self, kind: str) -> list[Resource]:
        """The solved state's resources of a type (lower case), by name."""
        if kind not in self._by_type:
            found = [resource for resource in self.solved.values() if type_of(resource) == kind]
            self._by_type[kind] = sorted(found, key=lambda resource: str(resource["id"]).lower())
        return self._by_type[kind]

    def task_of(self, resource: str, path: Path) -> str:
        """The task whose step last changed the setting at `path` (or something in it); empty for the start's own."""
        found, before = "", self.start
        for task, state in self.steps:
            if self._cut(before.get(resource), path) != self._cut(state.get(resource), path):
                found = task
            before = state
        return found

    def _cut(self, resource: Resource | None, path: Path) -> dict[Path, Any]:
        if resource is None:
            return {}
        known = self._settings.get(id(resource))
        if known is None:
            known = self._settings[id(resource)] = settings(resource)
        return {place: value for place, value in known.items() if place[: len(path)] == path}


@dataclass(frozen=True, slots=True)
class Site:
    """A value in a resource that may be edited. `owner` is the object or list that it stands in."""

    world: World
    resource: Resource
    kind: str
    path: Path
    value: Any
    owner: Any

    @property
    def member(self) -> str:
        """The name of the member that holds the value, for an element of a list the list's."""
        return self.path[-2] if isinstance(self.owner, list) and len(self.path) > 1 else self.path[-1]


class Change(NamedTuple):
    """A slip at a site: the operator, the setting it concerns, how it was and is, and the edit of a copy."""

    operator: str
    path: Path
    before: str
    after: str
    edit: Callable[[Resource], None]


StructuralOperator = Callable[[Site], Iterator[Change]]

Slip = tuple[str, str, str, tuple[Edit, ...]]
"""A slip in a whole resource: the operator, how it was and is, and the writes."""

WholeOperator = Callable[[World, Resource], Iterator[Slip]]

STRUCTURAL: list[StructuralOperator] = []
"""Operators that look at more than one value; modules add theirs with `structural`."""


WHOLE: dict[str, WholeOperator] = {}
"""Types (lower case) whose resources Azure does not let anyone edit, with what takes the place of an edit."""


REMADE: set[str] = set()
"""Types (lower case) whose resources are made again for a slip, because Azure fixes much of them at creation."""

_NOT_MADE = frozenset({ROLE_DEFINITIONS})
"""Types that stand in a state for what others mean by them; no step makes them."""


def structural(operator: StructuralOperator) -> StructuralOperator:
    """Registers an operator for every site."""
    STRUCTURAL.append(operator)
    return operator


def mutants(world: World) -> list[Mutant]:
    """Every mutant once, in a stable order."""
    import azlabs.proof.assignments
    import azlabs.proof.services
    import azlabs.proof.structure  # noqa: F401  (all register their operators)

    made: dict[str, Mutant] = {}
    touched = changed(world.start, world.solved)
    for name in sorted(touched):
        if type_of(world.solved.get(name) or world.start[name]) in _NOT_MADE:
            continue
        for mutant in _of_resource(world, name):
            written = [(edit.id.lower(), edit.body) for edit in mutant.edits]
            made.setdefault(json.dumps(written, sort_keys=True, default=str), mutant)
    names: dict[str, int] = {}
    unique = []
    for mutant in made.values():
        names[mutant.name] = number = names.get(mutant.name, 0) + 1
        unique.append(mutant if number == 1 else _renamed(mutant, number))
    return unique


def _renamed(mutant: Mutant, number: int) -> Mutant:
    return replace(mutant, name=f"{mutant.name} [{number}]")


def _of_resource(world: World, name: str) -> Iterator[Mutant]:
    solved, start = world.solved.get(name), world.start.get(name)
    if solved is None:
        if start is not None:
            yield _whole(world, start, "restore", "removed", "as at the start", start)
        return
    yield _whole(world, solved, "remove", "there", "removed", None)
    if start is not None:
        yield _whole(world, solved, "restore", "solved", "as at the start", start)
    kind = type_of(solved)
    if kind in WHOLE:
        for operator, before, after, edits in WHOLE[kind](world, solved):
            yield _mutant(world, solved, operator, (), before, after, edits)
        return
    for site in _sites(world, solved, kind):
        for operator, path, before, after, edit in _changes(site):
            body = deepcopy(solved)
            edit(body)
            if body != solved:
                yield _mutant(world, solved, operator, path, before, after, _edits(world, solved, body))


def _edits(world: World, solved: Resource, body: Resource) -> tuple[Edit, ...]:
    if type_of(solved) not in REMADE:
        return (Edit(str(solved["id"]), body),)
    from azlabs.proof.services import remake

    return remake(world, solved, body)


def _whole(world: World, resource: Resource, operator: str, before: str, after: str, body: Resource | None) -> Mutant:
    return _mutant(world, resource, operator, (), before, after, (Edit(str(resource["id"]), body),))


def _mutant(
    world: World, resource: Resource, operator: str, path: Path, before: str, after: str, edits: tuple[Edit, ...]
) -> Mutant:
    identifier = str(resource["id"])
    where = "/".join([ResourceId.parse(identifier).name, *(part for part in path if part != "properties")])
    return Mutant(
        name=f"{where}: {before} -> {after}",
        operator=operator,
        resource=identifier,
        path=path,
        before=before,
        after=after,
        edits=edits,
        task=world.task_of(identifier.lower(), path),
    )


def _sites(world: World, resource: Resource, kind: str) -> Iterator[Site]:
    def walk(node: Any, path: Path) -> Iterator[Site]:
        for name, child in configurable(node, path, kind):
            here = (*path, name)
            yield Site(world, resource, kind, here, child, node)
            yield from walk(child, here)

    yield Site(world, resource, kind, (), resource, None)
    yield from walk(resource, ())


def _changes(site: Site) -> Iterator[Change]:
    if site.path:
        for operator, value in variants(site.member, site.value):
            yield Change(operator, site.path, shown(site.value), shown(value), setter(site.path, value))
    for structural_operator in STRUCTURAL:
        yield from structural_operator(site)


def shown(value: Any) -> str:
    """A value in a mutant's name."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, dict):
        return str(value.get("name") or str(value.get("id", "")).rpartition("/")[2] or "a value")
    if isinstance(value, list):
        return ", ".join(shown(entry) for entry in value) or NOTHING
    return str(value).lower() if isinstance(value, bool) else str(value)


def setter(path: Path, value: Any) -> Callable[[Resource], None]:
    """An edit that puts a value at a path."""
    return lambda body: put(body, path, value)


def remover(path: Path) -> Callable[[Resource], None]:
    """An edit that takes a member or an element away."""

    def remove(body: Resource) -> None:
        owner = at(body, path[:-1])
        if isinstance(owner, list):
            owner[:] = [child for step, child in steps(owner) if step != path[-1]]
        else:
            del owner[path[-1]]

    return remove


def put(body: Resource, path: Path, value: Any) -> None:
    """Sets the value at a path; the member may be new."""
    owner = at(body, path[:-1])
    if isinstance(owner, list):
        owner[:] = [value if step == path[-1] else child for step, child in steps(owner)]
    else:
        owner[path[-1]] = value
