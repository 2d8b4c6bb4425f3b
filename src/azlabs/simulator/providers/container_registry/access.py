"""Scope maps, tokens and their passwords, connected registries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlabs.simulator.http import dumps
from azlabs.simulator.providers.container_registry.base import (
    CREATED,
    REGISTRY,
    SLOW,
    UPDATED,
    Child,
    moment,
    need_premium,
    password,
    registry_of,
)
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, InUse, NameRule, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write

NAME = NameRule(r"[a-zA-Z0-9][a-zA-Z0-9-]{3,48}[a-zA-Z0-9]", "InvalidResourceName", "The name {name} is not valid.")
_ACTION = re.compile(
    r"repositories/.+/(content|metadata)/(read|write|delete)|gateway/[^/]+/(config|message)/(read|write)", re.I
)


class ScopeMaps(Child):
    """What a token may do, repository by repository."""

    type = f"{REGISTRY}/scopeMaps"
    name_rule = NAME
    dated = True
    patched = Announce(201, "Updating", headers=SLOW, polls=1)
    operation_waiting = ("Updating",)
    read_only = ("properties.type",)
    required = ("properties.actions",)
    in_use = InUse("ScopeMapInUse", "The scope map {name} is used by the token {user}.", 409)

    def validate(self, write: Write) -> None:
        """Actions on repositories, or on connected registries."""
        write.put("properties.type", "UserDefined")
        actions = write.get("properties.actions")
        if not isinstance(actions, list):
            refuse("InvalidParameter", "The actions of a scope map are a list.")
        for one in actions:
            if _ACTION.fullmatch(str(one)) is None:
                refuse("InvalidScopeMapAction", f"The action '{one}' is not valid in a scope map.")


class Tokens(Child):
    """A name with passwords that may do what a scope map says."""

    type = f"{REGISTRY}/tokens"
    name_rule = NAME
    dated = True
    creates, updates, patched = CREATED, UPDATED, UPDATED
    defaults = {"properties": {"credentials": {"passwords": []}, "status": "enabled"}}
    choices = {"properties.status": ("enabled", "disabled")}
    required = ("properties.scopeMapId",)
    references = (Reference("properties.scopeMapId", ScopeMaps.type, "ScopeMapNotFound", "The scope map {id} was not found."),)
    in_use = InUse("TokenInUse", "The token {name} is used by {user}.", 409)


def generate(call: Call, registry: Body) -> Body:
    """New passwords of a token: the one that is named, or both. Shown this once."""
    asked = call.json()
    row = call.store.get(str(asked.get("tokenId", "")).lower())
    if row is None or not row.key.startswith(f"{registry['id'].lower()}/tokens/"):
        refuse("TokenNotFound", f"The token '{asked.get('tokenId')}' was not found.", status=404)
    wanted = [asked["name"]] if asked.get("name") else ["password1", "password2"]
    if any(name not in ("password1", "password2") for name in wanted):
        refuse("InvalidParameter", f"The password name '{wanted[0]}' is not one of password1, password2.")
    made = [{"creationTime": moment(call.now), "name": name, "value": password()} for name in wanted]
    if asked.get("expiry"):
        made = [{**one, "expiry": asked["expiry"]} for one in made]
    body = row.copy()
    kept = [one for one in body["properties"]["credentials"]["passwords"] if one["name"] not in wanted]
    shown = kept + [{name: value for name, value in one.items() if name != "value"} for one in made]
    body["properties"]["credentials"]["passwords"] = sorted(shown, key=lambda one: str(one["name"]))
    row.body = body
    row.hidden_text = dumps({**row.hidden, **{one["name"]: one["value"] for one in made}})
    call.store.update(row)
    return {"username": row.name, "passwords": made}


class ConnectedRegistries(Child):
    """A registry on other premises that follows this one."""

    type = f"{REGISTRY}/connectedRegistries"
    name_rule = NAME
    deletes = Announce(200, body=False)
    choices = {"properties.mode": ("ReadWrite", "ReadOnly", "Registry", "Mirror")}
    required = ("properties.mode", "properties.parent.syncProperties.tokenId")
    references = (
        Reference("properties.parent.syncProperties.tokenId", Tokens.type, "TokenNotFound", "The token {id} was not found."),
        Reference("properties.clientTokenIds[*]", Tokens.type, "TokenNotFound", "The token {id} was not found."),
    )
    defaults = {
        "properties": {
            "connectionState": "Offline", "activation": {"status": "Inactive"}, "loginServer": {"tls": {"certificate": {}}},
            "logging": {"logLevel": "Information", "auditLogStatus": "Disabled"},
        }
    }  # fmt: skip

    def fill(self, write: Write) -> None:
        """A change names the synchronisation directly; the gateway is the registry's data endpoint."""
        mine = write.body["properties"]
        parent = mine.setdefault("parent", {})
        changed = mine.pop("syncProperties", None)
        if isinstance(changed, dict):
            parent["syncProperties"] = {**(parent.get("syncProperties") or {}), **changed}
        registry = registry_of(write, write.key)
        if registry is not None:
            parent["syncProperties"]["gatewayEndpoint"] = f"{registry.name.lower()}.{registry.location}.data.azurecr.io"

    def validate(self, write: Write) -> None:
        """Needs Premium and dedicated data endpoints."""
        need_premium(write, "connected registries")
        registry = registry_of(write, write.key)
        if registry is not None and not registry.body["properties"]["dataEndpointEnabled"]:
            refuse(
                "DataEndpointDisabled", f"The registry {registry.name} has to have dedicated data endpoints for connected registries."
            )
