"""The one door to Azure. `connect` gives a Cloud; everything above talks to that and never asks which one it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.cloud.base import Cloud
from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from azlabs.cloud.memory import ScratchCloud

NAMES = ("simulator", "azure")
__all__ = ["NAMES", "Cloud", "can_be_photographed", "connect", "scratch"]


def connect(name: str, *, subscription: str | None = None, home: Path | None = None) -> Cloud:
    """The cloud of this name. `subscription` (id or name) chooses among those of an account; the simulator has one."""
    from azlabs.home import home as default_home

    home = home or default_home()
    if name == "simulator":
        from azlabs.cloud import simulator

        return simulator.connect(home)
    if name == "azure":
        from azlabs.cloud import azure

        return azure.connect(home, subscription)
    raise AzlabsError(
        f"There is no cloud called '{name}'.", action=f"Use one of: {', '.join(NAMES)}.", code="UnknownCloud"
    )


def scratch() -> ScratchCloud:
    """An empty cloud in memory with `snapshot`, `restore` and `clone`."""
    from azlabs.cloud.memory import scratch as make

    return make()


def can_be_photographed(name: str) -> bool:
    """Whether work that goes back to a state again and again can be done on the cloud of this name."""
    return name == "simulator"
