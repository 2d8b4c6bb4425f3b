"""Accounts, databases and containers as the data plane sees them: rows of the control plane, remembered until those change."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos import rows
from azlabs.simulator.data_planes.cosmos.cache import Cache
from azlabs.simulator.data_planes.cosmos.errors import not_found
from azlabs.simulator.data_planes.cosmos.indexes import Indexing
from azlabs.simulator.data_planes.cosmos.partition import split_path
from azlabs.simulator.data_planes.cosmos.throughput import Budget, Meter, budget, enforced
from azlabs.simulator.providers.document_db.base import ACCOUNT_KEY

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

DATABASES = f"{ACCOUNT_KEY}/sqldatabases"
CONTAINERS = f"{DATABASES}/containers"
CACHED = 64
"""Containers whose items are kept in memory at most."""


@dataclass(slots=True)
class Container:
    """A container with what its document says, in the form in which the data plane needs it."""

    row: Resource
    account: Resource
    database: str
    name: str
    rid: str
    link: str
    document: dict[str, Any]
    paths: tuple[tuple[str, ...], ...]
    unique: list[list[tuple[str, ...]]]
    ttl: int | None
    vectors: dict[tuple[str, ...], dict[str, Any]]
    indexing: Indexing
    budget: Budget

    @property
    def ranges(self) -> int:
        """How many physical partitions it has."""
        return self.budget.ranges

    @property
    def hierarchical(self) -> bool:
        """Are there several levels of partition keys?"""
        return bool(self.document["partitionKey"].get("kind") == "MultiHash")


@dataclass(slots=True)
class Plane:
    """What the data plane of one simulator remembers."""

    simulator: Simulator
    generation: tuple[int, int] = (-1, -1)
    accounts: dict[str, Resource | None] = field(default_factory=dict)
    containers: dict[tuple[str, str, str], Container] = field(default_factory=dict)
    caches: dict[str, Cache] = field(default_factory=dict)
    access: dict[Any, Any] = field(default_factory=dict)
    swept: dict[str, int] = field(default_factory=dict)
    enforced: bool = False
    """Is throughput enforced?"""
    meters: dict[tuple[str, str], Meter] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def refresh(self) -> None:
        """Forget what may have changed."""
        now = self.simulator.store.generation()
        if now != self.generation:
            self.accounts.clear()
            self.containers.clear()
            self.access.clear()
            rows.prepare(self.simulator.store)
            self.enforced = enforced(self.simulator.store)
            self.generation = self.simulator.store.generation()

    def account(self, label: str) -> Resource:
        """The account of a host's first label (also "<account>-<region>"). Raises 404: on Azure the name does not resolve."""
        if label not in self.accounts:
            self.accounts[label] = self._find_account(label)
        found = self.accounts[label]
        if found is None:
            raise not_found(f"There is no Cosmos DB account '{label[:60]}' (on Azure its host name does not resolve)")
        return found

    def _find_account(self, label: str) -> Resource | None:
        for row in self.simulator.store.of_type(ACCOUNT_KEY):
            if "Sql" not in str(row.body["properties"].get("EnabledApiTypes", "")):
                continue
            regions = {f"{row.name}-{_plain(one['locationName'])}" for one in row.body["properties"]["locations"]}
            if label == row.name.lower() or label in regions:
                return row
        return None

    def database(self, account: Resource, name: str) -> Resource:
        """A database by name or rid. Raises 404."""
        return self._child(account.key, "sqldatabases", DATABASES, name)

    def _child(self, above: str, folder: str, kind: str, name: str) -> Resource:
        store = self.simulator.store
        row = store.get(f"{above}/{folder}/{name.lower()}")
        if row is not None and row.body["properties"]["resource"]["id"] == name:
            return row
        for row in store.at_scope(above, kind):
            if row.body["properties"]["resource"].get("_rid") == name:
                return row
        raise not_found()

    def container(self, account: Resource, database: str, name: str) -> Container:
        """A container by names or rids. Raises 404 with substatus 1003."""
        found = self.containers.get((account.key, database, name))
        if found is None:
            above = self.database(account, database)
            row = self._child(above.key, "containers", CONTAINERS, name)
            found = self._open(account, above, row)
            self.containers[(account.key, database, name)] = found
        return found

    def _open(self, account: Resource, above: Resource, row: Resource) -> Container:
        store = self.simulator.store
        document = row.body["properties"]["resource"]
        known = {one.body["properties"]["resource"]["_rid"] for one in store.of_type(CONTAINERS)}
        rows.ensure(store, document["_rid"], known)
        for rid in self.caches.keys() - known:
            del self.caches[rid]
        embeddings = (document.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings") or []
        unique = (document.get("uniqueKeyPolicy") or {}).get("uniqueKeys") or []
        return Container(
            row, account, above.body["properties"]["resource"]["id"], document["id"], document["_rid"], document["_self"], document,
            tuple(split_path(path) for path in document["partitionKey"]["paths"]),
            [[split_path(path) for path in one.get("paths", [])] for one in unique],
            document.get("defaultTtl"), {split_path(one["path"]): one for one in embeddings},
            Indexing(document.get("indexingPolicy") or {}), budget(store, account, above, row),
        )  # fmt: skip

    def cache(self, container: Container) -> Cache:
        """The items of a container in memory, as they are now."""
        with self.lock:
            known = self.caches.pop(container.rid, None)
            if known is None or known.policies != container.vectors:
                known = Cache(container.rid, container.vectors)
            self.caches[container.rid] = known
            while len(self.caches) > CACHED:
                del self.caches[next(iter(self.caches))]
            known.refresh(self.simulator.store)
            return known

    def sweep(self, container: Container, now: float) -> None:
        """Delete items whose time to live has passed; once a second at most."""
        if container.ttl is None or self.swept.get(container.rid) == int(now):
            return
        self.swept[container.rid] = int(now)
        store = self.simulator.store
        where = "container=? AND ((ttl IS NULL AND ?>0 AND ts+?<=?) OR (ttl>0 AND ts+ttl<=?))"
        values = (container.rid, container.ttl, container.ttl, int(now), int(now))
        if store.sql.execute(f"SELECT 1 FROM cosmos_items WHERE {where} LIMIT 1", values).fetchone() is None:
            return
        import secrets

        with store.writing():
            store.sql.execute(f"DELETE FROM cosmos_unique WHERE number IN (SELECT number FROM cosmos_items WHERE {where})", values)
            store.sql.execute(f"DELETE FROM cosmos_items WHERE {where}", values)
            store.sql.execute("UPDATE cosmos_containers SET lsn=lsn+1, stamp=? WHERE rid=?", (secrets.token_hex(8), container.rid))


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()


def plane_of(simulator: Simulator) -> Plane:
    """The one plane of a simulator; it lives and dies with it."""
    found: Plane | None = simulator.__dict__.get("cosmos_plane")
    if found is None:
        found = simulator.__dict__.setdefault("cosmos_plane", Plane(simulator))
    return found
