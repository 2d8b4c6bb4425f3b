"""The lab az104-vnet-nsg, solved in `azlabs shell` with the real Azure CLI and a text editor alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

AZ = Path(__file__).resolve().parents[2] / ".venv-az" / "bin"
PATH = os.pathsep.join([str(AZ), os.environ["PATH"]])
pytestmark = pytest.mark.skipif(
    shutil.which("az", path=PATH) is None, reason="the Azure CLI is not installed; `make conformance` installs it"
)

ANSWERS = """office-to-db:
  verdict: allow
  rule: allow-office-remote
supplier-to-db:
  verdict: deny
  rule: block-db-remote
"""
RULE = "az network nsg rule create -g $RG -o none --access"
INSIDE_CLOSED = (
    "-n inside-closed --priority 4000 --source-address-prefixes VirtualNetwork --destination-port-ranges '*'"
)
STEPS = f"""
az network vnet subnet create -g $RG --vnet-name vnet-tickets -n snet-app --address-prefixes 172.20.42.0/26 -o none
az network vnet subnet create -g $RG --vnet-name vnet-tickets -n snet-data --address-prefixes 172.20.42.64/26 -o none
move() {{
  az network nic ip-config update -g $RG --nic-name $1 -n primary --vnet-name vnet-tickets --subnet "${{@:2}}" -o none
}}
move nic-app-01 snet-app
move nic-app-02 snet-app
move nic-report-01 snet-app
move nic-db-01 snet-data --private-ip-address 172.20.42.70
move nic-db-02 snet-data

az network nsg rule delete -g $RG --nsg-name nsg-app-02 -n quarantine

for rule in allow-shop allow-office-remote block-db-remote allow-vendor allow-any-remote; do
  az network nsg rule delete -g $RG --nsg-name nsg-flat -n $rule
done
{RULE} Allow --nsg-name nsg-flat -n https-in --priority 100 --protocol Tcp --destination-port-ranges 443
{RULE} Deny --nsg-name nsg-flat --protocol '*' {INSIDE_CLOSED}

az network asg create -g $RG -n asg-app -o none
for nic in nic-app-01 nic-app-02; do
  az network nic ip-config update -g $RG --nic-name $nic -n primary --application-security-groups asg-app -o none
done
az network nsg create -g $RG -n nsg-app -o none
{RULE} Allow --nsg-name nsg-app -n web-to-app --priority 100 --protocol Tcp --source-address-prefixes 172.20.40.0/24 \
  --destination-asgs asg-app --destination-port-ranges 8080
{RULE} Deny --nsg-name nsg-app --protocol '*' {INSIDE_CLOSED}
az network vnet subnet update -g $RG --vnet-name vnet-tickets -n snet-app --network-security-group nsg-app -o none

az network nsg create -g $RG -n nsg-data -o none
{RULE} Allow --nsg-name nsg-data -n app-to-sql --priority 100 --protocol Tcp --source-asgs asg-app \
  --destination-port-ranges 1433
{RULE} Allow --nsg-name nsg-data -n replication --priority 110 --protocol Tcp \
  --source-address-prefixes 172.20.42.64/26 --destination-address-prefixes 172.20.42.64/26 --destination-port-ranges 5022
{RULE} Deny --nsg-name nsg-data --protocol '*' {INSIDE_CLOSED}
az network vnet subnet update -g $RG --vnet-name vnet-tickets -n snet-data --network-security-group nsg-data -o none
az network nic ip-config update -g $RG --nic-name nic-db-01 -n primary --remove publicIPAddress -o none

for nsg in nsg-flat nsg-app nsg-data; do
  {RULE} Allow --nsg-name $nsg -n ssh-from-mgmt --priority 200 --protocol Tcp \
    --source-address-prefixes 172.20.41.0/27 --destination-port-ranges 22
done
az network nsg rule delete -g $RG --nsg-name nsg-mgmt -n ssh-in
az network nsg rule delete -g $RG --nsg-name nsg-mgmt -n rdp-in
{RULE} Allow --nsg-name nsg-mgmt -n office-ssh --priority 100 --protocol Tcp \
  --source-address-prefixes 203.0.113.64/28 --destination-port-ranges 22
{RULE} Deny --nsg-name nsg-mgmt --protocol '*' {INSIDE_CLOSED}

{RULE} Allow --nsg-name nsg-data -n storage-out --direction Outbound --priority 100 --protocol Tcp \
  --destination-address-prefixes Storage.SwedenCentral --destination-port-ranges 443
{RULE} Allow --nsg-name nsg-data -n replication-out --direction Outbound --priority 110 --protocol Tcp \
  --destination-address-prefixes 172.20.42.64/26 --destination-port-ranges 5022
{RULE} Deny --nsg-name nsg-data -n rest-closed --direction Outbound --priority 4000 --protocol '*' \
  --destination-address-prefixes '*' --destination-port-ranges '*'
"""


class Azlabs:
    """The command line in a home of its own, with az on the PATH."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"AZLABS_HOME": str(home), "PATH": PATH}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "azlabs", *words], env=self.environment, capture_output=True, text=True, check=False
        )

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture
def azlabs(tmp_path: Path) -> Iterator[Azlabs]:
    command_line = Azlabs(tmp_path / "home")
    yield command_line
    command_line.run("down", "--all", "--yes")


def test_the_lab_is_solved_with_az_alone(azlabs: Azlabs, tmp_path: Path) -> None:
    up = azlabs.json("up", "az104-vnet-nsg", "--yes")
    Path(up["workspace"], "answers.yaml").write_text(ANSWERS)
    script = tmp_path / "steps.sh"
    script.write_text("set -eu\n" + STEPS)
    done = azlabs.run("shell", "--", "bash", str(script))
    assert done.returncode == 0, done.stderr
    assert azlabs.json("verify")["score"] == 1000
    down = azlabs.json("down", "--yes")
    assert down["survivors"] == []
