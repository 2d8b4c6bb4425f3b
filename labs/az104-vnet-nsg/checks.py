"""What the network of Wherrymoor Ferries has to do in the end, judged by what can talk to what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from azlabs.verify import LabView, check, expect, guard

if TYPE_CHECKING:
    from azlabs.probes.network import AddressSet, Machine, Reach

INTERNET = "Internet"
INSIDE = "VirtualNetwork"
PROBES = "AzureLoadBalancer"
OFFICE = "203.0.113.64/28"
MANAGEMENT = "172.20.41.0/27"
PROMISED = "172.20.43.0/24"
HTTPS, SSH, APP, SQL, REPLICATION = "Tcp/443", "Tcp/22", "Tcp/8080", "Tcp/1433", "Tcp/5022"
SSH_BOTH = "Tcp/22, Udp/22"
ROOM = {"web": 50, "application": 50, "data": 28}


class Shop:
    """The machines of the lab, by what they do."""

    def __init__(self, lab: LabView) -> None:
        self.network = lab.network
        self.web: list[str] = list(lab.outputs["webNicIds"])
        self.app: list[str] = list(lab.outputs["appNicIds"])
        self.report: str = lab.outputs["reportNicId"]
        self.data: list[str] = list(lab.outputs["dbNicIds"])
        self.jump: str = lab.outputs["jumpNicId"]
        self.tiers = [*self.web, *self.app, self.report, *self.data]
        self.storage: str = lab.network.regional_tag("Storage", lab.region)

    def machines(self, ids: Iterable[str]) -> list[Machine]:
        return [self.network.machine(nic) for nic in ids]

    def addresses(self, ids: Iterable[str]) -> AddressSet:
        """The addresses that these machines have now."""
        found = [machine.addresses for machine in self.machines(ids)]
        return found[0].plus(*found[1:])

    def neighbourhood(self, ids: list[str]) -> AddressSet:
        """The subnets of these machines, without the addresses of machines that do something else."""
        machines = self.machines(ids)
        whole = self.network.addresses(*(prefix for machine in machines for prefix in machine.subnet.prefixes))
        others = [nic for nic in [*self.tiers, self.jump] if nic not in ids]
        return whole.minus(self.addresses(others))


def only(reach: Reach, services: str, fix: str, *, where: str = "") -> None:
    """Fails unless exactly these services pass, from every address of the source."""
    expect(
        reach.equals(services),
        found=f"{reach.source} to {reach.destination}: {reach}",
        expected=f"{_words(services)}{where}",
        decided_by=reach.decided_by(services),
        fix=fix,
    )


def opens(reach: Reach, services: str, fix: str) -> None:
    """Fails unless these services pass, whatever else does."""
    chosen = reach.only(services)
    expect(
        reach.all(services),
        found=f"{reach.source} to {reach.destination}: {chosen}",
        expected=_words(services),
        decided_by=chosen.decided_by(services),
        fix=fix,
    )


def closed(reach: Reach, expected: str, fix: str) -> None:
    """Fails unless nothing passes; an example of what does stands in the message."""
    example = "" if reach.is_empty() else f", for example {reach.witness()}"
    expect(
        reach.is_empty(),
        found=f"{reach.source} to {reach.destination}: {reach}{example}",
        expected=expected,
        decided_by=reach.deciding_rule,
        fix=fix,
    )


def _words(services: str) -> str:
    return services.replace("Tcp/", "TCP ").replace("Udp/", "UDP ")


# --- the machines themselves


@guard("*")
def the_machines_are_still_the_same(lab: LabView) -> None:
    """The eight interfaces are still those that the lab started with."""
    for nic, guid in lab.outputs["machineGuids"].items():
        name = nic.rpartition("/")[2]
        found = lab.get(nic)
        expect(
            found is not None, found=f"{name} is gone", expected=f"{name} exists", fix="Reset the lab: it was removed."
        )
        same = found is not None and found.get("properties", {}).get("resourceGuid") == guid
        expect(
            same,
            found=f"{name} was removed and made again",
            expected="The machines keep running: an interface is moved, never recreated.",
            fix="Reset the lab and move the interface instead.",
        )


# --- deciding-rule


def _answer(lab: LabView, key: str, verdicts: tuple[str, ...], rule: str, look: str) -> None:
    given = lab.answers[key]
    verdict, named = given["verdict"], given["rule"]
    expect(verdict and named, found=f"{key} is not answered yet", expected="A verdict and the name of a rule", fix=look)
    right = verdict.is_any_of(*verdicts) and named.is_any_of(rule, f"nsg-flat/{rule}", f"nsg-flat {rule}")
    expect(
        right, found=f"{key}: {verdict}, {named}", expected="What the start state does with this connection", fix=look
    )


@check("deciding-rule", points=3)
def the_engineers_connection(lab: LabView) -> None:
    """The answer about the engineer's remote desktop is right."""
    look = "Go through the inbound rules of nsg-flat by their numbers; the first one that fits ends the search."
    _answer(lab, "office-to-db", ("allow", "allowed"), "allow-office-remote", look)


