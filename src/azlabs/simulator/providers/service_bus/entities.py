"""Queues, topics, subscriptions and their rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlabs.simulator.providers.messaging.base import FOREVER, NEVER, Body, Child, bad, namespace_key, tier
from azlabs.simulator.providers.messaging.keys import AuthorizationRules
from azlabs.simulator.providers.service_bus.namespaces import NAMESPACE
from azlabs.simulator.resource_manager import registry
from azlabs.simulator.resource_manager.resource_type import NameRule

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

ENTITY = NameRule(
    r"[A-Za-z0-9](?:[A-Za-z0-9._~/-]{0,258}[A-Za-z0-9_])?",
    "BadRequest",
    "The entity name '{name}' is not valid. It begins and ends with a letter or a number, and has letters, numbers, '.', '-', '_', '/'.",
)
SUBSCRIPTION = NameRule(
    "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9_])?", "BadRequest", "The subscription name '{name}' is not valid."
)
COUNTS = dict.fromkeys(
    (
        "activeMessageCount", "deadLetterMessageCount", "scheduledMessageCount", "transferMessageCount",
        "transferDeadLetterMessageCount",
    ),
    0,
)  # fmt: skip
STATUSES = ("Active", "Disabled", "SendDisabled", "ReceiveDisabled")
SPAN = re.compile(
    r"P(?=.)(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=.)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?"
    r"(?:(\d+(?:\.\d+)?)S)?)?"
)
SECONDS = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)
SIZES = (1024, 2048, 3072, 4096, 5120)
PREMIUM_SIZES = (*SIZES, 10240, 20480, 40960, 81920)
BASIC_LIFE = "P14D"


def seconds(write: Write, member: str) -> float:
    """Length of a time span of the document. Refuses what is none."""
    text = write.get(f"properties.{member}")
    found = SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        bad(f"The value '{text}' of {member} is not a duration in ISO 8601 form.")
    return sum(float(part) * unit for part, unit in zip(found.groups(), SECONDS, strict=True) if part)


class Entity(Child):
    """What holds messages."""

    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")

    def fill(self, write: Write) -> None:
        """Members that count, and times."""
        super().fill(write)
        mine = write.body["properties"]
        self.dated(write)
        mine["accessedAt"] = write.old("properties.accessedAt") or NEVER
        mine["countDetails"] = write.old("properties.countDetails") or dict(COUNTS)

    def shown(self, body: Body, reader: Reader) -> Body:
        """With what it holds now."""
        from azlabs.simulator.data_planes.service_bus.counts import message_counts

        row = reader.store.get(body["id"].lower())
        if row is not None:
            mine = body["properties"]
            mine["countDetails"], size = message_counts(reader.store, row)
            if "messageCount" in mine:
                mine["messageCount"] = sum(mine["countDetails"].values())
            if "sizeInBytes" in mine:
                mine["sizeInBytes"] = size
        return body

    def fixed(self, write: Write, *members: str) -> None:
        """Refuse to change what is decided when an entity is made."""
        for member in members:
            if write.before is not None and write.old(f"properties.{member}") != write.get(f"properties.{member}"):
                bad(f"The value for the {member} property of an existing entity cannot be changed.")

    def forwarding(self, write: Write) -> None:
        """Messages are forwarded to another queue or topic of the namespace that exists."""
        for member in ("forwardTo", "forwardDeadLetteredMessagesTo"):
            target = write.get(f"properties.{member}")
            if not target:
                write.body["properties"].pop(member, None)
                continue
            root = namespace_key(write.key)
            path = str(target).rpartition(".servicebus.windows.net/")[2].lower()
            known = [f"{root}/{folder}/{path}" for folder in ("queues", "topics")]
            if not any(write.store.exists(key) for key in known):
                bad(f"The entity '{target}' that messages should be forwarded to ({member}) does not exist.")
            if write.key in known:
                bad("An entity cannot forward messages to itself.")

    def sized(self, write: Write) -> None:
        """Sizes by tier; a partitioned entity of Standard has sixteen parts of the size that was asked for."""
        mine, level = write.body["properties"], tier(write, write.key)
        size = mine["maxSizeInMegabytes"]
        partitioned = mine["enablePartitioning"] and level != "Premium"
        if partitioned and write.old("properties.maxSizeInMegabytes") == size:
            size //= 16
        if size not in (PREMIUM_SIZES if level == "Premium" else SIZES):
            bad(
                f"The maxSizeInMegabytes {size} is not one of {', '.join(map(str, PREMIUM_SIZES if level == 'Premium' else SIZES))}."
            )
        mine["maxSizeInMegabytes"] = size * 16 if partitioned else size
        most = 102_400 if level == "Premium" else 256
        if not 0 < mine.setdefault("maxMessageSizeInKilobytes", 1024 if level == "Premium" else 256) <= most:
            bad(f"The maxMessageSizeInKilobytes of an entity in a {level} namespace is {most} at most.")
        if level == "Premium" and mine["enableExpress"]:
            bad("Express entities are not supported in Premium namespaces.")
        history = seconds(write, "duplicateDetectionHistoryTimeWindow")
        if not 20 <= history <= 7 * 86400:
            bad("The duplicateDetectionHistoryTimeWindow has to be between 20 seconds and 7 days.")


def other_name(write: Write, folder: str) -> None:
    """A queue and a topic of a namespace cannot have the same name."""
    if write.before is None and write.store.exists(f"{namespace_key(write.key)}/{folder}/{write.name.lower()}"):
        bad(f"The name '{write.name}' is taken by an entity in {folder}.")


class Queues(Entity):
    """Messages for one reader at a time."""

    type = f"{NAMESPACE}/queues"
    name_rule = ENTITY
    defaults = {
        "properties": {
            "lockDuration": "PT1M",
            "maxSizeInMegabytes": 1024,
            "requiresDuplicateDetection": False,
            "requiresSession": False,
            "deadLetteringOnMessageExpiration": False,
            "enableBatchedOperations": True,
            "duplicateDetectionHistoryTimeWindow": "PT10M",
            "maxDeliveryCount": 10,
            "sizeInBytes": 0,
            "messageCount": 0,
            "status": "Active",
            "autoDeleteOnIdle": FOREVER,
            "enablePartitioning": False,
            "enableExpress": False,
        }
    }
    choices = {"properties.status": STATUSES}
    read_only = (
        "properties.sizeInBytes",
        "properties.messageCount",
        "properties.countDetails",
        "properties.accessedAt",
    )
    members_since = {"properties.maxMessageSizeInKilobytes": "2021-06-01-preview"}

    def fill(self, write: Write) -> None:
        """How long messages live depends on the tier."""
        super().fill(write)
        mine, basic = write.body["properties"], tier(write, write.key) == "Basic"
        mine.setdefault("defaultMessageTimeToLive", BASIC_LIFE if basic else FOREVER)
        other_name(write, "topics")
        _times(write)
        if basic and seconds(write, "defaultMessageTimeToLive") > 14 * 86400:
            bad("Messages in a Basic namespace live for 14 days at most.")
        for member in ("requiresSession", "requiresDuplicateDetection") if basic else ():
            if mine[member]:
                bad(f"The property {member} is not supported in Basic namespaces.")
        for member in ("forwardTo", "forwardDeadLetteredMessagesTo") if basic else ():
            if mine.get(member):
                bad(f"Forwarding of messages ({member}) is not supported in Basic namespaces.")
        self.sized(write)
        self.forwarding(write)
        self.fixed(write, "requiresSession", "requiresDuplicateDetection", "enablePartitioning")


class Topics(Entity):
    """Messages for as many readers as there are subscriptions."""

    type = f"{NAMESPACE}/topics"
    name_rule = ENTITY
    defaults = {
        "properties": {
            "defaultMessageTimeToLive": FOREVER,
            "maxSizeInMegabytes": 1024,
            "requiresDuplicateDetection": False,
            "duplicateDetectionHistoryTimeWindow": "PT10M",
            "enableBatchedOperations": True,
            "sizeInBytes": 0,
            "status": "Active",
            "supportOrdering": True,
            "autoDeleteOnIdle": FOREVER,
            "enablePartitioning": False,
            "enableExpress": False,
        }
    }
    choices = {"properties.status": STATUSES}
    read_only = (
        "properties.sizeInBytes",
        "properties.subscriptionCount",
        "properties.countDetails",
        "properties.accessedAt",
    )
    members_since = {"properties.maxMessageSizeInKilobytes": "2021-06-01-preview"}

    def fill(self, write: Write) -> None:
        """Not in Basic namespaces."""
        super().fill(write)
        if tier(write, write.key) == "Basic":
            bad("Topics are not supported in Basic namespaces; the Standard or Premium tier is needed.")
        other_name(write, "queues")
        seconds(write, "defaultMessageTimeToLive")
        seconds(write, "autoDeleteOnIdle")
        self.sized(write)
        self.fixed(write, "requiresDuplicateDetection", "enablePartitioning")
        write.body["properties"].setdefault("subscriptionCount", 0)

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the number of its subscriptions."""
        body = super().shown(body, reader)
        rows = reader.store.at_scope(body["id"].lower(), Subscriptions.key)
        body["properties"]["subscriptionCount"] = len(rows)
        return body


