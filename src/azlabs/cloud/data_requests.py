"""Plain requests to data planes: an app's own address, a vault, the logs; whatever the answer is, it is given back."""

from __future__ import annotations

import json as json_module
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azlabs.cloud.errors import translated


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a data plane: `headers` with lower-case names, `content` as it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The content parsed; None when it is no JSON."""
        try:
            return json_module.loads(self.content)
        except ValueError:
            return None


class DataRequests:
    """Sends requests over a cloud's transport, with a token of the cloud's account where an audience is named."""

    def __init__(self, credential: Any, transport: Any) -> None:
        self._credential = credential
        self._transport = transport
        self._pipelines: dict[str, Any] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        audience: str = "",
        seconds: float = 60.0,
    ) -> Said:
        """One request. `audience`: whose token to send along ("https://vault.azure.net"); "" for none."""
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, url, headers=dict(headers or {}), content=content)
        with translated():
            response = self._pipeline(audience).run(request, read_timeout=seconds).http_response
            body: bytes = response.read()
        found = {str(name).lower(): str(value) for name, value in response.headers.items()}
        return Said(response.status_code, found, body)

    def _pipeline(self, audience: str) -> Any:
        with self._lock:
            if audience not in self._pipelines:
                self._pipelines[audience] = self._made(audience)
            return self._pipelines[audience]

    def _made(self, audience: str) -> Any:
        from azure.core.pipeline import Pipeline, policies

        from azlabs import __version__

        chain: list[Any] = [policies.HeadersPolicy({"User-Agent": f"azlabs/{__version__}"})]
        if audience:
            chain += [
                policies.RetryPolicy(),
                policies.BearerTokenCredentialPolicy(self._credential, f"{audience.rstrip('/')}/.default"),
            ]
        return Pipeline(self._transport, chain)
