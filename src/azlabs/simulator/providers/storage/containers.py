"""Blob containers as the control plane shows them, with legal holds and immutability policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.storage.base import (
    ACCOUNT,
    Body,
    StorageType,
    account_key,
    guid,
    new_etag,
    whole_seconds,
)
from azlabs.simulator.providers.storage.signatures import store_hidden
from azlabs.simulator.resource_manager import reads
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, NameRule, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted, Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

CONTAINERS = f"{ACCOUNT}/blobServices/containers"
CONTAINERS_KEY = CONTAINERS.lower()
NAME = r"\$root|\$web|\$logs|\$blobchangefeed|[a-z0-9](?:-?[a-z0-9]){2,62}"
DAY = 86400.0
DAYS = range(1, 146001)
COMPUTED = ("leaseStatus", "leaseState", "leaseDuration", "lastModifiedTime", "hasImmutabilityPolicy", "hasLegalHold",
            "legalHold", "deleted", "remainingRetentionDays", "immutabilityPolicy", "version", "deletedTime")  # fmt: skip


class Containers(StorageType):
    """What holds blobs. `Write.hidden` keeps its uid (blobs belong to it), entity tag, lease and stored access policies."""

    type = CONTAINERS
    name_rule = NameRule(
        rf"(?=.{{3,63}}$)(?:{NAME})",
        "InvalidContainerName",
        "The specified resource name {name} contains invalid characters or has an invalid length.",
    )
    outlived = True
    not_found = ("ContainerNotFound", "The specified container does not exist.")
    creates = Announce(201, "Succeeded")
    defaults = {
        "properties": {
            "publicAccess": "None",
            "defaultEncryptionScope": "$account-encryption-key",
            "denyEncryptionScopeOverride": False,
        }
    }
    read_only = tuple(f"properties.{name}" for name in COMPUTED)
    choices = {"properties.publicAccess": ("None", "Blob", "Container")}
    members_since = {
        "properties.deleted": "2019-06-01",
        "properties.remainingRetentionDays": "2019-06-01",
        "properties.defaultEncryptionScope": "2019-06-01",
        "properties.denyEncryptionScopeOverride": "2019-06-01",
        "properties.legalHold": "2019-06-01",
    }

    def fill(self, write: Write) -> None:
        """A new container starts empty; every write gives it a new entity tag."""
        mine, hidden = write.body["properties"], write.hidden
        hidden.setdefault("uid", guid())
        hidden["etag"], hidden["modified"] = new_etag(write.now), write.now
        account = write.find(account_key(write.key)) or {}
        if mine["publicAccess"] != "None" and not (account.get("properties") or {}).get("allowBlobPublicAccess"):
            refuse("PublicAccessNotPermitted", "Public access is not permitted on this storage account.", status=409)

    def accepted(self, write: Write, shown: Body) -> None:
        """A new container is named and no more; an update shows what was sent and a few facts."""
        shown.pop("etag", None)
        sent = (
            write.request.get("properties")
            if write.before is None or write.call.method == "PUT"
            else write.call.json().get("properties")
        )
        if write.before is None:
            shown.pop("properties", None)
            return
        kept = {"deleted", "remainingRetentionDays", "hasImmutabilityPolicy", "hasLegalHold", *(sent or {})}
        shown["properties"] = {name: value for name, value in shown["properties"].items() if name in kept}

    def shown(self, body: Body, reader: Reader) -> Body:
        """The lease, holds and policies are kept beside the document."""
        row = reader.store.get(str(body["id"]).lower())
        return describe(body, row.hidden if row is not None else {})

    def deleting(self, write: Write) -> None:
        """What is held stays; with retention of containers the deleted one can be brought back."""
        hidden = write.hidden
        if hidden.get("holds") or (hidden.get("immutable") or {}).get("state") == "Locked":
            refuse(
                "ContainerProtectedFromDeletion",
                f"The container {write.name} is protected from deletion by an immutability policy or a legal hold.",
                status=409,
            )
        if (hidden.get("lease") or {}).get("state") == "leased" and write.call.headers.get("x-ms-lease-id") != hidden[
            "lease"
        ]["id"]:
            refuse(
                "ContainerOperationFailure",
                "There is currently a lease on the container and no lease ID was specified in the request.",
                status=409,
            )
        bury(write)

    def gone(self, call: Call, row: Resource) -> None:
        """Blobs go with their container, unless it can come back."""
        from azlabs.simulator.data_planes.blobs import rows

        uid = row.hidden.get("uid")
        rows.prepare(call.store, call.now)
        if all(uids_of(one).get("uid") != uid for one in call.store.buried(self.key, call.now, row.name)):
            rows.forget_container(call.store, str(uid))

    @action("setLegalHold")
    def set_legal_hold(self, call: Call, body: Body) -> Body:
        """Add tags; while there is one, nothing in the container changes or goes."""
        return self._hold(call, body, lambda old, new: old + [tag for tag in new if tag not in old])

    @action("clearLegalHold")
    def clear_legal_hold(self, call: Call, body: Body) -> Body:
        """Take tags away."""
        return self._hold(call, body, lambda old, new: [tag for tag in old if tag not in new])

    def _hold(self, call: Call, body: Body, change: Any) -> Body:
        tags = call.json().get("tags")
        if (
            not isinstance(tags, list)
            or not tags
            or not all(isinstance(tag, str) and 3 <= len(tag) <= 23 and tag.isalnum() for tag in tags)
        ):
            refuse("InvalidLegalHoldTags", "A legal hold has tags of 3 to 23 letters and digits.")
        row = _row(call, body)
        hidden = row.hidden
        hidden["holds"] = change(hidden.get("holds") or [], [tag.lower() for tag in tags])
        store_hidden(call, row, hidden)
        return {"hasLegalHold": bool(hidden["holds"]), "tags": hidden["holds"]}

    @action("lease")
    def lease(self, call: Call, body: Body) -> Answer:
        """The lease of the container, as the data plane has it."""
        from azlabs.simulator.data_planes.storage import leases

        asked = call.json()
        row = _row(call, body)
        hidden = row.hidden
        lease = leases.Lease.of(hidden.get("lease"), call.now)
        words = {name: None if value is None else str(value) for name, value in asked.items()}
        lease = leases.change(
            lease, str(asked.get("action", "")).lower(), id=words.get("leaseId"), proposed=words.get("proposedLeaseId"),
            duration=words.get("leaseDuration"), period=words.get("breakPeriod"), now=call.now, what="Container",
        )  # fmt: skip
        hidden["lease"] = lease.stored()
        store_hidden(call, row, hidden)
        answer: Body = (
            {"leaseId": lease.id}
            if asked.get("action") != "Break"
            else {"leaseTimeSeconds": str(lease.remaining(call.now))}
        )
        return json_answer(answer, headers={"ETag": str(hidden["etag"])})

    @action("migrate", announce=Announce(202, headers=("azure-asyncoperation", "location")))
    def migrate(self, call: Call, body: Body) -> None:
        """Turn a container with a policy into one whose versions can be immutable."""
        row = _row(call, body)
        hidden = row.hidden
        if not hidden.get("immutable"):
            refuse("ContainerImmutabilityPolicyNotFound", "The container has no immutability policy.", status=409)
        document = row.copy()
        document["properties"]["immutableStorageWithVersioning"] = {
            "enabled": True,
            "migrationState": "Completed",
            "timeStamp": stamp(call.now),
        }
        store_hidden(call, row, hidden, document)

    operation_paths = ("asyncoperations", "asyncoperations")


def _row(call: Call, body: Body) -> Resource:
    row = call.store.get(str(body["id"]).lower())
    if row is None:
        raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
    return row


def uids_of(deleted: Deleted) -> Body:
    """What is kept beside a deleted container."""
    kept: Body = json.loads(deleted.hidden_text or "{}")
    return kept


def describe(body: Body, hidden: Body) -> Body:
    """A container with what is computed."""
    mine = body.setdefault("properties", {})
    lease = hidden.get("lease") or {}
    mine["deleted"], mine["remainingRetentionDays"] = False, 0
    mine["leaseStatus"] = "Locked" if lease.get("state") in ("leased", "breaking") else "Unlocked"
    mine["leaseState"] = str(lease.get("state") or "available").capitalize()
    if lease.get("state") == "leased":
        mine["leaseDuration"] = "Infinite" if lease.get("duration") == -1 else "Fixed"
    mine["lastModifiedTime"] = whole_seconds(float(hidden.get("modified") or 0))
    holds, immutable = hidden.get("holds") or [], hidden.get("immutable")
    mine["legalHold"] = {"hasLegalHold": bool(holds), "tags": [{"tag": tag} for tag in holds]}
    mine["hasLegalHold"], mine["hasImmutabilityPolicy"] = bool(holds), immutable is not None
    if immutable is not None:
        mine["immutabilityPolicy"] = {"etag": immutable["etag"], "properties": immutable_properties(immutable)}
    body["etag"] = hidden.get("etag")
    return body


def bury(write: Write) -> None:
    """Keep a deleted container as long as the account's blob service says."""
    service = write.find(account_key(write.key) + "/blobservices/default") or {}
    policy = (service.get("properties") or {}).get("containerDeleteRetentionPolicy") or {}
    row = write.resource
    if row is None:
        return
    if policy.get("enabled"):
        row.hidden_text = None
        hidden = {
            **write.hidden,
            "version": guid().replace("-", "")[:16].upper(),
            "deleted": write.now,
            "days": policy["days"],
        }
        store_hidden(write.call, row, hidden)
        write.store.bury(row, write.now, write.now + policy["days"] * DAY)


