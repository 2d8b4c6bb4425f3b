"""Jobs of a vault, and the operations that lead to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.providers.recovery_services.base import JOB, NEVER, VAULT_PATH, Part, vault_of
from azlabs.simulator.providers.recovery_services.policies import lookup
from azlabs.simulator.resource_manager import filters, operations, reads
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call


class BackupJobs(Part):
    """What was done in a vault; every job is over by the time anybody asks."""

    type = JOB
    methods = frozenset({"GET", "HEAD"})

    def handle(self, call: Call) -> Answer | None:
        """A list of jobs may be asked for some; the newest come first."""
        if call.method != "GET" or len(call.route.names) == len(call.route.types):
            return None
        vault = vault_of(call)
        wanted = filters.parse(call.query["$filter"], lookup) if "$filter" in call.query else None
        rows = call.store.at_scope(vault.key, self.key)[::-1]
        shown = [_brief(row.copy()) for row in rows]
        return reads.page(call, [dumps(one) for one in shown if wanted is None or wanted(one)], None)


def _brief(body: Body) -> Body:
    body["properties"].pop("extendedInfo", None)
    return body


def status(call: Call) -> Any:
    """An operation on a vault's items, with the job that it started."""
    operation = _operation(call)
    waiting = operations.one_poll_less(call, operation)
    done = not waiting and operations.advance(call, operation).finished is not None
    body: Body = {
        "id": operation.id,
        "name": operation.id,
        "status": "Succeeded" if done else "InProgress",
        "startTime": stamp(operation.created),
        "endTime": stamp(operation.created) if done else NEVER,
    }
    if done and operation.data.get("properties"):
        body["properties"] = operation.data["properties"]
    return json_answer(body, 200, {} if done else {"retry-after-ms": "1"})


def result(call: Call) -> Answer:
    """204 once an operation is done."""
    operation = _operation(call)
    waiting = operations.one_poll_less(call, operation)
    return Answer(202, {"Location": call.url(), "retry-after-ms": "1"}) if waiting else Answer(204)


def _operation(call: Call) -> operations.Operation:
    vault = vault_of(call)
    operation = operations.load(call, call.values["operation"])
    if operation is None or not operation.key.startswith(vault.key):
        refuse(
            "BMSUserErrorOperationNotFound", f"The operation '{call.values['operation']}' was not found.", status=404
        )
    return operation


ENDPOINTS = [
    Endpoint("GET", f"{VAULT_PATH}/backupOperations/{{operation}}", status),
    Endpoint("GET", f"{VAULT_PATH}/backupOperationResults/{{operation}}", result),
]
