"""Microsoft.Resources/deployments, deployment stacks and template specs."""

from __future__ import annotations

from azlabs.simulator.providers.deployments import actions
from azlabs.simulator.resource_manager.resource_type import Endpoint

ENDPOINTS: list[Endpoint] = [*actions.ENDPOINTS]
