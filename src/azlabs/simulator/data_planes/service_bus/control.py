"""Changes of entities that come in over the data plane: made by Resource Manager, so that there is one truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.service_bus import errors
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.sql import BadSql, parse_action, parse_filter
from azlabs.simulator.fault_answers import FORWARDED
from azlabs.simulator.http import Answer, Request

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

API_VERSION = "2024-01-01"


def arm(simulator: Simulator, method: str, id: str, body: dict[str, Any] | None = None) -> Answer:
    """A request to Resource Manager in the name of the service."""
    headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json", FORWARDED: "1"}
    raw = json.dumps(body).encode() if body is not None else None
    return simulator.handle(
        Request(method, f"https://management.azure.com{id}?api-version={API_VERSION}", headers, raw)
    )


def check_rule(properties: dict[str, Any]) -> None:
    """Refuse a rule whose filter or action cannot be read."""
    try:
        if str(properties.get("filterType", "SqlFilter")) == "SqlFilter":
            parse_filter((properties.get("sqlFilter") or {}).get("sqlExpression") or "1=1")
        text = (properties.get("action") or {}).get("sqlExpression")
        if text:
            parse_action(text)
    except BadSql as problem:
        raise Refusal(errors.ARGUMENT, str(problem)) from None


def rule(simulator: Simulator, subscription_key: str, method: str, name: str, properties: dict[str, Any] | None) -> int:
    """Make or delete a rule. Raises `Refusal`."""
    id = f"{subscription_key}/rules/{name}"
    exists = simulator.store.get(id.lower()) is not None
    if method == "PUT" and exists:
        raise Refusal(errors.EXISTS, f"The messaging entity '{name}' already exists.")
    if method == "DELETE" and not exists:
        raise Refusal(errors.NOT_FOUND, f"The rule '{name}' could not be found.")
    if properties is not None:
        check_rule(properties)
    answer = arm(simulator, method, id, {"properties": properties} if properties is not None else None)
    if answer.status >= 400:
        problem = (answer.json() or {}).get("error") or {}
        raise Refusal(errors.ARGUMENT, str(problem.get("message", "The rule was refused.")))
    return answer.status
