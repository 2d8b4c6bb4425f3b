"""How a network security group decides: the first matching rule by priority, the default rules last.

Source: Microsoft's page on network security groups. A rule that names several prefixes, ports or groups matches any
of them. A rule without a fixed protocol that limits ports does not match protocols that have no ports; a rule for
such a protocol ignores its ports. Azure's platform addresses are filtered only by rules that name their tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from azlabs.rules.network.addresses import ANY, with_grid
from azlabs.rules.network.boxes import Box, intersect_boxes, subtract_box
from azlabs.rules.network.intervals import EMPTY, IntervalSet, contains, intersect, pairs, union
from azlabs.rules.network.ports import ALL_PROTOCOLS, PORTS, PROTOCOLS, WITH_PORTS, parse_ports

Direction = Literal["Inbound", "Outbound"]
Json = Mapping[str, Any]

# name, priority, access, direction, source, destination, description: as Azure lists them in every group.
_DEFAULTS = (
    (
        "AllowVnetInBound",
        65000,
        "Allow",
        "Inbound",
        "VirtualNetwork",
        "VirtualNetwork",
        "Allow inbound traffic from all VMs in VNET",
    ),
    (
        "AllowAzureLoadBalancerInBound",
        65001,
        "Allow",
        "Inbound",
        "AzureLoadBalancer",
        "*",
        "Allow inbound traffic from azure load balancer",
    ),
    ("DenyAllInBound", 65500, "Deny", "Inbound", "*", "*", "Deny all inbound traffic"),
    (
        "AllowVnetOutBound",
        65000,
        "Allow",
        "Outbound",
        "VirtualNetwork",
        "VirtualNetwork",
        "Allow outbound traffic from all VMs to all VMs in VNET",
    ),
    (
        "AllowInternetOutBound",
        65001,
        "Allow",
        "Outbound",
        "*",
        "Internet",
        "Allow outbound traffic from all VMs to Internet",
    ),
    ("DenyAllOutBound", 65500, "Deny", "Outbound", "*", "*", "Deny all outbound traffic"),
)


def default_rules() -> list[dict[str, Any]]:
    """The six rules that every group has and nobody can remove: name and properties, in Azure's order."""
    return [
        {
            "name": name,
            "properties": {
                "description": description,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
                "sourcePortRanges": [],
                "destinationPortRanges": [],
                "sourceAddressPrefixes": [],
                "destinationAddressPrefixes": [],
            },
        }
        for name, priority, access, direction, source, destination, description in _DEFAULTS
    ]


@dataclass(frozen=True, slots=True)
class Decider:
    """What decided about a packet: a rule of a group, a route, or a fact of the platform (`group` is then empty)."""

    name: str
    group: str = ""
    priority: int = 0
    kind: Literal["rule", "default rule", "route", "platform"] = "rule"

    def __str__(self) -> str:
        if not self.group:
            return self.name
        if self.kind == "route":
            return f"route {self.name} of {self.group}"
        number = f" ({self.priority})" if self.priority else ""
        return f"{self.kind} {self.name}{number} of {self.group}"


class Rule(NamedTuple):
    """One rule as sets. `*_sure` is what an address set covers for certain, `*_maybe` what it may cover besides."""

    decider: Decider
    allow: bool
    protocols: int
    source_ports: IntervalSet
    ports: IntervalSet
    source_sure: IntervalSet
    source_maybe: IntervalSet
    destination_sure: IntervalSet
    destination_maybe: IntervalSet


class Resolver(NamedTuple):
    """What texts in a rule mean where the group is attached: a prefix or tag, and the id of an application group."""

    prefix: Callable[[str], tuple[IntervalSet, IntervalSet]]
    group: Callable[[str], IntervalSet]


def _texts(properties: Json, singular: str) -> list[str]:
    one, many = properties.get(singular), properties.get(f"{singular}{'s' if singular.endswith('e') else 'es'}")
    return [*([str(one)] if one not in (None, "") else []), *(str(text) for text in many or [])]


def _side(properties: Json, side: str, resolver: Resolver) -> tuple[IntervalSet, IntervalSet]:
    groups = properties.get(f"{side}ApplicationSecurityGroups") or []
    if groups:
        sure = EMPTY
        for group in groups:
            sure = union(sure, resolver.group(str(group.get("id", ""))))
        return sure, sure
    sure = maybe = EMPTY
    texts = _texts(properties, f"{side}AddressPrefix")
    for text in texts:
        certain, possible = (ANY, ANY) if text == "*" else resolver.prefix(text)
        sure, maybe = union(sure, certain), union(maybe, possible)
    # Several prefixes together may cover what none of them covers alone.
    if len(texts) > 1 and maybe != sure and all(text[:1].isdigit() for text in texts):
        return with_grid(sure)
    return sure, maybe


