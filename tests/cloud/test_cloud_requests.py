"""Plain ARM requests: api-versions, pages, long-running operations in each of Azure's ways to announce them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from azlabs.cloud.base import Cloud
from azlabs.cloud.errors import AzureError

URL = "https://management.azure.com"
JSON = {"content-type": "application/json"}


def script(*answers: tuple[int, dict[str, str], Any]) -> Callable[..., Any]:
    """A handler that gives these answers in order and keeps what it was asked in `.asked`."""
    left = list(answers)

    def handler(method: str, url: str, _headers: Any, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        handler.asked.append((method, url.removeprefix(URL), json.loads(body) if body else None))  # type: ignore[attr-defined]
        status, headers, content = left.pop(0)
        return status, {**JSON, **headers}, b"" if content is None else json.dumps(content).encode()

    handler.asked = []  # type: ignore[attr-defined]
    return handler


def test_requests_carry_version_and_token(cloud_over: Callable[..., Cloud]) -> None:
    seen: dict[str, str] = {}

    def handler(_method: str, url: str, headers: dict[str, str], _body: Any) -> tuple[int, dict[str, str], bytes]:
        seen.update(headers, url=url)
        return 200, JSON, b'{"id": "x"}'

    assert cloud_over(handler).get("subscriptions/s?x=1", "2024-01-01") == {"id": "x"}
    assert seen["url"] == f"{URL}/subscriptions/s?x=1&api-version=2024-01-01"
    assert seen["Authorization"].startswith("Bearer ")
    assert seen["User-Agent"].startswith("azlabs/")


def test_a_list_is_read_over_all_its_pages(cloud_over: Callable[..., Cloud]) -> None:
    handler = script(
        (200, {}, {"value": [{"n": 1}], "nextLink": f"{URL}/next?api-version=1&$skiptoken=a"}),
        (200, {}, {"value": [{"n": 2}]}),
    )
    assert [entry["n"] for entry in cloud_over(handler).items("/things", "1")] == [1, 2]
    assert handler.asked[1][1] == "/next?api-version=1&$skiptoken=a"  # type: ignore[attr-defined]


def test_what_is_not_there_is_none(cloud_over: Callable[..., Cloud]) -> None:
    cloud = cloud_over(script((404, {}, {"error": {"code": "ResourceNotFound", "message": "No."}})))
    assert cloud.find("/x", "1") is None


def test_a_put_is_followed_by_its_operation_and_read_again(cloud_over: Callable[..., Cloud]) -> None:
    handler = script(
        (201, {"Azure-AsyncOperation": f"{URL}/op?api-version=1", "Retry-After": "0"}, {"properties": {}}),
        (200, {}, {"status": "InProgress"}),
        (200, {}, {"status": "Succeeded"}),
        (200, {}, {"properties": {"provisioningState": "Succeeded"}}),
    )
    assert cloud_over(handler).run("PUT", "/r", "1", {"a": 1}).json["properties"]["provisioningState"] == "Succeeded"
    assert [asked[:2] for asked in handler.asked] == [  # type: ignore[attr-defined]
        ("PUT", "/r?api-version=1"),
        ("GET", "/op?api-version=1"),
        ("GET", "/op?api-version=1"),
        ("GET", "/r?api-version=1"),
    ]


def test_a_delete_is_followed_by_its_location(cloud_over: Callable[..., Cloud]) -> None:
    handler = script(
        (202, {"Location": f"{URL}/result?api-version=1"}, None),
        (202, {"Location": f"{URL}/elsewhere?api-version=1"}, None),
        (200, {}, None),
    )
    assert cloud_over(handler).run("DELETE", "/g", "1").status == 200
    assert handler.asked[2][1] == "/elsewhere?api-version=1"  # type: ignore[attr-defined]


def test_a_resource_that_only_shows_its_state_is_watched(cloud_over: Callable[..., Cloud]) -> None:
    handler = script(
        (200, {}, {"properties": {"provisioningState": "Updating"}}),
        (200, {}, {"properties": {"provisioningState": "Succeeded"}}),
    )
    cloud_over(handler).run("PUT", "/r", "1", {})
    assert len(handler.asked) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "answers",
    [
        [
            (202, {"Azure-AsyncOperation": f"{URL}/op"}, None),
            (200, {}, {"status": "Failed", "error": {"code": "QuotaExceeded", "message": "Too many."}}),
        ],
        [
            (202, {"Location": f"{URL}/result"}, None),
            (409, {}, {"error": {"code": "QuotaExceeded", "message": "Too many."}}),
        ],
    ],
)
def test_an_operation_that_fails_raises_its_reason(cloud_over: Callable[..., Cloud], answers: list[Any]) -> None:
    with pytest.raises(AzureError, match="Too many") as caught:
        cloud_over(script(*answers)).run("DELETE", "/g", "1")
    assert caught.value.code == "QuotaExceeded"


def test_an_operation_that_never_ends_is_given_up(cloud_over: Callable[..., Cloud]) -> None:
    def handler(method: str, *_rest: Any) -> tuple[int, dict[str, str], bytes]:
        if method == "DELETE":
            return 202, {"Location": f"{URL}/result"}, b""
        return 202, {}, b""

    with pytest.raises(AzureError) as caught:
        cloud_over(handler, patience_seconds=0.05).run("DELETE", "/g", "1")
    assert caught.value.code == "OperationNotFinished"


def test_throttling_is_waited_out(cloud_over: Callable[..., Cloud]) -> None:
    handler = script((429, {"Retry-After": "1"}, {"error": {"code": "TooManyRequests", "message": "x"}}), (200, {}, {}))
    assert cloud_over(handler).get("/x", "1") == {}


def test_the_newest_stable_version_of_a_type_is_used(cloud_over: Callable[..., Cloud]) -> None:
    kinds = [{"resourceType": "Things/Parts", "apiVersions": ["2023-01-01", "2025-01-01-preview", "2024-05-01"]}]
    handler = script((200, {}, {"resourceTypes": kinds}))
    cloud = cloud_over(handler)
    assert cloud.api_version("Contoso.Any/things/parts") == "2024-05-01"
    assert cloud.api_version("contoso.any/Things/Parts") == "2024-05-01"
    with pytest.raises(AzureError):
        cloud.api_version("Contoso.Any/other")
    assert len(handler.asked) == 1  # type: ignore[attr-defined]
