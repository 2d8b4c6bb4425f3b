"""What a running function app depends on; when any of it changes, the app is started again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions import settings
from azlabs.simulator.functions.model import Package
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.web.base import PLAN_KEY, SITE_KEY, SLOT_KEY, is_function
from azlabs.simulator.providers.web.plans import tier_of
from azlabs.simulator.providers.web.shown import host_name, site_and_slot

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

PackageOf = Callable[["Simulator", str], Package | None]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Equal inputs run the same app. `variables`: what its code reads; `problems`: references that were not resolved."""

    site_id: str
    host: str
    tier: str
    runtime: str
    version: str
    """Of the language, as the site asks for it; "" when it does not."""
    package: Package
    variables: tuple[tuple[str, str], ...]
    problems: tuple[tuple[str, str], ...]
    identity: str
    restarts: int
    refused: str = ""
    """What of the site is not modelled, as a sentence."""

    @property
    def name(self) -> str:
        """The site's name, with the slot's where it is one."""
        return name_of(self.site_id)


def name_of(site_id: str) -> str:
    """The name of an app by the id of its site or slot."""
    site, slot = site_and_slot(site_id)
    return f"{site}-{slot}" if slot else site


def sites(simulator: Simulator) -> list[Resource]:
    """Function apps and their slots."""
    with simulator.store.lock:
        rows = simulator.store.select("type IN (?,?)", (SITE_KEY, SLOT_KEY))
    return [row for row in rows if is_function(row.body)]


def inputs_of(simulator: Simulator, site: Resource, package: Package) -> Inputs:
    """The inputs of an app as they are now."""
    with simulator.store.lock:
        stored = {
            name: _stored(simulator, site.key, name)
            for name in ("appsettings", "connectionstrings", "web", "authsettingsV2")
        }
        plan_id = str((site.body.get("properties") or {}).get("serverFarmId", "")).lower()
        plan = simulator.store.get(plan_id)
    properties = site.body.get("properties") or {}
    host = host_name(site.id)
    tier = tier_of(plan.body if plan is not None and plan.type == PLAN_KEY else None).name
    resolved = settings.resolved(simulator, site, stored["appsettings"])
    variables = {
        **settings.platform(site, host, tier),
        **settings.connection_strings(stored["connectionstrings"]),
        **resolved.values,
    }
    identity = site.body.get("identity") or {}
    return Inputs(
        site.id, host, tier, *_runtime(properties, stored), package,
        tuple(sorted(variables.items())), tuple(sorted(resolved.problems.items())),
        dumps([identity.get("principalId"), identity.get("userAssignedIdentities")]), int(site.hidden.get("restarts", 0)),
        _refused(stored),
    )  # fmt: skip


def is_running(site: Resource) -> bool:
    """Is the site started?"""
    return str((site.body.get("properties") or {}).get("state", "Running")).lower() == "running"


def _stored(simulator: Simulator, key: str, name: str) -> dict[str, Any]:
    row = simulator.store.get(f"{key}/config/{name.lower()}")
    found: dict[str, Any] = (row.body.get("properties") or {}) if row is not None else {}
    return found


def _runtime(properties: dict[str, Any], stored: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """The language that the app runs in, and its version."""
    flex = (properties.get("functionAppConfig") or {}).get("runtime") or {}
    linux, _, version = str(stored["web"].get("linuxFxVersion") or "").partition("|")
    name = flex.get("name") or stored["appsettings"].get("FUNCTIONS_WORKER_RUNTIME") or linux or "python"
    return str(name).lower(), str(flex.get("version") or version)


def _refused(stored: dict[str, dict[str, Any]]) -> str:
    enabled = ((stored["authsettingsV2"].get("platform") or {}).get("enabled")) is True
    return (
        "App Service authentication in front of a function app is not modelled by the simulator; switch it off."
        if enabled
        else ""
    )
