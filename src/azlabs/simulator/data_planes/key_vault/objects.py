"""What a vault holds: secrets, keys and certificates with their versions, and the deleted ones that can be recovered.

Every object is one row of the store below `/vaults/<vault>`, outside of the vault's own resource: the contents stay while
the vault itself is deleted and recoverable, and go when it is purged.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter
from azlabs.simulator.records import Resource

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

Body = dict[str, Any]
DAY = 86400
FULL_RETENTION = 90
VAULTS = "microsoft.keyvault/vaults"
DOMAIN = "vault.azure.net"
WORDS = {"secrets": "secret", "keys": "key", "certificates": "certificate"}
NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
MOST_TAGS = 15
MOST_RESULTS = 25


class Item:
    """An object of a vault with all its versions, oldest first. `doc` may be changed and is stored by `Vault.save`.

    `doc`: {"name", "versions": [{"version", "attributes", ...}]} and what the kind adds; `deleted` ones also have
    "deletedDate" and "scheduledPurgeDate" (seconds).
    """

    __slots__ = ("doc", "kind", "row")

    def __init__(self, kind: str, row: Resource | None, doc: Body) -> None:
        self.kind, self.row, self.doc = kind, row, doc

    @property
    def name(self) -> str:
        return str(self.doc["name"])

    @property
    def versions(self) -> list[Body]:
        found: list[Body] = self.doc["versions"]
        return found

    @property
    def current(self) -> Body:
        """The newest version."""
        return self.versions[-1]

    def version(self, version: str) -> Body | None:
        """A version by its id; the newest one for ""."""
        if not version:
            return self.current if self.versions else None
        return next((one for one in self.versions if one["version"] == version.lower()), None)


class Vault:
    """A vault's contents at a moment. `row` is its resource, `now` seconds since the epoch."""

    def __init__(self, store: Store, row: Resource, now: float) -> None:
        self.store, self.row, self.now = store, row, now
        self.name = row.name
        self.properties: Body = row.body.get("properties") or {}

    @property
    def url(self) -> str:
        return f"https://{self.name.lower()}.{DOMAIN}"

    @property
    def days(self) -> int:
        """Days for which deleted objects stay recoverable; 0 where the vault has no soft delete."""
        if self.properties.get("enableSoftDelete") is False:
            return 0
        return int(self.properties.get("softDeleteRetentionInDays") or FULL_RETENTION)

    @property
    def purgeable(self) -> bool:
        return not self.properties.get("enablePurgeProtection")

    def id_of(self, kind: str, *parts: str) -> str:
        """The URL of something in the vault."""
        return "/".join([self.url, kind, *(part for part in parts if part)])

    # --- finding ----------------------------------------------------------------------------------------------------------
    def get(self, kind: str, name: str) -> Item | None:
        """A live object."""
        row = self.store.get(self._key(kind, name))
        return Item(kind, row, row.copy()) if row is not None else None

    def require(self, kind: str, name: str) -> Item:
        """A live object; 404 when there is none."""
        found = self.get(kind, name)
        if found is None:
            raise not_found(kind, name)
        return found

    def deleted(self, kind: str, name: str) -> Item | None:
        """A deleted object that can still be recovered."""
        row = self.store.get(self._key("deleted" + kind, name))
        if row is None or row.body["scheduledPurgeDate"] <= self.now:
            return None
        return Item(kind, row, row.copy())

    def all(self, kind: str, *, deleted: bool = False) -> list[Item]:
        """Every object of a kind, by name."""
        folder = "deleted" + kind if deleted else kind
        rows = sorted(self.store.at_scope(f"/vaults/{self.name.lower()}", f"vault/{folder}"), key=lambda row: row.key)
        found = [Item(kind, row, row.copy()) for row in rows]
        return [item for item in found if not deleted or item.doc["scheduledPurgeDate"] > self.now]

    # --- changing ---------------------------------------------------------------------------------------------------------
    def new(self, kind: str, name: str) -> Item:
        """The object to which a new version is added: the one there is, or an empty one. 409 while its name is deleted."""
        if NAME.fullmatch(name) is None:
            raise bad_parameter(f"The request URI contains an invalid name: {name[:200]}")
        found = self.get(kind, name)
        if found is not None:
            return found
        if self.deleted(kind, name) is not None:
            word = WORDS[kind].capitalize()
            raise VaultError(
                409,
                "Conflict",
                f"{word} {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this "
                f"state, the {word.lower()} can only be recovered or purged.",
                "ObjectIsDeletedButRecoverable",
            )
        return Item(kind, None, {"name": name, "versions": []})

    def save(self, item: Item, folder: str = "") -> None:
        """Store an object."""
        text = json.dumps(item.doc)
        if item.row is not None and not folder:
            item.row.body, item.row.changed = item.doc, self.now
            self.store.update(item.row)
            return
        folder = folder or item.kind
        key = self._key(folder, item.name)
        row = Resource(0, key, f"/vaults/{self.name}/{folder}/{item.name}", f"vault/{folder}", f"/vaults/{self.name.lower()}",
                       "", "", "", "", self.now, self.now, None, text, None)  # fmt: skip
        self.store.delete(key)
        self.store.insert(row)
        item.row = row

    def delete(self, item: Item) -> None:
        """Delete an object, recoverably where the vault says so."""
        self.store.delete(self._key(item.kind, item.name))
        item.doc["deletedDate"] = int(self.now)
        item.doc["scheduledPurgeDate"] = int(self.now) + self.days * DAY
        if self.days:
            self.save(item, "deleted" + item.kind)

    def recover(self, item: Item) -> None:
        """Bring a deleted object back."""
        self.store.delete(self._key("deleted" + item.kind, item.name))
        for member in ("deletedDate", "scheduledPurgeDate"):
            item.doc.pop(member, None)
        item.row = None
        self.save(item)

    def purge(self, item: Item) -> None:
        """Forget a deleted object for good. 403 where the vault protects against it."""
        if not self.purgeable:
            raise VaultError(
                403,
                "Forbidden",
                'Operation "purge" is not allowed because purge protection is enabled for this vault.',
                "ForbiddenByPolicy",
            )
        self.store.delete(self._key("deleted" + item.kind, item.name))

    def _key(self, folder: str, name: str) -> str:
        return f"/vaults/{self.name.lower()}/{folder}/{name.lower()}"

    # --- attributes -------------------------------------------------------------------------------------------------------
    def attributes(self, version: Body) -> Body:
        """The attributes of a version as they are shown, with how it can be recovered."""
        level = "Recoverable" if self.days >= FULL_RETENTION else "CustomizedRecoverable" if self.days else ""
        if self.purgeable:
            level = f"{level}+Purgeable" if level else "Purgeable"
        return {**version["attributes"], "recoveryLevel": level, "recoverableDays": self.days}

    def fresh(self, asked: Any, old: Body | None = None) -> Body:
        """Attributes of a new version, or of a changed one: {"enabled", "nbf"?, "exp"?, "created", "updated"}."""
        asked = {} if asked is None else asked
        if not isinstance(asked, dict):
            raise bad_parameter("Property 'attributes' is not an object.")
        shown: Body = {"enabled": bool(asked.get("enabled", (old or {}).get("enabled", True)))}
        for member in ("nbf", "exp"):
            value = asked.get(member, (old or {}).get(member))
            if value is not None:
                if isinstance(value, bool) or not isinstance(value, int):
                    raise bad_parameter(f"Property '{member}' of the attributes is not a number of seconds.")
                shown[member] = value
        if "nbf" in shown and "exp" in shown and shown["nbf"] >= shown["exp"]:
            raise bad_parameter("The parameter 'exp' must be later than 'nbf'.")
        shown["created"] = (old or {}).get("created", int(self.now))
        shown["updated"] = int(self.now)
        return shown


