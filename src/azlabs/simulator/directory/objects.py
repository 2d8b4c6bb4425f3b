"""Directory objects in the store: create, find, change, delete, and who is a member of what."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azlabs.simulator.directory.kinds import (
    APPLICATIONS,
    GROUPS,
    KINDS,
    PRINCIPALS,
    SERVICE_PRINCIPALS,
    USERS,
    Body,
    Kind,
)
from azlabs.simulator.identity import TENANT_DOMAIN, TENANT_ID
from azlabs.simulator.records import Deleted, Resource

if TYPE_CHECKING:
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

KEPT_SECONDS = 30 * 24 * 3600  # a deleted user, group or application can be restored for 30 days


class Directory:
    """The objects of the one tenant. A write opens its own transaction when none is open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- reading --------------------------------------------------------------------------------------------------------
    def get(self, kind: Kind, id: str) -> Resource | None:
        """The object by id or by another of the kind's keys (a user principal name, an appId)."""
        row = self._store.get(_key(kind, id))
        if row is not None:
            return row
        wanted = id.lower()
        for other in self._store.of_type(kind.type) if kind.keys else ():
            if any(str(other.body.get(name) or "").lower() == wanted for name in kind.keys):
                return other
        return None

    def all(self, kind: Kind) -> list[Resource]:
        """Every object of a kind, oldest first."""
        return self._store.of_type(kind.type)

    def principal(self, id: str) -> tuple[Kind, Resource] | None:
        """The user, group or service principal with this object id."""
        for kind in PRINCIPALS:
            row = self._store.get(_key(kind, id))
            if row is not None:
                return kind, row
        return None

    def object(self, id: str) -> tuple[Kind, Resource] | None:
        """Any directory object with this id."""
        for kind in KINDS.values():
            row = self._store.get(_key(kind, id))
            if row is not None:
                return kind, row
        return None

    def groups_of(self, id: str) -> frozenset[str]:
        """The ids of all groups that the principal is in, through nested groups too."""
        direct: dict[str, set[str]] = {}
        for row in self._store.of_type(GROUPS.type):
            for member in row.hidden.get("members", ()):
                direct.setdefault(member, set()).add(row.name)
        found: set[str] = set()
        open_ids = [id.lower()]
        while open_ids:
            for group in direct.get(open_ids.pop(), ()):
                if group not in found:
                    found.add(group)
                    open_ids.append(group)
        return frozenset(found)

    def identities_of(self, resource_id: str) -> list[tuple[str, str]]:
        """(object id, id of the user-assigned identity or "") of each managed identity of an Azure resource."""
        from azlabs.simulator.resource_manager.identities import of_resource

        row = self._store.get(resource_id.lower())
        return of_resource(row.body) if row is not None else []

    def linked(self, row: Resource, navigation: str) -> Iterator[tuple[Kind, Resource]]:
        """The objects that a navigation such as `members` or `owners` leads to; deleted ones are left out."""
        for id in row.hidden.get(navigation, ()):
            found = self.object(id)
            if found is not None:
                yield found

    # --- writing --------------------------------------------------------------------------------------------------------
    def create(self, kind: Kind, body: Body, now: float, *, id: str | None = None) -> Resource:
        """Store a new object made of the kind's defaults and the request's members."""
        id = id or str(uuid.uuid4())
        shown: Body = {"id": id, **copy.deepcopy(dict(kind.defaults))}
        shown.update(
            {name: value for name, value in body.items() if not name.startswith("@") and name not in kind.secret}
        )
        if "createdDateTime" in shown:
            shown["createdDateTime"] = moment(now)
        hidden: Body = {name: body[name] for name in kind.secret if name in body}
        _complete(kind, shown, now)
        row = Resource(0, _key(kind, id), f"/directory/{kind.collection}/{id}", kind.type, "/directory", "", "", "", "",
                       now, now, None, None, _text(hidden))  # fmt: skip
        row.body = shown
        with self._store.writing():
            self._store.insert(row)
        return row

    def change(self, row: Resource, kind: Kind, body: Body, now: float) -> None:
        """Merge the members of a PATCH; nested objects merge, lists are replaced."""
        shown, hidden = row.copy(), row.hidden
        for name, value in body.items():
            if name in kind.secret:
                hidden[name] = value
            elif isinstance(value, dict) and isinstance(shown.get(name), dict):
                shown[name] = {**shown[name], **value}
            elif not name.startswith("@"):
                shown[name] = value
        self.save(row, shown, hidden, now)

    def save(self, row: Resource, shown: Body, hidden: Body, now: float) -> None:
        """Replace an object's document and what is kept beside it."""
        row.body, row.hidden_text, row.changed = shown, _text(hidden), now
        with self._store.writing():
            self._store.update(row)

    def delete(self, row: Resource, kind: Kind, now: float) -> None:
        """Delete an object; an application takes its service principal along, and links to it go."""
        with self._store.writing():
            if kind is APPLICATIONS:
                service = self.get(SERVICE_PRINCIPALS, str(row.body["appId"]))
                if service is not None:
                    self.delete(service, SERVICE_PRINCIPALS, now)
            self._store.bury(row, now, now + KEPT_SECONDS)
            self._store.delete(row.key)
            for group in self._store.of_type(GROUPS.type):
                hidden = group.hidden
                if any(row.name in hidden.get(name, ()) for name in GROUPS.links):
                    for name in GROUPS.links:
                        hidden[name] = [id for id in hidden.get(name, ()) if id != row.name]
                    self.save(group, group.copy(), hidden, now)

    def deleted(self, kind: Kind, now: float) -> list[Body]:
        """The objects of a kind that were deleted and can still be restored."""
        return [
            {**json.loads(row.text), "deletedDateTime": moment(row.at)} for row in self._store.buried(kind.type, now)
        ]

    def purge(self, id: str, now: float) -> bool:
        """Forget a deleted object for good; False when there is none with this id."""
        found = self._buried(id, now)
        if found is None:
            return False
        with self._store.writing():
            return self._store.purge(found[1].key)

    def restore(self, id: str, now: float) -> Resource | None:
        """Bring a deleted object back with its id; None when there is none."""
        found = self._buried(id, now)
        if found is None:
            return None
        kind, old = found
        row = Resource(0, old.key, f"/directory/{kind.collection}/{id}", kind.type, "/directory", "", "", "", "",
                       now, now, None, old.text, old.hidden_text)  # fmt: skip
        with self._store.writing():
            self._store.purge(old.key)
            self._store.insert(row)
        return row

    def _buried(self, id: str, now: float) -> tuple[Kind, Deleted] | None:
        for kind in KINDS.values():
            for row in self._store.buried(kind.type, now, id):
                return kind, row
        return None

    def link(self, row: Resource, navigation: str, id: str, now: float) -> bool:
        """Add an object to a navigation; False when it is there already."""
        hidden = row.hidden
        ids = hidden.setdefault(navigation, [])
        if id in ids:
            return False
        ids.append(id)
        self.save(row, row.copy(), hidden, now)
        return True

    def unlink(self, row: Resource, navigation: str, id: str, now: float) -> bool:
        """Take an object out of a navigation; False when it was not there."""
        hidden = row.hidden
        ids = hidden.get(navigation, [])
        if id not in ids:
            return False
        ids.remove(id)
        self.save(row, row.copy(), hidden, now)
        return True

    # --- secrets --------------------------------------------------------------------------------------------------------
    def add_password(self, row: Resource, wanted: Body, now: float) -> Body:
        """A new password credential; its text is in the answer only, the store keeps a digest."""
        text = secrets.token_urlsafe(30)
        credential: Body = {
            "customKeyIdentifier": None,
            "displayName": wanted.get("displayName"),
            "endDateTime": wanted.get("endDateTime") or moment(now + 2 * 365 * 24 * 3600),
            "hint": text[:3],
            "keyId": str(uuid.uuid4()),
            "secretText": None,
            "startDateTime": wanted.get("startDateTime") or moment(now),
        }
        shown, hidden = row.copy(), row.hidden
        shown["passwordCredentials"] = [*shown["passwordCredentials"], credential]
        hidden.setdefault("secrets", {})[credential["keyId"]] = _digest(text)
        self.save(row, shown, hidden, now)
        return {**credential, "secretText": text}

    def remove_password(self, row: Resource, key_id: str, now: float) -> bool:
        """Take a password credential away; False when there is none with this key id."""
        shown, hidden = row.copy(), row.hidden
        kept = [item for item in shown["passwordCredentials"] if item["keyId"] != key_id]
        if len(kept) == len(shown["passwordCredentials"]):
            return False
        shown["passwordCredentials"] = kept
        hidden.get("secrets", {}).pop(key_id, None)
        self.save(row, shown, hidden, now)
        return True

    def knows_password(self, app_id: str, text: str, now: float) -> bool:
        """Is this a password of the application, or of its service principal, that has not run out?"""
        digest = _digest(text)
        for kind in (APPLICATIONS, SERVICE_PRINCIPALS):
            row = self.get(kind, app_id)
            if row is None:
                continue
            digests = row.hidden.get("secrets", {})
            for credential in row.body["passwordCredentials"]:
                stored = digests.get(credential["keyId"], "")
                if hmac.compare_digest(stored, digest) and credential["endDateTime"] > moment(now):
                    return True
        return False


