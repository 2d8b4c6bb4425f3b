"""Certificates of an environment: uploaded ones, and those that Azure issues for a host name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.container_apps.base import ENVIRONMENT, Part, apps_in, region
from azlabs.simulator.providers.pfx import read
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, InUse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

IN_USE = InUse("CertificateInUse", "Certificate '{name}' is used by existing custom domains.")


class Certificates(Part):
    """A certificate with its key, uploaded as PFX."""

    type = f"{ENVIRONMENT}/certificates"
    located = tagged = True
    state = "properties.provisioningState"
    in_use = IN_USE
    patch = "tags"
    secret = ("properties.value", "properties.password")

    def fill(self, write: Write) -> None:
        """Read what it says."""
        sent = write.request.get("properties") or {}
        if write.before is not None and not sent.get("value"):
            write.body["properties"] = dict(write.before["properties"])
            return
        if sent.get("certificateKeyVaultProperties"):
            raise not_modelled(f"{self.type} in a key vault")
        write.body["properties"] = {**read(sent.get("value"), sent.get("password")), "valid": True}


class ManagedCertificates(Part):
    """A certificate that Azure issues for a host name of an app."""

    type = f"{ENVIRONMENT}/managedCertificates"
    located = tagged = True
    state = "properties.provisioningState"
    in_use = IN_USE
    patch = "tags"
    creates = Announce(201, "Pending", headers=("azure-asyncoperation",))
    operation_paths = ("managedCertificateOperationStatuses", "managedCertificateOperationStatuses")
    required = ("properties.subjectName",)
    choices = {"properties.domainControlValidation": ("CNAME", "HTTP", "TXT")}

    def fill(self, write: Write) -> None:
        """How the domain is proven."""
        mine = write.body["properties"]
        method = mine.get("validationMethod") or mine.get("domainControlValidation") or "CNAME"
        mine["domainControlValidation"] = mine["validationMethod"] = method

    def validate(self, write: Write) -> None:
        """An app of the environment has to have the host name already."""
        environment = write.store.get(write.key.rpartition("/managedcertificates/")[0])
        host = str(write.get("properties.subjectName")).lower()
        for row in apps_in(write, environment) if environment is not None else ():
            ingress = (row.body["properties"].get("configuration") or {}).get("ingress") or {}
            if any(str(one.get("name", "")).lower() == host for one in ingress.get("customDomains") or ()):
                return
        refuse(
            "RequireCustomHostnameInEnvironment",
            f"Creating managed certificate requires hostname '{host}' added as a custom hostname to a container app in environment "
            f"'{environment.name if environment is not None else ''}'",
        )

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """With the region's name."""
        return {**body, "location": region(body["location"])}
