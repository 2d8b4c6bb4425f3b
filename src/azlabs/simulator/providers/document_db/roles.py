"""Access to data: role definitions and assignments of the SQL API, roles and users of the MongoDB API."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.http import json_answer
from azlabs.simulator.providers.document_db.base import ACCOUNT, Body, CosmosType, account_key, account_of, bad
from azlabs.simulator.resource_manager.resource_type import NameRule

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

GUIDS = NameRule(
    "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "BadRequest",
    "The name '{name}' of a role has to be a GUID.",
)
DATABASES = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
METADATA = "Microsoft.DocumentDB/databaseAccounts/readMetadata"
BUILT_IN = {
    "00000000-0000-0000-0000-000000000001": (
        "Cosmos DB Built-in Data Reader",
        [
            METADATA,
            f"{DATABASES}/containers/executeQuery",
            f"{DATABASES}/containers/readChangeFeed",
            f"{DATABASES}/containers/items/read",
        ],
    ),
    "00000000-0000-0000-0000-000000000002": (
        "Cosmos DB Built-in Data Contributor",
        [METADATA, f"{DATABASES}/containers/*", f"{DATABASES}/containers/items/*"],
    ),
}
"""Role definitions that every account has: name and data actions, from Microsoft's documentation."""


def full_scope(account: str, scope: str) -> str:
    """A scope with the account's id in front; it may be given from the account on ("/", "/dbs/a/colls/b")."""
    if scope.lower().startswith("/subscriptions/"):
        if not f"{scope.rstrip('/').lower()}/".startswith(f"{account.lower()}/"):
            bad(f"The scope '{scope}' is not inside the account {account}.")
        return scope.rstrip("/")
    return f"{account}{scope.rstrip('/')}"


class RoleDefinitions(CosmosType):
    """Data actions under a name; two are built in."""

    type = f"{ACCOUNT}/sqlRoleDefinitions"
    name_rule = GUIDS

    def handle(self, call: Call) -> Answer | None:
        """The built-in ones are read, never written."""
        super().handle(call)
        account = account_of(call, call.key)
        if account is None:
            return None
        if call.method == "GET" and len(call.route.names) == 1:
            rows = call.store.at_scope(account.key, self.key)
            return json_answer(
                {"value": [*(built_in(account.id, name) for name in BUILT_IN), *(row.body for row in rows)]}
            )
        if call.name in BUILT_IN:
            if call.method != "GET":
                bad(f"The built-in role definition {call.name} cannot be changed.")
            return json_answer(built_in(account.id, call.name))
        return None

    def fill(self, write: Write) -> None:
        """Scopes in full, permissions with both lists."""
        super().fill(write)
        mine = write.body["properties"] = write.body.get("properties") or {}
        account = account_of(write, write.key)
        if not mine.get("roleName"):
            bad("The roleName of a role definition is required.")
        if not mine.get("assignableScopes"):
            bad("A role definition has to have at least one assignable scope.")
        if str(mine.setdefault("type", "CustomRole")) != "CustomRole":
            bad("Only custom role definitions can be written.")
        mine["assignableScopes"] = [
            full_scope(account.id if account else "", str(one)) for one in mine["assignableScopes"]
        ]
        mine["permissions"] = [
            {"dataActions": one.get("dataActions") or [], "notDataActions": one.get("notDataActions") or []}
            for one in mine.get("permissions") or []
        ]
        actions = [action for one in mine["permissions"] for action in one["dataActions"]]
        if not actions:
            bad("A role definition has to allow at least one data action.")
        unknown = next((one for one in actions if not str(one).lower().startswith(f"{ACCOUNT}/".lower())), None)
        if unknown is not None:
            bad(f"The data action '{unknown}' is not valid for Cosmos DB.")
        for row in write.store.at_scope(account_key(write.key), self.key):
            if row.key != write.key and row.body["properties"]["roleName"] == mine["roleName"]:
                bad(f"A role definition with the name '{mine['roleName']}' exists already.")

    def deleting(self, write: Write) -> None:
        """Not while somebody has the role."""
        for row in write.store.at_scope(account_key(write.key), RoleAssignments.key):
            if row.body["properties"]["roleDefinitionId"].lower() == write.key:
                bad(f"The role definition {write.name} cannot be deleted: the role assignment {row.name} uses it.")


