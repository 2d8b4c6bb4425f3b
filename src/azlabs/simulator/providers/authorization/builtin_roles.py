"""Azure's built-in roles by their real ids, read from `builtin_roles.json`.

Each row is [id, name, description, actions, notActions, dataActions, notDataActions]. Source: Microsoft's documentation
of built-in roles, one JSON document a role, as of 2026. `named_roles.json` {id: name} holds built-in roles whose
permissions are not in the table: they are refused by name, never taken for unknown.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from azlabs.rules.access import Permission, Role
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

STAMP = "2021-11-11T20:13:28.6061853Z"


@functools.cache
def rows() -> dict[str, list[Any]]:
    """The rows of the table by id."""
    return {row[0]: row for row in _read("builtin_roles.json")}


@functools.cache
def named() -> dict[str, str]:
    """Name by id of the built-in roles that are known by name only."""
    found: dict[str, str] = _read("named_roles.json")
    return found


def refusal(role: str) -> Refused | None:
    """The refusal of a built-in role (by id or name) whose permissions are not modelled; None for any other."""
    wanted = role.lower()
    name = named().get(wanted) or next((name for name in named().values() if name.lower() == wanted), None)
    return None if name is None else not_modelled(f"the built-in role '{name}'")


def _read(file: str) -> Any:
    return json.loads(resources.files("azlabs.simulator.providers.authorization").joinpath(file).read_text("utf-8"))


@functools.cache
def roles() -> dict[str, Role]:
    """All built-in roles by id."""
    return {id: Role(id, row[1], (_permission(row),)) for id, row in rows().items()}


def _permission(row: list[Any]) -> Permission:
    actions, not_actions, data_actions, not_data_actions = (tuple(part) for part in row[3:7])
    return Permission(actions, not_actions, data_actions, not_data_actions)


def document(id: str, subscription: str) -> dict[str, Any] | None:
    """A built-in role as ARM shows it in a subscription ("" at the tenant)."""
    row = rows().get(id.lower())
    if row is None:
        return None
    scope = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "properties": {
            "roleName": row[1],
            "type": "BuiltInRole",
            "description": row[2],
            "assignableScopes": ["/"],
            "permissions": [_permission(row).to_json()],
            "createdOn": STAMP,
            "updatedOn": STAMP,
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{row[0]}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": row[0],
    }
