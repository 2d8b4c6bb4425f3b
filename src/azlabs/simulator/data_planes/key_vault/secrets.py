"""Secrets of a vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.key_vault import objects
from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter
from azlabs.simulator.data_planes.key_vault.objects import Body, Item, Vault

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking

LARGEST = 25 * 1024


def bundle(vault: Vault, item: Item, version: Body, *, value: bool = True) -> Body:
    """A version of a secret as it is shown."""
    shown: Body = {"value": version["value"]} if value else {}
    shown |= {member: version[member] for member in ("contentType",) if version.get(member) is not None}
    shown["id"] = vault.id_of("secrets", item.name, version["version"])
    if item.doc.get("managed"):
        shown["managed"] = True
    shown["attributes"] = vault.attributes(version)
    if version.get("tags") is not None:
        shown["tags"] = version["tags"]
    if item.doc.get("managed") and value:
        shown["kid"] = vault.id_of("keys", item.name, version["version"])
    return shown


def summary(vault: Vault, item: Item, version: Body | None = None) -> Body:
    """A secret in a list, or one of its versions."""
    shown = bundle(vault, item, version or item.current, value=False)
    if version is None:
        shown["id"] = vault.id_of("secrets", item.name)
    return shown


def deleted(vault: Vault, item: Item) -> Body:
    """A deleted secret as it is shown."""
    return {**objects.grave(vault, item), **bundle(vault, item, item.current, value=False)}


def put(asking: Asking) -> Body:
    """Set: a new version."""
    body, vault = asking.body, asking.vault
    value = body.get("value")
    if not isinstance(value, str):
        raise bad_parameter("The request body does not contain a value for the secret.")
    if len(value.encode()) > LARGEST:
        raise bad_parameter(f"Secret value is too large. The largest value has {LARGEST} bytes.")
    item = vault.new("secrets", asking.name)
    _not_managed(item, "set")
    item.versions.append(
        {
            "version": objects.new_version(),
            "value": value,
            "contentType": body.get("contentType"),
            "tags": objects.tags_of(body),
            "attributes": vault.fresh(body.get("attributes")),
        }
    )
    vault.save(item)
    return bundle(vault, item, item.current)


def get(asking: Asking) -> Body:
    """Get a version. 403 while it is disabled."""
    item, version = asking.item_version("secrets")
    if not version["attributes"]["enabled"]:
        raise VaultError(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
    return bundle(asking.vault, item, version)


def patch(asking: Asking) -> Body:
    """Change attributes, content type and tags of a version."""
    item, version = asking.item_version("secrets")
    body = asking.body
    version["attributes"] = asking.vault.fresh(body.get("attributes"), version["attributes"])
    version["tags"] = objects.tags_of(body, version.get("tags"))
    version["contentType"] = body.get("contentType", version.get("contentType"))
    asking.vault.save(item)
    return bundle(asking.vault, item, version, value=False)


def delete(asking: Asking) -> Body:
    """Delete with all versions."""
    item = asking.vault.require("secrets", asking.name)
    _not_managed(item, "delete")
    asking.vault.delete(item)
    return deleted(asking.vault, item)


def _not_managed(item: Item, operation: str) -> None:
    if item.doc.get("managed"):
        raise VaultError(
            403,
            "Forbidden",
            f"Operation {operation} is not allowed on a secret that belongs to a certificate.",
            "SecretManaged",
        )


def read(vault: Vault, name: str, version: str) -> str | None:
    """The value of an enabled secret, for readers inside the simulator; None when there is none."""
    item = vault.get("secrets", name)
    found = item.version(version) if item is not None else None
    return str(found["value"]) if found is not None and found["attributes"]["enabled"] else None
