"""The lab on a cloud in memory, with the few edits that the tests of its judgement need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from azlabs.catalog.labs import load_lab
from azlabs.cloud.memory import scratch
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.solve import apply_steps, steps_in
from azlabs.sandbox.up import up
from azlabs.sandbox.workspace import write_answers
from azlabs.verify import Check, Report, load_checks, run

Json = dict[str, Any]
API = "2024-05-01"
CLOSE: Json = {"access": "Deny", "protocol": "*", "source": "VirtualNetwork", "ports": "*"}


class Shop:
    """The lab's sandbox: solved once, put back before every test."""

    def __init__(self, folder: Path) -> None:
        self.lab = load_lab("az104-vnet-nsg")
        self.checks: list[Check] = load_checks(self.lab.checks_file, self.lab.tasks)
        self.cloud = scratch()
        self.ledger = Ledger(folder)
        self.sandbox = up(self.lab, self.cloud, workspace=folder / "work", ledger=self.ledger).sandbox
        self._states: dict[str, tuple[Any, str]] = {}
        self._keep("start")
        apply_steps(self.sandbox, self.cloud, self.lab.steps)
        self._keep("reference")

    def _keep(self, name: str) -> None:
        self._states[name] = (self.cloud.snapshot(), self.sandbox.answers_file.read_text())

    def at(self, name: str) -> Shop:
        """Puts the sandbox into a state: "start", "reference", or another solution by its folder."""
        if name not in self._states:
            self.at("start")
            folder = self.lab.folder / "alternatives" / name
            apply_steps(self.sandbox, self.cloud, steps_in(folder, [task.id for task in self.lab.tasks]))
            self._keep(name)
        snapshot, answers = self._states[name]
        self.cloud.restore(snapshot)
        self.sandbox.answers_file.write_text(answers)
        return self

    def verify(self) -> Report:
        return run(self.lab, self.sandbox, self.cloud, checks=self.checks)

    def id(self, kind: str, name: str) -> str:
        group = f"/subscriptions/{self.sandbox.subscription_id}/resourceGroups/{self.sandbox.resource_group}"
        return f"{group}/providers/Microsoft.Network/{kind}/{name}"

    def edit(self, kind: str, name: str, change: Callable[[Json], None]) -> None:
        body = self.cloud.get(self.id(kind, name), API)
        change(body["properties"])
        self.cloud.run("PUT", self.id(kind, name), API, body)

    def make(self, kind: str, name: str, **properties: Any) -> str:
        body = {"location": self.sandbox.region, "properties": properties}
        self.cloud.run("PUT", self.id(kind, name), API, body)
        return self.id(kind, name)

    def rule(
        self,
        nsg: str,
        name: str,
        priority: int,
        *,
        source: str | list[str] = "*",
        destination: str | list[str] = "*",
        ports: str = "*",
        access: str = "Allow",
        protocol: str = "Tcp",
        direction: str = "Inbound",
        source_ports: str = "*",
        source_group: str = "",
        destination_group: str = "",
    ) -> None:
        """Writes a rule, over one of the same name."""
        properties: Json = {
            "priority": priority,
            "access": access,
            "protocol": protocol,
            "direction": direction,
            "sourcePortRange": source_ports,
            "destinationPortRange": ports,
        }
        for side, value, group in (("source", source, source_group), ("destination", destination, destination_group)):
            if group:
                members = [{"id": self.id("applicationSecurityGroups", group)}]
                properties[f"{side}ApplicationSecurityGroups"] = members
            else:
                properties[f"{side}AddressPrefix" + ("" if isinstance(value, str) else "es")] = value
        self.cloud.run(
            "PUT", f"{self.id('networkSecurityGroups', nsg)}/securityRules/{name}", API, {"properties": properties}
        )

    def change(self, nsg: str, name: str, **properties: Any) -> None:
        """Changes members of a rule; None takes one away."""
        path = f"{self.id('networkSecurityGroups', nsg)}/securityRules/{name}"
        body = self.cloud.get(path, API)
        merged = body["properties"] | properties
        body["properties"] = {member: value for member, value in merged.items() if value is not None}
        self.cloud.run("PUT", path, API, body)

    def drop(self, nsg: str, *names: str) -> None:
        for name in names:
            self.cloud.run("DELETE", f"{self.id('networkSecurityGroups', nsg)}/securityRules/{name}", API)

    def subnet(self, name: str, prefix: str, nsg: str = "", **properties: Any) -> None:
        """Writes a subnet, over one of the same name."""
        body: Json = {"addressPrefix": prefix, **properties}
        if nsg:
            body["networkSecurityGroup"] = {"id": self.id("networkSecurityGroups", nsg)}
        path = f"{self.id('virtualNetworks', 'vnet-tickets')}/subnets/{name}"
        self.cloud.run("PUT", path, API, {"properties": body})

    def configure(self, nic: str, **properties: Any) -> None:
        """Changes the IP configuration of an interface; None takes a member away."""

        def change(body: Json) -> None:
            settings = body["ipConfigurations"][0]["properties"]
            settings |= properties
            for member in [member for member, value in settings.items() if value is None]:
                del settings[member]

        self.edit("networkInterfaces", nic, change)

    def move(self, nic: str, subnet: str) -> None:
        where = {"id": f"{self.id('virtualNetworks', 'vnet-tickets')}/subnets/{subnet}"}
        self.configure(nic, subnet=where, privateIPAllocationMethod="Dynamic", privateIPAddress=None)

    def answer(self, **answers: Json) -> None:
        write_answers(self.sandbox.answers_file, answers)
