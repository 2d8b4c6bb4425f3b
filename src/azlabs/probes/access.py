"""What principals may do in a sandbox: Azure's role assignments and the data roles of Cosmos DB accounts.

    access = lab.access
    access.can(principal_id, "Microsoft.ServiceBus/namespaces/messages/receive/action", queue_id, data=True)

Groups count: Azure lists what is assigned to a principal through them, and Microsoft Graph names them for Cosmos DB,
whose roles are the account's own. A condition on the only assignment that would allow cannot be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from azlabs.probes.errors import CannotJudge
from azlabs.rules.access import AccessTable, Assignment, Decision, DenyAssignment, Permission, Role, scope_key

__all__ = ["Access", "AccessProbe", "probe"]

_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
_DENIALS = "providers/Microsoft.Authorization/denyAssignments"
_API = {"assignments": "2022-04-01", "definitions": "2022-04-01", "denials": "2022-04-01"}
_ACCOUNT = re.compile(r"(?P<account>/subscriptions/.+/providers/microsoft\.documentdb/databaseaccounts/[^/]+)", re.IGNORECASE)
_COSMOS = "Microsoft.DocumentDB/databaseAccounts"


class Reader(Protocol):
    """Resources and lists as Azure's REST JSON, remembered for one attempt."""

    @property
    def cloud(self) -> Any: ...
    def get(self, path: str, api_version: str) -> dict[str, Any]: ...
    def entries(self, path: str, api_version: str) -> list[dict[str, Any]]: ...
    def api_version(self, type_name: str) -> str: ...
    def remember(self, key: str, load: Any) -> Any: ...


