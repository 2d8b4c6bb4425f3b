"""What a check sees of the sandbox: everything by behaviour and property, nothing by a name the learner chose."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from azlabs.cloud.errors import AzureError
from azlabs.probes.errors import CannotJudge
from azlabs.verify.answers import Answer, read_answers
from azlabs.verify.outcome import CheckFailed, Evidence, NotYet
from azlabs.verify.reads import TOGETHER, ReadableCloud, Reads
from azlabs.verify.redact import redact, remember_secrets

if TYPE_CHECKING:
    from azlabs.cloud.data_requests import Said
    from azlabs.probes.access import AccessProbe
    from azlabs.probes.cosmos import CosmosProbe
    from azlabs.probes.logs import LogsProbe
    from azlabs.probes.messages import MessagesProbe
    from azlabs.probes.network import NetworkProbe
    from azlabs.probes.vault import VaultProbe

Result = TypeVar("Result")
Client = TypeVar("Client")
Resource = dict[str, Any]
Where = Mapping[str, Any] | Callable[[Resource], bool]

_RESOURCES_API = "2021-04-01"
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0


class SandboxLike(Protocol):
    """What verification needs to know of a sandbox."""

    @property
    def id(self) -> str: ...
    @property
    def subscription_id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def resource_groups(self) -> Sequence[str]: ...
    @property
    def outputs(self) -> Mapping[str, Any]: ...
    @property
    def workspace(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class SandboxFacts:
    """The facts of a sandbox that checks may use."""

    id: str
    cloud: str
    subscription_id: str
    resource_groups: tuple[str, ...]
    region: str


class LabView:
    """One check's window on the sandbox. All views of an attempt share what was read."""

    def __init__(
        self,
        sandbox: SandboxLike,
        cloud: ReadableCloud,
        reads: Reads,
        notes: set[str] | None = None,
        *,
        longest_wait: float | None = None,
    ) -> None:
        """`notes` collects what cannot be shown here; `longest_wait` caps the seconds of every `eventually`."""
        self._sandbox = sandbox
        self._cloud = cloud
        self._reads = reads
        self._notes = notes if notes is not None else set()
        self._longest_wait = longest_wait

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the start deployment."""
        return self._sandbox.outputs

    @property
    def region(self) -> str:
        """The region of the sandbox, in Azure's short form: `swedencentral`."""
        return self._sandbox.region

    @cached_property
    def sandbox(self) -> SandboxFacts:
        """Id, subscription, resource groups and region of the sandbox."""
        box = self._sandbox
        return SandboxFacts(box.id, self._cloud.name, box.subscription_id, tuple(box.resource_groups), box.region)

    @property
    def answers(self) -> Answer:
        """What stands in `answers.yaml` of the workspace; `answers["key"]["field"]` is empty when it is missing."""
        return self._reads.remember("answers", lambda: read_answers(self._sandbox.workspace))

    @property
    def network(self) -> NetworkProbe:
        """What may connect to what."""
        found: NetworkProbe = self._probe("network", "what may connect to what")
        return found

    @property
    def access(self) -> AccessProbe:
        """What a principal may do."""
        found: AccessProbe = self._probe("access", "what a principal may do")
        return found

    @cached_property
    def messages(self) -> MessagesProbe:
        """Messages of Service Bus: looked at by every check, sent and taken by those that act."""
        from azlabs.probes.messages import MessagesProbe

        self._reads.note("client:messages")
        return MessagesProbe(self._cloud)

    @cached_property
    def cosmos(self) -> CosmosProbe:
        """Containers of Cosmos DB: how they are set up, and what queries find in them."""
        from azlabs.probes.cosmos import CosmosProbe

        return CosmosProbe(self._reads, self)

    @cached_property
    def vault(self) -> VaultProbe:
        """Secrets of a vault."""
        from azlabs.probes.vault import VaultProbe

        self._reads.note("client:vault")
        return VaultProbe(self._cloud, remember_secrets)

    @cached_property
    def logs(self) -> LogsProbe:
        """Queries of a workspace's logs."""
        from azlabs.probes.logs import LogsProbe

        self._reads.note("client:logs")
        return LogsProbe(self._cloud)

    def invoke(
        self,
        app: str,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        seconds: float = 60.0,
    ) -> Said:
        """What a function app (its name, host or id) answers: `status`, `headers`, `text`, `json`.

        GET for every check; other methods for those that act.
        """
        from azlabs.probes.app import invoke

        self._reads.note("client:invoke")
        found: Said = invoke(self._cloud, app, path, method, headers, json, content, seconds)
        return found

    def secrets(self, resource_id: str, action: str) -> dict[str, Any]:
        """The answer of an action that reads secrets: `secrets(account_id, "listKeys")`,
        `secrets(site_id, "config/appsettings/list")`. Nothing in it reaches a report."""
        return self._reads.secrets(f"{resource_id}/{action}", self._reads.api_version(_type_of(resource_id)))

    @property
    def policy(self) -> Any:
        """What would happen to a write."""
        return self._probe("policy", "what a policy decides")

    def client(self, kind: type[Client], **arguments: Any) -> Client:
        """A real SDK client of the sandbox's cloud, data planes with their arguments (`client(CosmosClient, url=...)`).

        It can only read; in a check that is declared with `acts=True` it may write to data planes.
        """
        self._reads.note(f"client:{kind.__name__}")
        client: Client = self._cloud.client(kind, **arguments)
        return client

    def get(self, resource_id: str, api_version: str = "") -> Resource | None:
        """The resource with this id as Azure's JSON, None when it does not exist. Raises AzureError for the rest."""
        version = api_version or self._reads.api_version(_type_of(resource_id))
        try:
            return self._reads.get(resource_id, version)
        except AzureError as problem:
            if problem.not_found:
                return None
            raise

    def find(self, type_name: str, where: Where | None = None) -> list[Resource]:
        """The resources of the sandbox of one type ("Microsoft.Network/virtualNetworks/subnets"), as Azure's JSON.

        `where`: a function of the resource, or a mapping of dotted paths to values ("properties.sku": "Basic");
        text compares without regard to case, as Azure's names and ids do.
        """
        return [resource for resource in self._all(type_name) if _fits(resource, where)]

    def resources(self, group: str) -> list[Resource]:
        """Everything in one of the sandbox's groups as Azure lists it: id, name, type, location."""
        scope = f"/subscriptions/{self._sandbox.subscription_id}/resourceGroups/{group}"
        return self._reads.entries(f"{scope}/resources", _RESOURCES_API)

    def one(self, type_name: str, where: Where | None = None) -> Resource:
        """The only resource that fits; the check fails when there is none or more than one."""
        found = self.find(type_name, where)
        if len(found) != 1:
            names = ", ".join(sorted(str(resource.get("name")) for resource in found))
            kind = type_name.rpartition("/")[2]
            raise CheckFailed(
                Evidence(found=f"{len(found)} {kind}" + (f": {names}" if names else ""), expected=f"one {kind}")
            )
        return found[0]

    def eventually(self, read: Callable[[], Result], seconds: float = 30) -> Result:
        """What `read` gives once it gives something and fails no expectation; its last failure when time is up.

        Every try reads afresh. Something that is there at once costs nothing.
        """
        seconds = seconds if self._longest_wait is None else min(seconds, self._longest_wait)
        end = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while True:
            failure: BaseException | None = None
            result: Result | None = None
            try:
                result = read()
            except (CheckFailed, NotYet, AzureError) as problem:
                failure = problem
            if failure is None and result is not None and result is not False:
                return result
            if time.monotonic() + pause > end:
                if failure is not None:
                    raise failure
                raise CheckFailed(Evidence(found=f"nothing after {seconds:.0f} seconds"))
            self._reads.pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            self.fresh()

    def together(self, name: str, make: Callable[[], Result]) -> Result:
        """What `make` gives, made once for all checks of the attempt that ask for `name`; `fresh` leaves it."""
        return self._reads.remember(TOGETHER + name, make)

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the attempt."""
        self._reads.pause(seconds)

    def fresh(self) -> None:
        """Drops what was remembered of the sandbox."""
        self._reads.fresh()

    def not_modelled(self, what: str) -> None:
        """Puts a sentence into the report about what this check cannot show on this cloud."""
        self._notes.add(redact(what))

    def _all(self, type_name: str) -> list[Resource]:
        kinds = type_name.split("/")
        version = self._reads.api_version(type_name)
        if len(kinds) > 2:
            parents = self._all("/".join(kinds[:-1]))
            return [
                child for parent in parents for child in self._reads.entries(f"{parent['id']}/{kinds[-1]}", version)
            ]
        return [
            resource
            for group in self._sandbox.resource_groups
            for resource in self._reads.entries(
                f"/subscriptions/{self._sandbox.subscription_id}/resourceGroups/{group}/providers/{type_name}", version
            )
        ]

    def _probe(self, name: str, what: str) -> Any:
        def build() -> Any:
            try:
                module = import_module(f"azlabs.probes.{name}")
            except ModuleNotFoundError as problem:
                raise CannotJudge(f"This version of azlabs cannot tell {what}.", action="Update azlabs.") from problem
            return module.probe(self._reads, self.sandbox)

        return self._reads.remember(f"probe:{name}", build)


def _type_of(resource_id: str) -> str:
    from azlabs.arm.ids import ResourceId

    return ResourceId.parse(resource_id).type


def _fits(resource: Resource, where: Where | None) -> bool:
    if where is None:
        return True
    if callable(where):
        return bool(where(resource))
    return all(_same(_at(resource, path), value) for path, value in where.items())


def _at(node: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(node, Mapping):
            return None
        node = node.get(part)
    return node


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()
    return bool(found == wanted)