def ensure_owner(directory: Directory, owner: Principal, now: float) -> None:
    """The subscription's owner is a user of the directory; made when a store is new."""
    if directory.get(USERS, owner.object_id) is None:
        body = {"displayName": "azlabs owner", "userPrincipalName": owner.name, "mail": owner.name}
        directory.create(USERS, body, now, id=owner.object_id)


def moment(seconds: float) -> str:
    """A time as Graph writes it: 2026-01-31T08:15:30Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(kind: Kind, id: str) -> str:
    return f"/directory/{kind.collection.lower()}/{id.lower()}"


def _text(hidden: Body) -> str | None:
    from azlabs.simulator.http import dumps

    return dumps(hidden) if hidden else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _complete(kind: Kind, shown: Body, now: float) -> None:
    """Members that the directory computes on creation."""
    if kind is APPLICATIONS:
        shown["appId"] = shown["appId"] or str(uuid.uuid4())
        shown["publisherDomain"] = TENANT_DOMAIN
    elif kind is SERVICE_PRINCIPALS:
        shown["appOwnerOrganizationId"] = TENANT_ID
        shown["servicePrincipalNames"] = shown["servicePrincipalNames"] or [shown["appId"]]
    elif kind is GROUPS:
        shown["renewedDateTime"] = moment(now)
        shown["securityIdentifier"] = _security_identifier(shown["id"])
    elif kind is USERS and shown["mailNickname"] is None:
        shown["mailNickname"] = str(shown["userPrincipalName"]).partition("@")[0]


def _security_identifier(id: str) -> str:
    """The SID of a cloud group: its GUID as four little-endian numbers."""
    raw = uuid.UUID(id).bytes_le
    return "S-1-12-1-" + "-".join(str(int.from_bytes(raw[i : i + 4], "little")) for i in range(0, 16, 4))


def display_name(row: Resource) -> str:
    """What a person calls the object."""
    body: dict[str, Any] = row.body
    return str(body.get("userPrincipalName") or body.get("displayName") or row.name)
