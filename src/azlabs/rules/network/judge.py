"""From two ends to the set that passes: outbound filters of the source (interface, then subnet), routes, inbound
filters of the destination (subnet, then interface). All must let a packet through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from azlabs.rules.network import boxes as algebra
from azlabs.rules.network.addresses import PUBLIC
from azlabs.rules.network.boxes import Box, intersect_boxes
from azlabs.rules.network.endpoints import Endpoint, Place, as_destination, endpoint, families, places
from azlabs.rules.network.intervals import IntervalSet, intersect, subtract
from azlabs.rules.network.ports import ALL_PROTOCOLS, CLIENT_PORTS, PORTS
from azlabs.rules.network.reach import Passed, Reach, Refused
from azlabs.rules.network.routes import divide
from azlabs.rules.network.security_rules import NO_FILTER, Bound, Decider, Direction, RuleSet, decide, is_uncertain
from azlabs.rules.network.topology import Network, VirtualNetwork

CLOSED = Decider("a Standard public address is closed without a network security group", kind="platform")
NO_PUBLIC = Decider("the interface has no public address", kind="platform")
_SOME_PORTS = Decider("a rule that fixes the client's port", kind="platform")


def reach(network: Network, source: str, destination: str, *, as_if_public: bool = True) -> Reach:
    """What `source` may open to `destination`; both are texts of `endpoints.endpoint`.

    `as_if_public`: judge what comes from the internet as if the destination had a Standard public address, whether it
    has one or not. Raises ValueError when neither end is in the network, Undecidable for tags and references that are
    unknown.
    """
    key = ("reach", source.lower(), destination.lower(), as_if_public)
    if key not in network.remembered:
        network.remembered[key] = _reach(network, source, destination, as_if_public)
    found: Reach = network.remembered[key]
    return found


def _home(network: Network, *texts: str) -> VirtualNetwork | None:
    for text in texts:
        nic = network.interface(text)
        if nic is not None:
            return network.networks[network.subnet(nic.subnet).network]
    return next(iter(network.networks.values())) if len(network.networks) == 1 else None


def _reach(network: Network, source: str, destination: str, as_if_public: bool) -> Reach:
    one = endpoint(network, source, _home(network, source, destination))
    other = endpoint(network, destination, _home(network, destination, source))
    other = replace(other, addresses=as_destination(other.addresses))
    senders = subtract(one.addresses, other.addresses) if other.interface else one.addresses
    receivers = subtract(other.addresses, one.addresses) if one.interface else other.addresses
    asked: list[Box] = []
    found = _Pieces()
    for start in places(network, one):
        for end in places(network, other):
            pair = families(intersect(start.addresses, senders), intersect(end.addresses, receivers))
            for sources, destinations in pair if start.network or end.network else ():
                asked.append(Box(ALL_PROTOCOLS, sources, destinations, PORTS))
                _Pair(network, one, start, end, other, as_if_public).judge(sources, destinations, found)
    if not asked:
        raise ValueError(f"neither {source} nor {destination} is an interface or an address of the network")
    pieces = (found.allowed, found.denied, found.partial, found.unknown)
    return Reach(one.text, other.text, tuple(asked), *(tuple(part) for part in pieces))  # type: ignore[arg-type]


class _Pieces:
    def __init__(self) -> None:
        self.allowed: list[Passed] = []
        self.denied: list[Refused] = []
        self.partial: list[Refused] = []
        self.unknown: list[Refused] = []


class _Pair:
    """One pair of places: every packet between them meets the same filters."""

    def __init__(
        self, network: Network, source: Endpoint, start: Place, end: Place, destination: Endpoint, as_if_public: bool
    ) -> None:
        self.network = network
        self.start = start
        self.end = end
        self.as_if_public = as_if_public
        self.destination = destination
        literal = source.literal or destination.literal
        self.outbound = _filters(network, start, "Outbound", literal)
        self.inbound = _filters(network, end, "Inbound", literal)

    def judge(self, sources: IntervalSet, destinations: IntervalSet, found: _Pieces) -> None:
        filters = (*self.outbound, *self.inbound)
        ports = _client_ports(filters)
        road = self._road(sources, destinations)
        doubtful = any(outcome == "unknown" for _box, outcome, _by in road) or any(
            is_uncertain(rules, sources, destinations) for rules in filters
        )
        bounds: tuple[Bound, ...] = ("lower", "upper") if doubtful else ("lower",)
        whole = Box(ALL_PROTOCOLS, sources, destinations, PORTS)
        runs = {(bound, port): self._run(whole, road, bound, port) for bound in bounds for port in ports}
        if len(runs) == 1:
            ((passed, refused),) = runs.values()
            found.allowed += passed
            found.denied += refused
            return
        _combine(whole, runs, ports, bounds, self._doubt(sources, destinations, road), found)

    def _road(self, sources: IntervalSet, destinations: IntervalSet) -> list[tuple[Box, str, Decider]]:
        """How the way between the filters divides the packets: delivered, dropped or unknown."""
        if self.start.subnet is not None:
            routed = divide(self.network, self.start.subnet, destinations)
            return [(Box(ALL_PROTOCOLS, sources, part, PORTS), outcome, by) for part, outcome, by in routed]
        public = intersect(sources, PUBLIC) if not self.start.network and self.end.network else ()
        inside = subtract(sources, public)
        road: list[tuple[Box, str, Decider]] = []
        if inside:
            road.append((Box(ALL_PROTOCOLS, inside, destinations, PORTS), "delivered", NO_FILTER))
        if public:
            nic = self.destination.interface
            has_address = self.as_if_public or nic is None or bool(nic.public_addresses)
            outcome, by = ("delivered", NO_FILTER) if self.inbound else ("dropped", CLOSED)
            if not has_address:
                outcome, by = "dropped", NO_PUBLIC
            road.append((Box(ALL_PROTOCOLS, public, destinations, PORTS), outcome, by))
        return road

    def _run(
        self, whole: Box, road: Sequence[tuple[Box, str, Decider]], bound: Bound, port: int
    ) -> tuple[list[Passed], list[Refused]]:
        passed = [Passed(whole, ())]
        refused: list[Refused] = []
        good = ("delivered", "unknown") if bound == "upper" else ("delivered",)
        open_road = [(box, by) for box, outcome, by in road if outcome in good]
        shut_road = [(box, by) for box, outcome, by in road if outcome not in good]
        stages = [
            *(decide(rules, whole.sources, whole.destinations, port, bound) for rules in self.outbound),
            (open_road, shut_road),
            *(decide(rules, whole.sources, whole.destinations, port, bound) for rules in self.inbound),
        ]
        for allowed, denied in stages:
            for box, _by in passed:
                refused += [Refused(hit, by) for shut, by in denied if (hit := intersect_boxes(box, shut))]
            passed = [
                Passed(hit, (*by, decider))
                for box, by in passed
                for free, decider in allowed
                if (hit := intersect_boxes(box, free))
            ]
            if not passed:
                break
        return passed, refused

    def _doubt(
        self, sources: IntervalSet, destinations: IntervalSet, road: Sequence[tuple[Box, str, Decider]]
    ) -> Decider:
        for _box, outcome, by in road:
            if outcome == "unknown":
                return Decider(f"{by} hands the packets on, and what happens then is not visible here")
        for rules in (*self.outbound, *self.inbound):
            for rule in rules.rules:
                if is_uncertain(RuleSet((rule,)), sources, destinations):
                    return Decider(
                        f"{rule.decider} names addresses or a tag, and whether those are meant is not known here"
                    )
        return _SOME_PORTS


def _filters(network: Network, place: Place, direction: Direction, literal: bool) -> tuple[RuleSet, ...]:
    """The filters of a place in the order in which they see a packet: outbound the interface first, inbound the
    subnet."""
    if place.subnet is None:
        return ()
    own = [group for group in (place.filter, place.subnet.security_group) if group]
    ordered = own if direction == "Outbound" else own[::-1]
    return tuple(network.rules(group, place.subnet, direction, literal=literal) for group in ordered)


def _client_ports(filters: Iterable[RuleSet]) -> list[int]:
    """One port of every stretch of client ports that the rules treat alike."""
    low, high = CLIENT_PORTS
    cuts = {cut for rules in filters for cut in rules.source_port_cuts if low < cut <= high}
    return [low, *sorted(cuts)]


def _combine(
    whole: Box,
    runs: dict[tuple[Bound, int], tuple[list[Passed], list[Refused]]],
    ports: Sequence[int],
    bounds: Sequence[Bound],
    doubt: Decider,
    found: _Pieces,
) -> None:
    """Several readings of the same packets: what passes in all of them, for some client ports, or who knows."""

    def passing(bound: Bound, port: int) -> list[Box]:
        return [piece.box for piece in runs[bound, port][0]]

    def in_all(bound: Bound) -> list[Box]:
        boxes = passing(bound, ports[0])
        for port in ports[1:]:
            boxes = algebra.intersect_all(boxes, passing(bound, port))
        return boxes

    def in_some(bound: Bound) -> list[Box]:
        boxes: list[Box] = []
        for port in ports:
            boxes += algebra.subtract_all(passing(bound, port), boxes)
        return boxes

    lower, upper = bounds[0], bounds[-1]
    sure, possible = in_all(lower), in_some(upper)
    for box, by in runs[lower, ports[0]][0]:
        found.allowed += [Passed(part, by) for part in algebra.intersect_all([box], sure)]
    partial = algebra.subtract_all(in_some(lower), in_all(upper))
    found.partial += [Refused(box, _SOME_PORTS) for box in partial]
    open_question = algebra.subtract_all(algebra.subtract_all(possible, sure), partial)
    found.unknown += [Refused(box, doubt) for box in open_question]
    shut = algebra.subtract_all([whole], possible)
    for box, decider in runs[upper, ports[0]][1]:
        found.denied += [Refused(part, decider) for part in algebra.intersect_all([box], shut)]
