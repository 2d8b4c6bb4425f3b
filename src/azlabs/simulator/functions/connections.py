"""Connections of triggers and bindings: a connection string in one setting, or an identity and an address in several.

https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from azlabs.simulator.functions.model import FunctionProblem

MANAGED = ("managedidentity",)
PREFIXES = ("", "AzureWebJobs")


@dataclass(frozen=True, slots=True)
class Connection:
    """`text`: the connection string, "" where there is none; else `fields`: what stands behind `<name>__`, names in lower case."""

    name: str
    text: str
    fields: Mapping[str, str]
    default_client: str
    """The client id that a credential without one of its own takes: the setting AZURE_CLIENT_ID."""
    _token: Callable[[str, str], str]

    def get(self, field: str, default: str = "") -> str:
        """A field by its name, compared without case."""
        return self.fields.get(field.lower(), default)

    def parts(self) -> dict[str, str]:
        """The parts of the connection string, names in lower case."""
        pairs = (part.partition("=") for part in self.text.split(";") if "=" in part)
        return {key.strip().lower(): value.strip() for key, _, value in pairs}

    def token(self, audience: str) -> str:
        """A token of the identity that the connection names. Raises `FunctionProblem` as the host's credential fails:
        a managed identity without client id is the system-assigned one; without `__credential` the setting AZURE_CLIENT_ID counts.
        """
        if self.get("clientSecret"):
            raise FunctionProblem(
                f"Connection '{self.name}' signs in with a client secret, which is not modelled by the simulator."
            )
        kind = self.get("credential")
        if kind and kind.lower() not in MANAGED:
            raise FunctionProblem(f"The setting {self.name}__credential has to be 'managedidentity', not '{kind}'.")
        chosen = (self.get("clientId") or self.get("managedIdentityResourceId")) if kind else self.default_client
        try:
            return self._token(audience, chosen)
        except FunctionProblem as problem:
            more = f"; set {self.name}__credential to managedidentity and {self.name}__clientId to the identity's client id"
            text = f"Connection '{self.name}' cannot get a token: {problem}{'' if chosen else more}."
            raise FunctionProblem(text) from None


def find(settings: Mapping[str, str], name: str, token: Callable[[str, str], str], what: str) -> Connection:
    """The connection of this name. A connection string wins over the fields of an identity. Raises `FunctionProblem`."""
    lowered = {key.lower(): value for key, value in settings.items()}
    for prefix in PREFIXES:
        start = (prefix + name).lower()
        for key in (start, f"customconnstr_{start}", f"servicebusconnstr_{start}"):
            if lowered.get(key):
                return Connection(name, lowered[key], {}, "", token)
        fields = {
            key[len(start) + len(mark) :]: value
            for key, value in lowered.items()
            for mark in ("__", ":")
            if key.startswith(start + mark) and value
        }
        if fields:
            return Connection(name, "", fields, lowered.get("azure_client_id", ""), token)
    raise FunctionProblem(
        f"{what}: the connection '{name}' is not among the app's settings; set '{name}' to a connection string, or settings that begin "
        f"with '{name}__'."
    )
