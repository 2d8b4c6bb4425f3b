"""File shares, queues and tables as the control plane shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.storage.base import (
    ACCOUNT,
    Body,
    StorageType,
    account_key,
    account_of,
    guid,
    new_etag,
    whole_seconds,
)
from azlabs.simulator.providers.storage.signatures import store_hidden
from azlabs.simulator.resource_manager import deletes, reads
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, NameRule

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

SHARES = f"{ACCOUNT}/fileServices/shares"
QUEUES = f"{ACCOUNT}/queueServices/queues"
TABLES = f"{ACCOUNT}/tableServices/tables"
INVALID = "The specified resource name {name} contains invalid characters or has an invalid length."
NAME = r"(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*"
DAY = 86400.0
FILETIME = 116_444_736_000_000_000
"""The epoch in units of 100 ns since 1601, in which versions of deleted shares are counted."""


class Shares(StorageType):
    """A file share. Only its settings are modelled: no files are kept."""

    type = SHARES
    name_rule = NameRule(NAME, "InvalidResourceName", INVALID)
    not_found = ("ShareNotFound", "The specified share does not exist.")
    creates = Announce(201, "Succeeded")
    choices = {
        "properties.enabledProtocols": ("SMB", "NFS"),
        "properties.accessTier": ("TransactionOptimized", "Hot", "Cool", "Premium"),
        "properties.rootSquash": ("NoRootSquash", "RootSquash", "AllSquash"),
    }
    read_only = (
        "properties.lastModifiedTime",
        "properties.leaseStatus",
        "properties.leaseState",
        "properties.shareUsageBytes",
    )
    members_since = {
        "properties.leaseStatus": "2021-01-01",
        "properties.leaseState": "2021-01-01",
        "properties.enabledProtocols": "2021-01-01",
        "properties.accessTier": "2019-06-01",
    }

    def fill(self, write: Write) -> None:
        """The quota follows the account; premium shares are provisioned."""
        mine = write.body.setdefault("properties", {})
        account = write.find(account_key(write.key)) or {}
        large = write.api_version >= "2021-01-01"
        premium = account.get("kind") == "FileStorage"
        quota = mine.setdefault("shareQuota", 100 if premium else 102400 if large else 5120)
        if type(quota) is not int or not (100 if premium else 1) <= quota <= 102400:
            refuse(
                "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: shareQuota."
            )
        mine.setdefault("accessTier", "Premium" if premium else "TransactionOptimized")
        mine.setdefault("enabledProtocols", "SMB")
        if mine["enabledProtocols"] == "NFS" and not premium:
            refuse("UnsupportedProtocol", "NFS shares need an account of kind FileStorage.")
        mine["leaseStatus"], mine["leaseState"] = "unlocked", "available"
        mine["lastModifiedTime"] = whole_seconds(write.now)
        write.hidden["etag"] = new_etag(write.now)

    def accepted(self, write: Write, shown: Body) -> None:
        """What was sent, and an empty object when nothing was."""
        shown.pop("etag", None)
        sent = (write.call.json() if write.call.raw else write.request).get("properties") or {}
        shown["properties"] = {name: value for name, value in shown["properties"].items() if name in sent}

    def shown(self, body: Body, reader: Reader) -> Body:
        """The entity tag is kept beside the document."""
        row = reader.store.get(str(body["id"]).lower())
        body["etag"] = row.hidden.get("etag") if row is not None else None
        return body

    def handle(self, call: Call) -> Answer | None:
        """Lists show deleted shares on demand, a single share its usage."""
        expand = call.query.get("$expand", "").lower()
        if call.method != "GET" or not expand:
            return None
        if len(call.route.names) == len(call.route.types):
            if expand != "stats":
                return None
            body = reads.item(call, self).json()
            body["properties"]["shareUsageBytes"] = 0
            return json_answer(body)
        items = reads.collection(call, self).json()["value"]
        if "deleted" in expand:
            account = account_of(call)
            items += [deleted for deleted in _deleted(call) if str(deleted["id"]).lower().startswith(account.key + "/")]
        return json_answer({"value": items})

    def deleting(self, write: Write) -> None:
        """With soft delete a share can be brought back."""
        service = write.find(account_key(write.key) + "/fileservices/default") or {}
        policy = (service.get("properties") or {}).get("shareDeleteRetentionPolicy") or {}
        if policy.get("enabled") and write.resource is not None:
            version = f"{int(write.now * 10_000_000) + FILETIME:016X}"
            store_hidden(write.call, write.resource, {**write.hidden, "version": version, "days": policy["days"]})
            write.store.bury(write.resource, write.now, write.now + policy["days"] * DAY)


def _deleted(call: Call) -> list[Body]:
    found = []
    for item in call.store.buried(SHARES.lower(), call.now):
        body, hidden = json.loads(item.text), json.loads(item.hidden_text or "{}")
        mine = body["properties"]
        mine.update(
            leaseState="broken", version=hidden.get("version"), deleted=True, deletedTime=whole_seconds(item.at),
            remainingRetentionDays=int(hidden.get("days") or 0),
        )  # fmt: skip
        found.append({**body, "id": f"{body['id']}_{hidden.get('version')}", "etag": hidden.get("etag")})
    return found


def restore_share(call: Call) -> Answer:
    """Bring a deleted share back; its version has to be named."""
    key = call.path().lower().removesuffix("/restore")
    asked = call.json()
    name = str(asked.get("deletedShareName", key.rpartition("/")[2])).lower()
    old = f"{key.rpartition('/')[0]}/{name}"
    for item in call.store.buried(SHARES.lower(), call.now, name):
        if item.key == old:
            if call.store.exists(key):
                refuse("ShareAlreadyExists", "The specified share already exists.", status=409)
            call.manager.gates.check("action", call.principal, call)
            with call.store.writing():
                deletes.recover(call, item)
            return Answer(200)
    raise Refused(404, "ShareNotFound", "The specified share does not exist.")


class Queues(StorageType):
    """A queue; its messages are the data plane's."""

    type = QUEUES
    name_rule = NameRule(NAME, "InvalidResourceName", INVALID)
    outlived = True
    not_found = ("QueueNotFound", "The specified queue does not exist.")
    defaults = {"properties": {"metadata": {}}}
    read_only = ("properties.approximateMessageCount",)

    def fill(self, write: Write) -> None:
        """Messages belong to the queue's uid."""
        write.hidden.setdefault("uid", guid())

    def gone(self, call: Call, row: Resource) -> None:
        """Messages go with their queue."""
        from azlabs.simulator.data_planes.queues import messages

        messages.prepare(call.store)
        messages.clear(call.store, str(row.hidden.get("uid")))

    def accepted(self, write: Write, shown: Body) -> None:  # noqa: ARG002
        """Everything but the count."""
        shown["properties"].pop("approximateMessageCount", None)

    def shown(self, body: Body, reader: Reader) -> Body:
        """How many messages there are."""
        from azlabs.simulator.data_planes.queues import messages

        row = reader.store.get(str(body["id"]).lower())
        uid = row.hidden.get("uid", "") if row is not None else ""
        body["properties"]["approximateMessageCount"] = messages.count(reader.store, uid, reader.now)
        return body


class Tables(StorageType):
    """A table. Only its being there is modelled: no entities are kept."""

    type = TABLES
    name_rule = NameRule(r"[A-Za-z][A-Za-z0-9]{2,62}", "InvalidResourceName", INVALID)
    not_found = ("TableNotFound", "The table specified does not exist.")

    def fill(self, write: Write) -> None:
        """A table shows its name."""
        write.body.setdefault("properties", {})["tableName"] = write.name

    def accepted(self, write: Write, shown: Body) -> None:
        """Answered as it is."""


ENDPOINTS = [
    Endpoint(
        "POST",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}/fileServices/default"
        "/shares/{share}/restore",
        restore_share,
    )
]
