"""A blob as headers and as XML."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.blobs.rows import BASE, SNAPSHOT, Blob
from azlabs.simulator.data_planes.storage.asking import element, http_date
from azlabs.simulator.data_planes.storage.leases import Lease

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking

PLAIN = {
    "encoding": "Content-Encoding", "language": "Content-Language", "disposition": "Content-Disposition", "cache": "Cache-Control",
}  # fmt: skip
COPY = ("id", "source", "status", "progress", "completed", "description")
_COPY_HEADERS = {
    "id": "x-ms-copy-id", "source": "x-ms-copy-source", "status": "x-ms-copy-status", "progress": "x-ms-copy-progress",
    "completed": "x-ms-copy-completion-time", "description": "x-ms-copy-status-description",
}  # fmt: skip
_COPY_ELEMENTS = {
    "id": "CopyId",
    "source": "CopySource",
    "status": "CopyStatus",
    "progress": "CopyProgress",
    "completed": "CopyCompletionTime",
}


def tier_of(asking: Asking, blob: Blob) -> tuple[str, bool]:
    """(access tier, is it inferred from the account's?); "" where there is none."""
    own = blob.facts.get("tier")
    if own:
        return str(own), False
    account = asking.account.body
    if (
        blob.kind != "BlockBlob"
        or account.get("kind") not in ("StorageV2", "BlobStorage")
        or account["sku"]["tier"] == "Premium"
    ):
        return "", False
    return str(account["properties"].get("accessTier") or "Hot"), True


def brief(blob: Blob) -> dict[str, str]:
    """What most writes are answered with."""
    found = {"ETag": blob.etag, "Last-Modified": http_date(blob.modified)}
    if blob.moment and blob.state != SNAPSHOT:
        found["x-ms-version-id"] = blob.moment
    return found


def headers(asking: Asking, blob: Blob) -> dict[str, str]:
    """All headers of a GET or HEAD, without those that depend on the range."""
    facts = blob.facts
    found = brief(blob)
    found.update(
        {
            "Content-Type": str(facts.get("type") or ""), "Accept-Ranges": "bytes", "x-ms-blob-type": blob.kind,
            "x-ms-creation-time": http_date(blob.created), "x-ms-server-encrypted": "true",
        }
    )  # fmt: skip
    for fact, header in PLAIN.items():
        if facts.get(fact):
            found[header] = facts[fact]
    for name, value in (facts.get("metadata") or {}).items():
        found["x-ms-meta-" + name] = value
    if blob.state == BASE:
        found.update(Lease.of(facts.get("lease"), asking.now).headers())
        if blob.moment:
            found["x-ms-is-current-version"] = "true"
    tier, inferred = tier_of(asking, blob)
    if tier:
        found["x-ms-access-tier"] = tier
        if inferred:
            found["x-ms-access-tier-inferred"] = "true"
        elif facts.get("tier_at"):
            found["x-ms-access-tier-change-time"] = http_date(facts["tier_at"])
    if facts.get("rehydrate"):
        found["x-ms-archive-status"] = "rehydrate-pending-to-" + facts["rehydrate"]["to"].lower()
    for part, header in _COPY_HEADERS.items():
        if (facts.get("copy") or {}).get(part):
            found[header] = facts["copy"][part]
    if blob.kind == "PageBlob":
        found["x-ms-blob-sequence-number"] = str(facts.get("sequence", 0))
    if blob.kind == "AppendBlob":
        found["x-ms-blob-committed-block-count"] = str(facts.get("count", 0))
        if facts.get("sealed"):
            found["x-ms-blob-sealed"] = "true"
    if facts.get("tags"):
        found["x-ms-tag-count"] = str(len(facts["tags"]))
    if facts.get("scope"):
        found["x-ms-encryption-scope"] = facts["scope"]
    if facts.get("immutable"):
        found["x-ms-immutability-policy-until-date"] = http_date(facts["immutable"]["until"])
        found["x-ms-immutability-policy-mode"] = facts["immutable"]["mode"]
    if facts.get("hold"):
        found["x-ms-legal-hold"] = "true"
    if facts.get("expires"):
        found["x-ms-expiry-time"] = http_date(facts["expires"])
    return found


def item(asking: Asking, blob: Blob, include: set[str], retention: int) -> str:
    """A <Blob> of a list."""
    facts: dict[str, Any] = blob.facts
    text = ["<Blob>", element("Name", blob.name)]
    if blob.deleted is not None:
        text.append(element("Deleted", True))
    if blob.state == SNAPSHOT:
        text.append(element("Snapshot", blob.moment))
    elif blob.moment and ("versions" in include or blob.deleted is not None):
        text.append(element("VersionId", blob.moment))
        if blob.state == BASE and blob.deleted is None:
            text.append(element("IsCurrentVersion", True))
    text += [
        "<Properties>",
        element("Creation-Time", http_date(blob.created)),
        element("Last-Modified", http_date(blob.modified)),
    ]
    text += [
        element("Etag", blob.etag.strip('"')),
        element("Content-Length", blob.size),
        element("Content-Type", facts.get("type")),
    ]
    text += [element(name, facts.get(fact) or "") for fact, name in PLAIN.items() if fact != "cache"]
    text.append(element("Content-MD5", facts.get("md5") or ""))
    text += [element("Cache-Control", facts.get("cache") or "")]
    if blob.kind == "PageBlob":
        text.append(element("x-ms-blob-sequence-number", facts.get("sequence", 0)))
    text.append(element("BlobType", blob.kind))
    tier, inferred = tier_of(asking, blob)
    if tier:
        text += [element("AccessTier", tier), element("AccessTierInferred", True) if inferred else ""]
        if facts.get("tier_at") and not inferred:
            text.append(element("AccessTierChangeTime", http_date(facts["tier_at"])))
    if facts.get("rehydrate"):
        text.append(element("ArchiveStatus", "rehydrate-pending-to-" + facts["rehydrate"]["to"].lower()))
    if blob.state == BASE and blob.deleted is None:
        lease = Lease.of(facts.get("lease"), asking.now).headers()
        text += [element(name, lease.get(header)) for name, header in LEASE]
    if "copy" in include and facts.get("copy"):
        text += [element(name, facts["copy"].get(part)) for part, name in _COPY_ELEMENTS.items()]
    text.append(element("ServerEncrypted", True))
    if facts.get("scope"):
        text.append(element("EncryptionScope", facts["scope"]))
    if blob.deleted is not None:
        left = max(1, retention - int((asking.now - blob.deleted) // 86400))
        text += [element("DeletedTime", http_date(blob.deleted)), element("RemainingRetentionDays", left)]
    if facts.get("tags"):
        text.append(element("TagCount", len(facts["tags"])))
    if "legalhold" in include and facts.get("hold"):
        text.append(element("LegalHold", True))
    text.append("</Properties>")
    if "metadata" in include:
        text.append(
            "<Metadata>"
            + "".join(element(name, value) for name, value in (facts.get("metadata") or {}).items())
            + "</Metadata>"
        )
    if "tags" in include and facts.get("tags"):
        text.append(tag_set(facts["tags"]))
    text.append("<OrMetadata />" if blob.kind == "BlockBlob" else "")
    return "".join(text) + "</Blob>"


LEASE = (
    ("LeaseStatus", "x-ms-lease-status"),
    ("LeaseState", "x-ms-lease-state"),
    ("LeaseDuration", "x-ms-lease-duration"),
)


def tag_set(tags: dict[str, str]) -> str:
    """<Tags> of a blob."""
    inner = "".join(f"<Tag>{element('Key', name)}{element('Value', value)}</Tag>" for name, value in tags.items())
    return f"<Tags><TagSet>{inner}</TagSet></Tags>"


def base64_of(digest: bytes) -> str:
    """Base64 text of a digest."""
    return base64.b64encode(digest).decode()
