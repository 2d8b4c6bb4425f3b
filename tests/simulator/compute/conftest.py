"""A simulator with one group, a network in it, and short words for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from azlabs.simulator import Answer, Simulator

from ..library import Arm

VERSION, DISKS, NETWORK = "2024-07-01", "2024-03-02", "2024-05-01"
REGION = "westeurope"
PASSWORD = "Corr3ct-horse"
UBUNTU = {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2", "version": "latest"}
Body = dict[str, Any]


class Machines:
    """Makes things in one group; paths are relative to Microsoft.Compute in it."""

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self.group = arm.group(location=REGION)
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        subnet = {"name": "web", "properties": {"addressPrefix": "10.0.0.0/24"}}
        self.network("virtualNetworks/net", {**space, "subnets": [subnet]})

    def id(self, path: str) -> str:
        return f"{self.group}/providers/Microsoft.Compute/{path}"

    def __call__(self, method: str, path: str, body: Any = None, *, version: str = VERSION) -> Answer:
        version = DISKS if path.startswith(("disks", "snapshots", "diskEncryptionSets")) else version
        return self.arm(method, self.id(path), body, version=version)

    def network(self, path: str, properties: Body) -> str:
        id = f"{self.group}/providers/Microsoft.Network/{path}"
        answer = self.arm("PUT", id, {"location": REGION, "properties": properties}, version=NETWORK)
        assert answer.status in (200, 201), answer.body
        return id

    def card(self, name: str) -> str:
        """An interface in the subnet; its id."""
        subnet = {"id": f"{self.group}/providers/Microsoft.Network/virtualNetworks/net/subnets/web"}
        configuration = {"name": "primary", "properties": {"subnet": subnet}}
        return self.network(f"networkInterfaces/{name}", {"ipConfigurations": [configuration]})

    def request(self, name: str, **properties: Any) -> Body:
        """The request for a Linux machine with a card of its own."""
        mine: Body = {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {"imageReference": dict(UBUNTU)},
            "osProfile": {"computerName": name, "adminUsername": "learner", "adminPassword": PASSWORD},
            "networkProfile": {"networkInterfaces": [{"id": self.card(f"{name}-nic")}]},
            **properties,
        }
        return {"location": REGION, "properties": mine}

    def make(self, name: str = "vm", body: Body | None = None) -> Body:
        """A machine; its document."""
        answer = self("PUT", f"virtualMachines/{name}", body or self.request(name))
        assert answer.status == 201, answer.body
        found: Body = self("GET", f"virtualMachines/{name}").json()
        return found

    def disk(self, name: str, size: int = 16, **properties: Any) -> str:
        """An empty disk; its id."""
        mine = {"creationData": {"createOption": "Empty"}, "diskSizeGB": size, **properties}
        answer = self("PUT", f"disks/{name}", {"location": REGION, "sku": {"name": "Premium_LRS"}, "properties": mine})
        assert answer.status == 202, answer.body
        return self.id(f"disks/{name}")

    def refused(self, method: str, path: str, body: Any = None) -> str:
        """Code of the refusal."""
        answer = self(method, path, body)
        assert answer.status >= 400, answer.body
        return str(answer.json()["error"]["code"])

    def power(self, name: str = "vm") -> str:
        statuses = self("GET", f"virtualMachines/{name}/instanceView").json()["statuses"]
        return next(str(one["code"]) for one in statuses if one["code"].startswith("PowerState/"))


@pytest.fixture
def machines() -> Iterator[Machines]:
    with Simulator() as simulator:
        yield Machines(Arm(simulator))
