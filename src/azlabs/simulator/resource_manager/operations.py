"""Long-running operations: a row that is advanced by whoever asks next, in whatever process.

Work that is only announced as long (most writes) is done when it is accepted; its operation completes at the first poll,
or after `latency` seconds when the simulator has one. Work that really takes several steps (a deployment) registers a
worker for its `kind` and is advanced on every poll and read.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.faults import FOR_EVER
from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.resource_manager import paths, registry
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call
    from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

_log = logging.getLogger(__name__)

FOLDERS = frozenset({
    "operations", "operationresults", "operationstatuses", "operationsstatus", "asyncoperations", "azureasyncoperation",
    "asyncoperationresults", "azureasyncoperations", "operationstatus", "azureasyncoperationresults", "asyncoperationstatus",
    "deploymentstackoperationstatus", "deploymentstackoperationresults", "privatednsoperationstatuses", "privatednsoperationresults",
    "dnsoperationstatuses", "dnsoperationresults", "managedhsmoperationresults",
    "operationid", "capsoperations", "operationresult", "dnsresolveroperationstatuses", "dnsresolveroperationresults",
    "nfvoperations", "nfvoperationresults", "namespaceoperationresults", "clusteroperationresults", "diskoperations",
    "mongoclusterazureasyncoperation", "mongoclusteroperationresults",
    "managedenvironmentoperationstatuses", "managedenvironmentoperationresults", "containerappoperationstatuses",
    "containerappoperationresults", "containerappsjoboperationstatuses", "containerappsjoboperationresults",
    "managedcertificateoperationstatuses",
})  # fmt: skip
"""Last folder of the URLs that poll operations."""


KEPT_SECONDS = 7 * 86400.0
PRUNED_EVERY = 1000


@dataclass(slots=True)
class Operation:
    """A row of `operations`. `data`: {"method", "type", "api_version", "shape", "result"?, "error"?, "work"?}."""

    id: str
    kind: str
    key: str
    status: str
    created: float
    ready: float
    finished: float | None
    data: dict[str, Any]


LINGER = 2.0
"""Seconds after which a delete that waits to be polled (`Announce.lingers`) is done although nobody did."""

Worker = Callable[["Call", Operation], str]
"""Does the next piece of an operation's work and returns its status (InProgress words, Succeeded, Failed, Canceled);
may set `data["error"]` ({"code", "message"}) and `data["result"]` (JSON for the Location URL)."""

WORKERS: dict[str, Worker] = {}
"""A worker named like a namespace ("microsoft.policyinsights") is loaded with it."""
FINAL = frozenset({"Succeeded", "Failed", "Canceled"})
OWN_PACE = frozenset({"microsoft.resources/deployments", "microsoft.resources/deploymentstacks"})
"""Types whose own reads and writes move their work on."""


def start(
    call: Call, kind: ResourceType, key: str, announce: Announce, *, location: str = "", method: str = "", worker: str = "",
    data: dict[str, Any] | None = None, id: str = "",
) -> dict[str, str]:  # fmt: skip
    """Note an accepted operation on the resource `key`; the headers that announce it."""
    id = id or str(uuid.uuid4())
    store, latency = call.store, call.manager.latency(kind.type, method or call.method)
    facts = {
        "method": method or call.method,
        "type": kind.type,
        "api_version": call.api_version,
        "shape": kind.operation_body,
        **call.operation,
        **(data or {}),
    }
    polls = announce.polls - (call.api_version < kind.waits_since)
    if polls > 0:
        facts["polls"], facts["waiting"] = polls, (announce.waiting or kind.operation_waiting)[-polls:]
    if kind.operation_running != 200:
        facts["running"] = kind.operation_running
    if len(announce.headers) == 2 and kind.operation_paths[0] == kind.operation_paths[1]:
        facts["shared"] = True
    if announce.lingers and facts.get("work") == "delete":
        latency = max(latency, LINGER)
    fault = call.manager.faults.of_operations
    if fault is not None and fault.kind == "operation-fails" and not worker:
        facts |= {"status": "Failed", "error": {"code": fault.code, "message": fault.message}}
    elif fault is not None and worker:
        latency = max(latency, FOR_EVER if fault.kind == "operation-hangs" else 0.0)
    done = not worker and not latency
    status, finished = (facts.get("status", "Succeeded"), call.now) if done else ("InProgress", None)
    store.sql.execute(
        "INSERT INTO operations VALUES (?,?,?,?,?,?,?,?)",
        (id, worker, key, status, call.now, call.now + latency, finished, dumps(facts)),
    )
    store.changes += 1
    if store.changes % PRUNED_EVERY == 0:
        store.sql.execute("DELETE FROM operations WHERE finished<?", (call.now - KEPT_SECONDS,))
    return announcement(call, kind, id, announce, location, result="result" in facts)


def announcement(
    call: Call, kind: ResourceType, id: str, announce: Announce, location: str = "", *, result: bool = False
) -> dict[str, str]:
    """Azure-AsyncOperation, Location and Retry-After for an operation. Where both are one URL, a `result` has to be
    asked for by `monitor=true`."""
    headers: dict[str, str] = {}
    alone = announce.headers == ("location",)
    monitored = (result or alone) and kind.operation_paths[0] == kind.operation_paths[1]
    for header, template in zip(("azure-asyncoperation", "location"), kind.operation_paths, strict=True):
        if header in announce.headers:
            url = f"{call.base}{_polling_path(call, kind, template, id, location)}?api-version={call.api_version}"
            if header == "location" and monitored:
                url += "&monitor=true"
            headers["Azure-AsyncOperation" if header == "azure-asyncoperation" else "Location"] = url
    if headers:
        if announce.retry_after is not None:
            headers["Retry-After"] = str(announce.retry_after)
        headers["retry-after-ms"] = "1"
    return headers


def _polling_path(call: Call, kind: ResourceType, template: str, id: str, location: str) -> str:
    namespace = kind.type.partition("/")[0]
    if not template.startswith(("/", "{path}")):
        root = "/subscriptions/{subscription}" if call.route.subscription else ""
        template = f"{root}/providers/{{namespace}}/locations/{{location}}/{template}/{{id}}"
    return template.format(
        subscription=call.route.subscription,
        group=call.group_name(),
        location=location or "global",
        namespace=namespace,
        id=id,
        name=call.name,
        path=call.path(),
        verb="delete" if call.method == "DELETE" else "create",
    )


def load(call: Call, id: str) -> Operation | None:
    """The operation with this id."""
    row = call.store.sql.execute(
        "SELECT id, kind, key, status, created, ready, finished, data FROM operations WHERE id=?", (id.lower(),)
    ).fetchone()
    if row is None:
        return None
    id, kind, key, status, created, ready, finished, data = row
    return Operation(id, kind, key, status, created, ready, finished, json.loads(data))


def latest(call: Call, key: str) -> Operation | None:
    """The newest operation on a resource, for polling URLs that name the resource instead of the operation."""
    row = call.store.sql.execute(
        "SELECT id FROM operations WHERE key=? ORDER BY created DESC LIMIT 1", (key.lower(),)
    ).fetchone()
    return load(call, row[0]) if row is not None else None


def one_poll_less(call: Call, operation: Operation) -> bool:
    """Is this one of the first polls, that find the operation running (`Announce.polls`)? Counts it."""
    left = int(operation.data.get("polls", 0))
    if left:
        with call.store.writing():
            operation.data["polls"] = left - 1
            save(call, operation)
    return bool(left)


def unfinished(call: Call, id: str) -> str | None:
    """The provisioning state to show while the announced operation `id` has time left; None when it is over."""
    operation = load(call, id)
    if operation is None or operation.kind or operation.finished is not None or operation.ready <= call.now:
        return None
    return str(operation.data.get("state") or "Updating")


def settle(call: Call) -> None:
    """Finish announced operations whose time has come, and do what was put off until then (deletes)."""
    due = call.store.sql.execute(
        "SELECT id FROM operations WHERE finished IS NULL AND kind='' AND ready<=? ORDER BY ready", (call.now,)
    ).fetchall()
    for (id,) in due:
        with call.store.writing():
            operation = load(call, id)
            if operation is None or operation.finished is not None:
                continue
            operation.status, operation.finished = operation.data.get("status", "Succeeded"), operation.ready
            save(call, operation)
            row = call.store.get(operation.key)
            mine = row is not None and row.pending == id
            call.store.sql.execute("UPDATE resources SET pending=NULL WHERE key=? AND pending=?", (operation.key, id))
            failed = operation.status == "Failed"
            if mine and failed and operation.data["method"] in ("PUT", "PATCH"):
                _fail(call, operation.key)
            if mine and operation.data.get("work") == "delete" and not failed:
                from azlabs.simulator.resource_manager import deletes

                deletes.put_off(call, operation.key)


def _fail(call: Call, key: str) -> None:
    """A resource whose creation or update has failed says so."""
    row = call.store.get(key)
    kind = registry.find(row.type) if row is not None else None
    if row is None or kind is None or kind.state is None:
        return
    body = row.copy()
    paths.put(body, kind.state, "Failed")
    row.body = body
    call.store.update(row)


def hurry(call: Call, operation: Operation) -> Operation:
    """Finish work that only waited to be asked for, unless it has a real duration."""
    held = operation.ready >= FOR_EVER or operation.data.get("status") == "Failed"
    if not held and not call.manager.latency(operation.data["type"], operation.data["method"]):
        with call.store.writing():
            operation.ready = min(operation.ready, call.now)
            save(call, operation)
    settle(call)
    return load(call, operation.id) or operation


def save(call: Call, operation: Operation) -> None:
    """Keep what a worker changed."""
    call.store.sql.execute(
        "UPDATE operations SET status=?, ready=?, finished=?, data=? WHERE id=?",
        (operation.status, operation.ready, operation.finished, dumps(operation.data), operation.id),
    )
    call.store.changes += 1


def advance(call: Call, operation: Operation) -> Operation:
    """Do what is due: run the worker, or see that the time has come."""
    if operation.finished is not None or operation.ready > call.now:
        return operation
    if not operation.kind:
        operation.status, operation.finished = operation.data.get("status", "Succeeded"), operation.ready
        return operation
    with call.store.writing():
        current = load(call, operation.id)
        if current is None or current.finished is not None:
            return current or operation
        if current.kind not in WORKERS:
            registry.load(current.kind)
        current.status = WORKERS[current.kind](call, current)
        if current.status in FINAL:
            current.finished = call.now
        save(call, current)
    return current


def in_background(call: Call) -> None:
    """After a read of something else: move on work that nobody polls, so that the next read finds it done."""
    route = call.route
    if route.type_key in OWN_PACE or (len(route.lowered) > 2 and route.lowered[-2] in FOLDERS):
        return
    due = call.store.sql.execute(
        "SELECT id FROM operations WHERE finished IS NULL AND kind<>'' AND ready<=?", (call.now,)
    ).fetchall()
    for (id,) in due:
        operation = load(call, id)
        if operation is None:
            continue
        try:
            advance(call, operation)
        except Exception:  # a fault of this work is for its own poll to report, never for the read that came by
            _log.exception("work in the background failed: %s", id)


def poll(call: Call, operation: Operation, folder: str) -> Answer:
    """The answer of a polling URL: a status document, or the result for a Location URL."""
    if operation.data.get("polls"):
        return _still_running(call, operation, folder)
    if operation.data.get("work") and operation.finished is None:
        operation = hurry(call, operation)
    operation = advance(call, operation)
    done = operation.finished is not None
    if "result" in folder or call.query.get("monitor") == "true":
        return _result(call, operation) if done else Answer(202, {"Location": call.url(), "retry-after-ms": "1"})
    body: dict[str, Any] = {"status": operation.status}
    shape = operation.data.get("shape")
    if shape != "status":
        body = {
            "id": call.path(), "name": operation.id, "status": operation.status, "startTime": stamp(operation.created),
        }  # fmt: skip
        if operation.finished is not None and shape != "open":
            body["endTime"] = stamp(operation.finished)
    if shape in ("named", "output"):
        del body["id"]
    if shape == "brief":
        body = {member: body[member] for member in ("id", "name", "status")}
    if shape == "output" and operation.status == "Succeeded" and operation.data["method"] in ("PUT", "PATCH"):
        body["properties"] = {"output": json.loads(_result(call, operation).body or b"null")}
    if "error" in operation.data and operation.status != "Succeeded":
        body["error"] = operation.data["error"]
    if operation.data.get("properties") is not None and done:
        body["properties"] = operation.data["properties"]
    if done:
        return json_answer(body)
    running = 202 if operation.data.get("shared") else int(operation.data.get("running", 200))
    return json_answer(body, running, {"retry-after-ms": "1", **({"Location": call.url()} if running == 202 else {})})


def _still_running(call: Call, operation: Operation, folder: str) -> Answer:
    """One of the first polls of work that Azure never finishes at once."""
    with call.store.writing():
        current = load(call, operation.id) or operation
        current.data["polls"] = max(0, int(current.data.get("polls", 0)) - 1)
        save(call, current)
    headers = {"Location": call.url(), "retry-after-ms": "1"}
    if "result" in folder or call.query.get("monitor") == "true":
        return Answer(202, headers)
    running = int(operation.data.get("running", 200))
    words = operation.data["waiting"]
    body = {"status": words[max(0, len(words) - operation.data["polls"])]}
    shape = operation.data.get("shape")
    if shape != "status":
        body = {"id": call.path(), "name": operation.id, **body, "startTime": stamp(operation.created)}
    if shape in ("named", "output"):
        del body["id"]
    if shape == "brief":
        del body["startTime"]
    return json_answer(body, running, headers if running == 202 else {"retry-after-ms": "1"})


def _result(call: Call, operation: Operation) -> Answer:
    error = operation.data.get("error")
    if operation.status != "Succeeded" and error:
        raise Refused(
            int(operation.data.get("error_status", 409)),
            error.get("code", "OperationFailed"),
            error.get("message", ""),
            details=error.get("details"),
        )
    if "result" in operation.data:
        return json_answer(operation.data["result"])
    if operation.data["method"] == "DELETE":
        kind = registry.find(operation.data["type"].lower())
        return Answer(kind.delete_result if kind is not None else 204)
    if "empty" in operation.data:
        return Answer(int(operation.data["empty"]))
    kind = registry.find(operation.data["type"].lower())
    if kind is not None and operation.data["method"] in ("PUT", "PATCH"):
        from azlabs.simulator.resource_manager import reads

        return reads.by_key(call, kind, operation.key)
    return Answer(200)
