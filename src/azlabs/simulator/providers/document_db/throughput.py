"""Throughput of databases and containers: a number, or a maximum up to which Azure scales by itself."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from azlabs.simulator.providers.document_db.accounts import serverless
from azlabs.simulator.providers.document_db.base import ACCEPTED, ACCOUNT, Body, CosmosType, account_of, bad
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

HOLDERS = (
    "sqlDatabases", "sqlDatabases/containers", "mongodbDatabases", "mongodbDatabases/collections", "gremlinDatabases",
    "gremlinDatabases/graphs", "cassandraKeyspaces", "cassandraKeyspaces/tables", "tables",
)  # fmt: skip
"""What has throughput, below an account."""
SHARED = frozenset({"sqldatabases", "mongodbdatabases", "gremlindatabases", "cassandrakeyspaces"})
"""Last segments of the types whose throughput is shared by what is inside."""
LEAST, STEP = 400, 100
LEAST_AUTOSCALE = STEP_AUTOSCALE = 1000
DEFAULT = 400
"""Of a container for which nobody says anything, in a database without throughput to share."""


class ThroughputSettings(CosmosType):
    """The one offer of a database or container, called "default"; there when throughput was asked for on creation."""

    methods = frozenset({"GET", "PUT"})
    required = ("properties.resource",)
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")
    members_since = {
        "properties.resource.instantMaximumThroughput": "2023-11-15",
        "properties.resource.softAllowedMaximumThroughput": "2023-11-15",
    }

    def handle(self, call: Call) -> Answer | None:
        """A serverless account has no throughput to show or change."""
        found = super().handle(call)
        account = account_of(call, call.key)
        if account is not None and serverless(account.body):
            bad("Reading or replacing offers is not supported for serverless accounts.")
        return found

    def fill(self, write: Write) -> None:
        """A new number, or a new maximum: never the change from one to the other."""
        super().fill(write)
        if write.before is None:
            raise Refused(404, *_none(write.name))
        old = write.before["properties"]["resource"]
        asked = write.body["properties"]["resource"]
        automatic = "autoscaleSettings" in asked
        if automatic != ("autoscaleSettings" in old):
            bad(
                "Throughput cannot be changed between manual and autoscale by an update; use migrateToAutoscale or "
                "migrateToManualThroughput."
            )
        wanted = amounts(asked)
        if automatic:
            wanted["throughput"] = old["throughput"]
        write.body["properties"] = {"resource": complete(wanted, write.key)}

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """An offer is named by its rid."""
        digest = hashlib.sha256(str(body["id"]).lower().encode()).digest()
        body["name"] = base64.b64encode(digest).decode().replace("/", "a").replace("+", "b")[:4]
        return body

    @action("migrateToAutoscale", announce=ACCEPTED)
    def to_autoscale(self, call: Call, body: Body) -> Body:
        """Scale by itself, up to what was there or to the least maximum."""
        number = body["properties"]["resource"]["throughput"]
        if "autoscaleSettings" in body["properties"]["resource"]:
            bad("The throughput is scaled automatically already.")
        most = max(LEAST_AUTOSCALE, -(-number // STEP_AUTOSCALE) * STEP_AUTOSCALE)
        wanted = {"throughput": most // 10, "autoscaleSettings": {"maxThroughput": most}}
        return self._migrated(call, body, wanted, "migrateToAutoscale")

    @action("migrateToManualThroughput", announce=ACCEPTED)
    def to_manual(self, call: Call, body: Body) -> Body:
        """A fixed number: the maximum until now."""
        automatic = body["properties"]["resource"].get("autoscaleSettings")
        if not automatic:
            bad("The throughput is not scaled automatically.")
        return self._migrated(call, body, {"throughput": automatic["maxThroughput"]}, "migrateToManualThroughput")

    def _migrated(self, call: Call, body: Body, wanted: Body, word: str) -> Body:
        row = call.store.get(call.key)
        if row is not None:
            document = row.copy()
            document["properties"] = {"resource": complete(wanted, call.key)}
            row.body = document
            call.store.update(row)
            body["properties"] = document["properties"]
        return {**body, "id": f"{body['id']}/{word}", "type": f"{body['type']}/{word}"}


for _holder in HOLDERS:
    type(
        "".join(word[:1].upper() + word[1:] for word in _holder.split("/")) + "Throughput",
        (ThroughputSettings,),
        {
            "type": f"{ACCOUNT}/{_holder}/throughputSettings",
            "__module__": __name__,
            "__doc__": f"Throughput of {_holder}.",
        },
    )


def amounts(options: Body) -> Body:
    """What `options` or an offer ask for: {"throughput"} or {"throughput", "autoscaleSettings"}; {} for nothing."""
    number, automatic = options.get("throughput"), options.get("autoscaleSettings")
    if number is not None and automatic is not None:
        bad("Either throughput or autoscaleSettings can be given, not both.")
    if automatic is not None:
        most = automatic.get("maxThroughput")
        if type(most) is not int or most < LEAST_AUTOSCALE or most % STEP_AUTOSCALE:
            bad(f"The maximum throughput has to be at least {LEAST_AUTOSCALE} and a multiple of {STEP_AUTOSCALE}.")
        return {"throughput": most // 10, "autoscaleSettings": {"maxThroughput": most}}
    if number is None:
        return {}
    number = int(number) if isinstance(number, str) and number.isdecimal() else number
    if type(number) is not int or number < LEAST or number % STEP:
        bad(f"The throughput has to be at least {LEAST} and a multiple of {STEP}.")
    return {"throughput": number}


def complete(wanted: Body, key: str) -> Body:
    """An offer's document, with the limits that Azure shows."""
    most = (wanted.get("autoscaleSettings") or {}).get("maxThroughput")
    least = LEAST if most is None else max(LEAST_AUTOSCALE, most // 10)
    soft = 1_000_000 if key.rsplit("/", 4)[1] in SHARED else 100_000
    return {
        **wanted,
        "minimumThroughput": str(least),
        "instantMaximumThroughput": "10000",
        "softAllowedMaximumThroughput": str(soft),
    }


def check(write: Write, options: Body) -> None:
    """Refuse throughput that a new database or container cannot have, and note what it will get in `write.hidden`."""
    if not isinstance(options, dict):
        bad("The options have to be an object.")
    wanted = amounts(options)
    account = account_of(write, write.key)
    if account is not None and serverless(account.body):
        if wanted:
            bad("Setting offer throughput or autopilot on container is not supported for serverless accounts.")
    elif not wanted and write.kind.key.rpartition("/")[2] not in SHARED:
        above = write.key.rpartition("/")[0].rpartition("/")[0]
        if not write.store.exists(f"{above}/throughputsettings/default"):
            wanted = {"throughput": DEFAULT}
    write.hidden["offer"] = wanted


def make(write: Write) -> None:
    """Store the offer of a new database or container."""
    wanted = write.hidden.get("offer")
    if write.before is not None or not wanted:
        return
    id = f"{write.id}/throughputSettings/default"
    kind = f"{write.kind.type}/throughputSettings"
    row = Resource(
        0, id.lower(), id, kind.lower(), write.key, write.subscription, "", write.guid(), write.api_version, write.now, write.now,
        None, None, None,
    )  # fmt: skip
    row.body = {"id": id, "type": kind, "name": "default", "properties": {"resource": complete(wanted, id.lower())}}
    write.store.insert(row)


def _none(name: str) -> tuple[str, str]:
    return "NotFound", f"There is no throughput called {name} here: none was asked for when the resource was created."
