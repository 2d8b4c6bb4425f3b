"""Alert rules on metrics, on the activity log and on queries over logs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.insights import metrics
from azlabs.simulator.providers.insights.action_groups import ACTION_GROUP
from azlabs.simulator.providers.insights.base import InsightsType, each, new_etag, seconds
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Write

KINDS = (
    "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
    "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria",
    "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
)
AGGREGATIONS = ("Average", "Count", "Minimum", "Maximum", "Total")
OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "GreaterOrLessThan")
FREQUENCIES = (60, 300, 900, 1800, 3600)
WINDOWS = (60, 300, 900, 1800, 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Seconds between evaluations of a metric alert, and of the window that each looks at."""
CATEGORIES = (
    "Administrative", "ServiceHealth", "ResourceHealth", "Alert", "Autoscale", "Recommendation", "Security", "Policy",
)  # fmt: skip
_GROUP_MISSING = "The action group '{id}' of the alert rule was not found."
STATUS = base64.b64encode(b"currentStatus").decode()


class MetricAlerts(InsightsType):
    """A rule that looks at metrics of resources."""

    type = "Microsoft.Insights/metricAlerts"
    located = True
    defaults = {"properties": {"actions": [], "enabled": True}}
    required = (
        "properties.severity", "properties.evaluationFrequency", "properties.windowSize", "properties.criteria", "properties.scopes",
    )  # fmt: skip
    references = (Reference("properties.actions[*].actionGroupId", ACTION_GROUP, "BadRequest", _GROUP_MISSING),)
    creates = Announce(200)

    def fill(self, write: Write) -> None:
        """Empty lists of dimensions are not kept."""
        criteria = write.get("properties.criteria")
        for one in each(criteria.get("allOf")) if isinstance(criteria, dict) else ():
            if one.get("dimensions") == []:
                del one["dimensions"]

    def validate(self, write: Write) -> None:
        """Frequencies, windows, severities and criteria that Azure knows; metrics that the resource emits."""
        mine: Body = write.body["properties"]
        if not isinstance(mine["scopes"], list) or not mine["scopes"]:
            write.refuse("BadRequest", "The alert rule needs at least one scope.")
        if mine["severity"] not in range(5):
            write.refuse("BadRequest", "The severity of an alert has to be between 0 and 4.")
        frequency = seconds(write, "evaluationFrequency", mine["evaluationFrequency"])
        window = seconds(write, "windowSize", mine["windowSize"])
        if frequency not in FREQUENCIES or window not in WINDOWS or window < frequency:
            write.refuse(
                "BadRequest",
                f"An alert cannot be evaluated every {mine['evaluationFrequency']} over the last {mine['windowSize']}.",
            )
        criteria = mine["criteria"]
        if criteria.get("odata.type") not in KINDS:
            write.refuse("BadRequest", f"The criteria of an alert have to be of one of the types {', '.join(KINDS)}.")
        for one in each(criteria.get("allOf")):
            self._check(write, one, mine)

    def _check(self, write: Write, one: Body, mine: Body) -> None:
        for member, words in (("timeAggregation", AGGREGATIONS), ("operator", OPERATORS)):
            if one.get(member) not in words:
                write.refuse("BadRequest", f"The {member} '{one.get(member)}' is not one of {', '.join(words)}.")
        if one.get("skipMetricValidation") or not one.get("metricName"):
            return
        known = metrics.names_of(str(mine["scopes"][0]))
        if known and str(one["metricName"]).lower() not in known:
            write.refuse(
                "BadRequest",
                f"Couldn't find a metric named {one['metricName']}. Make sure the name is correct. If this metric hasn't been "
                "reported yet, use the -skipMetricValidation flag. Learn more here: "
                "https://docs.microsoft.com/azure/azure-monitor/platform/alerts-troubleshoot-metric"
                "#define-an-alert-rule-on-a-custom-metric-that-isnt-emitted-yet",
            )

    @action("status", method="GET")
    def status(self, call: Call, body: Body) -> dict[str, Any]:
        """Nothing was measured: nobody knows."""
        properties = {"dimensions": {}, "status": "Unknown", "timestamp": stamp(call.now)}
        one = {
            "id": f"{body['id']}/status/{STATUS}",
            "name": STATUS,
            "type": f"{self.type}/status",
            "properties": properties,
        }
        return {"value": [one]}


