"""`azlabs shell`: a program with the variables of a sandbox, pointed at the sandbox's cloud."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.home import home

if TYPE_CHECKING:
    from azlabs.sandbox.model import Sandbox

DEFAULT_CLOUD = "simulator"


@dataclass(frozen=True, slots=True)
class Start:
    """What to execute: `path` with `arguments` (the program's name first) and this whole environment."""

    path: str
    arguments: list[str]
    environment: dict[str, str]
    label: str

    def execute(self) -> None:
        """Become the program; does not return."""
        os.execve(self.path, self.arguments, self.environment)


def prepare(
    command: Sequence[str] = (),
    *,
    sandbox: Sandbox | None = None,
    cloud: str = "",
    principal: str | None = None,
    shell: str | None = None,
    inherited: Mapping[str, str] = os.environ,
) -> Start:
    """The command, or the user's shell when there is none, in the environment of the sandbox's cloud.

    Without a sandbox: the named cloud, else AZLABS_CLOUD, else the simulator. Raises AzlabsError when the command, the
    shell or the principal is unknown, or the host process does not start.
    """
    from azlabs.cloud.shell import programs, variables
    from azlabs.sandbox.workspace import variables_of_app

    folder = home()
    where = cloud or (sandbox.cloud if sandbox is not None else inherited.get("AZLABS_CLOUD") or DEFAULT_CLOUD)
    found = variables(
        where,
        folder,
        inherited,
        subscription=sandbox.subscription_id if sandbox is not None else "",
        tenant=sandbox.tenant_id if sandbox is not None else "",
        principal=principal,
    )
    words = variables_of_app(sandbox.workspace) if sandbox is not None else {}
    environment = found.apply({**inherited, **words}) | _of_sandbox(sandbox)
    label = f"azlabs {sandbox.lab if sandbox is not None else 'no lab'} on {where}" + (
        f" as {principal}" if principal else ""
    )
    if command:
        path = programs.find(command[0], environment)
        return Start(path, list(command), environment, label)
    own = [name for name, value in environment.items() if value != inherited.get(name)]
    program = programs.interactive(
        folder / "shell" / "start", label, environment, shell, kept=own, removed=found.removed
    )
    return Start(program.arguments[0], program.arguments, environment | program.variables, label)


def _of_sandbox(sandbox: Sandbox | None) -> dict[str, str]:
    """RG, LOCATION and the like: the words that guides and hints use."""
    if sandbox is None:
        return {}
    groups = sandbox.resource_groups
    words = {"AZLABS_SANDBOX": sandbox.id, "LOCATION": sandbox.region, "SUBSCRIPTION": sandbox.subscription_id}
    return words | ({"RG": groups[0]} if groups else {})


def current(name: str | None = None) -> Sandbox | None:
    """The sandbox that a shell is about: the named one, the one of this folder, the only one; None when none is up."""
    from azlabs.sandbox.find import SandboxUnclear, find
    from azlabs.sandbox.ledger import Ledger

    ledger = Ledger()
    if name or ledger.all():
        try:
            return find(name, Path.cwd(), ledger)
        except SandboxUnclear:
            if name:
                raise
    return None
