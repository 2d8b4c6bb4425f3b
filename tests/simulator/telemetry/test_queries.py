"""The query APIs, by the real SDK and by their addresses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.simulator.telemetry.conftest import COMPONENT, LOG_READER, PUBLISHER, READER, WORKSPACE, Place

from azlabs.cloud.transport import AsyncInProcessTransport, InProcessTransport

query_sdk = pytest.importorskip("azure.monitor.query")


class Credential:
    """A token of the owner for any audience."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self.place.simulator.owner_token(), 2**33)


class AsyncCredential(Credential):
    async def get_token(self, *scopes: str, **options: Any) -> Any:  # type: ignore[override]
        return super().get_token(*scopes, **options)

    async def close(self) -> None:
        return None


def test_the_query_client(place: Place) -> None:
    place.send(*(place.envelope(name=f"GET /{number % 2}", ago=number * 60) for number in range(6)))
    client = query_sdk.LogsQueryClient(Credential(place), transport=InProcessTransport(place.handler()))
    text = "AppRequests | summarize n = count(), last = max(TimeGenerated), p = any(Properties) by Name | order by Name asc"
    found = client.query_workspace(place.customer, text, timespan=timedelta(hours=1), include_statistics=True, include_visualization=True)
    assert found.status == query_sdk.LogsQueryStatus.SUCCESS
    (table,) = found.tables
    assert table.columns == ["Name", "n", "last", "p"] and table.columns_types == ["string", "long", "datetime", "dynamic"]
    assert [(row["Name"], row["n"]) for row in table.rows] == [("GET /0", 3), ("GET /1", 3)] and table.rows[0]["last"].year > 2000
    assert found.statistics["query"]["executionTime"] > 0
    assert client.query_workspace(place.customer, "AppRequests | count", timespan=timedelta(seconds=90)).tables[0].rows[0][0] == 2
    resource = client.query_resource(COMPONENT, "AppRequests | count", timespan=None)
    assert resource.tables[0].rows[0][0] == 6


def test_a_batch_answers_each_query(place: Place) -> None:
    client = query_sdk.LogsQueryClient(Credential(place), transport=InProcessTransport(place.handler()))
    good = query_sdk.LogsBatchQuery(place.customer, "print 1", timespan=None)
    bad = query_sdk.LogsBatchQuery(place.customer, "Nope", timespan=None)
    first, second = client.query_batch([good, bad])
    assert first.tables[0].rows[0][0] == 1
    assert second.code == "BadArgumentError"


def test_a_wrong_query_raises_with_the_message(place: Place) -> None:
    from azure.core.exceptions import HttpResponseError

    client = query_sdk.LogsQueryClient(Credential(place), transport=InProcessTransport(place.handler()))
    with pytest.raises(HttpResponseError) as problem:
        client.query_workspace(place.customer, "AppRequests | where Nme == 'x'", timespan=None)
    assert problem.value.status_code == 400 and "BadArgumentError" in str(problem.value)


def test_the_async_query_client(place: Place) -> None:
    from azure.monitor.query.aio import LogsQueryClient

    async def ask() -> Any:
        transport = AsyncInProcessTransport(place.handler())
        async with LogsQueryClient(AsyncCredential(place), transport=transport) as client:
            return await client.query_workspace(place.customer, "print x = 1", timespan=timedelta(days=1))

    assert asyncio.run(ask()).tables[0].rows[0]["x"] == 1


def test_errors_have_the_shape_of_the_service(place: Place) -> None:
    wrong = place.ask("AppRequests | where Nme == 1")
    error = wrong.json()["error"]
    assert wrong.status == 400 and error["code"] == "BadArgumentError" and error["innererror"]["code"] == "SemanticError"
    inner = error["innererror"]["innererror"]
    assert (inner["code"], inner["line"], inner["pos"]) == ("SEM0100", 1, 21) and "'Nme'" in inner["message"]
    syntax = place.ask("AppRequests | wher").json()["error"]["innererror"]
    assert syntax["code"] == "SyntaxError" and syntax["innererror"]["token"] == "wher"
    assert "on line [1,15]" in syntax["innererror"]["message"]
    assert place.ask("AppRequests | evaluate x()").status == 501
    assert place.ask("", "").json()["error"]["code"] == "BadArgumentError"
    assert place.ask("print 1", timespan="soon").status == 400
    assert place.ask("print 1", token="").json()["error"]["code"] == "AuthorizationRequiredError"
    assert place.ask("print 1", token="x.y.z").status == 401
    assert place.ask("print 1", "/v1/workspaces/nope/query").json()["error"]["code"] == "WorkspaceNotFoundError"
    assert place.ask("print 1", "/v1/other").json()["error"]["code"] == "PathNotFoundError"
    assert place.ask("print 1", f"/v1{COMPONENT}x/query").status == 404


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [("", "", False), (LOG_READER, WORKSPACE, True), (READER, WORKSPACE, True), (PUBLISHER, WORKSPACE, False),
     (LOG_READER, COMPONENT, False)],
)  # fmt: skip
def test_a_workspace_is_read_with_a_role_there(place: Place, role: str, scope: str, allowed: bool) -> None:
    token = place.simulator.token(place.someone(role, scope), "https://api.loganalytics.io")
    answer = place.ask("AppRequests | count", token=token)
    assert answer.status == (200 if allowed else 403)
    if not allowed:
        assert answer.json()["error"]["code"] == "InsufficientAccessError"
    other = place.simulator.token(place.someone(role, scope, "bob"), "https://vault.azure.net")
    assert place.ask("print 1", token=other).status == 401


