"""Certificates of a vault: their policy, their versions and the pending operation that makes them.

A certificate has a key and a secret of the same name and versions, which belong to it ("managed").
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.key_vault import crypto, issuing, keys, objects, policies
from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter, not_modelled
from azlabs.simulator.data_planes.key_vault.objects import Body, Item, Vault

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking

KEY_OPERATIONS = {"RSA": ["sign", "verify", "wrapKey", "unwrapKey", "encrypt", "decrypt"]}
"""What the key of a certificate may do, in the service's order."""
PENDING = "Pending certificate created. "
AT_WORK = (
    PENDING
    + "Certificate request is in progress. This may take some time based on the issuer provider. Please check again later."
)
TO_MERGE = PENDING + "Please Perform Merge to complete the request."


def bundle(vault: Vault, item: Item, version: Body | None) -> Body:
    """A version of a certificate as it is shown, with the policy."""
    shown: Body = {}
    if version is not None:
        name, number = item.name, version["version"]
        shown = {"id": vault.id_of("certificates", name, number)}
        if version.get("cer"):
            shown |= {"kid": vault.id_of("keys", name, number), "sid": vault.id_of("secrets", name, number)}
            shown |= {"x5t": version["x5t"], "cer": version["cer"]}
        shown["attributes"] = vault.attributes(version)
        if version.get("tags") is not None:
            shown["tags"] = version["tags"]
    shown["policy"] = policies.shown(vault, item)
    if item.doc.get("pending"):
        shown["pending"] = {"id": vault.id_of("certificates", item.name, "pending")}
    return shown


def summary(vault: Vault, item: Item, version: Body | None = None) -> Body:
    """A certificate in a list, or one of its versions."""
    one = version or item.current
    shown: Body = {"id": vault.id_of("certificates", item.name, version["version"] if version else "")}
    if one.get("x5t"):
        shown["x5t"] = one["x5t"]
    shown["attributes"] = vault.attributes(one)
    if one.get("tags") is not None:
        shown["tags"] = one["tags"]
    shown["subject"] = ""
    return shown


# --- making one -----------------------------------------------------------------------------------------------------------
def create(asking: Asking) -> Body:
    """Start making a certificate: a key, a request for it, and a pending operation."""
    body, vault = asking.body, asking.vault
    item = vault.new("certificates", asking.name)
    _free(vault, asking.name, item)
    pending = item.doc.get("pending") or {}
    if pending.get("status") == "inProgress" and pending.get("issuer") == "Unknown":
        raise VaultError(409, "Conflict", "There is a pending certificate operation for this name; merge or delete it first.",
                         "PendingCertificateExists")  # fmt: skip
    if "policy" in body or "policy" not in item.doc:
        item.doc["policy"] = policies.checked(vault, body.get("policy"), item.doc.get("policy"))
    policy = item.doc["policy"]
    issuer = str(policy["issuer"]["name"])
    if issuer not in policies.OWN_ISSUERS:
        if vault.get("issuers", issuer) is None:
            raise VaultError(404, "CertificateIssuerNotFound", f"Issuer {issuer} not found")
        raise not_modelled(f"certificates of the issuer {issuer}")
    material = _material(vault, item, policy)
    item.doc["pending"] = {
        "request_id": uuid.uuid4().hex,
        "issuer": issuer,
        "status": "inProgress",
        "material": material,
        "csr": issuing.request(material, policy),
        "attributes": body.get("attributes"),
        "tags": objects.tags_of(body),
        "cancelled": False,
    }
    vault.save(item)
    location = vault.id_of("certificates", item.name, "pending")
    asking.headers["Location"] = (
        f"{location}?api-version={asking.api_version}&request_id={item.doc['pending']['request_id']}"
    )
    return operation(vault, item)


def _free(vault: Vault, name: str, item: Item) -> None:
    """409 where a key or a secret that is no certificate's has the name."""
    for kind in ("keys", "secrets"):
        other = vault.get(kind, name)
        if other is not None and not other.doc.get("managed") and not item.versions:
            raise VaultError(
                409, "Conflict", f"A {objects.WORDS[kind]} with the name {name} exists.", "ObjectAlreadyExists"
            )


