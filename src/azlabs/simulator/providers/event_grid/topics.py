"""Topics, domains with their topics, partner namespaces: where events are sent to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.providers.event_grid.base import (
    ASYNC,
    BOTH,
    Body,
    GridType,
    bad,
    new_keys,
    only_sent,
    renew_key,
    stored_keys,
)
from azlabs.simulator.resource_manager import registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

TOPIC, DOMAIN = "Microsoft.EventGrid/topics", "Microsoft.EventGrid/domains"
PARTNER, REGISTRATION = "Microsoft.EventGrid/partnerNamespaces", "Microsoft.EventGrid/partnerRegistrations"
SCHEMAS = ("EventGridSchema", "CustomEventSchema", "CloudEventSchemaV1_0", "CloudEventV01Schema")
GROUPS = {"topics": "topic", "domains": "domain", "partnerNamespaces": "partnerNamespace"}
"""What private endpoints can stand for, by type."""


class Receiver(GridType):
    """Something with an endpoint and two keys, that may be closed to the network."""

    defaults = {"properties": {"publicNetworkAccess": "Enabled", "disableLocalAuth": False}}
    choices = {
        "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
        "properties.inputSchema": SCHEMAS,
        "properties.minimumTlsVersionAllowed": ("1.0", "1.1", "1.2"),
    }
    read_only = ("properties.endpoint", "properties.metricResourceId", "properties.privateEndpointConnections")
    guid: ClassVar[str | None] = "properties.metricResourceId"
    members_since: ClassVar[dict[str, str]] = {
        "properties.metricResourceId": "2020-04-01-preview",
        "properties.publicNetworkAccess": "2020-06-01",
        "properties.disableLocalAuth": "2021-06-01-preview",
        "properties.dataResidencyBoundary": "2021-10-15-preview",
        "identity": "2021-06-01-preview",
        "sku": "2020-10-15-preview",
        "kind": "2020-10-15-preview",
    }
    first: ClassVar[tuple[str, ...]] = ("endpoint",)
    """Members of the properties that the first answer has although nobody sent them."""
    lowest_tls: ClassVar[str] = "1.0"
    """The TLS version that the first answer shows when none was asked for; "": none."""

    def fill(self, write: Write) -> None:
        """Endpoint, keys, addresses."""
        mine = write.body["properties"]
        if write.before is None:
            write.hidden["keys"] = new_keys()
        old = write.old("properties.inputSchema")
        if old is not None and mine.get("inputSchema", old) != old:
            bad("The inputSchema of an existing resource cannot be changed.")
        mine["endpoint"] = f"https://{write.name}.{write.location}-1.eventgrid.azure.net/api/events"
        rules = mine.get("inboundIpRules")
        if not rules:
            mine.pop("inboundIpRules", None)
        for rule in rules or ():
            try:
                ipaddress.ip_network(str(rule.get("ipMask")), strict=False)
            except ValueError:
                bad(f"The IP mask '{rule.get('ipMask')}' is not valid in CIDR form.")
            rule["action"] = "Allow"

    def accepted(self, write: Write, shown: Body) -> None:
        """There is no endpoint yet when something is new."""
        if write.before is None:
            only_sent(write, shown, *self.first)
            shown["properties"]["endpoint"] = None
            if write.api_version >= "2020-06-01" and self.lowest_tls:
                shown["properties"].setdefault("minimumTlsVersionAllowed", self.lowest_tls)

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the private endpoints that name it."""
        connections = registry.find(f"{self.key}/privateendpointconnections")
        found = connections.of(reader, str(body["id"]).lower()) if isinstance(connections, EndpointConnections) else []
        if found:
            body["properties"]["privateEndpointConnections"] = found
        return super().shown(body, reader)

    @action("listKeys")
    def list_keys(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Both keys."""
        return stored_keys(call)

    @action("regenerateKey")
    def regenerate_key(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """A new value for one key."""
        return renew_key(call)


class Topics(Receiver):
    """A custom topic."""

    type = TOPIC
    members = frozenset({"sku", "identity", "kind", "extendedLocation"})
    defaults = {
        "kind": "Azure",
        "sku": {"name": "Basic"},
        "identity": {"type": "None"},
        "properties": {
            "inputSchema": "EventGridSchema",
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "dataResidencyBoundary": "WithinGeopair",
        },
    }


class Domains(Receiver):
    """Many topics behind one endpoint."""

    type = DOMAIN
    members = frozenset({"sku", "identity"})
    defaults = {
        "sku": {"name": "Basic"},
        "identity": {"type": "None"},
        "properties": {
            "inputSchema": "EventGridSchema",
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "autoCreateTopicWithFirstSubscription": True,
            "autoDeleteTopicWithLastSubscription": True,
            "dataResidencyBoundary": "WithinGeopair",
        },
    }
    members_since = {
        **Receiver.members_since,
        "properties.autoCreateTopicWithFirstSubscription": "2021-06-01-preview",
        "properties.autoDeleteTopicWithLastSubscription": "2021-06-01-preview",
    }


class DomainTopics(GridType):
    """One topic of a domain."""

    type = f"{DOMAIN}/topics"
    located = tagged = False
    name_rule = NameRule(r"[^<>*%&:\\?+/]{1,128}", "InvalidRequest", "The topic name '{name}' is not valid.")
    methods = frozenset({"GET", "PUT", "DELETE"})

    def handle(self, call: Call) -> Answer | None:
        """There is nothing to say about a topic: its body may be left out."""
        if call.method == "PUT" and not call.raw:
            call.set_json({})
        return None


class PartnerRegistrations(GridType):
    """Somebody who offers events to others."""

    type = REGISTRATION
    default_location = "global"
    guid = "properties.partnerRegistrationImmutableId"
    defaults = {"properties": {"visibilityState": "Hidden"}}
    creates = updates = patched = Announce(200)


class PartnerNamespaces(Receiver):
    """Where a partner sends events."""

    type = PARTNER
    system_data = True
    guid = None
    lowest_tls = ""
    defaults = {
        "properties": {
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "partnerTopicRoutingMode": "ChannelNameHeader",
        }
    }
    choices = {
        **Receiver.choices,
        "properties.partnerTopicRoutingMode": ("ChannelNameHeader", "SourceEventAttribute"),
    }
    references = (
        Reference(
            "properties.partnerRegistrationFullyQualifiedId",
            REGISTRATION,
            "InvalidRequest",
            "The partner registration '{id}' was not found.",
        ),
    )
    required = ("properties.partnerRegistrationFullyQualifiedId",)
    required_code = ("InvalidRequest", "The required property '{path}' is missing in '{name}'.")
    members_since: ClassVar[dict[str, str]] = {}


class _Connections(EndpointConnections):
    """Private endpoints; a decision is announced with 201."""

    approved = "Auto-approved"
    creates = Announce(201, headers=ASYNC)
    deletes = Announce(202, headers=BOTH, body=False)
    operation_paths = ("operationsStatus", "operationResults")
    operation_body = "brief"
    delete_result = 200
    first_answer = {"privateEndpoint": None, "groupIds": None, "provisioningState": "Updating"}


class TopicConnections(_Connections):
    """Of topics."""

    type = f"{TOPIC}/privateEndpointConnections"


class DomainConnections(_Connections):
    """Of domains."""

    type = f"{DOMAIN}/privateEndpointConnections"


class PartnerConnections(_Connections):
    """Of partner namespaces."""

    type = f"{PARTNER}/privateEndpointConnections"


def link_resources(call: Call) -> Body:
    """What private endpoints can stand for: the resource itself."""
    key = call.path().lower().rpartition("/")[0]
    row = call.store.get(key)
    if row is None:
        raise Refused(404, "ResourceNotFound", f"The resource {call.values['name']} was not found.")
    group = next(word for folder, word in GROUPS.items() if folder.lower() == call.route.lowered[-3])
    return {
        "value": [
            {
                "id": f"{row.id}/privateLinkResources/{group}",
                "name": group,
                "type": f"{row.body['type']}/privateLinkResources",
                "properties": {
                    "groupId": group,
                    "displayName": f"Event Grid {group}",
                    "requiredMembers": [group],
                    "requiredZoneNames": ["privatelink.eventgrid.azure.net"],
                },
            }
        ]
    }


ENDPOINTS = [
    Endpoint(
        "GET",
        f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/Microsoft.EventGrid/{folder}/{{name}}/privateLinkResources",
        link_resources,
    )
    for folder in GROUPS
]
