"""Azure's built-in roles by their real ids, read from `builtin_roles.json`.

Each row is [id, name, description, actions, notActions, dataActions, notDataActions]. Source: Microsoft's documentation
of built-in roles, one JSON document a role, as of 2026.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from azlabs.rules.access import Permission, Role

STAMP = "2021-11-11T20:13:28.6061853Z"


@functools.cache
def rows() -> dict[str, list[Any]]:
    """The rows of the table by id."""
    text = resources.files("azlabs.simulator.providers.authorization").joinpath("builtin_roles.json").read_text("utf-8")
    return {row[0]: row for row in json.loads(text)}


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
