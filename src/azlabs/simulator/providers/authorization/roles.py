"""Role definitions, role assignments and deny assignments.

Source: recorded Azure traffic, and Microsoft's documentation "Troubleshoot Azure RBAC" for the refusals.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from azlabs.rules.access import ancestors, assignable, scope_key
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.identity import SUBSCRIPTION_ID, TENANT_ID
from azlabs.simulator.providers.authorization import builtin_roles
from azlabs.simulator.providers.authorization.table import OWNER, access_table
from azlabs.simulator.resource_manager import filters
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType, ScopeKind

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write
    from azlabs.simulator.store import Store

GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
ANYWHERE: tuple[ScopeKind, ...] = ("tenant", "managementGroup", "subscription", "resourceGroup", "extension")
LIMIT = 4000
ROLE_NAME = re.compile(r"^\s*roleName\s+eq\s+'(?P<name>(?:[^']|'')+)'\s*$", re.IGNORECASE)
CALL_FILTER = re.compile(r"^\s*(?P<name>\w+)\(\s*(?:'(?P<value>[^']*)')?\s*\)\s*$", re.IGNORECASE)


def audit_members(write: Write) -> Body:
    """createdOn, updatedOn, createdBy, updatedBy of a write."""
    now, by = stamp(write.now), write.principal.object_id
    return {
        "createdOn": write.old("properties.createdOn", now),
        "updatedOn": now,
        "createdBy": write.old("properties.createdBy", by),
        "updatedBy": by,
    }


class AuthorizationType(ResourceType):
    """What the types of this namespace share."""

    scopes = ANYWHERE
    located = tagged = False
    state = None
    patch = "none"
    deletes = Announce(200, body=True)


class RoleDefinitions(AuthorizationType):
    """Built-in roles are shown at every scope; custom ones are kept at the subscription, as Azure shows them."""

    type = "Microsoft.Authorization/roleDefinitions"
    name_rule = NameRule(
        GUID, "InvalidRoleDefinitionId", "The role definition ID '{name}' is not valid. It must be a GUID."
    )
    not_found = ("RoleDefinitionDoesNotExist", "The specified role definition with ID '{name}' does not exist.")
    required = ("properties.roleName", "properties.permissions", "properties.assignableScopes")
    updates = Announce(201)

    def handle(self, call: Call) -> Answer | None:
        """Reads see built-in and custom roles alike; a built-in role cannot be written."""
        if call.method in ("GET", "HEAD"):
            return self._one(call) if call.route.names else self._list(call)
        if call.name.lower() in builtin_roles.rows() or call.name.lower() in builtin_roles.named():
            raise Refused(403, "RoleDefinitionUpdateNotPermitted", "Built-in roles cannot be changed or deleted.")
        return None

    def _one(self, call: Call) -> Answer:
        found = builtin_roles.document(call.name, call.route.subscription)
        custom = next((row.body for row in call.store.of_type(self.key) if row.name.lower() == call.name.lower()), None)
        if found is None and custom is None:
            _refuse_named(call.name)
            raise Refused(404, self.not_found[0], self.not_found[1].replace("{name}", call.name.replace("-", "")))
        return json_answer(found or custom)

    def _list(self, call: Call) -> Answer:
        scope = call.route.scope or "/"
        shown = [builtin_roles.document(id, call.route.subscription) for id in builtin_roles.rows()]
        shown += [row.body for row in call.store.of_type(self.key) if _reaches(row.body, scope)]
        text = call.query.get("$filter", "")
        if text and not CALL_FILTER.match(text):
            keep = filters.parse(text, _role_member)
            shown = [role for role in shown if role is not None and keep(role)]
        asked = ROLE_NAME.search(text)
        if asked and not shown:
            _refuse_named(asked["name"].replace("''", "'"))
        return json_answer({"value": shown})

    def fill(self, write: Write) -> None:
        """Custom roles show what they are and who made them."""
        given = write.body["properties"]
        blocks = given["permissions"] if isinstance(given.get("permissions"), list) else []
        permissions = [
            {key: list(block.get(key) or []) for key in ("actions", "notActions", "dataActions", "notDataActions")}
            for block in blocks
            if isinstance(block, dict)
        ]
        write.body["properties"] = {
            "roleName": given.get("roleName"),
            "type": "CustomRole",
            "description": given.get("description"),
            "assignableScopes": given.get("assignableScopes"),
            "permissions": permissions,
            **audit_members(write),
        }

    def validate(self, write: Write) -> None:
        """Names are unique in the tenant, and the role is assignable somewhere."""
        properties = write.body["properties"]
        scopes = properties["assignableScopes"]
        if not isinstance(scopes, list) or not scopes or "/" in scopes:
            write.refuse("MissingAssignableScopes", "The role definition must have assignable scopes other than '/'.")
        names = [*(row[1] for row in builtin_roles.rows().values()), *builtin_roles.named().values()]
        names += [row.body["properties"]["roleName"] for row in write.store.of_type(self.key) if row.key != write.key]
        if str(properties["roleName"]).lower() in (name.lower() for name in names):
            write.refuse(
                "RoleDefinitionWithSameNameExists",
                f"A custom role with the same name already exists in this directory. Use a different name: '{properties['roleName']}'.",
                409,
            )

    def deleting(self, write: Write) -> None:
        """A role that is assigned stays."""
        for row in write.store.of_type(RoleAssignments.key):
            if row.body["properties"]["roleDefinitionId"].lower().endswith(write.name.lower()):
                write.refuse(
                    "RoleDefinitionHasAssignments",
                    "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
                )


def _refuse_named(role: str) -> None:
    refusal = builtin_roles.refusal(role)
    if refusal is not None:
        raise refusal


def _reaches(body: Body, scope: str) -> bool:
    scopes = body["properties"]["assignableScopes"]
    return assignable(scope, scopes) or any(scope_key(scope) in ancestors(other) for other in scopes)


def _role_member(role: Body, name: str) -> Any:
    return role["properties"].get({"rolename": "roleName", "type": "type"}.get(name.lower(), name), role.get(name))


class RoleAssignments(AuthorizationType):
    """An assignment of a role to a principal at a scope."""

    type = "Microsoft.Authorization/roleAssignments"
    name_rule = NameRule(
        GUID,
        "InvalidRoleAssignmentId",
        "The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
    )
    not_found = ("RoleAssignmentNotFound", "The role assignment '{name}' is not found.")
    required = ("properties.roleDefinitionId", "properties.principalId")
    updates = Announce(201)

    def handle(self, call: Call) -> Answer | None:
        """Lists gather assignments from above and below; the owner's own assignment is always there."""
        if call.method == "GET" and not call.route.names:
            return self._list(call)
        owner = owner_assignment(call)
        if call.name.lower() != owner["name"]:
            return _at_what_is_gone(call) if call.method in ("GET", "HEAD", "DELETE") else None
        if call.method in ("GET", "HEAD"):
            return json_answer(owner)
        raise Refused(400, "CannotDeleteLastRbacAdminAssignment", "Cannot delete the last RBAC admin assignment.")

    def _list(self, call: Call) -> Answer:
        scope = call.route.scope or "/"
        above = set(access_table(call.store).scopes(scope))
        below = scope_key(scope).rstrip("/") + "/"
        everything = [owner_assignment(call), *(row.body for row in call.store.of_type(self.key))]
        keep = _assignment_filter(call, above)
        shown = []
        for body in everything:
            at = scope_key(body["properties"]["scope"])
            if (at in above or at.startswith(below)) and keep(body):
                shown.append(body)
        return json_answer({"value": shown})

    def fill(self, write: Write) -> None:
        """Scope, principal type and the members that Azure adds."""
        given = write.body["properties"]
        principal_type = given.get("principalType") or _principal_type(write.store, str(given.get("principalId")))
        write.body["properties"] = {
            "roleDefinitionId": given.get("roleDefinitionId"),
            "principalId": given.get("principalId"),
            "principalType": principal_type,
            "scope": write.id[: write.key.rindex("/providers/microsoft.authorization/roleassignments/")] or "/",
            "condition": given.get("condition"),
            "conditionVersion": given.get("conditionVersion"),
            **audit_members(write),
            "delegatedManagedIdentityResourceId": given.get("delegatedManagedIdentityResourceId"),
            "description": given.get("description"),
        }

    def validate(self, write: Write) -> None:
        """The principal and the role exist, the role may be assigned here, and nobody assigned it already."""
        properties = write.body["properties"]
        principal = str(properties["principalId"])
        if re.fullmatch(GUID, principal) is None:
            write.refuse(
                "InvalidPrincipalId",
                f"A valid principal ID must be provided for role assignment. '{principal}' is not a GUID.",
            )
        if properties["principalType"] is None:
            write.refuse(
                "PrincipalNotFound",
                f"Principal {principal.replace('-', '')} does not exist in the directory {TENANT_ID}. Check that you have the correct "
                "principal ID. If you are creating this principal and then immediately assigning a role, this error might be related "
                "to a replication delay. In this case, set the role assignment principalType property to a value, such as "
                "ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
            )
        self._check_role(write, str(properties["roleDefinitionId"]))
        if write.before is not None:
            return self._check_update(write)
        rows = write.store.of_type(self.key)
        if len(rows) >= LIMIT:
            write.refuse(
                "RoleAssignmentLimitExceeded", f"No more role assignments can be created ({LIMIT} in a subscription)."
            )
        for row in rows:
            if row.key != write.key and _same_assignment(row.body["properties"], properties):
                write.refuse(
                    "RoleAssignmentExists",
                    f"The role assignment already exists. The ID of the existing role assignment is {row.name.replace('-', '')}.",
                    409,
                )
        return None

    def _check_role(self, write: Write, role_id: str) -> None:
        role = role_id.rpartition("/")[2].lower()
        if role in builtin_roles.rows():
            return
        custom = next((row.body for row in write.store.of_type(RoleDefinitions.key) if row.name.lower() == role), None)
        if custom is None:
            _refuse_named(role)
            write.refuse(
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{role.replace('-', '')}' does not exist.",
                404,
            )
        scope = write.body["properties"]["scope"]
        if not assignable(scope, custom["properties"]["assignableScopes"], access_table(write.store).management_groups):
            write.refuse(
                "RoleAssignmentScopeNotAssignableToRoleDefinition",
                f"The role assignment scope '{scope}' is not assignable to role definition '{role}'.",
            )

    def _check_update(self, write: Write) -> None:
        fixed = ("roleDefinitionId", "principalId", "scope")
        before, after = (write.before or {})["properties"], write.body["properties"]
        if any(str(before[name]).lower() != str(after[name]).lower() for name in fixed):
            write.refuse(
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )


def _at_what_is_gone(call: Call) -> Answer | None:
    """Assignments go with their scope: of a group that is gone none is found, of a resource the resource is not."""
    scope = call.route.scope.lower()
    if not call.route.group or call.store.exists("/".join(scope.split("/")[:5])):
        return None
    if call.method == "DELETE":
        return Answer(204)
    if scope.count("/") > 4:
        what, group = call.route.scope.partition("/providers/")[2], call.group_name()
        raise Refused(
            404, "ResourceNotFound", f"The Resource '{what}' under resource group '{group}' was not found. For more details "
            "please go to https://aka.ms/ARMResourceNotFoundFix",
        )  # fmt: skip
    code, message = RoleAssignments.not_found
    raise Refused(404, code, message.replace("{name}", call.name))


def owner_assignment(call: Call) -> Body:
    """The assignment that makes the subscription's owner its owner; it is not stored and cannot go."""
    scope = f"/subscriptions/{SUBSCRIPTION_ID}"
    owner = call.manager.tokens.owner
    name = str(uuid.uuid5(uuid.UUID(OWNER), owner.object_id))
    row = call.store.get(scope)
    made = stamp(row.created if row is not None else call.now)
    return {
        "properties": {
            "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
            "principalId": owner.object_id,
            "principalType": owner.kind,
            "scope": scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": made,
            "updatedOn": made,
            "createdBy": owner.object_id,
            "updatedBy": owner.object_id,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    }


def _principal_type(store: Store, principal: str) -> str | None:
    from azlabs.simulator.directory.objects import Directory

    found = Directory(store).principal(principal)
    return found[0].label if found is not None else None


def _same_assignment(one: Body, other: Body) -> bool:
    role = str(one["roleDefinitionId"]).rpartition("/")[2].lower()
    return (
        str(one["principalId"]).lower() == str(other["principalId"]).lower()
        and role == str(other["roleDefinitionId"]).rpartition("/")[2].lower()
        and scope_key(one["scope"]) == scope_key(other["scope"])
    )


def _assignment_filter(call: Call, above: set[str]) -> Any:
    """The predicate of $filter: atScope(), assignedTo('id') and comparisons such as principalId eq 'id'."""
    parts = [
        part for part in re.split(r"\s+and\s+", call.query.get("$filter", ""), flags=re.IGNORECASE) if part.strip()
    ]
    keeps = [_one_filter(call, part, above) for part in parts]
    return lambda body: all(keep(body) for keep in keeps)


def _one_filter(call: Call, part: str, above: set[str]) -> Any:
    match = CALL_FILTER.match(part)
    if match is None:
        return filters.parse(part, lambda body, name: body["properties"].get(name))
    name = match["name"].lower()
    if name == "atscope":
        return lambda body: scope_key(body["properties"]["scope"]) in above
    if name == "assignedto":
        principals = access_table(call.store).principals(match["value"] or "")
        return lambda body: str(body["properties"]["principalId"]).lower() in principals
    raise Refused(400, "InvalidFilter", f"The filter '{part}' is not supported.")


class DenyAssignments(AuthorizationType):
    """Made by Azure itself (deployment stacks, managed applications); people only read them."""

    type = "Microsoft.Authorization/denyAssignments"
    methods = frozenset({"GET", "HEAD"})
    not_found = ("DenyAssignmentNotFound", "The deny assignment '{name}' is not found.")

    def handle(self, call: Call) -> Answer | None:
        """A list reaches from above and below, like that of role assignments."""
        if call.method != "GET" or call.route.names:
            return None
        scope = call.route.scope or "/"
        above, below = set(access_table(call.store).scopes(scope)), scope_key(scope).rstrip("/") + "/"
        bodies: Iterator[Body] = (row.body for row in call.store.of_type(self.key))
        at = [(scope_key(body["properties"]["scope"]), body) for body in bodies]
        return json_answer({"value": [body for key, body in at if key in above or key.startswith(below)]})
