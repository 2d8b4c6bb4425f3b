"""The providers: modules by namespace. A namespace that is not listed is not modelled."""

from __future__ import annotations

NAMESPACES: dict[str, tuple[str, ...]] = {
    "microsoft.network": (
        "network.virtual_networks",
        "network.peerings",
        "network.security_groups",
        "network.route_tables",
        "network.public_ips",
        "network.interfaces",
        "network.private_dns",
        "network.dns",
        "network.private_endpoints",
        "network.private_links",
        "network.load_balancers",
        "network.application_gateways",
        "network.gateways",
        "network.plain",
        "network.express_routes",
        "network.virtual_wans",
        "network.firewalls",
        "network.resolvers",
        "network.traffic",
        "network.watchers",
        "network.endpoints",
    ),
    "microsoft.compute": (
        "compute.virtual_machines",
        "compute.disks",
        "compute.vm_images",
        "compute.catalogue",
        "compute.usage",
    ),
    "microsoft.authorization": ("authorization.roles", "authorization.locks", "authorization.policy"),
    "microsoft.insights": ("activity_log",),
    "microsoft.keyvault": ("key_vault.vaults", "key_vault.connections", "key_vault.hsms", "key_vault.contents", "key_vault.deleted"),
    "microsoft.documentdb": (
        "document_db.accounts",
        "document_db.connections",
        "document_db.databases",
        "document_db.throughput",
        "document_db.roles",
        "document_db.endpoints",
    ),
    "microsoft.managedidentity": ("managed_identity",),
    "microsoft.management": ("management",),
    "microsoft.policyinsights": ("policy_insights.states", "policy_insights.remediations", "policy_insights.attestations"),
    "microsoft.resources": ("resources", "deployments"),
    "microsoft.storage": (
        "storage.accounts",
        "storage.connections",
        "storage.services",
        "storage.containers",
        "storage.shares",
        "storage.policies",
        "storage.endpoints",
    ),
}
"""Lower-case namespace to the modules below `azlabs.simulator.providers` that are imported when it is first named.
A module defines resource types (they register themselves) and may list `ENDPOINTS`."""
