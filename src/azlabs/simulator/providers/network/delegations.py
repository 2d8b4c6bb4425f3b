"""Which actions a service gets on a subnet that is delegated to it (list of available delegations of Azure)."""

from __future__ import annotations

SUBNETS = "Microsoft.Network/virtualNetworks/subnets/"
ACT, JOIN = SUBNETS + "action", SUBNETS + "join/action"
PREPARE, UNPREPARE = SUBNETS + "prepareNetworkPolicies/action", SUBNETS + "unprepareNetworkPolicies/action"
INTERFACES = "Microsoft.Network/networkinterfaces/*"

DEFAULT_ACTIONS = (JOIN,)
SERVICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Microsoft.Web/serverFarms", (ACT,)),
    ("Microsoft.ContainerInstance/containerGroups", (ACT,)),
    ("Microsoft.Netapp/volumes", (INTERFACES, JOIN)),
    ("Microsoft.HardwareSecurityModules/dedicatedHSMs", (INTERFACES, JOIN)),
    ("Microsoft.ServiceFabricMesh/networks", (ACT,)),
    ("Microsoft.Logic/integrationServiceEnvironments", (ACT,)),
    ("Microsoft.Batch/batchAccounts", (ACT,)),
    ("Microsoft.Sql/managedInstances", (JOIN, PREPARE, UNPREPARE)),
    ("Microsoft.Web/hostingEnvironments", (ACT,)),
    ("Microsoft.BareMetal/AzureVMware", (INTERFACES, JOIN)),
    ("Microsoft.Databricks/workspaces", (JOIN, PREPARE, UNPREPARE)),
    ("Microsoft.StreamAnalytics/streamingJobs", (JOIN,)),
    ("Microsoft.DBforPostgreSQL/flexibleServers", (JOIN,)),
    ("Microsoft.DBforMySQL/flexibleServers", (JOIN,)),
    ("Microsoft.MachineLearningServices/workspaces", (JOIN,)),
    ("Microsoft.MachineLearningServices/workspaceComputes", (JOIN,)),
    ("Microsoft.ApiManagement/service", (JOIN, PREPARE)),
    ("Microsoft.Synapse/workspaces", (JOIN,)),
    ("Microsoft.PowerPlatform/vnetaccesslinks", (JOIN,)),
    ("Microsoft.PowerPlatform/enterprisePolicies", (JOIN,)),
    ("Microsoft.Network/dnsResolvers", (JOIN,)),
    ("Microsoft.Network/networkWatchers", (JOIN,)),
    ("Microsoft.Kusto/clusters", (JOIN, PREPARE, UNPREPARE)),
    ("Microsoft.DelegatedNetwork/controller", (JOIN,)),
    ("Microsoft.ContainerService/managedClusters", (JOIN,)),
    ("Microsoft.DocumentDB/cassandraClusters", (JOIN,)),
    ("Microsoft.AVS/PrivateClouds", (INTERFACES,)),
    ("Microsoft.LabServices/labplans", (JOIN,)),
    ("Microsoft.DevCenter/networkConnection", (JOIN,)),
    ("Microsoft.DevOpsInfrastructure/pools", (JOIN,)),
    ("Microsoft.App/environments", (JOIN,)),
    ("Microsoft.ServiceNetworking/trafficControllers", (JOIN,)),
    ("GitHub.Network/networkSettings", (JOIN,)),
    ("Oracle.Database/networkAttachments", (INTERFACES, JOIN)),
)
ACTIONS: dict[str, tuple[str, ...]] = {service.lower(): actions for service, actions in SERVICES}


def available(subscription: str) -> list[dict[str, object]]:
    """The services to which a subnet can be delegated, as the REST API lists them."""
    base = f"/subscriptions/{subscription}/providers/Microsoft.Network/availableDelegations/"
    return [
        {
            "name": service.replace("/", "."),
            "id": base + service.replace("/", "."),
            "type": "Microsoft.Network/availableDelegations",
            "serviceName": service,
            "actions": list(actions),
        }
        for service, actions in SERVICES
    ]
