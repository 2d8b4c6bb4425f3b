"""Containers through the data plane: the rows are the control plane's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.blobs import changing, conditions, places, rows
from azlabs.simulator.data_planes.storage import leases, policies
from azlabs.simulator.data_planes.storage.asking import http_date, invalid_header
from azlabs.simulator.data_planes.storage.leases import Lease
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.storage.base import guid, new_etag
from azlabs.simulator.providers.storage.containers import CONTAINERS, CONTAINERS_KEY, DAY, NAME
from azlabs.simulator.records import Deleted, Resource
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.storage.asking import Asking

_NAME = re.compile(rf"(?=.{{3,63}}$)(?:{NAME})")
PUBLIC = {"": "None", "blob": "Blob", "container": "Container"}


def _public(asking: Asking) -> str:
    text = asking.headers.get("x-ms-blob-public-access", "").lower()
    if text == "true":
        text = "container"
    if text not in PUBLIC:
        raise invalid_header("x-ms-blob-public-access", text)
    if text and not asking.account.body["properties"].get("allowBlobPublicAccess"):
        raise Refused(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    return PUBLIC[text]


def create(asking: Asking) -> Answer:
    """Create Container."""
    if _NAME.fullmatch(asking.container) is None:
        raise Refused(400, "InvalidResourceName", "The specifed resource name contains invalid characters.")
    store, key = asking.store, places.key_of(asking)
    id = f"{asking.account.id}/blobServices/default/containers/{asking.container}"
    mine: dict[str, Any] = {
        "publicAccess": _public(asking),
        "defaultEncryptionScope": asking.headers.get("x-ms-default-encryption-scope") or "$account-encryption-key",
        "denyEncryptionScopeOverride": asking.headers.get("x-ms-deny-encryption-scope-override", "").lower() == "true",
    }
    metadata = places.metadata_of(asking)
    if metadata:
        mine["metadata"] = metadata
    hidden = {"uid": guid(), "etag": new_etag(asking.now), "modified": asking.now}
    with store.writing():
        if store.exists(key):
            raise Refused(409, "ContainerAlreadyExists", "The specified container already exists.")
        row = Resource(
            0, key, id, CONTAINERS_KEY, f"{asking.account.key}/blobservices/default", asking.account.subscription, "", guid(), "",
            asking.now, asking.now, None, None, dumps(hidden),
        )  # fmt: skip
        row.body = {"id": id, "name": asking.container, "type": CONTAINERS, "properties": mine}
        store.insert(row)
    return Answer(201, _brief(hidden))


def _brief(hidden: dict[str, Any]) -> dict[str, str]:
    return {"ETag": str(hidden["etag"]), "Last-Modified": http_date(float(hidden["modified"]))}


def properties(asking: Asking, container: Container) -> Answer:
    """Get Container Properties (and Get Container Metadata)."""
    hidden, mine = container.hidden, container.row.body["properties"]
    conditions.check_lease(asking, hidden.get("lease"), what="Container", reading=True)
    headers = _brief(hidden)
    for name, value in (mine.get("metadata") or {}).items():
        headers["x-ms-meta-" + name] = value
    if asking.query.get("comp") == "metadata":
        return Answer(200, headers)
    headers |= Lease.of(hidden.get("lease"), asking.now).headers()
    if container.public != "None":
        headers["x-ms-blob-public-access"] = container.public.lower()
    words = {True: "true", False: "false"}
    headers["x-ms-has-immutability-policy"] = words[bool(hidden.get("immutable"))]
    headers["x-ms-has-legal-hold"] = words[bool(hidden.get("holds"))]
    headers["x-ms-immutable-storage-with-versioning-enabled"] = words[
        bool((mine.get("immutableStorageWithVersioning") or {}).get("enabled"))
    ]
    headers["x-ms-default-encryption-scope"] = str(mine.get("defaultEncryptionScope") or "$account-encryption-key")
    headers["x-ms-deny-encryption-scope-override"] = words[bool(mine.get("denyEncryptionScopeOverride"))]
    return Answer(200, headers)


def _save(container: Container, *, changed: bool = True, properties: dict[str, Any] | None = None) -> None:
    now = container.asking.now
    if changed:
        container.hidden["etag"], container.hidden["modified"] = new_etag(now), now
    row = container.row
    row.hidden_text = dumps(container.hidden)
    if properties is not None:
        row.body = {**row.body, "properties": properties}
    container.asking.store.update(row)


def _conditions(asking: Asking, container: Container) -> None:
    conditions.check(asking, str(container.hidden["etag"]), float(container.hidden["modified"]))
    conditions.check_lease(asking, container.hidden.get("lease"), what="Container", reading=True)


def set_metadata(asking: Asking, container: Container) -> Answer:
    """Set Container Metadata."""
    _conditions(asking, container)
    with asking.store.writing():
        _save(container, properties={**container.row.body["properties"], "metadata": places.metadata_of(asking)})
    return Answer(200, _brief(container.hidden))


def get_acl(asking: Asking, container: Container) -> Answer:
    """Get Container ACL: public access and stored access policies."""
    conditions.check_lease(asking, container.hidden.get("lease"), what="Container", reading=True)
    answer = policies.shown(container.hidden.get("policies") or [])
    answer.headers |= _brief(container.hidden)
    if container.public != "None":
        answer.headers["x-ms-blob-public-access"] = container.public.lower()
    return answer


def set_acl(asking: Asking, container: Container) -> Answer:
    """Set Container ACL."""
    _conditions(asking, container)
    public = _public(asking)
    container.hidden["policies"] = policies.parse(bytes(asking.body))
    with asking.store.writing():
        _save(container, properties={**container.row.body["properties"], "publicAccess": public})
    return Answer(200, _brief(container.hidden))


def lease(asking: Asking, container: Container) -> Answer:
    """Lease Container."""
    action = asking.header("x-ms-lease-action").lower()
    get = asking.headers.get
    conditions.check(asking, str(container.hidden["etag"]), float(container.hidden["modified"]))
    held = leases.change(
        Lease.of(container.hidden.get("lease"), asking.now), action, id=get("x-ms-lease-id"), proposed=get("x-ms-proposed-lease-id"),
        duration=get("x-ms-lease-duration"), period=get("x-ms-lease-break-period"), now=asking.now, what="Container",
    )  # fmt: skip
    container.hidden["lease"] = held.stored()
    with asking.store.writing():
        _save(container, changed=False)
    return Answer(
        changing.LEASE_STATUS.get(action, 200),
        _brief(container.hidden) | changing.lease_headers(held, action, asking.now),
    )


def delete(asking: Asking, container: Container) -> Answer:
    """Delete Container; with retention of containers it can come back."""
    store, hidden = asking.store, container.hidden
    conditions.check(asking, str(hidden["etag"]), float(hidden["modified"]))
    conditions.check_lease(asking, hidden.get("lease"), what="Container")
    if hidden.get("holds") or (hidden.get("immutable") and rows.select(store, "container=? LIMIT 1", (container.uid,))):
        raise Refused(
            409, "ContainerImmutableDueToPolicy", "The container is immutable due to a policy or a legal hold."
        )
    policy = container.settings.get("containerDeleteRetentionPolicy") or {}
    with store.writing():
        if policy.get("enabled"):
            kept = {
                **hidden,
                "version": guid().replace("-", "")[:16].upper(),
                "deleted": asking.now,
                "days": policy["days"],
            }
            kept.pop("lease", None)
            container.row.hidden_text = dumps(kept)
            store.bury(container.row, asking.now, asking.now + policy["days"] * DAY)
        else:
            rows.forget_container(store, container.uid)
        store.delete(container.row.key)
    return Answer(202)


def undelete(asking: Asking) -> Answer:
    """Restore Container, by its old name and version."""
    name, version = asking.header("x-ms-deleted-container-name"), asking.header("x-ms-deleted-container-version")
    store = asking.store
    old_key = f"{places.key_of(asking).rpartition('/')[0]}/{name.lower()}"
    found: Deleted | None = next(
        (one for one in store.buried(CONTAINERS_KEY, asking.now, name) if one.key == old_key), None
    )
    hidden = json.loads(found.hidden_text or "{}") if found is not None else {}
    if found is None or hidden.get("version") != version:
        raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
    id = f"{asking.account.id}/blobServices/default/containers/{asking.container}"
    with store.writing():
        if store.exists(places.key_of(asking)):
            raise Refused(409, "ContainerAlreadyExists", "The specified container already exists.")
        kept = {key: value for key, value in hidden.items() if key not in ("version", "deleted", "days")}
        row = Resource(
            0, places.key_of(asking), id, CONTAINERS_KEY, f"{asking.account.key}/blobservices/default", asking.account.subscription, "",
            guid(), "", asking.now, asking.now, None, None, dumps(kept),
        )  # fmt: skip
        row.body = {**json.loads(found.text), "id": id, "name": asking.container}
        store.insert(row)
        store.purge(found.key)
    return Answer(201)
