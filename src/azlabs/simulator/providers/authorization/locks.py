"""Management locks at every scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from azlabs.rules.access import scope_key
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.authorization.roles import AuthorizationType
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


class Locks(AuthorizationType):
    """{"properties": {"level": "CanNotDelete" | "ReadOnly", "notes"?, "owners"?}}"""

    type = "Microsoft.Authorization/locks"
    name_rule = NameRule(r"[^<>%&:\\?/#\x00-\x1f]{1,260}", "InvalidLockName", "The lock name '{name}' is invalid.")
    not_found = ("LockNotFound", "The lock '{name}' could not be found.")
    required = ("properties.level",)
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "properties.level": ("NotSpecified", "CanNotDelete", "ReadOnly")
    }
    deletes = Announce(200, body=False)

    def canonical_id(self, call: Call) -> str | None:
        """Azure keeps the spelling of the request's path."""
        return call.path()

    def handle(self, call: Call) -> Answer | None:
        """A list shows the locks at the scope and below it."""
        if call.method != "GET" or call.route.names:
            return None
        call.manager.require_group(call)
        below = scope_key(call.route.scope).rstrip("/") + "/"
        return json_answer({"value": [row.body for row in call.store.of_type(self.key) if row.key.startswith(below)]})

    def fill(self, write: Write) -> None:
        """Only what a lock has is kept."""
        given: Body = write.body["properties"]
        write.body["properties"] = {name: given[name] for name in ("level", "notes", "owners") if name in given}
