"""What the path of a request means, before any type is looked up."""

from __future__ import annotations

from dataclasses import dataclass

from azlabs.simulator.resource_manager.errors import Refused

MAX_PATH = 8000
GROUPS = "microsoft.resources/resourcegroups"


@dataclass(slots=True)
class Route:
    """A parsed path.

    `scope`: the path of what the resource sits on, as spelled ("" for the tenant); `types` and `names` below its provider;
    one more type than names: a collection, or an action below the resource. `types` empty: not a resource path.
    """

    segments: list[str]
    lowered: list[str]
    subscription: str = ""
    group: str = ""
    scope: str = ""
    namespace: str = ""
    types: list[str] | tuple[str, ...] = ()
    names: list[str] | tuple[str, ...] = ()

    @property
    def type_key(self) -> str:
        """Lower-case full type; for an action, including its name as the last part."""
        return "/".join([self.namespace, *self.types]).lower()

    @property
    def scope_kind(self) -> str:
        """What the resource sits on, in the words of `ResourceType.scopes`."""
        parts = self.scope.lower().strip("/").split("/") if self.scope else []
        if not parts:
            return "tenant"
        if parts[0] == "subscriptions" and len(parts) <= 4 and len(parts) % 2 == 0:
            return "subscription" if len(parts) == 2 else "resourceGroup"
        if parts[:3] == ["providers", "microsoft.management", "managementgroups"] and len(parts) == 4:
            return "managementGroup"
        return "extension"

    def path_of(self, count: int) -> str:
        """Path of the first `count` resources below the provider, as spelled."""
        pairs = [part for pair in zip(self.types[:count], self.names[:count], strict=False) for part in pair]
        return "/".join([self.scope, "providers", self.namespace, *pairs])

    def parent_type_key(self) -> str:
        return "/".join([self.namespace, *self.types[:-1]]).lower()


def parse(path: str) -> Route:
    """Parse a decoded absolute path. Raises `Refused` (404) when its shape is no resource path."""
    if len(path) > MAX_PATH:
        raise Refused(414, "UriTooLong", f"The request URI is longer than {MAX_PATH} characters.")
    segments = [part for part in path.split("/") if part]
    lowered = [part.lower() for part in segments]
    route = Route(segments, lowered)
    count, at = len(segments), 0
    if count and lowered[0] == "subscriptions":
        if count == 1:
            return route
        route.subscription, at = lowered[1], 2
        if count == 2:
            return route
        if lowered[2] == "resourcegroups":
            if count <= 4:
                route.scope, route.namespace = f"/subscriptions/{segments[1]}", "Microsoft.Resources"
                route.types, route.names = ["resourceGroups"], segments[3:]
                if count == 4:
                    route.group = lowered[3]
                return route
            route.group, at = lowered[3], 4
    if at >= count or lowered[at] != "providers":
        return route
    while at < count:
        if at + 1 >= count:
            return Route(segments, lowered, route.subscription, route.group)
        route.scope = _canonical_scope(segments, at)
        route.namespace = segments[at + 1]
        route.types, route.names = [], []
        at += 2
        while at < count and not (lowered[at] == "providers" and route.types):
            route.types.append(segments[at])
            if at + 1 < count:
                route.names.append(segments[at + 1])
            at += 2
    return route


def _canonical_scope(segments: list[str], end: int) -> str:
    """The path before `providers`, with the group's segment in its canonical spelling."""
    if not end:
        return ""
    if end >= 4 and segments[2].lower() == "resourcegroups":
        return "/".join(["", "subscriptions", segments[1], "resourceGroups", *segments[3:end]])
    return "/" + "/".join(segments[:end])
