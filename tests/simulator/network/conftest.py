"""A simulator with an empty group, and short words for what the tests make in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from azlabs.simulator import Answer, Simulator

from ..library import Arm

VERSION = "2024-05-01"
Body = dict[str, Any]


class Net:
    """Makes network resources in one group; paths are relative to Microsoft.Network in it."""

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self.root = f"{arm.group()}/providers/Microsoft.Network"

    def id(self, path: str) -> str:
        """Full id of a path below Microsoft.Network."""
        return f"{self.root}/{path}"

    def ref(self, path: str) -> Body:
        """A reference to it."""
        return {"id": self.id(path)}

    def __call__(self, method: str, path: str, body: Any = None, *, version: str = VERSION, **headers: str) -> Answer:
        return self.arm(method, self.id(path), body, version=version, **headers)

    def put(self, path: str, properties: Body | None = None, *, version: str = VERSION, **more: Any) -> Answer:
        """PUT with a location where the path is a top-level resource."""
        body: Body = {**more}
        if properties is not None:
            body["properties"] = properties
        if path.count("/") == 1:
            body.setdefault("location", "westeurope")
        return self(method="PUT", path=path, body=body, version=version)

    def make(self, path: str, properties: Body | None = None, *, version: str = VERSION, **more: Any) -> Body:
        """PUT that has to be accepted; the document as a GET shows it."""
        answer = self.put(path, properties, version=version, **more)
        assert answer.status in (200, 201, 202), answer.body
        return self.get(path, version=version)

    def get(self, path: str, *, version: str = VERSION) -> Body:
        """The document of what has to be there."""
        answer = self("GET", path, version=version)
        assert answer.status == 200, answer.body
        found: Body = answer.json()
        return found

    def refused(self, path: str, properties: Body | None = None, *, version: str = VERSION, **more: Any) -> str:
        """PUT that has to be refused with 4xx; Azure's code."""
        return self.code(self.put(path, properties, version=version, **more))

    @staticmethod
    def code(answer: Answer) -> str:
        """Azure's code of a refusal."""
        assert 400 <= answer.status < 500, answer.body
        return str(answer.json()["error"]["code"])

    def network(self, name: str = "vnet", space: str = "10.0.0.0/16", **subnets: str) -> Body:
        """A virtual network with subnets by name."""
        return self.make(
            f"virtualNetworks/{name}",
            {
                "addressSpace": {"addressPrefixes": [space]},
                "subnets": [{"name": one, "properties": {"addressPrefix": prefix}} for one, prefix in subnets.items()],
            },
        )

    def configuration(self, subnet: str, **properties: Any) -> Body:
        """An IP configuration in a subnet given as `vnet/subnet`."""
        network, _, name = subnet.partition("/")
        return {
            "name": "primary",
            "properties": {"subnet": self.ref(f"virtualNetworks/{network}/subnets/{name}"), **properties},
        }

    def nic(self, name: str, subnet: str, **properties: Any) -> Body:
        """An interface with one IP configuration."""
        return self.make(f"networkInterfaces/{name}", {"ipConfigurations": [self.configuration(subnet, **properties)]})


@pytest.fixture
def net() -> Iterator[Net]:
    """A fresh simulator with a group."""
    with Simulator() as simulator:
        yield Net(Arm(simulator))


def address(interface: Body) -> str:
    """Private address of an interface."""
    return str(interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


def rule(number: int, **properties: Any) -> Body:
    """Properties of a security rule."""
    return {
        "priority": number, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
        "destinationPortRange": "443", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", **properties,
    }  # fmt: skip
