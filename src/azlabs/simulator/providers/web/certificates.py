"""Certificates that sites use for their host names, uploaded as PFX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.pfx import read
from azlabs.simulator.providers.web.base import PLAN, WebType, region
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.resource_type import Body, InUse, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

_EMPTY = ("friendlyName", "siteName", "selfLink", "cerBlob", "publicKeyHash", "keyVaultId", "keyVaultSecretName", "canonicalName")


class Certificates(WebType):
    """A certificate with its key; neither is ever shown."""

    type = "Microsoft.Web/certificates"
    secret = ("properties.pfxBlob", "properties.password")
    references = (Reference("properties.serverFarmId", PLAN, "NotFound", "Cannot find serverFarm with name {name}.", 404),)
    in_use = InUse("Conflict", "Certificate '{name}' is used by the host name {user}.", 409)

    def fill(self, write: Write) -> None:
        """Read what it says. Certificates from a vault, and those that Azure issues, are not modelled."""
        sent = write.request.get("properties") or {}
        for member in ("keyVaultId", "canonicalName"):
            if sent.get(member):
                raise not_modelled(f"{self.type} with {member}")
        if write.before is not None and not sent.get("pfxBlob"):
            write.body["properties"] = {**write.before["properties"], **(write.body.get("properties") or {})}
            return
        found = read(sent.get("pfxBlob"), sent.get("password"))
        names = found.pop("subjectAlternativeNames") or [found["subjectName"].removeprefix("CN=")]
        mine = {**found, "hostNames": names, "valid": None}
        if sent.get("serverFarmId"):
            mine["serverFarmId"] = sent["serverFarmId"]
        write.body["properties"] = mine

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """Complete."""
        body["properties"] = {**dict.fromkeys(_EMPTY), **body["properties"]}
        return {**body, "location": region(body["location"])}