class Subscriptions(Entity):
    """One reader's copy of what comes to a topic, as far as its rules let it through."""

    type = f"{NAMESPACE}/topics/subscriptions"
    name_rule = SUBSCRIPTION
    not_found = ("SubscriptionNotFound", "Subscription does not exist")
    defaults = {
        "properties": {
            "isClientAffine": False,
            "lockDuration": "PT1M",
            "requiresSession": False,
            "defaultMessageTimeToLive": FOREVER,
            "deadLetteringOnMessageExpiration": False,
            "deadLetteringOnFilterEvaluationExceptions": True,
            "messageCount": 0,
            "maxDeliveryCount": 10,
            "status": "Active",
            "enableBatchedOperations": True,
            "autoDeleteOnIdle": FOREVER,
        }
    }
    choices = {"properties.status": STATUSES}
    read_only = ("properties.messageCount", "properties.countDetails", "properties.accessedAt")
    members_since = {"properties.isClientAffine": "2021-11-01"}

    def fill(self, write: Write) -> None:
        """Times, forwarding, what cannot change."""
        super().fill(write)
        _times(write)
        self.forwarding(write)
        self.fixed(write, "requiresSession", "isClientAffine")

    def written(self, write: Write) -> None:
        """A new subscription has a rule that lets everything through."""
        if write.before is None and write.resource is not None:
            kind = registry.find(Rules.key)
            if kind is not None:
                from azlabs.simulator.providers.messaging.base import new_row

                new_row(write, kind, write.resource, "$Default", {"properties": _everything()})


