"""Where events come from: kinds of sources and the types of events that a subscription gets when it names none."""

from __future__ import annotations

from azlabs.simulator.resource_manager.routes import parse

RESOURCES = tuple(
    f"Microsoft.Resources.Resource{what}{how}"
    for what in ("Write", "Delete", "Action")
    for how in ("Success", "Failure", "Cancel")
)
EVENTS: dict[str, tuple[str, ...]] = {
    "microsoft.storage/storageaccounts": ("Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"),
    "microsoft.resources/subscriptions": RESOURCES,
    "microsoft.resources/resourcegroups": RESOURCES,
}
"""Default event types by type of the source; sources of other types give all they have."""
TOPIC_TYPES = {
    "Microsoft.Storage.StorageAccounts": ("Storage Accounts", "microsoft.storage/storageaccounts"),
    "Microsoft.Resources.Subscriptions": ("Azure Subscriptions", "microsoft.resources/subscriptions"),
    "Microsoft.Resources.ResourceGroups": ("Resource Groups", "microsoft.resources/resourcegroups"),
    "Microsoft.EventHub.Namespaces": ("Event Hubs Namespaces", "microsoft.eventhub/namespaces"),
    "Microsoft.ServiceBus.Namespaces": ("Service Bus Namespaces", "microsoft.servicebus/namespaces"),
    "Microsoft.KeyVault.vaults": ("Azure Key Vault", "microsoft.keyvault/vaults"),
    "Microsoft.ContainerRegistry.Registries": ("Azure Container Registry", "microsoft.containerregistry/registries"),
    "Microsoft.AppConfiguration.ConfigurationStores": (
        "Azure App Configuration",
        "microsoft.appconfiguration/configurationstores",
    ),
    "Microsoft.EventGrid.Topics": ("Event Grid Topics", "microsoft.eventgrid/topics"),
    "Microsoft.EventGrid.Domains": ("Event Grid Domains", "microsoft.eventgrid/domains"),
    "Microsoft.Web.Sites": ("Azure Web App", "microsoft.web/sites"),
    "Microsoft.Web.ServerFarms": ("Azure App Service Plan", "microsoft.web/serverfarms"),
}
"""Kinds of sources by the name that Event Grid has for them: display name, type of the resource."""


def type_of(source: str) -> str:
    """Type of the resource with this id, lower case; groups and subscriptions have one too."""
    parts = source.strip("/").lower().split("/")
    if len(parts) == 2 and parts[0] == "subscriptions":
        return "microsoft.resources/subscriptions"
    if len(parts) == 4 and parts[2] == "resourcegroups":
        return "microsoft.resources/resourcegroups"
    return parse(source).type_key


def topic_type(name: str) -> str | None:
    """Type of the resources behind the name of a kind of source; None for an unknown one."""
    return next((found[1] for word, found in TOPIC_TYPES.items() if word.lower() == name.lower()), None)
