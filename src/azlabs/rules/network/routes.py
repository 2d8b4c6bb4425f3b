"""Where packets that leave a subnet go: system routes, peerings, service endpoints and user-defined routes.

Source: Microsoft's page on virtual network traffic routing. The longest prefix wins; at the same prefix a
user-defined route beats one learnt over BGP, and that beats a system route. Routes for a service tag are read
regional tags first, then whole services, then AzureCloud by region, then AzureCloud. Peering is not transitive: a
peer's peers get no route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from azlabs.rules.network import service_tags
from azlabs.rules.network.addresses import GRID, MAYBE_AZURE, PLATFORM, PUBLIC, V4, is_address_text, parse, with_grid
from azlabs.rules.network.intervals import IntervalSet, intersect, subtract
from azlabs.rules.network.security_rules import Decider
from azlabs.rules.network.topology import Network, Subnet, Undecidable

Source = Literal["User", "Default"]
Outcome = Literal["delivered", "dropped", "unknown"]

# Prefixes that Azure drops unless the network uses them (RFC 1918, RFC 6598).
_DROPPED = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")

# Tags whose prefixes a service endpoint adds as routes; {region} where the endpoint is for regions of its own list.
_ENDPOINT_TAGS = {
    "microsoft.storage": "Storage.{region}",
    "microsoft.storage.global": "Storage",
    "microsoft.sql": "Sql.{region}",
    "microsoft.azurecosmosdb": "AzureCosmosDB",
    "microsoft.keyvault": "AzureKeyVault",
    "microsoft.servicebus": "ServiceBus",
    "microsoft.eventhub": "EventHub",
    "microsoft.azureactivedirectory": "AzureActiveDirectory",
    "microsoft.web": "AppService",
    "microsoft.containerregistry": "AzureContainerRegistry",
    "microsoft.cognitiveservices": "CognitiveServicesManagement",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One route of a subnet. `prefix` is a prefix or a service tag as written; `active` is False where another route
    for the same prefix wins; `next_hop` as effective routes name it (VnetLocal, VNetPeering, Internet, None, ...)."""

    name: str
    table: str
    source: Source
    prefix: str
    addresses: IntervalSet
    next_hop: str
    next_hop_address: str
    rank: tuple[int, int]
    active: bool = True

    def decider(self) -> Decider:
        """How results name this route."""
        if self.source == "User":
            return Decider(self.name, self.table, kind="route")
        return Decider(f"system route {self.prefix} to {self.next_hop}", kind="platform")


def _rank(prefix: str) -> tuple[int, int]:
    """Sort key, most specific first: tags before prefixes (every prefix behind a tag is longer than /0; prefixes that
    hold only a part of the public space are judged apart), regional tags before whole ones, AzureCloud last."""
    if is_address_text(prefix):
        return 1, -int(prefix.rpartition("/")[2])
    cloud = 2 if prefix.lower().startswith(service_tags.AZURE_CLOUD.lower()) else 0
    return 0, cloud + (0 if "." in prefix else 1)


def _addresses(prefix: str) -> IntervalSet:
    if is_address_text(prefix):
        return with_grid(parse(prefix))[0]
    places = service_tags.addresses_of(prefix)
    if places is None:
        raise Undecidable(f"a route uses the service tag {prefix}, which is not known here")
    return places


def _system(network: Network, subnet: Subnet) -> list[tuple[str, str]]:
    home = network.networks[subnet.network]
    found = [(space, "VnetLocal") for space in home.spaces]
    for peering in home.peerings:
        if peering.connected:
            hop = "VNetGlobalPeering" if peering.cross_region else "VNetPeering"
            found += [(prefix, hop) for prefix in peering.prefixes]
    for service, locations in subnet.endpoints:
        tag = _ENDPOINT_TAGS.get(service.lower())
        if tag is None:
            continue
        regions = [place for place in locations if place != "*"] or [home.region]
        names = {tag.format(region=service_tags.REGIONS.get(r.replace(" ", "").lower(), r)) for r in regions}
        found += [(name, "VirtualNetworkServiceEndpoint") for name in sorted(names)]
    found += [("0.0.0.0/0", "Internet"), *((prefix, "None") for prefix in _DROPPED)]
    if any(":" in space for space in home.spaces):
        found.append(("::/0", "Internet"))
    return found


def effective_routes(network: Network, subnet: Subnet) -> list[Route]:
    """All routes of a subnet in the order in which they win; `active` is False for those that can never win."""
    key = ("routes", subnet.key)
    if key not in network.remembered:
        network.remembered[key] = _effective_routes(network, subnet)
    found: list[Route] = network.remembered[key]
    return found


