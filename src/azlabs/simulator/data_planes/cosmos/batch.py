"""Transactional batches: up to 100 operations on items of one partition key, all or none."""

from __future__ import annotations

import json
from typing import Any

from azlabs.simulator.data_planes.cosmos import access, charges, items
from azlabs.simulator.data_planes.cosmos.asking import Asking, answer
from azlabs.simulator.data_planes.cosmos.errors import bad, refused, too_large
from azlabs.simulator.data_planes.cosmos.patch import patch
from azlabs.simulator.data_planes.cosmos.places import Container
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.resource_manager.errors import Refused

MOST = 100
ACTIONS = {"Create": "create", "Upsert": "upsert", "Replace": "replace", "Delete": "delete", "Read": "read", "Patch": "replace"}


class _Failed(Exception):
    """Takes the transaction back; the results are known already."""


def batch(asking: Asking, container: Container) -> Answer:
    """Run a batch: 200 with a result for each operation, 207 when one failed."""
    key = items.required_key(asking, container)
    operations = asking.json()
    if not isinstance(operations, list) or not operations or not all(isinstance(one, dict) for one in operations):
        raise bad("The batch request has no operations.")
    if len(operations) > MOST:
        raise bad(f"Batch request has more operations than what is supported: the limit is {MOST}.")
    if len(asking.body) > items.LARGEST:
        raise too_large()
    scope = f"/dbs/{container.database}/colls/{container.name}"
    for one in operations:
        if one.get("operationType") not in ACTIONS:
            raise bad(f"The operation type '{one.get('operationType')}' of a batch is not supported.")
        access.require(asking, access.ITEMS + ACTIONS[one["operationType"]], scope)
    results: list[dict[str, Any]] = []
    try:
        with items.Writing(asking, container) as writing:
            for one in operations:
                results.append(_one(writing, key, one))
                if results[-1]["statusCode"] >= 400:
                    raise _Failed
    except _Failed:
        failed = len(results) - 1
        results = [
            results[failed] if place == failed else {"statusCode": 424, "requestCharge": 0} for place in range(len(operations))
        ]
    charge = round(sum(one["requestCharge"] for one in results), 2)
    status = 207 if any(one["statusCode"] >= 400 for one in results) else 200
    return answer(dumps(results), status, charge, x_ms_item_count=str(len(results)), lsn=str(writing.lsn))


def _one(writing: items.Writing, key: str, one: dict[str, Any]) -> dict[str, Any]:
    try:
        found = _run(writing, key, one)
    except Refused as refusal:
        result: dict[str, Any] = {"statusCode": refusal.status, "requestCharge": 1.24, "message": refusal.message}
        substatus = refusal.headers.get("x-ms-substatus")
        return {**result, "subStatusCode": int(substatus)} if substatus else result
    result = {"statusCode": found.status, "requestCharge": found.charge}
    if found.etag:
        result["eTag"] = found.etag
    if found.text:
        result["resourceBody"] = json.loads(found.text)
    return result


def _run(writing: items.Writing, key: str, one: dict[str, Any]) -> items.Outcome:
    kind, id, body = one["operationType"], one.get("id"), one.get("resourceBody")
    match = str(one.get("ifMatch") or "")
    if kind in ("Create", "Upsert"):
        item = items.check_item(body, len(dumps(body)))
        return items.put(writing, item, key, kind.lower(), match=match)
    if not isinstance(id, str):
        raise bad("The id of a batch operation is missing.")
    if kind == "Read":
        _, etag, _, _, text = items.read(writing.asking, writing.container, key, id)
        if one.get("ifNoneMatch") == etag:
            raise refused(304, "NotModified", "")
        return items.Outcome(200, text, etag, charges.read(len(text)))
    if kind == "Delete":
        return items.delete(writing, key, id, match)
    if kind == "Patch":
        return patch(writing, key, id, body, match)
    return items.put(writing, items.check_item(body, len(dumps(body))), key, "replace", id, match)
