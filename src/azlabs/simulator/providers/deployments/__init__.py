"""Microsoft.Resources/deployments, deployment stacks and template specs."""

from __future__ import annotations

from azlabs.simulator.providers.deployments import actions, stacks, template_specs
from azlabs.simulator.resource_manager.resource_type import Endpoint

__all__ = ["ENDPOINTS", "template_specs"]

ENDPOINTS: list[Endpoint] = [*actions.ENDPOINTS, *stacks.ENDPOINTS]
