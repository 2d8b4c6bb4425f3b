"""Which resources fulfil the policies that count where they are: computed whenever somebody asks.

Azure evaluates in the background, within minutes of a change; here every question is answered as of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from azlabs.rules.access import ancestors, scope_key
from azlabs.rules.policy import Effect, Policies, State, Target
from azlabs.simulator.resource_manager import paths, policy_gate, registry

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.store import Store

OUTSIDE = (
    "microsoft.graph/",
    "microsoft.management/",
    "microsoft.resources/unregistered",
    "microsoft.resources/tenants",
)
ATTESTATIONS = "microsoft.policyinsights/attestations"


def documents(store: Store, scope: str) -> Iterator[Target]:
    """Everything at the scope and below that policy looks at: resources, their parts, groups, the subscription."""
    for row in _rows(store, scope_key(scope)):
        kind = registry.find(row.type)
        if kind is None or row.type.startswith((*policy_gate.EXCLUDED, *OUTSIDE)):
            continue
        yield policy_gate.target_of(store, row.id, kind.type, row.body)
        yield from _parts(store, row)


def _rows(store: Store, scope: str) -> list[Resource]:
    """The rows at a scope and below; a management group holds those of its subscriptions."""
    if not scope.startswith("/subscriptions/"):
        from azlabs.simulator.providers.authorization.table import management_groups

        parents = management_groups(store)
        inside = [
            row.key
            for row in store.of_type("microsoft.resources/subscriptions")
            if scope in ancestors(row.key, parents) or scope == "/"
        ]
        return [row for key in inside for row in _rows(store, key)]
    return store.select("key=? OR (key>? AND key<?) ORDER BY number", (scope, scope + "/", scope + "0"))


def _parts(store: Store, row: Resource) -> Iterator[Target]:
    for key, kind in registry.TYPES.items():
        if kind.part_of is None or key.rpartition("/")[0] != row.type:
            continue
        for part in paths.get(row.body, kind.part_of) or ():
            if isinstance(part, dict) and part.get("id"):
                yield policy_gate.target_of(store, part["id"], kind.type, part)


def related(store: Store, effect: Effect, target: Target) -> Iterable[Target]:
    """The resources among which an "ifNotExists" effect looks for one."""
    details = effect.details or {}
    wanted = str(details.get("type", target.type)).lower()
    if wanted == target.type.lower():
        return [target]
    segments = target.id.split("/")
    kind = registry.find(wanted)
    below = wanted.startswith(target.type.lower() + "/") or (kind is not None and "extension" in kind.scopes)
    scope = target.id if below else "/".join(segments[:5])
    if not below and str(details.get("existenceScope", "")).lower() == "subscription":
        scope = "/".join(segments[:3])
    elif not below and details.get("resourceGroupName"):
        scope = "/".join([*segments[:3], "resourceGroups", str(details["resourceGroupName"])])
    found = [policy_gate.target_of(store, row.id, row.type, row.body) for row in _rows(store, scope_key(scope))]
    parts = [other for row in _rows(store, scope_key(scope)) for other in _parts(store, row)]
    return [other for other in (*found, *parts) if other.type.lower() == wanted]


def states(store: Store, scope: str, rules: Policies | None = None) -> Iterator[tuple[Target, State]]:
    """The compliance of everything at the scope and below. What people attested counts for manual policies."""
    registry.load_all()
    rules = rules or policy_gate.policies(store)
    if not rules.assignments:
        return
    attested = {
        (
            scope_key(row.id[: row.key.rindex("/providers/microsoft.policyinsights/")]),
            str(row.body["properties"]["policyAssignmentId"]).lower(),
            str(row.body["properties"].get("policyDefinitionReferenceId", "")).lower(),
        ): str(row.body["properties"].get("complianceState") or "Unknown")
        for row in store.of_type(ATTESTATIONS)
    }
    for target in documents(store, scope):
        for state in rules.states(target, lambda effect, target=target: related(store, effect, target)):  # type: ignore[misc]
            effect = state.effect
            key = (scope_key(target.id), effect.assignment.id.lower(), effect.member.reference_id.lower())
            if effect.effect == "manual" and key in attested:
                state = State(attested[key], effect)
            yield target, state
