"""Solutions of a workspace, which the service calls intelligence packs: what is offered, what is on."""

from __future__ import annotations

import json
from email.utils import formatdate
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

FOLDER = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights"
    "/workspaces/{workspace}/intelligencePacks"
)
ALWAYS = ("AzureResources", "LogManagement")
"""On in every workspace from the start."""


@cache
def offered() -> dict[str, str]:
    """{name: what is shown for it} of the solutions that a workspace can turn on."""
    found: dict[str, str] = json.loads(files(__package__).joinpath("solutions.json").read_text("utf-8"))
    return found


def packs(call: Call) -> Answer:
    """All solutions, those that are on with the time since when."""
    mine = _workspace(call).hidden.get("packs") or {}
    shown = [_shown(name, title, mine.get(name)) for name, title in offered().items()]
    return Answer(200, {"Content-Type": "application/json; charset=utf-8"}, dumps(shown).encode())


def _shown(name: str, title: str, state: Body | None) -> Body:
    since = {"modifiedDate": state["modified"], "createdDate": state["created"]} if state else {}
    return {"displayname": title, "enabled": state["on"] if state else name in ALWAYS, **since, "name": name}


def enable(call: Call) -> Answer:
    """Turn a solution on."""
    return _turn(call, on=True)


def disable(call: Call) -> Answer:
    """Turn a solution off."""
    return _turn(call, on=False)


def _turn(call: Call, *, on: bool) -> Answer:
    row = _workspace(call)
    name = next((name for name in offered() if name.lower() == call.values["pack"].lower()), "")
    if not name:
        refuse("InvalidParameter", f"The intelligence pack '{call.values['pack']}' is not offered.")
    hidden, now = row.hidden, formatdate(call.now, usegmt=True)
    mine = hidden.setdefault("packs", {})
    mine[name] = {"on": on, "created": (mine.get(name) or {}).get("created", now), "modified": now}
    with call.store.writing():
        row.hidden_text = dumps(hidden)
        call.store.update(row)
    return Answer(200)


def _workspace(call: Call) -> Resource:
    row = call.store.get("/" + "/".join(call.route.segments[:8]).lower())
    if row is None:
        name, group = call.values["workspace"], call.values["group"]
        raise Refused(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.OperationalInsights/workspaces/{name}' under resource group '{group}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return row


ENDPOINTS = [
    Endpoint("GET", FOLDER, packs),
    Endpoint("POST", f"{FOLDER}/{{pack}}/Enable", enable),
    Endpoint("POST", f"{FOLDER}/{{pack}}/Disable", disable),
]
