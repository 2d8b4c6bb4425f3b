"""Azure resource ids: what they name, what they sit on, and how they compare.

The grammar is the one that Azure Resource Manager documents: a scope, then
`/providers/<namespace>/<type>/<name>[/<type>/<name>...]`. A scope is the tenant (`/`), a subscription, a
resource group or another resource; the last `/providers/` decides, so an extension resource keeps the id of
what it extends as its scope. Ids compare without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
RESOURCE_GROUP_TYPE = "Microsoft.Resources/resourceGroups"
TENANT_TYPE = "Microsoft.Resources/tenants"
MANAGEMENT_GROUP_TYPE = "Microsoft.Management/managementGroups"


def key(resource_id: str) -> str:
    """The form under which two spellings of one id are equal: lower case, no slash at the end."""
    return resource_id.lower().rstrip("/") or "/"


@dataclass(frozen=True, eq=False)
class ResourceId:
    """A parsed id.

    `text` is the id as it was spelt; `scope` what the resource sits on ("/" for the tenant); `provider` the
    namespace; `types` and `names` the segments in order, one name for each type segment. Subscriptions,
    resource groups and the tenant itself are resources of `Microsoft.Resources`. Equality and hash ignore case.
    """

    text: str
    scope: str
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Reads an id; raises ValueError, with a sentence, for anything that is not one."""
        return _parse(text)

    @classmethod
    def build(cls, scope: str, type_name: str, names: Iterable[str]) -> ResourceId:
        """The id of a resource of `type_name` ("Microsoft.Network/virtualNetworks/subnets") on `scope`."""
        return _parse(join(scope, type_name, tuple(names)))

    @property
    def type(self) -> str:
        """Namespace and type segments: "Microsoft.Network/virtualNetworks/subnets"."""
        return "/".join((self.provider, *self.types))

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1] if self.names else ""

    @property
    def full_name(self) -> str:
        """All names, as a template spells a child's name: "vnet/subnet"."""
        return "/".join(self.names)

    @cached_property
    def subscription(self) -> str | None:
        """The subscription's id when the resource is in one."""
        parts = self.text.split("/", 3)
        return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else None

    @cached_property
    def resource_group(self) -> str | None:
        """The resource group's name when the resource is in one (or is one)."""
        parts = self.text.split("/", 5)
        if len(parts) > 4 and parts[1].lower() == "subscriptions" and parts[3].lower() == "resourcegroups":
            return parts[4]
        return None

    @cached_property
    def parent(self) -> ResourceId | None:
        """The resource that this one is a child of, None for a top-level or an extension resource."""
        if len(self.names) < 2:
            return None
        return _parse(self.text.rsplit("/", 2)[0])

    @cached_property
    def root(self) -> ResourceId:
        """The top-level resource of this one; itself when it is one."""
        found = self
        while found.parent is not None:
            found = found.parent
        return found

    @property
    def is_extension(self) -> bool:
        """Does it sit on another resource (not on a tenant, subscription, group or management group)?"""
        scope = self.scope.lower()
        return "/providers/" in scope and not scope.startswith("/providers/microsoft.management/managementgroups/")

    @cached_property
    def key(self) -> str:
        """The id in lower case: the key under which it is stored and compared."""
        return self.text.lower()

    def child(self, type_segment: str, name: str) -> ResourceId:
        """The id of a child of this resource."""
        return _parse(f"{self.text}/{type_segment}/{name}")

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, ResourceId) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)


def join(scope: str, type_name: str, names: tuple[str, ...]) -> str:
    """The text of an id; raises ValueError when type segments and names do not pair up."""
    provider, *types = type_name.strip("/").split("/")
    if not provider or len(types) != len(names) or not types:
        raise ValueError(f"The type '{type_name}' needs {len(types)} names, got {len(names)}.")
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=True))
    if scope in ("", "/"):
        return f"/providers/{provider}/{pairs}"
    return f"{scope.rstrip('/')}/providers/{provider}/{pairs}"


@lru_cache(maxsize=16384)
def _parse(text: str) -> ResourceId:
    if not text.startswith("/"):
        raise ValueError(f"'{text}' is not a resource id: it does not start with '/'.")
    text = text.rstrip("/")
    if not text:
        return ResourceId("/", "/", "Microsoft.Resources", ("tenants",), ())
    parts = text[1:].split("/")
    if not all(parts):
        raise ValueError(f"'{text}' is not a resource id: it has an empty segment.")
    at = _last_provider(parts)
    if at is None:
        return _container(text, parts)
    rest = parts[at + 2 :]
    if at + 1 >= len(parts) or not rest or len(rest) % 2:
        raise ValueError(f"'{text}' is not a resource id: types and names do not pair up.")
    scope = "/" + "/".join(parts[:at])
    if at:
        _parse(scope)
    return ResourceId(text, scope, parts[at + 1], tuple(rest[::2]), tuple(rest[1::2]))


def _last_provider(parts: list[str]) -> int | None:
    """Where the last `providers` segment in a type position stands (a name may be "providers" too)."""
    found = None
    position = 0
    if parts[0].lower() == "subscriptions":
        position = 4 if len(parts) > 2 and parts[2].lower() == "resourcegroups" else 2
    while position < len(parts):
        if parts[position].lower() == "providers":
            found = position
        position += 2
    return found


def _container(text: str, parts: list[str]) -> ResourceId:
    """A subscription or a resource group."""
    kinds = [part.lower() for part in parts[::2]]
    if len(parts) == 2 and kinds == ["subscriptions"]:
        return ResourceId(text, "/", "Microsoft.Resources", ("subscriptions",), (parts[1],))
    if len(parts) == 4 and kinds == ["subscriptions", "resourcegroups"]:
        scope = "/" + "/".join(parts[:2])
        return ResourceId(text, scope, "Microsoft.Resources", ("resourceGroups",), (parts[3],))
    raise ValueError(f"'{text}' is not a resource id.")
