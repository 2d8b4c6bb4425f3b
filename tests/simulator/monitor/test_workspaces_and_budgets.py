"""Microsoft.OperationalInsights and Microsoft.Consumption."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.library import SUBSCRIPTION, Arm, code

from azlabs.simulator import Simulator

LOGS = "2023-09-01"
BUDGETS = "2023-05-01"


@pytest.fixture
def arm() -> Arm:
    made = Arm(Simulator())
    made.group()
    return made


PATH = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"


def workspace(arm: Arm, expect: int = 201, location: str = "westeurope", **properties: Any) -> Any:
    answer = arm("PUT", PATH, {"location": location, "properties": properties}, version=LOGS)
    assert answer.status == expect, answer.body
    return answer.json()


def test_a_workspace_has_its_defaults_and_keeps_its_id(arm: Arm) -> None:
    made = workspace(arm)["properties"]
    assert made["provisioningState"] == "Creating"
    shown = arm("GET", PATH, version=LOGS).json()["properties"]
    assert (shown["provisioningState"], shown["retentionInDays"], shown["sku"]["name"]) == (
        "Succeeded",
        30,
        "PerGB2018",
    )
    assert workspace(arm, 200, retentionInDays=90)["properties"]["customerId"] == made["customerId"]
    assert workspace(arm, 400, retentionInDays=10)["error"]["code"] == "InvalidParameter"
    keys = arm("POST", f"{PATH}/sharedKeys", version=LOGS).json()
    assert keys == arm("POST", f"{PATH}/sharedKeys", version=LOGS).json()
    assert (
        keys["primarySharedKey"] != arm("POST", f"{PATH}/regenerateSharedKey", version=LOGS).json()["primarySharedKey"]
    )


def test_a_deleted_workspace_comes_back_by_its_name_unless_forced(arm: Arm) -> None:
    first = workspace(arm)["properties"]["customerId"]
    saved = f"{PATH}/savedSearches/s"
    body = {"properties": {"category": "c", "displayName": "d", "query": "Heartbeat"}}
    assert arm("PUT", saved, body, version="2020-08-01").json()["properties"]["version"] == 2
    assert arm("DELETE", PATH, version=LOGS).status == 200
    listed = arm(
        "GET", f"{SUBSCRIPTION}/providers/Microsoft.OperationalInsights/deletedWorkspaces", version=LOGS
    ).json()
    assert [one["name"] for one in listed["value"]] == ["logs"]
    assert workspace(arm, 409, location="westus")["error"]["code"] == "Conflict"
    assert workspace(arm, 200)["properties"]["customerId"] == first
    assert arm("DELETE", f"{PATH}?force=true", version=LOGS).status == 200
    assert workspace(arm, 201)["properties"]["customerId"] != first


def test_custom_tables_need_the_time_of_their_rows(arm: Arm) -> None:
    workspace(arm)
    columns = [{"name": "TimeGenerated", "type": "datetime"}, {"name": "a", "type": "string"}]
    body = {"properties": {"schema": {"name": "T_CL", "columns": columns}, "totalRetentionInDays": 70}}
    assert arm("PUT", f"{PATH}/tables/T_CL", body, version="2022-10-01").status == 202
    shown = arm("GET", f"{PATH}/tables/T_CL", version="2022-10-01").json()["properties"]
    assert (shown["retentionInDays"], shown["archiveRetentionInDays"], shown["plan"]) == (30, 40, "Analytics")
    body["properties"]["schema"] = {"name": "T_CL", "columns": columns[1:]}
    assert arm("PUT", f"{PATH}/tables/T_CL", body, version="2022-10-01").status == 400
    assert arm("PUT", f"{PATH}/tables/Heartbeat", body, version="2022-10-01").status == 501


def test_data_sources_are_listed_by_kind(arm: Arm) -> None:
    workspace(arm)
    for kind in ("LinuxPerformanceCollection", "LinuxSyslog"):
        body = {"kind": kind, "properties": {"state": "Enabled"}}
        assert arm("PUT", f"{PATH}/dataSources/{kind}", body, version="2020-08-01").status == 200
    listed = arm("GET", f"{PATH}/dataSources?$filter=kind eq 'LinuxSyslog'", version="2020-08-01").json()["value"]
    assert [one["name"] for one in listed] == ["LinuxSyslog"]


def test_queries_of_a_pack_are_searched_by_what_they_are_about(arm: Arm) -> None:
    pack = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.OperationalInsights/queryPacks/p"
    assert arm("PUT", pack, {"location": "westeurope", "properties": {}}, version="2019-09-01").status == 201
    related = {"categories": ["network"]}
    body = {"properties": {"displayName": "q", "body": "Heartbeat", "related": related}}
    assert arm("PUT", f"{pack}/queries/5865fd70-3d2c-4c83-9423-7d204c3b3f90", body, version="2019-09-01").status == 200
    found = arm("POST", f"{pack}/queries/search", {"related": related}, version="2019-09-01").json()["value"]
    assert len(found) == 1
    assert (
        arm("POST", f"{pack}/queries/search", {"related": {"categories": ["vm"]}}, version="2019-09-01").json()["value"]
        == []
    )


BUDGET = f"{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/b"


def budget(arm: Arm, **changes: Any) -> Any:
    period = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"}
    usual = {"category": "cost", "amount": 100, "timeGrain": "monthly", "timePeriod": period}
    return arm("PUT", BUDGET, {"properties": usual | changes}, version=BUDGETS)


def test_a_budget_is_kept_and_nothing_is_spent(arm: Arm) -> None:
    notice = {"enabled": True, "operator": "GreaterThan", "threshold": 80, "contactEmails": ["a@contoso.com"]}
    made = budget(arm, notifications={"n": notice})
    assert (made.status, made.json()["properties"]["timeGrain"]) == (201, "Monthly")
    assert made.json()["properties"]["currentSpend"] is None
    shown = arm("GET", BUDGET, version=BUDGETS).json()["properties"]
    assert shown["currentSpend"]["amount"] == 0
    assert budget(arm, amount=200).status == 200
    group = BUDGET.replace("/providers", "/resourceGroups/rg/providers")
    body = {"properties": {key: shown[key] for key in ("category", "amount", "timeGrain", "timePeriod")}}
    assert arm("PUT", group, body, version=BUDGETS).status == 201
    assert arm("DELETE", BUDGET, version=BUDGETS).status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"timeGrain": "Daily"},
        {"timePeriod": {"startDate": "2026-01-02T00:00:00Z"}},
        {"timePeriod": {"startDate": "2026-03-01T00:00:00Z", "endDate": "2026-02-01T00:00:00Z"}},
        {"notifications": {"n": {"operator": "GreaterThan", "threshold": 80}}},
        {"notifications": {"n": {"operator": "Near", "threshold": 80, "contactEmails": ["a@b.c"]}}},
    ],
)
def test_budgets_that_azure_would_refuse(arm: Arm, wrong: dict[str, Any]) -> None:
    assert budget(arm, **wrong).status == 400


def test_solutions_of_a_workspace_are_turned_on_and_off(arm: Arm) -> None:
    workspace(arm)
    folder = f"{PATH}/intelligencePacks"

    def on() -> set[str]:
        listed = arm("GET", folder, version="2020-08-01").json()
        return {one["name"] for one in listed if one["enabled"]}

    assert on() == {"AzureResources", "LogManagement"}
    assert arm("POST", f"{folder}/Security/Enable", version="2020-08-01").status == 200
    assert on() == {"AzureResources", "LogManagement", "Security"}
    assert arm("POST", f"{folder}/security/Disable", version="2020-08-01").status == 200
    assert on() == {"AzureResources", "LogManagement"}
    assert arm("POST", f"{folder}/Nothing/Enable", version="2020-08-01").status == 400
    assert arm("GET", f"{PATH}x/intelligencePacks", version="2020-08-01").status == 404


def test_nothing_was_spent_and_prices_are_refused_by_name(arm: Arm) -> None:
    usage = f"{SUBSCRIPTION}/providers/Microsoft.Consumption"
    for kind in ("usageDetails", "marketplaces"):
        assert arm("GET", f"{usage}/{kind}", version="2023-05-01").json() == {"value": []}
    assert code(arm("GET", f"{usage}/pricesheets/default", version="2023-05-01")) == "NotModelledBySimulator"
