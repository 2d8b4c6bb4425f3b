"""Applications and service principals that were made for a sandbox, in the directory, where resource groups do not reach.

They carry tags as groups do: whose they are, and a seal that only fits their name. A group's tag tells that there are
some, written before the first is made, so that nobody's directory is searched for nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.sandbox import tags
from azlabs.sandbox.model import Sandbox

ROOT = "https://graph.microsoft.com/v1.0"
APPLICATION = "Microsoft.Graph/applications"
_DELETED = f"{ROOT}/directory/deletedItems"
_MARK = "azlabs-sandbox:"
_SEAL = "azlabs-seal:"
_GROUPS_API = "2024-11-01"


def register(
    sandbox: Sandbox, cloud: Cloud, name: str, save: Callable[[Sandbox], None], **properties: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make an application and its service principal for the sandbox: their bodies. `name` is what people see.

    Whatever is made goes with the sandbox. Raises AzureError.
    """
    if not sandbox.directory:
        sandbox.directory = True
        save(sandbox)
        for group in sandbox.resource_groups:
            body = cloud.get(sandbox.group_id(group), _GROUPS_API)
            marked = {**tags.tags_of(body), tags.DIRECTORY: "yes"}
            cloud.request("PATCH", sandbox.group_id(group), _GROUPS_API, {"tags": marked})
    application = {"displayName": name, **properties, "tags": [*properties.get("tags", []), *_marks(sandbox, name)]}
    made = cloud.graph.send("POST", f"{ROOT}/applications", "", application).json
    sandbox.outside.append(f"{ROOT}/applications/{made['id']}")
    save(sandbox)
    principal = cloud.graph.send("POST", f"{ROOT}/servicePrincipals", "", {"appId": made["appId"]}).json
    return made, principal


def is_of_directory(identifier: str) -> bool:
    """Whether an id names a directory object."""
    return identifier.startswith(f"{ROOT}/")


def made_for(cloud: Cloud, sandbox: Sandbox) -> Iterator[str]:
    """The applications whose tags are the sandbox's and fit their name, beside those that the ledger knows; and those
    among them that are deleted, which the directory keeps for thirty days."""
    wanted = quote(f"tags/any(t:t eq '{_MARK}{sandbox.id}')")
    for place, query in (
        (f"{ROOT}/applications", f"?$filter={wanted}&$select=id,appId,displayName,tags"),
        (f"{_DELETED}/microsoft.graph.application", "?$select=id,displayName,tags"),
    ):
        for entry in _items(cloud, f"{place}{query}"):
            if set(_marks(sandbox, str(entry.get("displayName", "")))) <= set(entry.get("tags") or []):
                yield f"{_DELETED if place.startswith(_DELETED) else place}/{entry['id']}"


def principals(cloud: Cloud, applications: list[str]) -> Iterator[str]:
    """The object ids of the applications' service principals, which may hold roles."""
    for identifier in applications:
        body = find(cloud, identifier)
        if body is not None and body.get("appId"):
            wanted = quote(f"appId eq '{body['appId']}'")
            for entry in _items(cloud, f"{ROOT}/servicePrincipals?$filter={wanted}&$select=id,appId"):
                yield str(entry["id"])


def find(cloud: Cloud, identifier: str) -> dict[str, Any] | None:
    """The body of a directory object; None when it does not exist."""
    try:
        body = cloud.graph.send("GET", identifier, "").json
    except AzureError as problem:
        if problem.status == 404:
            return None
        raise
    return body if isinstance(body, dict) else {}


def delete(cloud: Cloud, identifier: str) -> None:
    """Delete an application with its service principal, and what the directory keeps of it for thirty days."""
    _gone(cloud, identifier)
    if not identifier.startswith(_DELETED):
        _gone(cloud, f"{_DELETED}/{identifier.rpartition('/')[2]}")


def _gone(cloud: Cloud, identifier: str) -> None:
    try:
        cloud.graph.send("DELETE", identifier, "")
    except AzureError as problem:
        if problem.status != 404:
            raise


def _items(cloud: Cloud, url: str) -> Iterator[dict[str, Any]]:
    following: str | None = url
    while following:
        page = cloud.graph.send("GET", following, "").json or {}
        yield from page.get("value") or []
        following = page.get("@odata.nextLink")


def _marks(sandbox: Sandbox, name: str) -> list[str]:
    words = "\n".join(("azlabs-directory", sandbox.tenant_id.lower(), sandbox.id, name))
    return [f"{_MARK}{sandbox.id}", f"{_SEAL}{hashlib.sha256(words.encode()).hexdigest()[:24]}"]
