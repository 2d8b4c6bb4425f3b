"""Setting and deleting keys of function apps, and telling the platform of their triggers.

https://learn.microsoft.com/rest/api/appservice/web-apps/create-or-update-host-secret
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.providers.web.base import SITE, app_of, is_function
from azlabs.simulator.providers.web.children import host_keys, new_key
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

KINDS = {"functionkeys": "functionKeys", "systemkeys": "systemKeys"}
MASTER = "_master"


def set_host_key(call: Call) -> Answer:
    """Make or change a key of the host: for all functions (`functionKeys`), or for extensions (`systemKeys`)."""
    keys, kind, name = host_keys(call), call.values["kind"].lower(), call.values["key"]
    value = _given(call)
    if kind == "masterkey":
        keys["masterKey"] = value
        new = False
    else:
        group = keys[_kind(kind)]
        new = name not in group
        group[name] = value
    _store(call, app_of(call), {"keys": keys})
    return _answer(call, name, value, new)


def delete_host_key(call: Call) -> Answer:
    """Take a key away; the master key stays."""
    keys, kind, name = host_keys(call), call.values["kind"].lower(), call.values["key"]
    if kind == "masterkey" or keys[_kind(kind)].pop(name, None) is None:
        raise Refused(404, "NotFound", f"Cannot find key with name {name}.")
    _store(call, app_of(call), {"keys": keys})
    return Answer(204)


def set_function_key(call: Call) -> Answer:
    """Make or change a key of one function."""
    row, name = _function(call), call.values["key"]
    keys = dict(row.hidden.get("keys") or {})
    new = name not in keys
    keys[name] = value = _given(call)
    _store(call, row, {"keys": keys})
    return _answer(call, name, value, new)


def delete_function_key(call: Call) -> Answer:
    """Take a key of one function away."""
    row, name = _function(call), call.values["key"]
    keys = dict(row.hidden.get("keys") or {})
    if keys.pop(name, None) is None:
        raise Refused(404, "NotFound", f"Cannot find key with name {name}.")
    _store(call, row, {"keys": keys})
    return Answer(204)


def sync(call: Call) -> Answer:
    """The platform asks the host for its triggers; here the host has told it already."""
    if not is_function(app_of(call).body):
        refuse("BadRequest", "The site is not a function app.")
    return Answer(204)


def _kind(text: str) -> str:
    if text not in KINDS:
        refuse("BadRequest", f"'{text}' is no kind of keys: masterKey, functionKeys or systemKeys.")
    return KINDS[text]


def _given(call: Call) -> str:
    """The value that a request gives, else a new one."""
    body = call.json()
    properties: Any = body.get("properties") or body
    value = properties.get("value") if isinstance(properties, dict) else None
    if value is not None and not isinstance(value, str):
        refuse("BadRequest", "The value of a key has to be a text.")
    return value or new_key()


def _function(call: Call) -> Resource:
    app, name = app_of(call), call.values["function"]
    row = call.store.get(f"{app.key}/functions/{name.lower()}")
    if row is None:
        raise Refused(404, "NotFound", f"Cannot find function with name {name}.")
    return row


def _store(call: Call, row: Resource, hidden: Body) -> None:
    with call.store.writing():
        row.hidden_text = dumps({**row.hidden, **hidden})
        call.store.update(row)


def _answer(call: Call, name: str, value: str, new: bool) -> Answer:
    body = {
        "id": call.path(), "name": name, "type": f"{SITE}/host/keys", "properties": {"name": name, "value": value},
        # Programs of older api-versions look for these at the top.
        "value": value,
    }  # fmt: skip
    return json_answer(body, 201 if new else 200)


_ROOT = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}"
ENDPOINTS = [
    endpoint
    for root in (_ROOT, f"{_ROOT}/slots/{{slot}}")
    for endpoint in (
        Endpoint("PUT", f"{root}/host/default/{{kind}}/{{key}}", set_host_key),
        Endpoint("DELETE", f"{root}/host/default/{{kind}}/{{key}}", delete_host_key),
        Endpoint("PUT", f"{root}/functions/{{function}}/keys/{{key}}", set_function_key),
        Endpoint("DELETE", f"{root}/functions/{{function}}/keys/{{key}}", delete_function_key),
        Endpoint("POST", f"{root}/host/default/sync", sync),
        Endpoint("POST", f"{root}/host/default/listsyncstatus", sync),
    )
]