def immutable_properties(immutable: Body) -> Body:
    """An immutability policy as it is shown."""
    return {name: value for name, value in immutable.items() if name != "etag"}


class ImmutabilityPolicies(StorageType):
    """Blobs of the container cannot change for a number of days; kept with the container."""

    type = f"{CONTAINERS}/immutabilityPolicies"

    def handle(self, call: Call) -> Answer | None:
        """There is one policy at most, called "default"."""
        if len(call.route.names) < 4:
            return None
        key = call.key.partition("/immutabilitypolicies/")[0]
        row = call.store.get(key)
        if row is None:
            reads.missing_above(call, self)
            raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
        if call.method == "GET":
            return self._answer(row, row.hidden.get("immutable"))
        if call.method not in ("PUT", "DELETE"):
            raise Refused(
                405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'."
            )
        call.manager.gates.check("action", call.principal, call)
        if call.method == "PUT":
            return self._put(call, row, (call.json().get("properties") or {}), None)
        hidden = row.hidden
        old = hidden.get("immutable") or {}
        if old.get("state") == "Locked":
            refuse(
                "ImmutabilityPolicyCannotBeDeletedWhenLocked",
                "A locked immutability policy cannot be deleted.",
                status=409,
            )
        hidden.pop("immutable", None)
        store_hidden(call, row, hidden)
        return self._answer(
            row, {"etag": _policy_etag(call.now), "immutabilityPeriodSinceCreationInDays": 0, "state": "Deleted"}
        )

    def _put(self, call: Call, row: Resource, asked: Body, state: str | None) -> Answer:
        hidden = row.hidden
        old = hidden.get("immutable") or {}
        days = asked.get("immutabilityPeriodSinceCreationInDays", old.get("immutabilityPeriodSinceCreationInDays"))
        if type(days) is not int or days not in DAYS:
            refuse("InvalidImmutabilityPeriod", "The immutability period is 1 to 146000 days.")
        if old.get("state") == "Locked" and state != "Locked":
            refuse("ImmutabilityPolicyLocked", "Operation not allowed on a locked immutability policy.", status=409)
        if state == "Locked" and old.get("state") == "Locked" and days < old["immutabilityPeriodSinceCreationInDays"]:
            refuse("InvalidImmutabilityPeriod", "The immutability period of a locked policy can only be made longer.")
        mine = {
            "etag": _policy_etag(call.now),
            "allowProtectedAppendWrites": bool(
                asked.get("allowProtectedAppendWrites", old.get("allowProtectedAppendWrites", False))
            ),
            "immutabilityPeriodSinceCreationInDays": days,
            "state": state or "Unlocked",
        }
        if asked.get("allowProtectedAppendWritesAll") is not None:
            mine["allowProtectedAppendWritesAll"] = asked["allowProtectedAppendWritesAll"]
        hidden["immutable"] = mine
        store_hidden(call, row, hidden)
        return self._answer(row, mine)

    def _answer(self, row: Resource, immutable: Body | None) -> Answer:
        mine = immutable or {"etag": '""', "immutabilityPeriodSinceCreationInDays": 0, "state": "Unlocked"}
        body = {
            "id": f"{row.id}/immutabilityPolicies/default",
            "name": "default",
            "type": self.type,
            "etag": mine["etag"],
            "properties": immutable_properties(mine),
        }
        return json_answer(body, headers={"ETag": mine["etag"]})


