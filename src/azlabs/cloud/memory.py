"""A cloud in memory that can be photographed, put back and copied: for proofs and tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlabs.cloud.base import Cloud
from azlabs.cloud.simulator import place_of

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

_GROUPS_API = "2024-11-01"


class ScratchCloud(Cloud):
    """A Cloud over a simulator of its own; `simulator` is it."""

    def __init__(self, make: Callable[[], Simulator]) -> None:
        self._make_simulator = make
        self.simulator = make()
        super().__init__(place_of(self.simulator))

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


def scratch() -> ScratchCloud:
    """An empty cloud in memory."""
    from azlabs.simulator import Simulator

    return ScratchCloud(Simulator)
