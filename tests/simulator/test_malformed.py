"""Whatever is sent, the answer is an ARM error with a 4xx (or a named refusal), never a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.simulator import Answer, Request, Simulator

from .library import BOOKS, SUBSCRIPTION, Arm

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
METHODS = st.sampled_from(["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"])
SEGMENTS = st.one_of(
    st.sampled_from([
        "subscriptions", SUBSCRIPTION[15:], "resourceGroups", "rg", "providers", "Contoso.Library", "shelves", "fiction", "books", "emma",
        "Microsoft.Resources", "Microsoft.Network", "virtualNetworks", "tags", "default", "operationresults", "moveResources", "tagNames",
        "locations", "resources", "", "%2F", "%00", "..", "💥",
    ]),
    st.text(max_size=8),
)  # fmt: skip
MEMBERS = st.sampled_from(["name", "id", "properties", "title", "books", "location", "tags"])
WRITTEN = st.sampled_from(["shelves/fiction", "shelves/new", "shelves/fiction/books/emma", "readers/a", "labels/x"])
GUARDS = st.sampled_from(["Authorization", "If-Match", "If-None-Match", "x-ms-correlation-request-id"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(MEMBERS, st.text(max_size=4)), inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip
SIMULATOR = Simulator()
CLIENT = Arm(SIMULATOR)
LIBRARY = f"{CLIENT.group()}/providers/Contoso.Library"
CLIENT.make(f"{LIBRARY}/shelves/fiction", properties={"books": [{"name": "emma", "properties": {"title": "Emma"}}]})


def well_answered(answer: Answer) -> None:
    """A success, or a refusal in ARM's form."""
    assert answer.status < 500 or answer.status == 501, (answer.status, answer.body)
    if answer.status >= 400 and answer.body:
        error = json.loads(answer.body)["error"]
        assert isinstance(error["code"], str) and error["code"] and isinstance(error["message"], str)


@QUICK
@given(METHODS, st.lists(SEGMENTS, max_size=12), st.text(max_size=20), st.binary(max_size=40))
def test_any_path_query_and_body(method: str, segments: list[str], query: str, body: bytes) -> None:
    url = "https://management.azure.com/" + "/".join(segments) + "?api-version=2024-11-01&" + query
    headers = {"Authorization": f"Bearer {CLIENT.token}"}
    well_answered(SIMULATOR.handle(Request(method, url, headers, body or None)))


@QUICK
@given(st.sampled_from(["PUT", "PATCH", "POST"]), WRITTEN, JSON)
def test_any_json_as_a_document(method: str, path: str, value: Any) -> None:
    body = value if isinstance(value, dict) else {"location": "westeurope", "properties": value}
    well_answered(CLIENT(method, f"{LIBRARY}/{path}", body))
    well_answered(CLIENT(method, f"{LIBRARY}/{path}", json.dumps(value).encode()))


@QUICK
@given(JSON)
def test_any_json_as_the_parts_of_a_document(value: Any) -> None:
    document: dict[str, Any] = {"location": "westeurope", "properties": {"books": value}}
    well_answered(CLIENT("PUT", f"{LIBRARY}/shelves/parts", document))
    document["properties"] = {"books": [{"name": "a", "properties": value}]}
    well_answered(CLIENT("PUT", f"{LIBRARY}/shelves/parts", document))
    well_answered(CLIENT("GET", f"{LIBRARY}/shelves/parts"))


@QUICK
@given(JSON)
def test_any_json_as_tags_move_or_group(value: Any) -> None:
    group = f"{SUBSCRIPTION}/resourceGroups/rg"
    for method, path in (
        ("PUT", f"{group}/providers/Microsoft.Resources/tags/default"),
        ("PATCH", f"{group}/providers/Microsoft.Resources/tags/default"),
        ("POST", f"{group}/moveResources"),
        ("PUT", f"{SUBSCRIPTION}/resourceGroups/other"),
        ("POST", "/providers/Microsoft.Resources/checkResourceName"),
    ):
        well_answered(
            CLIENT(
                method, path, value if isinstance(value, dict) else {"properties": {"tags": value}, "resources": value}
            )
        )


@QUICK
@given(st.text(max_size=60), st.text(max_size=10), st.text(max_size=10))
def test_any_filter_page_and_version(filter: str, top: str, token: str) -> None:
    from urllib.parse import quote

    query = f"$filter={quote(filter, errors='replace')}&$top={quote(top, errors='replace')}&$skiptoken={quote(token, errors='replace')}"
    well_answered(CLIENT("GET", f"{SUBSCRIPTION}/resources?{query}"))
    well_answered(CLIENT("GET", f"{LIBRARY}/shelves?{query}", version=BOOKS))
    well_answered(CLIENT("GET", f"{SUBSCRIPTION}/resources?{query}", version=top or "x"))


@QUICK
@given(st.dictionaries(GUARDS, st.text(max_size=30)))
def test_any_headers(headers: dict[str, str]) -> None:
    for method in ("GET", "PUT"):
        url = f"https://management.azure.com{LIBRARY}/shelves/fiction?api-version={BOOKS}"
        sent = {"Authorization": f"Bearer {CLIENT.token}", **headers}
        well_answered(SIMULATOR.handle(Request(method, url, sent, b'{"location":"westeurope","properties":{}}')))


@QUICK
@given(st.text(max_size=60))
def test_any_url(url: str) -> None:
    well_answered(SIMULATOR.handle(Request("GET", url, {"Authorization": f"Bearer {CLIENT.token}"})))


def test_depth_size_and_odd_numbers_are_refused() -> None:
    path = f"{LIBRARY}/shelves/deep"
    deep = b"[" * 100_000 + b"]" * 100_000
    for body in (
        b'{"properties":' + deep + b"}",
        b'{"location":NaN}',
        b"\xff\xfe",
        b'{"a":"' + b"x" * (5 << 20) + b'"}',
        b"[]",
        b"7",
    ):
        answer = CLIENT("PUT", path, body)
        assert answer.status in (400, 413)
        well_answered(answer)
    nested: Any = "x"
    for _ in range(900):
        nested = {"properties": nested}
    well_answered(CLIENT("PUT", path, {"location": "westeurope", "properties": nested}))
    assert CLIENT("GET", LIBRARY + "/shelves/" + "x" * 9000).status == 414
