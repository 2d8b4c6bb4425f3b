"""Event subscriptions: what of a source's events goes where. On any resource or scope, and below topics of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.event_grid import sources
from azlabs.simulator.providers.event_grid.base import Body, GridType, bad
from azlabs.simulator.resource_manager import documents, operations, reads, views, writes
from azlabs.simulator.resource_manager.locations import normalized
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, NameRule, Reference, ScopeKind, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

SUBSCRIPTION = "Microsoft.EventGrid/eventSubscriptions"
SYSTEM = "Microsoft.EventGrid/systemTopics"
NEEDED: dict[str, tuple[str, ...]] = {
    "WebHook": ("endpointUrl",),
    "EventHub": ("resourceId",),
    "StorageQueue": ("resourceId", "queueName"),
    "HybridConnection": ("resourceId",),
    "ServiceBusQueue": ("resourceId",),
    "ServiceBusTopic": ("resourceId",),
    "AzureFunction": ("resourceId",),
    "MonitorAlert": ("severity",),
    "NamespaceTopic": ("resourceId",),
}
"""Kinds of destinations and what each has to say."""
BATCHED = ("WebHook", "AzureFunction")
SCHEMAS = ("EventGridSchema", "CustomInputSchema", "CloudEventSchemaV1_0", "CloudEventV01Schema")
MOST_ATTEMPTS, MOST_MINUTES, MOST_FILTERS = 30, 1440, 25
HIDDEN = "Hidden"
_MANY = (
    "NumberIn", "NumberNotIn", "NumberInRange", "NumberNotInRange", "StringIn", "StringNotIn", "StringBeginsWith",
    "StringNotBeginsWith", "StringEndsWith", "StringNotEndsWith", "StringContains", "StringNotContains",
)  # fmt: skip
_ONE = ("NumberLessThan", "NumberLessThanOrEquals", "NumberGreaterThan", "NumberGreaterThanOrEquals", "BoolEquals")
OPERATORS = {
    **dict.fromkeys(_MANY, "values"),
    **dict.fromkeys(_ONE, "value"),
    **dict.fromkeys(("IsNullOrUndefined", "IsNotNull"), ""),
}
"""Operators of advanced filters and the member with what they compare with."""


class EventSubscriptions(GridType):
    """On any resource, group or subscription."""

    type = SUBSCRIPTION
    scopes: ClassVar[tuple[ScopeKind, ...]] = (
        "extension",
        "resourceGroup",
        "subscription",
        "managementGroup",
        "tenant",
    )
    located = tagged = False
    name_rule = NameRule("[A-Za-z0-9-]{3,64}", "InvalidRequest", "The event subscription name '{name}' is not valid.")
    defaults = {
        "properties": {
            "filter": {"subjectBeginsWith": "", "subjectEndsWith": ""},
            "eventDeliverySchema": "EventGridSchema",
            "retryPolicy": {"maxDeliveryAttempts": MOST_ATTEMPTS, "eventTimeToLiveInMinutes": MOST_MINUTES},
        }
    }
    choices = {"properties.eventDeliverySchema": SCHEMAS}
    read_only = ("properties.topic",)
    references = (
        Reference("properties.destination.properties.resourceId", must_exist=False),
        Reference("properties.deliveryWithResourceIdentity.destination.properties.resourceId", must_exist=False),
        Reference("properties.deadLetterDestination.properties.resourceId", must_exist=False),
    )

    def source(self, write: Write) -> str:
        """Id of what the events come from."""
        return write.id.rpartition("/providers/")[0] or "/"

    def handle(self, call: Call) -> Answer | None:
        """A PATCH has no `properties`; a destination that does not exist is found out while the operation runs."""
        if call.method == "PATCH":
            call.set_json({"properties": dict(call.json())})
        if call.method in ("PUT", "PATCH") and len(call.route.names) == len(call.route.types):
            return self._without_destination(call)
        return None

    def _without_destination(self, call: Call) -> Answer | None:
        asked = call.json().get("properties")
        lost = next((id for id in _targets(asked) if not views.known(call.store, id.rstrip("/").lower())), None)
        row = call.store.get(call.key)
        if lost is None or (row is None and call.method == "PATCH"):
            return None
        call.manager.require_group(call)
        if len(call.route.types) > 1:
            reads.missing_above(call, self)
        elif "/providers/" in call.route.scope:
            reads.require_scope(call)
        writes.check_name(self, call.name)
        request = dict(call.json())
        if call.method == "PATCH" and row is not None:
            request = {**row.copy(), **request}
        write = writes.prepare(call, self, row, request)
        documents.complete(write)
        error = {
            "code": "Endpoint validation",
            "message": f"Destination endpoint not found. Resource details: resourceId: {lost}. Resource should pre-exist before "
            "attempting this operation.",
        }
        with call.store.writing():
            announce = self.creates if row is None else self.updates
            headers = operations.start(call, self, call.key, announce, data={"status": "Failed", "error": error})
        shown = self.shown(write.body, call)
        documents.set_states(self, shown, announce.state, None)
        self.accepted(write, shown)
        return json_answer(shown, announce.status, headers)

    def fill(self, write: Write) -> None:
        """Source, destination, filter, retries."""
        mine = write.body["properties"]
        sent = write.call.json().get("properties")
        if write.call.method == "PATCH" and isinstance(sent, dict) and sent.get("destination"):
            mine["destination"] = dict(sent["destination"])
        mine["topic"] = self.source(write)
        delivery = mine.get("deliveryWithResourceIdentity")
        destination = delivery.get("destination") if isinstance(delivery, dict) else mine.get("destination")
        if not isinstance(destination, dict):
            bad("The destination of an event subscription is required.")
        self._destination(write, destination)
        dead = mine.get("deadLetterDestination")
        if dead is not None and dead.get("endpointType") != "StorageBlob":
            bad("Events that cannot be delivered go to a StorageBlob destination only.")
        _filter(mine["filter"])
        kind = sources.type_of(self.event_source(write))
        if kind in sources.EVENTS and not mine["filter"].get("includedEventTypes"):
            mine["filter"]["includedEventTypes"] = list(sources.EVENTS[kind])
        retry = mine["retryPolicy"]
        if not 1 <= retry["maxDeliveryAttempts"] <= MOST_ATTEMPTS:
            bad(f"The maxDeliveryAttempts have to be between 1 and {MOST_ATTEMPTS}.")
        if not 1 <= retry["eventTimeToLiveInMinutes"] <= MOST_MINUTES:
            bad(f"The eventTimeToLiveInMinutes have to be between 1 and {MOST_MINUTES}.")

    def event_source(self, write: Write) -> str:
        """Id of what decides about the types of events."""
        return self.source(write)

    def _destination(self, write: Write, destination: Body) -> None:
        kind = next((word for word in NEEDED if word.lower() == str(destination.get("endpointType", "")).lower()), None)
        if kind is None:
            bad(f"The endpointType '{destination.get('endpointType')}' is not one of {', '.join(NEEDED)}.")
        destination["endpointType"] = kind
        mine = destination.setdefault("properties", {})
        if kind == "WebHook":
            self._web_hook(write, mine)
        missing = [word for word in NEEDED[kind] if word != "endpointUrl" and mine.get(word) is None]
        if missing:
            bad(f"The property '{missing[0]}' of a {kind} destination is required.")
        if kind in BATCHED:
            mine.setdefault("maxEventsPerBatch", 1)
            mine.setdefault("preferredBatchSizeInKilobytes", 64)
        for mapping in mine.get("deliveryAttributeMappings") or ():
            one = mapping.get("properties") or {}
            if one.get("isSecret"):
                one["value"] = HIDDEN

    def _web_hook(self, write: Write, mine: Body) -> None:
        """The address may carry a secret: only the part before the query is shown."""
        url = mine.pop("endpointUrl", None)
        if isinstance(url, str):
            if not url.lower().startswith("https://"):
                bad("The endpointUrl of a WebHook destination has to be an HTTPS address.")
            write.hidden["url"] = url
            mine["endpointBaseUrl"] = url.partition("?")[0]
        if "url" not in write.hidden:
            bad("The property 'endpointUrl' of a WebHook destination is required.")

    def accepted(self, write: Write, shown: Body) -> None:
        """The first answer to a new subscription has no defaults yet."""
        if write.before is not None or write.api_version < "2021-06-01":
            return
        sent = write.call.json().get("properties") or {}
        mine = shown["properties"]
        if "eventDeliverySchema" not in sent:
            mine.pop("eventDeliverySchema", None)
        given = sent.get("filter") or {}
        mine["filter"] = {
            name: value for name, value in mine["filter"].items() if name in given or name == "includedEventTypes"
        }
        place = (mine.get("destination") or {}).get("properties") or {}
        asked = ((sent.get("destination") or {}).get("properties")) or {}
        for member in ("maxEventsPerBatch", "preferredBatchSizeInKilobytes"):
            if member not in asked:
                place.pop(member, None)

    def shown(self, body: Body, reader: Reader) -> Body:
        """Labels are null where there are none, addresses of web hooks always."""
        mine = body["properties"]
        mine.setdefault("labels", None)
        destination = mine.setdefault("destination", None)
        if destination is not None and destination["endpointType"] == "WebHook":
            destination["properties"]["endpointUrl"] = None
        if mine["filter"].get("isSubjectCaseSensitive") is False:
            del mine["filter"]["isSubjectCaseSensitive"]
        return super().shown(body, reader)

    @action("getFullUrl")
    def full_url(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """The whole address of a web hook."""
        row = call.store.get(call.key)
        url = row.hidden.get("url") if row is not None else None
        if url is None:
            bad("Only web hooks have an address.")
        return {"endpointUrl": url}

    @action("getDeliveryAttributes")
    def delivery_attributes(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """The attributes that are sent along."""
        mine = (body["properties"].get("destination") or {}).get("properties") or {}
        return {"value": mine.get("deliveryAttributeMappings") or []}


class Below(EventSubscriptions):
    """Below a topic of some kind."""

    scopes = ("resourceGroup",)

    def source(self, write: Write) -> str:
        """The topic."""
        return write.id.rpartition("/")[0].rpartition("/")[0]


class TopicSubscriptions(Below):
    """To a custom topic."""

    type = "Microsoft.EventGrid/topics/eventSubscriptions"


class DomainSubscriptions(Below):
    """To all topics of a domain."""

    type = "Microsoft.EventGrid/domains/eventSubscriptions"


class DomainTopicSubscriptions(Below):
    """To one topic of a domain."""

    type = "Microsoft.EventGrid/domains/topics/eventSubscriptions"


class SystemSubscriptions(Below):
    """To a system topic."""

    type = f"{SYSTEM}/eventSubscriptions"

    def event_source(self, write: Write) -> str:
        """What the system topic stands for."""
        topic = write.find(self.source(write)) or {}
        return str((topic.get("properties") or {}).get("source", ""))


def _filter(wanted: Body) -> None:
    """Advanced filters: an operator, a key, and one value, several or none."""
    filters = wanted.get("advancedFilters") or []
    if len(filters) > MOST_FILTERS:
        bad(f"There are at most {MOST_FILTERS} advanced filters.")
    count = 0
    for one in filters:
        kind = next((word for word in OPERATORS if word.lower() == str(one.get("operatorType", "")).lower()), None)
        if kind is None:
            bad(
                f"The operatorType '{one.get('operatorType')}' of an advanced filter is not one of {', '.join(OPERATORS)}."
            )
        one["operatorType"] = kind
        if not isinstance(one.get("key"), str) or not one["key"]:
            bad("An advanced filter has to have a key.")
        member = OPERATORS[kind]
        if member and one.get(member) is None:
            bad(f"An advanced filter with the operator {kind} needs '{member}'.")
        if member == "values" and (not isinstance(one["values"], list) or not one["values"]):
            bad(f"The values of an advanced filter with the operator {kind} have to be a list that is not empty.")
        count += len(one["values"]) if member == "values" else 1
    if count > MOST_FILTERS:
        bad(f"The advanced filters of an event subscription have {MOST_FILTERS} values at most, all together.")


def _targets(properties: Any) -> list[str]:
    """Ids of the resources that events are to be delivered to."""
    if not isinstance(properties, dict):
        return []
    found = []
    for member in ("destination", "deadLetterDestination"):
        wrapped = properties.get(
            {"destination": "deliveryWithResourceIdentity"}.get(member, "deadLetterWithResourceIdentity")
        )
        for holder in (properties.get(member), wrapped.get(member) if isinstance(wrapped, dict) else None):
            mine = holder.get("properties") if isinstance(holder, dict) else None
            id = mine.get("resourceId") if isinstance(mine, dict) else None
            if isinstance(id, str) and id.startswith("/"):
                found.append(id)
    return found


class SystemTopics(GridType):
    """The events of a resource of another service, under a name."""

    type = SYSTEM
    members = frozenset({"identity"})
    default_location = "global"
    guid = "properties.metricResourceId"
    required = ("properties.source", "properties.topicType")
    required_code = ("InvalidRequest", "The required property '{path}' is missing in '{name}'.")
    references = (Reference("properties.source", must_exist=False),)
    creates = updates = patched = Announce(200)

    def fill(self, write: Write) -> None:
        """One system topic for a source that exists and is of the kind that was named."""
        mine = write.body["properties"]
        source = str(mine["source"])
        if write.before is not None:
            for member in ("source", "topicType"):
                if str(write.old(f"properties.{member}")).lower() != str(mine[member]).lower():
                    bad(f"The {member} of a system topic cannot be changed.")
            return
        wanted = sources.topic_type(str(mine["topicType"]))
        if wanted is None:
            bad(f"The topic type '{mine['topicType']}' is not supported.")
        if sources.type_of(source) != wanted:
            bad(f"The source '{source}' is not of the topic type '{mine['topicType']}'.")
        if not views.known(write.store, source.rstrip("/").lower()):
            bad(f"The source '{source}' was not found. It has to exist before a system topic is made for it.")
        for row in write.store.in_subscription(write.subscription, self.key):
            if row.key != write.key and row.body["properties"]["source"].lower() == source.lower():
                bad(f"Only one system topic is allowed per source: {row.name} stands for '{source}' already.")


def at_location(call: Call) -> Body:
    """The event subscriptions of a subscription in a region; of one kind of source where that is named."""
    kind = sources.topic_type(call.values["kind"]) if "kind" in call.values else None
    if "kind" in call.values and kind is None:
        bad(f"The topic type '{call.values['kind']}' is not supported.")
    place, found = normalized(call.values["location"]), []
    for row in call.store.select("type=? AND subscription=?", (SUBSCRIPTION.lower(), call.route.subscription)):
        source = row.body["properties"]["topic"]
        home = call.store.get(source.lower())
        here = (home.location if home is not None else "") or "global"
        if normalized(here) == place and kind in (None, sources.type_of(source)):
            found.append(EventSubscriptions().shown(row.copy(), call))
    return {"value": found}


def topic_types(call: Call) -> Body:  # noqa: ARG001
    """The kinds of sources that there are."""
    return {"value": [_topic_type(name) for name in sources.TOPIC_TYPES]}


def _topic_type(name: str) -> Body:
    title, kind = sources.TOPIC_TYPES[name]
    regional = kind not in ("microsoft.resources/subscriptions", "microsoft.resources/resourcegroups")
    return {
        "id": f"providers/Microsoft.EventGrid/topicTypes/{name}",
        "name": name,
        "type": "Microsoft.EventGrid/topicTypes",
        "properties": {
            "provider": name.rpartition(".")[0],
            "displayName": title,
            "description": f"{title} service events.",
            "resourceRegionType": "RegionalResource" if regional else "GlobalResource",
            "provisioningState": "Succeeded",
        },
    }


_HERE = "/subscriptions/{subscription}/providers/Microsoft.EventGrid/locations/{location}"
ENDPOINTS = [
    Endpoint("GET", f"{_HERE}/eventSubscriptions", at_location),
    Endpoint("GET", f"{_HERE}/topicTypes/{{kind}}/eventSubscriptions", at_location),
    Endpoint("GET", "/providers/Microsoft.EventGrid/topicTypes", topic_types),
]
