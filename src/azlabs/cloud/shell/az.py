"""The Azure CLI inside a shell: a profile of its own that is signed in already, and Bicep through this package.

Source of the files' shapes: the Azure CLI, measured. The user's own profile (~/.azure) is never read or written.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from azlabs.errors import AzlabsError, ExitCode
from azlabs.files import write_private
from azlabs.progress import Event, Progress, silent

CONFIG = """[cloud]
name = AzureCloud

[core]
instance_discovery = false
collect_telemetry = false
encrypt_token_cache = false
login_experience_v2 = false
survey_message = false
no_color = {no_color}

[auto-upgrade]
enable = no
"""
SUBSCRIPTION_NAME = "azlabs simulator"


def write_profile(folder: Path, subscription: str, tenant: str, client_id: str, secret: str, name: str) -> None:
    """Make the folder an AZURE_CONFIG_DIR that is signed in as the client; written only where something changed."""
    user = {"name": client_id, "type": "servicePrincipal"}
    known = _read(folder / "azureProfile.json")
    profile = {
        "installationId": known.get("installationId") or str(uuid.uuid4()),
        "subscriptions": [
            {
                "id": subscription,
                "name": SUBSCRIPTION_NAME,
                "state": "Enabled",
                "user": user,
                "isDefault": True,
                "tenantId": tenant,
                "environmentName": "AzureCloud",
                "homeTenantId": tenant,
                "managedByTenants": [],
            }
        ],
    }
    entries = [{"client_id": client_id, "tenant": tenant, "client_secret": secret}]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(folder / "config", CONFIG.format(no_color="false"))
    _put(folder / "azureProfile.json", json.dumps(profile))
    _put(folder / "service_principal_entries.json", json.dumps(entries))
    _put(folder / "signed-in-as", name + "\n")
    (folder / "bin").mkdir(exist_ok=True)
    shim = folder / "bin" / "bicep"
    _put(shim, f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m azlabs.bicep "$@"\n', 0o700)
    _write_extension(folder / "cliextensions" / "azlabs-queries")


def _write_extension(folder: Path) -> None:
    """The extension with the query commands, as `az extension add` would leave it: a module and its metadata."""
    module, facts = folder / "azext_azlabs_queries", folder / "azlabs_queries-1.0.0.dist-info"
    for one in (module, facts):
        one.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(module / "__init__.py", (Path(__file__).parent / "az_queries" / "__init__.py").read_text("utf-8"))
    _put(module / "azext_metadata.json", '{"azext.minCliCoreVersion": "2.0.60"}')
    _put(facts / "METADATA", "Metadata-Version: 2.1\nName: azlabs-queries\nVersion: 1.0.0\nSummary: Query commands of azlabs\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _put(path: Path, text: str, mode: int = 0o600) -> None:
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    write_private(path, text, mode)


def tools_folder(home: Path) -> Path:
    """Where `--install-az` puts the Azure CLI."""
    return home / "tools" / "az"


def installed(home: Path) -> Path | None:
    """The folder of the `az` that azlabs installed, to be put on the PATH; None when there is none."""
    folder = tools_folder(home) / "bin"
    return folder if (folder / "az").exists() else None


def install(home: Path, progress: Progress = silent) -> Path:
    """Put the Azure CLI into a virtual environment of its own (about 750 MB); returns the folder of `az`."""
    folder = tools_folder(home)
    steps = (
        ("environment", [sys.executable, "-m", "venv", str(folder)]),
        ("azure-cli", [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--upgrade", "azure-cli"]),
    )
    for name, command in steps:
        progress(Event("install", name, "running"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            progress(Event("install", name, "failed"))
            raise AzlabsError(
                f"The Azure CLI could not be installed into {folder}.",
                action=(done.stderr.strip().splitlines() or ["Look at the network and try again."])[-1],
                code="AzureCliNotInstalled",
                exit_code=ExitCode.UNREACHABLE,
            )
        progress(Event("install", name, "done"))
    return folder / "bin"
