"""Ingestion: https://<region>-<n>.in.applicationinsights.azure.com/v2.1/track and /v2/track, and the global dc.services.visualstudio.com.

Answers as the exporters of Application Insights expect them: {"itemsReceived", "itemsAccepted", "errors": [{"index",
"statusCode", "message"}], "appId"}; 206 where only some items are accepted.
"""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.telemetry import keeping
from azlabs.simulator.data_planes.telemetry.components import Component, known
from azlabs.simulator.data_planes.telemetry.items import ItemRefused, envelopes, row_of
from azlabs.simulator.http import Answer, CaseInsensitive, Request, json_answer, split_url
from azlabs.simulator.kql import times
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

TRACKS = frozenset({"/v2/track", "/v2.1/track"})
GLOBAL = "dc.services.visualstudio.com"
OWN_STATISTICS = frozenset({"c4a29126-a7cb-47e5-b348-11414998b11e", "7dc56bab-3c0c-4e9f-9ebb-d1acadee8d0f"})
"""Keys under which the exporters send Microsoft statistics about themselves: taken and dropped."""
AUDIENCES = frozenset({"https://monitor.azure.com", "https://monitor.azure.com/", "https://monitor.azure.com//"})
WRITE = "Microsoft.Insights/Telemetry/Write"
MOST_BYTES = 64 * 1024 * 1024
MOST_ITEMS = 64_000
GIGABYTE = 1024**3