def _policy_etag(now: float) -> str:
    return new_etag(now).lower().replace("0x", "")


def policy_action(call: Call) -> Answer:
    """Lock a policy for good, or make a locked one longer."""
    key = call.path().lower().partition("/immutabilitypolicies/")[0]
    row = call.store.get(key)
    if row is None:
        raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
    call.manager.gates.check("action", call.principal, call)
    old = row.hidden.get("immutable")
    wanted = call.headers.get("if-match")
    if old is None:
        raise Refused(404, "ContainerImmutabilityPolicyNotFound", "The container has no immutability policy.")
    if not wanted:
        refuse("MissingRequiredHeader", "The header If-Match has to name the etag of the immutability policy.")
    if wanted != "*" and wanted.strip('"') != old["etag"].strip('"'):
        raise Refused(412, "PreconditionFailed", "The immutability policy has changed.")
    extend = call.path().lower().endswith("/extend")
    if extend != (old["state"] == "Locked"):
        refuse("ImmutabilityPolicyStateInvalid", "A policy is locked once, and extended once it is locked.", status=409)
    asked = (call.json().get("properties") or {}) if extend else {}
    return ImmutabilityPolicies()._put(call, row, asked, "Locked")


_POLICY = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}/blobServices/default"
    "/containers/{container}/immutabilityPolicies/default"
)
ENDPOINTS = [Endpoint("POST", f"{_POLICY}/{word}", policy_action) for word in ("lock", "extend")]
