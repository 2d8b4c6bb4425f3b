"""An app's settings as its worker sees them: Key Vault references resolved, and the variables that the platform adds."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions import identities
from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.http import Request

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

VAULT_AUDIENCE = "https://vault.azure.net"
_REFERENCE = re.compile(r"@Microsoft\.KeyVault\((.*)\)", re.IGNORECASE | re.DOTALL)
_SECRET_URI = re.compile(
    r"https://([A-Za-z0-9-]+)\.vault\.azure\.net/secrets/([0-9A-Za-z-]+)(?:/([0-9A-Za-z]*))?/?", re.IGNORECASE
)
_API = "7.4"
_REASONS = {401: "access was refused", 403: "access was refused", 404: "there is no such secret"}
CONNECTION_PREFIXES = {
    "sqlserver": "SQLCONNSTR_", "sqlazure": "SQLAZURECONNSTR_", "mysql": "MYSQLCONNSTR_", "postgresql": "POSTGRESQLCONNSTR_",
    "custom": "CUSTOMCONNSTR_", "notificationhub": "NOTIFICATIONHUBCONNSTR_", "servicebus": "SERVICEBUSCONNSTR_",
    "eventhub": "EVENTHUBCONNSTR_", "apihub": "APIHUBCONNSTR_", "doccdb": "DOCDBCONNSTR_", "rediscache": "REDISCACHECONNSTR_",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """`values`: what the app reads; `problems`: setting -> why its reference was not resolved."""

    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)


def resolved(simulator: Simulator, site: Resource, stored: Mapping[str, Any]) -> Settings:
    """The app settings with every Key Vault reference replaced by its secret; what cannot be resolved stays as it is written.

    https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
    """
    values, problems = {}, {}
    for name, value in stored.items():
        text = str(value)
        match = _REFERENCE.fullmatch(text.strip())
        if match is not None:
            try:
                text = _secret(simulator, site, match[1])
            except FunctionProblem as problem:
                problems[name] = str(problem)
        values[name] = text
    return Settings(values, problems)


def _secret(simulator: Simulator, site: Resource, inner: str) -> str:
    vault, name, version = _named(inner)
    identity = str((site.body.get("properties") or {}).get("keyVaultReferenceIdentity") or "SystemAssigned")
    token = identities.token(
        simulator, site.id, VAULT_AUDIENCE, "" if identity.lower() == "systemassigned" else identity
    )
    url = f"https://{vault}.vault.azure.net/secrets/{name}/{version}".rstrip("/") + f"?api-version={_API}"
    answer = simulator.handle(Request("GET", url, {"Authorization": f"Bearer {token}"}))
    if answer.status != 200:
        reason = _REASONS.get(answer.status, "the vault did not answer")
        raise FunctionProblem(
            f"the secret '{name}' of the vault '{vault}' could not be read by {_who(identity)}: {reason} ({answer.status})"
        )
    return str(answer.json()["value"])


def _who(identity: str) -> str:
    if identity.lower() == "systemassigned":
        return "the app's system-assigned identity"
    return f"the identity '{identity.rpartition('/')[2]}'"


def _named(inner: str) -> tuple[str, str, str]:
    """(vault, secret, version or "") of what stands between the brackets."""
    parts = dict(part.partition("=")[::2] for part in inner.split(";") if part.strip())
    fields = {key.strip().lower(): value.strip() for key, value in parts.items()}
    if "secreturi" in fields:
        match = _SECRET_URI.fullmatch(fields["secreturi"])
        if match is None:
            raise FunctionProblem(
                "SecretUri has to be https://<vault>.vault.azure.net/secrets/<name>, with or without a version"
            )
        return match[1], match[2], match[3] or ""
    if not fields.get("vaultname") or not fields.get("secretname"):
        raise FunctionProblem("the reference has to name VaultName and SecretName, or a SecretUri")
    if not re.fullmatch(r"[A-Za-z0-9-]+", fields["vaultname"]) or not re.fullmatch(
        r"[A-Za-z0-9-]+", fields["secretname"]
    ):
        raise FunctionProblem("VaultName and SecretName have to be names, not addresses")
    return fields["vaultname"], fields["secretname"], fields.get("secretversion", "")


def platform(site: Resource, host: str, tier: str) -> dict[str, str]:
    """The variables that Azure adds to every function app on Linux.

    https://learn.microsoft.com/azure/app-service/reference-app-settings
    """
    parts = site.id.split("/")
    subscription, group, name = parts[2], parts[4], parts[8]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "WEBSITE_SITE_NAME": name,
        "WEBSITE_HOSTNAME": host,
        "WEBSITE_RESOURCE_GROUP": group,
        "WEBSITE_OWNER_NAME": f"{subscription}+{group}-{site.location.replace(' ', '')}webspace-Linux",
        "WEBSITE_INSTANCE_ID": hashlib.sha256(site.key.encode()).hexdigest(),
        "WEBSITE_SKU": tier,
        "WEBSITE_SLOT_NAME": parts[10] if len(parts) > 10 else "Production",
        "REGION_NAME": site.location,
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "FUNCTIONS_WORKER_RUNTIME_VERSION": version,
        "AZURE_FUNCTIONS_ENVIRONMENT": "Production",
        "ASPNETCORE_ENVIRONMENT": "Production",
    }


def connection_strings(stored: Mapping[str, Any]) -> dict[str, str]:
    """The variables that stand for the site's connection strings."""
    found = {}
    for name, one in stored.items():
        prefix = CONNECTION_PREFIXES.get(str(one.get("type", "Custom")).lower(), "CUSTOMCONNSTR_")
        found[prefix + name] = str(one.get("value", ""))
    return found