def built_in(account: str, name: str) -> Body:
    """A built-in role definition as an account shows it."""
    title, actions = BUILT_IN[name]
    return {
        "id": f"{account}/sqlRoleDefinitions/{name}",
        "name": name,
        "type": f"{ACCOUNT}/sqlRoleDefinitions",
        "properties": {
            "roleName": title,
            "type": "BuiltInRole",
            "assignableScopes": [account],
            "permissions": [{"dataActions": actions, "notDataActions": []}],
        },
    }


class RoleAssignments(CosmosType):
    """Who may do what a role allows, where."""

    type = f"{ACCOUNT}/sqlRoleAssignments"
    name_rule = GUIDS

    def fill(self, write: Write) -> None:
        """Role and scope have to exist inside the account; only the role can change."""
        super().fill(write)
        mine = write.body.get("properties") or {}
        account = account_of(write, write.key)
        root = account.id if account is not None else ""
        for member in ("roleDefinitionId", "scope", "principalId"):
            if not isinstance(mine.get(member), str) or not mine[member]:
                bad(f"The property '{member}' of a role assignment is required.")
        role = mine["roleDefinitionId"].rpartition("/")[2]
        definition = f"{root}/sqlRoleDefinitions/{role}"
        if role not in BUILT_IN and not write.store.exists(definition.lower()):
            bad(f"The role definition [{definition}] does not exist.")
        try:
            uuid.UUID(mine["principalId"])
        except ValueError:
            bad(f"The principal id '{mine['principalId']}' is not valid: it has to be a GUID.")
        scope = full_scope(root, mine["scope"])
        _check_scope(write, root, scope)
        for member, value in (("principalId", mine["principalId"]), ("scope", scope)):
            if write.before is not None and write.old(f"properties.{member}") != value:
                bad(f"The {member} of a role assignment cannot be changed.")
        write.body["properties"] = {"roleDefinitionId": definition, "scope": scope, "principalId": mine["principalId"]}


def _check_scope(write: Write, root: str, scope: str) -> None:
    """A scope is the account, a database of it or a container: "/dbs/a/colls/b"."""
    parts = scope[len(root) :].strip("/").split("/") if len(scope) > len(root) else []
    words = {0: "", 2: "sqlDatabases/{1}", 4: "sqlDatabases/{1}/containers/{3}"}
    if len(parts) not in words or parts[0::2] != ["dbs", "colls"][: len(parts) // 2]:
        bad(
            f"The scope '{scope}' is not valid: it has to end with /dbs/<database> or /dbs/<database>/colls/<container>."
        )
    if parts and not write.store.exists(f"{root}/{words[len(parts)].format(*parts)}".lower()):
        bad(f"The scope '{scope}' does not exist.")


class MongoThing(CosmosType):
    """A role or a user of a database, named "database.name"."""

    name_rule = NameRule(r"[^/\\?#.]+\.[^/\\?#]+", "BadRequest", "The name '{name}' has to be 'database.name'.")
    shows: str

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """Shown under the name that it has in its database."""
        body["name"] = body["properties"][self.shows]
        return body


class MongoRoles(MongoThing):
    """Privileges in a database of the MongoDB API."""

    type = f"{ACCOUNT}/mongodbRoleDefinitions"
    shows = "roleName"
    required = ("properties.roleName", "properties.databaseName")
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")
    defaults = {"properties": {"privileges": [], "roles": []}}

    def fill(self, write: Write) -> None:
        """The kind of role is a number: 1 is a custom one."""
        super().fill(write)
        write.body["properties"]["type"] = 1


class MongoUsers(MongoThing):
    """Somebody who signs in to a database of the MongoDB API."""

    type = f"{ACCOUNT}/mongodbUserDefinitions"
    shows = "userName"
    required = ("properties.userName", "properties.databaseName")
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")
    defaults = {"properties": {"customData": "", "mechanisms": "SCRAM-SHA-256", "roles": []}}
    secret = ("properties.password",)

    def fill(self, write: Write) -> None:
        """The password is never shown, but its member is."""
        super().fill(write)
        if "properties" not in write.hidden:
            bad("The password of a user is required.")
        write.body["properties"]["password"] = ""