class ActivityLogAlerts(InsightsType):
    """A rule that looks at the activity log."""

    type = "Microsoft.Insights/activityLogAlerts"
    located = True
    defaults = {"properties": {"enabled": True, "actions": {"actionGroups": []}}}
    required = ("properties.scopes", "properties.condition")
    references = (
        Reference("properties.actions.actionGroups[*].actionGroupId", ACTION_GROUP, "BadRequest", _GROUP_MISSING),
    )
    creates = Announce(201)

    def validate(self, write: Write) -> None:
        """Every condition names a category, and each part of it one field or some."""
        mine: Body = write.body["properties"]
        if not isinstance(mine["scopes"], list) or not mine["scopes"]:
            write.refuse("BadRequest", "The alert rule needs at least one scope.")
        parts = each((mine["condition"] or {}).get("allOf"))
        categories = [part for part in parts if str(part.get("field", "")).lower() == "category"]
        if len(categories) != 1:
            write.refuse(
                "BadRequest", "The condition of an activity log alert needs one part with the field 'category'."
            )
        if str(categories[0].get("equals", "")).lower() not in [word.lower() for word in CATEGORIES]:
            write.refuse(
                "BadRequest", f"The category of an activity log alert has to be one of {', '.join(CATEGORIES)}."
            )
        for part in parts:
            ways = [name for name in ("equals", "containsAny", "anyOf") if part.get(name)]
            if len(ways) != 1 or (ways != ["anyOf"] and not part.get("field")):
                write.refuse(
                    "BadRequest", "Each part of the condition needs a field with 'equals' or 'containsAny', or 'anyOf'."
                )


class ScheduledQueryRules(InsightsType):
    """A rule that runs a query over logs."""

    type = "Microsoft.Insights/scheduledQueryRules"
    located = True
    default_location = None
    members = frozenset({"kind", "identity"})
    system_data = True
    api_versions = ("2026-03-01", "2025-01-01-preview", "2023-12-01", "2023-03-15-preview", "2022-08-01-preview", "2022-06-15",
                    "2021-08-01", "2021-02-01-preview")  # fmt: skip
    defaults = {
        "kind": "LogAlert",
        "properties": {
            "enabled": True, "autoMitigate": True, "isWorkspaceAlertsStorageConfigured": False,
            "checkWorkspaceAlertsStorageConfigured": False, "skipQueryValidation": False,
        },
    }  # fmt: skip
    required = ("properties.scopes", "properties.criteria.allOf")
    references = (Reference("properties.actions.actionGroups[*]", ACTION_GROUP, "BadRequest", _GROUP_MISSING),)
    creates = Announce(201)

    def fill(self, write: Write) -> None:
        write.body["etag"] = new_etag()

    def validate(self, write: Write) -> None:
        """A rule that alerts needs a severity, how often and over what; each criterion a query and a threshold."""
        mine: Body = write.body["properties"]
        if write.get("kind") != "LogToMetric":
            for member in ("severity", "evaluationFrequency", "windowSize"):
                if mine.get(member) is None:
                    write.refuse("BadRequest", f"The property '{member}' is required for log alert rules.")
            if mine["severity"] not in range(5):
                write.refuse("BadRequest", "The severity of an alert has to be between 0 and 4.")
            if seconds(write, "windowSize", mine["windowSize"]) < seconds(
                write, "frequency", mine["evaluationFrequency"]
            ):
                write.refuse("BadRequest", "The window of a query cannot be shorter than the time between evaluations.")
        for one in each(mine["criteria"]["allOf"]):
            if not one.get("query"):
                write.refuse("BadRequest", "Each criterion of the rule needs a query.")
            if one.get("operator") is not None and one["operator"] not in OPERATORS:
                write.refuse("BadRequest", f"The operator '{one['operator']}' is not one of {', '.join(OPERATORS)}.")


def status_of(call: Call) -> Answer | dict[str, Any]:
    """One status of a metric alert, by its name."""
    id = call.path().rpartition("/status/")[0]
    alert = call.find(id)
    if alert is None or call.values["status"] != STATUS:
        raise Refused(404, "ResourceNotFound", f"The status '{call.values['status']}' of '{id}' was not found.")
    properties = {"dimensions": {}, "status": "Unknown", "timestamp": stamp(call.now)}
    return {
        "value": [
            {
                "id": alert["id"],
                "name": STATUS,
                "type": "Microsoft.Insights/metricAlerts/status",
                "properties": properties,
            }
        ]
    }


ENDPOINTS = [
    Endpoint(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Insights/metricAlerts/{alert}/status/{status}",
        status_of,
    )
]
