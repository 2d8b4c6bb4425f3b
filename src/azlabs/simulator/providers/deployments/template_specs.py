"""Microsoft.Resources/templateSpecs and their versions: templates kept as resources, deployed by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.resource_manager import reads
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


# The first preview (2019-06-01-preview) has another shape, with `artifacts`, and is not answered.
API_VERSIONS = ("2022-02-01", "2021-05-01", "2021-03-01-preview")


class TemplateSpecs(ResourceType):
    type = "Microsoft.Resources/templateSpecs"
    api_versions = API_VERSIONS
    state = None
    system_data = True
    defaults = {"properties": {}}
    read_only = ("properties.versions",)
    creates = updates = Announce(201)

    def handle(self, call: Call) -> Answer | None:
        """A GET with $expand=versions shows what versions there are."""
        if call.method != "GET" or not call.route.names or call.query.get("$expand", "").lower() != "versions":
            return None
        row = call.store.get(call.key)
        if row is None:
            return None
        body = row.copy()
        body["properties"]["versions"] = {
            version.name: {
                "timeCreated": version.body["systemData"]["createdAt"],
                "timeModified": version.body["systemData"]["lastModifiedAt"],
                **{name: item for name, item in version.body["properties"].items() if name == "description"},
            }
            for version in call.store.at_scope(call.key, Versions.key)
        }
        return json_answer(reads.shown(call, self, row, body))


class Versions(ResourceType):
    type = "Microsoft.Resources/templateSpecs/versions"
    api_versions = API_VERSIONS
    state = None
    system_data = True
    required = ("properties.mainTemplate",)
    creates = updates = Announce(201)

    def fill(self, write: Write) -> None:
        if not write.get("properties.linkedTemplates"):
            write.body["properties"].pop("linkedTemplates", None)

    def validate(self, write: Write) -> None:
        template = write.get("properties.mainTemplate")
        if not isinstance(template, dict) or "$schema" not in template:
            write.refuse(
                "InvalidTemplate", "The main template of the template spec version '{name}' is not a template.", 400
            )
