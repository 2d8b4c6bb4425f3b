"""Lists of containers and of blobs, a page at a time, and blobs found by their tags."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from azlabs.simulator.data_planes.blobs import rows, shown
from azlabs.simulator.data_planes.blobs.rows import BASE, SNAPSHOT, VERSION
from azlabs.simulator.data_planes.storage.asking import element, http_date, invalid_query, xml_answer
from azlabs.simulator.data_planes.storage.leases import Lease
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.blobs.rows import Blob
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.http import Answer

PAGE = 5000
INCLUDES = {
    "metadata", "snapshots", "uncommittedblobs", "copy", "deleted", "tags", "versions", "deletedwithversions", "immutabilitypolicy",
    "legalhold", "permissions", "system",
}  # fmt: skip
_TERM = re.compile(r"""\s*(?:"([^"]+)"|(@?\w+))\s*(=|>=|<=|>|<)\s*'([^']*)'\s*""")


def page_size(asking: Asking) -> int:
    """maxresults, 5000 at most. Raises 400 for what is no positive number."""
    text = asking.query.get("maxresults")
    if not text:
        return PAGE
    if not text.isdecimal() or int(text[:9]) < 1:
        raise Refused(
            400,
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible range.",
        )
    return min(int(text[:9]), PAGE)


def marker_of(text: str) -> str:
    """A marker for the next page."""
    return "2!" + base64.urlsafe_b64encode(text.encode()).decode()


def read_marker(asking: Asking) -> str:
    """The name at which the page starts, from the marker. Raises 400."""
    text = asking.query.get("marker", "")
    if not text:
        return ""
    try:
        return base64.urlsafe_b64decode(text.removeprefix("2!").encode()).decode()
    except ValueError:
        raise invalid_query("marker", text) from None


def included(asking: Asking) -> set[str]:
    """What the list is to show beside blobs. Raises 400 for words that there are not."""
    words = {word.strip().lower() for word in asking.query.get("include", "").split(",") if word.strip()}
    if not words <= INCLUDES:
        raise invalid_query("include", asking.query["include"])
    return words


def blobs(asking: Asking, container: Container) -> Answer:
    """List Blobs, flat or by a delimiter."""
    include, size, start = included(asking), page_size(asking), read_marker(asking)
    prefix, delimiter = asking.query.get("prefix", ""), asking.query.get("delimiter", "")
    text: list[str] = []
    next_marker = ""
    retention = container.retention
    for entry in _entries(asking, container, prefix, delimiter, start, include):
        key = entry if isinstance(entry, str) else entry[0].name
        if len(text) >= size:
            next_marker = marker_of(key)
            break
        if isinstance(entry, str):
            text.append(f"<BlobPrefix>{element('Name', entry)}</BlobPrefix>")
        else:
            text += [shown.item(asking, blob, include, retention) for blob in entry]
    url = f"https://{asking.account_name}.blob.core.windows.net/"
    head = f"<EnumerationResults ServiceEndpoint={quoteattr(url)} ContainerName={quoteattr(asking.container)}>"
    asked = _asked(asking, prefix=prefix, delimiter=delimiter)
    return xml_answer(
        f"{head}{asked}<Blobs>{''.join(text)}</Blobs>{element('NextMarker', next_marker)}</EnumerationResults>"
    )


def _asked(asking: Asking, **more: str) -> str:
    found = "".join(element(name.capitalize(), value) for name, value in more.items() if value)
    for name, word in (("marker", "Marker"), ("maxresults", "MaxResults")):
        if asking.query.get(name):
            found += element(word, asking.query[name])
    return found


def _entries(
    asking: Asking, container: Container, prefix: str, delimiter: str, start: str, include: set[str]
) -> Iterator[str | list[Blob]]:
    """Common prefixes, and everything that is to be shown with one name, in order; skips what a common prefix covers."""
    position = max(prefix, start)
    while True:
        group = _next(asking, container, prefix, position, include)
        if not group:
            return
        name = group[0].name
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        if cut >= 0:
            common = name[: cut + len(delimiter)]
            yield common
            position = common + "\U0010ffff"
        else:
            yield group
            position = name + "\x00"


_BATCH = 500


def _next(asking: Asking, container: Container, prefix: str, position: str, include: set[str]) -> list[Blob]:
    """Everything to be shown of the first name from a position on."""
    while True:
        row = asking.store.sql.execute(
            "SELECT min(name) FROM blobs WHERE container=? AND name>=?", (container.uid, position)
        ).fetchone()
        waiting = None
        if "uncommittedblobs" in include:
            waiting = asking.store.sql.execute(
                "SELECT min(name) FROM blob_blocks WHERE container=? AND name>=?", (container.uid, position)
            ).fetchone()[0]
        names = [one for one in (row[0], waiting) if one is not None]
        if not names:
            return []
        name = min(names)
        if not name.startswith(prefix):
            return []
        group = [one for one in rows.family(asking.store, container.uid, name) if _wanted(asking, one, include)]
        if waiting == name and not any(one.state == BASE and one.deleted is None for one in group):
            group.append(
                rows.Blob(
                    0, container.uid, name, BASE, "", "BlockBlob", 0, "", asking.now, asking.now, None, {"type": ""}
                )
            )
        if group:
            return sorted(group, key=_order)
        position = name + "\x00"


def _order(blob: Blob) -> tuple[str, str]:
    return (blob.moment or "~" if blob.state != BASE else "~~", blob.state)


