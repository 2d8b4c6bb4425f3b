"""Inside a shell, unmodified programs reach the simulator under Azure's public names, and nothing else of Azure."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import host
from azlabs.cloud.shell import programs, variables
from azlabs.errors import AzlabsError

OUTSIDE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "NO_PROXY": "*", "AZURE_USERNAME": "me@example.com"}


class Shell:
    """Runs programs as `azlabs shell -- PROGRAM` does."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = variables("simulator", home, OUTSIDE).apply(OUTSIDE)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def python(self, program: str) -> str:
        done = self.run(sys.executable, "-c", program)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    home = tmp_path_factory.mktemp("home")
    yield Shell(home)
    host.stop(home)


MAKE_GROUP = """
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient
client = ResourceManagementClient(DefaultAzureCredential(), "00000000-0000-0000-0000-000000000000")
client.resource_groups.create_or_update("sync", {"location": "westeurope"})
print(sorted(group.name for group in client.resource_groups.list()))
"""
LIST_GROUPS = """
import asyncio
from azure.identity.aio import DefaultAzureCredential
from azure.mgmt.resource.resources.aio import ResourceManagementClient

async def main():
    async with DefaultAzureCredential() as credential:
        async with ResourceManagementClient(credential, "00000000-0000-0000-0000-000000000000") as client:
            print([group.name async for group in client.resource_groups.list()])

asyncio.run(main())
"""


def test_the_sdks_work_under_public_names_sync_and_aio(shell: Shell) -> None:
    assert shell.python(MAKE_GROUP) == "['sync']"
    assert shell.python(LIST_GROUPS) == "['sync']"


ASYNC_HTTPX = """
import asyncio, httpx

async def main():
    url = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1"
    async with httpx.AsyncClient() as client:
        print((await client.get(url)).json()["api-version"])

asyncio.run(main())
"""


def test_programs_that_keep_the_port_they_asked_for_reach_it_too(shell: Shell) -> None:
    assert shell.python(ASYNC_HTTPX) == "1.1"


@pytest.mark.parametrize("client", ["requests", "httpx"])
def test_other_http_clients_reach_the_simulator_too(shell: Shell, client: str) -> None:
    url = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1"
    program = f"import {client}; print({client}.get('{url}').json()['api-version'])"
    assert shell.python(program) == "1.1"


def test_managed_identity_gives_tokens(shell: Shell) -> None:
    program = (
        "from azure.identity import ManagedIdentityCredential as M;"
        "print(len(M().get_token('https://management.azure.com/.default').token) > 100)"
    )
    assert shell.python(program) == "True"


@pytest.mark.parametrize("name", ["x.database.windows.net", "portal.azure.com", "www.microsoft.com"])
def test_an_azure_name_that_is_not_served_is_refused_with_a_sentence(shell: Shell, name: str) -> None:
    done = shell.run(sys.executable, "-c", f"import socket; socket.create_connection(('{name}', 443))")
    assert done.returncode == 1
    assert f"azlabs: {name} is not served by the simulator" in done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_programs_that_are_not_python_go_through_the_proxy(shell: Shell) -> None:
    done = shell.run("curl", "-sS", "https://management.azure.com/subscriptions?api-version=2022-12-01")
    assert json.loads(done.stdout)["error"]["code"] == "AuthenticationFailed", done.stderr
    refused = shell.run("curl", "-sS", "https://x.database.windows.net/")
    assert refused.returncode != 0 and "403" in refused.stderr
    plain = shell.run("curl", "-sS", "http://x.database.windows.net/")
    assert "is not served by the simulator" in plain.stdout


def test_a_program_whose_host_was_killed_gets_a_new_one(shell: Shell) -> None:
    before = shell.python(LIST_GROUPS)
    record = host.ensure(shell.home)
    os.kill(record["pid"], signal.SIGKILL)
    assert shell.python(LIST_GROUPS) == before
    assert (host.find(shell.home) or {})["pid"] != record["pid"]


