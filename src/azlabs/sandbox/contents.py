"""What is in a sandbox's resource groups: resources, and what Azure keeps beside them (locks, assignments)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.progress import Event, Progress
from azlabs.sandbox import background
from azlabs.sandbox.applying import api_version_of
from azlabs.sandbox.model import Sandbox

RESOURCES_API = "2021-04-01"
_FOR_GOOD = (400, 401, 403, 405)
Given = TypeVar("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Beside:
    """A kind of thing that sits on a scope and is not listed among its resources."""

    type: str
    api_version: str
    query: str = ""


LOCKS = Beside("Microsoft.Authorization/locks", "2020-05-01")
ROLE_ASSIGNMENTS = Beside("Microsoft.Authorization/roleAssignments", "2022-04-01")
POLICY_ASSIGNMENTS = Beside("Microsoft.Authorization/policyAssignments", "2022-06-01")


def read(work: Callable[[Given], Result], given: Given) -> Result:
    """What a reading request answers, asked once more when Azure fails in a way that may pass. Raises AzureError."""
    try:
        return work(given)
    except AzureError as problem:
        if problem.not_found or problem.not_modelled or problem.status in _FOR_GOOD:
            raise
        return work(given)


def resources(cloud: Cloud, group_id: str) -> list[dict[str, object]]:
    """The resources of a group; none when the group does not exist."""
    try:
        return list(cloud.items(f"{group_id}/resources", RESOURCES_API))
    except AzureError as problem:
        if problem.not_found:
            return []
        raise


def beside(cloud: Cloud, scope: str, kind: Beside) -> Iterator[str]:
    """The ids of a kind on a scope and below it; what the scope only inherits is left out."""
    try:
        for entry in cloud.items(f"{scope}/providers/{kind.type}{kind.query}", kind.api_version):
            identifier = str(entry.get("id", ""))
            if identifier.lower().startswith(f"{scope.lower()}/"):
                yield identifier
    except AzureError as problem:
        if not (problem.not_found or problem.not_modelled):
            raise


def delete(cloud: Cloud, identifier: str, api_version: str = "") -> None:
    """Delete one resource and wait for the end; nothing happens when it is gone already."""
    try:
        cloud.run("DELETE", identifier, api_version or api_version_of(cloud, identifier))
    except AzureError as problem:
        if not problem.not_found:
            raise


def delete_in_rounds(cloud: Cloud, identifiers: list[str], progress: Progress) -> dict[str, AzureError]:
    """Delete what can be deleted, side by side, again and again while that makes a difference.

    Azure refuses to delete what something else uses; deleting the user first makes the next round succeed. Answers
    what is left, with Azure's reason.
    """
    left = list(identifiers)
    reasons: dict[str, AzureError] = {}
    while left:
        outcomes = background.each(lambda found: _try_delete(cloud, found, progress), left)
        reasons = {found: why for found, why in zip(left, outcomes, strict=True) if why is not None}
        if len(reasons) == len(left):
            break
        left = list(reasons)
    return reasons


def _try_delete(cloud: Cloud, identifier: str, progress: Progress) -> AzureError | None:
    kind, name = kind_and_name(identifier)
    progress(Event(kind, name, "running", "delete"))
    try:
        delete(cloud, identifier)
    except AzureError as problem:
        progress(Event(kind, name, "waiting", problem.message))
        return problem
    progress(Event(kind, name, "done", "deleted"))
    return None


def kind_and_name(identifier: str) -> tuple[str, str]:
    """A resource's type and name, for people to read."""
    from azlabs.arm.ids import ResourceId

    parsed = ResourceId.parse(identifier)
    return parsed.type or "Microsoft.Resources/resourceGroups", parsed.name


def is_inside(sandbox: Sandbox, identifier: str) -> bool:
    """Whether an id lies in one of the sandbox's groups."""
    return any(identifier.lower().startswith(f"{sandbox.group_id(name)}/".lower()) for name in sandbox.resource_groups)
