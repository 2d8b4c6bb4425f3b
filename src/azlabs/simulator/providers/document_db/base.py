"""What the types of Microsoft.DocumentDB have in common: writes are queued, refusals are BadRequest, resources carry rids.

Statuses, headers and words are those of recorded Azure answers.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
ACCOUNT = "Microsoft.DocumentDB/databaseAccounts"
ACCOUNT_KEY = ACCOUNT.lower()
BOTH = ("azure-asyncoperation", "location")
ACCEPTED = Announce(202, headers=BOTH, body='{"status":"Enqueued"}', polls=1)
"""A write, a delete or an action that waits its turn."""
GONE = (
    "NotFound",
    'Message: {"Errors":["Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found"]}, resource {name}.',
)


def bad(message: str) -> NoReturn:
    """Refuse in the only word that Cosmos DB has for requests it does not like."""
    refuse("BadRequest", message)


def account_key(key: str) -> str:
    """The account's key out of the key of anything below it."""
    return "/".join(key.split("/")[:9])


def account_of(reader: Reader, key: str) -> Resource | None:
    """The account that `key` (or something below it) names."""
    return reader.store.get(account_key(key.lower()))


def offers(account: Body, capability: str) -> bool:
    """Does an account have a capability?"""
    return any(
        one.get("name", "").lower() == capability.lower() for one in account["properties"].get("capabilities") or ()
    )


def new_rid(size: int, parent: str = "") -> str:
    """A resource id inside Cosmos DB: `size` random bytes behind those of the parent, in base64."""
    return base64.b64encode(base64.b64decode(parent) + secrets.token_bytes(size)).decode()


def new_etag(region: str, now: float) -> str:
    """An entity tag as the data plane writes it, quoted: a number, the region, the second."""
    return f'"{secrets.token_hex(4)}-0000-{sum(map(ord, region)) % 0x2000:04x}-0000-{int(now):08x}0000"'


class CosmosType(ResourceType):
    """Something below an account: no location, no tags, no provisioning state; every write is queued."""

    located = tagged = False
    state = None
    methods = frozenset({"GET", "PUT", "DELETE"})
    creates = updates = deletes = ACCEPTED
    not_found = GONE
    operation_paths = ("operationsStatus", "operationResults")
    operation_body = "status"
    operation_waiting = ("Enqueued",)
    waits_since = "2021-05-15"

    def handle(self, call: Call) -> Answer | None:
        """Nothing can be read or deleted below an account that does not exist."""
        if call.method != "PUT":
            if call.method == "GET":
                call.manager.require_group(call)
            if not call.store.exists(account_key(call.key)):
                route = call.route
                raise Refused(
                    404, "ResourceNotFound",
                    f"The Resource '{ACCOUNT}/{route.names[0]}' under resource group '{call.group_name()}' was not found. For more "
                    "details please go to https://aka.ms/ARMResourceNotFoundFix",
                )  # fmt: skip
        return None

    def fill(self, write: Write) -> None:
        """Location and tags that come along count for nothing."""
        write.body.pop("location", None)
        write.body.pop("tags", None)


class DataType(CosmosType):
    """Something whose document is `properties.resource`, written with `properties.options`: a database, a container."""

    api: ClassVar[str] = ""
    """The API that an account has to speak."""
    rid_bytes: ClassVar[int] = 0
    """How many bytes its rid has more than its parent's; 0: it shows none."""
    folders: ClassVar[dict[str, str]] = {}
    """Members of the document that name the folders below it in the data plane."""
    link: ClassVar[str] = ""
    """Its folder in the data plane ("dbs"); "": it shows no `_self`."""
    members = frozenset({"identity"})
    required = ("properties.resource",)
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")

    def fill(self, write: Write) -> None:
        """The document with its identity in the data plane, and nothing of how it was to be made."""
        super().fill(write)
        account = account_of(write, write.key)
        kinds = account.body["properties"]["EnabledApiTypes"] if account is not None else ""
        if self.api not in kinds:
            bad(f"Operation on {self.type.partition('/')[2]} is not supported for account with API type {kinds}.")
        document = write.body["properties"]["resource"]
        if not isinstance(document, dict) or document.get("id") != write.name:
            bad(f"The resource id in the body has to be '{write.name}', as in the address.")
        if str(document.pop("createMode", "Default")) != "Default":
            from azlabs.simulator.resource_manager.errors import not_modelled

            raise not_modelled(f"{self.type} with createMode Restore")
        write.body["properties"] = {"resource": document}
        self.settle(write, document, account.body if account is not None else {})
        self._identify(write, document, account.location if account is not None else "")

    def settle(self, write: Write, document: Body, account: Body) -> None:
        """Defaults and refusals of the type; `document` is `properties.resource`."""

    def _identify(self, write: Write, document: Body, region: str) -> None:
        """The members with which Cosmos DB completes every document."""
        if not self.rid_bytes:
            return
        above = write.store.get(write.key.rpartition("/")[0].rpartition("/")[0])
        parent = {} if above is None or above.type == ACCOUNT_KEY else above.body["properties"]["resource"]
        rid = write.old("properties.resource._rid") or new_rid(self.rid_bytes, parent.get("_rid", ""))
        document["_rid"] = rid
        if self.link:
            document["_self"] = f"{parent.get('_self', '')}{self.link}/{rid}/"
        document["_etag"], document["_ts"] = new_etag(region, write.now), int(write.now)
        document.update(self.folders)
