"""Protocols as bits, ports as interval sets, and the short texts that name both: `Tcp/443, Udp/53, Icmp`."""

from __future__ import annotations

from functools import lru_cache

from azlabs.rules.network.intervals import EMPTY, IntervalSet, from_pairs, interval, pairs, subtract, union

TCP, UDP, ICMP, ESP, AH, OTHER = 1, 2, 4, 8, 16, 32
PROTOCOL_BITS = (TCP, UDP, ICMP, ESP, AH, OTHER)
ALL_PROTOCOLS = TCP | UDP | ICMP | ESP | AH | OTHER
WITH_PORTS = TCP | UDP
PORTS: IntervalSet = interval(0, 65535)
# RFC 6335: the ports that clients take. A rule that pins the source port below does not let a client in.
CLIENT_PORTS = (49152, 65535)

PROTOCOLS: dict[str, int] = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": ESP, "ah": AH, "*": ALL_PROTOCOLS}
_WORDS: dict[int, str] = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ESP: "ESP", AH: "AH", OTHER: "other protocols"}

# Protocol bits and destination ports; portless protocols always come with all ports.
Services = tuple[tuple[int, IntervalSet], ...]
EVERYTHING: Services = ((ALL_PROTOCOLS, PORTS),)


def parse_ports(text: str) -> IntervalSet:
    """`*`, one port, or `low-high`. Raises ValueError on anything else."""
    text = text.strip()
    if text == "*":
        return PORTS
    first, dash, last = text.partition("-")
    low, high = int(first), int(last) if dash else int(first)
    if not 0 <= low <= high <= 65535:
        raise ValueError(f"{text} is not a range of ports")
    return interval(low, high)


@lru_cache(1024)
def parse_services(text: str) -> Services:
    """What `Tcp/443`, `Tcp/22, Tcp/3389`, `Tcp/22,3389`, `Udp/*`, `Icmp`, `*` and lists of them name.

    Raises ValueError for an unknown protocol or a bad range.
    """
    found: dict[int, IntervalSet] = {}
    protocol = 0
    for item in text.split(","):
        name, slash, ports = item.strip().partition("/")
        if not slash and name[:1].isdigit():
            name, ports = "", name
        if name:
            if name.lower() not in PROTOCOLS:
                raise ValueError(f"{name} is not a protocol; use Tcp, Udp, Icmp, Esp, Ah or *")
            protocol = PROTOCOLS[name.lower()]
        chosen = parse_ports(ports) if ports else PORTS
        with_ports = protocol if chosen == PORTS else protocol & WITH_PORTS
        if not with_ports:
            raise ValueError(f"{item.strip()}: this protocol has no ports")
        found[with_ports] = union(found.get(with_ports, EMPTY), chosen)
    return tuple(found.items())


def ports_text(ports: IntervalSet) -> str:
    """`443`, `22 and 3389`, `1-79, 81-65535`."""
    parts = [str(low) if low == high else f"{low}-{high}" for low, high in pairs(ports)]
    if len(parts) == 2 and "-" not in "".join(parts):
        return " and ".join(parts)
    return ", ".join(parts)


def services_text(services: Services) -> str:
    """In a learner's words: `TCP 443; all UDP`, `everything`, `nothing`."""
    by_bit = {
        bit: from_pairs(pair for mask, chosen in services if mask & bit for pair in pairs(chosen)) for bit in _WORDS
    }
    if not any(by_bit.values()):
        return "nothing"
    if by_bit[OTHER]:
        missing = _listed({bit: subtract(PORTS, ports) for bit, ports in by_bit.items()}, whole="")
        return f"everything except {missing}" if missing else "everything"
    return _listed(by_bit)


def _listed(by_bit: dict[int, IntervalSet], whole: str = "all ") -> str:
    by_ports: dict[IntervalSet, int] = {}
    for bit, ports in by_bit.items():
        if ports:
            by_ports[ports] = by_ports.get(ports, 0) | bit
    parts = []
    for ports, mask in by_ports.items():
        names = " and ".join(word for bit, word in _WORDS.items() if mask & bit)
        parts.append(f"{whole}{names}" if ports == PORTS else f"{names} {ports_text(ports)}")
    return "; ".join(parts)


def first_service(mask: int, ports: IntervalSet) -> tuple[str, int | None]:
    """One protocol and port of a pair: the name as Azure writes it, and None where the protocol has no ports."""
    for name, bit in (("Tcp", TCP), ("Udp", UDP)):
        if mask & bit:
            return name, ports[0] or min(ports[1], 1)
    for name, bit in (("Icmp", ICMP), ("Esp", ESP), ("Ah", AH)):
        if mask & bit:
            return name, None
    return "*", None
