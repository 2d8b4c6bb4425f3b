"""Clouds for tests: a handler of your own, recorded answers, and an account that is signed in to nothing real."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud.azure import Door
from azlabs.cloud.base import Cloud, Place

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
FIXTURES = Path(__file__).parent / "fixtures"
RECORDINGS = Path(__file__).resolve().parents[2] / ".." / "shared" / "recordings"


class Account:
    """A credential with a token that names somebody, as Azure's tokens do."""

    def __init__(self, **claims: str) -> None:
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        self.token = f"header.{body}.signature"

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, 4_000_000_000)

    def get_token_info(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo(self.token, 4_000_000_000)


class Replay:
    """Answers requests with recorded exchanges: the first one not used yet whose method and path fit.

    A recording cannot answer what it did not see: such a request gets `missing` (status, body).
    """

    def __init__(self, exchanges: list[dict[str, Any]], missing: tuple[int, Any] = (404, None)) -> None:
        self._left = list(exchanges)
        self._missing = missing
        self.asked: list[tuple[str, str]] = []

    def __call__(
        self, method: str, url: str, _headers: dict[str, str], _body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        path = url.split("?", 1)[0].removeprefix("https://management.azure.com")
        self.asked.append((method, path))
        for position, exchange in enumerate(self._left):
            wanted = exchange["request"]
            if wanted["method"] == method and wanted["path"].rstrip("/").lower() == path.rstrip("/").lower():
                del self._left[position]
                return _answer(exchange["response"])
        status, body = self._missing
        return status, {"content-type": "application/json"}, json.dumps(body).encode() if body is not None else b""


def _answer(response: dict[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
    body = response.get("body")
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return response["status"], {"content-type": "application/json", **response.get("headers", {})}, content


def door_to(handler: Callable[..., Any], account: Account | None = None) -> Door:
    from azlabs.cloud.transport import AsyncInProcessTransport, InProcessTransport

    return Door(
        credential=lambda: (
            account or Account(upn="dana@wherrymoor.example", tid="11111111-1111-1111-1111-111111111111")
        ),
        async_credential=lambda: None,
        transport=lambda: InProcessTransport(handler),
        async_transport=lambda: AsyncInProcessTransport(handler),
        sleep=lambda _seconds: None,
        poll_seconds=0.001,
    )


@pytest.fixture
def azure_door() -> Callable[..., Door]:
    return door_to


@pytest.fixture
def account() -> type[Account]:
    return Account


@pytest.fixture
def replay() -> type[Replay]:
    return Replay


@pytest.fixture
def recorded() -> Callable[[str], list[dict[str, Any]]]:
    """The exchanges of a fixture of these tests, or of a recording beside the repository."""

    def read(name: str) -> list[dict[str, Any]]:
        for folder in (FIXTURES, RECORDINGS):
            if (folder / name).is_file():
                exchanges: list[dict[str, Any]] = json.loads((folder / name).read_text())["exchanges"]
                return exchanges
        pytest.skip(f"the recording {name} is not here")

    return read


@pytest.fixture
def cloud_over() -> Callable[..., Cloud]:
    """A cloud whose requests a function answers."""

    def make(handler: Callable[..., Any], **facts: Any) -> Cloud:
        door = door_to(handler)
        return Cloud(
            Place(
                name="azure",
                account="dana",
                tenant_id="t",
                subscription_id=SUBSCRIPTION,
                subscription_name="Study",
                region_default="swedencentral",
                costs_money=True,
                sandboxes_expire=True,
                credential=door.credential(),
                async_credential=door.async_credential,
                open_transport=door.transport,
                open_async_transport=door.async_transport,
                sleep=door.sleep,
                poll_seconds=0.001,
                **facts,
            )
        )

    return make
