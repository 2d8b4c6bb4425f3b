"""Application Insights components and what belongs to them: web tests, billing plans."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.providers.insights.base import InsightsType, new_etag
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

COMPONENT = "Microsoft.Insights/components"
RETENTIONS = (30, 60, 90, 120, 180, 270, 365, 550, 730)


class Components(InsightsType):
    """An application that sends telemetry."""

    type = COMPONENT
    located = True
    default_location = None
    state = "properties.provisioningState"
    name_rule = NameRule(
        r"[^<>*%&:\\?+/\x00-\x1f]{0,259}[^<>*%&:\\?+/. \x00-\x1f]",
        "InvalidResourceName",
        "Resource name {name} is invalid.",
    )
    members = frozenset({"kind"})
    read_only = tuple(
        f"properties.{name}"
        for name in ("AppId", "ApplicationId", "InstrumentationKey", "ConnectionString", "CreationDate", "Name")
    )
    defaults = {
        "tags": {},
        "properties": {
            "Application_Type": "web", "Flow_Type": None, "Request_Source": None, "SamplingPercentage": None, "RetentionInDays": 90,
            "IngestionMode": "LogAnalytics", "publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled",
        },
    }  # fmt: skip
    required = ("kind",)
    choices = {"properties.Application_Type": ("web", "other")}
    references = (
        Reference(
            "properties.WorkspaceResourceId", code="BadRequest", message="Resource '{id}' not found", must_exist=False
        ),
    )
    creates = Announce(200)

    def fill(self, write: Write) -> None:
        """Keys, addresses, and the workspace that a component without one gets."""
        mine, name = write.body["properties"], write.name
        write.body["etag"] = new_etag()
        if write.created:
            key, app = str(uuid.uuid4()), str(uuid.uuid4())
            region = write.location
            mine |= {
                "ApplicationId": name, "AppId": app, "InstrumentationKey": key, "Name": name,
                "CreationDate": stamp(write.now).rstrip("Z") + "+00:00", "TenantId": TENANT_ID, "Ver": "v2",
                "ConnectionString": f"InstrumentationKey={key};IngestionEndpoint=https://{region}-0.in.applicationinsights.azure.com/;"
                f"LiveEndpoint=https://{region}.livediagnostics.monitor.azure.com/;ApplicationId={app}",
            }  # fmt: skip
        mine["TenantId"], mine["Ver"] = TENANT_ID, "v2"
        managed = f"/subscriptions/{write.subscription}/resourceGroups/ai_{name}_{mine.get('AppId')}_managed/providers"
        mine.setdefault(
            "WorkspaceResourceId",
            write.old(
                "properties.WorkspaceResourceId",
                f"{managed}/Microsoft.OperationalInsights/workspaces/managed-{name}-ws",
            ),
        )

    def validate(self, write: Write) -> None:
        """The days that data may be kept; a workspace that is named is there."""
        days = write.get("properties.RetentionInDays")
        if days not in RETENTIONS:
            write.refuse("BadRequest", f"RetentionInDays has to be one of {', '.join(map(str, RETENTIONS))}.")


class PricingPlans(InsightsType):
    """How a component is billed; there is one plan, `current`."""

    type = f"{COMPONENT}/pricingPlans"
    tagged = False
    defaults = {
        "location": None, "tags": None, "kind": None, "etag": None,
        "properties": {
            "planType": "Basic", "cap": 0.0, "maxHistoryCap": 1000.0, "resetHour": 0, "warningThreshold": 0,
            "stopSendNotificationWhenHitThreshold": False, "stopSendNotificationWhenHitCap": False,
        },
    }  # fmt: skip
    members = frozenset({"kind"})
    choices = {"properties.planType": ("Basic", "Application Insights Enterprise")}
    creates = Announce(200)

    def fill(self, write: Write) -> None:
        """The older names of the same settings."""
        mine = write.body["properties"]
        mine |= {
            "PricingType": mine["planType"], "DataVolumeCap": mine["cap"], "MaxHistoryCap": mine["maxHistoryCap"],
            "ResetHour": mine["resetHour"], "WarningThreshold": mine["warningThreshold"], "IsDreamSpark": False,
            "DisableNotificationWhenHitThreshold": mine["stopSendNotificationWhenHitThreshold"],
            "DisableNotificationWhenHitCap": mine["stopSendNotificationWhenHitCap"],
        }  # fmt: skip

    def validate(self, write: Write) -> None:
        """Only `current` can be written."""
        if write.name.lower() != "current":
            write.refuse(
                "BadRequest", f"The pricing plan '{write.name}' does not exist; the plan of a component is 'current'."
            )


class WebTests(InsightsType):
    """A test that calls an address from places in the world."""

    type = "Microsoft.Insights/webtests"
    located = True
    default_location = None
    state = "properties.provisioningState"
    members = frozenset({"kind"})
    defaults = {
        "kind": None,
        "properties": {
            "Description": None, "Enabled": True, "Frequency": 300, "Timeout": 30, "Kind": "ping", "RetryEnabled": None,
            "Locations": [], "Configuration": None,
        },
    }  # fmt: skip
    required = ("properties.SyntheticMonitorId", "properties.Name")
    choices = {"properties.Kind": ("ping", "multistep", "standard")}
    creates = Announce(200)

    def fill(self, write: Write) -> None:
        """A standard test shows all it could say about its request."""
        write.body["etag"] = new_etag()
        mine = write.body["properties"]
        if isinstance(mine.get("Request"), dict):
            empty = dict.fromkeys(
                ("RequestUrl", "Headers", "HttpVerb", "RequestBody", "ParseDependentRequests", "FollowRedirects")
            )
            mine["Request"] = empty | mine["Request"]
        if isinstance(mine.get("ValidationRules"), dict):
            empty = dict.fromkeys(
                (
                    "ExpectedHttpStatusCode",
                    "IgnoreHttpStatusCode",
                    "ContentValidation",
                    "SSLCheck",
                    "SSLCertRemainingLifetimeCheck",
                )
            )
            mine["ValidationRules"] = empty | mine["ValidationRules"]

    def validate(self, write: Write) -> None:
        """Every five, ten or fifteen minutes; the tag says of which component."""
        if write.get("properties.Frequency") not in (300, 600, 900):
            write.refuse("BadRequest", "The frequency of a web test has to be 300, 600 or 900 seconds.")