@check("deciding-rule", points=2)
def the_suppliers_connection(lab: LabView) -> None:
    """The answer about the former supplier's SSH is right."""
    look = "Does an earlier rule fit this source, this machine and this port before the supplier's own rule is reached?"
    _answer(lab, "supplier-to-db", ("deny", "denied"), "block-db-remote", look)


# --- segment


@guard("segment")
def the_promised_range_stays_free(lab: LabView) -> None:
    """172.20.43.0/24 is part of the address space and no subnet uses it."""
    shop = Shop(lab)
    promised = shop.network.addresses(PROMISED)
    home = shop.network.inside(shop.jump)
    expect(
        not promised.minus(home),
        found=f"The network's address space is {home}",
        expected=f"{PROMISED} stays in the address space",
        fix="Put the range back into the address space of vnet-tickets.",
    )
    for subnet in shop.network.subnets():
        overlap = promised.minus(promised.minus(shop.network.addresses(*subnet.prefixes)))
        expect(
            not overlap,
            found=f"{subnet.name} ({', '.join(subnet.prefixes)}) takes {overlap}",
            expected=f"{PROMISED} stays unused",
            fix="Cut the subnet out of another part of the address space.",
        )


@guard("segment")
def the_management_subnet_is_untouched(lab: LabView) -> None:
    """The jump machine's subnet is still 172.20.41.0/27."""
    subnet = Shop(lab).network.machine(lab.outputs["jumpNicId"]).subnet
    expect(
        subnet.prefixes == (MANAGEMENT,),
        found=f"nic-jump-01 is in {subnet.name}, {', '.join(subnet.prefixes)}",
        expected=MANAGEMENT,
        fix="Give the management subnet its old range back.",
    )


@check("segment", points=9)
def the_tiers_live_apart(lab: LabView) -> None:
    """Web, application with reporting, data and jump machines have a subnet each, and share none."""
    shop = Shop(lab)
    groups = {"web": shop.web, "application": [*shop.app, shop.report], "data": shop.data, "jump": [shop.jump]}
    taken: dict[str, str] = {}
    for tier, ids in groups.items():
        machines = shop.machines(ids)
        places = {machine.subnet.key: machine.subnet.name for machine in machines}
        expect(
            len(places) == 1,
            found=", ".join(f"{machine.name} in {machine.subnet.name}" for machine in machines),
            expected=f"The {tier} machines in one subnet",
            fix="Move the interface that was left behind.",
        )
        ((key, name),) = places.items()
        expect(
            key not in taken,
            found=f"{name} holds {taken.get(key)} and {tier} machines",
            expected="A subnet for each tier",
            fix="Make a subnet for each tier and move the interfaces into it.",
        )
        taken[key] = tier


@check("segment", points=6, negative=True, pair="the_tiers_live_apart")
def the_subnets_are_large_enough(lab: LabView) -> None:
    """There is room for 50 web, 50 application and 28 data machines."""
    shop = Shop(lab)
    for tier, ids in {"web": shop.web, "application": shop.app, "data": shop.data}.items():
        subnet = shop.network.machine(ids[0]).subnet
        usable = shop.network.usable_addresses(subnet)
        expect(
            usable >= ROOM[tier],
            found=f"{subnet.name} ({', '.join(subnet.prefixes)}) has room for {usable} {tier} machines",
            expected=f"Room for {ROOM[tier]}",
            fix="Count what Azure keeps of every subnet for itself, then choose the next larger prefix.",
        )


# --- stray-filter


