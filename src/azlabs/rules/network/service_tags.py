"""Service tags as sets of places: which tags exist, which of them exist per region, and what contains what.

Source: Microsoft's service tag overview (tags, their regional scope, the odd names of AzureCloud's regions). Tags are
compared without regard to case. The prefixes behind a tag are not modelled: each service has one place per region, so
`Storage` contains `Storage.SwedenCentral`, and `AzureCloud.SwedenCentral` contains what every service has there. Tags
of different services are taken to share no address.
"""

from __future__ import annotations

from azlabs.rules.network.addresses import (
    GRID,
    GRID_START,
    HOST,
    PLATFORM_DNS,
    PLATFORM_IMDS,
    PLATFORM_LKM,
)
from azlabs.rules.network.intervals import IntervalSet, intersect, interval, pairs, subtract, union_all

VIRTUAL_NETWORK = "VirtualNetwork"
INTERNET = "Internet"
AZURE_LOAD_BALANCER = "AzureLoadBalancer"
AZURE_CLOUD = "AzureCloud"

# How a region is written in a regional tag. Only regions of this table can be judged or offered for a lab with such
# tags.
_REGION_SPELLINGS = (
    "AustraliaCentral AustraliaCentral2 AustraliaEast AustraliaSoutheast AustriaEast BelgiumCentral BrazilSouth "
    "BrazilSoutheast CanadaCentral CanadaEast CentralIndia CentralUS ChileCentral DenmarkEast EastAsia EastUS "
    "EastUS2 FranceCentral FranceSouth GermanyNorth GermanyWestCentral IndonesiaCentral IsraelCentral ItalyNorth "
    "JapanEast JapanWest JioIndiaCentral JioIndiaWest KoreaCentral KoreaSouth MalaysiaWest MexicoCentral "
    "NewZealandNorth NorthCentralUS NorthEurope NorwayEast NorwayWest PolandCentral QatarCentral SouthAfricaNorth "
    "SouthAfricaWest SouthCentralUS SoutheastAsia SouthIndia SpainCentral SwedenCentral SwedenSouth "
    "SwitzerlandNorth SwitzerlandWest UAECentral UAENorth UKSouth UKWest WestCentralUS WestEurope WestIndia "
    "WestUS WestUS2 WestUS3 "
)
REGIONS: dict[str, str] = {name.lower(): name for name in _REGION_SPELLINGS.split()}

# AzureCloud spells these regions in its own way.
_CLOUD_SPELLING: dict[str, str] = {
    "brazilsoutheast": "brazilse",
    "francecentral": "centralfrance",
    "francesouth": "southfrance",
    "germanynorth": "germanyn",
    "germanywestcentral": "germanywc",
    "norwayeast": "norwaye",
    "norwaywest": "norwayw",
    "switzerlandnorth": "switzerlandn",
    "switzerlandwest": "switzerlandw",
}

_REGIONAL_SERVICES = (
    "ApiManagement AppService AutonomousDevelopmentPlatform AzureConnectors AzureContainerAppsService "
    "AzureContainerRegistry AzureCosmosDB AzureDevOps AzureIoTHub AzureKeyVault AzureWebPubSub "
    "BatchNodeManagement DataFactory Dynamics365ForMarketingEmail EventHub HDInsight M365ManagementActivityApi "
    "M365ManagementActivityApiWebhook MicrosoftContainerRegistry PowerPlatformInfra PowerPlatformPlex ServiceBus "
    "Sql Storage "
)
_GLOBAL_SERVICES = (
    "ActionGroup ApplicationInsightsAvailability AppConfiguration AppServiceManagement AzureActiveDirectory "
    "AzureActiveDirectoryDomainServices AzureAdvancedThreatProtection AzureArcInfrastructure AzureAttestation "
    "AzureBackup AzureBotService AzureCognitiveSearch AzureDatabricks AzureDataExplorerManagement AzureDataLake "
    "AzureDeviceUpdate AzureDevSpaces AzureDigitalTwins AzureEventGrid AzureFrontDoor.Backend "
    "AzureFrontDoor.FirstParty AzureFrontDoor.Frontend AzureHealthcareAPIs AzureInformationProtection "
    "AzureLoadTestingInstanceManagement AzureMachineLearning AzureMachineLearningInference AzureManagedGrafana "
    "AzureMonitor AzureOpenDatasets AzureResourceManager AzureSentinel AzureSignalR AzureSiteRecovery AzureSphere "
    "AzureSpringCloud AzureStack AzureTrafficManager AzureUpdateDelivery ChaosStudio CognitiveServicesFrontend "
    "CognitiveServicesManagement DataFactoryManagement Dynamics365BusinessCentral EOPExternalPublishedIPs "
    "GatewayManager GuestAndHybridManagement KustoAnalytics LogicApps LogicAppsManagement Marketplace "
    "MicrosoftAzureFluidRelay MicrosoftCloudAppSecurity MicrosoftDefenderForEndpoint "
    "MicrosoftPurviewPolicyDistribution PowerBI PowerQueryOnline ServiceFabric SqlManagement StorageSyncService "
    "WindowsAdminCenter WindowsVirtualDesktop "
)
# The last row is what AzureCloud has besides the named services: other customers' machines, for example.
_REGIONAL = len(_REGIONAL_SERVICES.split())
_SERVICES = [*f"{_REGIONAL_SERVICES} {_GLOBAL_SERVICES}".split(), AZURE_CLOUD]
_REGION_NAMES = list(REGIONS)
_WIDTH = len(_REGION_NAMES) + 1  # one more place: regions that the table does not have