def vault_named(store: Store, name: str, now: float) -> Vault | None:
    """The vault with this (globally unique) name."""
    rows = store.select("type=? AND key LIKE ?", [VAULTS, f"%/vaults/{name.lower()}"])
    return next((Vault(store, row, now) for row in rows if row.name.lower() == name.lower()), None)


def forget(store: Store, vault_name: str) -> None:
    """Throw away everything that a vault held."""
    store.delete(f"/vaults/{vault_name.lower()}")


def new_version() -> str:
    return uuid.uuid4().hex


def tags_of(asked: Body, old: Any = None) -> Any:
    """The tags of a request, checked; `old` where it has none."""
    tags = asked.get("tags", old)
    if tags is not None and (not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values())):
        raise bad_parameter("Property 'tags' is not an object of texts.")
    if tags is not None and len(tags) > MOST_TAGS:
        raise bad_parameter(f"A vault object can have at most {MOST_TAGS} tags.")
    return tags


def not_found(kind: str, name: str, *, deleted: bool = False) -> VaultError:
    """The 404 of an object that is not there."""
    word = WORDS[kind]
    what = f"deleted {word}" if deleted else word
    return VaultError(
        404,
        f"{word.capitalize()}NotFound",
        f"A {what} with (name/id) {name} was not found in this key vault. If you recently deleted this {word} you may be able "
        "to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def pages(items: list[Body], url: str, query: dict[str, str]) -> Body:
    """A page of a list: `maxresults` (25 at most) items after `$skiptoken`, and the link to the next page."""
    text, token = query.get("maxresults", ""), query.get("$skiptoken", "0")
    if text and (not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_RESULTS):
        raise bad_parameter(f"Property 'maxresults' has to be between 1 and {MOST_RESULTS}.")
    if not token.isdecimal():
        raise bad_parameter("Invalid $skiptoken.")
    size, start = int(text) if text else MOST_RESULTS, int(token[:9])
    link = None
    if len(items) > start + size:
        version = query.get("api-version", "")
        link = f"{url}?api-version={version}&$skiptoken={start + size}&maxresults={size}"
    return {"value": items[start : start + size], "nextLink": link}


def grave(vault: Vault, item: Item) -> Body:
    """What a deleted object shows beside its last version; nothing where it was deleted for good."""
    if not vault.days:
        return {}
    return {
        "recoveryId": vault.id_of("deleted" + item.kind, item.name),
        "deletedDate": item.doc["deletedDate"],
        "scheduledPurgeDate": item.doc["scheduledPurgeDate"],
    }