@check("stray-filter", points=6)
def the_second_application_server_gets_requests(lab: LabView) -> None:
    """Both web machines reach nic-app-02 on TCP 8080."""
    shop = Shop(lab)
    for web in shop.web:
        opens(
            shop.network.reach(web, shop.app[1]),
            APP,
            "Traffic into a machine passes two filters. Which of them differs from the other server's?",
        )


@check("stray-filter", points=4, negative=True)
def the_twins_are_treated_alike(lab: LabView) -> None:
    """nic-app-01 and nic-app-02 get the same verdict for every source, protocol and port, in and out."""
    shop = Shop(lab)
    one, other = shop.app
    unlike = shop.network.differences(one, other)
    expect(
        not unlike,
        found=unlike[0] if unlike else "No difference",
        expected="The same for both",
        decided_by=unlike[0].decided_by if unlike else "",
        fix="Compare the filters and the groups of the two interfaces.",
    )
    to_one, to_other = shop.network.reach(other, one), shop.network.reach(one, other)
    expect(
        to_one.services() == to_other.services(),
        found=f"{to_other.source} to {to_other.destination}: {to_other}; the other way: {to_one}",
        expected="The same both ways",
        fix="Compare the filters of the two interfaces.",
    )


# --- allow-https


@guard("allow-https")
def customers_reach_the_shop(lab: LabView) -> None:
    """The internet reaches both web machines on TCP 443."""
    shop = Shop(lab)
    for web in shop.web:
        opens(
            shop.network.reach(INTERNET, web),
            HTTPS,
            "Some address of the internet is refused: see which rule stands before the one for HTTPS.",
        )


@guard("allow-https")
def the_load_balancers_probes_pass(lab: LabView) -> None:
    """Azure's load balancer probes reach both web machines on TCP 443."""
    shop = Shop(lab)
    for web in shop.web:
        opens(
            shop.network.reach(PROBES, web),
            HTTPS,
            "Probes come from the host's own address; a service tag names it. VirtualNetwork includes it too.",
        )


@check("allow-https", points=6)
def the_internet_gets_https_only(lab: LabView) -> None:
    """From the internet the web machines accept TCP 443 and nothing else, whoever asks."""
    shop = Shop(lab)
    for web in shop.web:
        only(
            shop.network.reach(INTERNET, web),
            HTTPS,
            "Ask who is still let in, from where and on which port; the office and the supplier are the internet too.",
            where=" from every public address",
        )


@check("allow-https", points=5, negative=True)
def the_internet_gets_no_further(lab: LabView) -> None:
    """Nothing from the internet reaches an application, reporting or data machine."""
    shop = Shop(lab)
    for nic in [*shop.app, shop.report, *shop.data]:
        closed(
            shop.network.reach(INTERNET, nic),
            "Nothing from the internet",
            "A rule without a destination opens every machine behind its group.",
        )


@check("allow-https", points=4, negative=True)
def the_inside_gets_https_and_ssh_only(lab: LabView) -> None:
    """Inside the network a web machine accepts at most TCP 443 and TCP 22."""
    shop = Shop(lab)
    for web in shop.web:
        closed(
            shop.network.reach(INSIDE, web).minus(f"{HTTPS}, {SSH}"),
            "Nothing besides TCP 443 and TCP 22",
            "A default rule lets the whole network in unless a lower number decides first.",
        )


# --- app-group


@check("app-group", points=5)
def web_reaches_the_application(lab: LabView) -> None:
    """The web machines reach both application servers on TCP 8080."""
    shop = Shop(lab)
    for web in shop.web:
        for app in shop.app:
            opens(shop.network.reach(web, app), APP, "Look at both filters of the server, and at its groups.")


@check("app-group", points=5, negative=True)
def nothing_else_reaches_the_application(lab: LabView) -> None:
    """Inside the network nothing else reaches the application servers, and nothing the reporting machine."""
    shop = Shop(lab)
    web = shop.neighbourhood(shop.web)
    for app in shop.app:
        found = shop.network.reach(INSIDE, app).minus(SSH)
        closed(
            found.between(web).minus(APP),
            "From web machines TCP 8080 only",
            "The rule for the web machines opens more than one port or one protocol.",
        )
        closed(
            found.between(not_sources=web),
            "Nothing from machines that are no web machines",
            "Machines of the same subnet are filtered as well. Which rule lets them in?",
        )
    closed(
        shop.network.reach(INSIDE, shop.report).minus(SSH),
        "Nothing",
        "The reporting machine has the application servers' subnet, and must not be what the rule is about.",
    )


