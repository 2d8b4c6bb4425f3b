"""What an app's code sees of its settings: references to secrets, and restarts when anything changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azlabs.simulator import Request

from .running import Packages
from .scene import WEB, Scene, eventually

VAULT = "2024-11-01"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
READER = "21090545-7ca7-4776-b22c-e363652d74d2"
URL = "https://kv-harbour.vault.azure.net/secrets/token"
REFERENCE = "@Microsoft.KeyVault(VaultName=kv-harbour;SecretName=token)"


class Vault:
    """A scene with an app `func-kv` and a vault that holds `token`."""

    def __init__(self, scene: Scene, packages: Packages) -> None:
        self.scene, self.packages = scene, packages
        self.id = f"{scene.root}/Microsoft.KeyVault/vaults/kv-harbour"
        properties = {
            "tenantId": scene.cloud.tenant_id, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True,
            "accessPolicies": [],
        }  # fmt: skip
        scene.arm("PUT", self.id, VAULT, {"location": "westeurope", "properties": properties})
        self.version = self.put("one")
        self.site = scene.dedicated("func-kv")
        packages.put(self.site, "web")

    def put(self, value: str) -> str:
        """Set the secret; its version."""
        headers = {"Authorization": f"Bearer {self.scene.simulator.owner_token()}", "Content-Type": "application/json"}
        body = b'{"value": "%s"}' % value.encode()
        answer = self.scene.simulator.handle(Request("PUT", f"{URL}?api-version=7.4", headers, body))
        assert answer.status == 200, answer.body
        return str(answer.json()["id"]).rpartition("/")[2]

    def identity(self, value: str) -> None:
        """Which identity reads references."""
        self.scene.arm("PATCH", self.site, WEB, {"properties": {"keyVaultReferenceIdentity": value}})

    def value(self, name: str = "TOKEN") -> str:
        """A setting as the app's code reads it."""
        return self.scene.call("func-kv", f"/api/settings/{name}").body.decode()


@pytest.fixture
def vault(scene: Scene, packages: Packages) -> Iterator[Vault]:
    yield Vault(scene, packages)


def test_a_reference_is_resolved_by_the_identity_that_the_app_names_for_it(vault: Vault) -> None:
    vault.scene.settings(vault.site, TOKEN=REFERENCE)
    assert vault.value() == REFERENCE
    vault.identity(vault.scene.identity)
    assert vault.value() == REFERENCE
    vault.scene.allow(READER, vault.id)
    assert vault.value() == REFERENCE
    vault.scene.allow(SECRETS_USER, vault.id)
    assert vault.value() == "one"
    lines = vault.packages.lines(vault.site, level="Warning")
    assert any("no system-assigned identity" in line for line in lines)
    assert any("access was refused" in line for line in lines)


def test_a_reference_may_name_a_version_and_then_keeps_it(vault: Vault) -> None:
    vault.identity(vault.scene.identity)
    vault.scene.allow(SECRETS_USER, vault.id)
    vault.scene.settings(
        vault.site, LATEST=f"@Microsoft.KeyVault(SecretUri={URL})", PINNED=f"@Microsoft.KeyVault(SecretUri={URL}/{vault.version})",
        NAMED=f"@Microsoft.KeyVault(VaultName=kv-harbour;SecretName=token;SecretVersion={vault.version})",
    )  # fmt: skip
    vault.put("two")
    assert [vault.value(name) for name in ("LATEST", "PINNED", "NAMED")] == ["two", "one", "one"]


@pytest.mark.parametrize(
    "text",
    [
        "@Microsoft.KeyVault(SecretUri=https://elsewhere.example/secrets/a)",
        "@Microsoft.KeyVault(VaultName=kv-harbour)",
        "@Microsoft.KeyVault",
    ],
)
def test_a_reference_that_names_no_secret_stays_as_it_is_written(vault: Vault, text: str) -> None:
    vault.identity(vault.scene.identity)
    vault.scene.allow(SECRETS_USER, vault.id)
    vault.scene.settings(vault.site, TOKEN=text)
    assert vault.value() == text


def test_the_system_assigned_identity_reads_references_when_nothing_else_is_said(vault: Vault) -> None:
    body = {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {vault.scene.identity: {}}}}
    principal = vault.scene.arm("PATCH", vault.site, WEB, body)["identity"]["principalId"]
    vault.scene.allow(SECRETS_USER, vault.id, principal)
    vault.scene.settings(vault.site, TOKEN=REFERENCE)
    assert vault.value() == "one"


def test_an_app_is_started_again_when_its_settings_change_and_only_then(vault: Vault) -> None:
    def starts() -> int:
        return sum(line.startswith("Host started") for line in vault.packages.lines(vault.site))

    assert vault.value("COLOUR") == ""
    before = starts()
    vault.scene.settings(vault.site, COLOUR="red")
    assert vault.value("COLOUR") == "red"
    vault.scene.arm("PUT", f"{vault.scene.storage}/blobServices/default/containers/other", "2025-01-01", {})
    assert vault.value("COLOUR") == "red"
    assert starts() == before + 1
    vault.scene.arm("POST", f"{vault.site}/restart", WEB)
    assert vault.value("COLOUR") == "red"
    assert starts() == before + 2


def test_a_state_that_is_put_back_runs_the_app_as_it_was_then(vault: Vault) -> None:
    vault.scene.settings(vault.site, COLOUR="red")
    assert vault.value("COLOUR") == "red"
    snapshot = vault.scene.cloud.snapshot()
    pid = vault.packages.app(vault.site).instance
    vault.scene.settings(vault.site, COLOUR="blue")
    assert vault.value("COLOUR") == "blue"
    vault.scene.cloud.restore(snapshot)
    assert vault.value("COLOUR") == "red"
    now = vault.packages.app(vault.site).instance
    assert now != pid
    vault.scene.cloud.restore(snapshot)
    assert vault.packages.app(vault.site).instance == now


def test_an_app_without_an_identity_is_told_of_none(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-none")
    packages.put(site, "web")
    assert scene.call("func-none", "/api/settings/IDENTITY_HEADER").status == 200
    scene.arm("PATCH", site, WEB, {"identity": {"type": "None"}})
    assert scene.call("func-none", "/api/settings/IDENTITY_HEADER").status == 404


def test_a_stopped_app_and_one_without_a_package_answer_as_on_azure(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-st")
    assert b"up and running" in scene.call("func-st", "/").body
    assert scene.call("func-st", "/api/blue").status == 404
    packages.put(site, "web")
    assert scene.call("func-st", "/api/blue").status == 200
    scene.arm("POST", f"{site}/stop", WEB)
    assert scene.call("func-st", "/api/blue").status == 403
    scene.arm("POST", f"{site}/start", WEB)
    assert scene.call("func-st", "/api/blue").status == 200
    folder = scene.cloud.home / "functions" / "func-st"
    assert (folder / "log.jsonl").is_file()
    scene.arm("DELETE", site, WEB)
    assert scene.call("func-st", "/api/blue").status == 404
    eventually(lambda: not folder.exists())