def _ports(properties: Json, name: str) -> IntervalSet:
    found = EMPTY
    for text in _texts(properties, name):
        found = union(found, parse_ports(text))
    return found


def rule_of(body: Json, group: str, resolver: Resolver, *, default: bool = False) -> Rule:
    """One rule of a group's `securityRules` or `defaultSecurityRules`."""
    properties = body.get("properties") or {}
    protocols = PROTOCOLS.get(str(properties.get("protocol", "*")).lower(), 0)
    source_ports, ports = _ports(properties, "sourcePortRange"), _ports(properties, "destinationPortRange")
    if protocols == ALL_PROTOCOLS and (source_ports != PORTS or ports != PORTS):
        protocols = WITH_PORTS
    elif not protocols & WITH_PORTS:
        source_ports = ports = PORTS
    priority = int(properties.get("priority", 0))
    decider = Decider(str(body.get("name", "")), group, priority, "default rule" if default else "rule")
    return Rule(
        decider,
        str(properties.get("access", "")).lower() == "allow",
        protocols,
        source_ports,
        ports,
        *_side(properties, "source", resolver),
        *_side(properties, "destination", resolver),
    )


class RuleSet:
    """The rules of one group for one direction, where it is attached, ready to decide. Equal contents are one object,
    so that decisions can be remembered by it."""

    __slots__ = ("rules", "source_port_cuts")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        cuts = {edge for rule in rules for low, high in pairs(rule.source_ports) for edge in (low, high + 1)}
        self.source_port_cuts = frozenset(cuts - {0, PORTS[1] + 1})


@lru_cache(8192)
def _interned(rules: tuple[Rule, ...]) -> RuleSet:
    return RuleSet(rules)


def rule_set(group: Json, direction: Direction, resolver: Resolver) -> RuleSet:
    """The rules of a network security group for one direction, ordered by priority, default rules included."""
    properties = group.get("properties") or {}
    name = str(group.get("name", ""))

    def chosen(bodies: Iterable[Json]) -> list[Json]:
        return [b for b in bodies if str((b.get("properties") or {}).get("direction", "")).lower() == direction.lower()]

    own = [rule_of(body, name, resolver) for body in chosen(properties.get("securityRules") or [])]
    own.sort(key=lambda rule: rule.decider.priority)
    defaults = [rule_of(body, name, resolver, default=True) for body in chosen(_DEFAULT_BODIES)]
    return _interned((*own, *defaults))


_DEFAULT_BODIES: list[dict[str, Any]] = default_rules()
_PLATFORM = Decider("Azure's own name resolution and metadata, which only their own tags can close", kind="platform")
NO_FILTER = Decider("no network security group on the subnet or the interface", kind="platform")

Piece = tuple[Box, Decider]


class Decision(NamedTuple):
    """How the packets that were asked about divide: disjoint pieces, each with what decided."""

    allowed: tuple[Piece, ...]
    denied: tuple[Piece, ...]


Bound = Literal["lower", "upper"]


@lru_cache(1 << 15)
def decide(rules: RuleSet, sources: IntervalSet, destinations: IntervalSet, source_port: int, bound: Bound) -> Decision:
    """What one group does with every protocol and port between two address sets, for one source port.

    Where the reach of a rule is uncertain, "lower" reads it as refusing as much, and "upper" as allowing as much as
    it may.
    """
    allowed: list[Piece] = []
    denied: list[Piece] = []
    left = [Box(ALL_PROTOCOLS, sources, destinations, PORTS)]
    for rule in rules.rules:
        if not contains(rule.source_ports, source_port):
            continue
        wide = rule.allow == (bound == "upper")
        source = rule.source_maybe if wide else rule.source_sure
        destination = rule.destination_maybe if wide else rule.destination_sure
        box = Box(rule.protocols, source, destination, rule.ports)
        rest: list[Box] = []
        for packets in left:
            hit = intersect_boxes(packets, box)
            if hit is None:
                rest.append(packets)
            else:
                (allowed if rule.allow else denied).append((hit, rule.decider))
                rest += subtract_box(packets, box)
        left = rest
        if not left:
            break
    allowed += ((box, _PLATFORM) for box in left)
    return Decision(tuple(allowed), tuple(denied))


def is_uncertain(rules: RuleSet, sources: IntervalSet, destinations: IntervalSet) -> bool:
    """Whether some rule of the set may or may not match packets between these addresses."""
    return any(
        (rule.source_maybe != rule.source_sure or rule.destination_maybe != rule.destination_sure)
        and intersect(rule.source_maybe, sources)
        and intersect(rule.destination_maybe, destinations)
        and not (
            intersect(rule.source_maybe, sources) == intersect(rule.source_sure, sources)
            and intersect(rule.destination_maybe, destinations) == intersect(rule.destination_sure, destinations)
        )
        for rule in rules.rules
    )
