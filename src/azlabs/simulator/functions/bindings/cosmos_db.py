"""Cosmos DB: an item, or the items of a query, as input; items as output."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.bindings import cosmos_account, values
from azlabs.simulator.functions.model import Datum, Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

Binding = Mapping[str, Any]
DEFAULT = "CosmosDB"
_EXPRESSION = re.compile(r"\{([^{}]*)\}")


def read(app: App, function: Function, binding: Binding, given: Mapping[str, Any]) -> Datum | None:  # noqa: ARG001
    """One item by `id` and `partitionKey` (None when there is none), the results of `sqlQuery`, or everything."""
    account = cosmos_account.of_connection(app, connection_name(binding))
    database, name = place(app, binding, given)
    id, query, key = (str(binding.get(member) or "") for member in ("id", "sqlQuery", "partitionKey"))
    wanted = app.expand(key, given) if key else None
    if id and query:
        raise FunctionProblem(f"The binding '{binding['name']}' has both an id and a sqlQuery; Cosmos DB takes one of them.")
    if not id:
        text, parameters = _parameters(app, query or "SELECT * FROM c", given)
        return Datum("json", json.dumps(account.query(database, name, text, parameters, wanted)))
    if wanted is None:
        raise FunctionProblem(f"The binding '{binding['name']}' looks up an item by id and needs its partitionKey, too.")
    item = account.item(database, name, app.expand(id, given), wanted)
    return None if item is None else Datum("json", json.dumps(item))


def write(app: App, function: Function, binding: Binding, datum: Datum, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Create or replace each item."""
    account = cosmos_account.of_connection(app, connection_name(binding))
    database, name = place(app, binding, given)
    items = values.documents(datum, f"The binding '{binding['name']}'")
    if items and truth(binding.get("createIfNotExists")) and account.container(database, name) is None:
        account.create(database, name, str(binding.get("partitionKey") or "/id"))
    for item in items:
        account.put(database, name, item)


def check(app: App, function: Function, binding: Binding) -> None:
    """Raise `FunctionProblem` when the binding cannot work."""
    if not binding.get("databaseName") or not (binding.get("containerName") or binding.get("collectionName")):
        raise FunctionProblem(f"The Cosmos DB binding of function '{function.name}' names no database and container.")
    cosmos_account.of_connection(app, connection_name(binding))


def connection_name(binding: Binding, member: str = "connection") -> str:
    """The connection of a binding; older extensions call it a connection string setting."""
    return str(binding.get(member) or binding.get(f"{member}StringSetting") or DEFAULT)


def place(app: App, binding: Binding, given: Mapping[str, Any]) -> tuple[str, str]:
    """(database, container)."""
    container = str(binding.get("containerName") or binding.get("collectionName"))
    return app.expand(str(binding["databaseName"]), given), app.expand(container, given)


def truth(value: Any) -> bool:
    """A switch of a binding, which may be text."""
    return str(value).lower() == "true"


def _parameters(app: App, query: str, given: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """A query whose {expressions} are parameters: what a caller sends never becomes part of the text."""
    found: dict[str, Any] = {}

    def one(match: re.Match[str]) -> str:
        name = "@" + re.sub(r"\W", "_", match[1].strip())
        direct = next((value for key, value in given.items() if key.lower() == match[1].strip().lower()), None)
        found[name] = direct if isinstance(direct, (bool, int, float)) else app.expand(match[0], given)
        return name

    text = _EXPRESSION.sub(one, app.setting(query))
    return text, [{"name": name, "value": value} for name, value in found.items()]
