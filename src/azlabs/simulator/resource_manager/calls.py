"""One request on its way through the resource manager, and the write that it may become."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from azlabs.simulator.records import Link, Resource
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager import ResourceManager
    from azlabs.simulator.resource_manager.resource_type import ResourceType
    from azlabs.simulator.resource_manager.routes import Route
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

Body = dict[str, Any]
MAX_BODY = 4 * 1024 * 1024


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"unexpected {word}")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


class Reader:
    """What hooks may ask while they read or write."""

    __slots__ = ("api_version", "manager", "now", "principal", "store")

    manager: ResourceManager
    store: Store
    principal: Principal
    api_version: str
    now: float
    """Seconds since the epoch, on the simulator's clock."""

    def find(self, id: str) -> Body | None:
        """The stored document of any resource or part by id (any spelling), None when there is none. A fresh copy."""
        return self.manager.find(id)

    def linked(self, id: str) -> list[Link]:
        """Who refers to this resource or part."""
        return self.store.links_to(id.lower())


class Call(Reader):
    """A request after authentication and routing. `query` names are lower case; `values` are an endpoint's {words}."""

    __slots__ = (
        "_json", "base", "correlation", "headers", "key", "kind", "method", "operation", "parent_id", "query", "raw", "route",
        "scope_id", "scope_key", "values",
    )  # fmt: skip

    def __init__(
        self, manager: ResourceManager, principal: Principal, method: str, base: str, route: Route, query: dict[str, str],
        headers: Mapping[str, str], raw: bytes | None,
    ) -> None:  # fmt: skip
        self.manager, self.store, self.principal = manager, manager.store, principal
        self.method, self.base, self.route, self.query, self.headers, self.raw = (
            method,
            base,
            route,
            query,
            headers,
            raw,
        )
        self.api_version = query.get("api-version", "")
        self.now = manager.clock.now()
        self.kind: ResourceType | None = None
        self.key = ""
        """Key of the resource (for a collection, of its parent or scope)."""
        self.values: dict[str, str] = {}
        self.correlation = ""
        self.operation: Body = {}
        """Facts to keep with the operation that announces this request, as in `operations.Operation.data`."""
        self.scope_key = self.scope_id = self.parent_id = ""
        """Set by `resolve_scope`: key of the parent or scope, its id as Azure spells it, id of the parent resource or ""."""
        self._json: Any = None

    @property
    def name(self) -> str:
        """Name of the resource as spelled in the request."""
        return self.route.names[-1] if self.route.names else ""

    @property
    def action(self) -> str:
        """The control-plane action that the request needs: "Microsoft.Network/virtualNetworks/write"."""
        from azlabs.simulator.resource_manager.gates import action_of

        return action_of(self)

    def resolve_scope(self) -> None:
        """Find what the resource sits on, and its canonical spelling."""
        if self.scope_key:
            return
        route = self.route
        if len(route.types) > 1:
            self.scope_key = self.key.rpartition("/")[0].rpartition("/")[0]
            parent = self.store.get(self.scope_key)
            self.parent_id = parent.id if parent is not None else route.path_of(len(route.types) - 1)
        else:
            self.scope_key = route.scope.lower()
            known = self.store.get(self.scope_key) if self.scope_key.count("/") > 2 else None
            self.scope_id = known.id if known is not None else route.scope

    def path(self) -> str:
        """The path as it was sent, decoded."""
        return "/" + "/".join(self.route.segments)

    def url(self) -> str:
        """The request's own URL."""
        from urllib.parse import urlencode

        return f"{self.base}{self.path()}?{urlencode(self.query)}"

    def group_name(self) -> str:
        """The resource group as spelled in the request; "" outside of groups."""
        return self.route.segments[3] if self.route.group else ""

    def json(self) -> Body:
        """The request body as an object. Raises 400 InvalidRequestContent, 413 when it is too large."""
        if self._json is None:
            self._json = self._parse()
        parsed: Body = self._json
        return parsed

    def set_json(self, body: Body) -> None:
        """Put a body in place of what was sent (internal callers that have it decoded)."""
        self._json = body

    def _parse(self) -> Body:
        if not self.raw:
            raise Refused(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: 'The request body is empty.'.",
            )
        if len(self.raw) > MAX_BODY:
            raise Refused(
                413,
                "RequestContentTooLarge",
                f"The request content size exceeds the maximum size of {MAX_BODY // 1048576} MB.",
            )
        try:
            value = _decode(self.raw.decode("utf-8-sig"))
        except (ValueError, RecursionError) as problem:
            raise Refused(
                400,
                "InvalidRequestContent",
                f"The request content was invalid and could not be deserialized: '{problem}'.",
            ) from None
        if not isinstance(value, dict):
            raise Refused(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: 'The content is not a JSON object.'.",
            )
        return value

    def internal(self, method: str, id: str, api_version: str, body: Body | None = None) -> Any:
        """Another request by the same principal inside the same transaction; its `Answer`. Never raises `Refused`."""
        return self.manager.perform(self.principal, method, id, api_version, body, base=self.base)


class Write(Reader):
    """A change of one resource (or part) that is being made.

    `body`: the new document. `before`: the stored one, None on creation. `hidden`: what is kept beside it, never shown.
    `resource`: the stored row (of the parent for a part). `request`: what was sent.
    """

    __slots__ = (
        "before", "body", "call", "focus", "hidden", "id", "key", "kind", "links", "name", "parent_body", "part", "pending",
        "removed", "request", "resource",
    )  # fmt: skip

    def __init__(self, call: Call, kind: ResourceType, id: str, name: str, body: Body, before: Body | None) -> None:
        self.call, self.manager, self.store, self.principal = call, call.manager, call.store, call.principal
        self.api_version, self.now = call.api_version, call.now
        self.kind, self.id, self.key, self.name = kind, id, id.lower(), name
        self.body, self.before = body, before
        self.request: Body = body
        self.resource: Resource | None = None
        self.parent_body: Body | None = None
        self.hidden: Body = {}
        self.pending: str | None = None
        self.links: list[tuple[str, str, str]] = []
        self.focus: tuple[ResourceType, str] | None = None
        """The only part that this write of a document changes: (its type, its key)."""
        self.part: Write | None = None
        self.removed: str | None = None
        """Key of the part that this write of a document takes away."""

    @property
    def created(self) -> bool:
        """Is this the first write?"""
        return self.before is None

    @property
    def location(self) -> str:
        """Location of the resource, or of the parent document for a part."""
        return str(self.body.get("location") or (self.parent_body or {}).get("location") or "")

    @property
    def subscription(self) -> str:
        return self.call.route.subscription

    @property
    def group(self) -> str:
        """Name of the resource group (lower case), "" outside of groups."""
        return self.call.route.group

    def get(self, path: str, default: Any = None) -> Any:
        """A value of the new document."""
        return paths.get(self.body, path, default)

    def put(self, path: str, value: Any) -> None:
        """Set a value of the new document."""
        paths.put(self.body, path, value)

    def old(self, path: str, default: Any = None) -> Any:
        """A value of the stored document."""
        return default if self.before is None else paths.get(self.before, path, default)

    def guid(self) -> str:
        """A new random GUID."""
        return str(uuid.uuid4())

    def refuse(self, code: str, message: str, status: int = 400, **more: Any) -> NoReturn:
        """Refuse the write; `{name}` and `{id}` in the message are replaced."""
        raise Refused(status, code, message.replace("{name}", self.name).replace("{id}", self.id), **more)
