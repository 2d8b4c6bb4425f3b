"""Real SDK clients on a simulator, without a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo

from azlabs.cloud.transport import InProcessTransport
from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator


class Owner:
    """A credential with the token of the subscription's owner."""

    def __init__(self, simulator: Simulator) -> None:
        self.token = simulator.owner_token()

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        return AccessToken(self.token, 4_000_000_000)

    def get_token_info(self, *_scopes: str, **_more: Any) -> AccessTokenInfo:
        return AccessTokenInfo(self.token, 4_000_000_000)


def client(kind: Callable[..., Any], simulator: Simulator) -> Any:
    """A management client of this kind, as programs make it."""

    def handle(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        answer = simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    return kind(Owner(simulator), SUBSCRIPTION_ID, transport=InProcessTransport(handle))
