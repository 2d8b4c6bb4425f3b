"""Whatever is sent to ingestion or to a query API, the answer is one of the protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.simulator.telemetry.conftest import Place

from azlabs.simulator import Request
from azlabs.simulator.clock import stamp

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["x" * 9000, "\ud800", "0.00:00:01"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)
KINDS = st.sampled_from(["RequestData", "RemoteDependencyData", "MessageData", "ExceptionData", "EventData", "MetricData", "PageViewData",
                         "AvailabilityData", "PerformanceCounterData", "Other"])  # fmt: skip
NAMES = st.sampled_from(["id", "name", "duration", "success", "responseCode", "properties", "measurements", "exceptions", "metrics",
                         "message", "severityLevel", "url", "data", "target", "type", "parsedStack", "size"])  # fmt: skip
NESTED = st.one_of(
    JSON,
    st.lists(
        st.dictionaries(st.sampled_from(["name", "value", "count", "min", "typeName", "message", "parsedStack"]), JSON),
        max_size=2,
    ),
)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def shared() -> Any:
    from tests.simulator.telemetry.conftest import GROUP

    from azlabs.simulator import Simulator

    with Simulator() as simulator:
        place = Place(simulator)
        place.manage("PUT", GROUP, {"location": "westeurope"})
        place.workspace()
        place.component()
        yield place


@MANY
@given(
    KINDS,
    st.dictionaries(NAMES, NESTED, max_size=6),
    st.dictionaries(st.sampled_from(["ai.operation.id", "ai.cloud.role", "ai.device.type"]), JSON),
    JSON,
)
def test_any_item(shared: Place, kind: str, data: Any, tags: Any, rate: Any) -> None:
    item = {"time": stamp(shared.simulator.clock.now()), "iKey": shared.facts["InstrumentationKey"], "sampleRate": rate, "tags": tags,
            "data": {"baseType": kind, "baseData": data}}  # fmt: skip
    assert shared.send(item).status in (200, 400)
    found = shared.ask("union App* | take 5")
    assert found.status == 200
    json.loads(found.body)


@MANY
@given(JSON, JSON)
def test_any_envelope(shared: Place, envelope: Any, other: Any) -> None:
    assert shared.send(raw=json.dumps([envelope, other]).encode()).status in (200, 206, 400)
    assert shared.send(envelope, other).status in (200, 206, 400)


@MANY
@given(
    JSON,
    st.sampled_from(
        ["/v1/workspaces/x/query", "/v1/$batch", "/v1/apps/x/query", "/v1/subscriptions/x/query", "/v1/", "/v2", "//"]
    ),
)
def test_any_request_to_a_query_api(shared: Place, body: Any, path: str) -> None:
    headers = {"Authorization": f"Bearer {shared.simulator.owner_token()}"}
    for host in ("api.loganalytics.io", "api.applicationinsights.io"):
        for method in ("GET", "POST", "PUT"):
            answer = shared.simulator.handle(
                Request(method, f"https://{host}{path}", headers, json.dumps(body).encode())
            )
            assert answer.status < 500 or answer.json()["error"]["code"] == "NotModelledBySimulator"
    path = f"/v1/workspaces/{shared.customer}/query"
    for given_body in (
        body,
        {"query": body},
        {"query": "print 1", "timespan": body},
        {"query": "print 1", "workspaces": body},
    ):
        answer = shared.simulator.handle(
            Request("POST", f"https://api.loganalytics.io{path}", headers, json.dumps(given_body).encode())
        )
        assert answer.status < 500
