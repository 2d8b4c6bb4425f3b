from __future__ import annotations

from collections.abc import Iterator

import pytest

from .running import Packages
from .scene import Scene


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The app `apps/web` in a Basic plan."""
    with Scene() as scene:
        packages = Packages(scene, tmp_path_factory.mktemp("packages"))
        site = scene.dedicated("func-web", {"GREETING": "hello"})
        packages.put(site, "web")
        yield Running(scene, packages, site)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Scene() as made:
        yield made


@pytest.fixture
def packages(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return Packages(scene, tmp_path_factory.mktemp("packages"))


class Running:
    """A scene with one app."""

    def __init__(self, scene: Scene, packages: Packages, site: str) -> None:
        self.scene, self.packages, self.site = scene, packages, site
