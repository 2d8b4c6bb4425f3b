"""Microsoft.Resources without deployments: subscriptions, tenants, locations, providers, groups, tags, moves."""

from __future__ import annotations

from azlabs.simulator.providers.resources import groups, moves, registrations, subscriptions, tag_api
from azlabs.simulator.resource_manager.resource_type import Endpoint

ENDPOINTS: list[Endpoint] = [
    *subscriptions.ENDPOINTS,
    *registrations.ENDPOINTS,
    *groups.ENDPOINTS,
    *tag_api.ENDPOINTS,
    *moves.ENDPOINTS,
]
