"""Components and workspaces as ingestion and queries need them: rows of the control plane, remembered until those change."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.insights.components import COMPONENT
from azlabs.simulator.providers.operational_insights.workspaces import WORKSPACE

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

RETENTION_DAYS = 90
"""Of a component whose workspace is Azure's own."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """`customer` is the id by which queries name it."""

    key: str
    id: str
    customer: str
    days: int
    cap: float
    queries: bool
    ingestion: bool


@dataclass(frozen=True, slots=True)
class Component:
    """`workspace` is the key of the workspace that keeps its data, which may be one that Azure manages."""

    key: str
    id: str
    name: str
    ikey: str
    app: str
    location: str
    workspace: str
    local_auth: bool
    ingestion: bool
    queries: bool
    cap: float
    masks_addresses: bool
    days: int


@dataclass(slots=True)
class Known:
    """What was read of the control plane at a generation of the store."""

    generation: Any = None
    components: dict[str, Component] = field(default_factory=dict)
    """By instrumentation key."""
    apps: dict[str, Component] = field(default_factory=dict)
    """By application id, and by key."""
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    """By customer id, and by key."""


_known: weakref.WeakKeyDictionary[Simulator, Known] = weakref.WeakKeyDictionary()


def known(simulator: Simulator) -> Known:
    """Components and workspaces as they are now."""
    found = _known.get(simulator)
    if found is None:
        found = _known[simulator] = Known()
    store = simulator.store
    generation = store.generation()
    if found.generation != generation:
        _read(simulator, found)
        found.generation = generation
    return found


def _read(simulator: Simulator, found: Known) -> None:
    workspaces: dict[str, Workspace] = {}
    for row in simulator.store.of_type(WORKSPACE.lower()):
        mine = row.body["properties"]
        cap = (mine.get("workspaceCapping") or {}).get("dailyQuotaGb", -1)
        one = Workspace(
            row.key, row.id, str(mine.get("customerId", "")).lower(), int(mine.get("retentionInDays") or 30),
            float(cap if cap is not None else -1),
            mine.get("publicNetworkAccessForQuery") != "Disabled", mine.get("publicNetworkAccessForIngestion") != "Disabled",
        )  # fmt: skip
        workspaces[one.key] = workspaces[one.customer] = one
    components: dict[str, Component] = {}
    apps: dict[str, Component] = {}
    for row in simulator.store.of_type(COMPONENT.lower()):
        mine = row.body["properties"]
        plan = simulator.store.get(f"{row.key}/pricingplans/current")
        cap = float((plan.body["properties"].get("cap") or 0) if plan is not None else 0)
        component = Component(
            row.key, row.id, str(mine.get("Name") or row.id.rpartition("/")[2]), str(mine.get("InstrumentationKey", "")).lower(),
            str(mine.get("AppId", "")).lower(), row.location, str(mine.get("WorkspaceResourceId", "")).lower(),
            not mine.get("DisableLocalAuth"), mine.get("publicNetworkAccessForIngestion") != "Disabled",
            mine.get("publicNetworkAccessForQuery") != "Disabled", cap, not mine.get("DisableIpMasking"),
            int(mine.get("RetentionInDays") or RETENTION_DAYS),
        )  # fmt: skip
        components[component.ikey] = component
        apps[component.app] = apps[component.key] = component
    found.workspaces, found.components, found.apps = workspaces, components, apps


def named(simulator: Simulator, text: str) -> Workspace | None:
    """A workspace by its customer id, its resource id or its name."""
    workspaces = known(simulator).workspaces
    wanted = text.strip().lower()
    found = workspaces.get(wanted) or workspaces.get(f"/{wanted.strip('/')}")
    if found is not None:
        return found
    same = {one.key: one for one in workspaces.values() if one.key.endswith(f"/workspaces/{wanted}")}
    return next(iter(same.values())) if len(same) == 1 else None
