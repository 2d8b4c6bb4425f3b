"""Deploying a learner's own file into a sandbox: the way to work without any other tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azlabs.cloud import Cloud
from azlabs.cloud.deployments import Deployed
from azlabs.progress import Progress, silent
from azlabs.sandbox.applying import apply_template
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.templates import read_parameters, read_template


def deploy(
    sandbox: Sandbox,
    cloud: Cloud,
    file: Path,
    parameters: dict[str, Any] | Path | None = None,
    progress: Progress = silent,
    ledger: Ledger | None = None,
) -> Deployed:
    """Deploy a Bicep file or an ARM template to the sandbox's group.

    `parameters`: {name: value}, or a parameters file. Those named like an output of the start state, and `location`,
    are filled in when they are not given. Raises TemplateProblem (file, line, column) and AzureError.
    """
    ledger = ledger or Ledger()
    template = read_template(file)
    given = read_parameters(parameters) if isinstance(parameters, Path) else parameters
    with ledger.working(sandbox, "deploy"):
        return apply_template(sandbox, cloud, file.stem, template, given, progress, ledger.save, file)
