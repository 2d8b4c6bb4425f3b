"""What stands where in a set of resources: boxes in boxes, and what is attached to what.

Works on resource bodies as Azure Resource Manager writes them, for any type: children stand in their parents, what
names exactly one subnet stands in it, and every other id that a body names is a link. Tables say only what is nicer
to read than the generic answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# What people call a type; every other type is called by its last segment, in the singular.
WORDS = {
    "microsoft.network/virtualnetworks": "network",
    "microsoft.network/networksecuritygroups": "NSG",
    "microsoft.network/applicationsecuritygroups": "ASG",
    "microsoft.network/networkinterfaces": "interface",
    "microsoft.network/publicipaddresses": "public address",
    "microsoft.network/natgateways": "NAT gateway",
    "microsoft.documentdb/databaseaccounts": "Cosmos DB account",
    "microsoft.documentdb/databaseaccounts/sqldatabases": "database",
    "microsoft.documentdb/databaseaccounts/sqlroleassignments": "data role assignment",
    "microsoft.web/serverfarms": "App Service plan",
    "microsoft.web/sites": "app",
    "microsoft.servicebus/namespaces": "Service Bus namespace",
    "microsoft.cognitiveservices/accounts": "AI services account",
    "microsoft.cognitiveservices/accounts/deployments": "model deployment",
    "microsoft.storage/storageaccounts/blobservices": "blob service",
    "microsoft.storage/storageaccounts/blobservices/containers": "blob container",
    "microsoft.managedidentity/userassignedidentities": "identity",
    "microsoft.operationalinsights/workspaces": "Log Analytics workspace",
    "microsoft.insights/components": "Application Insights component",
}
# Arrays in a body whose members are resources of their own, drawn as boxes in their parent.
INLINE = {"microsoft.network/virtualnetworks": ("subnets",)}
# What is worth a line in a box, by type: paths in the body.
FACTS = {
    "microsoft.network/virtualnetworks": ("properties.addressSpace.addressPrefixes",),
    "microsoft.network/virtualnetworks/subnets": ("properties.addressPrefix", "properties.addressPrefixes"),
    "microsoft.network/networkinterfaces": ("properties.ipConfigurations.properties.privateIPAddress",),
}
GENERIC_FACTS = ("sku.name", "kind")
# Types that belong to what names them: shown on it, not as a neighbour of it.
ATTACHED = {
    "microsoft.network/networksecuritygroups",
    "microsoft.network/applicationsecuritygroups",
    "microsoft.network/publicipaddresses",
    "microsoft.network/routetables",
    "microsoft.network/natgateways",
}
SUBNET = "microsoft.network/virtualnetworks/subnets"


@dataclass(slots=True)
class Box:
    """A resource in the picture. `key` is its id in lower case; `rules` are lines that explain what it does."""

    key: str
    type: str
    word: str
    name: str
    facts: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    inside: list[Box] = field(default_factory=list)
    attached: list[Box] = field(default_factory=list)
    links: list[Box] = field(default_factory=list)

    @property
    def title(self) -> str:
        """`subnet snet-flat`."""
        return f"{self.word} {self.name}"

    def walk(self) -> Iterator[Box]:
        """This box and all boxes in it."""
        yield self
        for box in self.inside:
            yield from box.walk()


@dataclass(frozen=True, slots=True)
class Topology:
    """The picture: boxes side by side, and the boxes that are attached to others."""

    boxes: list[Box]
    attachments: list[Box]

    def everything(self) -> Iterator[Box]:
        """All boxes that stand somewhere, attachments left out."""
        for box in self.boxes:
            yield from box.walk()

    def to_json(self) -> list[dict[str, Any]]:
        """The shape of `topology` in `azlabs show --json`."""
        return [_as_json(box) for box in [*self.boxes, *self.attachments]]


def arrange(resources: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Topology:
    """The topology of resources given as (id, type, body)."""
    bodies: dict[str, Mapping[str, Any]] = {}
    boxes: dict[str, Box] = {}
    for identifier, kind, body in resources:
        for key, of_type, one in _with_inline(identifier, kind, body):
            bodies.setdefault(key, one)
            boxes.setdefault(key, _box(key, of_type, one))
    placed: set[str] = set()
    attached: set[str] = set()
    for key, box in boxes.items():
        named = [boxes[other] for other in _named(bodies[key], boxes) if other != key]
        home = _parent(key, boxes) or _only_subnet(bodies[key], boxes)
        if home is not None and not _is_in(home, box):
            home.inside.append(box)
            placed.add(key)
        for other in named:
            if other.type.lower() in ATTACHED:
                box.attached.append(other)
                attached.add(other.key)
            elif other is not home and not _are_kin(key, other.key):
                box.links.append(other)
    free = [box for key, box in boxes.items() if key not in placed]
    return Topology(
        boxes=[box for box in free if box.key not in attached],
        attachments=[box for box in free if box.key in attached],
    )


def word_for(kind: str) -> str:
    """`NSG` for Microsoft.Network/networkSecurityGroups, `managed environment` for a type without an entry."""
    known = WORDS.get(kind.lower())
    if known:
        return known
    last = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind.rsplit("/", 1)[-1]).lower()
    for plural, singular in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if last.endswith(plural) and not last.endswith("ss"):
            return last[: -len(plural)] + singular
    return last


def _with_inline(identifier: str, kind: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    key = identifier.lower()
    names = INLINE.get(kind.lower(), ())
    properties = body.get("properties")
    inline = {name: items for name in names if isinstance(properties, Mapping) and (items := properties.get(name))}
    yield key, kind, _without(body, inline) if inline else body
    for name, items in inline.items():
        for item in items:
            if isinstance(item, Mapping) and isinstance(item.get("name"), str):
                yield f"{key}/{name}/{item['name']}".lower(), f"{kind}/{name}", item


def _without(body: Mapping[str, Any], members: Iterable[str]) -> dict[str, Any]:
    """The body without what its inline children hold: their links are theirs, not their parent's."""
    properties = {name: value for name, value in body["properties"].items() if name not in members}
    return {**body, "properties": properties}


