"""Databases, keyspaces and tables of an account, and the containers, collections, graphs and tables inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.document_db import throughput, vectors
from azlabs.simulator.providers.document_db.base import ACCOUNT, Body, DataType, account_of, bad
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write

NAMES = NameRule(r"[^/\\?#]{1,255}", "BadRequest", "The name '{name}' has characters that are not allowed: / \\ ? #")
COLLECTION = {
    "_docs": "docs/", "_sprocs": "sprocs/", "_triggers": "triggers/", "_udfs": "udfs/", "_conflicts": "conflicts/",
}  # fmt: skip
DATABASE = {"_colls": "colls/", "_users": "users/"}
ETAG_PATH = '/"_etag"/?'
BACKUP = Announce(202, headers=("location",), body='{"status":"Enqueued"}', polls=1)


class Holder(DataType):
    """What may be given throughput when it is made."""

    name_rule = NAMES

    def fill(self, write: Write) -> None:
        """Throughput first: the document does not keep the options."""
        options = write.get("properties.options") or {}
        if write.before is None:
            throughput.check(write, options)
        super().fill(write)

    def written(self, write: Write) -> None:
        """The offer of something new."""
        throughput.make(write)


class Inner(Holder):
    """Something that keeps data, and of which a continuous backup is kept."""

    @action("retrieveContinuousBackupInformation", announce=BACKUP)
    def backup_information(self, call: Call, body: Body) -> Body:
        """How recent a state could be restored."""
        account = account_of(call, body["id"])
        if account is None or account.body["properties"]["backupPolicy"]["type"] != "Continuous":
            bad("The account has no continuous backup.")
        from datetime import UTC, datetime

        at = datetime.fromtimestamp(call.now, UTC)
        stamp = f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"
        return {"continuousBackupInformation": {"latestRestorableTimestamp": stamp}}


class SqlDatabases(Holder):
    """A database of the SQL API."""

    type = f"{ACCOUNT}/sqlDatabases"
    api, rid_bytes, link, folders = "Sql", 4, "dbs", DATABASE


class GremlinDatabases(Holder):
    """A database of graphs."""

    type = f"{ACCOUNT}/gremlinDatabases"
    api, rid_bytes, link, folders = "Gremlin", 4, "dbs", DATABASE


class Keyspaces(Holder):
    """A keyspace of the Cassandra API."""

    type = f"{ACCOUNT}/cassandraKeyspaces"
    api, rid_bytes = "Cassandra", 4


class MongoDatabases(Holder):
    """A database of the MongoDB API."""

    type = f"{ACCOUNT}/mongodbDatabases"
    api = "MongoDB"


class Tables(Inner):
    """A table of the Table API."""

    type = f"{ACCOUNT}/tables"
    api, rid_bytes = "Table", 8


class Containers(Inner):
    """A container of the SQL API."""

    type = f"{ACCOUNT}/sqlDatabases/containers"
    api, rid_bytes, link, folders = "Sql", 4, "colls", COLLECTION
    members_since = {"properties.resource.computedProperties": "2021-05-15"}

    def settle(self, write: Write, document: Body, account: Body) -> None:
        """A partition key that never changes; policies for indexes, unique keys and conflicts."""
        key = document.get("partitionKey")
        if not isinstance(key, dict) or not key.get("paths"):
            bad("A partition key with at least one path is required.")
        key.setdefault("kind", "Hash")
        if any(not str(path).startswith("/") for path in key["paths"]):
            bad(f"The partition key path '{key['paths'][0]}' is invalid: it has to begin with '/'.")
        if key["kind"] == "MultiHash":
            key.setdefault("version", 2)
        elif len(key["paths"]) > 1:
            bad("A partition key with more than one path has to be of kind MultiHash.")
        _indexing(document)
        vectors.settle(write, document, account)
        vectors.full_text(document, account)
        document.setdefault("uniqueKeyPolicy", {}).setdefault("uniqueKeys", [])
        policy = document.setdefault("conflictResolutionPolicy", {"mode": "LastWriterWins"})
        policy.setdefault(
            "conflictResolutionPath", "/_ts" if str(policy.get("mode")).lower() == "lastwriterwins" else ""
        )
        policy.setdefault("conflictResolutionProcedure", "")
        document.setdefault("geospatialConfig", {"type": "Geography"})
        document.setdefault("computedProperties", [])
        if account["properties"]["backupPolicy"]["type"] == "Continuous":
            document["backupPolicy"] = {"type": 1}
        for member in ("partitionKey", "uniqueKeyPolicy"):
            if write.before is not None and write.old(f"properties.resource.{member}") != document[member]:
                bad(f"Document collection {member} cannot be changed.")
        _ttl(document)
        if "analyticalStorageTtl" in document and not account["properties"]["enableAnalyticalStorage"]:
            bad("Analytical storage is not enabled for the account.")
        document["statistics"] = [
            {"id": "0", "sizeInKB": 0, "documentCount": 0, "sampledDistinctPartitionKeyCount": 0, "partitionKeys": []}
        ]


class Graphs(Containers):
    """A graph of the Gremlin API: a container underneath."""

    type = f"{ACCOUNT}/gremlinDatabases/graphs"
    api = "Gremlin"


class Collections(Inner):
    """A collection of the MongoDB API."""

    type = f"{ACCOUNT}/mongodbDatabases/collections"
    api = "MongoDB"

    def settle(self, write: Write, document: Body, account: Body) -> None:  # noqa: ARG002
        """The index on `_id` is always there; the shard key never changes."""
        indexes = [one for one in document.get("indexes") or [] if (one.get("key") or {}).get("keys") != ["_id"]]
        document["indexes"] = [{"key": {"keys": ["_id"]}}, *indexes]
        old = write.old("properties.resource.shardKey")
        if write.before is not None and "shardKey" in document and document["shardKey"] != old:
            bad("The shard key of a collection cannot be changed.")
        if old is not None:
            document["shardKey"] = old


class CassandraTables(Inner):
    """A table of the Cassandra API."""

    type = f"{ACCOUNT}/cassandraKeyspaces/tables"
    api, rid_bytes = "Cassandra", 4

    def settle(self, write: Write, document: Body, account: Body) -> None:  # noqa: ARG002
        """A schema with a partition key; types in lower case."""
        schema = document.get("schema") or write.old("properties.resource.schema")
        if not isinstance(schema, dict) or not schema.get("columns") or not schema.get("partitionKeys"):
            bad("A schema with columns and partition keys is required.")
        document["schema"] = schema
        for column in schema["columns"]:
            column["type"] = str(column.get("type", "")).lower()
        names = {column.get("name") for column in schema["columns"]}
        lost = [one.get("name") for one in schema["partitionKeys"] if one.get("name") not in names]
        if lost:
            bad(f"The partition key '{lost[0]}' is no column of the schema.")


class Script(DataType):
    """Code that runs inside a container."""

    name_rule = NAMES
    api, rid_bytes = "Sql", 8

    def settle(self, write: Write, document: Body, account: Body) -> None:  # noqa: ARG002
        """There has to be code."""
        if not isinstance(document.get("body"), str):
            bad("The body of a script is required.")


class StoredProcedures(Script):
    """Code that is called by name."""

    type = f"{ACCOUNT}/sqlDatabases/containers/storedProcedures"
    link = "sprocs"


class Functions(Script):
    """Code that queries call."""

    type = f"{ACCOUNT}/sqlDatabases/containers/userDefinedFunctions"
    link = "udfs"


class Triggers(Script):
    """Code that runs before or after an operation."""

    type = f"{ACCOUNT}/sqlDatabases/containers/triggers"
    link = "triggers"

    def settle(self, write: Write, document: Body, account: Body) -> None:
        """When, and on which operation."""
        super().settle(write, document, account)
        if document.setdefault("triggerType", "Pre") not in ("Pre", "Post"):
            bad("The triggerType has to be Pre or Post.")
        if document.setdefault("triggerOperation", "All") not in ("All", "Create", "Update", "Delete", "Replace"):
            bad("The triggerOperation has to be one of All, Create, Update, Delete, Replace.")


class EncryptionKeys(DataType):
    """A key with which clients encrypt, wrapped by a key of a vault."""

    type = f"{ACCOUNT}/sqlDatabases/clientEncryptionKeys"
    name_rule = NAMES
    api, rid_bytes = "Sql", 8
    methods = frozenset({"GET", "PUT"})

    def settle(self, write: Write, document: Body, account: Body) -> None:  # noqa: ARG002
        """The wrapped key and where the wrapping one is."""
        missing = [
            word
            for word in ("encryptionAlgorithm", "wrappedDataEncryptionKey", "keyWrapMetadata")
            if not document.get(word)
        ]
        if missing:
            bad(f"The property '{missing[0]}' of a client encryption key is required.")


def _indexing(document: Body) -> None:
    """Everything is indexed but the entity tag, unless told otherwise."""
    policy = document.setdefault("indexingPolicy", {})
    mode = str(policy.get("indexingMode", "consistent")).lower()
    if mode not in ("consistent", "none", "lazy"):
        bad(f"The indexing mode '{mode}' is not one of consistent, none.")
    policy["indexingMode"] = mode
    policy.setdefault("automatic", mode != "none")
    included = policy.get("includedPaths") or ([{"path": "/*"}] if mode != "none" else [])
    policy["includedPaths"] = [{"path": one.get("path")} for one in included]
    excluded = policy.get("excludedPaths") or []
    if mode != "none" and all(one.get("path") != ETAG_PATH for one in excluded):
        excluded = [*excluded, {"path": ETAG_PATH}]
    policy["excludedPaths"] = excluded


def _ttl(document: Body) -> None:
    """-1 (never, unless the item says) or a number of seconds."""
    ttl = document.get("defaultTtl")
    if ttl is not None and (type(ttl) is not int or ttl == 0 or ttl < -1):
        bad("The defaultTtl has to be -1 or a positive number of seconds.")
