"""The resource manager: the ARM envelope around all resource types."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Mapping

from azlabs.simulator import arm_limits
from azlabs.simulator.clock import Clock
from azlabs.simulator.durations import REAL
from azlabs.simulator.faults import FOR_EVER, Faults
from azlabs.simulator.http import Answer, CaseInsensitive, Request, decode_path, json_answer, parse_query
from azlabs.simulator.resource_manager import api_versions, deletes, operations, reads, registry, routes, views, writes
from azlabs.simulator.resource_manager.calls import Body, Call
from azlabs.simulator.resource_manager.errors import Refused, not_modelled, reading
from azlabs.simulator.resource_manager.gates import Gates, action_of
from azlabs.simulator.resource_manager.resource_type import Action, Endpoint, ResourceType
from azlabs.simulator.store import Store
from azlabs.simulator.tokens import Principal, Tokens

__all__ = ["Action", "Answer", "Call", "Endpoint", "Principal", "Refused", "ResourceManager", "ResourceType"]

METHODS = frozenset({"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"})
WRITES = frozenset({"PUT", "PATCH", "POST", "DELETE"})
_MOMENT = 0.001
"""Seconds after which an operation fails that was told to."""


class ResourceManager:
    """Answers requests to management.azure.com out of one store."""

    def __init__(self, store: Store, clock: Clock, tokens: Tokens) -> None:
        self.store, self.clock, self.tokens = store, clock, tokens
        self.gates = Gates(store)
        self.latencies: Mapping[tuple[str, str], float] | None = REAL if store.meta("latency") == "real" else None
        """Seconds by (lower-case type, method) that long-running operations take; None: done at the first poll."""
        self.faults = Faults(store)
        self._subscriptions: set[str] = set()
        self._etags = itertools.count(int.from_bytes(os.urandom(6), "big"))
        self._request_ids = itertools.count(int.from_bytes(os.urandom(5), "big"))
        self._request_head = str(uuid.uuid4())[:24]
        registry.load("microsoft.resources")

    # --- a request from outside ---------------------------------------------------------------------------------------
    def handle(self, request: Request, base: str, path: str, query_text: str) -> Answer:
        """Answer a request; `base` is scheme and host of the URLs that answers name. Never raises."""
        request_id = f"{self._request_head}{next(self._request_ids) & 0xFFFFFFFFFFFF:012x}"
        headers = CaseInsensitive(request.headers)
        with self.store.lock:
            try:
                answer = self._answer(request, base, path, query_text, headers)
            except Refused as refusal:
                answer = json_answer(refusal.body(), refusal.status, refusal.headers)
        own = answer.headers
        own["x-ms-request-id"] = request_id
        own["x-ms-correlation-request-id"] = headers.get("x-ms-correlation-request-id") or request_id
        client_id = headers.get("x-ms-client-request-id")
        if client_id and headers.get("x-ms-return-client-request-id", "").lower() == "true":
            own["x-ms-client-request-id"] = client_id
        if request.method == "HEAD":
            answer.body = b""
        return answer

    def _answer(self, request: Request, base: str, path: str, query_text: str, headers: CaseInsensitive) -> Answer:
        method = request.method.upper()
        if method not in METHODS:
            raise Refused(405, "HttpMethodNotAllowed", f"The http method '{method[:20]}' is not supported.")
        principal = self.tokens.check(headers.get("authorization"), self.clock.now())
        try:
            query = parse_query(query_text)
        except ValueError:
            raise Refused(400, "InvalidQueryParameters", "The query of the request URI cannot be read.") from None
        route = routes.parse(decode_path(path))
        left = {}
        if self.faults.arm_limits:
            left = arm_limits.take(self.store, method, route.subscription, principal.object_id, self.clock.now())
        call = Call(self, principal, method, base, route, query, headers, request.body)
        try:
            answer = self.dispatch(call)
            answer.headers.update(left)
            return answer
        except Refused as refusal:
            refusal.headers.update(left)
            raise
        finally:
            if method == "GET":
                operations.in_background(call)

    # --- dispatch -----------------------------------------------------------------------------------------------------
    def dispatch(self, call: Call) -> Answer:
        """Answer a call. Raises `Refused`."""
        route = call.route
        if self.latencies is not None or self.faults.have_hung:
            operations.settle(call)
        if route.subscription and not self.known_subscription(route.subscription):
            raise Refused(404, "SubscriptionNotFound", f"The subscription '{route.subscription}' could not be found.")
        if len(route.lowered) > 2 and call.method == "GET" and route.lowered[-2] in operations.FOLDERS:
            operation = operations.load(call, route.segments[-1])
            if operation is not None:
                return operations.poll(call, operation, route.lowered[-2])
        if not route.types:
            return self._endpoint(call)
        kind = registry.find(route.type_key)
        if kind is not None and kind.addressable:
            return self._resource(call, kind)
        return self._below(call)

    def _resource(self, call: Call, kind: ResourceType) -> Answer:
        route = call.route
        call.kind = kind
        item = len(route.names) == len(route.types)
        call.key = self.key_of(route)
        if call.method == "HEAD" and item and not views.known(self.store, call.key):
            raise reads.not_found(call, kind)  # what is not there is not asked which versions it knows
        api_versions.check(call, kind)
        self.gates.check("request", call.principal, call)
        if call.raw is None:
            special = kind.handle(call)
        else:
            with reading(kind.type):
                special = kind.handle(call)
        if special is not None:
            return special
        method = call.method
        if not item:
            if method == "GET":
                return reads.collection(call, kind)
            raise writes.method_not_allowed(call)
        if method not in kind.methods:
            raise writes.method_not_allowed(call)
        if method == "PUT":
            _check_scope(call, kind)
        if method in ("GET", "HEAD"):
            return reads.item(call, kind)
        change = writes.put if method == "PUT" else writes.patch if method == "PATCH" else deletes.delete
        return self._noted(call, lambda: change(call, kind))

    def _below(self, call: Call) -> Answer:
        """An action of a resource, a special request, or nothing that is modelled."""
        route = call.route
        parent = (
            registry.find(route.parent_type_key()) if len(route.types) == len(route.names) + 1 and route.names else None
        )
        if parent is not None:
            found = parent.actions.get((call.method, route.types[-1].lower()))
            if found is not None:
                return self._act(call, parent, found)
        return self._endpoint(call)

    def _act(self, call: Call, kind: ResourceType, found: Action) -> Answer:
        route = call.route
        call.kind = kind
        call.key = route.path_of(len(route.names)).lower()
        api_versions.check(call, kind)
        self.gates.check("request", call.principal, call)
        if found.method != "POST":
            return self._run(call, kind, found)
        return self._noted(call, lambda: self._run(call, kind, found))

    def _run(self, call: Call, kind: ResourceType, found: Action) -> Answer:
        row, document = views.locate(self.store, kind, call.key)
        if row is None or document is None:
            reads.missing_above(call, kind)
            raise reads.not_found(call, kind)
        self.gates.check("action", call.principal, call)
        with reading(kind.type):
            result = found.function(kind, call, reads.shown(call, kind, row, document))
        if isinstance(result, Answer):
            return result
        announce = found.announce
        if announce.headers:
            data = {} if result is None else {"result": result}
            headers = operations.start(call, kind, call.key, announce, location=row.location, method="POST", data=data)
            if isinstance(announce.body, str):
                return json_answer(announce.body, announce.status, headers)
            return Answer(announce.status, headers)
        return Answer(announce.status) if result is None else json_answer(result, announce.status)

    def _endpoint(self, call: Call) -> Answer:
        route = call.route
        if route.namespace:
            registry.load(route.namespace.lower())
        found = registry.endpoint(call.method, route.segments, route.lowered)
        if found is None:
            raise self._unknown(call)
        endpoint, call.values = found
        api_versions.check_endpoint(call, endpoint)
        self.gates.check("request", call.principal, call)
        with reading(endpoint.path):
            result = endpoint.function(call)
        return result if isinstance(result, Answer) else json_answer(result)

    def _unknown(self, call: Call) -> Refused:
        route = call.route
        if not call.api_version:
            return api_versions.missing()
        if registry.methods_of(route.lowered):
            return writes.method_not_allowed(call)
        if route.namespace:
            what = "/".join([route.namespace, *route.types])
            if route.types and not registry.load(route.namespace.lower()) and "." not in route.namespace:
                return Refused(
                    404, "InvalidResourceNamespace", f"The resource namespace '{route.namespace}' is invalid."
                )
            return not_modelled(what)
        return Refused(
            404,
            "InvalidResourceType" if route.segments else "MissingSubscription",
            f"The request did not have a resource that exists: '{call.path()}'.",
        )

    def _noted(self, call: Call, change: Callable[[], Answer]) -> Answer:
        """Make a change in one transaction with its entry in the activity log; a refusal is rolled back and noted too."""
        try:
            with self.store.writing():
                answer = change()
                self._note(call, answer.status)
                return answer
        except Refused as refusal:
            with self.store.writing():
                self._note(call, refusal.status, {"code": refusal.code, "message": refusal.message})
            raise

    def _note(self, call: Call, status: int, detail: dict[str, str] | None = None) -> None:
        correlation = call.headers.get("x-ms-correlation-request-id", "")
        self.store.note_activity(
            call.now, call.key, action_of(call), status, correlation, call.principal.object_id, detail
        )

    # --- what types and rules ask ---------------------------------------------------------------------------------------
    def key_of(self, route: routes.Route) -> str:
        """Key of the resource, or for a collection of its parent (scope when it has none)."""
        if route.group and route.types and len(route.lowered) == 4:
            return f"/subscriptions/{route.subscription}/resourcegroups/{route.group}"
        if len(route.names) == len(route.types):
            return route.path_of(len(route.types)).lower()
        return (route.path_of(len(route.names)) if route.names else route.scope).lower()

    def known_subscription(self, subscription: str) -> bool:
        """Is this one of the simulator's subscriptions? They are never taken away, so a known one is not looked up again."""
        if subscription in self._subscriptions:
            return True
        if not self.store.exists(f"/subscriptions/{subscription}"):
            return False
        self._subscriptions.add(subscription)
        return True

    def require_group(self, call: Call) -> None:
        """404 ResourceGroupNotFound when the call names a group that does not exist."""
        route = call.route
        if route.group and len(route.lowered) > 4:
            key = f"/subscriptions/{route.subscription}/resourcegroups/{route.group}"
            if not self.store.exists(key):
                raise Refused(404, "ResourceGroupNotFound", f"Resource group '{call.group_name()}' could not be found.")

    def owner_of(self, call: Call, kind: ResourceType) -> tuple[Call, list[tuple[ResourceType, str]]]:
        """For a part: a call for the document it lives in, and the chain of (type, name) from that document to the part."""
        chain = [(kind, call.name)]
        key, names, count = call.key, list(call.route.names), len(call.route.types)
        current = kind
        while current.part_of is not None:
            parent = registry.find(current.key.rpartition("/")[0])
            if parent is None:
                raise not_modelled(current.type.rpartition("/")[0])
            key = key.rpartition("/")[0].rpartition("/")[0]
            names.pop()
            count -= 1
            current = parent
            chain.insert(0, (current, names[-1]))
        route = call.route
        above = routes.Route(
            route.segments,
            route.lowered,
            route.subscription,
            route.group,
            route.scope,
            route.namespace,
            route.types[:count],
            names,
        )
        owner = Call(self, call.principal, call.method, call.base, above, call.query, call.headers, call.raw)
        owner.kind, owner.key, owner.now = current, key, call.now
        return owner, chain

    def next_etag(self) -> int:
        """A number no other write of this process had."""
        return next(self._etags)

    def latency(self, type_name: str, method: str) -> float:
        """Seconds an operation takes before it may complete."""
        fault = self.faults.of_operations
        if fault is not None:
            return FOR_EVER if fault.kind == "operation-hangs" else _MOMENT
        return self.latencies.get((type_name.lower(), method), 0.0) if self.latencies else 0.0

    def forget(self) -> None:
        """The store was replaced: nothing that was remembered of it counts."""
        self.gates.forget()
        self.faults.forget()
        self._subscriptions.clear()

    def set_latency(self, real: bool) -> None:
        """Let operations take the durations of `durations.REAL`, or none; kept in the store for every process."""
        with self.store.writing():
            self.store.set_meta("latency", "real" if real else "none")
        self.latencies = REAL if real else None

    def find(self, id: str) -> Body | None:
        """A fresh copy of the stored document of any resource or part, by id in any spelling."""
        return views.find(self.store, id.rstrip("/").lower())

    def perform(
        self, principal: Principal, method: str, id: str, api_version: str, body: Body | None = None, *, base: str = "https://management.azure.com",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """A request from inside (a deployment's resource, a policy's remediation) by an authenticated principal.

        Passes the same gates as one from outside; a refusal is returned as an answer and rolled back alone.
        """
        path, _, query_text = id.partition("?")
        fault = self.faults.strike(method, "management.azure.com", path, inside=True)
        if fault is not None and fault.kind in ("fail", "throttle"):
            return json_answer(fault.refusal().body(), fault.status, fault.refusal().headers)
        try:
            with self.store.writing():
                query = {"api-version": api_version, **parse_query(query_text)}
                call = Call(
                    self, principal, method, base, routes.parse(path), query, CaseInsensitive(headers or {}), None
                )
                if body is not None:
                    call.set_json(body)
                return self.dispatch(call)
        except Refused as refusal:
            return json_answer(refusal.body(), refusal.status, refusal.headers)


def _check_scope(call: Call, kind: ResourceType) -> None:
    """A type is only made where it may sit: a network not at a subscription, a policy definition not in a group."""
    root = registry.find(f"{call.route.namespace}/{call.route.types[0]}".lower()) or kind
    if "extension" in root.scopes or call.route.scope_kind in root.scopes:
        return
    namespace, _, rest = root.type.partition("/")
    raise Refused(
        404,
        "InvalidResourceType",
        f"The resource type '{rest}' could not be found in the namespace '{namespace}' for api version '{call.api_version}' "
        f"at the scope '{call.route.scope or '/'}'.",
    )
