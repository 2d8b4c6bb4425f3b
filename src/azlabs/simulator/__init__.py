"""An embedded Azure: one function from request to answer.

simulator = Simulator()                   # in memory; Simulator(path) keeps its state in a SQLite file
answer = simulator.handle(Request("GET", "https://management.azure.com/subscriptions?api-version=2022-12-01",
                                  {"Authorization": f"Bearer {simulator.owner_token()}"}))
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.simulator import fault_answers, front_door
from azlabs.simulator.clock import Clock
from azlabs.simulator.http import Answer, Request, json_answer, split_url
from azlabs.simulator.identity import SUBSCRIPTION_ID, TENANT_ID
from azlabs.simulator.resource_manager import ResourceManager
from azlabs.simulator.store import Store, pack, unpack
from azlabs.simulator.tokens import EVERY_AUDIENCE, Principal, Tokens

if TYPE_CHECKING:
    from azlabs.simulator.attendant import Attendant
    from azlabs.simulator.directory.objects import Directory
    from azlabs.simulator.directory.sign_in import SignIn

__all__ = ["SUBSCRIPTION_ID", "TENANT_ID", "Answer", "Principal", "Request", "Simulator"]

MANAGEMENT_HOSTS = frozenset({"", "management.azure.com", "localhost", "127.0.0.1", "[::1]"})
SIGN_IN_HOSTS = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")
GRAPH_HOST = "graph.microsoft.com"
IDENTITY_HOST = "169.254.169.254"
DATA_PLANES = {
    ".vault.azure.net": "key_vault",
    ".servicebus.windows.net": "service_bus",
    ".blob.core.windows.net": "blobs.front",
    ".queue.core.windows.net": "queues.front",
    ".documents.azure.com": "cosmos.front",
    ".in.applicationinsights.azure.com": "telemetry.front",
    ".livediagnostics.monitor.azure.com": "telemetry.live",
    ".services.visualstudio.com": "telemetry.live",
    ".sdk.monitor.azure.com": "telemetry.live",
    ".ods.opinsights.azure.com": "telemetry.live",
    ".loganalytics.io": "log_analytics.front",
    ".loganalytics.azure.com": "log_analytics.front",
    ".applicationinsights.io": "log_analytics.front",
    ".openai.azure.com": "openai.front",
    ".cognitiveservices.azure.com": "openai.front",
    ".api.cognitive.microsoft.com": "openai.front",
    ".azurewebsites.net": "sites",
    ".scm.azurewebsites.net": "sites",
    ".eventgrid.azure.net": "event_grid.front",
}
"""The module below `azlabs.simulator.data_planes` that answers the names below a domain, with `handle(simulator, request,
path, query)`; imported with the first request to one of them."""
STREAMED = (".blob.core.windows.net",)
"""Domains whose data planes read long bodies piece by piece."""
Front = Callable[[Request, str, str], Answer]
_log = logging.getLogger(__name__)


class Simulator:
    """Routes requests by host. Safe for several threads, and for several processes on one file."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.store = Store(path)
        self.clock = Clock()
        from azlabs.simulator.identity import prepare

        prepare(self.store, self.clock.now())
        self.tokens = Tokens(self.store, TENANT_ID, SUBSCRIPTION_ID)
        self.resource_manager = ResourceManager(self.store, self.clock, self.tokens)
        self.faults = self.resource_manager.faults
        self.fronts: dict[str, Front] = {}
        """What answers a host other than the control plane's, by host name."""
        self.attendant: Attendant | None = None
        """Who answers for what needs a process of its own."""
        self._open_directory()

    def _open_directory(self) -> None:
        """Microsoft Entra ID answers its own hosts; its modules load with the first request to one of them."""

        def sign_in() -> SignIn:
            from azlabs.simulator.directory.sign_in import SignIn

            return SignIn(self.directory, self.tokens, self.clock)

        def graph(request: Request, path: str, query: str) -> Answer:
            from azlabs.simulator.directory.graph import Graph

            return Graph(self.directory, self.tokens, self.clock).handle(request, path, query)

        self.fronts |= dict.fromkeys(SIGN_IN_HOSTS, lambda request, path, _query: sign_in().handle(request, path))
        self.fronts[IDENTITY_HOST] = lambda request, _path, query: sign_in().managed_identity(request, query)
        self.fronts[GRAPH_HOST] = graph

    @cached_property
    def directory(self) -> Directory:
        """The users, groups, applications and service principals of the tenant; the owner is its first user."""
        from azlabs.simulator.directory.objects import Directory, ensure_owner

        directory = Directory(self.store)
        ensure_owner(directory, self.tokens.owner, self.clock.now())
        return directory

    def sign_in_secret(self, name: str) -> tuple[Principal, str]:
        """A principal by object id, client id or user principal name, and the secret with which it may sign in here.

        Raises LookupError when the directory has no such principal.
        """
        from azlabs.simulator.directory.sign_in import SignIn

        sign_in = SignIn(self.directory, self.tokens, self.clock)
        principal = sign_in.principal(name)
        if principal is None:
            raise LookupError(name)
        return principal, sign_in.secret_of(principal)

    def identity_header(self, resource_id: str) -> str:
        """The X-IDENTITY-HEADER with which a program of this resource gets tokens of its managed identities."""
        from azlabs.simulator.directory.sign_in import SignIn

        return SignIn(self.directory, self.tokens, self.clock).identity_header(resource_id)

    def handle(self, request: Request) -> Answer:
        """Answer one request. Never raises: what cannot be answered is a 4xx or 5xx with an ARM error body."""
        try:
            host, path, query = split_url(request.url)
            if self.faults.are_there() and fault_answers.FORWARDED not in request.headers:
                fault = self.faults.strike(request.method.upper(), host or "management.azure.com", path)
                if fault is not None:
                    return fault_answers.struck(self, fault, host, lambda: self._answered(request, host, path, query))
            return self._answered(request, host, path, query)
        except Exception:
            return _broken(request)

    def _answered(self, request: Request, host: str, path: str, query: str) -> Answer:
        """The answer of whoever a host belongs to. Never raises."""
        try:
            if request.spool is not None and not host.endswith(STREAMED):
                request.body, request.spool = request.spool.read(), None
            front = self.fronts.get(host)
            if front is not None:
                return front(request, path, query)
            suffix = host[host.find(".") :]
            # Names of topics have their region between: <topic>.<region>-1.eventgrid.azure.net.
            plane = DATA_PLANES.get(suffix) or DATA_PLANES.get(suffix[suffix.find(".", 1) :])
            if plane is not None:
                module = importlib.import_module(f"azlabs.simulator.data_planes.{plane}")
                answer: Answer = module.handle(self, request, path, query)
                return answer
            if host not in MANAGEMENT_HOSTS:
                message = f"The simulator does not model the host '{host[:200]}'."
                return json_answer(
                    {"error": {"code": "NotModelledBySimulator", "message": message, "target": host[:200]}}, 501
                )
            end = request.url.find("://")
            base = (
                request.url[: request.url.index("/", end + 3)]
                if end > 0 and host not in ("", "management.azure.com")
                else "https://management.azure.com"
            )
            if path == front_door.PATH:
                return front_door.endpoints(base, query)
            if base != front_door.PUBLIC and front_door.is_sign_in(path):
                return self.fronts[SIGN_IN_HOSTS[0]](request, path, query)
            return self.resource_manager.handle(request, base, path, query)
        except Exception:
            return _broken(request)

    def owner_token(self) -> str:
        """A bearer token of the subscription's owner that every host of the simulator accepts."""
        return self.tokens.issue(self.tokens.owner, self.clock.now(), EVERY_AUDIENCE)

    def token(self, principal: Principal, audience: str = "https://management.azure.com") -> str:
        """A bearer token of any principal, for an audience."""
        return self.tokens.issue(principal, self.clock.now(), audience)

    def snapshot(self) -> bytes:
        """The whole state, with the messages of Service Bus."""
        from azlabs.simulator.data_planes.service_bus import journal

        with self.store.lock:
            return pack(self.store.snapshot(), journal.photograph(self.store))

    def restore(self, snapshot: bytes) -> None:
        """Go back to a snapshot (of this simulator, or of another one with the same format)."""
        from azlabs.simulator.data_planes.service_bus import journal

        state, messages = unpack(snapshot)
        with self.store.lock:
            self.store.restore(state)
            journal.put_back(self.store, messages)
        self.tokens.reload()
        for name in ("directory", "openai_usage"):
            self.__dict__.pop(name, None)
        self.resource_manager.forget()
        if self.attendant is not None:
            self.attendant.needed()

    def close(self) -> None:
        """Close the store; a file keeps its state."""
        self.store.close()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _broken(request: Request) -> Answer:
    """The answer to a request that the simulator itself failed at; its log says more."""
    _log.exception("a request could not be answered: %s %s", request.method, request.url[:500])
    return json_answer(
        {"error": {"code": "InternalServerError", "message": "The simulator failed to answer; its log says more."}}, 500
    )
