"""Data collection: rules that say what is collected, endpoints it goes through, associations with resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.insights.base import InsightsType, each, new_etag
from azlabs.simulator.resource_manager.resource_type import Announce, InUse, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

RULE = "Microsoft.Insights/dataCollectionRules"
ENDPOINT = "Microsoft.Insights/dataCollectionEndpoints"
ASSOCIATION = "Microsoft.Insights/dataCollectionRuleAssociations"


class _Collected(InsightsType):
    """Base: an immutable id, an etag, who wrote it."""

    members = frozenset({"kind", "identity"})
    located = True
    default_location = None
    system_data = True
    state = "properties.provisioningState"
    creates = Announce(200)
    prefix = ""

    def fill(self, write: Write) -> None:
        """The id under which agents know it."""
        write.body["etag"] = new_etag()
        kept = write.old("properties.immutableId") or f"{self.prefix}-{write.guid().replace('-', '')}"
        write.put("properties.immutableId", kept)


class DataCollectionRules(_Collected):
    """What is collected and where it goes."""

    type = RULE
    prefix = "dcr"
    read_only = ("properties.immutableId", "properties.endpoints", "properties.metadata")
    references = (
        Reference("properties.dataCollectionEndpointId", ENDPOINT, "InvalidPayload", "The data collection endpoint '{id}' was not found."),
        Reference(
            "properties.destinations.logAnalytics[*].workspaceResourceId", "Microsoft.OperationalInsights/workspaces", "InvalidPayload",
            "The workspace '{id}' of the data collection rule was not found.",
        ),
    )  # fmt: skip
    in_use = InUse("RuleInUse", "The data collection rule {name} has associations: {user}.", 409)

    def fill(self, write: Write) -> None:
        super().fill(write)
        for entry in each((write.get("properties.destinations") or {}).get("logAnalytics")):
            workspace = write.find(str(entry.get("workspaceResourceId"))) or {}
            entry["workspaceId"] = (workspace.get("properties") or {}).get("customerId")

    def validate(self, write: Write) -> None:
        """Flows lead to destinations that the rule has."""
        places = write.get("properties.destinations") or {}
        names = {
            str(entry.get("name"))
            for kind in places.values()
            for entry in (each(kind) or [kind])
            if isinstance(entry, dict)
        }
        for flow in each(write.get("properties.dataFlows")):
            for name in flow.get("destinations") or []:
                if name not in names:
                    write.refuse(
                        "InvalidPayload", f"Data collection rule is invalid: the destination '{name}' is not defined."
                    )


class DataCollectionEndpoints(_Collected):
    """Where agents fetch configuration and send data."""

    type = ENDPOINT
    prefix = "dce"
    defaults = {"properties": {"networkAcls": {"publicNetworkAccess": "Enabled"}}}
    read_only = (
        "properties.immutableId",
        "properties.configurationAccess",
        "properties.logsIngestion",
        "properties.metricsIngestion",
    )

    def fill(self, write: Write) -> None:
        super().fill(write)
        if write.created:
            base = f"https://{write.name.lower()}-{write.guid()[:4]}.{write.location}-1"
            for member, words in (
                ("configurationAccess", "handler.control"),
                ("logsIngestion", "ingest"),
                ("metricsIngestion", "metrics.ingest"),
            ):
                write.put(f"properties.{member}", {"endpoint": f"{base}.{words}.monitor.azure.com"})


class DataCollectionAssociations(InsightsType):
    """Gives a resource a rule or an endpoint."""

    type = ASSOCIATION
    scopes = ("extension",)
    default_location = None
    tagged = False
    system_data = True
    references = (
        Reference(
            "properties.dataCollectionRuleId", RULE, "InvalidPayload", "The data collection rule '{id}' was not found."
        ),
        Reference(
            "properties.dataCollectionEndpointId",
            ENDPOINT,
            "InvalidPayload",
            "The data collection endpoint '{id}' was not found.",
        ),
    )
    creates = Announce(200)

    def fill(self, write: Write) -> None:
        write.body["etag"] = new_etag()

    def validate(self, write: Write) -> None:
        """A rule or an endpoint, not both; an endpoint only under one name."""
        given = [
            name for name in ("dataCollectionRuleId", "dataCollectionEndpointId") if write.get(f"properties.{name}")
        ]
        if len(given) != 1:
            write.refuse(
                "InvalidPayload", "An association needs either a data collection rule or a data collection endpoint."
            )
        if given == ["dataCollectionEndpointId"] and write.name != "configurationAccessEndpoint":
            write.refuse(
                "InvalidPayload", "An association with an endpoint has to be named 'configurationAccessEndpoint'."
            )
