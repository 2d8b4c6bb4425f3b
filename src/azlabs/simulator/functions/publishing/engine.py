"""Publishing a zip to an app: look at it, build it where that is asked for, put it where the app reads it."""

from __future__ import annotations

import logging
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from azlabs.progress import Event
from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.publishing import archives, deployments, environments, stores
from azlabs.simulator.functions.publishing.deployments import BUILDING, DEPLOYING, FAILED, SUCCESS, Deployment

if TYPE_CHECKING:
    from collections.abc import Callable

    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

_log = logging.getLogger(__name__)
_running: set[tuple[int, str]] = set()
_lock = threading.Lock()
MANIFEST = """PythonVersion = "{python}"
packagedir = "{folder}"
requirements = "{requirements}"
"""


class Busy(Exception):
    """Another deployment of the same app is going on."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes to the apps of a simulator. `changed`: called when an app has another package."""

    simulator: Simulator
    home: Path
    changed: Callable[[], None]

    def publish(self, site: Resource, package: IO[bytes], *, build: bool, deployer: str, wait: bool = False) -> Deployment:
        """Begin a deployment; it goes on in a thread unless `wait`. Raises `archives.Unusable`, `Busy`, `FunctionProblem`."""
        names = archives.check(package)
        store = stores.store_of(self.simulator, self.home, site.id)
        mark = (id(self.simulator), site.key)
        with _lock:
            if mark in _running:
                raise Busy
            _running.add(mark)
        try:
            deployment = deployments.begin(self.simulator, site, deployer, "Created via a push deployment")
        except BaseException:
            _running.discard(mark)
            raise

        def work() -> None:
            text, status = "The deployment was interrupted; publish again.", FAILED
            try:
                text, status = self._work(deployment, store, package, names, build)
            finally:
                package.close()
                # At once: who reads that the deployment is over may begin the next one.
                with _lock:
                    deployment.note(text, status=status)
                    _running.discard(mark)
            if status == SUCCESS:
                self.changed()

        if wait:
            work()
        else:
            threading.Thread(target=work, name="azlabs-publish", daemon=True).start()
        return deployment

    def _work(
        self, deployment: Deployment, store: stores.Store, package: IO[bytes], names: list[str], build: bool
    ) -> tuple[str, int]:
        """The last line of the deployment's log, and its status."""
        try:
            deployment.note("Looking at the package.", status=BUILDING, progress="Validating the package...")
            look(names)
            if build:
                self._build(deployment, store, package)
            else:
                deployment.note("Skipping the build: it was not asked for.", status=DEPLOYING, progress="Uploading the package...")
                store.write(package)
        except (FunctionProblem, archives.Unusable) as refusal:
            return str(refusal), FAILED
        except Exception as problem:
            _log.exception("a package could not be published")
            return f"The simulator failed to publish the package: {problem}.", FAILED
        return "Deployment successful.", SUCCESS

    def _build(self, deployment: Deployment, store: stores.Store, package: IO[bytes]) -> None:
        """Install what the app asks for, and keep the package with the mark of a build."""
        deployment.note("Running the build.", progress="Building...", status=BUILDING)
        with tempfile.TemporaryDirectory(prefix="azlabs-build-") as folder:
            source = Path(folder, "app")
            archives.unpack(package, source)
            package.seek(0)

            def told(event: Event) -> None:
                if event.detail:
                    deployment.note(event.detail, status=BUILDING, progress=event.detail)

            built = environments.build(source, self.home, progress=told)
        if built.environment.problem:
            deployment.note("The build failed.", details=built.log)
            raise FunctionProblem(built.environment.problem)
        deployment.note("The build is done.", details=built.log, status=DEPLOYING, progress="Uploading the package...")
        version = ".".join(str(number) for number in sys.version_info[:3])
        text = MANIFEST.format(python=version, folder=environments.VENDORED.as_posix(), requirements=built.environment.digest)
        with tempfile.TemporaryFile() as copy:
            archives.with_file(package, environments.BUILT, text, copy)
            store.write(copy)


def look(names: list[str]) -> None:
    """Does a package hold an app? Raises `archives.Unusable`."""
    if "host.json" in names:
        return
    inner = sorted(name for name in names if name.endswith("/host.json") and name.count("/") == 1)
    if inner:
        folder = inner[0].partition("/")[0]
        raise archives.Unusable(f"The package has its files in the folder '{folder}': zip what is in the folder, not the folder.")
    raise archives.Unusable("The package has no host.json at its root, so it is no function app.")


def interrupted(simulator: Simulator, site: Resource) -> None:
    """Close deployments that ended with the process that did them."""
    with _lock:
        if (id(simulator), site.key) in _running:
            return
    for row in deployments.rows(simulator, site.key):
        if not row.body["properties"].get("complete"):
            Deployment(simulator, row.key).note("The deployment ended with the process that did it; publish again.", status=FAILED)
