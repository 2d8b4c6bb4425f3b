"""Function apps of three plans, published with the real Azure CLI in `azlabs shell`, and their log read with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.simulator.functions.scene import hello, zipped

AZ = Path(__file__).resolve().parents[2] / ".venv-az" / "bin"
PATH = os.pathsep.join([str(AZ), os.environ["PATH"]])
pytestmark = pytest.mark.skipif(
    shutil.which("az", path=PATH) is None, reason="the Azure CLI is not installed; `make conformance` installs it"
)

TEMPLATE = """
param location string = resourceGroup().location
param contributor string = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'stharbourapps'
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  resource blobs 'blobServices' = {
    name: 'default'
    resource releases 'containers' = { name: 'releases' }
  }
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-apps'
  location: location
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, identity.id)
  scope: storage
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributor)
  }
}

resource flexPlan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-flex'
  location: location
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource flex 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-az-flex'
  location: location
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: flexPlan.id
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}releases'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40 }
      runtime: { name: 'python', version: '3.11' }
    }
  }
}

var connection = 'DefaultEndpointsProtocol=https;AccountName=${storage.name};AccountKey=${storage.listKeys().keys[0].value}'
var settings = [
  { name: 'AzureWebJobsStorage', value: '${connection};EndpointSuffix=core.windows.net' }
  { name: 'FUNCTIONS_EXTENSION_VERSION', value: '~4' }
  { name: 'FUNCTIONS_WORKER_RUNTIME', value: 'python' }
]

resource plans 'Microsoft.Web/serverfarms@2024-04-01' = [for sku in ['Y1', 'B1']: {
  name: 'plan-${sku}'
  location: location
  kind: 'linux'
  sku: { name: sku }
  properties: { reserved: true }
}]

resource apps 'Microsoft.Web/sites@2024-04-01' = [for (sku, index) in ['y1', 'b1']: {
  name: 'func-az-${sku}'
  location: location
  kind: 'functionapp,linux'
  properties: {
    serverFarmId: plans[index].id
    siteConfig: { linuxFxVersion: 'Python|3.11', appSettings: settings }
  }
}]
"""
PACKAGES = ".python_packages/lib/site-packages/harbour.py"


class Shell:
    """`azlabs shell -- bash -c ...` in a home of its own, with a group `rg-apps` that the template has filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PATH": PATH, "AZLABS_HOME": str(folder / "home"), "RG": "rg-apps"}
        (folder / "apps.bicep").write_text(TEMPLATE)
        (folder / "app.zip").write_bytes(zipped({**hello(), PACKAGES: "name = 'Skerrybank'\n"}))
        (folder / "broken.zip").write_bytes(zipped({"function_app.py": ""}))
        self("az group create -n $RG -l swedencentral -o none")
        self("az deployment group create -g $RG -f apps.bicep -o none")

    def __call__(self, command: str, code: int = 0) -> str:
        words = [sys.executable, "-m", "azlabs", "shell", "--", "bash", "-c", command]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def answer(self, app: str) -> str:
        return self(f"curl -sS https://{app}.azurewebsites.net/api/hello")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("az"))
    yield made
    environment = {**os.environ, "AZLABS_HOME": str(made.folder / "home")}
    subprocess.run([sys.executable, "-m", "azlabs", "simulator", "reset", "--yes"], env=environment, check=False, capture_output=True)


CONFIG_ZIP = "az functionapp deployment source config-zip -g $RG --src app.zip -n"


def test_flex_consumption_with_a_remote_build(shell: Shell) -> None:
    """az itself waits for a minute before it looks at the app."""
    assert "Deployment was successful" in shell(f"{CONFIG_ZIP} func-az-flex")
    assert shell.answer("func-az-flex") == "hello from the harbour"
    assert "hello" in shell("az functionapp function list -g $RG -n func-az-flex --query [].name -o tsv")
    assert '"status": 4' in shell("az webapp log deployment list -g $RG -n func-az-flex")


def test_linux_consumption_runs_from_a_package_in_storage(shell: Shell) -> None:
    shell(f"{CONFIG_ZIP} func-az-y1")
    found = shell("az functionapp config appsettings list -g $RG -n func-az-y1 --query \"[?name=='WEBSITE_RUN_FROM_PACKAGE']\"")
    assert "function-releases" in found
    assert shell.answer("func-az-y1") == "hello from the harbour"


def test_a_basic_plan_with_and_without_a_remote_build(shell: Shell) -> None:
    assert '"status": 4' in shell(f"{CONFIG_ZIP} func-az-b1")
    assert shell.answer("func-az-b1") == "hello from the harbour"
    assert '"status": 4' in shell(f"{CONFIG_ZIP} func-az-b1 --build-remote true")
    assert shell.answer("func-az-b1") == "hello from the harbour"


def test_a_package_that_is_no_app_fails_with_our_sentence(shell: Shell) -> None:
    said = shell(f"{CONFIG_ZIP.replace('app.zip', 'broken.zip')} func-az-b1", code=1)
    assert "no host.json at its root" in said
    assert shell.answer("func-az-b1") == "hello from the harbour"


def test_the_log_is_streamed(shell: Shell) -> None:
    shell.answer("func-az-b1")
    said = shell("timeout 8 az webapp log tail -g $RG -n func-az-b1", code=124)
    assert "Host started: 1 functions (hello)" in said
    assert "Executed 'Functions.hello' (Succeeded" in said
