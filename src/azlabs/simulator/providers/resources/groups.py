"""Resource groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


class ResourceGroups(ResourceType):
    type = "Microsoft.Resources/resourceGroups"
    scopes = ("subscription",)
    members = frozenset({"managedBy"})
    deletes = Announce(202, headers=("location",), retry_after=15, body=False)
    missing_delete = 404
    # Microsoft's documentation, "Naming rules and restrictions for Azure resources": resource groups.
    name_rule = NameRule(
        r"[-\w._()]{0,89}[-\w_()]", "InvalidResourceGroup",
        "The provided resource group name '{name}' has these invalid characters or does not match the pattern '^[-\\w\\._\\(\\)]+$', "
        "is longer than 90 characters, or ends with a period.",
    )  # fmt: skip
    not_found = ("ResourceGroupNotFound", "Resource group '{name}' could not be found.")

    def canonical_id(self, call: Call) -> str:
        return f"/subscriptions/{call.route.segments[1]}/resourceGroups/{call.name}"

    def moved(self, write: Write, old: str) -> None:
        raise Refused(
            409, "InvalidResourceGroupLocation",
            f"Invalid resource group location '{write.body['location']}'. The Resource group already exists in location '{old}'.",
        )  # fmt: skip

    def fill(self, write: Write) -> None:
        write.body["properties"] = {}


ENDPOINTS: list[Endpoint] = []