def _times(write: Write) -> None:
    """Locks of five minutes at most, and at least one delivery."""
    if not 0 < seconds(write, "lockDuration") <= 300:
        bad("The lockDuration has to be longer than nothing and 5 minutes at most.")
    if seconds(write, "autoDeleteOnIdle") < 300:
        bad("The autoDeleteOnIdle has to be at least 5 minutes.")
    if seconds(write, "defaultMessageTimeToLive") < 1:
        bad("The defaultMessageTimeToLive has to be at least one second.")
    count = write.get("properties.maxDeliveryCount")
    if type(count) is not int or not 1 <= count <= 2000:
        bad("The maxDeliveryCount has to be between 1 and 2000.")


def check_sql(mine: Body) -> None:
    """Refuse a filter or an action that cannot be read."""
    from azlabs.simulator.data_planes.service_bus.control import check_rule
    from azlabs.simulator.data_planes.service_bus.errors import Refusal

    try:
        check_rule(mine)
    except Refusal as refusal:
        bad(refusal.message)


def _everything() -> Body:
    sql: Body = {"sqlExpression": "1=1", "compatibilityLevel": 20, "parameters": {}}
    return {"action": {}, "filterType": "SqlFilter", "sqlFilter": sql}


class Rules(Child):
    """What comes into a subscription: all that its filter, in SQL or by properties, lets through."""

    type = f"{NAMESPACE}/topics/subscriptions/rules"
    name_rule = NameRule(
        r"\$?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9_])?", "BadRequest", "The rule name '{name}' is not valid."
    )
    not_found = ("SubscriptionNotFound", "Rule does not exist")
    members_since = {"properties.sqlFilter.parameters": "2018-01-01-preview"}

    def fill(self, write: Write) -> None:
        """A filter of one kind; an action in SQL, if any."""
        super().fill(write)
        mine = write.body["properties"]
        kind = mine.setdefault("filterType", "CorrelationFilter" if mine.get("correlationFilter") else "SqlFilter")
        if kind not in ("SqlFilter", "CorrelationFilter"):
            bad(f"The filterType '{kind}' is not one of SqlFilter, CorrelationFilter.")
        mine.setdefault("action", {})
        if mine["action"]:
            mine["action"].setdefault("compatibilityLevel", 20)
            mine["action"].setdefault("parameters", {})
        check_sql(mine)
        if kind == "SqlFilter":
            mine.pop("correlationFilter", None)
            sql = mine.setdefault("sqlFilter", {})
            sql.setdefault("sqlExpression", "1=1")
            sql["compatibilityLevel"] = 20
            sql.setdefault("parameters", {})
            sql.pop("requiresPreprocessing", None)
            return
        mine.pop("sqlFilter", None)
        correlation = mine.setdefault("correlationFilter", {})
        if not any(value for name, value in correlation.items() if name != "requiresPreprocessing"):
            bad("A correlation filter has to name at least one property.")
        correlation.setdefault("properties", {})


class QueueRules(AuthorizationRules):
    """Keys for one queue."""

    type = f"{NAMESPACE}/queues/authorizationRules"


class TopicRules(AuthorizationRules):
    """Keys for one topic."""

    type = f"{NAMESPACE}/topics/authorizationRules"
