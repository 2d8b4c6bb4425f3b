"""How Azure decides whether a principal may do something: role assignments, deny assignments, inheritance.

Source of the facts: Microsoft's documentation "How Azure RBAC determines if a user has access to a resource" and
"Understand Azure role definitions". Everything here is pure: the caller brings the assignments that it read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

EVERYONE = "00000000-0000-0000-0000-000000000000"  # the "all principals" of a deny assignment


@dataclass(frozen=True, slots=True)
class Permission:
    """One block of a role definition: patterns with `*`, compared without regard to case."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, action: str, *, data: bool = False) -> bool:
        """Does this block grant the control (or data) action? NotActions only subtract within the block."""
        granted, withheld = (self.data_actions, self.not_data_actions) if data else (self.actions, self.not_actions)
        return matches_any(action, granted) and not matches_any(action, withheld)

    @staticmethod
    def of(properties: Mapping[str, Sequence[str]]) -> Permission:
        """From the REST shape {"actions": [...], "notActions": [...], "dataActions": [...], ...}."""
        return Permission(*(tuple(properties.get(key) or ()) for key in REST_KEYS))

    def to_json(self) -> dict[str, list[str]]:
        """The REST shape, in the order in which Azure prints it."""
        values = (self.actions, self.not_actions, self.data_actions, self.not_data_actions)
        return {key: list(value) for key, value in zip(REST_KEYS, values, strict=True)}


