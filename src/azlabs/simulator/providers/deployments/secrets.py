"""Secrets that the parameters of a deployment refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azlabs.arm.errors import TemplateError

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

Reader = Callable[["Call", str, str, str], "str | None"]
"""(call, vault id, secret name, version or "") to the secret, None when there is none."""

READERS: list[Reader] = []
"""The vaults of the simulator put their reader here."""


def read(call: Call, reference: Mapping[str, Any]) -> str:
    """The secret that {"keyVault": {"id"}, "secretName", "secretVersion"} names; raises TemplateError."""
    vault = reference.get("keyVault")
    vault_id = str(vault.get("id", "")) if isinstance(vault, Mapping) else ""
    name, version = str(reference.get("secretName", "")), str(reference.get("secretVersion") or "")
    found = call.find(vault_id) if vault_id.startswith("/") else None
    if found is None:
        raise TemplateError(
            f"The specified KeyVault '{vault_id}' could not be found.", code="KeyVaultParameterReferenceNotFound"
        )
    if (found.get("properties") or {}).get("enabledForTemplateDeployment") is not True:
        raise TemplateError(
            "At least one of the key vaults of the parameters is not enabled for template deployment: "
            f"'{vault_id}'. Please enable it in the advanced access policies of the vault.",
            code="KeyVaultParameterReferenceAuthorizationFailed",
        )
    for reader in READERS:
        secret = reader(call, vault_id, name, version)
        if secret is not None:
            return secret
    raise TemplateError(
        f"The specified secret '{name}' of the KeyVault '{vault_id}' could not be found.",
        code="KeyVaultParameterReferenceSecretRetrieveFailed",
    )
