"""Containers of Cosmos DB for NoSQL: how they are set up, and what is in them.

    for container in lab.cosmos.containers(account_id):
        container.vectors, container.vector_index(path), container.indexes(path)
    lab.cosmos.query(endpoint, container, "SELECT * FROM c WHERE c.id = @id", {"id": "a"})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from azlabs.cloud.errors import translated

__all__ = ["Container", "CosmosProbe", "Vector"]

_ACCOUNT = "Microsoft.DocumentDB/databaseAccounts"
_DATABASES = f"{_ACCOUNT}/sqlDatabases"
_CONTAINERS = f"{_DATABASES}/containers"


class Reader(Protocol):
    """Resources and lists as Azure's REST JSON."""

    def entries(self, path: str, api_version: str) -> list[dict[str, Any]]: ...
    def api_version(self, type_name: str) -> str: ...


class CloudLike(Protocol):
    """A cloud as checks see it."""

    def client(self, kind: type[Any], **arguments: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Vector:
    """One path of a container's vector policy."""

    path: str
    data_type: str
    dimensions: int
    distance: str

    @property
    def names(self) -> tuple[str, ...]:
        """The properties that lead to the vector."""
        return tuple(part.strip('"') for part in self.path.split("/") if part)

    def of(self, item: Mapping[str, Any]) -> list[float] | None:
        """The vector of an item; None when it has none at this path."""
        node: Any = item
        for name in self.names:
            node = node.get(name) if isinstance(node, Mapping) else None
        return node if isinstance(node, list) and node and all(isinstance(one, int | float) for one in node) else None


@dataclass(frozen=True, slots=True)
class Container:
    """A container as the control plane shows it. `time_to_live` in seconds; -1: items may have their own; None: off."""

    id: str
    database: str
    name: str
    partition_key: tuple[str, ...]
    vectors: tuple[Vector, ...]
    vector_indexes: Mapping[str, str]
    included: tuple[str, ...]
    excluded: tuple[str, ...]
    indexing: str
    time_to_live: int | None
    resource: Mapping[str, Any]

    @property
    def scope(self) -> str:
        """The container as a scope of data roles: `<account>/dbs/a/colls/b`."""
        account = self.id[: self.id.lower().index("/sqldatabases/")]
        return f"{account}/dbs/{self.database}/colls/{self.name}"

    def vector_index(self, path: str) -> str:
        """The type of the vector index on a path; "" when there is none."""
        return self.vector_indexes.get(path, "")

    def indexes(self, path: str) -> bool:
        """Does the ordinary index take in the value at this path (`/category`, `/embedding/[]` for elements of a list)?

        The longest of the included and excluded paths that fits decides.
        """
        if self.indexing == "none":
            return False
        best = max(self._fitting(self.included, path), default=-1)
        return best > max(self._fitting(self.excluded, path), default=-1)

    @staticmethod
    def _fitting(patterns: Sequence[str], path: str) -> list[int]:
        values = [part.strip('"') for part in path.split("/") if part] + ["?"]
        fits = []
        for pattern in patterns:
            parts = [part.strip('"') for part in pattern.split("/") if part]
            exact = parts[-1:] != ["*"]
            wanted = parts if exact else parts[:-1]
            if values[: len(wanted)] == wanted and (not exact or len(wanted) == len(values)):
                fits.append(2 * len(wanted) + exact)
        return fits


class CosmosProbe:
    """Reads the control plane for how containers are set up, the data plane for items."""

    def __init__(self, reads: Reader, cloud: CloudLike) -> None:
        self._reads = reads
        self._cloud = cloud

    def containers(self, account: str) -> list[Container]:
        """All containers of an account (its id), over all databases."""
        found = []
        for database in self._reads.entries(f"{account}/sqlDatabases", self._reads.api_version(_DATABASES)):
            for entry in self._reads.entries(f"{database['id']}/containers", self._reads.api_version(_CONTAINERS)):
                found.append(_container(entry, str(database["name"])))
        return found

    def query(
        self,
        endpoint: str,
        container: Container,
        text: str = "SELECT * FROM c",
        parameters: Mapping[str, Any] | None = None,
        partition_key: Any = None,
    ) -> list[dict[str, Any]]:
        """The items that a query gives, over all partitions when `partition_key` is None. Raises AzureError."""
        given = [{"name": f"@{name.lstrip('@')}", "value": value} for name, value in (parameters or {}).items()]
        place: dict[str, Any] = {"enable_cross_partition_query": True}
        if partition_key is not None:
            place = {"partition_key": partition_key}
        with translated():
            return list(self._open(endpoint, container).query_items(query=text, parameters=given, **place))

    def _open(self, endpoint: str, container: Container) -> Any:
        from azure.cosmos import CosmosClient

        client = self._cloud.client(CosmosClient, url=endpoint)
        return client.get_database_client(container.database).get_container_client(container.name)


def _container(entry: Mapping[str, Any], database: str) -> Container:
    resource = entry["properties"]["resource"]
    policy = resource.get("indexingPolicy") or {}
    vectors = (resource.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings") or []
    return Container(
        str(entry["id"]),
        database,
        str(resource["id"]),
        tuple((resource.get("partitionKey") or {}).get("paths") or ()),
        tuple(
            Vector(
                str(one.get("path", "")),
                str(one.get("dataType", "")).lower(),
                int(one.get("dimensions") or 0),
                str(one.get("distanceFunction", "")).lower(),
            )
            for one in vectors
        ),
        {str(one.get("path", "")): str(one.get("type", "")) for one in policy.get("vectorIndexes") or []},
        tuple(str(one.get("path", "")) for one in policy.get("includedPaths") or []),
        tuple(str(one.get("path", "")) for one in policy.get("excludedPaths") or []),
        str(policy.get("indexingMode", "consistent")).lower() if policy.get("automatic", True) else "none",
        resource.get("defaultTtl"),
        resource,
    )
