"""Fixtures for offline tests: of labs, and of anything that is written against the Azure SDKs.

    def test_the_network_is_made(azure_simulator):
        client = azure_simulator.client(NetworkManagementClient)
        ...

    def test_my_lab(azlabs_sandbox):
        lab = azlabs_sandbox("path/to/my-lab")
        lab.solve()
        assert lab.verify().passed

Nothing of azlabs or Azure is imported until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cloud.deployments import Deployed
    from azlabs.cloud.memory import ScratchCloud
    from azlabs.sandbox.down import DownReport
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.model import Sandbox
    from azlabs.sandbox.reset import ResetReport
    from azlabs.verify.report import Report

Client = TypeVar("Client")


class SandboxInTest:
    """A lab that was brought up in memory, with the verbs of the command line."""

    def __init__(self, lab: Lab, sandbox: Sandbox, cloud: ScratchCloud, ledger: Ledger) -> None:
        self.lab = lab
        self.sandbox = sandbox
        self.cloud = cloud
        self._ledger = ledger

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of the start state."""
        return self.sandbox.outputs

    @property
    def resource_group(self) -> str:
        """The name of its resource group."""
        return self.sandbox.resource_group

    def client(self, kind: type[Client], **arguments: Any) -> Client:
        """A real SDK client of the cloud that it is on."""
        return self.cloud.client(kind, **arguments)

    def deploy(self, file: str | Path, parameters: dict[str, Any] | None = None) -> Deployed:
        """Deploy a Bicep file or an ARM template into it."""
        from azlabs.sandbox.deploy import deploy

        return deploy(self.sandbox, self.cloud, Path(file), parameters, ledger=self._ledger)

    def solve(self, task: str | None = None) -> list[str]:
        """Apply the reference solution of the lab, or of one task."""
        from azlabs.sandbox.solve import solve

        return solve(self.sandbox, self.lab, self.cloud, task, ledger=self._ledger)

    def reset(self, task: str | None = None) -> ResetReport:
        """Back to the start."""
        from azlabs.sandbox.reset import reset

        return reset(self.sandbox, self.lab, self.cloud, task, ledger=self._ledger)

    def verify(self, only: Any = None) -> Report:
        """Judge it; `only`: ids of tasks or checks."""
        from azlabs.verify import run

        return run(self.lab, self.sandbox, self.cloud, only=only)

    def down(self) -> DownReport:
        """Take it away."""
        from azlabs.sandbox.down import down
        from azlabs.sandbox.down_plan import plan_down

        return down(plan_down(self.sandbox, self.cloud), self.cloud, ledger=self._ledger)


@pytest.fixture
def azure_simulator() -> Iterator[ScratchCloud]:
    """An empty Azure in memory: `client(SdkClient)` gives real clients of it, sync and aio; see azlabs.cloud.Cloud."""
    from azlabs.cloud import scratch

    with scratch() as cloud:
        yield cloud


@pytest.fixture
def azlabs_sandbox(
    azure_simulator: ScratchCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SandboxInTest]:
    """A function that brings a lab up (its id, or the folder of its lab.yaml) and answers a SandboxInTest."""
    home = tmp_path / "azlabs-home"
    monkeypatch.setenv("AZLABS_HOME", str(home))

    def bring_up(lab: str | Path, *, region: str | None = None) -> SandboxInTest:
        from azlabs.catalog.labs import load_lab
        from azlabs.sandbox.ledger import Ledger
        from azlabs.sandbox.up import up

        ledger = Ledger(home)
        known = load_lab(lab)
        made = up(known, azure_simulator, region=region, ledger=ledger, another=True).sandbox
        return SandboxInTest(known, made, azure_simulator, ledger)

    return bring_up
