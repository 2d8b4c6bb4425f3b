"""The one door to Azure: a Cloud gives typed SDK clients and plain ARM requests, whatever stands behind it.

A `Place` says what differs between clouds (who, where, how requests travel); `Cloud` is the same code over any place.
Nothing above this room asks which place it is: it asks for what it needs to know (`costs_money`, `sandboxes_expire`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from azlabs.cloud.errors import AzureError

if TYPE_CHECKING:
    from azlabs.cloud.arm_requests import ArmRequests, Reply
    from azlabs.cloud.data_requests import DataRequests, Said

Client = TypeVar("Client")
ARM = "https://management.azure.com"
_PROVIDERS_API = "2021-04-01"
_GRAPH = "https://graph.microsoft.com/.default"
_PREVIEW = ("preview", "alpha", "beta", "privatepreview")


@dataclass(slots=True)
class Place:
    """What a cloud is.

    `poll_seconds` is how long a caller that shows progress waits between two looks at long work;
    `patience_seconds` when an operation that does not end is given up; `verify_seconds` how long a whole verification
    may take (None: as long as its checks need).
    """

    name: str
    account: str
    tenant_id: str
    subscription_id: str
    subscription_name: str
    region_default: str
    costs_money: bool
    sandboxes_expire: bool
    credential: Any
    async_credential: Callable[[], Any]
    open_transport: Callable[[], Any]
    open_async_transport: Callable[[], Any]
    sleep: Callable[[float], None]
    poll_seconds: float = 5.0
    patience_seconds: float = 7200.0
    verify_seconds: float | None = None
    close: Callable[[], None] = lambda: None
    rest: Callable[[], None] = lambda: None
    """Ends what runs in the background for this place; called when its last sandbox is gone."""
    notices: list[str] = field(default_factory=list)
    service_bus: Callable[[], dict[str, Any]] = dict
    """What `ServiceBusClient` needs to be told here beside the namespace and the credential."""
    access_settles_seconds: float = 600.0
    """How long after a role assignment a refusal may still be the old state speaking."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An account as role assignments name it. `kind`: "User" or "ServicePrincipal"."""

    object_id: str
    kind: str


