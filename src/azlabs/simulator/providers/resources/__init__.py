"""Microsoft.Resources without deployments: subscriptions, tenants, locations, providers, groups, tags, moves."""

from __future__ import annotations

from azlabs.simulator.providers.resources import groups
from azlabs.simulator.resource_manager.resource_type import Endpoint

ENDPOINTS: list[Endpoint] = [*groups.ENDPOINTS]
