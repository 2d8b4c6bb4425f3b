"""In which order resources go: Azure refuses to delete what something else still uses.

The table names the pairs that learners meet; whatever it does not know is tried again when something else has gone, and
what is then left goes with its group, which Azure orders itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# {user: what it uses}: the user goes first. Lower-case types, namespace once per block.
_USES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "microsoft.compute": {
        "virtualmachines": (
            "microsoft.network/networkinterfaces",
            "microsoft.compute/disks",
            "microsoft.compute/availabilitysets",
            "microsoft.compute/proximityplacementgroups",
            "microsoft.compute/hostgroups",
            "microsoft.compute/capacityreservationgroups",
        ),
        "virtualmachinescalesets": (
            "microsoft.network/virtualnetworks",
            "microsoft.network/networksecuritygroups",
            "microsoft.network/loadbalancers",
            "microsoft.network/applicationgateways",
            "microsoft.network/publicipprefixes",
            "microsoft.network/applicationsecuritygroups",
            "microsoft.compute/proximityplacementgroups",
        ),
        "disks": ("microsoft.compute/diskencryptionsets", "microsoft.compute/diskaccesses"),
        "snapshots": ("microsoft.compute/diskencryptionsets", "microsoft.compute/diskaccesses"),
        "availabilitysets": ("microsoft.compute/proximityplacementgroups",),
    },
    "microsoft.network": {
        "privateendpoints": (
            "microsoft.network/virtualnetworks",
            "microsoft.network/privatednszones",
            "microsoft.network/networkinterfaces",
            "microsoft.network/privatelinkservices",
            "microsoft.network/applicationsecuritygroups",
        ),
        "privatelinkservices": ("microsoft.network/virtualnetworks", "microsoft.network/loadbalancers"),
        "networkinterfaces": (
            "microsoft.network/virtualnetworks",
            "microsoft.network/networksecuritygroups",
            "microsoft.network/publicipaddresses",
            "microsoft.network/loadbalancers",
            "microsoft.network/applicationgateways",
            "microsoft.network/applicationsecuritygroups",
        ),
        "loadbalancers": (
            "microsoft.network/publicipaddresses",
            "microsoft.network/publicipprefixes",
            "microsoft.network/virtualnetworks",
        ),
        "applicationgateways": (
            "microsoft.network/publicipaddresses",
            "microsoft.network/virtualnetworks",
            "microsoft.network/applicationgatewaywebapplicationfirewallpolicies",
        ),
        "azurefirewalls": (
            "microsoft.network/publicipaddresses",
            "microsoft.network/virtualnetworks",
            "microsoft.network/firewallpolicies",
            "microsoft.network/virtualhubs",
        ),
        "firewallpolicies": ("microsoft.network/ipgroups",),
        "bastionhosts": ("microsoft.network/publicipaddresses", "microsoft.network/virtualnetworks"),
        "connections": (
            "microsoft.network/virtualnetworkgateways",
            "microsoft.network/localnetworkgateways",
            "microsoft.network/expressroutecircuits",
        ),
        "virtualnetworkgateways": ("microsoft.network/publicipaddresses", "microsoft.network/virtualnetworks"),
        "virtualhubs": ("microsoft.network/virtualwans",),
        "dnsresolvers": ("microsoft.network/virtualnetworks",),
        "privatednszones/virtualnetworklinks": (
            "microsoft.network/privatednszones",
            "microsoft.network/virtualnetworks",
        ),
        "virtualnetworks": (
            "microsoft.network/networksecuritygroups",
            "microsoft.network/routetables",
            "microsoft.network/natgateways",
            "microsoft.network/serviceendpointpolicies",
            "microsoft.network/ddosprotectionplans",
        ),
        "natgateways": ("microsoft.network/publicipaddresses", "microsoft.network/publicipprefixes"),
        "publicipaddresses": ("microsoft.network/publicipprefixes", "microsoft.network/ddosprotectionplans"),
        "networksecuritygroups": ("microsoft.network/applicationsecuritygroups",),
        "trafficmanagerprofiles": ("microsoft.network/publicipaddresses",),
    },
    "microsoft.web": {
        "sites": ("microsoft.web/serverfarms", "microsoft.network/virtualnetworks", "microsoft.web/certificates"),
        "serverfarms": ("microsoft.web/hostingenvironments",),
        "hostingenvironments": ("microsoft.network/virtualnetworks",),
    },
    "microsoft.app": {
        "containerapps": ("microsoft.app/managedenvironments",),
        "jobs": ("microsoft.app/managedenvironments",),
        "managedenvironments": ("microsoft.network/virtualnetworks",),
    },
    "microsoft.containerinstance": {
        "containergroups": ("microsoft.network/virtualnetworks", "microsoft.network/networkprofiles")
    },
    "microsoft.containerservice": {
        "managedclusters": ("microsoft.network/virtualnetworks", "microsoft.network/publicipaddresses")
    },
    "microsoft.sql": {"managedinstances": ("microsoft.network/virtualnetworks",)},
    "microsoft.dbforpostgresql": {"flexibleservers": ("microsoft.network/virtualnetworks",)},
    "microsoft.dbformysql": {"flexibleservers": ("microsoft.network/virtualnetworks",)},
    "microsoft.apimanagement": {"service": ("microsoft.network/virtualnetworks", "microsoft.network/publicipaddresses")},
    "microsoft.eventgrid": {"systemtopics": ("microsoft.storage/storageaccounts",)},
    "microsoft.insights": {
        "metricalerts": ("microsoft.insights/actiongroups",),
        "scheduledqueryrules": ("microsoft.insights/actiongroups",),
        "activitylogalerts": ("microsoft.insights/actiongroups",),
        "components": ("microsoft.operationalinsights/workspaces",),
        "datacollectionrules": ("microsoft.insights/datacollectionendpoints",),
    },
    "microsoft.operationsmanagement": {"solutions": ("microsoft.operationalinsights/workspaces",)},
    "microsoft.alertsmanagement": {"smartdetectoralertrules": ("microsoft.insights/components",)},
}
USES: Mapping[str, tuple[str, ...]] = {
    f"{namespace}/{name}": used for namespace, kinds in _USES.items() for name, used in kinds.items()
}


def what_goes_first(resources: Mapping[str, str]) -> dict[str, set[str]]:
    """For each resource the resources that have to go before it. `resources`: {id: type}; the answer has both as given.

    A resource whose parent is among them is left out: it goes with the parent; those that keep their parent alive
    (as the links of a private DNS zone do) are in the answer.
    """
    by_type: dict[str, list[str]] = {}
    own = {identifier.lower() for identifier in resources}
    alone = {
        identifier: kind.lower()
        for identifier, kind in resources.items()
        if kind.lower() in USES or not any(parent in own for parent in _parents(identifier))
    }
    for identifier, kind in alone.items():
        by_type.setdefault(kind, []).append(identifier)
    first: dict[str, set[str]] = {identifier: set() for identifier in alone}
    for user, kind in alone.items():
        for used in USES.get(kind, ()):
            for identifier in by_type.get(used, ()):
                if not user.lower().startswith(f"{identifier.lower()}/") or kind in USES:
                    first[identifier].add(user)
    return first


def longest_chain(first: Mapping[str, Iterable[str]]) -> list[str]:
    """The longest row of resources each of which waits for the one before it."""
    known: dict[str, list[str]] = {}

    def chain(identifier: str) -> list[str]:
        if identifier not in known:
            known[identifier] = [*max((chain(before) for before in first[identifier]), key=len, default=[]), identifier]
        return known[identifier]

    return max((chain(identifier) for identifier in first), key=len, default=[])


def _parents(identifier: str) -> Iterable[str]:
    from azlabs.arm.ids import ResourceId

    above = ResourceId.parse(identifier).parent
    while above is not None:
        yield above.key
        above = above.parent
