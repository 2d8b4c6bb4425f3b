"""The function app of a sandbox: which one it is, whether its code runs, what it declares."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cloud import Cloud
    from azlabs.sandbox.model import Sandbox

WEB_API = "2024-04-01"
_LOOK_SECONDS = 0.1
_LONGEST_LOOK_SECONDS = 3.0
_INDEXING_SECONDS = 45.0


class NoSuchApp(AzlabsError):
    """The sandbox has no function app, or several and none was named."""


@dataclass(frozen=True, slots=True)
class FunctionApp:
    """`host`: where it answers; `engine`: where it is published to."""

    id: str
    host: str
    engine: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Declared:
    """A function that an app declares. `url`: of HTTP functions; `problem`: why it does not listen."""

    name: str
    trigger: str
    url: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AppState:
    """`problem`: why the app does not run, in the host's words; "" when it runs."""

    functions: tuple[Declared, ...]
    problem: str = ""

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong."""
        found = [text for text in (self.problem, *(one.problem for one in self.functions)) if text]
        if not found and not self.functions:
            return ["The app declares no functions; `azlabs logs` may say why."]
        return found


def find_app(sandbox: Sandbox, lab: Lab, cloud: Cloud, name: str = "") -> FunctionApp:
    """The app of this name; else the one that the lab publishes to, else the only one. Raises NoSuchApp."""
    found = []
    for group in sandbox.resource_groups:
        sites = cloud.items(f"{sandbox.group_id(group)}/providers/Microsoft.Web/sites", WEB_API)
        found += [site for site in sites if "functionapp" in str(site.get("kind", "")).lower()]
    wanted = name or str(sandbox.outputs.get(lab.function_app or "", "")).rpartition("/")[2]
    fitting = [site for site in found if str(site["name"]).lower() == wanted.lower()] if wanted else found
    if len(fitting) == 1:
        return _app(fitting[0])
    names = ", ".join(str(site["name"]) for site in found)
    if not found:
        raise NoSuchApp(f"The sandbox {sandbox.id} has no function app.", action="Make one, or work in a lab that has one.")
    if wanted:
        raise NoSuchApp(f"There is no function app '{wanted}' in {sandbox.id}.", action=f"Name one with --app: {names}.")
    raise NoSuchApp(f"The sandbox {sandbox.id} has several function apps.", action=f"Name one with --app: {names}.")


def _app(site: dict[str, Any]) -> FunctionApp:
    properties = site.get("properties") or {}
    host = str(properties.get("defaultHostName") or f"{site['name']}.azurewebsites.net")
    states = properties.get("hostNameSslStates") or []
    engine = next((str(one["name"]) for one in states if one.get("hostType") == "Repository"), "")
    return FunctionApp(str(site["id"]), host, engine or host.replace(".", ".scm.", 1))


def state_of(cloud: Cloud, app: FunctionApp, seconds: float = 60.0) -> AppState:
    """What an app declares and what is wrong with it, once its host says that it runs, or that it cannot.

    Raises AppSilent when it says neither in time.
    """
    key = str(cloud.request("POST", f"{app.id}/host/default/listkeys", WEB_API).json["masterKey"])

    def ask(path: str) -> Any:
        found = cloud.send("GET", f"https://{app.host}/admin/{path}", headers={"x-functions-key": key})
        return found.json if found.status == 200 else None

    status = _until(lambda: _settled(ask("host/status")), seconds)
    if status is None:
        raise AzlabsError(
            f"The app {app.name} did not start within {seconds:.0f} seconds.",
            action="`azlabs logs` may say why.",
            code="AppSilent",
            exit_code=ExitCode.UNREACHABLE,
        )
    functions = []
    # On Azure a host that runs may still be reading what the app declares.
    patience = _INDEXING_SECONDS if cloud.costs_money and not status.get("errors") else 0.0
    for one in _until(lambda: ask("functions") or None, patience) or []:
        config = one.get("config") or {}
        trigger = next((str(binding["type"]) for binding in config.get("bindings", []) if str(binding["type"]).endswith("Trigger")), "")
        errors = (ask(f"functions/{one['name']}/status") or {}).get("errors") or []
        functions.append(Declared(str(one["name"]), trigger, str(one.get("invoke_url_template") or ""), " ".join(map(str, errors))))
    return AppState(tuple(functions), " ".join(map(str, status.get("errors") or [])))


def _settled(status: Any) -> Any:
    """A host's status when it is not on its way any more."""
    if not isinstance(status, dict):
        return None
    return status if status.get("errors") or status.get("state") in ("Running", "Error") else None


def _until(look: Callable[[], Any], seconds: float) -> Any:
    end, pause = time.monotonic() + seconds, _LOOK_SECONDS
    while True:
        found = look()
        if found is not None or time.monotonic() > end:
            return found
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_LOOK_SECONDS)
