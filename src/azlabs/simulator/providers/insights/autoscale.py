"""Autoscale settings: how many instances there are, by the clock and by metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.insights.base import InsightsType, each, seconds
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

MOST_PROFILES, MOST_RULES = 20, 10
OPERATORS = ("Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
STATISTICS = ("Average", "Min", "Max", "Sum", "Count")
WINDOW = (300, 12 * 3600)
"""Shortest and longest time (seconds) over which a rule looks at a metric."""
_TRIGGER = {"metricNamespace": "", "dimensions": None, "dividePerInstance": False}


class AutoscaleSettings(InsightsType):
    """Rules for the number of instances of one resource."""

    type = "Microsoft.Insights/autoscaleSettings"
    located = True
    default_location = None
    defaults = {
        "tags": {},
        "properties": {
            "enabled": False, "notifications": None, "predictiveAutoscalePolicy": {"scaleMode": "Disabled", "scaleLookAheadTime": None},
        },
    }  # fmt: skip
    members_since = {"properties.predictiveAutoscalePolicy": "2021-05-01-preview"}
    required = ("properties.profiles",)
    references = (
        Reference(
            "properties.targetResourceUri", code="UnsupportedResourceType", message="The target resource '{id}' was not found.",
            must_exist=False,
        ),
    )  # fmt: skip
    creates = Announce(201)

    def fill(self, write: Write) -> None:
        """What was not said about profiles and rules."""
        mine = write.body["properties"]
        mine["name"] = mine.get("name") or write.name
        for profile in each(mine["profiles"]):
            profile.setdefault("rules", [])
            for rule in each(profile["rules"]):
                rule["metricTrigger"] = {**_TRIGGER, **(rule.get("metricTrigger") or {})}
        for notice in each(mine["notifications"]):
            email = {
                "sendToSubscriptionAdministrator": False,
                "sendToSubscriptionCoAdministrators": False,
                "customEmails": [],
            }
            notice["email"] = email | (notice.get("email") or {})
            notice.setdefault("webhooks", [])

    def validate(self, write: Write) -> None:
        """Numbers of instances in order, rules that can be evaluated, one setting for a resource."""
        mine = write.body["properties"]
        profiles = each(mine["profiles"])
        if not 1 <= len(profiles) <= MOST_PROFILES:
            write.refuse("InvalidProfiles", f"An autoscale setting needs 1 to {MOST_PROFILES} profiles.")
        for profile in profiles:
            _check_capacity(write, profile)
            if len(profile["rules"]) > MOST_RULES:
                write.refuse("TooManyRules", f"A profile can have at most {MOST_RULES} rules.")
            for rule in each(profile["rules"]):
                _check_rule(write, rule)
        target = str(mine.get("targetResourceUri", "")).lower()
        for row in write.store.in_subscription(write.subscription, self.key):
            if (
                row.key != write.key
                and target
                and str(row.body["properties"].get("targetResourceUri", "")).lower() == target
            ):
                write.refuse(
                    "ResourceAlreadyHasAutoscaleSetting",
                    f"The resource '{mine['targetResourceUri']}' already has the autoscale setting '{row.name}'.",
                    409,
                )


def _check_capacity(write: Write, profile: Body) -> None:
    capacity = profile.get("capacity") or {}
    try:
        least, most, usual = (int(capacity[name]) for name in ("minimum", "maximum", "default"))
    except (KeyError, ValueError, TypeError):
        write.refuse(
            "InvalidCapacity", f"The profile '{profile.get('name')}' needs a minimum, a maximum and a default capacity."
        )
    if not 0 <= least <= usual <= most:
        write.refuse(
            "InvalidCapacity",
            f"The default capacity of the profile '{profile.get('name')}' has to be between its minimum and maximum.",
        )


def _check_rule(write: Write, rule: Body) -> None:
    trigger, action = rule["metricTrigger"], rule.get("scaleAction") or {}
    for member, value, words in (
        ("operator", trigger.get("operator"), OPERATORS),
        ("statistic", trigger.get("statistic"), STATISTICS),
        ("direction", action.get("direction"), ("None", "Increase", "Decrease")),
    ):
        if value not in words:
            write.refuse(
                "InvalidRule", f"The {member} '{value}' of an autoscale rule is not one of {', '.join(words)}."
            )
    if not WINDOW[0] <= seconds(write, "timeWindow", trigger.get("timeWindow")) <= WINDOW[1]:
        write.refuse("InvalidRule", "The time window of an autoscale rule has to be between 5 minutes and 12 hours.")
