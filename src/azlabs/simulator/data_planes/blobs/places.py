"""The container that a request is about, and how the account keeps what is overwritten or deleted in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.data_planes.blobs import rows
from azlabs.simulator.data_planes.blobs.rows import BASE, SNAPSHOT, VERSION, Blob
from azlabs.simulator.data_planes.storage.asking import invalid_header
from azlabs.simulator.providers.storage.base import new_etag
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.records import Resource

DAY = 86400.0
HEADERS = {
    "x-ms-blob-content-type": "type", "x-ms-blob-content-encoding": "encoding", "x-ms-blob-content-language": "language",
    "x-ms-blob-content-disposition": "disposition", "x-ms-blob-cache-control": "cache", "x-ms-blob-content-md5": "md5",
}  # fmt: skip
"""Headers that set a blob's own headers."""
_last = ""


class Container:
    """A container's row with what is kept beside it. `settings`: properties of the account's blob service."""

    __slots__ = ("_settings", "asking", "hidden", "row")

    def __init__(self, asking: Asking, row: Resource) -> None:
        self.asking, self.row, self.hidden = asking, row, row.hidden
        self._settings: dict[str, Any] | None = None

    @property
    def uid(self) -> str:
        return str(self.hidden["uid"])

    @property
    def public(self) -> str:
        """Public access: None, Blob or Container."""
        return str(self.row.body["properties"].get("publicAccess", "None"))

    @property
    def settings(self) -> dict[str, Any]:
        if self._settings is None:
            row = self.asking.store.get(self.asking.account.key + "/blobservices/default")
            self._settings = row.body["properties"] if row is not None else {}
        return self._settings

    @property
    def versioned(self) -> bool:
        return bool(self.settings.get("isVersioningEnabled"))

    @property
    def retention(self) -> int:
        """Days for which deleted blobs can come back; 0: none."""
        policy = self.settings.get("deleteRetentionPolicy") or {}
        return int(policy.get("days") or 0) if policy.get("enabled") else 0


def key_of(asking: Asking) -> str:
    """Key of the container's row."""
    return f"{asking.account.key}/blobservices/default/containers/{asking.container.lower()}"


def find(asking: Asking) -> Container | None:
    """The request's container."""
    row = asking.store.get(key_of(asking))
    return Container(asking, row) if row is not None and row.name == asking.container else None


def need(asking: Asking) -> Container:
    """The request's container. Raises 404 ContainerNotFound."""
    found = find(asking)
    if found is None:
        raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
    return found


def blob_of(asking: Asking, container: Container) -> Blob:
    """The blob, snapshot or version that the request is about. Raises 404 BlobNotFound."""
    query = asking.query
    found = rows.find(asking.store, container.uid, asking.name, query.get("snapshot", ""), query.get("versionid", ""))
    if found is None:
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    expires = found.facts.get("expires")
    if expires and expires <= asking.now:
        raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
    rehydrate = found.facts.get("rehydrate")
    if rehydrate and rehydrate["ready"] <= asking.now:
        found.facts.pop("rehydrate")
        found.facts["tier"] = rehydrate["to"]
        with asking.store.writing():
            rows.update(asking.store, found)
    return found


def moment(now: float) -> str:
    """The time of a snapshot or version; never the same twice in a process, always later than the last."""
    global _last
    text = stamp(now)
    while text <= _last:
        head, _, fraction = _last[:-1].rpartition(".")
        number = int(fraction) + 1
        text = f"{head}.{number:07d}Z" if number < 10_000_000 else stamp(now + 0.001)
    _last = text
    return text


def facts_of(asking: Asking, *, plain_headers: bool = False) -> dict[str, Any]:
    """Headers, metadata, tags and tier that a write gives a blob."""
    get = asking.headers.get
    facts: dict[str, Any] = {}
    for header, fact in HEADERS.items():
        value = get(header)
        if value:
            facts[fact] = value
    if plain_headers:
        for header, fact in (
            ("content-type", "type"),
            ("content-encoding", "encoding"),
            ("content-language", "language"),
            ("cache-control", "cache"),
        ):
            if get(header) and fact not in facts:
                facts[fact] = get(header)
    facts.setdefault("type", "application/octet-stream")
    facts["metadata"] = metadata_of(asking)
    tags = get("x-ms-tags")
    if tags:
        facts["tags"] = parse_tags(tags)
    for header, fact in (("x-ms-encryption-scope", "scope"),):
        if get(header):
            facts[fact] = get(header)
    return facts


def metadata_of(asking: Asking) -> dict[str, str]:
    """x-ms-meta-* by lower-case name (headers lose their case on the way)."""
    found = {}
    for name, value in asking.headers.items():
        if name.startswith("x-ms-meta-"):
            word = name[10:]
            if not word or word[0].isdigit() or not word.replace("_", "a").isalnum():
                raise Refused(
                    400,
                    "InvalidMetadata",
                    "The metadata specified is invalid. It has characters that are not permitted.",
                )
            found[word] = value
    return found


def parse_tags(text: str) -> dict[str, str]:
    """Tags of the x-ms-tags header. Raises 400 InvalidTag."""
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise invalid_header("x-ms-tags", text) from None
    return check_tags(pairs)


def check_tags(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Ten tags at most, of the characters that Azure allows."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 +-./:=_")
    for name, value in pairs:
        if not 1 <= len(name) <= 128 or len(value) > 256 or not (set(name) | set(value)) <= allowed:
            raise Refused(400, "InvalidTag", "The tags specified are invalid.")
    if len(pairs) > 10 or len({name for name, _ in pairs}) < len(pairs):
        raise Refused(400, "InvalidTag", "The tags specified are invalid.")
    return dict(pairs)


def put_away(container: Container, old: Blob, *, deleting: bool = False) -> Blob | None:
    """Keep what a write replaces or a delete takes away, as the account's settings say.

    Returns the row that is still the current blob and may be overwritten in place; None when it was turned into a version.
    """
    asking = container.asking
    if container.versioned:
        old.state = VERSION
        if not old.moment:
            old.moment = moment(old.modified)
        old.facts.pop("lease", None)
        rows.update(asking.store, old)
        return None
    if container.retention and not deleting:
        rows.duplicate(asking.store, old, state=SNAPSHOT, moment=moment(asking.now), deleted=asking.now)
    return old


def new_blob(
    container: Container,
    kind: str,
    facts: dict[str, Any],
    old: Blob | None,
    *,
    size: int = 0,
    inline: bytes | None = None,
) -> Blob:
    """Store a new current blob in place of an old one (None: there is none); the lease stays. Inside a transaction."""
    asking = container.asking
    store, now = asking.store, asking.now
    lease = old.facts.get("lease") if old is not None else None
    if old is not None:
        old = put_away(container, old)
    if lease:
        facts["lease"] = lease
    name_moment = moment(now) if container.versioned else ""
    if old is not None:
        if old.inline is None:
            from azlabs.simulator.data_planes.blobs import content

            content.set_pieces(store, old.number, [])
        old.moment, old.kind, old.size, old.etag, old.created, old.modified = (
            name_moment,
            kind,
            size,
            new_etag(now),
            now,
            now,
        )
        old.facts, old.inline = facts, inline
        rows.update(store, old)
        return old
    blob = Blob(
        0, container.uid, asking.name, BASE, name_moment, kind, size, new_etag(now), now, now, None, facts, inline
    )
    rows.insert(store, blob)
    return blob


def touch(container: Container, blob: Blob) -> None:
    """A change of a blob's headers, metadata or content: a new entity tag; with versions, the old state is kept."""
    now = container.asking.now
    blob.etag, blob.modified = new_etag(now), now
