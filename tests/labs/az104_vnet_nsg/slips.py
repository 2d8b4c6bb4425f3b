"""Typical mistakes: each is one slip away from a correct solution, and names the tasks that have to notice it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bench import CLOSE, Shop

DATA = "172.20.42.64/26"


@dataclass(frozen=True)
class Slip:
    name: str
    tasks: tuple[str, ...]
    make: Callable[[Shop], None]
    base: str = "reference"


SLIPS: list[Slip] = []


def slip(name: str, *tasks: str, base: str = "reference") -> Callable[[Callable[[Shop], None]], Callable[[Shop], None]]:
    def keep(make: Callable[[Shop], None]) -> Callable[[Shop], None]:
        SLIPS.append(Slip(name, tasks, make, base))
        return make

    return keep


@slip("the wrong rule for the engineer", "deciding-rule")
def _engineer(shop: Shop) -> None:
    shop.answer(**{"office-to-db": {"verdict": "deny", "rule": "block-db-remote"}})


@slip("the right verdict and the wrong rule for the engineer", "deciding-rule")
def _engineers_rule(shop: Shop) -> None:
    shop.answer(**{"office-to-db": {"verdict": "allow", "rule": "allow-any-remote"}})


@slip("the supplier's own rule for the supplier", "deciding-rule")
def _supplier(shop: Shop) -> None:
    shop.answer(**{"supplier-to-db": {"verdict": "allow", "rule": "allow-vendor"}})


@slip("a data subnet of 27 usable addresses", "segment")
def _small(shop: Shop) -> None:
    shop.subnet("small", "172.20.42.128/27", "nsg-data")
    for nic in ("nic-db-01", "nic-db-02"):
        shop.move(nic, "small")
    prefix = {"sourceAddressPrefix": "172.20.42.128/27", "destinationAddressPrefix": "172.20.42.128/27"}
    shop.change("nsg-data", "replication", **prefix)
    shop.change("nsg-data", "replication-out", destinationAddressPrefix="172.20.42.128/27")


@slip("the application subnet in the promised range", "segment")
def _promised(shop: Shop) -> None:
    shop.subnet("promised", "172.20.43.0/26", "nsg-app")
    for nic in ("nic-app-01", "nic-app-02", "nic-report-01"):
        shop.move(nic, "promised")


@slip("data machines in the application subnet", "segment")
def _together(shop: Shop) -> None:
    for nic in ("nic-db-01", "nic-db-02"):
        shop.move(nic, "snet-app")


@slip("one data machine left in the flat subnet", "segment", "data-port")
def _left(shop: Shop) -> None:
    shop.move("nic-db-02", "snet-flat")


@slip("the management subnet made larger", "segment")
def _management(shop: Shop) -> None:
    shop.subnet("snet-mgmt", "172.20.41.0/26", "nsg-mgmt")


@slip("quarantine left, an allow added to the subnet's group", "stray-filter")
def _quarantine(shop: Shop) -> None:
    shop.rule("nsg-app-02", "quarantine", 100, access="Deny", source="VirtualNetwork", ports="8080")
    shop.rule("nsg-app", "let-it-in", 150, source="172.20.40.0/24", destination="172.20.42.0/26", ports="8080")


@slip("the second server more open than its twin", "stray-filter", base="interface-level")
def _open(shop: Shop) -> None:
    shop.make("networkSecurityGroups", "nsg-open")
    shop.rule("nsg-open", "all-in", 100, protocol="*")
    where = {"id": shop.id("networkSecurityGroups", "nsg-open")}
    shop.edit("networkInterfaces", "nic-app-02", lambda nic: nic.update(networkSecurityGroup=where))


@slip("a deny for the internet before the allow", "allow-https")
def _before(shop: Shop) -> None:
    shop.change("nsg-flat", "https-in", priority=110)
    shop.rule("nsg-flat", "no-internet", 100, access="Deny", protocol="*", source="Internet")


@slip("443 as the source port", "allow-https")
def _swapped(shop: Shop) -> None:
    shop.change("nsg-flat", "https-in", sourcePortRange="443", destinationPortRange="*")


@slip("port 80 kept", "allow-https")
def _plain(shop: Shop) -> None:
    shop.change("nsg-flat", "https-in", destinationPortRange=None, destinationPortRanges=["80", "443"])


@slip("no way in for the probes", "allow-https", base="deny-all")
def _probes(shop: Shop) -> None:
    shop.change("nsg-flat", "https-in", sourceAddressPrefix="Internet")


@slip("the supplier's rule under another name", "allow-https")
def _renamed(shop: Shop) -> None:
    shop.rule("nsg-flat", "partners", 310, protocol="*", source="198.51.100.0/24")


@slip("the inside left open on the web subnet", "allow-https", "ssh-path")
def _inside(shop: Shop) -> None:
    shop.drop("nsg-flat", "inside-closed")


@slip("8080 for the application subnet's prefix", "app-group")
def _prefix(shop: Shop) -> None:
    shop.rule("nsg-app", "web-to-app", 100, source="172.20.40.0/24", destination="172.20.42.0/26", ports="8080")


@slip("the second server in no group", "app-group")
def _no_member(shop: Shop) -> None:
    shop.configure("nic-app-02", applicationSecurityGroups=None)


@slip("the group as the source", "app-group")
def _reversed(shop: Shop) -> None:
    shop.rule("nsg-app", "web-to-app", 100, source_group="asg-app", destination="172.20.40.0/24", ports="8080")


@slip("any protocol on 8080", "app-group")
def _any_protocol(shop: Shop) -> None:
    shop.change("nsg-app", "web-to-app", protocol="*")


@slip("the closing rule for TCP only", "app-group")
def _half_closed(shop: Shop) -> None:
    shop.change("nsg-app", "inside-closed", protocol="Tcp")


@slip("8080 for a list of today's two servers", "app-group")
def _list(shop: Shop) -> None:
    addresses = [
        shop.cloud.get(shop.id("networkInterfaces", nic), "2024-05-01")["properties"]["ipConfigurations"][0][
            "properties"
        ]["privateIPAddress"]
        for nic in ("nic-app-01", "nic-app-02")
    ]
    shop.rule("nsg-app", "web-to-app", 100, source="172.20.40.0/24", destination=addresses, ports="8080")


@slip("the data machines' group not attached", "data-port")
def _detached(shop: Shop) -> None:
    shop.subnet("snet-data", DATA)


@slip("1433 from the whole network", "data-port")
def _wide_sql(shop: Shop) -> None:
    shop.rule("nsg-data", "app-to-sql", 100, source="VirtualNetwork", ports="1433")


@slip("1433 from the application subnet's prefix", "data-port")
def _subnet_sql(shop: Shop) -> None:
    shop.rule("nsg-data", "app-to-sql", 100, source="172.20.42.0/26", ports="1433")


@slip("replication forgotten", "data-port")
def _no_mirror(shop: Shop) -> None:
    shop.drop("nsg-data", "replication")


@slip("the public address left on the data machine", "data-port")
def _public(shop: Shop) -> None:
    shop.configure("nic-db-01", publicIPAddress={"id": shop.id("publicIPAddresses", "pip-db-01")})


@slip("the office as its provider's whole block", "ssh-path")
def _block(shop: Shop) -> None:
    shop.change("nsg-mgmt", "office-ssh", sourceAddressPrefix="203.0.113.0/24")


@slip("remote desktop left on the jump machine", "ssh-path")
def _desktop(shop: Shop) -> None:
    shop.rule("nsg-mgmt", "rdp-in", 110, ports="3389")


@slip("SSH from the whole network", "ssh-path")
def _wide_ssh(shop: Shop) -> None:
    shop.change("nsg-app", "ssh-from-mgmt", sourceAddressPrefix="VirtualNetwork")


@slip("SSH from one address too few of the office", "ssh-path")
def _narrow_office(shop: Shop) -> None:
    shop.change("nsg-mgmt", "office-ssh", sourceAddressPrefix="203.0.113.64/29")


@slip("the storage rule behind the deny", "data-egress")
def _behind(shop: Shop) -> None:
    shop.change("nsg-data", "storage-out", priority=4050)


@slip("only the internet denied", "data-egress")
def _internet_only(shop: Shop) -> None:
    shop.change("nsg-data", "rest-closed", destinationAddressPrefix="Internet")


@slip("storage of every region", "data-egress")
def _every_region(shop: Shop) -> None:
    shop.change("nsg-data", "storage-out", destinationAddressPrefix="Storage")


@slip("the deny as an inbound rule", "data-egress")
def _inbound(shop: Shop) -> None:
    shop.drop("nsg-data", "rest-closed")
    shop.rule("nsg-data", "rest-closed", 4001, **{**CLOSE, "source": "*"})


def _without_rules(shop: Shop, *routes: tuple[str, str, str]) -> None:
    shop.drop("nsg-data", "storage-out", "replication-out", "rest-closed")
    made = [{"name": name, "properties": {"addressPrefix": prefix, "nextHopType": hop}} for name, prefix, hop in routes]
    table = shop.make("routeTables", "rt-data", routes=made)
    shop.subnet("snet-data", DATA, "nsg-data", routeTable={"id": table})


@slip("a route to nowhere instead of rules", "data-egress")
def _nowhere(shop: Shop) -> None:
    _without_rules(shop, ("nowhere", "0.0.0.0/0", "None"))


@slip("a route to nowhere and one for storage instead of rules", "data-egress")
def _tag_route(shop: Shop) -> None:
    storage = f"Storage.{shop.sandbox.region}"
    _without_rules(shop, ("nowhere", "0.0.0.0/0", "None"), ("storage", storage, "Internet"))
