"""Webhooks, replications, cache rules and credential sets, agent pools, tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.container_registry.base import (
    CREATED,
    REGISTRY,
    UPDATED,
    Child,
    is_premium,
    moment,
    need_premium,
    registry_of,
)
from azlabs.simulator.providers.container_registry.registries import LIMITS
from azlabs.simulator.resource_manager import locations
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, InUse, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write

_NAME = NameRule(r"[a-zA-Z0-9]{5,50}", "InvalidResourceName", "The name {name} is not valid.")
ACTIONS = ("push", "delete", "quarantine", "chart_push", "chart_delete")


class Webhooks(Child):
    """A request that the registry sends when something happens in it."""

    type = f"{REGISTRY}/webhooks"
    located = tagged = True
    name_rule = _NAME
    deletes = Announce(200, body=False)
    secret = ("properties.serviceUri", "properties.customHeaders")
    defaults = {"tags": {}, "properties": {"status": "enabled", "scope": ""}}
    choices = {"properties.status": ("enabled", "disabled")}
    required = ("properties.actions",)

    def validate(self, write: Write) -> None:
        """A URL to call, and as many hooks as the SKU has."""
        if not (write.hidden.get("properties") or {}).get("serviceUri"):
            refuse("MissingServiceUri", "The service URI of a webhook is required.")
        for one in write.get("properties.actions"):
            if str(one).lower() not in ACTIONS:
                refuse("InvalidParameter", f"The action '{one}' of a webhook is not one of {', '.join(ACTIONS)}.")
        registry = registry_of(write, write.key)
        if write.created and registry is not None:
            limit = LIMITS[registry.body["sku"]["name"]][1]
            if len(write.store.at_scope(registry.key, self.key)) >= limit:
                refuse("WebhookLimitExceeded", f"The registry {registry.name} has {limit} webhooks at most.", status=409)

    @action("getCallbackConfig")
    def callback(self, call: Call, body: Body) -> Body:
        """Where it calls, with which headers."""
        row = call.store.get(body["id"].lower())
        hidden = row.hidden.get("properties") or {} if row is not None else {}
        return {"serviceUri": hidden.get("serviceUri"), "customHeaders": hidden.get("customHeaders") or {}}

    @action("ping")
    def ping(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Note a call; nothing leaves the simulator."""
        import uuid

        return {"id": str(uuid.uuid4())}

    @action("listEvents")
    def events(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Calls are not kept."""
        raise not_modelled(f"{self.type}/listEvents")


class Replications(Child):
    """The registry's images in another region."""

    type = f"{REGISTRY}/replications"
    located = tagged = True
    name_rule = _NAME
    creates, updates, patched = CREATED, UPDATED, UPDATED
    defaults = {"tags": {}, "properties": {"regionEndpointEnabled": True, "zoneRedundancy": "Disabled"}}
    choices = {"properties.zoneRedundancy": ("Enabled", "Disabled")}

    def fill(self, write: Write) -> None:
        """Ready at once."""
        write.put("properties.status", {"displayStatus": "Ready", "timestamp": moment(write.now)})

    def validate(self, write: Write) -> None:
        """Premium only, one per region."""
        need_premium(write, "geo-replication")
        registry = registry_of(write, write.key)
        place = locations.normalized(write.location)
        rows = write.store.at_scope(registry.key, self.key) if registry is not None else []
        if any(row.key != write.key and locations.normalized(row.location) == place for row in rows):
            refuse("ReplicationAlreadyExists", f"The registry is replicated to {place} already.", status=409)

    def accepted(self, write: Write, shown: Body) -> None:
        """Not ready in the first answer."""
        if write.created:
            shown["properties"]["status"].pop("displayStatus", None)


class CredentialSets(Child):
    """Credentials of another registry, as secrets in a vault."""

    type = f"{REGISTRY}/credentialSets"
    members = frozenset({"identity"})
    name_rule = NameRule(r"[a-zA-Z0-9][a-zA-Z0-9-]{3,48}[a-zA-Z0-9]", "InvalidResourceName", "The name {name} is not valid.")
    creates, updates, patched = CREATED, UPDATED, UPDATED
    dated = True
    required = ("properties.loginServer", "properties.authCredentials")
    in_use = InUse("CredentialSetInUse", "The credential set {name} is used by the cache rule {user}.", 409)

    def fill(self, write: Write) -> None:
        """Credentials that are healthy as long as nobody pulls."""
        super().fill(write)
        for one in write.body["properties"].get("authCredentials") or ():
            one.setdefault("credentialHealth", {"status": "Healthy"})


class CacheRules(Child):
    """A repository elsewhere whose images the registry keeps."""

    type = f"{REGISTRY}/cacheRules"
    name_rule = CredentialSets.name_rule
    creates, updates, patched = CREATED, UPDATED, UPDATED
    dated = True
    required = ("properties.sourceRepository", "properties.targetRepository")
    references = (
        Reference(
            "properties.credentialSetResourceId", CredentialSets.type, "CredentialSetNotFound", "The credential set {id} was not found."
        ),
    )

    def validate(self, write: Write) -> None:
        """One rule per target."""
        target = str(write.get("properties.targetRepository"))
        for row in write.store.at_scope(write.key.rpartition("/cacherules/")[0], self.key):
            if row.key != write.key and row.body["properties"]["targetRepository"] == target:
                refuse("CacheRuleAlreadyExists", f"There is a cache rule for the repository '{target}' already.", status=409)


class AgentPools(Child):
    """Machines that run tasks."""

    type = f"{REGISTRY}/agentPools"
    located = tagged = True
    creates, updates, patched = CREATED, UPDATED, UPDATED
    defaults = {"properties": {"count": 1, "tier": "S1", "os": "Linux"}}
    choices = {"properties.tier": ("S1", "S2", "S3", "I6"), "properties.os": ("Linux", "Windows")}

    def validate(self, write: Write) -> None:
        """Premium only."""
        need_premium(write, "agent pools")

    @action("listQueueStatus")
    def queue(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Runs that wait: none."""
        return {"count": 0}


class Tasks(Child):
    """Steps that build images: kept, never run."""

    type = f"{REGISTRY}/tasks"
    located = tagged = True
    members = frozenset({"identity"})
    deletes = Announce(200, body=False)
    dated = True
    secret = ("properties.credentials",)
    defaults = {
        "tags": {},
        "properties": {
            "status": "Enabled", "platform": {"os": "Linux", "architecture": "amd64"}, "agentConfiguration": {"cpu": 2},
            "timeout": 3600, "isSystemTask": False,
        },
    }  # fmt: skip
    choices = {"properties.status": ("Enabled", "Disabled"), "properties.platform.os": ("Linux", "Windows")}

    def validate(self, write: Write) -> None:
        """A task has steps, or is the registry's own."""
        if not write.get("properties.isSystemTask") and not isinstance(write.get("properties.step"), dict):
            refuse("InvalidTaskRequest", "The step of a task is required.")
        agent = write.get("properties.agentPoolName")
        registry = registry_of(write, write.key)
        if agent and (not is_premium(registry) or write.find(f"{write.id.rpartition('/tasks/')[0]}/agentPools/{agent}") is None):
            refuse("AgentPoolNotFound", f"The agent pool '{agent}' was not found.", status=404)

    @action("listDetails")
    def details(self, call: Call, body: Body) -> Body:
        """With the credentials' names."""
        row = call.store.get(body["id"].lower())
        hidden = row.hidden.get("properties") or {} if row is not None else {}
        return {**body, "properties": {**body["properties"], "credentials": hidden.get("credentials")}}


class Runs(Child):
    """What was built: nothing, since nothing builds here."""

    type = f"{REGISTRY}/runs"
    methods = frozenset({"GET"})


