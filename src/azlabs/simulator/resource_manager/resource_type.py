"""What a resource type may say about itself. The envelope does the rest, once, for all types.

A type is a class with class attributes and, where a table cannot say it, a few hooks. Defining a class with a
`type` registers it; the module only has to be listed in `azlabs.simulator.providers.NAMESPACES`. A whole type:

    class RouteTables(NetworkType):
        type = "Microsoft.Network/routeTables"
        defaults = {"properties": {"disableBgpRoutePropagation": False, "routes": []}}
        back_references = (BackReference("properties.subnets", "properties.routeTable"),)
        in_use = InUse("InUseRouteTableCannotBeDeleted", "Route table {name} is in use and cannot be deleted.")

    class Routes(NetworkType):
        type = "Microsoft.Network/routeTables/routes"
        part_of = "properties.routes"              # lives inside its parent's document
        located = tagged = False
        required = ("properties.nextHopType",)
        choices = {"properties.nextHopType": ("VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None")}

        def validate(self, write: Write) -> None:
            if write.get("properties.nextHopType") == "VirtualAppliance" and not write.get("properties.nextHopIpAddress"):
                write.refuse("RouteNextHopIpAddressRequired", f"Route {write.name} needs a next hop IP address.")

Paths are dotted; `[*]` goes through every item of a list: "properties.ipConfigurations[*].properties.subnet".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.records import Deleted, Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write
    from azlabs.simulator.store import Store

Body = dict[str, Any]
PatchKind = Literal["tags", "merge", "none"]
ScopeKind = Literal["resourceGroup", "subscription", "managementGroup", "tenant", "extension"]


@dataclass(frozen=True, slots=True)
class NameRule:
    """`pattern` must match the whole name; `{name}` in `message` is replaced. Names that break it answer 400 `code`."""

    pattern: str = r"[^<>*%&:\\?+/\x00-\x1f]{1,260}"
    code: str = "InvalidResourceName"
    message: str = "Resource name {name} is invalid."


@dataclass(frozen=True, slots=True)
class Announce:
    """How Azure answers an accepted write or delete.

    `state`: the provisioningState in that first answer (None: the stored one, normally Succeeded).
    `parts_state`: the same for the parts inside the document.
    `headers`: which of "azure-asyncoperation" and "location" announce a long-running operation; none: it is done.
    `lingers`: a deleted resource stays, and stays in use, until somebody polls (or a moment has passed).
    `polls`: how many polls find the operation still running (for what Azure never finishes at once); `waiting`: the
    status words that they find, where they are not the type's `operation_waiting`.
    `body`: False where Azure answers without one; a text where it always answers with that ("{}").
    """

    status: int = 200
    state: str | None = None
    parts_state: str | None = None
    headers: tuple[str, ...] = ()
    retry_after: int | None = None
    body: bool | str = True
    polls: int = 0
    waiting: tuple[str, ...] = ()
    lingers: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """The document names another resource. `path` leads to an object with an `id`, or to the id itself.

    On every write the target has to exist, else `status` `code`; `{id}`, `{name}` (of the target) and `{source}` in `message` are replaced.
    `type` (may be a tuple) restricts the target's type. `link`: remembered for back references and in-use deletes.
    `must_exist` False: only remembered. `same_location`: the target has to be in the location of the source.
    """

    path: str
    type: str | tuple[str, ...] = ()
    code: str = "InvalidResourceReference"
    message: str = (
        "Resource {id} referenced by resource {source} was not found. Please make sure that the referenced resource "
        "exists, and that both resources are in the same region."
    )
    status: int = 400
    must_exist: bool = True
    link: bool = True


@dataclass(frozen=True, slots=True)
class BackReference:
    """A member computed on read: who refers to this resource.

    `sources`: the reference paths (as in `Reference.path`) that count, one or several. The member is a list of {"id"};
    `single`: one object. `holder` True: the id of the innermost part that holds the reference (an ipConfiguration);
    False: the id of the resource it belongs to. Absent when nobody refers.
    """

    path: str
    sources: str | tuple[str, ...]
    single: bool = False
    holder: bool = True


@dataclass(frozen=True, slots=True)
class InUse:
    """A delete is refused while another resource refers to this one or to something inside it.

    `{name}`, `{id}` (this resource, or its part in use) and `{user}` (id of the holder of the reference) in `message` are replaced.
    """

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` resources of the type per "location", "subscription" or "scope" (what they sit on).

    `items`: at most so many items in this list of the document instead. `{limit}` and `{name}` in `message` are replaced.
    """

    limit: int
    code: str
    message: str
    per: Literal["location", "subscription", "scope"] = "location"
    items: str = ""
    status: int = 400


