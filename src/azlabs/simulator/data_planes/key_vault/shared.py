"""What secrets, keys and certificates have in common: lists, deleted objects, recovery, purge, backup, restore."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import certificates, keys, objects, rotation, secrets
from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter
from azlabs.simulator.data_planes.key_vault.objects import Body, Item

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking

Handler = Callable[["Asking"], Any]


def _summary(asking: Asking, item: Item, version: Body | None = None) -> Body:
    if item.kind == "keys":
        return keys.summary(asking.vault, item, version, asking.api_version)
    if item.kind == "secrets":
        return secrets.summary(asking.vault, item, version)
    return certificates.summary(asking.vault, item, version)


def _bundle(asking: Asking, item: Item) -> Body:
    if item.kind == "keys":
        return keys.bundle(asking.vault, item, item.current, asking.api_version)
    if item.kind == "secrets":
        return secrets.bundle(asking.vault, item, item.current, value=False)
    return certificates.bundle(asking.vault, item, item.current)


def list_of(kind: str) -> Handler:
    """All objects of a kind."""

    def act(asking: Asking) -> Body:
        found = asking.vault.all(kind)
        for item in found:
            if kind == "keys":
                rotation.advance(asking.vault, item)
            elif kind == "certificates":
                certificates.advance(asking.vault, item)
        shown = [_summary(asking, item) for item in found if item.versions]
        return objects.pages(shown, f"{asking.url}/{kind}", asking.query)

    return act


def versions_of(kind: str) -> Handler:
    """All versions of an object."""

    def act(asking: Asking) -> Body:
        item = asking.vault.get(kind, asking.name)
        if item is None:
            return objects.pages([], "", asking.query)
        shown = [_summary(asking, item, version) for version in item.versions]
        return objects.pages(shown, f"{asking.url}/{kind}/{asking.name}/versions", asking.query)

    return act


def list_deleted(kind: str) -> Handler:
    """All objects of a kind that can be recovered."""

    def act(asking: Asking) -> Body:
        found = asking.vault.all(kind, deleted=True)
        shown = [{**objects.grave(asking.vault, item), **_summary(asking, item)} for item in found if item.versions]
        return objects.pages(shown, f"{asking.url}/deleted{kind}", asking.query)

    return act


def _buried(asking: Asking, kind: str) -> Item:
    found = asking.vault.deleted(kind, asking.name)
    if found is None:
        raise objects.not_found(kind, asking.name, deleted=True)
    return found


def get_deleted(kind: str) -> Handler:
    """One deleted object."""

    def act(asking: Asking) -> Body:
        item = _buried(asking, kind)
        return {**objects.grave(asking.vault, item), **_bundle(asking, item)}

    return act


def recover(kind: str) -> Handler:
    """Bring a deleted object back; a certificate brings its key and its secret."""

    def act(asking: Asking) -> Body:
        item = _buried(asking, kind)
        for other in ("keys", "secrets") if kind == "certificates" else ():
            partner = asking.vault.deleted(other, asking.name)
            if partner is not None and partner.doc.get("managed"):
                asking.vault.recover(partner)
        asking.vault.recover(item)
        return _bundle(asking, item)

    return act


def purge(kind: str) -> Handler:
    """Forget a deleted object for good."""

    def act(asking: Asking) -> None:
        item = _buried(asking, kind)
        for other in ("keys", "secrets") if kind == "certificates" else ():
            partner = asking.vault.deleted(other, asking.name)
            if partner is not None and partner.doc.get("managed"):
                asking.vault.purge(partner)
        asking.vault.purge(item)

    return act


# --- backup and restore ---------------------------------------------------------------------------------------------------
def backup(kind: str) -> Handler:
    """An object with all versions as one text that only this simulator's vaults can read back."""

    def act(asking: Asking) -> Body:
        kinds = (kind, "keys", "secrets") if kind == "certificates" else (kind,)
        docs = {one: asking.vault.require(one, asking.name).doc for one in kinds}
        raw = json.dumps({"kind": kind, "docs": docs}).encode()
        return {"value": base64.urlsafe_b64encode(_seal(asking, raw) + raw).rstrip(b"=").decode()}

    return act


def restore(kind: str) -> Handler:
    """Make the object of a backup again. 409 while its name is in use, 400 for what is no backup of this kind."""

    def act(asking: Asking) -> Body:
        text = asking.body.get("value")
        try:
            data = base64.b64decode(str(text).encode() + b"=" * (-len(str(text)) % 4), altchars=b"-_", validate=True)
        except ValueError:
            data = b""
        seal, raw = data[:32], data[32:]
        if not raw or not hmac.compare_digest(seal, _seal(asking, raw)):
            raise bad_parameter("Backup blob contains invalid or corrupt version.")
        stored = json.loads(raw)
        if stored["kind"] != kind:
            raise bad_parameter(f"The backup blob is not of a {objects.WORDS[kind]}.")
        name = str(stored["docs"][kind]["name"])
        if asking.vault.get(kind, name) is not None:
            raise VaultError(
                409, "Conflict", f"{objects.WORDS[kind].capitalize()} {name} already exists.", "ObjectAlreadyExists"
            )
        asking.vault.new(kind, name)
        made = [Item(one, None, doc) for one, doc in stored["docs"].items()]
        for item in made:
            asking.vault.save(item)
        return _bundle(asking, made[0])

    return act


def _seal(asking: Asking, raw: bytes) -> bytes:
    return hmac.new(asking.simulator.tokens.signing_key, b"vault-backup:" + raw, hashlib.sha256).digest()
