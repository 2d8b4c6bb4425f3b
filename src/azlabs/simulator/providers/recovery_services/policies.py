"""Backup policies, and those that a new vault has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.recovery_services.base import DAY, POLICY, Part, items_of, vault_of
from azlabs.simulator.resource_manager import filters, reads, views
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

MILLISECONDS = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.0+Z")
MANAGEMENT = ("AzureIaasVM", "AzureStorage", "AzureWorkload", "MAB", "AzureSql", "GenericProtectionPolicy")
SIMPLE = ("SimpleSchedulePolicy", "SimpleSchedulePolicyV2")
DAILY_DAYS = (7, 9999)
SNAPSHOT_DAYS = {"V1": 5, "V2": 30}


class BackupPolicies(Part):
    """When something is backed up and how long that is kept."""

    type = POLICY
    updates = Announce(200)
    deletes = Announce(200, body=False)
    name_rule = NameRule(
        r"[a-zA-Z][a-zA-Z0-9-]{2,149}", "BMSUserErrorInvalidPolicyName", "The policy name '{name}' is not valid."
    )
    required = ("properties.backupManagementType",)
    choices = {"properties.backupManagementType": MANAGEMENT}
    choices_code = ("BMSUserErrorInvalidInput", "Value '{value}' of '{path}' in '{name}' is not one of {allowed}.")
    read_only = ("properties.protectedItemsCount",)

    def fill(self, write: Write) -> None:
        """Times without a fraction; snapshots of machines are kept for two days unless it is said."""
        mine = write.body["properties"] = _plain_times(write.body["properties"])
        if mine.get("backupManagementType") == "AzureIaasVM":
            mine.setdefault("instantRPDetails", {})
            mine.setdefault("instantRpRetentionRangeInDays", 2)
            mine.setdefault("timeZone", "UTC")
        mine["protectedItemsCount"] = 0

    def validate(self, write: Write) -> None:
        """A policy of machines has a schedule and a retention that fit together."""
        mine, old = write.body["properties"], write.old("properties.backupManagementType")
        if old and old != mine["backupManagementType"]:
            refuse("BMSUserErrorInvalidInput", "The kind of what a policy protects cannot be changed.")
        if mine["backupManagementType"] != "AzureIaasVM":
            return
        schedule, retention = mine.get("schedulePolicy"), mine.get("retentionPolicy")
        if (
            not isinstance(schedule, dict)
            or schedule.get("schedulePolicyType") not in SIMPLE
            or not isinstance(retention, dict)
        ):
            refuse("BMSUserErrorInvalidPolicyInput", f"Policy {write.name} needs a schedule and a retention.")
        version = "V2" if mine.get("policyType") == "V2" or schedule["schedulePolicyType"].endswith("V2") else "V1"
        days = mine["instantRpRetentionRangeInDays"]
        if type(days) is not int or not 1 <= days <= SNAPSHOT_DAYS[version]:
            refuse(
                "BMSUserErrorInvalidPolicyInput",
                f"Snapshots are kept for 1 to {SNAPSHOT_DAYS[version]} days in policy {write.name}.",
            )
        daily = ((retention.get("dailySchedule") or {}).get("retentionDuration") or {}).get("count")
        if schedule.get("scheduleRunFrequency") == "Daily" and (type(daily) is not int or not _within(daily)):
            refuse(
                "BMSUserErrorInvalidRetentionPeriodInPolicy", "The daily retention has to be between 7 and 9999 days."
            )

    def deleting(self, write: Write) -> None:
        """Not while something is protected by it."""
        if _users(write, write.key):
            refuse(
                "BMSUserErrorPolicyInUse",
                f"The policy {write.name} cannot be deleted because it is associated with protected items.",
            )

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the number of what it protects."""
        body["properties"]["protectedItemsCount"] = _users(reader, body["id"].lower())
        return body

    def handle(self, call: Call) -> Answer | None:
        """A list of policies may be asked for one kind of backup."""
        if call.method != "GET" or len(call.route.names) == len(call.route.types) or "$filter" not in call.query:
            return None
        vault = vault_of(call)
        wanted = filters.parse(call.query["$filter"], lookup)
        documents = [views.show(call, self, row.copy(), row.key) for row in call.store.at_scope(vault.key, self.key)]
        return reads.page(call, [dumps(one) for one in documents if wanted(one)], None)


def lookup(document: Any, name: str) -> Any:
    """A member of the properties, by name in any spelling."""
    members = {member.lower(): value for member, value in document["properties"].items()}
    return members.get(name.lower())


def _within(days: int) -> bool:
    return DAILY_DAYS[0] <= days <= DAILY_DAYS[1]


def _users(reader: Reader, key: str) -> int:
    vault = key.rpartition("/backuppolicies/")[0]
    return sum(str(row.body["properties"].get("policyId", "")).lower() == key for row in items_of(reader, vault))


def _plain_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain_times(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain_times(one) for one in value]
    return MILLISECONDS.sub(r"\1Z", value) if isinstance(value, str) else value


def first(now: float) -> dict[str, Body]:
    """The policies of a new vault, as they are documented: for machines, for machines several times a day, for databases."""
    at = stamp(now - now % DAY + 16.5 * 3600)[:19] + "Z"
    month = {"count": 30, "durationType": "Days"}
    daily = {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily", "scheduleRunTimes": [at]}
    kept = {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": {"retentionTimes": [at], "retentionDuration": month},
    }
    machines = {"backupManagementType": "AzureIaasVM", "instantRPDetails": {}}
    last = {"retentionPolicy": kept, "instantRpRetentionRangeInDays": 2, "timeZone": "UTC", "protectedItemsCount": 0}
    hourly = {"interval": 4, "scheduleWindowStartTime": at[:11] + "08:00:00Z", "scheduleWindowDuration": 12}
    return {
        "DefaultPolicy": {**machines, "schedulePolicy": {**daily, "scheduleWeeklyFrequency": 0}, **last},
        "EnhancedPolicy": {
            **machines,
            "policyType": "V2",
            "schedulePolicy": {
                "schedulePolicyType": "SimpleSchedulePolicyV2",
                "scheduleRunFrequency": "Hourly",
                "hourlySchedule": hourly,
            },
            **last,
        },
        "HourlyLogBackup": {
            "backupManagementType": "AzureWorkload",
            "workLoadType": "SQLDataBase",
            "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
            "subProtectionPolicy": [
                {
                    "policyType": "Full",
                    "schedulePolicy": {**daily, "scheduleWeeklyFrequency": 0},
                    "retentionPolicy": kept,
                },
                {
                    "policyType": "Log",
                    "schedulePolicy": {"schedulePolicyType": "LogSchedulePolicy", "scheduleFrequencyInMins": 60},
                    "retentionPolicy": {"retentionPolicyType": "SimpleRetentionPolicy", "retentionDuration": month},
                },
            ],
            "protectedItemsCount": 0,
        },
    }
