"""What the records of azlabs' own deployments tell: whose a group is, what was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azlabs.cloud import Cloud, deployments
from azlabs.cloud.errors import AzureError
from azlabs.sandbox import tags
from azlabs.sandbox.applying import deployment_name
from azlabs.sandbox.model import Sandbox

_RECORD = "/providers/microsoft.resources/deployments/"


def start_record_tags(cloud: Cloud, sandbox: Sandbox, name: str) -> dict[str, str] | None:
    """The tags of the record of the start deployment in a group; None when there is none or it cannot be read."""
    record = deployments.deployment_id(cloud, name, deployment_name(sandbox, "start"))
    try:
        body = cloud.find(record, deployments.API_VERSION)
    except AzureError:
        return None
    return None if body is None else tags.tags_of(body)


def was_made_by_azlabs(cloud: Cloud, sandbox: Sandbox, identifier: str) -> bool:
    """Whether a record of the sandbox tells that its deployment made this very thing, outside the sandbox's groups."""
    try:
        return any(
            identifier.lower() == str((operation.get("targetResource") or {}).get("id", "")).lower()
            and str(operation.get("provisioningOperation", "Create")).lower() == "create"
            for record in _records(cloud, sandbox)
            for operation in deployments.operations(cloud, record)
        )
    except AzureError:
        return False


def _records(cloud: Cloud, sandbox: Sandbox) -> Iterator[str]:
    """The sandbox's deployments at the subscription and the ones inside its group, newest last."""
    yield from (identifier for identifier in sandbox.outside if _RECORD in identifier.lower())
    for name in sandbox.resource_groups:
        folder = f"{sandbox.group_id(name)}/providers/Microsoft.Resources/deployments"
        yield from (str(entry["id"]) for entry in _listed(cloud, folder))


def _listed(cloud: Cloud, path: str) -> Iterator[dict[str, Any]]:
    try:
        yield from cloud.items(path, deployments.API_VERSION)
    except AzureError as problem:
        if not problem.not_found:
            raise
