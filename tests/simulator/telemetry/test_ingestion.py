"""What comes in, what is refused, and for how long it stays."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from tests.simulator.telemetry.conftest import COMPONENT, GROUP, PUBLISHER, Place

from azlabs.simulator import Request, Simulator
from azlabs.simulator.data_planes.telemetry import keeping


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("path", ["/v2/track", "/v2.1/track"])
@pytest.mark.parametrize("form", ["lines", "array", "one"])
def test_every_form_of_a_request_is_taken(place: Place, zipped: bool, path: str, form: str) -> None:
    items = [place.envelope(name=f"GET /{number}") for number in range(1 if form == "one" else 3)]
    raw = json.dumps(items if form == "array" else items[0]).encode() if form != "lines" else None
    answer = place.send(*items, path=path, raw=raw, zipped=zipped)
    assert answer.status == 200
    assert answer.json() == {"itemsReceived": len(items), "itemsAccepted": len(items), "appId": place.facts["AppId"], "errors": []}
    assert place.rows("AppRequests | project Name | sort by Name asc") == [[f"GET /{number}"] for number in range(len(items))]


def test_items_that_are_wrong_are_named_and_the_others_taken(place: Place) -> None:
    good = place.envelope()
    old, early = place.envelope(ago=49 * 3600), place.envelope(ago=-3 * 3600)
    wrong: list[Any] = [place.envelope(key="0" * 8 + "-0000-0000-0000-" + "0" * 12), {**good, "iKey": ""}, old, early,
                        {**good, "time": "soon"}, {**good, "data": None}, place.envelope("NoSuchData"),
                        place.envelope("MetricData"), 7]  # fmt: skip
    answer = place.send(good, *wrong, raw=None)
    body = answer.json()
    assert answer.status == 206 and body["itemsReceived"] == 10 and body["itemsAccepted"] == 1
    assert [error["index"] for error in body["errors"]] == list(range(1, 10)) and {error["statusCode"] for error in body["errors"]} == {400}
    assert body["errors"][0]["message"] == "Invalid instrumentation key"
    assert "older than the allowed min date" in body["errors"][2]["message"]
    assert place.send(*wrong).status == 400
    mixed = place.send(raw=json.dumps(good).encode() + b"\n{broken\n")
    assert mixed.status == 206 and mixed.json()["errors"][0]["index"] == 1


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[1,", b"\x1f\x8bnot gzip", b"[" * 100_000])
def test_what_is_not_telemetry_is_refused(place: Place, raw: bytes) -> None:
    assert place.send(raw=raw).status == 400


def test_a_bomb_is_refused(place: Place) -> None:
    assert place.send(raw=b" " * (65 * 1024 * 1024), zipped=True).status == 413


def test_without_local_authentication_a_token_with_the_role_is_needed(place: Place) -> None:
    place.component(DisableLocalAuth=True)
    item = place.envelope()
    assert place.send(item).status == 401
    stranger = place.simulator.token(place.someone(), "https://monitor.azure.com")
    assert place.send(item, token=stranger).status == 403
    publisher = place.someone(PUBLISHER, COMPONENT)
    assert place.send(item, token=place.simulator.token(publisher, "https://management.azure.com")).status == 401
    for audience in ("https://monitor.azure.com", "https://monitor.azure.com/"):
        assert place.send(item, token=place.simulator.token(publisher, audience)).status == 200
    assert place.send(item, token="nonsense").status == 401


def test_closed_to_public_networks(place: Place) -> None:
    place.component(publicNetworkAccessForIngestion="Disabled")
    assert place.send(place.envelope()).status == 403


def test_the_global_endpoint_serves_programs_that_know_only_a_key(place: Place) -> None:
    assert place.send(place.envelope(), host="dc.services.visualstudio.com", path="/v2/track").status == 200
    assert place.rows("AppRequests | count") == [[1]]


def test_the_endpoint_of_another_region_leads_to_the_right_one(place: Place) -> None:
    answer = place.send(place.envelope(), host="westus-0.in.applicationinsights.azure.com", path="/v2/track")
    assert (answer.status, answer.headers["Location"]) == (308, "https://westeurope-0.in.applicationinsights.azure.com/v2/track")
    assert place.rows("AppRequests | count") == [[0]]


def test_the_daily_cap_of_a_component_refuses_what_comes_after_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = {"kind": None, "properties": {"planType": "Basic", "cap": 0.001}}
    place.manage("PUT", f"{COMPONENT}/pricingPlans/current", plan, "2017-10-01")
    assert place.send(place.envelope("MessageData", message="x" * 30_000)).status == 200
    monkeypatch.setattr(keeping, "taken_in", lambda *_a, **_k: 2 * 1024 * 1024)
    answer = place.send(place.envelope())
    assert answer.status == 402 and int(answer.headers["Retry-After"]) > 0


def test_the_daily_cap_of_a_workspace_drops_what_comes_after_it(place: Place) -> None:
    place.workspace(workspaceCapping={"dailyQuotaGb": 0.00002})
    assert place.send(place.envelope("MessageData", message="x" * 30_000)).status == 200
    assert place.send(place.envelope("MessageData", message="late")).status == 200
    assert place.rows("AppTraces | count") == [[1]]
    place.simulator.clock.advance(24 * 3600)
    assert place.send(place.envelope("MessageData", message="next day")).status == 200
    assert place.rows("AppTraces | count") == [[2]]


def test_data_leave_after_the_retention_of_the_workspace(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_EVERY", 1)
    place.send(place.envelope())
    place.simulator.clock.advance(29 * 86400)
    assert place.rows("AppRequests | count") == [[1]]
    place.simulator.clock.advance(2 * 86400)
    assert place.rows("AppRequests | count") == [[0]]
    place.send(place.envelope())
    assert place.simulator.store.sql.execute("SELECT count(*) FROM telemetry_AppRequests").fetchone()[0] == 1


def test_the_oldest_rows_of_too_many_fall_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_EVERY", 1)
    monkeypatch.setattr(keeping, "MOST_ROWS", 5)
    for number in range(8):
        place.send(place.envelope(name=str(number)))
    assert place.rows("AppRequests | project Name") == [["3"], ["4"], ["5"], ["6"], ["7"]]


def test_a_snapshot_has_the_telemetry(place: Place) -> None:
    before = place.simulator.snapshot()
    place.send(place.envelope())
    after = place.simulator.snapshot()
    place.simulator.restore(before)
    assert place.rows("AppRequests | count") == [[0]]
    place.simulator.restore(after)
    assert place.rows("AppRequests | count") == [[1]]


def _send_elsewhere(path: str, items: list[Any]) -> None:
    with Simulator(path) as simulator:
        body = json.dumps(items).encode()
        answer = simulator.handle(Request("POST", "https://westeurope-0.in.applicationinsights.azure.com/v2/track", {}, body))
        assert answer.status == 200


def test_other_processes_on_the_same_file_see_it(tmp_path: Path) -> None:
    with Simulator(tmp_path / "state.db") as simulator:
        place = Place(simulator)
        place.manage("PUT", GROUP, {"location": "westeurope"})
        place.workspace()
        place.component()
        items = [place.envelope(name=f"GET /{number}") for number in range(50)]
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=_send_elsewhere, args=(str(tmp_path / "state.db"), items)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert place.rows("AppRequests | count") == [[100]]


def test_hosts_beside_ingestion_keep_exporters_quiet(place: Place) -> None:
    def ask(method: str, url: str, body: bytes = b"[]") -> Any:
        return place.simulator.handle(Request(method, url, {}, body))

    statistics = {**place.envelope("MetricData"), "iKey": "c4a29126-a7cb-47e5-b348-11414998b11e"}
    assert place.send(statistics, host="westus-0.in.applicationinsights.azure.com").status == 200
    live = ask("POST", "https://westeurope.livediagnostics.monitor.azure.com/QuickPulseService.svc/ping?ikey=x")
    assert (live.status, live.headers["x-ms-qps-subscribed"]) == (200, "false")
    assert ask("GET", "https://settings.sdk.monitor.azure.com/AzMonSDKDynamicConfigurationChanges").json() == {"settings": {}}
    profile = ask("GET", f"https://westeurope-0.in.applicationinsights.azure.com/api/profiles/{place.facts['InstrumentationKey']}/appId")
    assert profile.body.decode() == place.facts["AppId"]
    refused = ask("POST", f"https://{place.customer}.ods.opinsights.azure.com/api/logs")
    assert refused.status == 501 and refused.json()["error"]["code"] == "NotModelledBySimulator"
    assert ask("POST", "https://westeurope-0.in.applicationinsights.azure.com/v3/track").status == 404


def test_values_are_cut_to_what_azure_keeps(place: Place) -> None:
    long = "x" * 40_000
    place.send(place.envelope("MessageData", message=long, properties={"p": long, "n": 5}), place.envelope(name=long, url=long))
    assert place.rows("AppTraces | project strlen(Message), strlen(tostring(Properties.p)), Properties.n") == [[32768, 8192, "5"]]
    assert place.rows("AppRequests | project strlen(Name), strlen(Url)") == [[1024, 2048]]
    place.send(place.envelope("MessageData", message="half \ud800 pair"))
    assert place.rows("AppTraces | where Message startswith 'half' | count") == [[1]]


def test_every_kind_has_its_table_and_its_own_names(place: Place) -> None:
    metric = {"metrics": [{"name": "depth", "value": 6.0, "count": 3, "min": 1.0, "max": 3.0}]}
    counter = {"metrics": [{"name": "\\Process(python)\\Private Bytes", "value": 7.0}]}
    error = {"exceptions": [{"typeName": "ValueError", "message": "bad", "stack": "at x"}], "severityLevel": "Error"}
    items = [
        place.envelope(), place.envelope("RemoteDependencyData", id="d", name="POST /v1", target="model", type="HTTP",
                       duration="0.00:00:01.5"),
        place.envelope("MessageData", severityLevel="Warning"), place.envelope("ExceptionData", **error),
        place.envelope("EventData", name="moored"),
        place.envelope("MetricData", **metric), place.envelope("MetricData", **counter), place.envelope("PageViewData", name="home"),
        place.envelope("AvailabilityData", name="ping", success=True, runLocation="west", duration="0.00:00:02"),
    ]  # fmt: skip
    assert place.send(*items).status == 200
    both = {
        "AppRequests | project Name, ResultCode, Success, DurationMs, PerformanceBucket": [["GET /", "200", True, 250.0, "250ms-500ms"]],
        "requests | project name, resultCode, success, duration, itemType": [["GET /", "200", "True", 250.0, "request"]],
        "AppDependencies | project Target, DependencyType, DurationMs": [["model", "HTTP", 1500.0]],
        "dependencies | project target, type, duration": [["model", "HTTP", 1500.0]],
        "AppTraces | project Message, SeverityLevel": [["hello", 2]], "traces | project message, severityLevel": [["hello", 2]],
        "AppExceptions | project ExceptionType, OuterMessage, SeverityLevel, Details[0].rawStack": [["ValueError", "bad", 3, "at x"]],
        "exceptions | project type, outerMessage, problemId": [["ValueError", "bad", "ValueError"]],
        "AppEvents | project Name": [["moored"]], "customEvents | project name": [["moored"]],
        "AppMetrics | project Name, Sum, Min, Max": [["depth", 6.0, 1.0, 3.0]],
        "customMetrics | project name, value, valueCount, valueMax": [["depth", 6.0, 3, 3.0]],
        "AppPerformanceCounters | project Category, Instance, Counter, Value": [["Process", "python", "Private Bytes", 7.0]],
        "performanceCounters | project category, counter, value": [["Process", "Private Bytes", 7.0]],
        "AppPageViews | project Name": [["home"]], "pageViews | count": [[1]],
        "AppAvailabilityResults | project Name, Success, Location, DurationMs": [["ping", True, "west", 2000.0]],
        "availabilityResults | project success": [["True"]],
    }  # fmt: skip
    for query, expected in both.items():
        assert (place.rows(query) if query.startswith("App") else place.classic(query)) == expected, query
    assert place.rows("AppRequests | project AppRoleName, OperationId, Type, ItemCount, TenantId, IKey") == [
        ["quay", "ab" * 16, "AppRequests", 1, place.customer, place.facts["InstrumentationKey"]]
    ]
    assert place.rows("AppRequests | project _ResourceId, ClientIP, ClientType") == [[COMPONENT.lower(), "0.0.0.0", "PC"]]
    assert place.classic("union requests, dependencies, traces | count") == [[3]]