# Azure refuses these in the routes of a route table.
NOT_FOR_ROUTES = frozenset(
    name.lower()
    for name in (
        VIRTUAL_NETWORK,
        INTERNET,
        AZURE_LOAD_BALANCER,
        "AzurePlatformDNS",
        "AzurePlatformIMDS",
        "AzurePlatformLKM",
    )
)


def _row(service: int) -> IntervalSet:
    start = GRID_START + service * _WIDTH
    return interval(start, start + _WIDTH - 1)


def _place(service: int, region: int) -> IntervalSet:
    place = GRID_START + service * _WIDTH + region
    return interval(place, place)


def _known_tags() -> dict[str, tuple[str, IntervalSet]]:
    tags: dict[str, tuple[str, IntervalSet]] = {}

    def add(name: str, places: IntervalSet) -> None:
        tags[name.lower()] = (name, places)

    for number, service in enumerate(_SERVICES[:-1]):
        add(service, _row(number))
        if number < _REGIONAL:
            for column, region in enumerate(_REGION_NAMES):
                add(f"{service}.{REGIONS[region]}", _place(number, column))
    add(AZURE_CLOUD, GRID)
    for column, region in enumerate(_REGION_NAMES):
        spelling = _CLOUD_SPELLING.get(region, REGIONS[region])
        add(f"{AZURE_CLOUD}.{spelling}", union_all(_place(row, column) for row in range(len(_SERVICES))))
    add(AZURE_LOAD_BALANCER, HOST)
    add("AzurePlatformDNS", PLATFORM_DNS)
    add("AzurePlatformIMDS", PLATFORM_IMDS)
    add("AzurePlatformLKM", PLATFORM_LKM)
    return tags


_TAGS = _known_tags()


def addresses_of(tag: str) -> IntervalSet | None:
    """The places of a tag that means the same everywhere; None for an unknown tag, and for VirtualNetwork and
    Internet, whose meaning depends on the network (`topology.py`)."""
    known = _TAGS.get(tag.strip().lower())
    return known[1] if known else None


def canonical_name(tag: str) -> str | None:
    """A tag in Microsoft's spelling, or None when it is unknown."""
    tag = tag.strip().lower()
    for name in (VIRTUAL_NETWORK, INTERNET):
        if tag == name.lower():
            return name
    known = _TAGS.get(tag)
    return known[0] if known else None


def regional(service: str, region: str) -> str:
    """The name of a service's tag for one region: `regional("Storage", "swedencentral")` is "Storage.SwedenCentral".

    Raises KeyError for a region that the table does not have.
    """
    key = region.replace(" ", "").lower()
    if service.lower() == AZURE_CLOUD.lower():
        return f"{AZURE_CLOUD}.{_CLOUD_SPELLING.get(key, REGIONS[key])}"
    return f"{service}.{REGIONS[key]}"


def names_of(addresses: IntervalSet) -> list[str]:
    """The fewest tags that name the grid places of a set; "AzureCloud without X" where that is shorter."""
    wanted = intersect(addresses, GRID)
    if wanted == GRID:
        return [AZURE_CLOUD]
    named, missing = _rows_named(wanted), _rows_named(subtract(GRID, wanted))
    return [f"{AZURE_CLOUD} without {' and '.join(missing)}"] if len(missing) < len(named) else named


def _rows_named(wanted: IntervalSet) -> list[str]:
    found: list[str] = []
    for number, service in enumerate(_SERVICES):
        share = intersect(wanted, _row(number))
        if not share:
            continue
        if share == _row(number):
            found.append(service)
            continue
        places = [place for low, high in pairs(share) for place in range(low, high + 1)]
        for place in places:
            column = place - GRID_START - number * _WIDTH
            region = REGIONS[_REGION_NAMES[column]] if column < len(_REGION_NAMES) else "other regions"
            found.append(f"{service}.{region}")
    return found
