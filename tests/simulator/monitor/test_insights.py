"""Microsoft.Insights: action groups, alerts, components, diagnostic settings, autoscale, data collection."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.library import Arm

from azlabs.simulator import Simulator

VERSIONS = {
    "actiongroups": "2023-01-01", "metricalerts": "2018-03-01", "activitylogalerts": "2020-10-01", "scheduledqueryrules": "2023-12-01",
    "components": "2020-02-02", "diagnosticsettings": "2021-05-01-preview", "autoscalesettings": "2022-10-01",
    "datacollectionrules": "2023-03-11", "datacollectionruleassociations": "2023-03-11", "datacollectionendpoints": "2023-03-11",
    "webtests": "2022-06-15", "workspaces": "2023-09-01", "networksecuritygroups": "2024-05-01", "metrics": "2018-01-01",
    "metricdefinitions": "2018-01-01", "vaults": "2023-07-01", "diagnosticsettingscategories": "2021-05-01-preview",
}  # fmt: skip


class World:
    def __init__(self) -> None:
        self.arm = Arm(Simulator())
        self.group = self.arm.group()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        kinds = [segment for segment in path.lower().split("?")[0].split("/") if segment in VERSIONS]
        full = path if path.startswith("/") else f"{self.group}/providers/{path}"
        return self.arm(method, full, body, version=VERSIONS[kinds[-1]])

    def put(self, path: str, expect: int = 0, location: str = "", **properties: Any) -> Any:
        body: dict[str, Any] = {"properties": properties}
        if location:
            body["location"] = location
        answer = self.send("PUT", path, body)
        if expect:
            assert answer.status == expect, answer.body
        else:
            assert answer.status in (200, 201), answer.body
        return answer.json()


@pytest.fixture
def world() -> World:
    return World()


def code(document: Any) -> str:
    return str(document["error"]["code"])


def group(world: World) -> str:
    mail = {"name": "ops", "emailAddress": "ops@contoso.com"}
    made = world.put(
        "Microsoft.Insights/actionGroups/ops", location="Global", groupShortName="ops", emailReceivers=[mail]
    )
    return str(made["id"])


def alert(**changes: Any) -> dict[str, Any]:
    one = {"name": "c", "metricName": "Any", "operator": "GreaterThan", "threshold": 1, "timeAggregation": "Total"}
    criteria = {"odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [one]}
    usual = {
        "severity": 2,
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": criteria,
        "scopes": ["/subscriptions/x"],
    }
    return usual | changes


def test_an_action_group_completes_its_receivers(world: World) -> None:
    made = world.arm("GET", group(world), version="2023-01-01").json()["properties"]
    assert made["emailReceivers"][0]["status"] == "Enabled"
    assert (made["enabled"], made["webhookReceivers"], made["eventHubReceivers"]) == (True, [], [])
    path = "Microsoft.Insights/actionGroups/ops/subscribe"
    answer = world.arm("POST", f"{world.group}/providers/{path}", {"receiverName": "nobody"}, version="2023-01-01")
    assert (answer.status, code(answer.json())) == (404, "ReceiverNotFound")
    answer = world.arm("POST", f"{world.group}/providers/{path}", {"receiverName": "ops"}, version="2023-01-01")
    assert (answer.status, code(answer.json())) == (409, "ReceiverAlreadyEnabled")
    long = world.put(
        "Microsoft.Insights/actionGroups/x", expect=400, location="Global", groupShortName="much-too-long-name"
    )
    assert code(long) == "BadRequest"


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": 5},
        {"evaluationFrequency": "PT2M"},
        {"windowSize": "PT1M"},
        {"windowSize": "soon"},
        {"scopes": []},
        {"criteria": {"odata.type": "Something", "allOf": []}},
        {
            "actions": [
                {"actionGroupId": "/subscriptions/a/resourceGroups/b/providers/Microsoft.Insights/actionGroups/none"}
            ]
        },
    ],
)
def test_metric_alerts_that_azure_would_refuse(world: World, wrong: dict[str, Any]) -> None:
    assert code(world.put("Microsoft.Insights/metricAlerts/a", 400, "global", **alert(**wrong))) == "BadRequest"


def test_a_metric_alert_watches_metrics_that_its_resource_has(world: World) -> None:
    vault = f"{world.group}/providers/Microsoft.KeyVault/vaults/v"
    shown = world.put(
        "Microsoft.Insights/metricAlerts/a", location="global", actions=[{"actionGroupId": group(world)}], **alert()
    )
    assert shown["properties"]["enabled"] is True
    refused = world.put("Microsoft.Insights/metricAlerts/b", 400, "global", **alert(scopes=[vault]))
    assert "Couldn't find a metric named Any" in refused["error"]["message"]
    known = alert(scopes=[vault])
    known["criteria"]["allOf"][0]["metricName"] = "ServiceApiHit"
    world.put("Microsoft.Insights/metricAlerts/b", location="global", **known)


def test_activity_log_alerts_need_a_category(world: World) -> None:
    scopes = [world.group]
    parts = [{"field": "category", "equals": "Administrative"}, {"field": "operationName", "equals": "x/write"}]
    made = world.put("Microsoft.Insights/activityLogAlerts/a", 201, "global", scopes=scopes, condition={"allOf": parts})
    assert made["properties"]["actions"] == {"actionGroups": []}
    world.put("Microsoft.Insights/activityLogAlerts/a", 400, "global", scopes=scopes, condition={"allOf": parts[1:]})
    odd = [{"field": "category", "equals": "Gossip"}]
    world.put("Microsoft.Insights/activityLogAlerts/a", 400, "global", scopes=scopes, condition={"allOf": odd})


def test_scheduled_queries_need_a_query_and_times_in_order(world: World) -> None:
    criteria = {
        "allOf": [{"query": "Heartbeat", "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}]
    }
    usual = {
        "severity": 3,
        "evaluationFrequency": "PT5M",
        "windowSize": "PT10M",
        "scopes": [world.group],
        "criteria": criteria,
    }
    made = world.put("Microsoft.Insights/scheduledQueryRules/q", 201, "westeurope", **usual)
    assert (made["kind"], made["properties"]["autoMitigate"]) == ("LogAlert", True)
    world.put("Microsoft.Insights/scheduledQueryRules/q", 400, "westeurope", **(usual | {"windowSize": "PT1M"}))
    world.put(
        "Microsoft.Insights/scheduledQueryRules/q",
        400,
        "westeurope",
        **(usual | {"criteria": {"allOf": [{"query": ""}]}}),
    )


def test_a_component_keeps_its_keys(world: World) -> None:
    path = f"{world.group}/providers/Microsoft.Insights/components/app"
    body = {"location": "westeurope", "kind": "web", "properties": {"Application_Type": "web"}}
    first, again = (world.send("PUT", path, body).json()["properties"] for _ in range(2))
    assert first["InstrumentationKey"] == again["InstrumentationKey"]
    assert f"InstrumentationKey={first['InstrumentationKey']}" in first["ConnectionString"]
    assert (first["AppId"], first["RetentionInDays"]) == (again["AppId"], 90)
    body["properties"]["RetentionInDays"] = 91
    assert world.send("PUT", path, body).status == 400


def nsg(world: World) -> str:
    return str(world.put("Microsoft.Network/networkSecurityGroups/n", location="westeurope")["id"])


def workspace(world: World) -> str:
    return str(world.put("Microsoft.OperationalInsights/workspaces/logs", location="westeurope")["id"])


def test_diagnostic_settings_send_categories_of_the_resource_somewhere(world: World) -> None:
    base = f"{nsg(world)}/providers/Microsoft.Insights"
    logs = [{"category": "NetworkSecurityGroupEvent", "enabled": True}]
    made = world.put(f"{base}/diagnosticSettings/d", workspaceId=workspace(world), logs=logs)
    assert made["properties"]["logs"][0]["retentionPolicy"] == {"enabled": False, "days": 0}
    assert made["id"] == f"{nsg(world)}".lower() + "/providers/microsoft.insights/diagnosticSettings/d"
    assert code(world.put(f"{base}/diagnosticSettings/e", 400, logs=logs)) == "BadRequest"
    odd = [{"category": "Gossip", "enabled": True}]
    assert (
        "Gossip"
        in world.put(f"{base}/diagnosticSettings/e", 400, workspaceId=workspace(world), logs=odd)["error"]["message"]
    )
    assert code(world.put(f"{base}/diagnosticSettings/e", 409, workspaceId=workspace(world), logs=logs)) == "Conflict"
    missing = f"{world.group}/providers/Microsoft.OperationalInsights/workspaces/none"
    assert code(world.put(f"{base}/diagnosticSettings/e", 404, workspaceId=missing, logs=logs)) == "ResourceNotFound"
    listed = world.send("GET", f"{base}/diagnosticSettingsCategories").json()["value"]
    assert [one["name"] for one in listed] == ["NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"]
    world.send("DELETE", f"{world.group}/providers/Microsoft.Network/networkSecurityGroups/n")
    assert world.send("GET", f"{base}/diagnosticSettings/d").status == 404


def rule(**changes: Any) -> dict[str, Any]:
    trigger = {
        "metricName": "Percentage CPU", "metricResourceUri": "/x", "operator": "GreaterThan", "statistic": "Average", "threshold": 75,
        "timeAggregation": "Average", "timeGrain": "PT1M", "timeWindow": "PT5M",
    } | changes  # fmt: skip
    return {
        "metricTrigger": trigger,
        "scaleAction": {"direction": "Increase", "type": "ChangeCount", "value": "1", "cooldown": "PT1M"},
    }


def test_autoscale_settings_keep_numbers_in_order_and_one_per_resource(world: World) -> None:
    def make(name: str, expect: int, least: str, most: str, target: str = "/t", **changes: Any) -> Any:
        profile = {
            "name": "p",
            "capacity": {"minimum": least, "maximum": most, "default": "2"},
            "rules": [rule(**changes)],
        }
        path = f"Microsoft.Insights/autoscaleSettings/{name}"
        return world.put(path, expect, "westeurope", profiles=[profile], targetResourceUri=target, enabled=True)

    made = make("a", 201, "1", "3")["properties"]
    assert made["profiles"][0]["rules"][0]["metricTrigger"]["dividePerInstance"] is False
    assert code(make("a", 400, "3", "4")) == "InvalidCapacity"
    assert code(make("a", 400, "1", "4", timeWindow="PT1M")) == "InvalidRule"
    assert code(make("a", 400, "1", "4", operator="Around")) == "InvalidRule"
    assert code(make("b", 409, "1", "3")) == "ResourceAlreadyHasAutoscaleSetting"
    make("b", 201, "1", "3", target="/other")


def test_data_collection_rules_lead_to_workspaces_and_are_in_use(world: World) -> None:
    place = {"name": "logs", "workspaceResourceId": workspace(world)}
    flows = [{"streams": ["Microsoft-Perf"], "destinations": ["logs"]}]
    path = "Microsoft.Insights/dataCollectionRules/r"
    made = world.put(path, location="westeurope", destinations={"logAnalytics": [place]}, dataFlows=flows)
    assert made["properties"]["destinations"]["logAnalytics"][0]["workspaceId"]
    assert made["properties"]["immutableId"].startswith("dcr-")
    lost = [{"streams": ["Microsoft-Perf"], "destinations": ["nowhere"]}]
    world.put(path, 400, "westeurope", destinations={"logAnalytics": [place]}, dataFlows=lost)
    link = f"{nsg(world)}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a"
    world.put(link, dataCollectionRuleId=made["id"])
    assert world.send("DELETE", f"{world.group}/providers/{path}").status == 409
    world.send("DELETE", link)
    assert world.send("DELETE", f"{world.group}/providers/{path}").status == 200


def test_hidden_tags_may_hold_an_id(world: World) -> None:
    body = {
        "location": "westeurope",
        "tags": {"hidden-link:/subscriptions/a/components/b": "Resource"},
        "properties": {"SyntheticMonitorId": "t", "Name": "t", "Kind": "standard", "Frequency": 300},
    }
    path = f"{world.group}/providers/Microsoft.Insights/webtests/t"
    assert world.send("PUT", path, body).status == 200
    body["tags"] = {"a/b": "x"}
    assert world.send("PUT", path, body).status == 400


def test_metrics_are_known_by_name_and_never_measured(world: World) -> None:
    from azlabs.simulator import TENANT_ID

    vault = f"{world.group}/providers/Microsoft.KeyVault/vaults/metered"
    world.put(vault, location="westeurope", tenantId=TENANT_ID, sku={"family": "A", "name": "standard"})
    base = f"{vault}/providers/Microsoft.Insights"
    names = [one["name"]["value"] for one in world.send("GET", f"{base}/metricDefinitions").json()["value"]]
    assert "ServiceApiHit" in names
    answer = world.arm("GET", f"{base}/metrics?metricnames=ServiceApiHit&api-version=2018-01-01")
    assert answer.json()["value"][0]["timeseries"] == []
    wrong = world.arm("GET", f"{base}/metrics?metricnames=Gossip&api-version=2018-01-01")
    assert (wrong.status, code(wrong.json())) == (400, "BadRequest")
    other = world.arm("GET", f"{nsg(world)}/providers/Microsoft.Insights/metrics?api-version=2018-01-01")
    assert (other.status, code(other.json())) == (501, "NotModelledBySimulator")
