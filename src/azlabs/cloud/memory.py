"""A cloud in memory that can be photographed, put back and copied: for proofs and tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.cloud.base import Cloud
from azlabs.cloud.simulator import place_of

if TYPE_CHECKING:
    from azlabs.simulator import Answer, Request, Simulator
    from azlabs.simulator.station import Station

_GROUPS_API = "2024-11-01"


class ScratchCloud(Cloud):
    """A Cloud over a simulator of its own; `simulator` is it."""

    def __init__(self, make: Callable[[], Simulator]) -> None:
        self._make_simulator = make
        self.simulator = make()
        self._station: Station | None = None
        self.simulator.attendant = _OpensStation(self)
        super().__init__(place_of(self.simulator, lambda: self.station().record()))

    def station(self) -> Station:
        """Ports, AMQP and function apps of this cloud, in this process; opened at first need, ended by `close`."""
        if self._station is None:
            from azlabs.simulator.station import Station

            home = Path(tempfile.mkdtemp(prefix="azlabs-scratch-"))
            self._station = Station(self.simulator, home)
            self._station.publish()
        return self._station

    @property
    def home(self) -> Path:
        """The folder in which the station says how to reach it; opens the station."""
        return self.station().home

    def close(self) -> None:
        """End the station and forget everything."""
        self.end_station()
        super().close()

    def end_station(self) -> None:
        """End the station; the next need opens another."""
        if self._station is not None:
            self._station.close()
            shutil.rmtree(self._station.home, ignore_errors=True)
            self._station = None
            self.simulator.attendant = _OpensStation(self)

    def snapshot(self) -> Any:
        """The whole state, to be given to `restore` of this cloud or of a clone."""
        return self.simulator.snapshot()

    def restore(self, snapshot: Any) -> None:
        """Back to a state that `snapshot` took."""
        self.simulator.restore(snapshot)

    def clone(self) -> ScratchCloud:
        """Another cloud in the same state; what happens to one leaves the other alone."""
        twin = ScratchCloud(self._make_simulator)
        twin.restore(self.snapshot())
        return twin

    def resource_group(self, name: str, location: str = "") -> str:
        """Make a resource group; its id."""
        identifier = f"/subscriptions/{self.subscription_id}/resourceGroups/{name}"
        self.run("PUT", identifier, _GROUPS_API, {"location": location or self.region_default})
        return identifier

    def __enter__(self) -> ScratchCloud:
        return self


class _OpensStation:
    """Attends a simulator until something needs a station, which then takes its place."""

    def __init__(self, cloud: ScratchCloud) -> None:
        self._cloud = cloud

    def answer(self, request: Request, path: str, query: str) -> Answer:
        return self._cloud.station().answer(request, path, query)

    def needed(self) -> None:
        """Nothing runs until it is asked for: a state that nobody looks at needs no processes."""


def scratch() -> ScratchCloud:
    """An empty cloud in memory."""
    from azlabs.simulator import Simulator

    return ScratchCloud(Simulator)
