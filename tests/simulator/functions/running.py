"""Apps of `apps/` run in a scene, without being published first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azlabs.simulator.functions import FunctionsHost, log
from azlabs.simulator.functions.app import App
from azlabs.simulator.functions.model import Package

from .scene import Scene

APPS = Path(__file__).parent / "apps"
HOST_JSON = '{"version": "2.0"}'


class Packages:
    """What the Functions host of a scene finds deployed: folders by site, instead of zips."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._scene, self._folder = scene, folder
        self._found: dict[str, Package] = {}
        self.host: FunctionsHost = scene.cloud.station().functions
        self.host.package_of = lambda _simulator, site: self._found.get(site.lower())

    def put(self, site: str, content: str | Mapping[str, str]) -> None:
        """Deploy an app of `apps/` by its name, or files by their names (a plain host.json is added)."""
        if isinstance(content, str):
            package = Package(APPS / content, content)
        else:
            files = {"host.json": HOST_JSON, **content}
            digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:12]
            folder = self._folder / digest
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (folder / name).write_text(text, "utf-8")
            package = Package(folder, digest)
        self._found[site.lower()] = package
        self._notice()

    def take(self, site: str) -> None:
        """Nothing is deployed any more."""
        del self._found[site.lower()]
        self._notice()

    def _notice(self) -> None:
        self._scene.simulator.store.changes += 1

    def app(self, site: str) -> App:
        """The running app."""
        found = self.host.ready(site)
        assert found is not None
        return found

    def lines(self, site: str, **wanted: Any) -> list[str]:
        """The texts of an app's log, of those lines that have these values."""
        found = log.lines(self._scene.cloud.home, self.app(site).name)
        return [line["text"] for line in found if all(line[key] == value for key, value in wanted.items())]


def code(text: str) -> str:
    """A function_app.py that begins as every one does."""
    return (
        "import json, logging, os, time\nimport azure.functions as func\n\n"
        "app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)\n\n" + text
    )
