"""HTTP trigger: routes, methods, authorization levels, and the answer that a function gives."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from azlabs.simulator.functions import keys, routes
from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem, Outcome
from azlabs.simulator.functions.triggers import Trigger
from azlabs.simulator.http import Answer, CaseInsensitive, Request

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

RESERVED = ("admin", "runtime")
LEVELS = (keys.ANONYMOUS, keys.FUNCTION, keys.ADMIN)
MOST_AT_ONCE = 100
MOST_WAITING = 200
REASON = "This function was programmatically called via the host APIs."
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "te", "trailer"})


class HttpTrigger(Trigger):
    """One function that requests start."""

    kind: ClassVar[str] = "httpTrigger"

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        binding = function.trigger
        route = str(binding.get("route") or function.name).strip("/")
        prefix = app.host_json.route_prefix
        self.route = routes.read(f"{prefix}/{route}" if prefix else route)
        first = route.partition("/")[0].lower()
        if (not prefix and first in RESERVED) or (prefix.partition("/")[0].lower() in RESERVED):
            raise FunctionProblem(
                f"The route '{route}' of function '{function.name}' conflicts with the host's own routes."
            )
        methods = binding.get("methods") or ()
        self.methods = frozenset(str(one).upper() for one in methods)
        self.level = str(binding.get("authLevel") or keys.FUNCTION).lower()
        if self.level not in LEVELS:
            raise FunctionProblem(
                f"The authLevel '{self.level}' of '{function.name}' has to be one of {', '.join(LEVELS)}."
            )
        self._open = False

    def start(self) -> None:
        """Requests may come."""
        self._open = True

    def stop(self) -> None:
        """No more of them."""
        self._open = False

    def takes(self, method: str, path: str) -> dict[str, str] | None:
        """The values of the route's parameters, None when the request is for somebody else."""
        if not self._open or (self.methods and method.upper() not in self.methods):
            return None
        return self.route.match(path)

    def answer(self, request: Request, path: str, query: str, parameters: Mapping[str, str]) -> Answer:
        """Call the function."""
        headers = CaseInsensitive(request.headers)
        asked: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=1000):
            asked[name] = f"{asked[name]},{value}" if name in asked else value
        given = headers.get(keys.HEADER) or next(
            (value for name, value in asked.items() if name.lower() == keys.QUERY), ""
        )
        if not keys.opens(self.app.simulator, self.app.site_key, self.level, given, self.function.name):
            return Answer(401)
        gate = _gate(self.app)
        if not gate.enter():
            return Answer(429, {"Retry-After": "10"})
        try:
            data = Datum("http", {
                "method": request.method.upper(), "url": f"https://{self.app.host}{path}{'?' + query if query else ''}",
                "headers": dict(headers), "query": asked, "params": dict(parameters), "body": Datum("bytes", request.body or b""),
            })  # fmt: skip
            parent = headers.get("traceparent", "")
            event = Event(data, {}, _values(parameters, asked, request.body), (parent,) if parent else (), REASON)
            return _answer(self.app.invoke(self.function, event))
        finally:
            gate.leave()

    def by_hand(self, text: str | None) -> Event:
        """A request with this body."""
        body = (text or "").encode()
        data = Datum("http", {
            "method": "POST", "url": f"https://{self.app.host}/admin/functions/{self.function.name}",
            "headers": {"content-type": "application/json"}, "query": {}, "params": {}, "body": Datum("bytes", body),
        })  # fmt: skip
        return Event(data, reason=REASON)


def _values(parameters: Mapping[str, str], asked: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    """What binding expressions may name: properties of a JSON body, the query, the route."""
    import json

    found: dict[str, Any] = {}
    try:
        document = json.loads(body or b"null")
    except ValueError:
        document = None
    if isinstance(document, dict):
        found.update(document)
    return {**found, "Query": dict(asked), **asked, **parameters}


def _answer(outcome: Outcome) -> Answer:
    """The answer out of what the function returned; a function that fails answers 500 and says why in the log only."""
    if not outcome.ok:
        return Answer(500)
    returned = outcome.returned
    if returned is None:
        returned = next((one for one in outcome.outputs.values() if one.kind == "http"), None)
    if returned is None:
        return Answer(204)
    if returned.kind != "http":
        raw = returned.value if isinstance(returned.value, bytes) else str(returned.value).encode()
        kind = "application/json; charset=utf-8" if returned.kind == "json" else "text/plain; charset=utf-8"
        return Answer(200, {"Content-Type": kind}, raw)
    value = returned.value
    headers = {
        str(name).title(): str(text) for name, text in value["headers"].items() if str(name).lower() not in HOP_BY_HOP
    }
    for number, cookie in enumerate(value.get("cookies") or ()):
        headers[_spelling("set-cookie", number)] = cookie
    body = value.get("body")
    raw = b"" if body is None else body[1] if isinstance(body[1], bytes) else str(body[1]).encode()
    return Answer(int(value["status_code"]), headers, raw)


def _spelling(name: str, number: int) -> str:
    """One of many spellings of a header's name: answers keep each name once, and several cookies are several headers."""
    return "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(name))


class _Gate:
    """So many requests at once (`maxConcurrentRequests`), so many that have not been answered (`maxOutstandingRequests`)."""

    def __init__(self, app: App) -> None:
        most = app.host_json.value("extensions", "http", "maxConcurrentRequests", default=MOST_AT_ONCE)
        waiting = app.host_json.value("extensions", "http", "maxOutstandingRequests", default=MOST_WAITING)
        self._slots = threading.Semaphore(int(most)) if int(most) > 0 else None
        self._most, self._inside = int(waiting), 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        with self._lock:
            if 0 <= self._most <= self._inside:
                return False
            self._inside += 1
        if self._slots is not None:
            self._slots.acquire()
        return True

    def leave(self) -> None:
        if self._slots is not None:
            self._slots.release()
        with self._lock:
            self._inside -= 1


_gates_lock = threading.Lock()


def _gate(app: App) -> _Gate:
    """The one gate of an app."""
    with _gates_lock:
        found = app.shared.get("http")
        if found is None:
            found = app.shared["http"] = _Gate(app)
    assert isinstance(found, _Gate)
    return found
