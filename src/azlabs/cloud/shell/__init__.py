"""The environment in which unmodified programs talk to a sandbox's cloud."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from azlabs.cloud.shell.environment import Variables


def variables(
    cloud: str,
    home: Path,
    inherited: Mapping[str, str],
    *,
    subscription: str = "",
    tenant: str = "",
    principal: str | None = None,
) -> Variables:
    """What a shell on this cloud adds to the inherited environment. `principal` signs in as somebody else where that is possible."""
    from azlabs.cloud.shell import environment

    if cloud == "simulator":
        return environment.of_simulator(home, inherited, principal)
    if principal is not None:
        raise AzlabsError(
            "azlabs cannot sign in as somebody else on Azure.",
            action="Use `az login` with that principal's own credentials.",
            code="CannotSignInAs",
        )
    return environment.of_azure(home, subscription, tenant)
