"""Namespaces and entities as the control plane keeps them, in the form that the broker needs.

What Resource Manager or the administration client has written is what counts: nothing is copied, changed rows are seen at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.store import Store

NAMESPACE = "microsoft.servicebus/namespaces"
QUEUE, TOPIC = f"{NAMESPACE}/queues", f"{NAMESPACE}/topics"
SUBSCRIPTION, RULE = f"{TOPIC}/subscriptions", f"{TOPIC}/subscriptions/rules"
RULES_OF = {NAMESPACE: "authorizationrules", QUEUE: "authorizationrules", TOPIC: "authorizationrules"}
SUFFIX = ".servicebus.windows.net"
FOREVER = 10_675_199 * 86400.0
"""Durations from here on stand for "never" (.NET's longest time span)."""
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_LETTERS = {"$deadletterqueue": "dead", "$transfer/$deadletterqueue": "transfer"}


def seconds(text: Any, default: float | None) -> float | None:
    """An ISO 8601 duration in seconds; None where it means "for ever"."""
    found = _DURATION.fullmatch(str(text)) if text else None
    if found is None:
        return default
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    total = days * 86400 + hours * 3600 + minutes * 60 + rest
    return None if total >= FOREVER else total


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a subscription: `filter` and `action` are the JSON of Resource Manager."""

    name: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entity:
    """A queue, topic or subscription. Durations in seconds, None: for ever; `id` differs from that of an older one of this name."""

    id: str
    key: str
    path: str
    kind: str
    status: str
    lock: float
    max_delivery: int
    sessions: bool
    ttl: float | None
    dead_letter_expired: bool
    dead_letter_filter_errors: bool
    duplicates: float
    forward_to: str
    forward_dead_letters_to: str
    max_bytes: int
    max_message: int

    @property
    def is_topic(self) -> bool:
        return self.kind == TOPIC


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace. `max_message`: bytes, of its tier."""

    name: str
    row: Resource
    properties: dict[str, Any]
    sku: str

    @property
    def host(self) -> str:
        return f"{self.name}{SUFFIX}"

    @property
    def local_auth(self) -> bool:
        return not self.properties.get("disableLocalAuth")

    @property
    def max_message(self) -> int:
        return 1024 * 1024 if self.sku == "Premium" else 256 * 1024


def namespace_named(store: Store, name: str) -> Namespace | None:
    """The namespace whose host name begins with this label."""
    rows = store.select("type=? AND key LIKE ?", (NAMESPACE, f"%/namespaces/{name.lower()}"))
    rows = [row for row in rows if row.name.lower() == name.lower()]
    return _namespace(rows[0]) if rows else None


def all_namespaces(store: Store) -> list[Namespace]:
    """Every namespace there is."""
    return [_namespace(row) for row in store.of_type(NAMESPACE)]


def _namespace(row: Resource) -> Namespace:
    body = row.body
    sku = str((body.get("sku") or {}).get("name") or "Standard").capitalize()
    return Namespace(row.name.lower(), row, body.get("properties") or {}, sku)


def marks(store: Store) -> dict[str, tuple[str, float, float]]:
    """By key: what changes with every write of a namespace or entity. Quick also for thousands of them."""
    kinds = (NAMESPACE, QUEUE, TOPIC, SUBSCRIPTION)
    rows = store.sql.execute("SELECT key, etag, changed, created FROM resources WHERE type IN (?,?,?,?)", kinds)
    return {key: (etag, changed, created) for key, etag, changed, created in rows.fetchall()}


def split_address(address: str) -> tuple[str, str]:
    """(entity path, letter) of an address without scheme and host; letter "dead", "transfer" or ""."""
    path = address
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    path = path.strip("/")
    lower = path.lower()
    for ending in ("$transfer/$deadletterqueue", "$deadletterqueue"):
        if lower.endswith("/" + ending):
            return path[: -len(ending) - 1], _LETTERS[ending]
    return path, ""


def entity_row(store: Store, namespace: Namespace, path: str) -> Resource | None:
    """The row of the queue, topic or subscription ("topic/Subscriptions/name") at a path."""
    key, lower = namespace.row.key, path.lower()
    topic, found, name = lower.rpartition("/subscriptions/")
    if found:
        return store.get(f"{key}/topics/{_in_key(topic)}/subscriptions/{name}")
    return store.get(f"{key}/queues/{_in_key(lower)}") or store.get(f"{key}/topics/{_in_key(lower)}")


def _in_key(name: str) -> str:
    """Entity names with slashes are written with ~ in Resource Manager."""
    return name.replace("/", "~")


def entity_at(store: Store, namespace: Namespace, path: str) -> Entity | None:
    """The queue, topic or subscription at a path."""
    row = entity_row(store, namespace, path)
    return entity_of(namespace, row) if row is not None else None


def entity_of(namespace: Namespace, row: Resource) -> Entity:
    """The entity of a row."""
    found = row.body.get("properties") or {}
    name = row.name.replace("~", "/")
    if row.type == SUBSCRIPTION:
        name = f"{row.key.split('/')[-3].replace('~', '/')}/Subscriptions/{row.name}"
    most = namespace.max_message
    if namespace.sku == "Premium" and found.get("maxMessageSizeInKilobytes"):
        most = int(found["maxMessageSizeInKilobytes"]) * 1024
    window = seconds(found.get("duplicateDetectionHistoryTimeWindow"), 600.0) or 600.0
    return Entity(
        id=entity_id(row),
        key=row.key,
        path=name,
        kind=row.type,
        status=str(found.get("status") or "Active"),
        lock=seconds(found.get("lockDuration"), 60.0) or 60.0,
        max_delivery=int(found.get("maxDeliveryCount") or 10),
        sessions=bool(found.get("requiresSession")),
        ttl=seconds(found.get("defaultMessageTimeToLive"), None),
        dead_letter_expired=bool(found.get("deadLetteringOnMessageExpiration")),
        dead_letter_filter_errors=found.get("deadLetteringOnFilterEvaluationExceptions") is not False,
        duplicates=window if found.get("requiresDuplicateDetection") else 0.0,
        forward_to=_target(found.get("forwardTo")),
        forward_dead_letters_to=_target(found.get("forwardDeadLetteredMessagesTo")),
        max_bytes=int(found.get("maxSizeInMegabytes") or 1024) * 1024 * 1024,
        max_message=most,
    )


def entity_id(row: Resource) -> str:
    """What the messages of this entity are kept under: another one after it was deleted and made again."""
    return f"{row.key}@{row.created!r}"


def _target(text: Any) -> str:
    """The path of a forwarding target, which may be a name or a whole address."""
    return split_address(str(text))[0] if text else ""


def subscriptions_of(store: Store, namespace: Namespace, topic: Entity) -> list[Entity]:
    """The subscriptions of a topic."""
    return [entity_of(namespace, row) for row in store.at_scope(topic.key, SUBSCRIPTION)]


def rules_of(store: Store, subscription_key: str) -> list[Rule]:
    """The rules of a subscription."""
    return [Rule(row.name, row.body.get("properties") or {}) for row in store.at_scope(subscription_key, RULE)]
