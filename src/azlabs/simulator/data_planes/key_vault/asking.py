"""One request to a vault after it was routed and allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault.errors import bad_parameter
from azlabs.simulator.data_planes.key_vault.objects import Body, Item, Vault, not_found

if TYPE_CHECKING:
    from azlabs.simulator import Simulator


class Asking:
    """`values`: the {words} of the path; `query` names are lower case."""

    __slots__ = ("_raw", "headers", "query", "simulator", "values", "vault")

    def __init__(
        self, simulator: Simulator, vault: Vault, values: dict[str, str], query: dict[str, str], raw: bytes | None
    ) -> None:
        self.simulator, self.vault, self.values, self.query, self._raw = simulator, vault, values, query, raw
        self.headers: dict[str, str] = {}
        """Headers of the answer."""

    @property
    def name(self) -> str:
        return self.values.get("name", "")

    @property
    def version(self) -> str:
        return self.values.get("version", "")

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")

    @property
    def url(self) -> str:
        return self.vault.url

    @property
    def body(self) -> Body:
        """The JSON object of the request. 400 BadParameter for anything else."""
        try:
            value: Any = json.loads(self._raw) if self._raw else None
        except (ValueError, RecursionError):
            raise bad_parameter("The request body is not JSON.") from None
        if not isinstance(value, dict):
            raise bad_parameter("The request body does not contain one or more required parameters.")
        return value

    def optional_body(self) -> Body:
        """The JSON object of the request, {} where none was sent."""
        return self.body if self._raw else {}

    def item_version(self, kind: str) -> tuple[Item, Body]:
        """The object and the version that the path names (the newest where it names none); 404 when there is none."""
        item = self.vault.require(kind, self.name)
        version = item.version(self.version)
        if version is None:
            raise not_found(kind, f"{self.name}/{self.version}" if self.version else self.name)
        return item, version
