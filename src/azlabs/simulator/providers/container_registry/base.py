"""What the types of Microsoft.ContainerRegistry have in common."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Reader, Write

REGISTRY = "Microsoft.ContainerRegistry/registries"
REGISTRY_KEY = REGISTRY.lower()
SLOW = ("azure-asyncoperation",)


def moment(now: float) -> str:
    """A time as registries write it, with its offset."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"


def password() -> str:
    """A password that Azure makes up."""
    return secrets.token_urlsafe(39)


def registry_of(reader: Reader, key: str) -> Resource | None:
    """The registry that something belongs to, by the key of either."""
    return reader.store.get("/".join(key.split("/")[:9]))


def is_premium(registry: Resource | None) -> bool:
    """Does a registry have the features of Premium?"""
    return registry is not None and registry.body["sku"]["name"] == "Premium"


def need_premium(write: Write, feature: str) -> None:
    """Refuse what only Premium registries have."""
    registry = registry_of(write, write.key)
    if not is_premium(registry):
        name, sku = (registry.name, registry.body["sku"]["name"]) if registry is not None else ("", "")
        refuse(
            "FeatureNotSupported",
            f"The registry {name} with the SKU {sku} does not support {feature}; the SKU Premium does.",
            status=409,
        )


class Child(ResourceType):
    """Something of a registry. Written at once unless it says otherwise."""

    located = tagged = False
    system_data = True
    operation_paths = ("operationStatuses", "operationResults")
    operation_body = "status"
    delete_result = 200
    creates = updates = patched = Announce(200)
    deletes = Announce(202, headers=("location",), body=False, polls=1)
    not_found = ("ResourceNotFound", "The resource {name} could not be found.")
    dated: ClassVar[bool] = False
    """Shows when it was made."""

    def fill(self, write: Write) -> None:
        """When it was made."""
        if self.dated:
            mine: Body = write.body.setdefault("properties", {})
            mine["creationDate"] = write.old("properties.creationDate") or moment(write.now)


CREATED = Announce(201, "Creating", headers=SLOW)
UPDATED = Announce(201, "Updating", headers=SLOW)
