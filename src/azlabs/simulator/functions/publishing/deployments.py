"""What was published to an app and how it went: rows that Azure Resource Manager and the deployment engine both show."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.records import Resource

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

PENDING, BUILDING, DEPLOYING, FAILED, SUCCESS = range(5)
"""https://github.com/projectkudu/kudu/wiki/REST-API#deployment"""
KEPT = 10
API_VERSION = "2023-12-01"
Body = dict[str, Any]


@dataclass(slots=True)
class Deployment:
    """One deployment of a site, in the store of its simulator."""

    simulator: Simulator
    key: str

    def row(self) -> Resource | None:
        """Its row; None when the site is gone."""
        with self.simulator.store.lock:
            return self.simulator.store.get(self.key)

    def note(self, message: str, *, status: int | None = None, details: tuple[str, ...] = (), progress: str = "") -> None:
        """Add to its log, and say how far it is."""
        store, now = self.simulator.store, self.simulator.clock.now()
        with store.writing():
            row = store.get(self.key)
            if row is None:
                return
            body, hidden = row.copy(), row.hidden
            mine = body["properties"]
            if status is not None:
                mine["status"] = status
                mine["progress"] = progress
                if status in (FAILED, SUCCESS):
                    mine.update(end_time=stamp(now), complete=True, active=status == SUCCESS)
                    if status == FAILED:
                        mine["status_text"] = message
                    else:
                        mine["last_success_end_time"] = stamp(now)
                        self._only_active()
            entry = {"log_time": stamp(now), "id": str(uuid.uuid4()), "message": message, "type": int(status == FAILED)}
            hidden.setdefault("log", []).append({**entry, "details": list(details)[:400]})
            row.body, row.hidden_text, row.changed = body, dumps(hidden), now
            store.update(row)

    def _only_active(self) -> None:
        store = self.simulator.store
        for other in rows(self.simulator, self.key.rpartition("/deployments/")[0]):
            if other.key != self.key and other.body["properties"].get("active"):
                body = other.copy()
                body["properties"]["active"] = False
                other.body = body
                store.update(other)


def begin(simulator: Simulator, site: Resource, deployer: str, message: str) -> Deployment:
    """Note a new deployment of a site; the oldest beyond `KEPT` are forgotten."""
    store, now = simulator.store, simulator.clock.now()
    name = str(uuid.uuid4())
    id = f"{site.id}/deployments/{name}"
    properties: Body = {
        "id": name, "status": PENDING, "status_text": "", "author_email": "N/A", "author": "N/A", "deployer": deployer,
        "message": message, "progress": "", "received_time": stamp(now), "start_time": stamp(now), "end_time": None,
        "last_success_end_time": None, "complete": False, "active": False, "is_temp": False, "is_readonly": True,
    }  # fmt: skip
    row = Resource(
        0, id.lower(), id, f"{site.type}/deployments", site.key, site.subscription, "", str(uuid.uuid4()), API_VERSION, now, now,
        None, None, None,
    )  # fmt: skip
    row.body = {"id": id, "name": name, "type": "Microsoft.Web/sites/deployments", "properties": properties}
    with store.writing():
        for old in rows(simulator, site.key)[KEPT - 1 :]:
            store.delete(old.key)
        store.insert(row)
    return Deployment(simulator, row.key)


def rows(simulator: Simulator, site_key: str) -> list[Resource]:
    """The deployments of a site, newest first."""
    kind = "microsoft.web/sites/slots/deployments" if "/slots/" in site_key else "microsoft.web/sites/deployments"
    with simulator.store.lock:
        return list(reversed(simulator.store.at_scope(site_key, kind)))


def shown(row: Resource, host: str) -> Body:
    """A deployment as the engine at `host` shows it."""
    url = f"https://{host}/api/deployments/{row.name}"
    mine = {"id": row.name, **row.body["properties"]}
    return {**mine, "url": url, "log_url": f"{url}/log", "site_name": host.partition(".")[0]}


def log(row: Resource, host: str) -> list[Body]:
    """The entries of its log."""
    url = f"https://{host}/api/deployments/{row.name}/log"
    names = ("log_time", "id", "message", "type")
    return [
        {**{name: one[name] for name in names}, "details_url": f"{url}/{one['id']}" if one["details"] else None}
        for one in row.hidden.get("log", [])
    ]


def details(row: Resource, id: str) -> list[Body] | None:
    """The lines behind an entry; None when there is no such entry."""
    for one in row.hidden.get("log", []):
        if one["id"] == id:
            common = {"log_time": one["log_time"], "type": one["type"], "details_url": None}
            return [{**common, "id": f"{id}-{number}", "message": line} for number, line in enumerate(one["details"])]
    return None
