"""`<app>.scm.azurewebsites.net`: the deployment engine of an app, as far as tools that publish function apps use it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.publishing import archives, deployments, engine, log_files, loop, stores, who
from azlabs.simulator.http import Answer, CaseInsensitive, Request, json_answer, parse_query, split_url
from azlabs.simulator.providers.web.shown import host_name
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.functions.host import FunctionsHost
    from azlabs.simulator.records import Resource

_TRUE = ("true", "1")
Body = dict[str, Any]


class Asked:
    """One request to the engine of one app."""

    def __init__(self, host: FunctionsHost, site: Resource, request: Request, path: str, query: str) -> None:
        self.host, self.site, self.request = host, site, request
        self.simulator, self.home = host.station.simulator, host.station.home
        self.path = path.rstrip("/").lower() or "/"
        self.query = parse_query(query)
        self.name = host_name(site.id, "scm.")
        self.app = self.name.partition(".")[0]

    def flag(self, name: str) -> bool:
        """A query parameter that is true."""
        return self.query.get(name, "").lower() in _TRUE


def handle(host: FunctionsHost, request: Request, path: str, query: str) -> Answer:
    """Answer one request. Never raises `Refused`."""
    simulator = host.station.simulator
    name = split_url(request.url)[0]
    try:
        site = _site(host, name)
        if site is None:
            return Answer(404, {"Content-Type": "text/html"}, b"404 Site Not Found")
        who.authorize(simulator, site, CaseInsensitive(request.headers))
        asked = Asked(host, site, request, path, query)
        return _route(asked)
    except Refused as refusal:
        return json_answer(refusal.body(), refusal.status, refusal.headers)
    except archives.Unusable as problem:
        return _plain(413 if "at most" in str(problem) else 400, str(problem))
    except FunctionProblem as problem:
        return _plain(409, str(problem))
    except engine.Busy:
        return _plain(409, "There is a deployment currently in progress. Please try again when it completes.")


def _site(host: FunctionsHost, name: str) -> Resource | None:
    """The site or slot whose engine has this host name."""
    simulator: Simulator = host.station.simulator
    return next((row for row in stores.sites(simulator) if host_name(row.id, "scm.") == name), None)


def _route(asked: Asked) -> Answer:
    method, path = asked.request.method, asked.path
    exact = ROUTES.get((method, path))
    if exact is not None:
        return exact(asked)
    if method == "GET" and path.startswith("/api/deployments/"):
        return _deployment(asked)
    for start in ("/logstream", "/api/logstream"):
        if method == "GET" and (path == start or path.startswith(start + "/")):
            return log_files.stream(asked)
    if method == "GET" and path.startswith("/api/vfs/logfiles"):
        return log_files.browse(asked)
    raise not_modelled(f"{method} {asked.path} of the deployment engine")


def _root(asked: Asked) -> Answer:
    return _plain(200, f"The deployment engine of {asked.site.name}, as far as the simulator has it.")


def _publish(asked: Asked) -> Answer:
    """One deploy: what Flex Consumption takes, and other plans too."""
    if asked.query.get("type", "zip").lower() != "zip":
        raise not_modelled(f"publishing with type={asked.query['type']}")
    if not _flex(asked):
        return _zip_deploy(asked)
    build = asked.flag("remotebuild")
    deployment = _publisher(asked).publish(asked.site, _package(asked), build=build, deployer=_deployer(asked))
    return json_answer(deployment.key.rpartition("/")[2], 202)


def _zip_deploy(asked: Asked) -> Answer:
    """Zip deployment of plans that have a file system."""
    if _flex(asked):
        return _plain(404, "An app in a Flex Consumption plan is published with /api/publish.")
    settings = {name.upper(): value for name, value in stores.settings_of(asked.simulator, asked.site.key).items()}
    runs_package = settings.get(stores.FROM_PACKAGE, "") not in stores.FALSE
    build = any(settings.get(name, "").lower() in _TRUE for name in ("SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD"))
    background = asked.flag("isasync") or asked.flag("async")
    store = stores.store_of(asked.simulator, asked.home, asked.site.id)
    if isinstance(store, stores.Address):
        return _plain(409, f"The app runs from a package at a URL: remove the setting {stores.FROM_PACKAGE} to publish to it.")
    deployment = _publisher(asked).publish(
        asked.site, _package(asked), build=build and not runs_package, deployer=_deployer(asked), wait=not background
    )
    name = deployment.key.rpartition("/")[2]
    url = f"https://{asked.name}/api/deployments/latest"
    if background:
        return Answer(202, {"Location": f"{url}?deployer=Push-Deployer", "SCM-DEPLOYMENT-ID": name})
    row = deployment.row()
    failed = row is None or row.body["properties"]["status"] == deployments.FAILED
    return _plain(400, str(row.body["properties"]["status_text"]) if row is not None else "") if failed else Answer(200)


def _deployments(asked: Asked) -> Answer:
    engine.interrupted(asked.simulator, asked.site)
    return json_answer([deployments.shown(row, asked.name) for row in deployments.rows(asked.simulator, asked.site.key)])


def _deployment(asked: Asked) -> Answer:
    """One deployment, its log, or what is behind an entry of its log."""
    engine.interrupted(asked.simulator, asked.site)
    wanted, *rest = asked.path.removeprefix("/api/deployments/").split("/")
    found = deployments.rows(asked.simulator, asked.site.key)
    row = next((one for one in found if wanted == "latest" or one.name.lower() == wanted), None)
    if row is None:
        return _plain(404, f"Deployment '{wanted}' not found.")
    if not rest:
        shown = deployments.shown(row, asked.name)
        return json_answer(shown, 200 if shown["complete"] else 202)
    if rest == ["log"]:
        return json_answer(deployments.log(row, asked.name))
    lines = deployments.details(row, rest[1]) if len(rest) == 2 and rest[0] == "log" else None
    return json_answer(lines) if lines is not None else _plain(404, "There is no such entry in the log.")


def _settings(asked: Asked) -> Answer:
    """The app settings, as the engine sees them."""
    return json_answer(stores.settings_of(asked.simulator, asked.site.key))


def _is_deploying(asked: Asked) -> Answer:
    engine.interrupted(asked.simulator, asked.site)
    rows = deployments.rows(asked.simulator, asked.site.key)
    return json_answer({"value": any(not row.body["properties"]["complete"] for row in rows)})


def _loop(asked: Asked) -> Answer:
    """The simulator's own: run the app from a folder of this computer, for `azlabs run`."""
    if asked.request.method == "DELETE":
        loop.give_back(asked.simulator, asked.site.id, asked.host.changed)
        return Answer(204)
    loop.ask(asked.simulator, asked.site.id, asked.request.body or b"", asked.host.changed)
    return Answer(204)


ROUTES: dict[tuple[str, str], Callable[[Asked], Answer]] = {
    ("GET", "/"): _root,
    ("POST", "/api/publish"): _publish,
    ("POST", "/api/zipdeploy"): _zip_deploy,
    ("PUT", "/api/zipdeploy"): _zip_deploy,
    ("GET", "/api/deployments"): _deployments,
    ("GET", "/api/isdeploying"): _is_deploying,
    ("GET", "/api/settings"): _settings,
    ("PUT", "/api/azlabs/loop"): _loop,
    ("DELETE", "/api/azlabs/loop"): _loop,
}


def _publisher(asked: Asked) -> engine.Publisher:
    return engine.Publisher(asked.simulator, asked.home, asked.host.changed)


def _package(asked: Asked) -> IO[bytes]:
    spool, asked.request.spool = asked.request.spool, None
    return spool if spool is not None else io.BytesIO(asked.request.body or b"")


def _deployer(asked: Asked) -> str:
    return asked.query.get("deployer") or "Push-Deployer"


def _flex(asked: Asked) -> bool:
    return isinstance((asked.site.body.get("properties") or {}).get("functionAppConfig"), dict)


def _plain(status: int, text: str) -> Answer:
    return Answer(status, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())
