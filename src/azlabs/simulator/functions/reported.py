"""What the host tells the control plane: the functions that an app declares, as resources below its site."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.model import Function
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.web.base import SLOT_KEY
from azlabs.simulator.providers.web.children import new_key
from azlabs.simulator.records import Resource

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

API_VERSION = "2023-12-01"
MARK = "declared"
"""In the hidden part of a function's row: what the app declared; functions that somebody put there have none."""


def write(app: App) -> None:
    """Make the functions below the site those that the app declares; writes only what differs."""
    store = app.simulator.store
    with store.lock:
        site = store.get(app.site_key)
        kind = f"{site.type if site is not None else SLOT_KEY}/functions"
        stored = {row.key: row for row in store.at_scope(app.site_key, kind)}
        wanted = {
            f"{app.site_key}/functions/{name.lower()}": _properties(app, one) for name, one in app.functions.items()
        }
        gone = [row for key, row in stored.items() if key not in wanted and MARK in row.hidden]
        new = {
            key: value
            for key, value in wanted.items()
            if key not in stored or stored[key].hidden.get(MARK) != dumps(value)
        }
        if site is None or not (gone or new):
            return
        with store.writing():
            for row in gone:
                store.delete(row.key)
            for key, properties in new.items():
                _put(app, site, stored.get(key), kind, properties)


def _put(app: App, site: Resource, row: Resource | None, kind: str, properties: dict[str, Any]) -> None:
    store, now, name = app.simulator.store, app.now(), str(properties["name"])
    id = f"{site.id}/functions/{name}"
    fresh = row is None
    if row is None:
        row = Resource(
            0,
            id.lower(),
            id,
            kind,
            site.key,
            site.subscription,
            "",
            str(uuid.uuid4()),
            API_VERSION,
            now,
            now,
            None,
            None,
            None,
        )
    hidden = row.hidden
    hidden.setdefault("keys", {"default": new_key()})
    row.hidden_text = dumps({**hidden, MARK: dumps(properties)})
    row.changed = now
    row.body = {
        "id": id,
        "name": f"{app.name}/{name}",
        "type": "Microsoft.Web/sites/functions",
        "properties": properties,
    }
    if fresh:
        store.insert(row)
    else:
        store.update(row)


def _properties(app: App, function: Function) -> dict[str, Any]:
    root = f"https://{app.host}/admin/vfs/home/site/wwwroot"
    found: dict[str, Any] = {
        "name": function.name, "function_app_id": None, "script_root_path_href": f"{root}/", "script_href": f"{root}/{function.script}",
        "config_href": None, "test_data_href": None, "secrets_file_href": None,
        "href": f"https://{app.host}/admin/functions/{function.name}",
        "config": {
            "name": function.name, "entryPoint": function.name, "scriptFile": function.script, "language": "python",
            "functionDirectory": "/home/site/wwwroot", "bindings": [dict(one) for one in function.bindings],
        },
        "files": None, "test_data": "", "language": "python", "isDisabled": function.disabled, "invoke_url_template": None,
    }  # fmt: skip
    if function.kind == "httpTrigger":
        prefix = app.host_json.route_prefix
        route = str(function.trigger.get("route") or function.name).strip("/")
        found["invoke_url_template"] = f"https://{app.host}/{prefix + '/' if prefix else ''}{route}"
    return found
