"""The query APIs: api.loganalytics.io, api.loganalytics.azure.com and api.applicationinsights.io, and batches of queries.

/v1/workspaces/<id>/query, /v1/<resource id>/query, /v1/$batch, /v1/apps/<app id>/query; GET with query parameters or POST.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.log_analytics import answering
from azlabs.simulator.data_planes.log_analytics.answering import Asked, Asker, QueryRefused, bad
from azlabs.simulator.data_planes.telemetry.components import known
from azlabs.simulator.http import Answer, CaseInsensitive, Request, decode_path, json_answer, parse_query, split_url
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

_HOSTS = ("api.loganalytics.io", "api.loganalytics.azure.com", "api.applicationinsights.io", "westus2.api.loganalytics.io")
AUDIENCES = frozenset(
    f"https://{host}{end}" for host in (*_HOSTS, "management.azure.com", "management.core.windows.net") for end in ("", "/")
)
_VERSIONS = frozenset({"v1", "v1beta", "beta"})
MOST_IN_BATCH = 100


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request to a query API."""
    host = split_url(request.url)[0]
    try:
        return json_answer(_served(simulator, request, host, path, query))
    except QueryRefused as problem:
        return json_answer(problem.body(), problem.status)
    except Refused as problem:
        refused = QueryRefused(problem.status, problem.code, problem.message)
        return json_answer(refused.body(), problem.status, problem.headers)


def _served(simulator: Simulator, request: Request, host: str, path: str, query: str) -> dict[str, Any]:
    headers = CaseInsensitive(request.headers)
    parts = [part for part in decode_path(path).split("/") if part]
    if not parts or parts[0].lower() not in _VERSIONS:
        raise QueryRefused(404, "PathNotFoundError", "The requested path does not exist")
    asker = _identify(simulator, headers)
    rest = parts[1:]
    if [part.lower() for part in rest] == ["$batch"] and request.method.upper() == "POST":
        return _batch(asker, request)
    method = request.method.upper()
    if method not in ("GET", "POST"):
        raise QueryRefused(405, "MethodNotAllowedError", f"The method {method[:20]} is not supported")
    return _one(asker, rest, host, _given(request, method, query), headers)


def _identify(simulator: Simulator, headers: CaseInsensitive) -> Asker:
    authorization = headers.get("authorization")
    if headers.get("x-api-key"):
        raise QueryRefused(
            501,
            "NotModelledBySimulator",
            "The simulator does not model API keys of Application Insights. Use a Microsoft Entra token.",
        )
    if not authorization:
        raise QueryRefused(401, "AuthorizationRequiredError", "Valid authentication was not provided")
    try:
        principal = simulator.tokens.check(authorization, simulator.clock.now(), AUDIENCES)
    except Refused as problem:
        inner = {"code": problem.code, "message": problem.message}
        raise QueryRefused(
            401, "InvalidTokenError", "The provided authentication is not valid for this resource", inner
        ) from None
    return Asker(simulator, principal, simulator.tokens.audience(authorization) == EVERY_AUDIENCE)


def _given(request: Request, method: str, query: str) -> Any:
    asked = parse_query(query)
    if method == "GET":
        return {name: asked[name] for name in ("query", "timespan") if name in asked}
    try:
        given = json.loads(request.body or b"")
    except (ValueError, RecursionError):
        raise bad("InvalidJsonBody", "Unable to parse the JSON body.") from None
    if isinstance(given, dict) and "timespan" in asked:
        given.setdefault("timespan", asked["timespan"])
    return given


def _one(asker: Asker, parts: list[str], host: str, given: Any, headers: Mapping[str, str]) -> dict[str, Any]:
    """One query by the parts of its path after the version."""
    words = [part.lower() for part in parts]
    now = asker.simulator.clock.now()
    if words and words[-1] == "query":
        if len(words) == 3 and words[0] == "workspaces":
            asked = Asked(given, headers, now)
            return answering.answer(asker, answering.in_workspace(asker, parts[1], asked), asked)
        if len(words) == 3 and words[0] == "apps" and host.endswith("applicationinsights.io"):
            asked = Asked(given, headers, now)
            return answering.answer(asker, answering.in_component(asker, known(asker.simulator).apps.get(words[1]), asked), asked)
        if words[0] == "subscriptions" and len(words) > 2:
            asked = Asked(given, headers, now)
            return answering.answer(asker, answering.in_resource(asker, "/".join(parts[:-1]), asked), asked)
    if words and words[-1] in ("metadata", "metrics", "events"):
        raise QueryRefused(
            501, "NotModelledBySimulator", f"The simulator does not model '{words[-1]}' of the query API. Use a query."
        )
    raise QueryRefused(404, "PathNotFoundError", "The requested path does not exist")


def _batch(asker: Asker, request: Request) -> dict[str, Any]:
    """Several queries; each has an answer of its own."""
    try:
        asked = json.loads(request.body or b"")["requests"]
        if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise bad("InvalidJsonBody", "A batch is an object with a list of requests.") from None
    if len(asked) > MOST_IN_BATCH:
        raise bad("TooManyRequests", f"A batch has at most {MOST_IN_BATCH} requests.")
    found = []
    for one in asked:
        try:
            given = one.get("headers")
            headers = CaseInsensitive({str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {})
            body = _one(asker, ["workspaces", str(one.get("workspace", "")), "query"], "", one.get("body"), headers)
            status = 200
        except QueryRefused as problem:
            body, status = problem.body(), problem.status
        found.append(
            {
                "id": str(one.get("id") or uuid.uuid4()),
                "status": status,
                "headers": {"Content-Type": "application/json"},
                "body": body,
            }
        )
    return {"responses": found}
