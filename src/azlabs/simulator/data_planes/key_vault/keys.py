"""Keys of a vault: their versions and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import crypto, objects, rotation
from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter, not_modelled
from azlabs.simulator.data_planes.key_vault.objects import Body, Item, Vault

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking

TYPES = ("RSA", "RSA-HSM", "EC", "EC-HSM")
SYMMETRIC = ("oct", "oct-HSM")
OPERATIONS = frozenset({*crypto.RSA_OPERATIONS, "import", "export"})
EXPORTABLE_SINCE, PLATFORM_SINCE = "7.3", "7.5-preview.1"


def bundle(vault: Vault, item: Item, version: Body, api_version: str) -> Body:
    """A version of a key as it is shown: never with its private members."""
    members = dict(version["public"])
    jwk: Body = {
        "kid": vault.id_of("keys", item.name, version["version"]),
        "kty": version["kty"],
        "key_ops": version["key_ops"],
    }
    members.pop("kty", None)
    shown: Body = {"key": jwk | members, "attributes": _attributes(vault, version, api_version)}
    if version.get("tags") is not None:
        shown["tags"] = version["tags"]
    if item.doc.get("managed"):
        shown["managed"] = True
    if version.get("release_policy"):
        shown["release_policy"] = version["release_policy"]
    return shown


def _attributes(vault: Vault, version: Body, api_version: str) -> Body:
    shown = vault.attributes(version)
    if api_version >= EXPORTABLE_SINCE:
        shown["exportable"] = bool(version.get("exportable"))
    if api_version >= PLATFORM_SINCE:
        shown["hsmPlatform"] = "1" if version["kty"].endswith("-HSM") else "0"
    return shown


def summary(vault: Vault, item: Item, version: Body | None = None, api_version: str = "") -> Body:
    """A key in a list, or one of its versions."""
    one = version or item.current
    shown: Body = {"kid": vault.id_of("keys", item.name, version["version"] if version else "")}
    shown["attributes"] = _attributes(vault, one, api_version)
    if one.get("tags") is not None:
        shown["tags"] = one["tags"]
    if item.doc.get("managed"):
        shown["managed"] = True
    return shown


def deleted(vault: Vault, item: Item, api_version: str) -> Body:
    """A deleted key as it is shown."""
    return {**objects.grave(vault, item), **bundle(vault, item, item.current, api_version)}


def add_version(vault: Vault, item: Item, body: Body, material: str, kty: str) -> Body:
    """A new version with this private material; what else is said about it comes from the request's body."""
    default = crypto.RSA_OPERATIONS if crypto.family(kty) == "RSA" else crypto.EC_OPERATIONS
    wanted = body.get("key_ops")
    if wanted is not None and (not isinstance(wanted, list) or not set(map(str, wanted)) <= OPERATIONS):
        raise bad_parameter("Property key_ops has an operation that is not known.")
    asked = body.get("attributes") or {}
    version: Body = {
        "version": objects.new_version(),
        "kty": kty,
        "key_ops": wanted if wanted else list(default),
        "public": crypto.public_members(material),
        "material": material,
        "tags": objects.tags_of(body),
        "attributes": vault.fresh(asked),
        "exportable": bool(asked.get("exportable")),
    }
    policy = body.get("release_policy")
    if isinstance(policy, dict):
        version["release_policy"] = {"contentType": "application/json; charset=utf-8", "immutable": False} | policy
    if version["exportable"] and not policy:
        raise bad_parameter("Exportable keys must have release policy.")
    item.versions.append(version)
    return version


def checked_type(vault: Vault, kty: Any) -> str:
    """A key type that this vault can make; 400 or 403 for others."""
    if kty in SYMMETRIC:
        raise bad_parameter(f"Key type '{kty}' is not supported by vaults; symmetric keys need a managed HSM.")
    if kty not in TYPES:
        raise bad_parameter(f"Property kty has to be one of {', '.join(TYPES)}.")
    sku = str((vault.properties.get("sku") or {}).get("name", "")).lower()
    if str(kty).endswith("-HSM") and sku != "premium":
        raise VaultError(
            403, "Forbidden", "HSM-backed keys are not supported by vaults of the Standard sku.", "SkuNotSupported"
        )
    return str(kty)


def create(asking: Asking) -> Body:
    """A new key, or a new version of one."""
    body, vault = asking.body, asking.vault
    kty = checked_type(vault, body.get("kty"))
    item = vault.new("keys", asking.name)
    material = crypto.generate(kty, body.get("key_size"), body.get("crv"))
    version = add_version(vault, item, body, material, kty)
    vault.save(item)
    return bundle(vault, item, version, asking.api_version)