class Cloud:
    """A place, seen with full rights or read-only. Safe for use from several threads."""

    def __init__(self, place: Place, *, reads_only: bool = False, acts: bool = False) -> None:
        self.place = place
        self._reads_only = reads_only
        self._acts = acts
        self._clients: dict[Any, Any] = {}
        self._lock = threading.Lock()
        self._arm: ArmRequests | None = None
        self._graph: ArmRequests | None = None
        self._data: DataRequests | None = None
        self._api_versions: dict[str, dict[str, str]] = {}

    name = property(lambda self: str(self.place.name))
    account = property(lambda self: str(self.place.account))
    tenant_id = property(lambda self: str(self.place.tenant_id))
    subscription_id = property(lambda self: str(self.place.subscription_id))
    subscription_name = property(lambda self: str(self.place.subscription_name))
    region_default = property(lambda self: str(self.place.region_default))
    costs_money = property(lambda self: bool(self.place.costs_money))
    verify_seconds = property(lambda self: self.place.verify_seconds)
    sandboxes_expire = property(lambda self: bool(self.place.sandboxes_expire))

    @property
    def notices(self) -> list[str]:
        """Sentences that a person should see once, such as a damaged state file that was set aside."""
        return self.place.notices

    def client(self, kind: type[Client], **arguments: Any) -> Client:
        """An SDK client of this cloud, sync or aio, made once per kind and arguments.

        Management clients need no arguments. Clients of data planes get theirs by keyword
        (`client(CosmosClient, url=...)`); `credential` stands in for the cloud's own when given.
        """
        key = (kind, tuple(sorted((name, repr(value)) for name, value in arguments.items())))
        with self._lock:
            made = self._clients.get(key)
            if made is None:
                made = self._clients[key] = self._make(kind, arguments)
        return made

    def _make(self, kind: type[Client], arguments: dict[str, Any]) -> Client:
        import inspect

        from azlabs.cloud.bus import Peeks, is_bus

        accepted = inspect.signature(kind.__init__).parameters
        is_async = ".aio" in kind.__module__
        given = dict(arguments)
        if "credential" not in given:
            given["credential"] = self.place.async_credential() if is_async else self.place.credential
        if is_bus(kind):
            bus = kind(**{**self.place.service_bus(), **given})
            return cast(Client, Peeks(bus)) if self._reads_only and not self._acts else bus
        if "subscription_id" in accepted:
            given.setdefault("subscription_id", self.subscription_id)
        transport = self.open_async_transport() if is_async else self.open_transport()
        make: Callable[..., Client] = kind
        return make(transport=transport, **given)

    def open_transport(self) -> Any:
        """A transport of azure-core for sync clients, behind the read-only gate where this view has one."""
        transport = self.place.open_transport()
        if not self._reads_only:
            return transport
        from azlabs.cloud.reading import ReadOnlyTransport

        return ReadOnlyTransport(transport, acts=self._acts)

    def open_async_transport(self) -> Any:
        """The same for aio clients."""
        transport = self.place.open_async_transport()
        if not self._reads_only:
            return transport
        from azlabs.cloud.reading import AsyncReadOnlyTransport

        return AsyncReadOnlyTransport(transport, acts=self._acts)

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
        """One plain request to a data plane, whatever it answers; with the account's token for `audience`, or without."""
        with self._lock:
            if self._data is None:
                from azlabs.cloud.data_requests import DataRequests

                self._data = DataRequests(self.place.credential, self.open_transport())
            data = self._data
        return data.send(method, url, headers=headers, content=content, audience=audience, seconds=seconds)

    @property
    def access_settles_seconds(self) -> float:
        """How long after a role assignment a refusal may still be the old state speaking."""
        return self.place.access_settles_seconds

    @property
    def credential(self) -> Any:
        """The azure-core credential that clients of this cloud use."""
        return self.place.credential

    @property
    def principal(self) -> Principal:
        """Who is signed in, as the access token says. Raises AzureError when the token does not name an object."""
        claims = claims_of(self.credential.get_token(f"{ARM}/.default").token)
        object_id = str(claims.get("oid") or "")
        if not object_id:
            raise AzureError(401, "InvalidAuthenticationToken", "The access token does not name the account's object id.")
        return Principal(object_id, "ServicePrincipal" if claims.get("idtyp") == "app" else "User")

    @property
    def arm(self) -> ArmRequests:
        """Plain requests to Azure Resource Manager."""
        with self._lock:
            if self._arm is None:
                from azlabs.cloud.arm_requests import ArmRequests

                self._arm = ArmRequests(
                    self.place.credential, self.open_transport(), self.place.sleep, self.place.patience_seconds
                )
            return self._arm

    @property
    def graph(self) -> ArmRequests:
        """Plain requests to Microsoft Graph, by whole URLs."""
        with self._lock:
            if self._graph is None:
                from azlabs.cloud.arm_requests import ArmRequests

                place = self.place
                transport = self.open_transport()
                self._graph = ArmRequests(place.credential, transport, place.sleep, place.patience_seconds, _GRAPH)
            return self._graph

    def request(self, method: str, path: str, api_version: str, body: Any = None) -> Reply:
        """One ARM request; `path` is an id, a path or a whole URL. Raises AzureError when refused."""
        return self.arm.send(method, path, api_version, body)

    def run(self, method: str, path: str, api_version: str, body: Any = None) -> Reply:
        """One ARM request and, where Azure answers with a long-running operation, its end."""
        return self.arm.wait(self.arm.send(method, path, api_version, body))

    def get(self, path: str, api_version: str) -> dict[str, Any]:
        """The JSON of one resource."""
        json = self.request("GET", path, api_version).json
        return json if isinstance(json, dict) else {}

    def find(self, path: str, api_version: str) -> dict[str, Any] | None:
        """The JSON of one resource; None when it does not exist."""
        try:
            return self.get(path, api_version)
        except AzureError as problem:
            if problem.not_found:
                return None
            raise

    def items(self, path: str, api_version: str) -> Iterator[dict[str, Any]]:
        """Everything a list answers, over all its pages."""
        url: str | None = path
        while url:
            page = self.request("GET", url, api_version).json
            if isinstance(page, list):
                yield from page
                return
            yield from (page or {}).get("value") or []
            url = (page or {}).get("nextLink")

    def api_version(self, resource_type: str) -> str:
        """The newest version that the provider lists for a type, previews only where there is nothing else."""
        namespace, _, rest = resource_type.partition("/")
        known = self._api_versions.get(namespace.lower())
        if known is None:
            provider = self.get(f"/subscriptions/{self.subscription_id}/providers/{namespace}", _PROVIDERS_API)
            known = {
                str(kind["resourceType"]).lower(): _newest(kind.get("apiVersions") or [])
                for kind in provider.get("resourceTypes") or []
            }
            self._api_versions[namespace.lower()] = known
        version = known.get(rest.lower(), "")
        if not version:
            raise AzureError(404, "InvalidResourceType", f"The provider {namespace} has no resource type {rest}.")
        return version

    def read_only(self, acts: bool = False) -> Cloud:
        """The same place with a transport that refuses writes; `acts` allows them on data planes only."""
        return Cloud(self.place, reads_only=True, acts=acts)

    def sleep(self, seconds: float) -> None:
        """Wait as this cloud waits: really, or not at all where nothing takes time."""
        self.place.sleep(seconds)

    def rest(self) -> None:
        """No sandbox is left here: nothing needs to run in the background any longer."""
        self.place.rest()

    def close(self) -> None:
        """Close clients and what stands behind the place."""
        with self._lock:
            for client in self._clients.values():
                if ".aio" not in type(client).__module__ and hasattr(client, "close"):
                    client.close()
            self._clients.clear()
            self._arm = self._data = None
        if not self._reads_only:
            self.place.close()

    def __enter__(self) -> Cloud:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()


def claims_of(token: str) -> dict[str, Any]:
    """What an access token says. It is read, not verified: Azure verifies it. Empty for a token of another form."""
    import base64
    import json

    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _newest(versions: list[str]) -> str:
    stable = [version for version in versions if not version.lower().endswith(_PREVIEW)]
    return max(stable or versions, default="")