def test_a_sitecustomize_that_stood_there_before_still_runs(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.stood_before = 'yes'\n")
    inherited = OUTSIDE | {"PYTHONPATH": str(tmp_path)}
    environment = variables("simulator", shell.home, inherited).apply(inherited)
    done = subprocess.run(
        [sys.executable, "-c", "print(stood_before)"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "yes", done.stderr


def test_what_would_lead_past_the_simulator_is_taken_out(shell: Shell) -> None:
    assert "NO_PROXY" not in shell.environment and "AZURE_USERNAME" not in shell.environment
    assert shell.environment["HTTPS_PROXY"].startswith("http://127.0.0.1:")


def test_the_profile_of_az_is_signed_in_and_apart_from_the_users_own(shell: Shell) -> None:
    folder = Path(shell.environment["AZURE_CONFIG_DIR"])
    assert folder.is_relative_to(shell.home)
    profile = json.loads((folder / "azureProfile.json").read_text())
    (entry,) = json.loads((folder / "service_principal_entries.json").read_text())
    assert profile["subscriptions"][0]["user"]["name"] == entry["client_id"]
    version = shell.run(str(folder / "bin" / "bicep"), "--version")
    assert version.stdout.startswith("Bicep CLI version "), version.stderr


def test_another_principal_can_be_signed_in_as(shell: Shell) -> None:
    shell.python(MAKE_GROUP)
    with pytest.raises(AzlabsError, match="no user or service principal 'nobody'"):
        variables("simulator", shell.home, OUTSIDE, principal="nobody")
    program = """
from azlabs.simulator import Simulator
import sys
with Simulator(sys.argv[1]) as simulator:
    from azlabs.simulator.directory.kinds import APPLICATIONS, SERVICE_PRINCIPALS
    now = simulator.clock.now()
    app = simulator.directory.create(APPLICATIONS, {"displayName": "ship"}, now)
    made = simulator.directory.create(SERVICE_PRINCIPALS, {"displayName": "ship", "appId": app.body["appId"]}, now)
    print(app.body["appId"])
"""
    path = shell.home / "simulator" / "state.sqlite"
    made = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    other = variables("simulator", shell.home, OUTSIDE, principal=made.stdout.strip()).apply(OUTSIDE)
    done = subprocess.run(
        [sys.executable, "-c", MAKE_GROUP], env=other, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1 and "AuthorizationFailed" in done.stderr


def test_on_azure_nothing_is_redirected(tmp_path: Path) -> None:
    found = variables("azure", tmp_path, OUTSIDE, subscription="s", tenant="t").apply(OUTSIDE)
    assert found == OUTSIDE | {"AZURE_SUBSCRIPTION_ID": "s", "AZURE_TENANT_ID": "t"}


def test_the_prompt_says_where_one_is(tmp_path: Path) -> None:
    program = programs.interactive(
        tmp_path, "azlabs lab on simulator", {"PATH": os.environ["PATH"], "SHELL": "/bin/bash"}
    )
    done = subprocess.run(
        program.arguments,
        input="echo ${PS1@P}\n",
        env=OUTSIDE | program.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "(azlabs lab on simulator)" in done.stdout


def test_start_files_change_neither_the_way_to_the_cloud_nor_which_programs_come_first(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("export PATH=/shims:$PATH HTTPS_PROXY=http://corp:8080 NO_PROXY='*' MINE=1\n")
    environment = {"PATH": os.environ["PATH"], "SHELL": "/bin/bash", "HTTPS_PROXY": 'http://"x', "HOME": str(tmp_path)}
    program = programs.interactive(
        tmp_path / "start", "label", environment, kept=["PATH", "HTTPS_PROXY"], removed=["NO_PROXY"]
    )
    done = subprocess.run(
        program.arguments,
        input="env | grep -E '^(PATH|HTTPS_PROXY|NO_PROXY|MINE|AZLABS_PATH)=' | sort\n",
        env=environment | program.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    path = environment["PATH"]
    assert done.stdout.splitlines() == ['HTTPS_PROXY=http://"x', "MINE=1", f"PATH={path}:/shims:{path}"]


def test_an_unknown_shell_and_a_missing_command_are_named(tmp_path: Path) -> None:
    with pytest.raises(AzlabsError, match="The shell 'tcsh' is not known"):
        programs.interactive(tmp_path, "x", OUTSIDE, "tcsh")
    with pytest.raises(AzlabsError, match="'az' was not found") as missing:
        programs.find("az", {"PATH": "/nonexistent"})
    assert "--install-az" in missing.value.action
