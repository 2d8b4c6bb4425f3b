"""Plain requests to Azure Resource Manager through an azure-core pipeline, and the wait for long-running operations."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azlabs.cloud.errors import AzureError, ErrorDetail, error_from, translated

_ARM = "https://management.azure.com"
_SCOPE = "https://management.azure.com/.default"
_UNFINISHED_POLL_SECONDS = 5.0
_BAD_ENDS = {"failed", "canceled", "cancelled"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `headers` with lower-case names, `json` parsed (None when the body is empty or not JSON)."""

    status: int
    headers: Mapping[str, str]
    json: Any
    method: str = ""
    url: str = ""


class ArmRequests:
    """Sends requests with the cloud's credential and transport; retries as azure-core does."""

    def __init__(
        self,
        credential: Any,
        transport: Any,
        sleep: Callable[[float], None],
        patience_seconds: float = 7200.0,
        scope: str = _SCOPE,
    ) -> None:
        from azure.core.pipeline import Pipeline, policies

        from azlabs import __version__

        self._sleep = sleep
        self._patience = patience_seconds
        self._pipeline: Any = Pipeline(
            transport,
            [
                policies.RequestIdPolicy(),
                policies.HeadersPolicy({"User-Agent": f"azlabs/{__version__}", "Accept": "application/json"}),
                policies.RetryPolicy(),
                policies.BearerTokenCredentialPolicy(credential, scope),
            ],
        )

    def send(self, method: str, path: str, api_version: str, body: Any = None) -> Reply:
        """One request. `path` is an id, a path with or without query, or a URL that Azure gave (kept as it is)."""
        from azure.core.rest import HttpRequest

        url = address(path, api_version)
        request = HttpRequest(method, url) if body is None else HttpRequest(method, url, json=body)
        with translated():
            response = self._pipeline.run(request).http_response
            content: bytes = response.read()
        if response.status_code >= 400:
            raise error_from(response.status_code, content, f"{method} {url.split('?', 1)[0]}")
        headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
        return Reply(response.status_code, headers, _parsed(content), method, url)

    def wait(self, reply: Reply) -> Reply:
        """Follow a reply to the end of its operation. Raises AzureError when the operation fails.

        Answers the last reply that carries the resource: the final GET after a PUT or PATCH, else the last poll.
        """
        operation = reply.headers.get("azure-asyncoperation")
        location = reply.headers.get("location")
        if operation:
            last = self._until_over(operation, reply)
            if reply.method in {"PUT", "PATCH"}:
                return self.send("GET", reply.url, "")
            return self.send("GET", location, "") if location and reply.method == "POST" else last
        if reply.status == 202 and location:
            return self._until_arrived(location, reply)
        if reply.method in {"PUT", "PATCH"} and _unfinished(reply.json):
            return self._until_provisioned(reply)
        return reply

    def _until_over(self, url: str, first: Reply) -> Reply:
        poll = self.send("GET", url, "")
        give_up = self._deadline()
        while True:
            state = str((poll.json or {}).get("status", "Succeeded" if poll.status != 202 else "")).lower()
            if state == "succeeded":
                return poll
            if state in _BAD_ENDS:
                raise _operation_error(poll, first)
            poll = self._again(url, poll, first, give_up)

    def _until_arrived(self, url: str, first: Reply) -> Reply:
        poll = self.send("GET", url, "")
        give_up = self._deadline()
        while poll.status == 202:
            poll = self._again(poll.headers.get("location", url), poll, first, give_up)
        return poll

    def _until_provisioned(self, first: Reply) -> Reply:
        poll = first
        give_up = self._deadline()
        while _unfinished(poll.json):
            poll = self._again(first.url, poll, first, give_up)
        if _provisioning_state(poll.json) in _BAD_ENDS:
            raise _operation_error(poll, first)
        return poll

    def _deadline(self) -> float:
        return time.monotonic() + self._patience

    def _again(self, url: str, last: Reply, first: Reply, give_up: float) -> Reply:
        """Another look after the pause that the last one asked for; raises when patience has run out."""
        if time.monotonic() > give_up:
            raise AzureError(
                last.status,
                "OperationNotFinished",
                f"Azure has not finished {first.method} {first.url.split('?', 1)[0]} in {self._patience:.0f} seconds.",
                action="It may still finish; look again later.",
            )
        self._sleep(_pause(last))
        return self.send("GET", url, "")


def address(path: str, api_version: str) -> str:
    """The URL of a path or id with its api-version; an URL that already has one is kept."""
    url = path if path.startswith("https://") else f"{_ARM}/{path.lstrip('/')}"
    if not api_version or "api-version=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}api-version={api_version}"


def _parsed(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json_module.loads(content)
    except ValueError:
        return None


def _pause(reply: Reply) -> float:
    milliseconds = reply.headers.get("retry-after-ms")
    seconds = reply.headers.get("retry-after")
    try:
        if milliseconds:
            return float(milliseconds) / 1000
        return float(seconds) if seconds else _UNFINISHED_POLL_SECONDS
    except ValueError:
        return _UNFINISHED_POLL_SECONDS


def _provisioning_state(body: Any) -> str:
    properties = body.get("properties") if isinstance(body, dict) else None
    return str(properties.get("provisioningState", "")).lower() if isinstance(properties, dict) else ""


def _unfinished(body: Any) -> bool:
    state = _provisioning_state(body)
    return bool(state) and state not in {"succeeded", *_BAD_ENDS}


def _operation_error(poll: Reply, first: Reply) -> AzureError:
    body = poll.json if isinstance(poll.json, dict) else {}
    state = str(body.get("status") or _provisioning_state(body) or "Failed")
    if isinstance(body.get("error"), dict):
        return error_from(poll.status, body, f"{first.method} {first.url.split('?', 1)[0]}")
    message = f"The operation ended as {state}."
    return AzureError(poll.status, state, message, details=(ErrorDetail(state, message),), request=first.url)