def _material(vault: Vault, item: Item, policy: Body) -> str:
    wanted = policy["key_props"]
    key = vault.get("keys", item.name)
    if wanted.get("reuse_key") and key is not None and key.versions:
        return str(key.current["material"])
    return crypto.generate(str(wanted.get("kty", "RSA")), wanted.get("key_size"), wanted.get("crv"))


def operation(vault: Vault, item: Item) -> Body:
    """The pending operation as it is shown."""
    pending = item.doc["pending"]
    shown: Body = {
        "id": vault.id_of("certificates", item.name, "pending"),
        "issuer": {"name": pending["issuer"]},
        "csr": pending["csr"],
        "cancellation_requested": pending["cancelled"],
        "status": pending["status"],
    }
    if pending["status"] == "inProgress":
        shown["status_details"] = TO_MERGE if pending["issuer"] == "Unknown" else AT_WORK
    elif pending["status"] == "completed":
        shown["target"] = vault.id_of("certificates", item.name)
    return shown | {"request_id": pending["request_id"]}


def advance(vault: Vault, item: Item) -> None:
    """Finish a self-signed certificate that somebody asks for."""
    pending = item.doc.get("pending") or {}
    if pending.get("status") != "inProgress" or pending["issuer"] != "Self":
        return
    if pending["cancelled"]:
        pending["status"] = "cancelled"
    else:
        _complete(vault, item, [issuing.self_signed(pending["material"], item.doc["policy"], vault.now)])
    vault.save(item)


def _complete(vault: Vault, item: Item, chain: list[str]) -> None:
    pending = item.doc["pending"]
    add_version(vault, item, pending["material"], chain, pending.get("attributes"), pending.get("tags"))
    pending["status"] = "completed"
    pending.pop("material", None)


def add_version(vault: Vault, item: Item, material: str, chain: list[str], attributes: object, tags: object) -> None:
    """A finished certificate, and the versions of its key and its secret. `chain`: DER in base64, the leaf first."""
    facts = issuing.facts(chain[0])
    asked = dict(attributes) if isinstance(attributes, dict) else {}
    asked |= {"nbf": facts["nbf"], "exp": facts["exp"]}
    version = {
        "version": objects.new_version(), "cer": chain[0], "x5t": facts["x5t"], "tags": tags, "attributes": vault.fresh(asked),
    }  # fmt: skip
    item.versions.append(version)
    policy = item.doc["policy"]
    key = vault.get("keys", item.name) or Item("keys", None, {"name": item.name, "versions": []})
    secret = vault.get("secrets", item.name) or Item("secrets", None, {"name": item.name, "versions": []})
    key.doc["managed"] = secret.doc["managed"] = True
    kty = str(policy["key_props"].get("kty", "RSA"))
    times = {"nbf": facts["nbf"], "exp": facts["exp"], "enabled": version["attributes"]["enabled"]}
    made = keys.add_version(
        vault, key, {"attributes": times, "tags": tags, "key_ops": KEY_OPERATIONS.get(kty)}, material, kty
    )
    made["version"] = version["version"]
    content = str(policy["secret_props"].get("contentType"))
    exportable = bool(policy["key_props"].get("exportable", True))
    secret.versions.append({
        "version": version["version"], "contentType": content, "tags": tags, "attributes": version["attributes"],
        "value": issuing.packed(material if exportable else "", chain, content),
    })  # fmt: skip
    vault.save(key)
    vault.save(secret)


# --- requests -------------------------------------------------------------------------------------------------------------
def get(asking: Asking) -> Body:
    """A version with its policy; a certificate that is still being made shows its policy only."""
    item = asking.vault.require("certificates", asking.name)
    advance(asking.vault, item)
    version = item.version(asking.version)
    if version is None and (asking.version or not item.doc.get("pending")):
        raise objects.not_found("certificates", f"{asking.name}/{asking.version}")
    return bundle(asking.vault, item, version)


