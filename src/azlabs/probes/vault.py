"""Secrets of a vault, read as the account that verifies.

    lab.vault.secrets(lab.outputs["vaultUri"])        {"search-token": "..."}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from azlabs.cloud.errors import error_from

__all__ = ["VaultProbe"]

_API = "7.5"
_AUDIENCE = "https://vault.azure.net"


class CloudLike(Protocol):
    """A cloud as checks see it."""

    @property
    def send(self) -> Callable[..., Any]: ...


class VaultProbe:
    """Reads over the vault's own API. `note` is told of every value, so that no report shows it."""

    def __init__(self, cloud: CloudLike, note: Any) -> None:
        self._cloud = cloud
        self._note = note

    def secrets(self, vault_uri: str) -> dict[str, str]:
        """The values of all secrets that can be used now (enabled, newest version), by name. Raises AzureError."""
        found: dict[str, str] = {}
        url: str | None = f"{vault_uri.rstrip('/')}/secrets?api-version={_API}"
        while url:
            page = self._get(url)
            for entry in page.get("value") or ():
                name = str(entry["id"]).rstrip("/").rpartition("/")[2]
                if (entry.get("attributes") or {}).get("enabled", True):
                    found[name] = str(self._get(f"{vault_uri.rstrip('/')}/secrets/{name}?api-version={_API}").get("value", ""))
            url = page.get("nextLink")
        return found

    def _get(self, url: str) -> dict[str, Any]:
        said = self._cloud.send("GET", url, audience=_AUDIENCE)
        if said.status >= 400:
            raise error_from(said.status, said.content, f"GET {url.split('?', 1)[0]}")
        body = said.json if isinstance(said.json, dict) else {}
        self._note(body)
        return body
