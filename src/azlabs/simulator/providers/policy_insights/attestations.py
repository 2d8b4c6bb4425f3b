"""Attestations: what people say about the compliance of a resource with a manual policy.

Source: recorded Azure traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.authorization.roles import ANYWHERE
from azlabs.simulator.providers.policy_insights.remediations import known_assignment, lowered
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


class Attestations(ResourceType):
    """{"properties": {"policyAssignmentId", "policyDefinitionReferenceId"?, "complianceState"?, "expiresOn"?, ...}}"""

    type = "Microsoft.PolicyInsights/attestations"
    api_versions = ("2024-10-01", "2022-09-01", "2021-01-01")
    scopes = ANYWHERE
    located = tagged = False
    system_data = True
    patch = "none"
    required = ("properties.policyAssignmentId",)
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "properties.complianceState": ("Compliant", "NonCompliant", "Unknown")
    }
    read_only = ("properties.lastComplianceStateChangeAt",)
    creates = Announce(201)
    deletes = Announce(200, body=False)
    not_found = ("AttestationNotFound", "The attestation '{name}' could not be found.")

    def canonical_id(self, call: Call) -> str | None:
        return lowered(call)

    def fill(self, write: Write) -> None:
        """The assignment exists; a change of what is attested is dated."""
        known_assignment(write)
        reference = write.get("properties.policyDefinitionReferenceId")
        if reference is not None:
            write.put("properties.policyDefinitionReferenceId", str(reference).lower())
        same = write.get("properties.complianceState") == write.old("properties.complianceState")
        before = write.old("properties.lastComplianceStateChangeAt") if same else None
        write.put("properties.lastComplianceStateChangeAt", before or stamp(write.now))
