"""Access as behaviour: which identities of a sandbox may do what, however the assignments are cut.

A row is one action of one identity on one resource: "id-app may Microsoft.ServiceBus/... on sb-one/queues/documents".
Rights of people are no rows: whoever learns or judges here has them for other reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from azlabs.arm.ids import ResourceId
from azlabs.proof.behaviour import Difference, Model, became, register
from azlabs.proof.equivalent import Unasked
from azlabs.proof.state import ROLE_DEFINITIONS, State, type_of
from azlabs.rules.access import AccessTable, Assignment, Permission, Role

_COSMOS = "Microsoft.DocumentDB/databaseAccounts"
_ITEMS = f"{_COSMOS}/sqlDatabases/containers/items"
_BUS = "Microsoft.ServiceBus/namespaces"
_MODELS = "Microsoft.CognitiveServices/accounts"
_SECRETS = "Microsoft.KeyVault/vaults/secrets"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_ASSIGN = "Microsoft.Authorization/roleAssignments/write"
SQL_ASSIGNMENTS = f"{_COSMOS}/sqlRoleAssignments".lower()
SQL_DEFINITIONS = f"{_COSMOS}/sqlRoleDefinitions".lower()

# Beside reading, writing and deleting: what can be done with a type's resources (lower case), on the control plane and
# with their data. One action stands for those that every role gives together.
CONTROL: dict[str, tuple[str, ...]] = {
    _BUS.lower(): (f"{_BUS}/authorizationRules/listKeys/action", f"{_BUS}/queues/write"),
    _COSMOS.lower(): (f"{_COSMOS}/listKeys/action", f"{_COSMOS}/readonlykeys/action", f"{_COSMOS}/sqlRoleAssignments/write"),
    _MODELS.lower(): (f"{_MODELS}/listKeys/action", f"{_MODELS}/deployments/write"),
    "microsoft.storage/storageaccounts": ("Microsoft.Storage/storageAccounts/listKeys/action",),
    "microsoft.web/sites": ("Microsoft.Web/sites/config/list/action", "Microsoft.Web/sites/publish/action"),
}
DATA: dict[str, tuple[str, ...]] = {
    f"{_BUS}/queues".lower(): (f"{_BUS}/messages/receive/action", f"{_BUS}/messages/send/action"),
    f"{_BUS}/topics".lower(): (f"{_BUS}/messages/receive/action", f"{_BUS}/messages/send/action"),
    _MODELS.lower(): (f"{_MODELS}/OpenAI/deployments/embeddings/action", f"{_MODELS}/OpenAI/fine-tunes/write"),
    "microsoft.keyvault/vaults": (f"{_SECRETS}/getSecret/action", f"{_SECRETS}/setSecret/action"),
    "microsoft.keyvault/vaults/secrets": (f"{_SECRETS}/getSecret/action", f"{_SECRETS}/setSecret/action"),
    "microsoft.storage/storageaccounts": (f"{_BLOBS}/read", f"{_BLOBS}/write", f"{_BLOBS}/delete"),
    f"{_COSMOS}/sqlDatabases/containers".lower(): (f"{_ITEMS}/read", f"{_ITEMS}/upsert", f"{_ITEMS}/delete"),
}
_ASSIGNMENTS = "microsoft.authorization/roleassignments"
Rows = frozenset[str]


def prepare(state: State) -> Rows:
    """All rows that hold in a state."""
    identities = dict(_identities(state))
    azure, cosmos = _azure(state), _cosmos(state)
    rows = set()
    for resource in state.values():
        kind, identifier = type_of(resource), str(resource["id"])
        if kind.startswith("microsoft.authorization/") or kind in (SQL_ASSIGNMENTS, SQL_DEFINITIONS):
            continue
        parsed = ResourceId.parse(identifier)
        name = "/".join([parsed.names[0], *(f"{of}/{one}" for of, one in zip(parsed.types[1:], parsed.names[1:], strict=True))])
        general = (f"{parsed.type}/read", f"{parsed.type}/write", f"{parsed.type}/delete", _ASSIGN)
        in_cosmos = kind == f"{_COSMOS}/sqlDatabases/containers".lower()
        for principal, who in identities.items():
            for action in (*general, *CONTROL.get(kind, ())):
                if azure.can(principal, action, identifier).allowed is not False:
                    rows.add(f"{who} may {action} on {name}")
            for action in DATA.get(kind, ()):
                table, scope = (cosmos, _as_scope(parsed)) if in_cosmos else (azure, identifier)
                if table.can(principal, action, scope, data=True).allowed is not False:
                    rows.add(f"{who} may {action} on {name}")
    return frozenset(rows)


def compare(before: Rows, after: Rows, unasked: Sequence[Unasked]) -> Iterator[Difference]:
    """The rows that only one of two states has."""
    for row in sorted(before ^ after):
        if not any(entry.covers_access(row) for entry in unasked):
            yield became(row, "yes" if row in before else "no", "yes" if row in after else "no")


def _identities(state: State) -> Iterator[tuple[str, str]]:
    """The object ids of the identities of resources, and what they are called."""
    for resource in state.values():
        properties, identity = resource.get("properties"), resource.get("identity")
        if type_of(resource) == "microsoft.managedidentity/userassignedidentities" and isinstance(properties, Mapping):
            yield str(properties.get("principalId", "")).lower(), str(resource["name"])
        if isinstance(identity, Mapping) and identity.get("principalId"):
            yield str(identity["principalId"]).lower(), str(resource["name"])


def _azure(state: State) -> AccessTable:
    roles = {}
    made = []
    for resource in state.values():
        properties = resource.get("properties") or {}
        if type_of(resource) == ROLE_DEFINITIONS:
            role = str(resource["name"]).lower()
            roles[role] = Role(role, str(properties.get("roleName")), tuple(map(Permission.of, properties["permissions"])))
        elif type_of(resource) == _ASSIGNMENTS:
            made.append(
                Assignment(
                    str(resource["id"]),
                    str(properties["principalId"]).lower(),
                    str(properties["roleDefinitionId"]).rpartition("/")[2].lower(),
                    str(properties["scope"]),
                    str(properties.get("condition") or ""),
                )
            )
    return AccessTable(roles, made)


def _cosmos(state: State) -> AccessTable:
    roles = {}
    made = []
    for resource in state.values():
        properties = resource.get("properties") or {}
        if type_of(resource) == SQL_DEFINITIONS:
            role = str(resource["name"]).lower()
            roles[role] = Role(role, str(properties.get("roleName")), tuple(map(Permission.of, properties["permissions"])))
        elif type_of(resource) == SQL_ASSIGNMENTS:
            role = str(properties["roleDefinitionId"]).rpartition("/")[2].lower()
            principal, scope = str(properties["principalId"]).lower(), str(properties["scope"])
            made.append(Assignment(str(resource["id"]), principal, role, scope))
    return AccessTable(roles, made)


def _as_scope(container: ResourceId) -> str:
    """A container as a scope of Cosmos DB's own roles."""
    text = str(container)
    account = text[: text.lower().index("/sqldatabases/")]
    return f"{account}/dbs/{container.names[1]}/colls/{container.names[2]}"


register(
    Model(
        dict.fromkeys((_ASSIGNMENTS, ROLE_DEFINITIONS, SQL_ASSIGNMENTS, SQL_DEFINITIONS), ("*",)),
        prepare,
        compare,
        whole=True,
    )
)
