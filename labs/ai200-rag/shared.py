"""What the checks of this lab share: where things are, which token opens the app, which container holds the passages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azlabs.arm import evaluate
from azlabs.verify import CheckFailed, Evidence, LabView, not_yet

if TYPE_CHECKING:
    from azlabs.probes.cosmos import Container, Vector

REFERENCE = "@microsoft.keyvault("
TOKEN_HEADER = "x-search-token"
MODEL_DIMENSIONS = 1536
FLOATS = ("float32", "float16")
NEARLY = 0.85
# The most dimensions that each type of vector index takes.
INDEX_LIMITS = {"flat": 505, "quantizedflat": 4096, "diskann": 4096}


@dataclass(frozen=True)
class Store:
    """A container with one vector of its policy: the candidate for the place where passages are kept."""

    container: Container
    vector: Vector

    @property
    def fits_the_model(self) -> bool:
        return self.vector.data_type in FLOATS and 1 <= self.vector.dimensions <= MODEL_DIMENSIONS

    @property
    def index(self) -> str:
        return self.container.vector_index(self.vector.path)

    @property
    def is_indexed(self) -> bool:
        return self.vector.dimensions <= INDEX_LIMITS.get(self.index.lower(), 0)

    @property
    def costs_nothing(self) -> bool:
        """The numbers of the vector are outside of the ordinary index."""
        path = self.vector.path.rstrip("/")
        return not self.container.indexes(f"{path}/[]") and not self.container.indexes(path)

    @property
    def misspelt(self) -> str:
        """An excluded path that is nearly the vector's and leaves nothing out: three things have to agree on one path.

        Azure itself leaves the path of a vector index out, which hides the slip and not its cause.
        """
        path = self.vector.path.rstrip("/")
        for excluded in self.container.excluded:
            head = excluded.removesuffix("/*").removesuffix("/?").removesuffix("/[]")
            if head and head != path and SequenceMatcher(None, head.lower(), path.lower()).ratio() >= NEARLY:
                return excluded
        return ""

    @property
    def filters_are_cheap(self) -> bool:
        """Other properties are in the ordinary index: all of them, or some that are named."""
        if self.container.indexing == "none":
            return False
        named = [path for path in self.container.included if path != "/*" and not path.startswith(self.vector.path)]
        return self.container.indexes("/anything-else") or len(named) > 1

    @property
    def name(self) -> str:
        return f"{self.container.database}/{self.container.name}"


class Trust:
    """The pieces of the Harbour Trust's pipeline, found by what the start fixed."""

    def __init__(self, lab: LabView) -> None:
        self.lab = lab
        self.app: str = lab.outputs["functionAppId"]
        self.host: str = lab.outputs["namespaceHost"]
        self.documents = f"{lab.outputs['namespaceId']}/queues/documents"
        self.invoices = f"{lab.outputs['namespaceId']}/queues/invoices"
        self.cosmos: str = lab.outputs["cosmosId"]
        self.endpoint: str = lab.outputs["cosmosEndpoint"]

    @property
    def site(self) -> dict[str, Any]:
        """The function app; the check fails when it is gone."""
        found = self.lab.get(self.app)
        if found is None:
            raise CheckFailed(Evidence("The function app is gone", "The function app of the start"))
        return found

    @property
    def settings(self) -> dict[str, str]:
        """Every setting of the app with its text: app settings and connection strings."""
        found = dict(self.lab.secrets(self.app, "config/appsettings/list").get("properties") or {})
        strings = self.lab.secrets(self.app, "config/connectionstrings/list").get("properties") or {}
        found |= {f"connection string {name}": entry.get("value", "") for name, entry in strings.items()}
        return {name: str(value) for name, value in found.items()}

    @property
    def plain_settings(self) -> dict[str, str]:
        """The settings without references to the vault."""
        return {name: text for name, text in self.settings.items() if not text.strip().lower().startswith(REFERENCE)}

    @property
    def identities(self) -> list[str]:
        """The object ids of all identities that are attached to the app."""
        identity = self.site.get("identity") or {}
        found = [str(one.get("principalId") or "") for one in (identity.get("userAssignedIdentities") or {}).values()]
        return [one for one in [str(identity.get("principalId") or ""), *found] if one]

    @cached_property
    def old_token(self) -> str:
        """The token that leaked: the template makes it of the resource group's id."""
        box = self.lab.sandbox
        group = f"/subscriptions/{box.subscription_id}/resourceGroups/{box.resource_groups[0]}"
        parts = [evaluate(f"[uniqueString('{group}', '{word}')]") for word in ("search", "token")]
        return "".join(parts)

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets of the vault."""
        return self.lab.vault.secrets(self.lab.outputs["vaultUri"])

    def health(self, token: str | None) -> int:
        """The status of `GET /api/health` with a token, or without one."""
        headers = {} if token is None else {TOKEN_HEADER: token}
        return self.lab.invoke(self.lab.outputs["functionAppHost"], "/api/health", headers=headers).status

    def tokens(self) -> Iterator[str]:
        """What may be the app's token now: secrets of the vault, settings that could hold it, the old one."""
        seen = set()
        in_settings = [text for name, text in self.plain_settings.items() if re.search("token", name, re.IGNORECASE)]
        for token in [*self.secrets.values(), *in_settings, self.old_token]:
            if token and token not in seen:
                seen.add(token)
                yield token

    def token(self) -> str:
        """The token that opens the app; the check fails when none does."""
        found = 0
        for token in self.tokens():
            found = self.health(token)
            if found == 200:
                return token
        raise CheckFailed(
            Evidence(
                f"GET /api/health answers {found} to every token of the vault and of the settings",
                "200 for one of them",
                fix="Look into the app's log: azlabs logs.",
            )
        )

    def stores(self) -> list[Store]:
        """The containers with a vector policy, the most complete first."""
        found = [Store(one, vector) for one in self.lab.cosmos.containers(self.cosmos) for vector in one.vectors]
        return sorted(found, key=lambda one: (one.fits_the_model, one.is_indexed, one.costs_nothing), reverse=True)


def token_or_wait(trust: Trust) -> str:
    """The token that opens the app; "not yet" where a new role may be what is missing."""
    try:
        return trust.token()
    except CheckFailed:
        wait_for_roles(trust)
        raise


def wait_for_roles(trust: Trust) -> None:
    """On Azure a role that was just assigned is not known everywhere."""
    seconds = trust.lab.access.settles_in(trust.identities)
    if seconds:
        not_yet(f"A role of the app's identity was assigned just now; Azure may need {seconds / 60:.0f} more minutes.")
