"""Requests to Microsoft.Web that are not about one resource: free names, regions, stacks."""

from __future__ import annotations

import copy
import functools
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.web.base import PLAN, SITE_KEY, SLOT_KEY, WebType
from azlabs.simulator.providers.web.plans import TIERS
from azlabs.simulator.providers.web.shown import host_name
from azlabs.simulator.resource_manager import locations
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?")
OFFERED = (
    "PUBLIC;MSFTPUBLIC;FUNCTIONS;DYNAMIC;LINUX;DSERIES;LINUXDSERIES;ELASTICPREMIUM;ELASTICLINUX;LINUXDYNAMIC;WINDOWSV3;LINUXV3;"
    "MANAGEDAPP"
)
"""Kinds of workers, as a region lists them."""
SITE_KINDS = ("site", "slot", "microsoft.web/sites", "microsoft.web/sites/slots")


class SourceControlTokens(WebType):
    """Tokens that App Service may use at a service for repositories, of who is signed in."""

    type = "Microsoft.Web/sourcecontrols"
    scopes = ("tenant",)
    located = tagged = False
    methods = frozenset({"GET", "PUT"})
    secret = ("properties.token", "properties.tokenSecret", "properties.refreshToken")

    def shown(self, body: Body, reader: Any) -> Body:  # noqa: ARG002
        """Without the token."""
        empty = {"token": None, "tokenSecret": None, "refreshToken": None, "environment": None}
        return {"id": None, "name": body["name"], "type": self.type, "properties": {"name": body["name"], **empty}}

    def accepted(self, write: Any, shown: Body) -> None:
        """The first answer repeats it."""
        shown["properties"]["token"] = write.hidden.get("properties", {}).get("token")


def check_name(call: Call) -> Body:
    """Is a name free in the world?"""
    asked = call.json()
    name, kind = asked.get("name"), str(asked.get("type", "")).lower()
    if not isinstance(name, str) or kind not in (*SITE_KINDS, "hostingenvironment", "microsoft.web/hostingenvironments"):
        refuse("BadRequest", "The parameter name or type has an invalid value.")
    if _NAME.fullmatch(name.replace("/", "-")) is None:
        return {"nameAvailable": False, "reason": "Invalid", "message": f"The name '{name}' is invalid."}
    host = host_name(f"/subscriptions/0/resourceGroups/g/providers/Microsoft.Web/sites/{name}")
    for row in call.store.select("type IN (?,?)", (SITE_KEY, SLOT_KEY)):
        if host_name(row.id) == host:
            message = f"Hostname '{name}' already exists. Please select a different name."
            return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
    return {"nameAvailable": True, "reason": "", "message": ""}


def geo_regions(call: Call) -> Body:
    """Regions that offer a SKU: every one of them."""
    root = f"/subscriptions/{call.route.subscription}/providers/Microsoft.Web/geoRegions"
    found = []
    for order, one in enumerate(locations.regions().values()):
        name = one["displayName"]
        found.append({
            "id": f"{root}/{name}", "name": name, "type": "Microsoft.Web/geoRegions",
            "properties": {
                "name": name, "description": name, "sortOrder": order, "displayName": name,
                "orgDomain": ("ZONEREDUNDANCY;" if one.get("zones") else "") + OFFERED,
                "subDomains": f"{locations.normalized(name)}-01.azurewebsites.net",
            },
        })  # fmt: skip
    return {"value": found, "nextLink": None, "id": None}


@functools.cache
def _stacks() -> dict[str, list[Body]]:
    text = resources.files("azlabs.simulator.providers.web").joinpath("stacks.json").read_text("utf-8")
    found: dict[str, list[Body]] = json.loads(text)
    return found


def web_stacks(call: Call) -> Body:
    """Languages that web apps can be written in."""
    return _stacks_of(call, "webAppStacks")


def function_stacks(call: Call) -> Body:
    """Languages that functions can be written in."""
    return _stacks_of(call, "functionAppStacks")


FLEX = "FC1"
FLEX_PYTHON = ("3.10", "3.11", "3.12")
"""https://learn.microsoft.com/azure/azure-functions/flex-consumption-how-to#view-currently-supported-language-stack-versions"""


def location_stacks(call: Call) -> Body:
    """Languages that functions can be written in, of a region; those of a Flex Consumption plan say so."""
    found = copy.deepcopy(_stacks()["functionAppStacks"])
    name, sku = call.query.get("stack", ""), call.query.get("sku", "")
    if name:
        found = [stack for stack in found if stack["name"].lower() == name.lower()]
    if not sku:
        return {"value": found, "nextLink": None, "id": None}
    if sku.upper() != FLEX or name.lower() != "python":
        raise not_modelled(f"Microsoft.Web/locations/functionAppStacks of '{name}' for the SKU '{sku}'")
    for stack in found:
        for major in stack["properties"]["majorVersions"]:
            major["minorVersions"] = [one for one in major["minorVersions"] if one["value"] in FLEX_PYTHON]
            for one in major["minorVersions"]:
                one["stackSettings"]["linuxRuntimeSettings"]["Sku"] = [_flex(one["value"])]
    return {"value": found, "nextLink": None, "id": None}


def _flex(version: str) -> Body:
    """What a Flex Consumption plan offers for a version of Python."""
    return {
        "skuCode": FLEX,
        "instanceMemoryMB": [{"size": size, "isDefault": size == "2048"} for size in ("512", "2048", "4096")],
        "maximumInstanceCount": {"lowestMaximumInstanceCount": 1, "highestMaximumInstanceCount": 1000, "defaultValue": 100},
        "functionAppConfigProperties": {"runtime": {"name": "python", "version": version}}, "isDefault": True,
    }  # fmt: skip


def _stacks_of(call: Call, name: str) -> Body:
    system = call.query.get("stackostype", "All")
    if system.lower() != "all":
        raise not_modelled(f"Microsoft.Web/{name}?stackOsType={system}")
    return {"value": _stacks()[name], "nextLink": None, "id": None}


def skus(call: Call) -> Body:  # noqa: ARG001
    """SKUs of plans."""
    places = [one["displayName"] for one in locations.regions().values()]
    return {"resourceType": PLAN, "skus": [{"name": f"{tier.family}1", "tier": tier.name, "locations": places} for tier in TIERS.values()]}


_ROOT = "/subscriptions/{subscription}/providers/Microsoft.Web"
ENDPOINTS = [
    Endpoint("POST", f"{_ROOT}/checknameavailability", check_name),
    Endpoint("GET", f"{_ROOT}/geoRegions", geo_regions),
    Endpoint("GET", f"{_ROOT}/skus", skus),
    Endpoint("GET", "/providers/Microsoft.Web/webAppStacks", web_stacks),
    Endpoint("GET", "/providers/Microsoft.Web/functionAppStacks", function_stacks),
    Endpoint("GET", "/providers/Microsoft.Web/locations/{location}/functionAppStacks", location_stacks),
]