def _effective_routes(network: Network, subnet: Subnet) -> list[Route]:
    routes: list[Route] = []
    table = network.route_tables.get(subnet.route_table, {})
    owner = str(table.get("name", ""))
    for body in network.routes_of(subnet):
        properties = body.get("properties") or {}
        prefix = str(properties.get("addressPrefix", ""))
        hop, address = str(properties.get("nextHopType", "")), str(properties.get("nextHopIpAddress") or "")
        routes.append(Route(str(body["name"]), owner, "User", prefix, _addresses(prefix), hop, address, _rank(prefix)))
    taken = {route.prefix.lower() for route in routes}
    for prefix, hop in _system(network, subnet):
        active = prefix.lower() not in taken
        routes.append(Route("", "", "Default", prefix, _addresses(prefix), hop, "", _rank(prefix), active))
    routes.sort(key=lambda route: (route.rank, route.source != "User"))
    return routes


def _outcome(network: Network, subnet: Subnet, route: Route, part: IntervalSet) -> list[tuple[IntervalSet, Outcome]]:
    home = network.networks[subnet.network]
    match route.next_hop.lower():
        case "vnetlocal":
            local = intersect(part, home.addresses)
            return [(local, "delivered"), (subtract(part, local), "dropped")]
        case "vnetpeering" | "vnetglobalpeering" | "virtualnetworkserviceendpoint":
            return [(part, "delivered")]
        case "internet":
            public = intersect(part, subtract(PUBLIC, network.inside(home)))
            return [(public, "delivered"), (subtract(part, public), "dropped")]
        case "none":
            return [(part, "dropped")]
        case "virtualappliance" if is_address_text(route.next_hop_address):
            hop = parse(route.next_hop_address)
            stands = [nic for nic in network.interfaces.values() if intersect(nic.addresses, hop)]
            own = intersect(part, hop)
            rest: Outcome = "dropped" if stands and not stands[0].forwards else "unknown"
            return [(own, "delivered"), (subtract(part, own), rest)]
        case _:
            return [(part, "unknown")]


def divide(network: Network, subnet: Subnet, destinations: IntervalSet) -> list[tuple[IntervalSet, Outcome, Decider]]:
    """How the routes of a subnet divide some destinations: disjoint sets with what happens and the route that
    decides."""
    key = ("divide", subnet.key, destinations)
    if key not in network.remembered:
        network.remembered[key] = _divide(network, subnet, destinations)
    found: list[tuple[IntervalSet, Outcome, Decider]] = network.remembered[key]
    return found


def _divide(network: Network, subnet: Subnet, destinations: IntervalSet) -> list[tuple[IntervalSet, Outcome, Decider]]:
    routes = [route for route in effective_routes(network, subnet) if route.active]
    found: list[tuple[IntervalSet, Outcome, Decider]] = []
    platform = intersect(destinations, PLATFORM)
    if platform:
        found.append((platform, "delivered", Decider("Azure's own addresses need no route", kind="platform")))
    left = subtract(destinations, platform)
    for route in routes:
        part = intersect(left, route.addresses)
        if part:
            left = subtract(left, part)
            found += [(a, outcome, route.decider()) for a, outcome in _outcome(network, subnet, route, part) if a]
    if left:
        found.append((left, "dropped", Decider("no route leads there", kind="platform")))
    return _doubted(routes, found)


def _doubted(
    routes: list[Route], found: list[tuple[IntervalSet, Outcome, Decider]]
) -> list[tuple[IntervalSet, Outcome, Decider]]:
    """A route for a part of the public space may hold an Azure service's addresses: then nobody can say which route
    wins."""
    azure = intersect(MAYBE_AZURE, V4)
    doubtful = [
        route
        for route in routes
        if route.source == "User" and not intersect(route.addresses, GRID) and intersect(route.addresses, azure)
    ]
    if not doubtful:
        return found
    checked: list[tuple[IntervalSet, Outcome, Decider]] = []
    for addresses, outcome, decider in found:
        services = intersect(addresses, GRID)
        plain = subtract(addresses, services)
        other = next((r for r in doubtful if _simple(r) != outcome), None)
        if services and other:
            checked.append((services, "unknown", other.decider()))
            if plain:
                checked.append((plain, outcome, decider))
        else:
            checked.append((addresses, outcome, decider))
    return checked


_SIMPLE: dict[str, Outcome] = {"internet": "delivered", "none": "dropped"}


def _simple(route: Route) -> Outcome:
    return _SIMPLE.get(route.next_hop.lower(), "unknown")


def chosen_route(network: Network, subnet: Subnet, destination: IntervalSet) -> Route | None:
    """The route that one address takes, or None when none leads there."""
    for route in effective_routes(network, subnet):
        if route.active and intersect(route.addresses, destination):
            return route
    return None
