"""What may pass between two ends, as an exact set, with what decided about each part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from azlabs.rules.network import boxes as algebra
from azlabs.rules.network import service_tags
from azlabs.rules.network.addresses import (
    PLATFORM_DNS,
    PLATFORM_IMDS,
    PLATFORM_LKM,
    PUBLIC,
    V6,
    is_address_text,
    lowest_text,
    parse,
    texts,
    with_grid,
)
from azlabs.rules.network.boxes import Box
from azlabs.rules.network.intervals import IntervalSet, intersect, subtract, union_all
from azlabs.rules.network.ports import Services, first_service, parse_services, services_text
from azlabs.rules.network.security_rules import Decider
from azlabs.rules.network.topology import Undecidable

_LISTED = 4
_PLATFORM_NAMES = {
    "Azure's name resolution": PLATFORM_DNS,
    "Azure's instance metadata": PLATFORM_IMDS,
    "Azure's licensing service": PLATFORM_LKM,
}


def addresses_text(addresses: IntervalSet) -> str:
    """A set of addresses in a learner's words: prefixes, tags, `the internet`; long lists are cut short."""
    if not addresses:
        return "no address"
    missing = _names(subtract(subtract(PUBLIC, V6), addresses))
    if len(missing) <= _LISTED:
        besides = _names(subtract(addresses, PUBLIC))[:_LISTED]
        without = f" except {', '.join(missing)}" if missing else ""
        return " and ".join(["the internet" + without, *besides])
    names = _names(addresses)
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more ranges"


def _meaning(text: str) -> IntervalSet:
    if is_address_text(text):
        return with_grid(parse(text))[0]
    found = service_tags.addresses_of(text)
    if found is None:
        raise Undecidable(f"{text} is neither an address nor a service tag that is known")
    return found


def _narrowed(addresses: IntervalSet, kept: AddressSet | None, dropped: AddressSet | None) -> IntervalSet:
    found = addresses if kept is None else intersect(addresses, kept.values)
    return found if dropped is None else subtract(found, dropped.values)


def _names(addresses: IntervalSet) -> list[str]:
    platform = [name for name, places in _PLATFORM_NAMES.items() if intersect(addresses, places)]
    return [*texts(addresses), *service_tags.names_of(addresses), *platform]


@dataclass(frozen=True, slots=True)
class AddressSet:
    """Addresses that an answer holds, to compare with prefixes and tags."""

    values: IntervalSet

    @classmethod
    def of(cls, *texts: str) -> AddressSet:
        """What addresses, prefixes, ranges and service tags (not VirtualNetwork and Internet) cover together."""
        return cls(union_all(_meaning(text) for text in texts))

    def plus(self, *others: AddressSet) -> AddressSet:
        """The addresses of this set and of others."""
        return AddressSet(union_all([self.values, *(other.values for other in others)]))

    def minus(self, *others: AddressSet) -> AddressSet:
        """The addresses of this set that no other has."""
        return AddressSet(subtract(self.values, union_all(other.values for other in others)))

    def equals(self, *texts: str) -> bool:
        """Whether the set is exactly what these texts cover together."""
        return self == AddressSet.of(*texts)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __str__(self) -> str:
        return addresses_text(self.values)


class Passed(NamedTuple):
    """Packets that get through, and the rules and routes that let them."""

    box: Box
    by: tuple[Decider, ...]


class Refused(NamedTuple):
    """Packets that do not get through, and what stopped them first."""

    box: Box
    by: Decider


@dataclass(frozen=True, slots=True)
class Witness:
    """One packet: addresses as text, the protocol as Azure writes it, the destination port (None without ports)."""

    source: str
    destination: str
    protocol: str
    port: int | None

    def __str__(self) -> str:
        port = "" if self.port is None else f" {self.port}"
        return f"{self.protocol.upper()}{port} from {self.source} to {self.destination}"