def _box(key: str, kind: str, body: Mapping[str, Any]) -> Box:
    facts = [text for path in FACTS.get(kind.lower(), GENERIC_FACTS) for text in _texts(body, path.split("."))]
    name = str(body.get("name") or key.rsplit("/", 1)[-1]).rsplit("/", 1)[-1]
    return Box(key=key, type=kind, word=word_for(kind), name=name, facts=facts, rules=_rules(body))


def _texts(value: Any, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif path:
        if isinstance(value, Mapping):
            yield from _texts(value.get(path[0]), path[1:])
    elif isinstance(value, str | int | float) and value != "":
        yield str(value)


def _rules(body: Mapping[str, Any]) -> list[str]:
    """Security rules in the order in which Azure reads them."""
    properties = body.get("properties")
    rules = properties.get("securityRules") if isinstance(properties, Mapping) else None
    found = []
    for rule in rules if isinstance(rules, list) else []:
        of = rule.get("properties") if isinstance(rule, Mapping) else None
        if isinstance(of, Mapping):
            outward = str(of.get("direction", "")).lower() == "outbound"
            found.append((outward, int(of.get("priority", 0)), _rule(str(rule.get("name", "")), of)))
    return [text for _, _, text in sorted(found)]


def _rule(name: str, rule: Mapping[str, Any]) -> str:
    def one(singular: str, plural: str, groups: str = "") -> str:
        values = [rule[singular]] if rule.get(singular) else list(rule.get(plural) or [])
        values += [str(entry.get("id", "")).rsplit("/", 1)[-1] for entry in rule.get(groups) or []]
        return ",".join("any" if value == "*" else str(value) for value in values) or "any"

    source = one("sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups")
    target = one("destinationAddressPrefix", "destinationAddressPrefixes", "destinationApplicationSecurityGroups")
    ports = one("destinationPortRange", "destinationPortRanges")
    protocol = "any" if rule.get("protocol") == "*" else str(rule.get("protocol", "any")).upper()
    verb = str(rule.get("access", "")).lower()
    way = "out" if str(rule.get("direction", "")).lower() == "outbound" else "in"
    return f"{rule.get('priority', '')} {way} {verb} {protocol} {source} -> {target}: {ports}  ({name})"


def _named(value: Any, known: Mapping[str, Box]) -> list[str]:
    """The known resources that a body names by id, in the order in which it does; the longest id that fits counts."""
    found: dict[str, None] = {}
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Mapping):
            stack.extend(reversed(list(one.values())))
        elif isinstance(one, list):
            stack.extend(reversed(one))
        elif isinstance(one, str) and one.startswith("/"):
            text = one.lower().rstrip("/")
            while text and text not in known:
                text = text.rpartition("/")[0]
            if text:
                found[text] = None
    return list(found)


def _parent(key: str, boxes: Mapping[str, Box]) -> Box | None:
    head, _, tail = key.rpartition("/providers/")
    above = "/".join(tail.split("/")[:-2])
    return boxes.get(f"{head}/providers/{above}") or boxes.get(head)


def _only_subnet(body: Mapping[str, Any], boxes: Mapping[str, Box]) -> Box | None:
    """The subnet that a body says it is in: the only one it names in a member called after subnets."""
    named = {key for part in _members_about_subnets(body) for key in _named(part, boxes)}
    subnets = [boxes[key] for key in named if boxes[key].type.lower() == SUBNET]
    return subnets[0] if len(subnets) == 1 else None


def _members_about_subnets(value: Any) -> Iterator[Any]:
    """`subnet`, `subnetId`, `virtualNetworkSubnetId`, ...; a list of subnets is not a place to be in."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            lowered = name.lower()
            if "subnet" in lowered and not lowered.endswith("subnets"):
                yield member
            else:
                yield from _members_about_subnets(member)
    elif isinstance(value, list):
        for item in value:
            yield from _members_about_subnets(item)


def _is_in(box: Box, outer: Box) -> bool:
    return any(found is box for found in outer.walk())


def _as_json(box: Box) -> dict[str, Any]:
    return {
        "type": box.type,
        "name": box.name,
        "facts": box.facts,
        "rules": box.rules,
        "attached": [other.name for other in box.attached],
        "links": [other.name for other in box.links],
        "inside": [_as_json(inner) for inner in box.inside],
    }


def _are_kin(one: str, other: str) -> bool:
    """One stands inside the other by its id."""
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")