@dataclass(frozen=True, slots=True)
class Action:
    """A POST (or GET) below a resource, made by the `action` decorator."""

    name: str
    method: str
    function: Callable[..., Any]
    announce: Announce


def action(name: str, *, method: str = "POST", announce: Announce | None = None) -> Callable[[Any], Any]:
    """Mark a method of a type as an action: `def f(self, call: Call, body: dict) -> dict | None`.

    `body` is the resource as shown. The returned dict is the 200 answer; None answers 200 without a body.
    With `announce.headers` the result is what the operation's Location answers.
    Actions that only read are allowed inside read-only places by the caller, not here.
    """

    def mark(function: Any) -> Any:
        function.__action__ = Action(name, method, function, announce or Announce())
        return function

    return mark


class ResourceType:
    """Base of all resource types. Instances are made once per process and hold no state."""

    # --- what it is -------------------------------------------------------------------------------------------------
    type: ClassVar[str] = ""
    """Full type in Azure's canonical spelling: "Microsoft.Network/virtualNetworks/subnets"."""
    api_versions: ClassVar[Sequence[str]] = ()
    """Supported versions; empty: the namespace's table in `api_versions.py`."""
    scopes: ClassVar[tuple[ScopeKind, ...]] = ("resourceGroup",)
    """Where a top-level resource may sit. "extension": on any resource or scope. Children inherit their parent's."""
    part_of: ClassVar[str | None] = None
    """Path of the list in the parent's document this child lives in. Stored once, there; its own URL is a view."""
    finds_parent: ClassVar[bool] = False
    """True: the type sees to it in `handle` that its parent exists, since not every parent is stored."""
    addressable: ClassVar[bool] = True
    """False for a part that has an id but no URL of its own."""
    methods: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
    """Methods on one resource; others answer 405."""

    # --- shape ------------------------------------------------------------------------------------------------------
    name_rule: ClassVar[NameRule] = NameRule()
    located: ClassVar[bool] = True
    """Has a location of its own. Required on creation (LocationRequired) unless `default_location`; can never change."""
    default_location: ClassVar[str | None] = None
    """Location when the request has none ("global"); allowed even where it is no region."""
    location_code: ClassVar[str] = "LocationNotAvailableForResourceType"
    tagged: ClassVar[bool] = True
    members: ClassVar[frozenset[str]] = frozenset()
    """Top-level members beside location, tags and properties: "sku", "kind", "identity", "zones", "plan", "managedBy"..."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Merged under every full write; lists are not merged. A callable value is called with the `Write`."""
    read_only: ClassVar[tuple[str, ...]] = ()
    """Paths dropped from requests (computed members). On updates the stored value stays."""
    secret: ClassVar[tuple[str, ...]] = ()
    """Write-only paths: taken out of the document into `Write.hidden`, never shown."""
    required: ClassVar[tuple[str, ...]] = ()
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Allowed words per path, compared without case; stored in the spelling given here."""
    required_code: ClassVar[tuple[str, str]] = (
        "InvalidRequestContent",
        "The required property '{path}' is missing in resource '{name}'.",
    )
    choices_code: ClassVar[tuple[str, str]] = (
        "InvalidRequestFormat",
        "Value '{value}' of '{path}' in resource '{name}' is not one of {allowed}.",
    )
    etag: ClassVar[bool] = False
    """Show `etag` (W/"guid") in the document and its parts, as Microsoft.Network does."""
    counted_etag: ClassVar[bool] = False
    """Show `etag` ("1", "2"...) in the document, counting its writes, as Microsoft.Compute does."""
    state: ClassVar[str | None] = "properties.provisioningState"
    """Where provisioningState is shown; None: nowhere."""
    shows_type: ClassVar[bool] = True
    """Parts of some providers have no `type` member."""
    system_data: ClassVar[bool] = False
    members_since: ClassVar[Mapping[str, str]] = {}
    """Paths that older api-versions do not show: {path: first version that has it}."""
    guid: ClassVar[str | None] = None
    """A path that gets a GUID on creation and keeps it ("properties.resourceGuid")."""

    # --- relations --------------------------------------------------------------------------------------------------
    references: ClassVar[tuple[Reference, ...]] = ()
    back_references: ClassVar[tuple[BackReference, ...]] = ()
    in_use: ClassVar[InUse | None] = None
    quotas: ClassVar[tuple[Quota, ...]] = ()

    # --- answers ----------------------------------------------------------------------------------------------------
    creates: ClassVar[Announce] = Announce(201)
    updates: ClassVar[Announce] = Announce(200)
    patched: ClassVar[Announce] = Announce(200)
    deletes: ClassVar[Announce] = Announce(200, body=False)
    updates_silently: ClassVar[Announce] = Announce(200, body=False)
    """Of the document when only a part of it was written; not shown to anybody."""
    missing_delete: ClassVar[int] = 204
    patch: ClassVar[PatchKind] = "merge"
    """What PATCH may change: tags only, everything (JSON merge), or nothing (405)."""
    not_found: ClassVar[tuple[str, str] | None] = None
    """(code, message) of a 404; None: ResourceNotFound in ARM's words. `{id}`, `{name}`, `{type}`, `{group}` are replaced."""
    operation_paths: ClassVar[tuple[str, str]] = ("operations", "operationResults")
    """Azure-AsyncOperation and Location URLs: the last folder below the provider's location, or a whole path with
    {subscription}, {group}, {location}, {namespace}, {path} (the request's own) and {id}
    (its last folder has to be in `operations.FOLDERS`)."""
    delete_result: ClassVar[int] = 204
    """Status of the Location URL after a finished delete."""
    operation_running: ClassVar[int] = 200
    """Status of the Azure-AsyncOperation URL while the operation runs."""
    operation_waiting: ClassVar[tuple[str, ...]] = ("InProgress",)
    """Status words of an operation that is announced with `polls` and still running; the last one is that of the last poll."""
    waits_since: ClassVar[str] = ""
    """Older api-versions find an operation running by one poll less."""
    operation_body: ClassVar[Literal["status", "brief", "named", "output", "open", "full"]] = "full"
    """Body of the Azure-AsyncOperation URL: {"status"} only; "brief": with id and name; "named": with name, startTime,
    endTime; "output": these and what a write made, as properties.output; "full": with id, name, startTime, endTime;
    "open": that without endTime."""
    state_follows: ClassVar[bool] = True
    """False: a part that is shown as done even while its document is still being worked on."""
    soft_delete_days: ClassVar[int] = 0
    """Days a deleted resource stays recoverable (0: none); until then its name is taken, see `buried`. Lists of deleted
    resources (`Store.buried`), recovery (`deletes.recover`) and purge (`Store.purge`) are the provider's endpoints."""
    keeps_group: ClassVar[bool] = False
    """`deleting` is asked also when the resource's group is deleted: what it refuses fails that delete."""
    outlived: ClassVar[bool] = False
    """Something outside of the resource's document goes with it: `gone` is called when it is deleted, however that happens."""

    # --- set by the registry ----------------------------------------------------------------------------------------
    key: ClassVar[str] = ""
    actions: ClassVar[dict[tuple[str, str], Action]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        found = dict(cls.actions)
        for member in vars(cls).values():
            mark = getattr(member, "__action__", None)
            if mark is not None:
                found[(mark.method, mark.name.lower())] = mark
        cls.actions = found
        if "type" in vars(cls) and cls.type:
            from azlabs.simulator.resource_manager import registry

            cls.key = cls.type.lower()
            registry.add(cls())

    # --- hooks, in the order in which a write calls them --------------------------------------------------------------
    def fill(self, write: Write) -> None:
        """Complete `write.body` (a full document: defaults merged, parts not yet): computed members, canonical forms.

        For a part, `write.body` is the part's object and `write.parent_body` its parent's document.
        """

    def validate(self, write: Write) -> None:
        """Refuse what Azure refuses. Parts are complete and validated; ids, etags and references are set."""

    def written(self, write: Write) -> None:
        """After the document is stored, in the same transaction: side effects on other resources."""

    def announced(self, write: Write, announce: Announce) -> Announce:  # noqa: ARG002
        """How this very write is answered, where it depends on what was written. `announce` is what the table says."""
        return announce

    def accepted(self, write: Write, shown: Body) -> None:
        """Change the first answer to a write that is announced as unfinished: what Azure works out only later."""

    def deleting(self, write: Write) -> None:
        """Before a delete (in-use is checked already): refuse it, or take dependants away. `write.body` is the stored document."""

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """The document as a GET shows it; `body` is a fresh copy that may be changed. Leave undefined when it is what is stored."""
        return body

    def advance(self, call: Call) -> None:
        """Called before a resource with unfinished work (`Write.pending`) is read: do the next piece."""

    def moved(self, write: Write, old: str) -> None:
        """A write with another location than the stored one, which Azure refuses."""
        write.refuse(
            "InvalidResourceLocation",
            f"The resource '{write.name}' already exists in location '{old}' in resource group '{write.call.group_name()}'. "
            f"A resource with the same name cannot be created in location '{write.body.get('location')}'. Please select a "
            "new resource name.",
            409,
        )

    def canonical_id(self, call: Call) -> str | None:  # noqa: ARG002
        """The id of a new resource, for types whose ids have a form of their own."""
        return None

    def buried(self, call: Call, deleted: Deleted) -> None:
        """A new resource takes the name of a soft-deleted one: refuse it, as most services do, or bring the old one back
        with `deletes.recover(call, deleted)`, or let it pass."""
        refuse(
            "ConflictError",
            f"A resource with the name '{call.name}' already exists in deleted state. You need to either recover or purge it.",
            status=409,
            target=deleted.key,
        )

    def kept_days(self, row: Resource) -> float:  # noqa: ARG002
        """Days for which a deleted resource stays recoverable, where each one may say."""
        return self.soft_delete_days

    def gone(self, call: Call, row: Resource) -> None:
        """After a resource was deleted by itself or with its group (only where `outlived`): data that hung on it."""

    def exists(self, store: Store, key: str) -> bool:  # noqa: ARG002
        """Is there one with this key, where resources of the type have no rows of their own?"""
        return False

    def read(self, call: Call, row: Resource) -> None:
        """Called when a stored resource is read by its own URL, after `advance`: refuse, or note the reading."""

    # --- whole-request overrides, for the few types that are not CRUD ---------------------------------------------------
    def handle(self, call: Call) -> Answer | None:  # noqa: ARG002
        """Answer the request alone, or None to let the envelope do it. Called after authentication and version checks."""
        return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A request that is not CRUD on a type.

    `path` like "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages", compared
    without case; the values of {words} are `call.values`. `function(call) -> Answer | dict`. Listed in a module's ENDPOINTS.
    """

    method: str
    path: str
    function: Callable[[Call], Any]
    api_versions: Sequence[str] = field(default=())