class _Failed(Exception):
    """The whole request is refused."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:  # noqa: ARG001
    """Answer one request to an ingestion endpoint."""
    lower = "/" + path.lower().strip("/")  # exporters put a slash behind an endpoint that ends with one
    parts = lower.split("/")
    if len(parts) == 5 and parts[1:3] == ["api", "profiles"] and parts[4] == "appid":
        component = known(simulator).components.get(parts[3])
        return Answer(200, {"Content-Type": "text/plain"}, component.app.encode()) if component is not None else Answer(404)
    if lower not in TRACKS:
        return json_answer({"error": {"code": "PathNotFound", "message": f"The path '{path[:100]}' does not exist."}}, 404)
    if request.method.upper() != "POST":
        return json_answer({"error": {"code": "MethodNotAllowed", "message": "Telemetry is sent with POST."}}, 405)
    try:
        return _track(simulator, request, path)
    except _Failed as problem:
        errors = [{"index": 0, "statusCode": problem.status, "message": problem.message}]
        return json_answer({"itemsReceived": 0, "itemsAccepted": 0, "errors": errors}, problem.status, problem.headers)


def _content(request: Request, headers: CaseInsensitive) -> bytes:
    body = request.body or b""
    if headers.get("content-encoding", "").lower() == "gzip" or body[:2] == b"\x1f\x8b":
        try:
            unpacked = zlib.decompressobj(wbits=31)
            body = unpacked.decompress(body, MOST_BYTES + 1)
        except (zlib.error, gzip.BadGzipFile, EOFError):
            raise _Failed(400, "The content is not gzip.") from None
    if len(body) > MOST_BYTES:
        raise _Failed(413, "The request is too large.")
    return body


def _track(simulator: Simulator, request: Request, path: str) -> Answer:
    headers = CaseInsensitive(request.headers)
    body = _content(request, headers)
    try:
        found = envelopes(body)
    except (ValueError, RecursionError):
        raise _Failed(400, "The content is not telemetry: a JSON array, or one JSON object a line.") from None
    if len(found) > MOST_ITEMS:
        raise _Failed(413, f"A request has at most {MOST_ITEMS:,} items.")
    gate = _Gate(simulator, headers)
    now = times.from_seconds(simulator.clock.now())
    size = len(body) // max(1, len(found))
    accepted: list[tuple[Component, Any, list[Any], int]] = []
    errors: list[dict[str, Any]] = []
    dropped = 0
    surrogates = b"\\ud" in body or b"\\uD" in body
    for index, envelope in enumerate(found):
        try:
            component = gate.component(envelope)
            if component is None:
                dropped += 1
                continue
            kind, row = row_of(envelope, now)
            if surrogates:
                row = [one.encode("utf-8", "replace").decode() if isinstance(one, str) else one for one in row]
            if not component.masks_addresses:
                row[15] = str((envelope.get("tags") or {}).get("ai.location.ip") or headers.get("x-forwarded-for") or "")[:46]
            if gate.stored(component):
                accepted.append((component, kind, row, size))
            else:
                dropped += 1
        except ItemRefused as problem:
            errors.append({"index": index, "statusCode": problem.status, "message": problem.message})
        except (TypeError, ValueError, AttributeError, LookupError, RecursionError, OverflowError):
            errors.append({"index": index, "statusCode": 400, "message": "The item is not telemetry."})
    home = _home(split_url(request.url)[0], accepted)
    if home:
        return Answer(308, {"Location": f"https://{home}{path}", "Cache-Control": "max-age=604800"})
    if accepted:
        keeping.keep(simulator, accepted)
    taken = len(accepted) + dropped
    answer = {
        "itemsReceived": len(found),
        "itemsAccepted": taken,
        "appId": accepted[0][0].app if accepted else None,
        "errors": errors,
    }
    if not errors:
        return json_answer(answer)
    return json_answer(answer, 206 if taken else errors[0]["statusCode"])


def _home(host: str, accepted: list[tuple[Component, Any, list[Any], int]]) -> str:
    """Where the endpoint of another region sends programs: to that of the component. "" where they are right, as they are at
    the global one."""
    if host == GLOBAL or not accepted:
        return ""
    location = accepted[0][0].location
    region = host.partition(".")[0].rpartition("-")[0] or host.partition(".")[0]
    return "" if region == location else f"{location}-0.in.applicationinsights.azure.com"


class _Gate:
    """Which component an item belongs to, and whether it may come in."""

    def __init__(self, simulator: Simulator, headers: CaseInsensitive) -> None:
        self._simulator, self._headers = simulator, headers
        self._known = known(simulator)
        self._checked: dict[str, Component] = {}
        self._stored: dict[str, bool] = {}

    def component(self, envelope: Any) -> Component | None:
        """The component of an envelope; None for statistics of the exporter itself. Raises ItemRefused or _Failed."""
        if isinstance(envelope, ItemRefused):
            raise envelope
        if not isinstance(envelope, dict):
            raise ItemRefused("The item is not a JSON object.")
        key = envelope.get("iKey")
        if not isinstance(key, str) or not key:
            raise ItemRefused(
                "Field 'iKey' on type 'Envelope' is required but missing or empty. Expected: string, Actual: undefined"
            )
        found = self._checked.get(key)
        if found is not None:
            return found
        if key.lower() in OWN_STATISTICS:
            return None
        found = self._known.components.get(key.lower())
        if found is None:
            raise ItemRefused("Invalid instrumentation key")
        self._admit(found)
        self._checked[key] = found
        return found

    def _admit(self, component: Component) -> None:
        if not component.ingestion:
            raise _Failed(403, "Ingestion from public networks is disabled for this Application Insights resource.")
        authorization = self._headers.get("authorization")
        if authorization:
            self._authorize(component, authorization)
        elif not component.local_auth:
            raise _Failed(401, "Authentication failed: local authentication is disabled, a Microsoft Entra token is required.",
                          {"WWW-Authenticate": 'Bearer authorization_uri="https://login.microsoftonline.com"'})  # fmt: skip
        if component.cap > 0:
            since = self._midnight()
            if keeping.taken_in(self._simulator.store, since=since, component=component.id) >= component.cap * GIGABYTE:
                raise _Failed(402, "Daily quota exceeded.", {"Retry-After": str(self._until_midnight())})

    def _authorize(self, component: Component, authorization: str) -> None:
        tokens = self._simulator.tokens
        try:
            principal = tokens.check(authorization, self._simulator.clock.now(), AUDIENCES)
        except Refused as problem:
            raise _Failed(401, f"Authentication failed: {problem.message}", problem.headers) from None
        if tokens.audience(authorization) == EVERY_AUDIENCE:
            return
        from azlabs.simulator.providers.authorization.table import access_table

        decision = access_table(self._simulator.store).can(principal.object_id, WRITE, component.id, data=True)
        if not decision.allowed or decision.denied_by is not None:
            raise _Failed(403, "The given principal does not have the permission to publish telemetry: it needs the role Monitoring "
                          "Metrics Publisher on the Application Insights resource.")  # fmt: skip

    def stored(self, component: Component) -> bool:
        """Does the workspace take it? Above its daily cap, or closed to public networks, it drops what is sent."""
        workspace = self._known.workspaces.get(component.workspace)
        if workspace is None:
            return True
        found = self._stored.get(workspace.key)
        if found is None:
            full = workspace.cap >= 0 and (
                keeping.taken_in(self._simulator.store, since=self._midnight(), workspace=workspace.key)
                >= workspace.cap * GIGABYTE
            )
            found = self._stored[workspace.key] = workspace.ingestion and not full
        return found

    def _midnight(self) -> int:
        now = times.from_seconds(self._simulator.clock.now())
        return now - now % times.DAY

    def _until_midnight(self) -> int:
        now = times.from_seconds(self._simulator.clock.now())
        return int((times.DAY - now % times.DAY) // times.SECOND) + 1