@check("app-group", points=5, negative=True, pair="web_reaches_the_application")
def the_group_decides_about_new_servers(lab: LabView) -> None:
    """A new server in the group is reachable without a change of rules, and outside of the group it is not."""
    shop = Shop(lab)
    grown, member = shop.network.with_copy(shop.app[0])
    for web in shop.web:
        opens(
            grown.reach(web, member),
            APP,
            "The rule knows today's servers by their addresses. What would a new one bring along?",
        )
    other, stranger = shop.network.with_copy(shop.app[0], groups=False)
    for web in shop.web:
        closed(
            other.reach(web, stranger).only(APP),
            "Nothing on TCP 8080 as long as it is in no group",
            "Make membership in an application security group what the rule asks for.",
        )


# --- data-port


@guard("data-port")
def the_application_reaches_its_database(lab: LabView) -> None:
    """Both application servers reach both data machines on TCP 1433."""
    shop = Shop(lab)
    for app in shop.app:
        for data in shop.data:
            opens(
                shop.network.reach(app, data), SQL, "See which rule refuses it, and whether the server is in the group."
            )


@guard(["data-port", "data-egress"])
def the_data_machines_replicate(lab: LabView) -> None:
    """The data machines reach each other on TCP 5022, both ways."""
    shop = Shop(lab)
    one, other = shop.data
    for source, destination in ((one, other), (other, one)):
        opens(
            shop.network.reach(source, destination),
            REPLICATION,
            "A subnet's group filters between its own machines too, on the way out and on the way in.",
        )


@check("data-port", points=6)
def sql_is_for_the_application_group(lab: LabView) -> None:
    """TCP 1433 of the data machines is open to members of the application group, and to nobody else."""
    shop = Shop(lab)
    for data in shop.data:
        found = shop.network.reach(INSIDE, data)
        closed(
            found.only(SQL).between(not_sources=shop.addresses(shop.app)),
            "TCP 1433 from the application servers only",
            "The source of the rule takes in more than the application servers.",
        )
    grown, member = shop.network.with_copy(shop.app[0])
    other, stranger = shop.network.with_copy(shop.app[0], groups=False)
    for data in shop.data:
        opens(grown.reach(member, data), SQL, "A server that joins the group later has to get through as well.")
        closed(
            other.reach(stranger, data).only(SQL),
            "Nothing on TCP 1433 from a machine that is in no group",
            "The group, not an address or a subnet, has to be the source of the rule.",
        )


@check("data-port", points=5, negative=True)
def nothing_else_reaches_the_data(lab: LabView) -> None:
    """Inside the network nothing else reaches the data machines."""
    shop = Shop(lab)
    servers, partners = shop.addresses(shop.app), shop.neighbourhood(shop.data)
    for data in shop.data:
        found = shop.network.reach(INSIDE, data).minus(SSH)
        closed(
            found.between(servers).minus(SQL),
            "From application servers TCP 1433 only",
            "Look for a rule that lets more than one port through.",
        )
        closed(
            found.between(partners).minus(REPLICATION),
            "From data machines TCP 5022 only",
            "The default rules open a subnet to itself.",
        )
        closed(
            found.between(not_sources=servers.plus(partners)),
            "Nothing from other machines",
            "Close the network with a rule before the default rules.",
        )


@check("data-port", points=4, negative=True)
def no_data_machine_is_public(lab: LabView) -> None:
    """No data machine has a public address."""
    shop = Shop(lab)
    for machine in shop.machines(shop.data):
        expect(
            not machine.public_addresses,
            found=f"{machine.name} has {', '.join(name.rpartition('/')[2] for name in machine.public_addresses)}",
            expected="No public address on a data machine",
            fix="A public address belongs to an IP configuration of the interface; take it off there.",
        )


# --- ssh-path


@guard("ssh-path")
def the_jump_machine_reaches_every_machine(lab: LabView) -> None:
    """The jump machine reaches all seven tier machines on TCP 22."""
    shop = Shop(lab)
    for nic in shop.tiers:
        opens(
            shop.network.reach(shop.jump, nic),
            SSH,
            "Every tier needs a rule for the management subnet, above the one that closes the network.",
        )


