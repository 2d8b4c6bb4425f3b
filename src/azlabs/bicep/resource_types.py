"""The canonical spelling of resource types, which the compiler emits whatever case the source uses.

Source: the public list of resource types of Azure's providers. A type that is not listed keeps its spelling.
"""

from __future__ import annotations

_TYPES = """
Microsoft.ApiManagement/service Microsoft.ApiManagement/service/apis Microsoft.ApiManagement/service/namedValues
Microsoft.App/containerApps Microsoft.App/jobs Microsoft.App/managedEnvironments
Microsoft.AppConfiguration/configurationStores Microsoft.Authorization/locks
Microsoft.Authorization/policyAssignments Microsoft.Authorization/policyDefinitions
Microsoft.Authorization/policySetDefinitions Microsoft.Authorization/roleAssignments
Microsoft.Authorization/roleDefinitions Microsoft.Automation/automationAccounts Microsoft.Batch/batchAccounts
Microsoft.Cache/redis Microsoft.Cdn/profiles Microsoft.Cdn/profiles/endpoints
Microsoft.CognitiveServices/accounts Microsoft.CognitiveServices/accounts/deployments
Microsoft.Compute/availabilitySets Microsoft.Compute/diskEncryptionSets Microsoft.Compute/disks
Microsoft.Compute/galleries Microsoft.Compute/galleries/images Microsoft.Compute/images
Microsoft.Compute/proximityPlacementGroups Microsoft.Compute/snapshots Microsoft.Compute/sshPublicKeys
Microsoft.Compute/virtualMachines Microsoft.Compute/virtualMachines/extensions
Microsoft.Compute/virtualMachineScaleSets Microsoft.ContainerInstance/containerGroups
Microsoft.ContainerRegistry/registries Microsoft.ContainerService/managedClusters
Microsoft.DBforMySQL/flexibleServers Microsoft.DBforPostgreSQL/flexibleServers
Microsoft.Databricks/workspaces Microsoft.DataFactory/factories Microsoft.DesktopVirtualization/hostPools
Microsoft.DesktopVirtualization/applicationGroups Microsoft.DesktopVirtualization/workspaces Microsoft.Devices/IotHubs
Microsoft.DocumentDB/databaseAccounts Microsoft.DocumentDB/databaseAccounts/sqlDatabases
Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers
Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments Microsoft.EventGrid/eventSubscriptions
Microsoft.EventGrid/systemTopics Microsoft.EventGrid/topics Microsoft.EventHub/namespaces
Microsoft.EventHub/namespaces/eventhubs Microsoft.Insights/actionGroups Microsoft.Insights/activityLogAlerts
Microsoft.Insights/components Microsoft.Insights/dataCollectionRules
Microsoft.Insights/diagnosticSettings Microsoft.Insights/metricAlerts Microsoft.Insights/scheduledQueryRules
Microsoft.KeyVault/vaults Microsoft.KeyVault/vaults/accessPolicies Microsoft.KeyVault/vaults/keys
Microsoft.KeyVault/vaults/secrets Microsoft.Logic/workflows Microsoft.MachineLearningServices/workspaces
Microsoft.ManagedIdentity/userAssignedIdentities
Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials
Microsoft.Management/managementGroups Microsoft.Network/applicationGateways
Microsoft.Network/applicationSecurityGroups Microsoft.Network/azureFirewalls Microsoft.Network/bastionHosts
Microsoft.Network/connections Microsoft.Network/ddosProtectionPlans Microsoft.Network/dnsZones
Microsoft.Network/dnsZones/A Microsoft.Network/dnsZones/CNAME Microsoft.Network/expressRouteCircuits
Microsoft.Network/firewallPolicies Microsoft.Network/firewallPolicies/ruleCollectionGroups
Microsoft.Network/frontDoors Microsoft.Network/ipGroups Microsoft.Network/loadBalancers
Microsoft.Network/localNetworkGateways Microsoft.Network/natGateways Microsoft.Network/networkInterfaces
Microsoft.Network/networkSecurityGroups Microsoft.Network/networkSecurityGroups/securityRules
Microsoft.Network/networkWatchers Microsoft.Network/networkWatchers/flowLogs
Microsoft.Network/privateDnsZones Microsoft.Network/privateDnsZones/A
Microsoft.Network/privateDnsZones/virtualNetworkLinks Microsoft.Network/privateEndpoints
Microsoft.Network/privateEndpoints/privateDnsZoneGroups Microsoft.Network/privateLinkServices
Microsoft.Network/publicIPAddresses Microsoft.Network/publicIPPrefixes Microsoft.Network/routeTables
Microsoft.Network/routeTables/routes Microsoft.Network/serviceEndpointPolicies
Microsoft.Network/trafficManagerProfiles Microsoft.Network/virtualHubs Microsoft.Network/virtualNetworkGateways
Microsoft.Network/virtualNetworks Microsoft.Network/virtualNetworks/subnets
Microsoft.Network/virtualNetworks/virtualNetworkPeerings Microsoft.Network/virtualWans
Microsoft.Network/vpnGateways Microsoft.OperationalInsights/workspaces
Microsoft.OperationsManagement/solutions Microsoft.RecoveryServices/vaults Microsoft.Relay/namespaces
Microsoft.Resources/deployments Microsoft.Resources/deploymentScripts Microsoft.Resources/resourceGroups
Microsoft.Resources/tags Microsoft.Resources/templateSpecs Microsoft.Resources/templateSpecs/versions
Microsoft.Search/searchServices Microsoft.Security/pricings Microsoft.ServiceBus/namespaces
Microsoft.ServiceBus/namespaces/queues
Microsoft.ServiceBus/namespaces/topics Microsoft.ServiceBus/namespaces/topics/subscriptions
Microsoft.ServiceBus/namespaces/topics/subscriptions/rules
Microsoft.Sql/managedInstances Microsoft.Sql/servers Microsoft.Sql/servers/databases
Microsoft.Sql/servers/firewallRules Microsoft.Storage/storageAccounts
Microsoft.Storage/storageAccounts/blobServices Microsoft.Storage/storageAccounts/blobServices/containers
Microsoft.Storage/storageAccounts/fileServices Microsoft.Storage/storageAccounts/fileServices/shares
Microsoft.Storage/storageAccounts/managementPolicies Microsoft.Storage/storageAccounts/queueServices
Microsoft.Storage/storageAccounts/queueServices/queues Microsoft.Storage/storageAccounts/tableServices
Microsoft.Storage/storageAccounts/tableServices/tables Microsoft.Subscription/aliases
Microsoft.VirtualMachineImages/imageTemplates Microsoft.Web/certificates Microsoft.Web/connections
Microsoft.Web/hostingEnvironments Microsoft.Web/serverfarms Microsoft.Web/sites Microsoft.Web/sites/config
Microsoft.Web/sites/functions Microsoft.Web/sites/hostNameBindings Microsoft.Web/sites/networkConfig
Microsoft.Web/sites/slots Microsoft.Web/sites/slots/config Microsoft.Web/sites/sourcecontrols Microsoft.Web/staticSites
"""
_CANONICAL = {name.lower(): name for name in _TYPES.split()}


# Spellings that Azure gave up: lower-case type, last API version with it, the spelling.
_EARLIER = {
    "microsoft.cache/redis": ("2020-06-01", "Microsoft.Cache/Redis"),
    "microsoft.insights/actiongroups": ("2019-06-01", "microsoft.insights/actionGroups"),
    "microsoft.insights/diagnosticsettings": ("2017-05-01-preview", "microsoft.insights/diagnosticSettings"),
}


def canonical_type(name: str, version: str = "") -> str:
    """The type in Azure's spelling: of the whole, else of the longest known ancestor, else as written."""
    key = name.lower()
    if version and key in _EARLIER and version <= _EARLIER[key][0]:
        return _EARLIER[key][1]
    found = _CANONICAL.get(key)
    if found:
        return found
    parts = name.split("/")
    for size in range(len(parts) - 1, 1, -1):
        found = _CANONICAL.get("/".join(parts[:size]).lower())
        if found:
            return "/".join([found, *parts[size:]])
    return name
