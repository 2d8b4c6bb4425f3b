"""Cosmos DB trigger: the change feed of a container, with its place in a container of leases.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-cosmosdb-v2-trigger
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from azlabs.simulator.clock import stamp
from azlabs.simulator.functions.bindings import cosmos_account
from azlabs.simulator.functions.bindings.cosmos_db import connection_name, truth
from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem
from azlabs.simulator.functions.triggers.polling import Polling

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

MOST = 100
LEASE_KEYS = ("/id", "/partitionKey")


class CosmosDBTrigger(Polling):
    """One function that changes of items start, in batches. A batch is done when the function has ended, well or not: Azure
    repeats it only where the function has a retry policy."""

    kind: ClassVar[str] = "cosmosDBTrigger"

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        binding = function.trigger
        what = f"function '{function.name}'"

        def text(member: str, older: str = "", default: str = "") -> str:
            return app.setting(str(binding.get(member) or binding.get(older) or default), what)

        self._database, self._name = text("databaseName"), text("containerName", "collectionName")
        if not self._database or not self._name:
            raise FunctionProblem(f"The Cosmos DB trigger of {what} names no database and container.")
        if str(binding.get("changeFeedMode") or "LatestVersion").lower() != "latestversion":
            raise FunctionProblem(f"The change feed of all versions and deletes, which {what} asks for, is not modelled by the simulator.")
        self._lease_database = text("leaseDatabaseName", default=self._database)
        self._lease_name = text("leaseContainerName", "leaseCollectionName", "leases")
        self._prefix = text("leaseContainerPrefix", "leaseCollectionPrefix")
        self._make_leases = truth(binding.get("createLeaseContainerIfNotExists", binding.get("createLeaseCollectionIfNotExists")))
        self._most = int(binding.get("maxItemsPerInvocation") or MOST)
        self._beginning = truth(binding.get("startFromBeginning"))
        self._since = _moment(str(binding.get("startFromTime") or ""), what)
        mine = connection_name(binding)
        lease = str(binding.get("leaseConnection") or binding.get("leaseConnectionStringSetting") or mine)
        self._account = cosmos_account.of_connection(app, mine)
        self._leases = self._account if lease == mine else cosmos_account.of_connection(app, lease)

    def look(self) -> bool:
        """Read on in every physical partition."""
        root = self._lease_root()
        busy = False
        for one in self._account.ranges(self._database, self._name):
            busy = self._advance(f"{root}{one['id']}", str(one["id"])) or busy
        return busy

    def _lease_root(self) -> str:
        """How the ids of this function's leases begin. Raises `FunctionProblem` when a container is missing."""
        monitored = self._account.container(self._database, self._name)
        leases = self._leases.container(self._lease_database, self._lease_name)
        if monitored is not None and leases is None and self._make_leases:
            self._leases.create(self._lease_database, self._lease_name, "/id")
            leases = self._leases.container(self._lease_database, self._lease_name)
        if monitored is None or leases is None:
            raise FunctionProblem(
                f"The container '{self._name}' (in database '{self._database}') or the lease container '{self._lease_name}' (in database "
                f"'{self._lease_database}') does not exist. Both have to exist before the listener starts; to have the lease container "
                "made, set create_lease_container_if_not_exists."
            )
        paths = (leases.get("partitionKey") or {}).get("paths") or []
        if len(paths) != 1 or paths[0] not in LEASE_KEYS:
            raise FunctionProblem(f"The lease container '{self._lease_name}' has to have the partition key {LEASE_KEYS[0]}.")
        host, rid = urlsplit(self._account.endpoint).hostname, str(monitored["_rid"]).replace("/", "-")
        return f"{self._prefix}{host}_{self._database}_{rid}.."

    def _advance(self, lease_id: str, range: str) -> bool:
        """One batch of one physical partition; was there any?"""
        lease = self._leases.item(self._lease_database, self._lease_name, lease_id, lease_id)
        mark = str((lease or {}).get("ContinuationToken") or "")
        if lease is None:
            found, mark = self._first(range)
        else:
            found, mark = self._account.changes(self._database, self._name, range, mark, self._most)
        if found:
            self.app.invoke(self.function, event_of(found))
            if self.ended.is_set():
                return False
        if found or lease is None:
            self._checkpoint(lease_id, range, mark)
        return bool(found)

    def _first(self, range: str) -> tuple[list[dict[str, Any]], str]:
        """What is there before the first lease: everything, changes since a moment, or nothing but the place where it ends."""
        since = self._since
        return self._account.changes(
            self._database, self._name, range, "", self._most, from_beginning=self._beginning or bool(since), modified_since=since
        )

    def _checkpoint(self, lease_id: str, range: str, mark: str) -> None:
        lease = {
            "id": lease_id, "partitionKey": lease_id, "version": 1, "LeaseToken": range, "ContinuationToken": mark,
            "Owner": self.app.instance, "timestamp": stamp(self.app.now()), "properties": {},
        }  # fmt: skip
        self._leases.put(self._lease_database, self._lease_name, lease)

    def by_hand(self, text: str | None) -> Event:
        """These items."""
        try:
            found = json.loads(text or "[]")
        except ValueError:
            raise FunctionProblem("The input of a Cosmos DB trigger is a JSON list of items.") from None
        return event_of(found if isinstance(found, list) else [found])


def event_of(items: list[dict[str, Any]]) -> Event:
    """What changed items start."""
    return Event(Datum("json", json.dumps(items)), reason="New changes on container.")


def _moment(text: str, what: str) -> str:
    """A moment in ISO 8601 as an HTTP date; "" for none."""
    if not text:
        return ""
    try:
        return format_datetime(datetime.fromisoformat(text).astimezone(UTC), usegmt=True)
    except ValueError:
        raise FunctionProblem(f"The startFromTime '{text}' of {what} is no moment in ISO 8601.") from None