def put(asking: Asking) -> Body:
    """Import a key that was made elsewhere."""
    body, vault = asking.body, asking.vault
    jwk = body.get("key")
    if not isinstance(jwk, dict):
        raise bad_parameter("The request body does not contain a key.")
    if "key_hsm" in jwk:
        raise not_modelled("keys wrapped for a hardware security module")
    kty = checked_type(vault, f"{crypto.family(str(jwk.get('kty')))}-HSM" if body.get("Hsm") else jwk.get("kty"))
    item = vault.new("keys", asking.name)
    facts = {**body, "key_ops": jwk.get("key_ops")}
    version = add_version(vault, item, facts, crypto.imported(jwk), kty)
    vault.save(item)
    return bundle(vault, item, version, asking.api_version)


def get(asking: Asking) -> Body:
    """The public part of a version; allowed while it is disabled."""
    item, version = asking.item_version("keys")
    if rotation.advance(asking.vault, item) and not asking.version:
        version = item.current
    return bundle(asking.vault, item, version, asking.api_version)


def patch(asking: Asking) -> Body:
    """Change attributes, operations and tags of a version."""
    item, version = asking.item_version("keys")
    body = asking.body
    if body.get("key_ops") is not None:
        if not isinstance(body["key_ops"], list) or not set(map(str, body["key_ops"])) <= OPERATIONS:
            raise bad_parameter("Property key_ops has an operation that is not known.")
        version["key_ops"] = body["key_ops"]
    version["attributes"] = asking.vault.fresh(body.get("attributes"), version["attributes"])
    version["tags"] = objects.tags_of(body, version.get("tags"))
    asking.vault.save(item)
    return bundle(asking.vault, item, version, asking.api_version)


def delete(asking: Asking) -> Body:
    """Delete with all versions."""
    item = asking.vault.require("keys", asking.name)
    if item.doc.get("managed"):
        raise VaultError(
            403, "Forbidden", "Operation delete is not allowed on a key that belongs to a certificate.", "KeyManaged"
        )
    asking.vault.delete(item)
    return deleted(asking.vault, item, asking.api_version)


def rotate(asking: Asking) -> Body:
    """A new version like the last one."""
    item = asking.vault.require("keys", asking.name)
    version = rotation.rotate(asking.vault, item)
    asking.vault.save(item)
    return bundle(asking.vault, item, version, asking.api_version)


# --- what is done with a key ----------------------------------------------------------------------------------------------
ENDS = frozenset({"encrypt", "wrapKey", "sign"})
"""Operations that an expired or not yet valid key refuses; with old keys one may still decrypt, unwrap and verify."""


def _usable(asking: Asking, operation: str) -> tuple[Item, Body]:
    item, version = asking.item_version("keys")
    attributes = version["attributes"]
    if not attributes["enabled"]:
        raise VaultError(403, "Forbidden", f"Operation {operation} is not allowed on a disabled key.", "KeyDisabled")
    if operation in ENDS and attributes.get("exp", asking.vault.now + 1) <= asking.vault.now:
        raise VaultError(403, "Forbidden", f"Operation {operation} is not allowed on an expired key.", "KeyExpired")
    if operation in ENDS and attributes.get("nbf", 0) > asking.vault.now:
        raise VaultError(
            403, "Forbidden", f"Operation {operation} is not allowed on a key that is not yet valid.", "KeyNotYetValid"
        )
    if operation not in version["key_ops"]:
        raise VaultError(
            403, "Forbidden", f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden"
        )
    return item, version


def _result(asking: Asking, item: Item, version: Body, raw: bytes) -> Body:
    return {"kid": asking.vault.id_of("keys", item.name, version["version"]), "value": crypto.encode(raw)}


def _cipher(operation: str, function: Any) -> Any:
    def act(asking: Asking) -> Body:
        item, version = _usable(asking, operation)
        value = crypto.decode(asking.body.get("value"), "value")
        return _result(asking, item, version, function(version["material"], str(asking.body.get("alg")), value))

    return act


encrypt, wrap = _cipher("encrypt", crypto.encrypt), _cipher("wrapKey", crypto.encrypt)
decrypt, unwrap = _cipher("decrypt", crypto.decrypt), _cipher("unwrapKey", crypto.decrypt)
sign = _cipher("sign", crypto.sign)


def verify(asking: Asking) -> Body:
    """Is `value` the signature of `digest`?"""
    _, version = _usable(asking, "verify")
    digest, signature = (crypto.decode(asking.body.get(member), member) for member in ("digest", "value"))
    return {"value": crypto.verify(version["material"], str(asking.body.get("alg")), digest, signature)}


def release(asking: Asking) -> Body:
    """Secure key release needs an attested environment."""
    raise not_modelled(f"secure key release of {asking.name}")


def random_bytes(_asking: Asking) -> Body:
    """Only managed HSMs make random bytes."""
    raise bad_parameter("Random bytes are only made by managed HSMs.")
