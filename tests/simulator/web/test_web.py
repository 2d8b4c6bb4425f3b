"""Plans, sites, slots, their settings, static sites."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..clients import client
from ..container_apps.test_container_apps import pfx
from ..library import Arm, code

VERSION = "2023-12-01"


class Web:
    """Requests to Microsoft.Web in a group with a Standard plan and a site."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.group = arm, arm.group()
        self.root = f"{self.group}/providers/Microsoft.Web"
        self.plan = f"{self.root}/serverfarms/plan"
        self.site = f"{self.root}/sites/shop"
        assert self("PUT", self.plan, {"location": "westeurope", "sku": {"name": "S1"}}).status == 200
        assert self.make(self.site).status == 200

    def __call__(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Answer:
        return self.arm(method, path, body, version=version)

    def make(self, path: str, **properties: Any) -> Answer:
        return self("PUT", path, {"location": "westeurope", "properties": {"serverFarmId": self.plan, **properties}})

    def settings(self, path: str, kind: str = "appsettings") -> dict[str, Any]:
        found: dict[str, Any] = self("POST", f"{path}/config/{kind}/list").json()["properties"]
        return found


@pytest.fixture
def web(arm: Arm) -> Web:
    return Web(arm)


def test_the_sku_decides_what_a_plan_is(web: Web) -> None:
    free = web(
        "PUT", f"{web.root}/serverfarms/free", {"location": "westeurope", "sku": {"name": "F1", "capacity": 3}}
    ).json()
    assert free["sku"] == {"name": "F1", "tier": "Free", "size": "F1", "family": "F", "capacity": 0}
    assert free["properties"]["siteMode"] == "Limited"
    shown = web("GET", web.plan).json()
    assert (shown["location"], shown["properties"]["numberOfSites"], shown["properties"]["maximumNumberOfWorkers"]) == (
        "West Europe",
        1,
        10,
    )


@pytest.mark.parametrize("sku", [{"name": "X9"}, {"name": "B1", "capacity": 4}])
def test_a_plan_with_an_impossible_sku_is_refused(web: Web, sku: dict[str, Any]) -> None:
    assert web("PUT", f"{web.root}/serverfarms/other", {"location": "westeurope", "sku": sku}).status == 400


def test_a_plan_with_sites_stays(web: Web) -> None:
    refused = web("DELETE", web.plan)
    assert (refused.status, code(refused)) == (409, "Conflict")
    assert web("DELETE", web.site).status == 200
    assert web("DELETE", web.plan).status == 200


def test_a_site_needs_a_plan_that_is_there(web: Web) -> None:
    refused = web(
        "PUT", f"{web.root}/sites/other", {"location": "westeurope", "properties": {"serverFarmId": f"{web.plan}x"}}
    )
    assert (refused.status, code(refused)) == (404, "NotFound")


def test_site_names_are_unique_in_the_world(web: Web) -> None:
    other = web.arm.group("rg2")
    body = {"location": "westeurope", "properties": {"serverFarmId": web.plan}}
    assert code(web("PUT", f"{other}/providers/Microsoft.Web/sites/SHOP", body)) == "Conflict"
    check = web(
        "POST",
        f"{web.group.rpartition('/resourceGroups')[0]}/providers/Microsoft.Web/checknameavailability",
        {"name": "shop", "type": "Site"},
    )
    assert check.json()["nameAvailable"] is False


def test_settings_inside_a_site_become_settings_of_their_own(web: Web) -> None:
    web.make(web.site, siteConfig={"appSettings": [{"name": "A", "value": 1}], "alwaysOn": True})
    assert web.settings(web.site) == {"A": "1"}
    assert web("GET", f"{web.site}/config/web").json()["properties"]["alwaysOn"] is True
    assert web("GET", web.site).json()["properties"]["siteConfig"]["alwaysOn"] is True


def test_settings_with_secrets_are_only_listed(web: Web) -> None:
    assert web("PUT", f"{web.site}/config/appsettings", {"properties": {"A": "x"}}).json()["properties"] == {"A": "x"}
    assert web("GET", f"{web.site}/config/appsettings").status == 405
    assert web("PUT", f"{web.site}/config/nonsense", {"properties": {}}).status == 404


def test_a_free_plan_has_no_always_on_and_no_slots(web: Web) -> None:
    free = f"{web.root}/serverfarms/free"
    web("PUT", free, {"location": "westeurope", "sku": {"name": "F1"}})
    assert code(web.make(f"{web.root}/sites/poor", serverFarmId=free, siteConfig={"alwaysOn": True})) == "Conflict"
    web.make(f"{web.root}/sites/poor", serverFarmId=free)
    assert code(web("PATCH", f"{web.root}/sites/poor/config/web", {"properties": {"alwaysOn": True}})) == "Conflict"
    assert (
        code(web("PUT", f"{web.root}/sites/poor/slots/two", {"location": "westeurope", "properties": {}})) == "Conflict"
    )


def test_a_swap_moves_settings_but_those_bound_to_a_slot(web: Web) -> None:
    slot = f"{web.site}/slots/staging"
    assert web("PUT", slot, {"location": "westeurope", "properties": {}}).json()["name"] == "shop/staging"
    web("PUT", f"{web.site}/config/slotConfigNames", {"properties": {"appSettingNames": ["STAGE"]}})
    web("PUT", f"{web.site}/config/appsettings", {"properties": {"COLOUR": "red", "STAGE": "production"}})
    web("PUT", f"{slot}/config/appsettings", {"properties": {"COLOUR": "blue", "STAGE": "staging"}})
    assert web("POST", f"{web.site}/slotsswap", {"targetSlot": "staging", "preserveVnet": True}).status == 202
    assert web.settings(web.site) == {"COLOUR": "blue", "STAGE": "production"}
    assert web.settings(slot) == {"COLOUR": "red", "STAGE": "staging"}


def test_one_access_restriction_shuts_out_everybody_else(web: Web) -> None:
    rule = {"ipAddress": "10.0.0.0/24", "action": "Allow", "priority": 100, "name": "office"}
    rules = web("PATCH", f"{web.site}/config/web", {"properties": {"ipSecurityRestrictions": [rule]}}).json()[
        "properties"
    ]
    assert [(one["name"], one["action"]) for one in rules["ipSecurityRestrictions"]] == [
        ("office", "Allow"),
        ("Deny all", "Deny"),
    ]
    opened = web("PATCH", f"{web.site}/config/web", {"properties": {"ipSecurityRestrictions": []}}).json()["properties"]
    assert opened["ipSecurityRestrictions"][0]["name"] == "Allow all"


def test_stopping_and_starting_is_remembered(web: Web) -> None:
    web("POST", f"{web.site}/stop")
    assert web("GET", web.site).json()["properties"]["state"] == "Stopped"
    web("POST", f"{web.site}/start")
    assert web("GET", web.site).json()["properties"]["state"] == "Running"


def test_a_site_joins_a_network_and_leaves_it(web: Web) -> None:
    network = f"{web.group}/providers/Microsoft.Network/virtualNetworks/net"
    subnets = [{"name": "apps", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    web.arm(
        "PUT",
        network,
        {
            "location": "westeurope",
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets},
        },
        version="2024-05-01",
    )
    joined = web(
        "PUT",
        f"{web.site}/networkConfig/virtualNetwork",
        {"properties": {"subnetResourceId": f"{network}/subnets/apps"}},
    )
    assert joined.status == 200
    assert len(web("GET", f"{web.site}/virtualNetworkConnections").json()) == 1
    assert web("DELETE", f"{web.site}/networkConfig/virtualNetwork").status == 200
    assert web("GET", f"{web.site}/virtualNetworkConnections").json() == []


def test_only_who_owns_a_name_may_bind_it(web: Web) -> None:
    binding = f"{web.site}/hostNameBindings/www.contoso.com"
    assert code(web("PUT", binding, {"properties": {}})) == "BadRequest"
    zone = f"{web.group}/providers/Microsoft.Network/dnsZones/contoso.com"
    web.arm("PUT", zone, {"location": "global"}, version="2018-05-01")
    record = {"properties": {"TTL": 60, "CNAMERecord": {"cname": "shop.azurewebsites.net"}}}
    assert web.arm("PUT", f"{zone}/CNAME/www", record, version="2018-05-01").status == 201
    assert web("PUT", binding, {"properties": {}}).status == 200
    assert "www.contoso.com" in web("GET", web.site).json()["properties"]["hostNames"]


def test_certificates_are_read_and_others_refused_by_name(web: Web) -> None:
    path = f"{web.root}/certificates/cert"
    wrong = web("PUT", path, {"location": "westeurope", "properties": {"pfxBlob": "bm8=", "password": "x"}})
    assert code(wrong) == "CertificateInvalid"
    vault = {"location": "westeurope", "properties": {"keyVaultId": "/x", "keyVaultSecretName": "y"}}
    assert code(web("PUT", path, vault)) == "NotModelledBySimulator"
    made = web("PUT", path, {"location": "westeurope", "properties": {"pfxBlob": pfx("a.com"), "password": "pw"}})
    assert made.json()["properties"]["hostNames"] == ["a.com"]


def test_what_is_not_modelled_is_refused_by_name(web: Web) -> None:
    assert code(web("POST", f"{web.site}/backup", {"properties": {}})) == "NotModelledBySimulator"


def test_a_static_site_keeps_its_settings_apart(web: Web) -> None:
    site = f"{web.root}/staticSites/pages"
    web("PUT", site, {"location": "westeurope", "sku": {"name": "Free"}, "properties": {}})
    web("PUT", f"{site}/config/appsettings", {"properties": {"A": "1"}})
    assert web("POST", f"{site}/listAppSettings").json()["properties"] == {"A": "1"}
    backend = {"properties": {"backendResourceId": web.site, "region": "westeurope"}}
    assert code(web("PUT", f"{site}/builds/default/linkedBackends/api", backend)) == "BadRequest"


def test_the_real_sdk_makes_a_function_app(web: Web) -> None:
    from azure.mgmt.web import WebSiteManagementClient

    sdk = client(WebSiteManagementClient, web.arm.simulator)
    site = {"location": "westeurope", "kind": "functionapp", "properties": {"serverFarmId": web.plan}}
    made = sdk.web_apps.begin_create_or_update("rg", "fun", site).result()
    assert made.default_host_name == "fun.azurewebsites.net"
    assert sdk.web_apps.list_host_keys("rg", "fun").master_key
    sdk.web_apps.delete("rg", "fun")
    assert [one.name for one in sdk.web_apps.list_by_resource_group("rg")] == ["shop"]
