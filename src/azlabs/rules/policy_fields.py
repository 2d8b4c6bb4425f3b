"""Policy field names: from a field or alias to the places in a resource's REST body, to read and to change.

An alias is the resource type and a path into `properties`. The few that lead elsewhere stand in ELSEWHERE; members of
the envelope (sku, kind, identity and so on) are recognised by their first segment.
Source: Microsoft's documentation "Azure Policy definition structure - alias" and the provider's published aliases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

ENVELOPE = frozenset({"sku", "kind", "identity", "zones", "plan", "managedby", "extendedlocation", "etag", "tags"})

# Aliases whose path is not the one they spell, in lower case, below the resource type.
ELSEWHERE: dict[str, str] = {
    "microsoft.compute/virtualmachines/sku.name": "properties.hardwareProfile.vmSize",
    "microsoft.compute/imagepublisher": "properties.storageProfile.imageReference.publisher",
    "microsoft.compute/imageoffer": "properties.storageProfile.imageReference.offer",
    "microsoft.compute/imagesku": "properties.storageProfile.imageReference.sku",
    "microsoft.compute/imageversion": "properties.storageProfile.imageReference.version",
    "microsoft.compute/licensetype": "properties.licenseType",
    "microsoft.compute/virtualmachines/imagepublisher": "properties.storageProfile.imageReference.publisher",
    "microsoft.compute/virtualmachines/imageoffer": "properties.storageProfile.imageReference.offer",
    "microsoft.compute/virtualmachines/imagesku": "properties.storageProfile.imageReference.sku",
    "microsoft.compute/virtualmachines/osdisk.uri": "properties.storageProfile.osDisk.vhd.uri",
    "microsoft.compute/virtualmachinescalesets/osdisk.vhdcontainers": (
        "properties.virtualMachineProfile.storageProfile.osDisk.vhdContainers"
    ),
    "microsoft.compute/virtualmachinescalesets/osdisk.imageurl": (
        "properties.virtualMachineProfile.storageProfile.osDisk.image.uri"
    ),
    "microsoft.storage/storageaccounts/enableblobencryption": "properties.encryption.services.blob.enabled",
    "microsoft.storage/storageaccounts/enablefileencryption": "properties.encryption.services.file.enabled",
    "microsoft.storage/storageaccounts/accounttype": "sku.name",
    "microsoft.sql/servers/databases/requestedserviceobjectivename": "properties.requestedServiceObjectiveName",
}

TAG = re.compile(r"""^tags(?:\.(?P<dotted>.+)|\[\s*['"]?(?P<quoted>.*?)['"]?\s*\])$""", re.IGNORECASE | re.DOTALL)


def is_alias(name: str) -> bool:
    """Does this field name belong to a resource type (Microsoft.X/y/z), rather than to every resource?"""
    return "/" in name


def path_of(name: str, resource_type: str) -> list[str] | None:
    """The segments of a field in the REST body; None for an alias of another resource type.

    A segment `[*]` stands for every element of an array.
    """
    tag = TAG.match(name)
    if tag:
        return ["tags", tag["dotted"] if tag["dotted"] is not None else tag["quoted"]]
    if not is_alias(name):
        return _segments(name)
    moved = ELSEWHERE.get(name.lower())
    prefix = resource_type.lower() + "/"
    if moved is not None:
        return _segments(moved)
    if not name.lower().startswith(prefix):
        return None
    rest = name[len(prefix) :]
    if "/" in rest.split("[", 1)[0].split(".", 1)[0]:
        return None
    segments = _segments(rest)
    return segments if segments[0].lower() in ENVELOPE else ["properties", *segments]


def _segments(path: str) -> list[str]:
    found = []
    for part in path.split("."):
        bare = part.replace("[*]", "")
        if bare:
            found.append(bare)
        found.extend(["[*]"] * part.count("[*]"))
    return found


def values(segments: list[str], node: Any) -> Iterator[Any]:
    """Everything that the path leads to, in order; an absent member yields nothing."""
    if not segments:
        yield node
        return
    head, rest = segments[0], segments[1:]
    if head == "[*]":
        for item in node if isinstance(node, list) else ():
            yield from values(rest, _flat(item, rest))
    elif isinstance(node, dict):
        key = find_key(node, head)
        if key is not None:
            yield from values(rest, node[key])


def _flat(item: Any, rest: list[str]) -> Any:
    """Where the path goes on in an element: aliases leave out the `properties` of the parts of a resource."""
    if rest and isinstance(item, dict) and find_key(item, rest[0]) is None and isinstance(item.get("properties"), dict):
        return item["properties"]
    return item


def find_key(node: Json, name: str) -> str | None:
    """The member of an object by name without regard to case."""
    if name in node:
        return name
    wanted = name.lower()
    return next((key for key in node if key.lower() == wanted), None)


def apply_operation(operation: str, name: str, value: Any, body: Json, resource_type: str) -> None:
    """One operation of the modify effect: addOrReplace, add, remove, or addToArray for `append` on an array alias."""
    segments = path_of(name, resource_type)
    if segments is None:
        return
    _apply(operation.lower(), segments, value, body)


def _apply(operation: str, segments: list[str], value: Any, node: Any) -> None:
    head, rest = segments[0], segments[1:]
    if head == "[*]":
        for item in node if isinstance(node, list) else ():
            if rest:
                _apply(operation, rest, value, _flat(item, rest))
        return
    if not isinstance(node, dict):
        return
    key = find_key(node, head) or head
    if rest == ["[*]"] and operation in ("addtoarray", "add"):
        present = node.setdefault(key, [])
        if isinstance(present, list) and value not in present:
            present.append(value)
    elif rest:
        if key not in node and operation == "remove":
            return
        _apply(operation, rest, value, node.setdefault(key, {}))
    elif operation == "remove":
        node.pop(key, None)
    elif operation == "addorreplace" or key not in node:
        node[key] = value
