"""Requests to a function app as its callers make them.

    lab.invoke(lab.outputs["functionAppName"], "/api/health", headers={"x-search-token": token}).status
"""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from typing import Any, Protocol

__all__ = ["invoke"]

_DOMAIN = "azurewebsites.net"


class CloudLike(Protocol):
    """A cloud as checks see it."""

    @property
    def send(self) -> Callable[..., Any]: ...


def invoke(
    cloud: CloudLike,
    app: str,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | None = None,
    seconds: float = 60.0,
) -> Any:
    """What an app answers: `status`, `headers`, `text`, `json`. `app`: its name, its host, or its id."""
    name = app.rstrip("/").rpartition("/")[2]
    host = name if "." in name else f"{name}.{_DOMAIN}"
    given = dict(headers or {})
    if json is not None:
        content = json_module.dumps(json).encode()
        given.setdefault("content-type", "application/json")
    url = f"https://{host}/{path.lstrip('/')}"
    return cloud.send(method, url, headers=given, content=content, seconds=seconds)