class Place(Protocol):
    """Where the sandbox is."""

    @property
    def subscription_id(self) -> str: ...
    @property
    def resource_groups(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Access:
    """May a principal do this, and what decides: the assignment that grants it, or the deny assignment that refuses.

    `seconds_ago`: how long ago the newest assignment that could matter was made; None when there is none.
    """

    allowed: bool
    action: str
    scope: str
    decided_by: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        verdict = "may" if self.allowed else "may not"
        by = f", by {self.decided_by}" if self.decided_by else ""
        return f"{verdict} {self.action} on {name_of(self.scope)}{by}"


class AccessProbe:
    """Answers about what principals may do; every principal's assignments are read once."""

    def __init__(self, reads: Reader, place: Place) -> None:
        self._reads = reads
        self._place = place

    def can(self, principal: str, action: str, scope: str, *, data: bool = False) -> Access:
        """May `principal` (an object id) do `action` at `scope` (an id; in Cosmos DB `<account>/dbs/a/colls/b` too)?

        `data`: it is a data action. Raises CannotJudge where a condition decides, and AzureError.
        """
        account = _ACCOUNT.match(scope)
        table = self._cosmos(account["account"], principal) if data and account else self._azure(principal)
        decision = table.can(principal, action, scope, data=data)
        if decision.allowed is None:
            raise CannotJudge(
                f"Whether {action} is allowed on {name_of(scope)} depends on the condition of a role assignment.",
                action="Use an assignment without a condition where the lab does not ask for one.",
            )
        return Access(decision.allowed, action, scope, _words(decision))

    def any_of(self, principals: Iterable[str], action: str, scope: str, *, data: bool = False) -> Access:
        """The first of some principals that may, else what refuses the last one."""
        found = Access(False, action, scope)
        for principal in principals:
            found = self.can(principal, action, scope, data=data)
            if found:
                break
        return found

    def settles_in(self, principals: Iterable[str]) -> float:
        """Seconds until every role assignment of these principals counts everywhere; 0 when they all do.

        Azure takes minutes to tell every service of a new assignment. Where assignments count at once this is always 0.
        """
        settles = float(self._reads.cloud.access_settles_seconds)
        if not settles:
            return 0.0
        made = [_age(entry) for principal in principals for entry in self._assigned_to(principal)]
        return max([settles - age for age in made if age is not None] + [0.0])

    def _azure(self, principal: str) -> AccessTable:
        def build() -> AccessTable:
            entries = self._assigned_to(principal)
            roles = {role.id: role for role in map(self._role, {_role_id(entry) for entry in entries})}
            # Everything in this list counts for the principal, what is assigned to its groups too.
            assignments = [_assignment(entry, principal, self._subscription) for entry in entries]
            return AccessTable(roles, assignments, [_denial(entry) for entry in self._denials()], {}, self._groups_denied(principal))

        found: AccessTable = self._reads.remember(f"access:{principal.lower()}", build)
        return found

    @property
    def _subscription(self) -> str:
        return f"/subscriptions/{self._place.subscription_id}"

    def _assigned_to(self, principal: str) -> list[dict[str, Any]]:
        path = f"{self._subscription}/{_ASSIGNMENTS}?$filter=assignedTo('{principal}')"
        return self._reads.entries(path, _API["assignments"])

    def _denials(self) -> list[dict[str, Any]]:
        return self._reads.entries(f"{self._subscription}/{_DENIALS}", _API["denials"])

    def _groups_denied(self, principal: str) -> Mapping[str, frozenset[str]]:
        """The principal's groups, asked for only where a deny assignment could name one."""
        return {principal.lower(): self._groups(principal)} if self._denials() else {}

    def _role(self, identifier: str) -> Role:
        body = self._reads.get(identifier, _API["definitions"])
        properties = body["properties"]
        return Role(
            identifier.rpartition("/")[2].lower(),
            str(properties.get("roleName") or body.get("name")),
            tuple(Permission.of(block) for block in properties.get("permissions") or ()),
        )

    def _cosmos(self, account: str, principal: str) -> AccessTable:
        def build() -> AccessTable:
            assignments = self._children(account, "sqlRoleAssignments")
            roles = {}
            for entry in self._children(account, "sqlRoleDefinitions") if assignments else ():
                properties = entry["properties"]
                identifier = str(entry["id"]).rpartition("/")[2].lower()
                permissions = tuple(Permission.of(block) for block in properties.get("permissions") or ())
                roles[identifier] = Role(identifier, str(properties.get("roleName") or identifier), permissions)
            made = [
                Assignment(
                    str(entry["id"]),
                    str(entry["properties"]["principalId"]).lower(),
                    str(entry["properties"]["roleDefinitionId"]).rpartition("/")[2].lower(),
                    str(entry["properties"]["scope"]),
                )
                for entry in assignments
            ]
            own = {principal.lower(), self._reads.cloud.principal.object_id.lower()}
            strangers = any(entry.principal_id not in own for entry in made)
            return AccessTable(roles, made, groups={principal.lower(): self._groups(principal)} if strangers else {})

        found: AccessTable = self._reads.remember(f"access:{account.lower()}:{principal.lower()}", build)
        return found

    def _children(self, account: str, kind: str) -> list[dict[str, Any]]:
        return self._reads.entries(f"{account}/{kind}", self._reads.api_version(f"{_COSMOS}/{kind}"))

    def _groups(self, principal: str) -> frozenset[str]:
        """The groups that a principal is in, through other groups too. Raises CannotJudge without the right to ask."""

        def ask() -> frozenset[str]:
            said = self._reads.cloud.send(
                "POST",
                f"https://graph.microsoft.com/v1.0/directoryObjects/{principal}/getMemberObjects",
                headers={"content-type": "application/json"},
                content=b'{"securityEnabledOnly": true}',
                audience="https://graph.microsoft.com",
            )
            if said.status != 200 or not isinstance(said.json, dict):
                raise CannotJudge(
                    "Which groups an identity is in cannot be read from the directory.",
                    action="Give the verifying account a directory role that reads groups, or assign without groups.",
                )
            return frozenset(str(group).lower() for group in said.json.get("value") or ())

        found: frozenset[str] = self._reads.remember(f"groups:{principal.lower()}", ask)
        return found


def _role_id(entry: Mapping[str, Any]) -> str:
    return str(entry["properties"]["roleDefinitionId"])


def _assignment(entry: Mapping[str, Any], principal: str, subscription: str) -> Assignment:
    """An assignment of a list at the subscription: what sits above it counts as sitting on it."""
    properties = entry["properties"]
    scope = str(properties.get("scope") or "/")
    inside = scope_key(scope).startswith(f"{scope_key(subscription)}/")
    return Assignment(
        str(entry["id"]),
        principal.lower(),
        _role_id(entry).rpartition("/")[2].lower(),
        scope if inside else subscription,
        str(properties.get("condition") or ""),
    )


def _denial(entry: Mapping[str, Any]) -> DenyAssignment:
    properties = entry["properties"]
    return DenyAssignment(
        str(entry["id"]),
        str(properties.get("scope") or "/"),
        tuple(Permission.of(block) for block in properties.get("permissions") or ()),
        frozenset(_ids(properties.get("principals"))),
        frozenset(_ids(properties.get("excludePrincipals"))),
        bool(properties.get("doNotApplyToChildScopes")),
    )


def _ids(principals: Iterable[Mapping[str, Any]] | None) -> Iterator[str]:
    yield from (str(entry.get("id", "")).lower() for entry in principals or ())


def _age(entry: Mapping[str, Any]) -> float | None:
    """Seconds since an assignment was made or changed."""
    text = str((entry.get("properties") or {}).get("updatedOn") or "")
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00")))
    except ValueError:
        return None
    return (datetime.now(UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()


def _words(decision: Decision) -> str:
    if decision.denied_by is not None:
        return f"a deny assignment on {name_of(decision.denied_by.scope)}"
    if decision.assignment is None or decision.role is None:
        return ""
    return f"the role {decision.role.name} on {name_of(decision.assignment.scope)}"


def name_of(scope: str) -> str:
    """A scope in the words of people: its type and name."""
    parts = [part for part in scope.split("/") if part]
    if len(parts) < 2:
        return "everything"
    kind, name = parts[-2], parts[-1]
    words = {"subscriptions": "the subscription", "resourcegroups": "the resource group", "dbs": "the database", "colls": "the container"}
    return f"{words.get(kind.lower(), kind)} {name}" if kind.lower() in words else f"{name} ({kind})"


def probe(reads: Reader, place: Place) -> AccessProbe:
    """The probe behind `LabView.access`."""
    return AccessProbe(reads, place)
