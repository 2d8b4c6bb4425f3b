"""Slips that take more than one value to see: links made and broken, priorities past a neighbour, sides mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from typing import Any

from azlabs.arm.ids import ResourceId
from azlabs.proof.mutation import NOTHING, Change, Site, put, remover, setter, shown, structural
from azlabs.proof.state import Path, Resource, at, is_link, steps

# Members that hold a link, which may be missing: (type, path of the owner, member, type of what is linked, many).
_LINKS: tuple[tuple[str, str, str, str, bool], ...] = (
    (
        "microsoft.network/virtualnetworks",
        "properties/subnets/*/properties",
        "networkSecurityGroup",
        "microsoft.network/networksecuritygroups",
        False,
    ),
    (
        "microsoft.network/virtualnetworks",
        "properties/subnets/*/properties",
        "routeTable",
        "microsoft.network/routetables",
        False,
    ),
    (
        "microsoft.network/networkinterfaces",
        "properties",
        "networkSecurityGroup",
        "microsoft.network/networksecuritygroups",
        False,
    ),
    (
        "microsoft.network/networkinterfaces",
        "properties/ipConfigurations/*/properties",
        "publicIPAddress",
        "microsoft.network/publicipaddresses",
        False,
    ),
    (
        "microsoft.network/networkinterfaces",
        "properties/ipConfigurations/*/properties",
        "applicationSecurityGroups",
        "microsoft.network/applicationsecuritygroups",
        True,
    ),
)
# Links that have to stay: without them Azure has no such resource.
_REQUIRED_LINKS = frozenset({"subnet", "remoteVirtualNetwork"})
_HIGHEST_PRIORITY, _LOWEST_PRIORITY = 100, 4096
_OTHER_DIRECTION = {"Inbound": "Outbound", "Outbound": "Inbound"}
_SIDES = ("source", "destination")
_SIDE_MEMBERS = ("AddressPrefix", "AddressPrefixes", "ApplicationSecurityGroups")


@structural
def remove(site: Site) -> Iterator[Change]:
    """An element of a list, a tag, or a link that may be missing is taken away."""
    if isinstance(site.owner, list):
        operator = "leave" if is_link(site.value) else "remove"
        yield Change(operator, site.path, shown(site.value), NOTHING, remover(site.path))
    elif is_link(site.value) and site.path[-1] not in _REQUIRED_LINKS:
        yield Change("detach", site.path, shown(site.value), NOTHING, remover(site.path))
    elif len(site.path) == 2 and site.path[0] == "tags":
        other = f"{site.value}-other"
        yield Change("remove", site.path, shown(site.value), NOTHING, remover(site.path))
        yield Change("change", site.path, shown(site.value), other, setter(site.path, other))


@structural
def relink(site: Site) -> Iterator[Change]:
    """A link goes to another resource of the same type."""
    if not is_link(site.value):
        return
    linked = ResourceId.parse(site.value["id"])
    for other in _others(site, linked):
        after = {**site.value, "id": other}
        yield Change("reference", site.path, shown(site.value), shown(after), setter(site.path, after))
        if site.path[-1] == "subnet" and site.owner.get("privateIPAllocationMethod") == "Static":
            edit = partial(_move_freely, path=site.path, link=after)
            yield Change("move", site.path, shown(site.value), f"{shown(after)}, any address", edit)


def _move_freely(body: Resource, path: Path, link: dict[str, Any]) -> None:
    """An interface with an address of its own choice goes to a subnet that does not hold it."""
    configuration = at(body, path[:-1])
    configuration["subnet"], configuration["privateIPAllocationMethod"] = link, "Dynamic"
    configuration.pop("privateIPAddress", None)


@structural
def link(site: Site) -> Iterator[Change]:
    """A link is made where there is none, or one more where there may be several."""
    if not isinstance(site.value, dict):
        return
    for kind, owner, member, target, many in _LINKS:
        if site.kind != kind or not _matches(site.path, owner):
            continue
        found = site.value.get(member)
        present: list[Any] = list(found) if isinstance(found, list) else [found] if found else []
        linked = {str(entry["id"]).lower() for entry in present}
        for other in site.world.of_type(target):
            identifier = str(other["id"])
            if identifier.lower() in linked or (linked and not many):
                continue
            entry: Any = {"id": identifier}
            after = [*present, entry] if many else entry
            operator = "join" if many else "attach"
            path = (*site.path, member)
            yield Change(operator, path, shown(present), shown(after), setter(path, after))


@structural
def restore_element(site: Site) -> Iterator[Change]:
    """Something that the solution took out of a list at the start is back, under a free priority where it needs one."""
    if not isinstance(site.value, list) or not site.path:
        return
    start = site.world.start.get(str(site.resource["id"]).lower())
    try:
        before = at(start, site.path)
    except KeyError:
        return
    here = {name for name, _ in steps(site.value)}
    for name, element in steps(before):
        if name in here or not isinstance(element, dict | str):
            continue
        back = deepcopy(element)
        _take_free_priority(back, site.value)
        yield Change("restore", (*site.path, name), NOTHING, shown(back), setter(site.path, [*site.value, back]))


@structural
def reorder(site: Site) -> Iterator[Change]:
    """A priority moves past the neighbour above or below."""
    priority = site.value.get("priority") if isinstance(site.value, dict) else None
    if not isinstance(priority, int) or len(site.path) < 2:
        return
    siblings = [
        child["properties"]
        for _, child in steps(at(site.resource, site.path[:-2]))
        if isinstance(child, dict) and isinstance(child.get("properties"), dict)
    ]
    direction = site.value.get("direction")
    taken = {entry.get("priority") for entry in siblings if entry.get("direction") == direction}
    others = sorted(number for number in taken if isinstance(number, int) and number != priority)
    above = [number for number in others if number < priority]
    below = [number for number in others if number > priority]
    moves = []
    if above:
        moves.append(
            next((free for free in range(above[-1] - 1, _HIGHEST_PRIORITY - 1, -1) if free not in taken), None)
        )
    if below:
        moves.append(next((free for free in range(below[0] + 1, _LOWEST_PRIORITY + 1) if free not in taken), None))
    for number in moves:
        if number is not None:
            path = (*site.path, "priority")
            yield Change("priority", path, str(priority), str(number), setter(path, number))
    if above and _HIGHEST_PRIORITY in taken:
        yield from _swapped(site, priority, above[-1])


def _swapped(site: Site, priority: int, other: int) -> Iterator[Change]:
    """Two neighbours exchange their priorities: the way past one that already has the first number."""
    list_path, direction = site.path[:-2], site.value.get("direction")

    def edit(body: Resource) -> None:
        for _, child in steps(at(body, list_path)):
            properties = child["properties"]
            if properties.get("direction") == direction and properties.get("priority") in (priority, other):
                properties["priority"] = other if properties["priority"] == priority else priority

    yield Change("priority", (*site.path, "priority"), str(priority), f"{other} (exchanged)", edit)


@structural
def turn_round(site: Site) -> Iterator[Change]:
    """A rule is written for the other direction, where its number is taken: it gets the next free one."""
    value = site.value
    if not isinstance(value, dict) or value.get("direction") not in _OTHER_DIRECTION or len(site.path) < 2:
        return
    turned = {"properties": {**value, "direction": _OTHER_DIRECTION[value["direction"]]}}
    _take_free_priority(turned, at(site.resource, site.path[:-2]))
    after = turned["properties"]
    if after.get("priority") != value.get("priority"):
        words = f"{after['direction']}, priority {after['priority']}"
        yield Change("swap", (*site.path, "direction"), value["direction"], words, setter(site.path, after))


@structural
def mix_up_sides(site: Site) -> Iterator[Change]:
    """A security rule's port stands on the client's side, or its two sides change places."""
    value = site.value
    if not isinstance(value, dict) or "destinationPortRange" not in value or "sourcePortRange" not in value:
        return
    port = value["destinationPortRange"]
    if port and port != value["sourcePortRange"]:

        def on_the_wrong_side(body: Resource) -> None:
            put(body, (*site.path, "sourcePortRange"), port)
            put(body, (*site.path, "destinationPortRange"), "*")

        yield Change("source port", site.path, f"to {port}", f"from {port}", on_the_wrong_side)
        path = (*site.path, "sourcePortRange")
        yield Change("source port", path, value["sourcePortRange"], str(port), setter(path, port))

    def turned_round(body: Resource) -> None:
        rule = at(body, site.path)
        for member in _SIDE_MEMBERS:
            source, destination = (f"{side}{member}" for side in _SIDES)
            rule[source], rule[destination] = rule.get(destination), rule.get(source)
            for name in (source, destination):
                if rule[name] is None:
                    del rule[name]

    yield Change("sides", site.path, "to", "from", turned_round)


@structural
def open_group(site: Site) -> Iterator[Change]:
    """A rule for a group is written for everybody, or for the whole network."""
    if not isinstance(site.value, dict):
        return
    for side in _SIDES:
        groups = site.value.get(f"{side}ApplicationSecurityGroups")
        if not groups:
            continue
        for prefix in ("*", "VirtualNetwork"):

            def edit(body: Resource, side: str = side, prefix: str = prefix) -> None:
                rule = at(body, site.path)
                rule.pop(f"{side}ApplicationSecurityGroups")
                rule[f"{side}AddressPrefix"] = prefix

            yield Change("widen", site.path, f"{side} {shown(groups)}", f"{side} {prefix}", edit)


def _others(site: Site, linked: ResourceId) -> list[str]:
    """Ids of the same type, siblings of a child first and all resources of a type otherwise."""
    if linked.parent is None:
        found = [str(resource["id"]) for resource in site.world.of_type(linked.type.lower())]
    else:
        parent = site.world.solved.get(linked.parent.key)
        children = (parent or {}).get("properties", {}).get(linked.types[-1], [])
        found = [str(child["id"]) for child in children if "id" in child]
    return [identifier for identifier in found if identifier.lower() != linked.key]


def _matches(path: Path, pattern: str) -> bool:
    parts = pattern.split("/")
    return len(parts) == len(path) and all(part in ("*", name) for part, name in zip(parts, path, strict=True))


def _take_free_priority(element: Any, siblings: list[Any]) -> None:
    properties = element.get("properties") if isinstance(element, dict) else None
    if not isinstance(properties, dict) or not isinstance(properties.get("priority"), int):
        return
    taken = {
        child["properties"].get("priority")
        for child in siblings
        if isinstance(child, dict) and child.get("properties", {}).get("direction") == properties.get("direction")
    }
    while properties["priority"] in taken:
        properties["priority"] += 1