def test_a_component_is_read_with_a_role_there(place: Place) -> None:
    place.send(place.envelope())
    reader = place.someone(READER, COMPONENT)
    app, host = f"/v1/apps/{place.facts['AppId']}/query", "api.applicationinsights.io"
    assert place.rows("requests | count", app, host=host, token=place.simulator.token(reader, f"https://{host}")) == [[1]]
    token = place.simulator.token(reader, "https://api.loganalytics.io")
    assert place.rows("AppRequests | count", f"/v1{COMPONENT}/query", token=token) == [[1]]
    stranger = place.simulator.token(place.someone(name="eve"), f"https://{host}")
    assert place.ask("requests | count", app, host=host, token=stranger).status == 403


def test_queries_below_the_control_plane(place: Place) -> None:
    place.send(place.envelope())
    assert place.manage("POST", f"{WORKSPACE}/query", {"query": "AppRequests | count"}, "2017-10-01")["tables"][0]["rows"] == [[1]]
    assert place.manage("POST", f"{COMPONENT}/query", {"query": "requests | count"}, "2018-04-20")["tables"][0]["rows"] == [[1]]
    logs = f"{COMPONENT}/providers/Microsoft.Insights/logs"
    assert place.manage("POST", logs, {"query": "AppRequests | count"}, "2018-08-01-preview")["tables"][0]["rows"] == [[1]]


@pytest.mark.parametrize(("span", "expected"), [("PT1M", 1), ("PT1H", 2), ("P2D", 3), (None, 3)])
def test_the_time_span_limits_what_is_read(place: Place, span: str | None, expected: int) -> None:
    place.send(place.envelope(), place.envelope(ago=600), place.envelope(ago=86400))
    assert place.rows("AppRequests | count", timespan=span) == [[expected]]


def test_several_workspaces_at_once(place: Place) -> None:
    other = WORKSPACE.replace("logbook", "second")
    place.manage("PUT", other, {"location": "westeurope", "properties": {}}, "2023-09-01")
    place.send(place.envelope())
    path = f"/v1/workspaces/{place.manage('GET', other, None, '2023-09-01')['properties']['customerId']}/query"
    assert place.rows("AppRequests | count", path) == [[0]]
    assert place.rows("AppRequests | count", path, workspaces=[place.customer]) == [[1]]


def test_the_activity_log_is_a_table_where_a_setting_sends_it(place: Place) -> None:
    assert place.rows("AzureActivity | count") == [[0]]
    setting = f"{WORKSPACE.partition('/resourceGroups')[0]}/providers/Microsoft.Insights/diagnosticSettings/all"
    logs = [{"category": "Administrative", "enabled": True}]
    place.manage("PUT", setting, {"properties": {"workspaceId": WORKSPACE, "logs": logs}}, "2021-05-01-preview")
    place.manage("PUT", WORKSPACE.partition("/providers")[0] + "2", {"location": "westeurope"})
    found = place.rows(
        "AzureActivity | where OperationNameValue endswith 'RESOURCEGROUPS/WRITE' | project ActivityStatusValue, CategoryValue"
    )
    assert found and found[0] == ["Success", "Administrative"]


def test_a_table_that_nobody_knows_is_an_error_and_standing_ones_are_empty(place: Place) -> None:
    assert place.ask("Custom_CL | count").status == 400
    assert place.rows("union Heartbeat, Usage, AzureDiagnostics | count") == [[0]]
    assert place.rows("search 'nothing' | count") == [[0]]
