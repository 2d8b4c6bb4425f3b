"""Resource groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer
from azlabs.simulator.providers.resources import listing
from azlabs.simulator.resource_manager import documents, operations, registry
from azlabs.simulator.resource_manager.calls import Write
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call


class ResourceGroups(ResourceType):
    type = "Microsoft.Resources/resourceGroups"
    scopes = ("subscription",)
    location_code = "LocationNotAvailableForResourceGroup"
    members = frozenset({"managedBy"})
    patch = "merge"
    deletes = Announce(202, headers=("location",), retry_after=15, body=False)
    missing_delete = 404
    operation_paths = ("", "/subscriptions/{subscription}/operationresults/{id}")
    delete_result = 200
    # Microsoft's documentation, "Naming rules and restrictions for Azure resources": resource groups.
    name_rule = NameRule(
        r"[-\w._()]{0,89}[-\w_()]",
        "InvalidResourceGroup",
        "The provided resource group name '{name}' has these invalid characters or does not match the pattern "
        "'^[-\\w\\._\\(\\)]+$', is longer than 90 characters, or ends with a period.",
    )
    not_found = ("ResourceGroupNotFound", "Resource group '{name}' could not be found.")

    def canonical_id(self, call: Call) -> str:
        return f"/subscriptions/{call.route.segments[1]}/resourceGroups/{call.name}"

    def moved(self, write: Write, old: str) -> None:
        raise Refused(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{write.body['location']}'. The Resource group already exists in location '{old}'.",
        )

    def fill(self, write: Write) -> None:
        write.body["properties"] = {}

    def handle(self, call: Call) -> Answer | None:
        listed = call.method == "GET" and not call.route.names
        if listed and ("$filter" in call.query or not call.principal.owner):
            return listing.list_groups(call)
        if call.method == "DELETE" and call.route.names:
            return self._blocked(call)
        return None

    def _blocked(self, call: Call) -> Answer | None:
        """A delete that is accepted and then fails, because something outside uses what is inside; None: go on.

        Azure deletes what it can before it gives up; here nothing is taken away.
        """
        row = call.store.get(call.key)
        if row is None:
            return None
        details = [detail for inner in call.store.below(call.key) for detail in self._uses(call, inner)]
        if not details:
            return None
        write = Write(call, self, row.id, row.name, row.copy(), row.body)
        call.manager.gates.check("delete", call.principal, write)
        identifiers = ", ".join(
            sorted(
                {
                    f"'{detail['target'].partition('/resourceGroups/')[2].partition('/providers/')[2]}'"
                    for detail in details
                }
            )
        )
        error = {
            "code": "ResourceGroupDeletionBlocked",
            "message": f"Deletion of resource group '{row.name}' failed as resources with identifiers {identifiers} could not be "
            "deleted. The provisioning state of the resource group will be rolled back. Please check audit logs for more details.",
            "details": details,
        }
        with call.store.writing():
            data = {"error": error, "error_status": 409, "status": "Failed"}
            return Answer(202, operations.start(call, self, call.key, self.deletes, location=row.location, data=data))

    def _uses(self, call: Call, inner: Resource) -> list[dict[str, Any]]:
        kind = registry.find(inner.type)
        if kind is None:
            return []
        used = any(not link.source.startswith(call.key + "/") for link in call.store.links_into(inner.key))
        if not used and not kind.keeps_group:
            return []
        write = Write(call, kind, inner.id, inner.name, inner.copy(), inner.body)
        write.resource = inner
        try:
            documents.check_not_in_use(write, outside=call.key)
            if kind.keeps_group:
                kind.deleting(write)
        except Refused as refusal:
            return [{"code": refusal.code, "target": inner.id, "message": refusal.message}]
        return []


ENDPOINTS = listing.ENDPOINTS