@guard("ssh-path")
def the_office_reaches_the_jump_machine(lab: LabView) -> None:
    """The office reaches the jump machine on TCP 22."""
    shop = Shop(lab)
    for address in ("203.0.113.64", "203.0.113.70", "203.0.113.79"):
        opens(
            shop.network.reach(address, shop.jump),
            SSH,
            "Compare the range of the rule with the office's sixteen addresses.",
        )


@check("ssh-path", points=6)
def ssh_comes_from_the_management_subnet_only(lab: LabView) -> None:
    """No tier machine accepts SSH from anywhere inside but the management subnet."""
    shop = Shop(lab)
    management = shop.network.addresses(MANAGEMENT)
    for nic in shop.tiers:
        closed(
            shop.network.reach(INSIDE, nic).only(SSH_BOTH).between(not_sources=management),
            f"SSH from {MANAGEMENT} only",
            "Neighbours in the same subnet count too. Which rule, or which default rule, lets them in?",
        )


@check("ssh-path", points=6)
def only_the_office_gets_in(lab: LabView) -> None:
    """From the internet exactly the office's addresses may open SSH to the jump machine."""
    shop = Shop(lab)
    found = shop.network.reach(INTERNET, shop.jump).only(SSH)
    sources = found.sources()
    expect(
        sources.equals(OFFICE),
        found=f"{sources} may open TCP 22 to {found.destination}",
        expected=OFFICE,
        decided_by=found.deciding_rule,
        fix="The office has sixteen addresses. How many does the rule let in?",
    )


@check("ssh-path", points=3, negative=True)
def the_jump_machine_accepts_nothing_else(lab: LabView) -> None:
    """Nothing but the office's SSH reaches the jump machine, from the internet or from inside."""
    shop = Shop(lab)
    closed(
        shop.network.reach(INTERNET, shop.jump).minus(SSH),
        "Nothing but TCP 22 from the internet",
        "A second rule of the jump machine's group is wider than its name says.",
    )
    closed(
        shop.network.reach(INSIDE, shop.jump),
        "Nothing from inside the network",
        "The machines that the jump machine looks after have no reason to call it.",
    )


# --- data-egress


@guard("data-egress")
def the_data_machines_reach_storage(lab: LabView) -> None:
    """Both data machines reach Azure Storage of this region on TCP 443."""
    shop = Shop(lab)
    for data in shop.data:
        opens(
            shop.network.reach(data, shop.storage),
            HTTPS,
            "A lower number decides first; a route can cut the way off as well.",
        )


@guard("data-egress")
def updates_still_work_elsewhere(lab: LabView) -> None:
    """Web, application, reporting and jump machines still reach the internet on TCP 443."""
    shop = Shop(lab)
    for nic in [*shop.web, *shop.app, shop.report, shop.jump]:
        opens(shop.network.reach(nic, INTERNET), HTTPS, "Only the data machines are to be closed on the way out.")


@check("data-egress", points=6)
def the_data_machines_open_nothing_else(lab: LabView) -> None:
    """A data machine opens nothing to the internet, and inside only replication to its partner."""
    shop = Shop(lab)
    partners, storage = shop.neighbourhood(shop.data), shop.network.addresses("Storage")
    for data in shop.data:
        closed(
            shop.network.reach(data, INTERNET).between(not_destinations=storage),
            "Nothing to the internet",
            "The default rules let everything out; Internet takes in Azure's own addresses.",
        )
        inside = shop.network.reach(data, INSIDE)
        closed(
            inside.between(destinations=partners).minus(REPLICATION),
            "To data machines TCP 5022 only",
            "Look at what the group lets out, not only at what it lets in.",
        )
        closed(
            inside.between(not_destinations=partners),
            "Nothing to other machines of the network",
            "One of the default rules for outbound traffic is about the network itself.",
        )


@check("data-egress", points=4, negative=True)
def storage_means_https_in_this_region(lab: LabView) -> None:
    """Of Azure Storage a data machine reaches this region's, on TCP 443, and no other."""
    shop = Shop(lab)
    here = shop.network.addresses(shop.storage)
    for data in shop.data:
        only(shop.network.reach(data, shop.storage), HTTPS, "HTTPS is the only way to storage that is asked for.")
        closed(
            shop.network.reach(data, "Storage").between(not_destinations=here),
            f"Nothing to storage outside of {shop.storage}",
            "A service tag without a region means every region.",
        )
