"""The Functions host of a station: which apps run, and who answers requests to them."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions import front
from azlabs.simulator.functions.app import App
from azlabs.simulator.functions.inputs import Inputs, PackageOf, inputs_of, is_running, name_of, sites
from azlabs.simulator.functions.log import folder_of
from azlabs.simulator.functions.model import Package
from azlabs.simulator.functions.workers import changed as differing
from azlabs.simulator.functions.zygotes import Zygote, variables_for_all
from azlabs.simulator.http import Answer, Request
from azlabs.simulator.providers.web.shown import host_name
from azlabs.surroundings import REMOVED, SITE, leading_to, proxy_of

if TYPE_CHECKING:
    from azlabs.simulator.functions.publishing.environments import Environment
    from azlabs.simulator.records import Resource
    from azlabs.simulator.station import Station

WATCH_SECONDS = 0.1
START_SECONDS = 60.0
_OWN = ("PYTHONPATH", "AZLABS_HOME", "AZLABS_PYTHON")


def _package_of(host: FunctionsHost) -> PackageOf:
    from azlabs.simulator.functions.publishing import packages

    return lambda simulator, site_id: packages.current(simulator, host.home, site_id)


class FunctionsHost:
    """Runs every function app of a simulator that is started and has a package. For any thread."""

    def __init__(self, station: Station, package_of: PackageOf | None = None) -> None:
        self.station = station
        self.simulator = station.simulator
        self.home = station.home
        self.package_of: PackageOf = package_of or _package_of(self)
        self._apps: dict[str, App] = {}
        self._zygotes: dict[str, Zygote] = {}
        self._spent: list[Zygote] = []
        """Those that have become a worker, where forking is not to be relied on."""
        self._lock = threading.RLock()
        self._seen: object = None
        self._names: set[str] | None = None
        self._closed = threading.Event()
        self._surroundings: dict[str, str] = {}
        self._watcher: threading.Thread | None = None

    # --- which apps run ---------------------------------------------------------------------------------------------------
    def changed(self) -> None:
        """Something in the simulator may have changed: start, restart and stop apps so that they are as they should be."""
        self.look()

    def look(self) -> None:
        """As `changed`, but quick when nothing was written since the last look."""
        with self._lock:
            if self._closed.is_set():
                return
            with self.simulator.store.lock:
                seen = self.simulator.store.generation()
            if seen == self._seen:
                return
            self._compare()
            self._seen = seen

    def _compare(self) -> None:
        wanted: set[str] = set()
        found = sites(self.simulator)
        self._sweep({name_of(site.id).lower() for site in found})
        for site in found:
            inputs = self._inputs(site)
            if inputs is None:
                continue
            wanted.add(site.key)
            app = self._apps.get(site.key)
            if app is not None and app.inputs == inputs:
                front.keep_reported(app)
                continue
            if app is not None:
                why = ", ".join(_differences(app.inputs, inputs))
                app.log.write("Information", f"The app is started again, since these have changed: {why}.")
                app.close()
            self._run(inputs)
        for key in [key for key in self._apps if key not in wanted]:
            app = self._apps.pop(key)
            app.log.write("Information", "The app is stopped.")
            app.close()

    def _sweep(self, names: set[str]) -> None:
        """What was kept of an app (its log) goes with its site, unpacked packages with the last one."""
        if names == self._names:
            return
        self._names = names
        root = self.home / "functions"
        for folder in root.iterdir() if root.is_dir() else ():
            if folder.is_dir() and folder.name[0] not in "_." and folder.name not in names:
                shutil.rmtree(folder, ignore_errors=True)
        if not names:
            shutil.rmtree(root / "_packages", ignore_errors=True)

    def _inputs(self, site: Resource) -> Inputs | None:
        if not is_running(site):
            return None
        package = self.package_of(self.simulator, site.id)
        return None if package is None else inputs_of(self.simulator, site, package)

    def _run(self, inputs: Inputs) -> None:
        app = self._apps[inputs.site_id.lower()] = App(self, inputs)
        app.start()
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="azlabs-functions", daemon=True)
            self._watcher.start()

    def _watch(self) -> None:
        """Workers that grow without end are ended."""
        while not self._closed.wait(WATCH_SECONDS):
            for app in list(self._apps.values()):
                app.look_at_memory()

    def app(self, site_id: str) -> App | None:
        """The running app of a site, as it should be now."""
        self.look()
        return self._apps.get(site_id.lower())

    def apps(self) -> list[App]:
        """All apps that run."""
        return list(self._apps.values())

    def ready(self, site_id: str, seconds: float = START_SECONDS) -> App | None:
        """The app of a site once it has started or failed; None when it is stopped, has no package, or is not there."""
        app = self.app(site_id)
        if app is not None:
            app.wait(seconds)
        return app

    def quiet(self, seconds: float) -> bool:
        """Wait until every app has started and no invocation is under way; False when that took longer."""
        deadline = time.monotonic() + seconds
        self.look()
        while any(not app.wait(0) or app.busy for app in self.apps()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def restart(self, site_id: str) -> None:
        """Start an app again although nothing has changed."""
        with self._lock:
            app = self._apps.pop(site_id.lower(), None)
            if app is not None:
                app.close()
                self._run(app.inputs)

    # --- what apps use ------------------------------------------------------------------------------------------------------
    def environment(self, package: Package) -> Environment:
        """Where an app's packages come from."""
        from azlabs.simulator.functions.publishing import environments, loop

        running = loop.of_package(package)
        if running is None:
            return environments.environment_for(package.folder, self.home)
        found = environments.build(package.folder, self.home).environment
        return environments.with_debugger(found, self.home) if running.debugger else found

    def zygote(self, environment: Environment) -> Zygote:
        """The process from which workers of an environment are made."""
        with self._lock:
            found = self._zygotes.get(environment.digest)
            if found is None or found.alone or not found.alive:
                if found is not None:
                    self._spent = [one for one in (*self._spent, found) if one.alive]
                found = Zygote(
                    environment.python, list(environment.paths), SITE, variables_for_all(self.surroundings())
                )
                self._zygotes[environment.digest] = found
            return found

    def surroundings(self) -> dict[str, str]:
        """The variables that lead programs to this station."""
        with self._lock:
            if not self._surroundings:
                self._surroundings = leading_to(self.station.record(), self.home, os.environ)
            return dict(self._surroundings)

    def variables_of(self, app: App) -> dict[str, str]:
        """The environment of an app's code."""
        surroundings = self.surroundings()
        base = {name: value for name, value in variables_for_all(surroundings).items() if name not in _OWN}
        place = folder_of(self.home, app.name) / "home"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = {
            **{name: value for name, value in base.items() if name not in REMOVED},
            "HOME": str(place),
            **app.settings,
        }
        # What leads to the simulator is not the app's to change: beyond it is somebody's real Azure.
        found |= {name: value for name, value in surroundings.items() if name not in _OWN}
        with self.simulator.store.lock:
            row = self.simulator.store.get(app.site_key)
        if row is not None and str((row.body.get("identity") or {}).get("type", "None")).lower() != "none":
            endpoint = f"{proxy_of(self.station.record())}/metadata/identity/oauth2/token"
            header = self.simulator.identity_header(app.site_id)
            found |= {
                "IDENTITY_ENDPOINT": endpoint,
                "IDENTITY_HEADER": header,
                "MSI_ENDPOINT": endpoint,
                "MSI_SECRET": header,
            }
        return found

    # --- requests -----------------------------------------------------------------------------------------------------------
    def answer(self, request: Request, path: str, query: str) -> Answer:
        """A request to `<app>.azurewebsites.net` or `<app>.scm.azurewebsites.net`."""
        return front.answer(self, request, path, query)

    def site_of(self, host: str) -> Resource | None:
        """The function app or other site with this host name."""
        from azlabs.simulator.providers.web.base import SITE_KEY, SLOT_KEY

        with self.simulator.store.lock:
            rows = self.simulator.store.select("type IN (?,?)", (SITE_KEY, SLOT_KEY))
        return next((row for row in rows if host_name(row.id) == host), None)

    def close(self) -> None:
        """End all apps and every process that they have."""
        self._closed.set()
        with self._lock:
            apps, self._apps = list(self._apps.values()), {}
            zygotes, self._zygotes = list(self._zygotes.values()), {}
        ending = [threading.Thread(target=app.close, kwargs={"at_once": True}, daemon=True) for app in apps]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(6)
        with contextlib.suppress(Exception):
            self._sweep({name_of(site.id).lower() for site in sites(self.simulator)})
        for zygote in [*zygotes, *self._spent]:
            with contextlib.suppress(Exception):
                zygote.close()


def _differences(before: Inputs, after: Inputs) -> list[str]:
    """What has changed, in words without values."""
    found: list[Any] = [f"setting {name}" for name in differing(dict(before.variables), dict(after.variables))]
    if before.package != after.package:
        found.append("package")
    if before.identity != after.identity:
        found.append("identity")
    if before.restarts != after.restarts:
        found.append("restart")
    return found or ["plan"]