@dataclass(frozen=True)
class Reach:
    """The answer to: what may `source` open to `destination`?

    `allowed` holds what passes whatever port the client takes, `partial` what passes for some client ports only (it
    counts neither as open nor as closed), `unknown` what the configuration does not decide, `denied` the rest. Texts
    for `services` are those of `ports.parse_services`: "Tcp/443", "Tcp/22, Tcp/3389", "Udp/*", "Icmp", "*".
    """

    source: str
    destination: str
    asked: tuple[Box, ...]
    allowed: tuple[Passed, ...]
    denied: tuple[Refused, ...]
    partial: tuple[Refused, ...] = ()
    unknown: tuple[Refused, ...] = ()
    error: type[Exception] = Undecidable

    def _undecided(self, what: Iterable[Refused]) -> Exception:
        """The exception for a question that the configuration leaves open."""
        refused = next(iter(what))
        asked = f"whether {self.source} may connect to {self.destination} ({self._witness(refused.box)})"
        return self.error(f"{asked} cannot be told: {refused.by}")

    def _boxes(self, services: str | Services) -> list[Box]:
        chosen = parse_services(services) if isinstance(services, str) else services
        return [box for whole in self.asked for box in algebra.of_services(chosen, whole.sources, whole.destinations)]

    def _within(self, boxes: Sequence[Box]) -> Reach:
        def cut(box: Box) -> list[Box]:
            return algebra.intersect_all([box], boxes)

        def cut_refused(pieces: tuple[Refused, ...]) -> tuple[Refused, ...]:
            return tuple(Refused(part, by) for box, by in pieces for part in cut(box))

        return replace(
            self,
            asked=tuple(part for box in self.asked for part in cut(box)),
            allowed=tuple(Passed(part, by) for box, by in self.allowed for part in cut(box)),
            denied=cut_refused(self.denied),
            partial=cut_refused(self.partial),
            unknown=cut_refused(self.unknown),
        )

    def only(self, services: str) -> Reach:
        """The same answer for these services only."""
        return self._within(self._boxes(services))

    def minus(self, services: str) -> Reach:
        """The same answer without these services."""
        return self._within(algebra.subtract_all(self.asked, self._boxes(services)))

    def between(
        self,
        sources: AddressSet | None = None,
        destinations: AddressSet | None = None,
        *,
        not_sources: AddressSet | None = None,
        not_destinations: AddressSet | None = None,
    ) -> Reach:
        """The same answer for what comes from and goes to some addresses only, or to and from all but some."""
        boxes = [
            box._replace(
                sources=_narrowed(box.sources, sources, not_sources),
                destinations=_narrowed(box.destinations, destinations, not_destinations),
            )
            for box in self.asked
        ]
        return self._within([box for box in boxes if box.sources and box.destinations])

    def equals(self, services: str) -> bool:
        """Whether every address of the source may open exactly these services to every address of the destination."""
        wanted = self._boxes(services)
        passing = [box for box, _by in self.allowed]
        if self.partial or algebra.subtract_all(passing, wanted):
            return False
        missing = algebra.subtract_all(wanted, passing)
        if algebra.subtract_all(missing, [box for box, _by in self.unknown]):
            return False
        if self.unknown:
            raise self._undecided(self.unknown)
        return True

    def all(self, services: str) -> bool:
        """Whether every address of the source may open all of these services to every address of the destination."""
        missing = algebra.subtract_all(self._boxes(services), [box for box, _by in self.allowed])
        if not missing:
            return True
        if algebra.subtract_all(missing, [box for box, _by in self.unknown]):
            return False
        raise self._undecided(self.unknown)

    def any(self, services: str = "*") -> bool:
        """Whether any address of the source may open any of these services to any address of the destination."""
        wanted = self._boxes(services)
        for pieces in (self.allowed, self.partial):
            if any(algebra.intersect_boxes(box, want) for box, _by in pieces for want in wanted):
                return True
        open_question = [r for r in self.unknown if algebra.intersect_all([r.box], wanted)]
        if open_question:
            raise self._undecided(open_question)
        return False

    def is_empty(self) -> bool:
        """Whether nothing passes at all."""
        return not self.any()

    def sources(self, services: str = "*") -> AddressSet:
        """The source addresses that may open at least one of these services."""
        chosen = self.only(services)
        if chosen.unknown:
            raise self._undecided(chosen.unknown)
        pieces = [*(p.box for p in chosen.allowed), *(p.box for p in chosen.partial)]
        return AddressSet(union_all(box.sources for box in pieces))

    def services(self) -> Services:
        """The protocols and ports that some address may open."""
        return algebra.services_of([box for box, _by in self.allowed])

    def _witness(self, box: Box) -> Witness:
        protocol, port = first_service(box.protocols, box.ports)
        source = lowest_text(box.sources) or addresses_text(box.sources)
        destination = lowest_text(box.destinations) or addresses_text(box.destinations)
        return Witness(source, destination, protocol, port)

    def _difference(self, services: str | None) -> tuple[Box, str] | None:
        """One box that differs from what is wanted (all that passes, without a wish), and what decided about it."""
        wanted: list[Box] = [] if services is None else self._boxes(services)
        for passed in self.allowed:
            if surplus := algebra.subtract_all([passed.box], wanted):
                return surplus[0], _let_through(passed.by)
        for refused in (*self.partial, *self.unknown):
            return refused.box, str(refused.by)
        for refused in self.denied:
            if missing := algebra.intersect_all([refused.box], wanted) if wanted else [refused.box]:
                return missing[0], str(refused.by)
        if self.allowed:
            return self.allowed[0].box, _let_through(self.allowed[0].by)
        return None

    def decided_by(self, services: str | None = None) -> str:
        """The rule or route behind the first difference from the services that were wanted: the one that lets too
        much through, else the one that refuses too much. Without a wish: what lets something through, else what
        refuses."""
        found = self._difference(services)
        return found[1] if found else ""

    @property
    def deciding_rule(self) -> str:
        """`decided_by()`: the rule that lets something through, or where nothing passes the rule that refuses it."""
        return self.decided_by()

    def witness(self, services: str | None = None) -> Witness | None:
        """One packet of the difference that `decided_by` explains."""
        found = self._difference(services)
        return self._witness(found[0]) if found else None

    def canonical(self) -> tuple[tuple[Box, ...], ...]:
        """The answer without names and deciders, in one spelling: equal exactly for equal behaviour."""
        groups: tuple[Sequence[Passed | Refused], ...] = (self.allowed, self.partial, self.unknown)
        return tuple(algebra.merged([piece.box for piece in pieces]) for pieces in groups)

    def __str__(self) -> str:
        if not self.allowed and not self.partial:
            return "cannot be told" if self.unknown else "nothing"
        sources = union_all(box.sources for box in self.asked)
        destinations = union_all(box.destinations for box in self.asked)
        lines: dict[str, list[Box]] = {}
        for passing, note in ((self.allowed, ""), (self.partial, " from some client ports only")):
            for box in algebra.merged([piece.box for piece in passing]):
                suffix = note
                if box.sources != sources:
                    suffix += f" from {addresses_text(box.sources)}"
                if box.destinations != destinations:
                    suffix += f" to {addresses_text(box.destinations)}"
                lines.setdefault(suffix, []).append(box)
        return "; ".join(f"{services_text(algebra.services_of(found))}{suffix}" for suffix, found in lines.items())


def _let_through(deciders: tuple[Decider, ...]) -> str:
    """The rules that opened something, on the way out and on the way in; without any rule the route or the platform."""
    for kinds in (("rule", "default rule"), ("route",), ("platform",)):
        if own := [str(decider) for decider in deciders if decider.kind in kinds]:
            return " and ".join(dict.fromkeys(own))
    return ""
