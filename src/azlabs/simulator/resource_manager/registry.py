"""Resource types by key, loaded per namespace when a request first names it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.resource_type import Endpoint, ResourceType

TYPES: dict[str, ResourceType] = {}
"""Type by lower-case full name."""
PARTS: dict[str, list[ResourceType]] = {}
"""Types that live inside the documents of a type."""
_ENDPOINTS: dict[tuple[str, int], list[tuple[tuple[str, ...], Endpoint]]] = {}
_LOADED: set[str] = set()


def add(kind: ResourceType) -> None:
    """Register a type; called when its class is defined."""
    TYPES[kind.key] = kind
    if kind.part_of is not None:
        parts = PARTS.setdefault(kind.key.rpartition("/")[0], [])
        parts[:] = [part for part in parts if part.key != kind.key] + [kind]


def add_endpoints(endpoints: Iterable[Endpoint]) -> None:
    """Register requests that are not CRUD on a type."""
    for endpoint in endpoints:
        pattern = tuple(part if part.startswith("{") else part.lower() for part in endpoint.path.strip("/").split("/"))
        _ENDPOINTS.setdefault((endpoint.method, len(pattern)), []).append((pattern, endpoint))


def load(namespace: str) -> bool:
    """Import the modules of a namespace (lower case) once; False when the simulator has none."""
    if namespace in _LOADED:
        return True
    from azlabs.simulator.providers import NAMESPACES

    modules = NAMESPACES.get(namespace)
    if modules is None:
        return False
    _LOADED.add(namespace)
    try:
        for name in modules:
            _load_module(f"azlabs.simulator.providers.{name}")
    except BaseException:
        _LOADED.discard(namespace)
        raise
    return True


def _load_module(name: str) -> None:
    module = importlib.import_module(name)
    add_endpoints(getattr(module, "ENDPOINTS", ()))


def find(type_key: str) -> ResourceType | None:
    """The type with this lower-case full name, loading its namespace when needed."""
    kind = TYPES.get(type_key)
    if kind is None and load(type_key.partition("/")[0]):
        kind = TYPES.get(type_key)
    return kind


def parts_of(type_key: str) -> list[ResourceType]:
    """The types that live inside documents of this type."""
    return PARTS.get(type_key, [])


def endpoint(method: str, segments: list[str], lowered: list[str]) -> tuple[Endpoint, dict[str, str]] | None:
    """The endpoint for a path, and the values of its {words}."""
    for pattern, found in _ENDPOINTS.get((method, len(segments)), ()):
        if all(part == low or part[0] == "{" for part, low in zip(pattern, lowered, strict=True)):
            return found, {part[1:-1]: value for part, value in zip(pattern, segments, strict=True) if part[0] == "{"}
    return None


def methods_of(lowered: list[str]) -> set[str]:
    """The methods for which some endpoint has this path."""
    return {
        method for method in ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE") if endpoint(method, lowered, lowered)
    }


def load_all() -> None:
    """Import every namespace."""
    from azlabs.simulator.providers import NAMESPACES

    for namespace in NAMESPACES:
        load(namespace)
