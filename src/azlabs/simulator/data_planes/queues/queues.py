"""Queues through the data plane: the rows are the control plane's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from azlabs.simulator.data_planes.blobs.listing import marker_of, page_size, read_marker
from azlabs.simulator.data_planes.blobs.places import metadata_of
from azlabs.simulator.data_planes.queues import messages
from azlabs.simulator.data_planes.storage import policies
from azlabs.simulator.data_planes.storage.asking import element, xml_answer
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.storage.base import guid
from azlabs.simulator.providers.storage.shares import NAME, QUEUES
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking

KIND = QUEUES.lower()
_NAME = re.compile(NAME)


def key_of(asking: Asking) -> str:
    """Key of the queue's row."""
    return f"{asking.account.key}/queueservices/default/queues/{asking.container.lower()}"


def need(asking: Asking) -> Resource:
    """The request's queue. Raises 404 QueueNotFound."""
    row = asking.store.get(key_of(asking))
    if row is None or row.name != asking.container:
        raise Refused(404, "QueueNotFound", "The specified queue does not exist.")
    return row


def create(asking: Asking) -> Answer:
    """Create Queue; one that is there with the same metadata is fine (204)."""
    if _NAME.fullmatch(asking.container) is None:
        raise Refused(
            400,
            "InvalidResourceName" if 3 <= len(asking.container) <= 63 else "OutOfRangeInput",
            "The specifed resource name contains invalid characters.",
        )
    store, key, metadata = asking.store, key_of(asking), metadata_of(asking)
    with store.writing():
        old = store.get(key)
        if old is not None:
            if (old.body["properties"].get("metadata") or {}) == metadata:
                return Answer(204)
            raise Refused(409, "QueueAlreadyExists", "The specified queue already exists.")
        id = f"{asking.account.id}/queueServices/default/queues/{asking.container}"
        row = Resource(
            0, key, id, KIND, f"{asking.account.key}/queueservices/default", asking.account.subscription, "", guid(), "", asking.now,
            asking.now, None, None, dumps({"uid": guid()}),
        )  # fmt: skip
        row.body = {"id": id, "name": asking.container, "type": QUEUES, "properties": {"metadata": metadata}}
        store.insert(row)
    return Answer(201)


def delete(asking: Asking) -> Answer:
    """Delete Queue with its messages."""
    row = need(asking)
    with asking.store.writing():
        messages.clear(asking.store, str(row.hidden.get("uid")))
        asking.store.delete(row.key)
    return Answer(204)


def metadata(asking: Asking) -> Answer:
    """Get Queue Metadata, with the approximate number of messages."""
    row = need(asking)
    headers = {"x-ms-meta-" + name: value for name, value in (row.body["properties"].get("metadata") or {}).items()}
    count = messages.count(asking.store, str(row.hidden.get("uid")), asking.now)
    return Answer(200, {**headers, "x-ms-approximate-messages-count": str(count)})


def _save(asking: Asking, row: Resource, hidden: dict[str, Any], properties: dict[str, Any]) -> None:
    with asking.store.writing():
        row.hidden_text, row.body = dumps(hidden), {**row.body, "properties": properties}
        asking.store.update(row)


def set_metadata(asking: Asking) -> Answer:
    """Set Queue Metadata."""
    row = need(asking)
    _save(asking, row, row.hidden, {**row.body["properties"], "metadata": metadata_of(asking)})
    return Answer(204)


def get_acl(asking: Asking) -> Answer:
    """Get Queue ACL."""
    return policies.shown(need(asking).hidden.get("policies") or [])


def set_acl(asking: Asking) -> Answer:
    """Set Queue ACL."""
    row = need(asking)
    found = policies.parse(bytes(asking.body))
    _save(asking, row, {**row.hidden, "policies": found}, row.body["properties"])
    return Answer(204)


def listed(asking: Asking) -> Answer:
    """List Queues."""
    size, start, prefix = page_size(asking), read_marker(asking), asking.query.get("prefix", "")
    rows = asking.store.at_scope(f"{asking.account.key}/queueservices/default", KIND)
    found = sorted((row for row in rows if row.name.startswith(prefix) and row.name >= start), key=lambda row: row.name)
    text = ""
    for row in found[:size]:
        inner = element("Name", row.name)
        if "metadata" in asking.query.get("include", "").lower():
            mine = row.body["properties"].get("metadata") or {}
            inner += "<Metadata>" + "".join(element(name, value) for name, value in mine.items()) + "</Metadata>"
        text += f"<Queue>{inner}</Queue>"
    url = f"https://{asking.account_name}.queue.core.windows.net/"
    following = marker_of(found[size].name) if len(found) > size else ""
    head = f"<EnumerationResults ServiceEndpoint={quoteattr(url)}>" + (element("Prefix", prefix) if prefix else "")
    return xml_answer(f"{head}<Queues>{text}</Queues>{element('NextMarker', following)}</EnumerationResults>")