def _wanted(asking: Asking, blob: Blob, include: set[str]) -> bool:
    if blob.facts.get("expires") and blob.facts["expires"] <= asking.now:
        return False
    if blob.deleted is not None:
        return "deleted" in include and (
            blob.state == BASE or "snapshots" in include or ("versions" in include and blob.state == VERSION)
        )
    if blob.state == SNAPSHOT:
        return "snapshots" in include
    return blob.state == BASE or "versions" in include


def containers(asking: Asking) -> Answer:
    """List Containers."""
    include, size, start = (
        {word.lower() for word in asking.query.get("include", "").split(",")},
        page_size(asking),
        read_marker(asking),
    )
    prefix = asking.query.get("prefix", "")
    kind = "microsoft.storage/storageaccounts/blobservices/containers"
    scope = f"{asking.account.key}/blobservices/default"
    found = [(row.name, row.body, row.hidden) for row in asking.store.at_scope(scope, kind)]
    if "deleted" in include:
        import json

        for item in asking.store.buried(kind, asking.now):
            if item.key.startswith(scope + "/"):
                found.append((item.name, json.loads(item.text), json.loads(item.hidden_text or "{}")))
    found = sorted(
        (
            one
            for one in found
            if one[0].startswith(prefix) and one[0] >= start and ("system" in include or not one[0].startswith("$"))
        ),
        key=lambda one: one[0],
    )
    text = "".join(_container(asking, *one, include) for one in found[:size])
    url = f"https://{asking.account_name}.blob.core.windows.net/"
    following = marker_of(found[size][0]) if len(found) > size else ""
    head = f"<EnumerationResults ServiceEndpoint={quoteattr(url)}>{_asked(asking, prefix=prefix)}"
    return xml_answer(f"{head}<Containers>{text}</Containers>{element('NextMarker', following)}</EnumerationResults>")


def _container(asking: Asking, name: str, body: dict[str, Any], hidden: dict[str, Any], include: set[str]) -> str:
    mine: dict[str, Any] = body["properties"]
    deleted = hidden.get("deleted")
    text = ["<Container>", element("Name", name)]
    if deleted:
        text += [element("Deleted", True), element("Version", hidden.get("version"))]
    text += [
        "<Properties>",
        element("Last-Modified", http_date(float(hidden["modified"]))),
        element("Etag", hidden["etag"]),
    ]
    if not deleted:
        lease = Lease.of(hidden.get("lease"), asking.now).headers()
        text += [element(word, lease.get(header)) for word, header in shown.LEASE]
    public = str(mine.get("publicAccess", "None"))
    if public != "None":
        text.append(element("PublicAccess", public.lower()))
    immutable = (mine.get("immutableStorageWithVersioning") or {}).get("enabled")
    text += [
        element("DefaultEncryptionScope", mine.get("defaultEncryptionScope")),
        element("DenyEncryptionScopeOverride", bool(mine.get("denyEncryptionScopeOverride"))),
        element("HasImmutabilityPolicy", bool(hidden.get("immutable"))),
        element("HasLegalHold", bool(hidden.get("holds"))),
        element("ImmutableStorageWithVersioningEnabled", bool(immutable)),
    ]
    if deleted:
        left = hidden["days"] - int((asking.now - deleted) // 86400)
        text += [element("DeletedTime", http_date(deleted)), element("RemainingRetentionDays", left)]
    text.append("</Properties>")
    if "metadata" in include:
        pairs = (mine.get("metadata") or {}).items()
        text.append("<Metadata>" + "".join(element(key, value) for key, value in pairs) + "</Metadata>")
    return "".join(text) + "</Container>"


def find_by_tags(asking: Asking, uids: dict[str, str]) -> Answer:
    """Find Blobs by Tags in containers (uid to name)."""
    terms = _terms(asking.query.get("where", ""))
    text = []
    for uid, name in sorted(uids.items(), key=lambda item: item[1]):
        for blob in rows.select(asking.store, "container=? AND state=? AND deleted IS NULL ORDER BY name", (uid, BASE)):
            tags = blob.facts.get("tags") or {}
            if tags and all(_holds(tags, name, term) for term in terms):
                kept = {key: value for key, value in tags.items() if key in {term[0] for term in terms}}
                text.append(
                    f"<Blob>{element('Name', blob.name)}{element('ContainerName', name)}{shown.tag_set(kept)}</Blob>"
                )
    where = element("Where", asking.query.get("where", ""))
    url = f"https://{asking.account_name}.blob.core.windows.net/"
    head = f"<EnumerationResults ServiceEndpoint={quoteattr(url)}>{where}"
    found = "".join(text[: page_size(asking)])
    return xml_answer(f"{head}<Blobs>{found}</Blobs><NextMarker /></EnumerationResults>")


def _terms(where: str) -> list[tuple[str, str, str]]:
    found = []
    for part in re.split(r"(?i)\sand\s", where):
        match = _TERM.fullmatch(part)
        if match is None:
            raise invalid_query("where", where)
        found.append((match[1] or match[2], match[3], match[4]))
    return found


_COMPARE = {
    "=": lambda left, right: left == right, ">": lambda left, right: left > right, ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right, "<=": lambda left, right: left <= right,
}  # fmt: skip


def _holds(tags: dict[str, str], container: str, term: tuple[str, str, str]) -> bool:
    name, sign, value = term
    own = container if name == "@container" else tags.get(name)
    return own is not None and _COMPARE[sign](own, value)


def match_tags(tags: dict[str, str], where: str) -> bool:
    """Do a blob's tags meet the x-ms-if-tags condition?"""
    return all(_holds(tags, "", term) for term in _terms(where))
