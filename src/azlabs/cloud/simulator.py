"""The simulator as a cloud: the real SDK clients over a function call, as the owner of its subscription."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.cloud.base import Cloud, Place

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

NAME = "simulator"
REGION = "swedencentral"
_LONGEST_NAP_SECONDS = 0.002
_LOOK_SECONDS = 0.1


class SimulatorCredential:
    """Answers every scope with a token of the subscription's owner; sync clients take it."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self._simulator.owner_token(), int(time.time()) + 3600)

    def get_token_info(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo(self._simulator.owner_token(), int(time.time()) + 3600)

    def close(self) -> None:
        return None

    def __enter__(self) -> SimulatorCredential:
        return self

    def __exit__(self, *_details: object) -> None:
        return None


class AsyncSimulatorCredential:
    """The same for aio clients."""

    def __init__(self, simulator: Simulator) -> None:
        self._sync = SimulatorCredential(simulator)

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        return self._sync.get_token(*scopes, **options)

    async def get_token_info(self, *scopes: str, **options: Any) -> Any:
        return self._sync.get_token_info(*scopes, **options)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> AsyncSimulatorCredential:
        return self

    async def __aexit__(self, *_details: object) -> None:
        return None


def state_file(home: Path) -> Path:
    """Where the simulator of this home keeps its state."""
    return home / "simulator" / "state.sqlite"


def connect(home: Path) -> Cloud:
    """The simulator of this home. A state file that cannot be read is set aside, and `notices` says so."""
    from azlabs.cloud import host
    from azlabs.cloud.attended import HostProcess

    simulator, notices = open_simulator(home)
    attendant = simulator.attendant = HostProcess(home)
    place = place_of(simulator, lambda: host.ensure(home), notices)
    place.rest = attendant.rest
    return Cloud(place)


def open_simulator(home: Path) -> tuple[Simulator, list[str]]:
    """The simulator of a home, and what there is to say about its state file."""
    from azlabs.home import writable_folder
    from azlabs.simulator import Simulator
    from azlabs.simulator.database import StateUnreadable, set_aside

    path = state_file(home)
    writable_folder(path.parent)
    try:
        return Simulator(path), []
    except StateUnreadable:
        kept = set_aside(path)
    said = f"The simulator's state could not be read. It was kept as {kept}; the simulator starts empty."
    return Simulator(path), [said]


def place_of(
    simulator: Simulator, reach: Callable[[], Mapping[str, Any]], notices: list[str] | None = None
) -> Place:
    """What a cloud needs to know about a simulator. `reach` gives the record of its station, opened when it has to be."""
    from azlabs.simulator import SUBSCRIPTION_ID, TENANT_ID, Request
    from azlabs.simulator.http import Dropped

    def nap(seconds: float) -> None:
        # Operations complete at the first look; the nap keeps a loop over one that does not from spinning.
        time.sleep(min(seconds, _LONGEST_NAP_SECONDS))

    def handler(
        method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer = simulator.handle(Request(method=method, url=url, headers=headers, body=body))
        if isinstance(answer, Dropped):
            raise ConnectionAbortedError("The connection ended without an answer.")
        return answer.status, answer.headers, answer.body or b""

    def transport() -> Any:
        from azlabs.cloud.transport import InProcessTransport

        return InProcessTransport(handler, nap)

    def async_transport() -> Any:
        from azlabs.cloud.transport import AsyncInProcessTransport

        return AsyncInProcessTransport(handler, nap)

    return Place(
        name=NAME,
        account="owner of the simulator",
        tenant_id=TENANT_ID,
        subscription_id=SUBSCRIPTION_ID,
        subscription_name="Simulator",
        region_default=REGION,
        costs_money=False,
        sandboxes_expire=False,
        credential=SimulatorCredential(simulator),
        async_credential=lambda: AsyncSimulatorCredential(simulator),
        open_transport=transport,
        open_async_transport=async_transport,
        sleep=nap,
        poll_seconds=_LOOK_SECONDS,
        patience_seconds=120.0,
        verify_seconds=20.0,
        close=simulator.close,
        notices=notices if notices is not None else [],
        service_bus=lambda: _over_loopback(reach()),
        access_settles_seconds=0.0,
    )


def _over_loopback(station: Mapping[str, Any]) -> dict[str, Any]:
    """Service Bus under its public name, at the port of the station that this record describes."""
    from azure.servicebus import TransportType

    return {
        "custom_endpoint_address": f"sb://127.0.0.1:{station['amqps_port']}",
        "transport_type": TransportType.Amqp,
        "connection_verify": station["authority"],
    }