def patch(asking: Asking) -> Body:
    """Change attributes and tags of a version, and the policy."""
    item, version = asking.item_version("certificates")
    body = asking.body
    old = version["attributes"]
    asked = body.get("attributes") or {}
    version["attributes"] = asking.vault.fresh({"enabled": asked["enabled"]} if "enabled" in asked else {}, old)
    version["tags"] = objects.tags_of(body, version.get("tags"))
    if body.get("policy") is not None:
        item.doc["policy"] = policies.checked(asking.vault, body["policy"], item.doc["policy"])
    for kind in ("keys", "secrets"):
        partner = asking.vault.get(kind, asking.name)
        for one in partner.versions if partner is not None else ():
            if one["version"] == version["version"]:
                one["attributes"] = {**one["attributes"], "enabled": version["attributes"]["enabled"]}
        if partner is not None:
            asking.vault.save(partner)
    asking.vault.save(item)
    return bundle(asking.vault, item, version)


def delete(asking: Asking) -> Body:
    """Delete with its key and its secret."""
    vault = asking.vault
    item = vault.require("certificates", asking.name)
    advance(vault, item)
    for kind in ("keys", "secrets"):
        partner = vault.get(kind, asking.name)
        if partner is not None and partner.doc.get("managed"):
            vault.delete(partner)
    vault.delete(item)
    return {**objects.grave(vault, item), **bundle(vault, item, item.current if item.versions else None)}


def put(asking: Asking) -> Body:
    """Import a certificate with its private key, PFX in base64 or PEM."""
    body, vault = asking.body, asking.vault
    if not isinstance(body.get("value"), str):
        raise bad_parameter("The request body does not contain a certificate.")
    item = vault.new("certificates", asking.name)
    _free(vault, asking.name, item)
    material, chain, content = issuing.unpacked(body["value"], body.get("pwd"))
    item.doc["policy"] = policies.imported(
        vault, body.get("policy"), item.doc.get("policy"), material, chain[0], content
    )
    add_version(vault, item, material, chain, body.get("attributes"), objects.tags_of(body))
    vault.save(item)
    return bundle(vault, item, item.current)


def _pending(asking: Asking) -> Item:
    item = asking.vault.get("certificates", asking.name)
    if item is None or not item.doc.get("pending"):
        raise VaultError(404, "PendingCertificateNotFound", f"Pending certificate not found: {asking.name}")
    return item


def get_pending(asking: Asking) -> Body:
    """The operation; work that nobody waits for is done by now."""
    item = _pending(asking)
    advance(asking.vault, item)
    return operation(asking.vault, item)


def cancel(asking: Asking) -> Body:
    """Ask to cancel the operation."""
    item = _pending(asking)
    item.doc["pending"]["cancelled"] = bool(asking.body.get("cancellation_requested"))
    asking.vault.save(item)
    return operation(asking.vault, item)


def delete_pending(asking: Asking) -> Body:
    """Drop the operation."""
    item = _pending(asking)
    shown = operation(asking.vault, item)
    del item.doc["pending"]
    asking.vault.save(item)
    return shown


def merge(asking: Asking) -> Body:
    """Complete a request that was signed elsewhere, with the chain that came back."""
    chain = asking.body.get("x5c")
    item = _pending(asking)
    pending = item.doc["pending"]
    if not isinstance(chain, list) or not chain or pending["status"] != "inProgress":
        raise bad_parameter("The parameter x5c is missing, or no request waits for it.")
    leaf = issuing.matching([str(one) for one in chain], pending["material"])
    if leaf is None:
        raise bad_parameter("Unable to parse X5c certificate chain and locate leaf certificate")
    pending["attributes"] = asking.body.get("attributes") or pending["attributes"]
    pending["tags"] = objects.tags_of(asking.body, pending["tags"])
    _complete(asking.vault, item, leaf)
    asking.vault.save(item)
    asking.headers["Location"] = asking.vault.id_of("certificates", item.name)
    return bundle(asking.vault, item, item.current)
