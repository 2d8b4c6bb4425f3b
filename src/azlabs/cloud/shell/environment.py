"""The variables of a shell: where the host is, whom programs sign in as, and what they trust."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azlabs import surroundings
from azlabs.cloud import host
from azlabs.cloud.shell import az
from azlabs.errors import AzlabsError

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Variables:
    """What a shell adds to the environment (`added`) and takes out of it (`removed`)."""

    added: dict[str, str]
    removed: tuple[str, ...] = ()
    path: tuple[str, ...] = field(default=())

    def apply(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment for the program."""
        result = {name: value for name, value in environment.items() if name not in self.removed}
        if self.path:
            result["PATH"] = os.pathsep.join([*self.path, result.get("PATH", os.defpath)])
        return result | self.added


def of_simulator(home: Path, inherited: Mapping[str, str], principal: str | None = None) -> Variables:
    """The variables that lead every program to this home's simulator; starts the host when it does not run.

    `principal`: sign in as this user or service principal (object id, client id or user principal name) instead of the
    subscription's owner.
    """
    record = host.ensure(home)
    client = record["owner"] if principal is None else _client(home, principal)
    profile = home / "shell" / client["client_id"] / "azure"
    az.write_profile(profile, SUBSCRIPTION, record["tenant_id"], client["client_id"], client["secret"], client["name"])
    own = az.installed(home)
    added = {
        **surroundings.leading_to(record, home, inherited),
        "AZURE_CONFIG_DIR": str(profile),
        "AZURE_BICEP_CHECK_VERSION": "false",
        "AZURE_TENANT_ID": record["tenant_id"],
        "AZURE_CLIENT_ID": client["client_id"],
        "AZURE_CLIENT_SECRET": client["secret"],
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "IDENTITY_ENDPOINT": f"{surroundings.proxy_of(record)}/metadata/identity/oauth2/token",
        "IDENTITY_HEADER": f"{client['client_id']}.{client['secret']}",
    }
    return Variables(added, surroundings.REMOVED, (str(own),) if own is not None else ())


def of_azure(home: Path, subscription: str, tenant: str) -> Variables:
    """The variables of a shell on Azure: the subscription that the sandbox is in, and nothing redirected."""
    own = az.installed(home)
    added = {"AZURE_SUBSCRIPTION_ID": subscription, "AZURE_TENANT_ID": tenant}
    return Variables(added, (), (str(own),) if own is not None else ())


def _client(home: Path, principal: str) -> dict[str, Any]:
    """Client id, name and secret of another principal of the directory."""
    from azlabs.cloud.simulator import state_file
    from azlabs.simulator import Simulator

    with Simulator(state_file(home)) as simulator:
        try:
            found, secret = simulator.sign_in_secret(principal)
        except LookupError:
            raise AzlabsError(
                f"The simulator's directory has no user or service principal '{principal}'.",
                action="Give an object id, a client id or a user principal name; `az ad user list` shows them.",
                code="UnknownPrincipal",
            ) from None
    return {"client_id": found.app_id or found.object_id, "name": found.name, "secret": secret}
