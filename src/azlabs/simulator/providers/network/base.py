"""What Microsoft.Network types have in common: names, etags, announcements, members that depend on the api-version.

Statuses, headers and intervals are those of recorded Azure answers. A write is announced with 201 (200 for an update)
and an Azure-AsyncOperation header while the document shows `Updating`; a delete with 202 and both headers.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

ASYNC = ("azure-asyncoperation",)
BOTH = ("azure-asyncoperation", "location")
NAMES = NameRule(
    r"[A-Za-z0-9](?:[A-Za-z0-9_.\-]{0,78}[A-Za-z0-9_])?",
    "InvalidResourceName",
    "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word character, "
    "and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
)
NOT_FOUND = ("NotFound", "Resource {id} not found.")
BY_LOCATION = Announce(202, headers=("location",), retry_after=10, body=False)
BY_BOTH = Announce(202, headers=BOTH, retry_after=10, body=False, polls=1)


def updating(status: int, retry_after: int = 10, polls: int = 0) -> Announce:
    """An accepted write: the document and its parts are `Updating` until the operation is done."""
    return Announce(status, "Updating", "Updating", ASYNC, retry_after, polls=polls)


def settled(status: int, retry_after: int | None = None) -> Announce:
    """A write that is announced as an operation although the document shows that it is done."""
    return Announce(status, "Succeeded", "Succeeded", ASYNC, retry_after)


class NetworkType(ResourceType):
    """A resource of the network resource provider."""

    name_rule = NAMES
    etag = True
    creates = updating(201)
    updates = updating(200)
    deletes = Announce(202, headers=BOTH, retry_after=10, body=False)
    patch: ClassVar[Literal["tags", "merge", "none"]] = "tags"
    operation_body = "status"
    delete_result = 204

    def announced(self, write: Write, announce: Announce) -> Announce:
        """A write that changes nothing but tags is done at once."""
        if announce.state == "Updating" and write.before is not None and _same(write.before, write.body, {"etag", "tags"}):
            return replace(announce, state="Succeeded", parts_state="Succeeded")
        return announce


class SlowType(NetworkType):
    """What Azure never finishes by the first poll: gateways, firewalls, private endpoints."""

    creates, updates = updating(201, polls=1), updating(200, polls=1)
    deletes = Announce(202, headers=BOTH, retry_after=10, body=False, polls=1, lingers=True)


class Part(NetworkType):
    """Something with an id inside a document of the network resource provider."""

    located = tagged = False
    addressable = False
    not_found = NOT_FOUND


class Child(Part):
    """A part that also has a URL of its own."""

    addressable = True


def _same(before: Any, after: Any, aside: Set[str] = frozenset({"etag"})) -> bool:
    """Are two documents alike, some of their members aside?"""
    if isinstance(before, dict) and isinstance(after, dict):
        names = (before.keys() | after.keys()) - aside
        return all(name in before and name in after and _same(before[name], after[name]) for name in names)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return bool(before == after)


def properties(body: Body) -> Body:
    """The `properties` of a document or part; an empty object when there are none."""
    found = body.get("properties")
    return found if isinstance(found, dict) else {}


def reference_id(value: Any) -> str | None:
    """The id of {"id": ...}; None for anything else."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def only_ids(body: Body, *members: str) -> None:
    """Azure keeps the id of what a document names and drops everything else that was sent along."""
    for member in members:
        identity = reference_id(body.get(member))
        if identity is not None:
            body[member] = {"id": identity}


def same_region(write: Write, *members: str) -> None:
    """Refuse references (dotted paths) to resources of another region, in the words for one that is not there."""
    for member in members:
        for value, _holder in paths.with_holders(write.body, member, write.id):
            target = reference_id(value)
            row = write.store.get("/".join(target.lower().split("/")[:9])) if target else None
            if row is not None and row.location and row.location != write.location:
                refuse(
                    "InvalidResourceReference",
                    f"Resource {target} referenced by resource {write.id} was not found. Please make sure that the referenced "
                    "resource exists, and that both resources are in the same region.",
                    details=[],
                )
