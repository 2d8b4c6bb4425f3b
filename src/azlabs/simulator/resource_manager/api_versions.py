"""Which api-versions a type answers, and the refusals of others."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call
    from azlabs.simulator.resource_manager.resource_type import Endpoint, ResourceType

_FORM = re.compile(r"\d{4}-\d\d-\d\d(-[a-z]+(\.\d+)?)?", re.I)


@functools.cache
def _table() -> dict[str, list[str]]:
    text = resources.files("azlabs.simulator.resource_manager").joinpath("api_versions.json").read_text("utf-8")
    found: dict[str, list[str]] = json.loads(text)
    return found


def namespaces() -> list[str]:
    """Lower-case namespaces that have a table of versions."""
    return list(_table())


@functools.cache
def _supported(namespace: str) -> frozenset[str]:
    return frozenset(_table().get(namespace, ()))


def supported(kind: ResourceType) -> Sequence[str]:
    """Versions of a type, newest first."""
    return kind.api_versions or _table().get(kind.key.partition("/")[0], ())


def missing() -> Refused:
    """The refusal of a request without api-version."""
    return Refused(
        400, "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )  # fmt: skip


def check(call: Call, kind: ResourceType) -> None:
    """Raise 400 for a missing, malformed or unknown version."""
    version = call.api_version
    if not version:
        raise missing()
    if kind.api_versions:
        if version in kind.api_versions or version.lower() in kind.api_versions:
            return
    elif version in _supported(kind.key.partition("/")[0]):
        return
    if _FORM.fullmatch(version) is None:
        raise malformed(version)
    versions = supported(kind)
    if version.lower() in versions:
        return
    rest = kind.type.partition("/")[2]
    if kind.key == "microsoft.resources/resourcegroups":
        raise invalid(version, versions)
    raise Refused(
        400, "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{_location(call)}' and API version '{version}' for type '{rest}'. "
        f"The supported api-versions are '{', '.join(versions)}'. The supported locations are ''.",
    )  # fmt: skip


def _location(call: Call) -> str:
    try:
        body = call.json() if call.raw else {}
    except Refused:
        body = {}
    return str(body.get("location") or "")[:60]


def check_endpoint(call: Call, endpoint: Endpoint) -> None:
    """The same for requests that are not CRUD on a type."""
    version = call.api_version
    if not version:
        raise missing()
    about_providers = not call.route.types or "namespace" in call.values
    namespace = "microsoft.resources" if about_providers else call.route.namespace.lower()
    if version in endpoint.api_versions or version.lower() in _supported(namespace):
        return
    if _FORM.fullmatch(version) is None:
        raise malformed(version)
    raise invalid(version, list(endpoint.api_versions) or _table().get(namespace, []))


def malformed(version: str) -> Refused:
    return Refused(
        400, "InvalidApiVersionParameter",
        f"The api-version '{version[:60]}' is invalid. The supported versions have the form 'yyyy-MM-dd' or 'yyyy-MM-dd-preview'.",
    )  # fmt: skip


def invalid(version: str, versions: Sequence[str]) -> Refused:
    return Refused(
        400,
        "InvalidApiVersionParameter",
        f"The api-version '{version}' is invalid. The supported versions are '{','.join(versions)}'.",
    )
