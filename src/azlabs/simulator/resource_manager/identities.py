"""Managed identities of resources: the `identity` member of any type that has one, and the principals behind it.

A type takes part by listing "identity" in its `members`. What a request says in `identity.type` and
`identity.userAssignedIdentities` becomes real: a system-assigned identity is a service principal of the directory that
lives as long as the resource, a user-assigned one is a resource of Microsoft.ManagedIdentity that has to exist.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Write
    from azlabs.simulator.store import Store

Body = dict[str, Any]
SYSTEM, USER = "SystemAssigned", "UserAssigned"
USER_TYPE = "microsoft.managedidentity/userassignedidentities"


def create(store: Store, resource_id: str, now: float, *, explicit: bool) -> tuple[str, str]:
    """A service principal for a managed identity; its object id and client id. `explicit`: user-assigned."""
    from azlabs.simulator.directory.kinds import SERVICE_PRINCIPALS
    from azlabs.simulator.directory.objects import Directory

    client_id = str(uuid.uuid4())
    body = {
        "appId": client_id,
        "displayName": resource_id.rpartition("/")[2],
        "alternativeNames": [f"isExplicit={explicit}", resource_id],
        "servicePrincipalType": "ManagedIdentity",
        "servicePrincipalNames": [client_id, f"https://identity.azure.net/{uuid.uuid4().hex}"],
    }
    return Directory(store).create(SERVICE_PRINCIPALS, body, now).name, client_id


def remove(store: Store, object_id: str) -> None:
    """Take the principal of a managed identity out of the directory; unlike an application's it cannot be restored."""
    from azlabs.simulator.directory.kinds import SERVICE_PRINCIPALS
    from azlabs.simulator.directory.objects import Directory

    directory = Directory(store)
    found = directory.get(SERVICE_PRINCIPALS, object_id)
    if found is not None:
        directory.delete(found, SERVICE_PRINCIPALS, 0.0)
        store.purge(found.key)


def settle(write: Write) -> None:
    """Make the identities that a write asks for and complete the `identity` of its document.

    A write without `identity` leaves the identities as they are; "None" takes them away.
    """
    before = (write.before or {}).get("identity")
    wanted = write.body.get("identity")
    if wanted is None or wanted == before:
        if before is not None:
            write.body["identity"] = before
        return
    if not isinstance(wanted, dict):
        raise _invalid("'identity' is not an object.")
    kinds = _kinds(wanted)
    old: Body = before if isinstance(before, dict) else {}
    shown: Body = {"type": ", ".join(kinds) or "None"}
    if SYSTEM in kinds:
        principal = old.get("principalId") or create(write.store, write.id, write.now, explicit=False)[0]
        shown |= {"principalId": principal, "tenantId": TENANT_ID}
    elif old.get("principalId"):
        remove(write.store, old["principalId"])
    if USER in kinds:
        shown["userAssignedIdentities"] = _assigned(write, wanted.get("userAssignedIdentities"))
    write.body["identity"] = shown


def _kinds(wanted: Body) -> list[str]:
    """The kinds of `identity.type` in Azure's order. Raises 400 for words that are none."""
    words = {word.strip().lower() for word in str(wanted.get("type") or "None").split(",")}
    unknown = words - {SYSTEM.lower(), USER.lower(), "none"}
    if unknown or ("none" in words and len(words) > 1):
        raise _invalid(f"The identity type '{wanted.get('type')}' is not one of None, {SYSTEM}, {USER}.")
    return [kind for kind in (SYSTEM, USER) if kind.lower() in words]


def _assigned(write: Write, wanted: Any) -> Body:
    if not isinstance(wanted, dict) or not wanted:
        raise Refused(
            400,
            "InvalidIdentityValues",
            "Invalid value for the identities. The 'UserAssigned' identity type requires at least one identity in "
            "'userAssignedIdentities'.",
        )
    found: Body = {}
    for id in wanted:
        row = write.store.get(str(id).rstrip("/").lower())
        if row is None or row.type != USER_TYPE:
            raise _missing(write, str(id))
        properties = row.body["properties"]
        found[str(id)] = {"principalId": properties["principalId"], "clientId": properties["clientId"]}
    return found


def _missing(write: Write, id: str) -> Refused:
    inner = {"error": {"code": "BadRequest", "message": f"Resource '{id}' was not found."}}
    return Refused(
        400,
        "FailedIdentityOperation",
        f"Identity operation for resource '{write.id}' failed with error 'Failed to perform resource identity operation. "
        f"Status: 'BadRequest'. Response: '{json.dumps(inner)}'.'.",
    )


def _invalid(problem: str) -> Refused:
    return Refused(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{problem}'."
    )


def removed(store: Store, row: Resource) -> None:
    """A resource is gone, and its system-assigned identity with it."""
    identity = row.body.get("identity")
    if isinstance(identity, dict) and identity.get("principalId"):
        remove(store, identity["principalId"])


def of_resource(body: Body) -> list[tuple[str, str]]:
    """(object id, resource id of the user-assigned identity or "") of each identity that a resource has."""
    identity = body.get("identity")
    if not isinstance(identity, dict):
        return []
    found = [(str(identity["principalId"]), "")] if identity.get("principalId") else []
    assigned = identity.get("userAssignedIdentities") or {}
    return found + [(str(one["principalId"]), id) for id, one in assigned.items()]