REST_KEYS = ("actions", "notActions", "dataActions", "notDataActions")


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition, built in or custom. `id` is the definition's GUID, lower case."""

    id: str
    name: str
    permissions: tuple[Permission, ...]

    def allows(self, action: str, *, data: bool = False) -> bool:
        return any(permission.allows(action, data=data) for permission in self.permissions)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role assignment. `role_id` is the GUID of the definition, `scope` the id that it sits on ("/" is the root)."""

    id: str
    principal_id: str
    role_id: str
    scope: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    """A deny assignment, as Azure makes for managed applications and deployment stacks."""

    id: str
    scope: str
    permissions: tuple[Permission, ...]
    principals: frozenset[str]
    excluded: frozenset[str] = frozenset()
    only_here: bool = False

    def applies_to(self, principals: frozenset[str]) -> bool:
        if self.excluded & principals:
            return False
        return EVERYONE in self.principals or bool(self.principals & principals)


@dataclass(frozen=True, slots=True)
class Decision:
    """`allowed` is None when only a condition decides, which this module does not read.

    `assignment` is the role assignment that grants, or `denied_by` the deny assignment that refuses.
    """

    allowed: bool | None
    assignment: Assignment | None = None
    role: Role | None = None
    denied_by: DenyAssignment | None = None


@dataclass(slots=True)
class AccessTable:
    """All that decides access in one tenant; assignments are indexed by the scope that they sit on.

    `management_groups` maps a subscription's or management group's id (lower case) to the id of its parent group.
    `groups` maps a principal id to the ids of the groups that it is a member of, transitively.
    """

    roles: Mapping[str, Role]
    assignments: Iterable[Assignment] = ()
    denials: Iterable[DenyAssignment] = ()
    management_groups: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _by_scope: dict[str, list[Assignment]] = field(init=False, default_factory=dict)
    _denials: dict[str, list[DenyAssignment]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for assignment in self.assignments:
            self._by_scope.setdefault(scope_key(assignment.scope), []).append(assignment)
        for denial in self.denials:
            self._denials.setdefault(scope_key(denial.scope), []).append(denial)

    def principals(self, principal_id: str) -> frozenset[str]:
        """The principal and every group that it belongs to."""
        own = principal_id.lower()
        return frozenset((own, *self.groups.get(own, frozenset())))

    def scopes(self, scope: str) -> Iterator[str]:
        """The scope and everything above it, nearest first, ending with the root "/"."""
        yield from ancestors(scope, self.management_groups)

    def can(self, principal_id: str, action: str, scope: str, *, data: bool = False) -> Decision:
        """May the principal do `action` (for example Microsoft.Compute/virtualMachines/start/action) at `scope`?

        A deny assignment wins over every role assignment. An assignment with a condition grants only "perhaps".
        """
        principals = self.principals(principal_id)
        scopes = list(self.scopes(scope))
        for position, above in enumerate(scopes):
            for denial in self._denials.get(above, ()):
                inherited = position > 0 and denial.only_here
                if inherited or not denial.applies_to(principals):
                    continue
                if any(permission.allows(action, data=data) for permission in denial.permissions):
                    return Decision(False, denied_by=denial)
        conditional: Decision | None = None
        for assignment, role in self._granting(principals, scopes, action, data):
            if not assignment.condition:
                return Decision(True, assignment, role)
            conditional = conditional or Decision(None, assignment, role)
        return conditional or Decision(False)

    def touches(self, principal_id: str, scope: str) -> bool:
        """Has the principal any role at this scope, above it or below it?"""
        principals, above = self.principals(principal_id), set(self.scopes(scope))
        below = scope_key(scope).rstrip("/") + "/"
        return any(
            assignment.principal_id.lower() in principals
            for at, assignments in self._by_scope.items()
            if at in above or at.startswith(below)
            for assignment in assignments
        )

    def assigned(self, principal_id: str, scope: str) -> Iterator[tuple[Assignment, Role]]:
        """Every assignment that reaches the principal at this scope, direct, by group or inherited."""
        principals = self.principals(principal_id)
        for above in self.scopes(scope):
            for assignment in self._by_scope.get(above, ()):
                role = self.roles.get(assignment.role_id.lower())
                if role is not None and assignment.principal_id.lower() in principals:
                    yield assignment, role

    def _granting(
        self, principals: frozenset[str], scopes: list[str], action: str, data: bool
    ) -> Iterator[tuple[Assignment, Role]]:
        for above in scopes:
            for assignment in self._by_scope.get(above, ()):
                if assignment.principal_id.lower() not in principals:
                    continue
                role = self.roles.get(assignment.role_id.lower())
                if role is not None and role.allows(action, data=data):
                    yield assignment, role


def matches_any(action: str, patterns: Iterable[str]) -> bool:
    """Does any pattern cover the action? `*` stands for any text, slashes included; case does not count."""
    return any(_pattern(pattern).fullmatch(action) is not None for pattern in patterns)


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)


def scope_key(scope: str) -> str:
    """A scope in the form in which scopes are compared: lower case, no slash at the end, "/" for the root."""
    return scope.lower().rstrip("/") or "/"


def ancestors(scope: str, management_groups: Mapping[str, str] | None = None) -> Iterator[str]:
    """The scope's key and those of everything that contains it: resource, group, subscription, management groups, "/".

    An extension resource is contained by what it sits on. Parents of management groups come from the map.
    """
    key = scope_key(scope)
    while key != "/":
        yield key
        key = _container(key, management_groups or {})
    yield "/"


def _container(key: str, management_groups: Mapping[str, str]) -> str:
    above = management_groups.get(key)
    if above is not None:
        return scope_key(above)
    segments = key.strip("/").split("/")
    if len(segments) <= 2:
        return "/"
    if "providers" in segments:
        start = len(segments) - 1 - segments[::-1].index("providers")
        after = len(segments) - 1 - start
        # namespace/type/name and the collection namespace/type sit on what stands before /providers.
        if after <= 3:
            return scope_key("/" + "/".join(segments[:start]))
        return "/" + "/".join(segments[: -1 if after % 2 == 0 else -2])
    return "/" + "/".join(segments[: -1 if len(segments) % 2 else -2])


def control_action(method: str, resource_type: str, operation: str = "") -> str:
    """The action that a request to the control plane needs, for example Microsoft.Network/virtualNetworks/write."""
    verb = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}.get(method.upper())
    if verb is not None:
        return f"{resource_type}/{verb}"
    return f"{resource_type}/{operation}/action" if operation else f"{resource_type}/action"


def assignable(
    scope: str, assignable_scopes: Iterable[str], management_groups: Mapping[str, str] | None = None
) -> bool:
    """May a custom role with these assignable scopes be assigned at `scope`?"""
    above = set(ancestors(scope, management_groups))
    return any(scope_key(allowed) in above for allowed in assignable_scopes)
