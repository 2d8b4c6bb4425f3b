"""Where a deployment runs: the tenant, management group, subscription or resource group, and what it knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["resourceGroup", "subscription", "managementGroup", "tenant"]
NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Scope:
    """The scope of a deployment and what the functions of scopes answer in it.

    `group`, `subscription` and `tenant` are the bodies of these resources as Azure answers them, as far as
    known; `location` is the deployment's own (empty in a resource group); `deployment` the members that
    `deployment().properties` shows.
    """

    kind: Kind = "resourceGroup"
    subscription_id: str = ""
    resource_group: str = ""
    management_group: str = ""
    tenant_id: str = NO_ID
    deployment_name: str = "deployment"
    location: str = ""
    group: Mapping[str, Any] = field(default_factory=dict)
    subscription: Mapping[str, Any] = field(default_factory=dict)
    tenant: Mapping[str, Any] = field(default_factory=dict)
    deployment: Mapping[str, Any] = field(default_factory=dict)
    deployer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the scope: "/" for the tenant."""
        if self.kind == "resourceGroup":
            return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        if self.kind == "subscription":
            return f"/subscriptions/{self.subscription_id}"
        if self.kind == "managementGroup":
            return f"/providers/Microsoft.Management/managementGroups/{self.management_group}"
        return "/"

    @property
    def deployment_id(self) -> str:
        """The id of the deployment itself."""
        return f"{self.id.rstrip('/')}/providers/Microsoft.Resources/deployments/{self.deployment_name}"

    def at(self, scope_id: str) -> Scope:
        """This scope moved to another tenant, management group, subscription or group; what is not known is empty."""
        from azlabs.arm.ids import ResourceId

        target = ResourceId.parse(scope_id)
        kind = target.type.lower()
        if kind == "microsoft.resources/resourcegroups":
            same = target.key == self.id.lower()
            return replace(
                self, kind="resourceGroup", subscription_id=target.subscription or "", resource_group=target.name,
                management_group="", group=self.group if same else {},
            )  # fmt: skip
        if kind == "microsoft.resources/subscriptions":
            return replace(self, kind="subscription", subscription_id=target.name, resource_group="",
                           management_group="", group={})  # fmt: skip
        if kind == "microsoft.management/managementgroups":
            return replace(self, kind="managementGroup", management_group=target.name, subscription_id="",
                           resource_group="", group={})  # fmt: skip
        if kind == "microsoft.resources/tenants":
            return replace(self, kind="tenant", management_group="", subscription_id="", resource_group="", group={})
        raise ValueError(f"'{scope_id}' is not a scope that a deployment can have.")

    @classmethod
    def of_context(cls, context: Mapping[str, Any]) -> Scope:
        """The scope that the members of an `evaluate` context describe."""
        kind: Kind = "resourceGroup"
        if not context.get("resourceGroup"):
            kind = "subscription" if context.get("subscriptionId") else "tenant"
            if kind == "tenant" and context.get("managementGroup"):
                kind = "managementGroup"
        location = str(context.get("location", ""))
        return cls(
            kind=kind,
            subscription_id=str(context.get("subscriptionId", "")),
            resource_group=str(context.get("resourceGroup", "")),
            management_group=str(context.get("managementGroup", "")),
            tenant_id=str(context.get("tenantId", NO_ID)),
            deployment_name=str(context.get("deploymentName", "deployment")),
            location=location,
            group={"location": location} if location else {},
        )
