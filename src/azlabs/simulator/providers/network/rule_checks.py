"""What Azure refuses in one security rule: addresses, ports, priorities, application security groups.

Codes and sentences: learn.microsoft.com (network security groups overview, REST reference) and answers of Azure
that users quote in public issues.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azlabs.simulator.providers.network import addresses

PRIORITIES = range(100, 4097)
LIMIT = 4000
"""Addresses or port ranges that one group may name in all its rules (documented limit)."""
SIDES = ("source", "destination")

Fault = tuple[str, str]
"""An error code and its message."""


def faults(rule_id: str, name: str, rule: dict[str, Any]) -> Iterator[Fault]:
    """Everything that is wrong with the properties of a rule, in the order in which Azure looks."""
    priority = rule.get("priority")
    if type(priority) is not int or priority not in PRIORITIES:
        yield (
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096.",
        )
    for side in SIDES:
        yield from _address_faults(rule_id, name, side, rule)
        yield from _port_faults(rule_id, side, rule)


def _cap(word: str) -> str:
    return word[:1].upper() + word[1:]


def _address_faults(rule_id: str, name: str, side: str, rule: dict[str, Any]) -> Iterator[Fault]:
    single, several = rule.get(f"{side}AddressPrefix"), rule.get(f"{side}AddressPrefixes") or []
    groups = rule.get(f"{side}ApplicationSecurityGroups") or []
    field = f"{_cap(side)}AddressPrefix"
    given = [bool(single), bool(several), bool(groups)]
    if sum(given) != 1:
        yield (
            "SecurityRuleInvalidAddressPrefixSpecification" if not any(given) else "SecurityRuleParameterConflict",
            f"Security rule with Id {rule_id} must specify a non empty value for exactly one of: {field}es, {field}, "
            f"{_cap(side)}ApplicationSecurityGroups.",
        )
        return
    if single and not _is_prefix(single) and not is_tag(single):
        yield _bad_prefix(rule_id, single)
    for prefix in several:
        if prefix == "*" or (isinstance(prefix, str) and is_tag(prefix)):
            yield (
                "SecurityRuleParameterContainsUnsupportedValue",
                f"Security rule parameter {field} for rule with Id {rule_id} cannot specify existing VIRTUALNETWORK, "
                f"INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: {prefix}.",
            )
        elif not _is_prefix(prefix):
            yield _bad_prefix(rule_id, prefix)
    if len({addresses.family(prefix) for prefix in several if _is_prefix(prefix)}) > 1:
        yield (
            "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
            f"{name} contains IP addresses or prefixes that belong to different address families. All IP addresses or "
            "prefixes in the resource should belong to the same address family.",
        )


def _bad_prefix(rule_id: str, value: Any) -> Fault:
    return (
        "SecurityRuleInvalidAddressPrefix",
        f"Security rule {rule_id} has invalid Address prefix. Value provided: {value}.",
    )


def _is_prefix(value: Any) -> bool:
    return isinstance(value, str) and (
        addresses.network(value) is not None or addresses.is_address(value) or _is_range(value)
    )


def _is_range(value: str) -> bool:
    first, dash, last = value.partition("-")
    return bool(dash) and addresses.is_address(first) and addresses.is_address(last)


def is_tag(value: str) -> bool:
    """Can this text be a service tag (`Internet`, `Storage.WestEurope`)? `*` counts as one: it is no address either."""
    return value == "*" or (value[:1].isalpha() and value.replace(".", "").replace("_", "").isalnum() and "/" not in value)


def _port_faults(rule_id: str, side: str, rule: dict[str, Any]) -> Iterator[Fault]:
    single, several = rule.get(f"{side}PortRange"), rule.get(f"{side}PortRanges") or []
    field = f"{_cap(side)}PortRange"
    if bool(single) == bool(several):
        yield (
            "SecurityRuleInvalidPortRangeSpecification" if not single else "SecurityRuleParameterConflict",
            f"Security rule with Id {rule_id} must specify a non empty value for exactly one of: {field}s, {field}.",
        )
        return
    for value in several or [single]:
        if value == "*" and several:
            yield (
                "SecurityRuleParameterContainsUnsupportedValue",
                f"Security rule parameter {field}s for rule with Id {rule_id} cannot specify '*'. "
                f"Unsupported value used: {value}.",
            )
        elif value != "*" and ports(value) is None:
            yield (
                "SecurityRuleInvalidPortRange",
                f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer "
                "range with '-' delimiter. Valid range 0-65535.",
            )


def ports(value: Any) -> tuple[int, int] | None:
    """First and last port of "80" or "1000-2000"; None when it is neither."""
    if not isinstance(value, str):
        return None
    first, dash, last = value.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        return None
    low, high = int(first), int(last) if dash else int(first)
    return (low, high) if low <= high <= 65535 else None
