"""What the network of Wherrymoor Ferries has to do in the end, judged by what can talk to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from azlabs.verify import LabView, check, expect, expect_closed, expect_only, expect_open, guard

if TYPE_CHECKING:
    from azlabs.probes.network import AddressSet, Machine, Reach

INTERNET, INSIDE, PROBES = "Internet", "VirtualNetwork", "AzureLoadBalancer"
OFFICE, MANAGEMENT, PROMISED = "203.0.113.64/28", "172.20.41.0/27", "172.20.43.0/24"
HTTPS, SSH, APP, SQL, REPLICATION = "Tcp/443", "Tcp/22", "Tcp/8080", "Tcp/1433", "Tcp/5022"
PUBLIC_ADDRESS_USD = 0.005


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

    def reach(self, sources: str | list[str], destinations: str | list[str]) -> Iterator[Reach]:
        """What each source may open to each destination."""
        for source in [sources] if isinstance(sources, str) else sources:
            for destination in [destinations] if isinstance(destinations, str) else destinations:
                yield self.network.reach(source, destination)

    def machines(self, ids: Iterable[str]) -> list[Machine]:
        return [self.network.machine(nic) for nic in ids]

    def addresses(self, ids: Iterable[str]) -> AddressSet:
        """The addresses that these machines have now."""
        return self.network.addresses().plus(*(machine.addresses for machine in self.machines(ids)))

    def neighbourhood(self, ids: list[str]) -> AddressSet:
        """The subnets of these machines, without the addresses of machines that do something else."""
        whole = self.network.addresses(*(prefix for m in self.machines(ids) for prefix in m.subnet.prefixes))
        return whole.minus(self.addresses(nic for nic in [*self.tiers, self.jump] if nic not in ids))


@guard("*")
def the_machines_are_still_the_same(lab: LabView) -> None:
    """The eight interfaces are still those that the lab started with."""
    for nic, guid in lab.outputs["machineGuids"].items():
        name = nic.rpartition("/")[2]
        found = lab.get(nic)
        now = "is gone" if found is None else "is the one from the start"
        if found is not None and found.get("properties", {}).get("resourceGuid") != guid:
            now = "was removed and made again"
        expect(
            now == "is the one from the start",
            found=f"{name} {now}",
            expected="The machines keep running: an interface is moved, never removed.",
            fix="Reset the lab, and move the interface instead.",
        )


def _answer(lab: LabView, key: str, verdicts: tuple[str, ...], rule: str, look: str) -> None:
    given = lab.answers[key]
    verdict, named = given["verdict"], given["rule"]
    expect(verdict and named, found=f"{key} is not answered yet", expected="A verdict and a rule's name", fix=look)
    right = verdict.is_any_of(*verdicts) and named.is_any_of(rule, f"nsg-flat/{rule}", f"nsg-flat {rule}")
    expect(right, found=f"{key}: {verdict}, {named}", expected="What the start does with the connection", fix=look)


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


@guard("segment")
def the_promised_range_stays_free(lab: LabView) -> None:
    """172.20.43.0/24 is part of the address space and no subnet uses it."""
    shop = Shop(lab)
    promised, home = shop.network.addresses(PROMISED), shop.network.inside(shop.jump)
    expect(
        not promised.minus(home),
        found=f"The network's address space is {home}",
        expected=f"{PROMISED} stays in the address space",
        fix="Put the range back into the address space of vnet-tickets.",
    )
    for subnet in shop.network.subnets():
        taken = promised.minus(promised.minus(shop.network.addresses(*subnet.prefixes)))
        expect(
            not taken,
            found=f"{subnet.name} ({', '.join(subnet.prefixes)}) takes {taken} of {PROMISED}",
            expected=f"{PROMISED} stays unused",
            fix="Cut the subnet out of another part of the address space.",
        )


@guard("segment")
def the_management_subnet_is_untouched(lab: LabView) -> None:
    """The jump machine's subnet is still 172.20.41.0/27."""
    subnet = lab.network.machine(lab.outputs["jumpNicId"]).subnet
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
    tiers = {"web": shop.web, "application": [*shop.app, shop.report], "data": shop.data, "jump": [shop.jump]}
    taken: dict[str, str] = {}
    for tier, ids in tiers.items():
        machines = shop.machines(ids)
        places = {machine.subnet.key for machine in machines}
        expect(
            len(places) == 1,
            found=", ".join(f"{machine.name} in {machine.subnet.name}" for machine in machines),
            expected=f"The {tier} machines in one subnet",
            fix="Move the interface that was left behind.",
        )
        subnet = machines[0].subnet
        before = taken.setdefault(subnet.key, tier)
        expect(
            before == tier,
            found=f"{subnet.name} holds {tier} machines" + ("" if before == tier else f" and {before} machines"),
            expected="A subnet for each tier",
            fix="Make a subnet for each tier and move the interfaces into it.",
        )


@check("segment", points=6, negative=True, pair="the_tiers_live_apart")
def the_subnets_are_large_enough(lab: LabView) -> None:
    """There is room for 50 web, 50 application and 28 data machines."""
    shop = Shop(lab)
    for tier, ids, room in (("web", shop.web, 50), ("application", shop.app, 50), ("data", shop.data, 28)):
        subnet = shop.network.machine(ids[0]).subnet
        usable = shop.network.usable_addresses(subnet)
        expect(
            usable >= room,
            found=f"{subnet.name} ({', '.join(subnet.prefixes)}) has room for {usable} {tier} machines",
            expected=f"Room for {room}",
            fix="Count what Azure keeps of every subnet for itself, then choose the next larger prefix.",
        )


@check("stray-filter", points=6)
def the_second_application_server_gets_requests(lab: LabView) -> None:
    """Both web machines reach nic-app-02 on TCP 8080."""
    shop = Shop(lab)
    for reach in shop.reach(shop.web, shop.app[1]):
        expect_open(reach, APP, "Traffic passes two filters on its way in. Which differs from the other server's?")


@check("stray-filter", points=4, negative=True)
def the_twins_are_treated_alike(lab: LabView) -> None:
    """nic-app-01 and nic-app-02 get the same verdict for every source, protocol and port, in and out."""
    shop = Shop(lab)
    one, other = shop.app
    there, back = shop.network.reach(one, other), shop.network.reach(other, one)
    expect(
        there.services() == back.services(),
        found=f"{there.source} to {there.destination}: {there}; the other way: {back}",
        expected="The same both ways",
        fix="Compare the filters of the two interfaces.",
    )
    unlike = shop.network.differences(one, other)
    expect(
        not unlike,
        found=unlike[0] if unlike else f"{there.source} and {there.destination} are treated alike",
        expected="The same for both",
        decided_by=unlike[0].decided_by if unlike else "",
        fix="Compare the filters and the groups of the two interfaces.",
    )


@guard("allow-https")
def customers_and_probes_get_in(lab: LabView) -> None:
    """The internet and the probes of Azure's load balancer reach both web machines on TCP 443."""
    shop = Shop(lab)
    for reach in shop.reach(INTERNET, shop.web):
        expect_open(reach, HTTPS, "Somebody is refused: see which rule stands before the one for HTTPS.")
    for reach in shop.reach(PROBES, shop.web):
        expect_open(reach, HTTPS, "Probes come from the host's own address. Which service tags include it?")


@check("allow-https", points=6)
def the_internet_gets_https_only(lab: LabView) -> None:
    """From the internet the web machines accept TCP 443 and nothing else, whoever asks."""
    shop = Shop(lab)
    for reach in shop.reach(INTERNET, shop.web):
        expect_only(reach, HTTPS, "See who is still let in, and on which port; office and supplier count as well.")


@check("allow-https", points=5, negative=True)
def the_internet_gets_no_further(lab: LabView) -> None:
    """Nothing from the internet reaches an application, reporting or data machine."""
    shop = Shop(lab)
    for reach in shop.reach(INTERNET, [*shop.app, shop.report, *shop.data]):
        expect_closed(reach, "Nothing", "A rule without a destination opens every machine behind its group.")


@check("allow-https", points=4, negative=True)
def the_inside_gets_https_and_ssh_only(lab: LabView) -> None:
    """Inside the network a web machine accepts at most TCP 443 and TCP 22."""
    shop = Shop(lab)
    fix = "A default rule lets the whole network in unless a lower number decides first."
    for reach in shop.reach(INSIDE, shop.web):
        expect_closed(reach.minus(f"{HTTPS}, {SSH}"), "Nothing besides TCP 443 and TCP 22", fix)


@check("app-group", points=5)
def web_reaches_the_application(lab: LabView) -> None:
    """The web machines reach both application servers on TCP 8080."""
    shop = Shop(lab)
    for reach in shop.reach(shop.web, shop.app):
        expect_open(reach, APP, "Look at both filters of the server, and at its groups.")


@check("app-group", points=5, negative=True)
def nothing_else_reaches_the_application(lab: LabView) -> None:
    """Inside the network nothing else reaches the application servers, and nothing the reporting machine."""
    shop = Shop(lab)
    web = shop.neighbourhood(shop.web)
    for reach in shop.reach(INSIDE, shop.app):
        found = reach.minus(SSH)
        fix = "The rule for the web machines opens more than one port or one protocol."
        expect_closed(found.between(web).minus(APP), "From web machines TCP 8080 only", fix)
        fix = "Machines of the same subnet are filtered as well. Which rule lets them in?"
        expect_closed(found.between(not_sources=web), "Nothing from machines that are no web machines", fix)
    fix = "It shares a subnet with the application servers, and must not share what is opened to them."
    for reach in shop.reach(INSIDE, shop.report):
        expect_closed(reach.minus(SSH), "Nothing", fix)


@check("app-group", points=5, negative=True, pair="web_reaches_the_application")
def the_group_decides_about_new_servers(lab: LabView) -> None:
    """A new server in the group is reachable without a change of rules, and outside of the group it is not."""
    shop = Shop(lab)
    grown, member = shop.network.with_copy(shop.app[0])
    other, stranger = shop.network.with_copy(shop.app[0], groups=False)
    for web in shop.web:
        fix = "The rule knows today's servers by their addresses. What would a new one bring along?"
        expect_open(grown.reach(web, member), APP, fix)
        fix = "Make membership in an application security group what the rule asks for."
        expect_closed(other.reach(web, stranger).only(APP), "Nothing on TCP 8080 while it is in no group", fix)


@guard("data-port")
def the_application_reaches_its_database(lab: LabView) -> None:
    """Both application servers reach both data machines on TCP 1433."""
    shop = Shop(lab)
    for reach in shop.reach(shop.app, shop.data):
        expect_open(reach, SQL, "See which rule refuses it, and whether the server is in the group.")


@guard(["data-port", "data-egress"])
def the_data_machines_replicate(lab: LabView) -> None:
    """The data machines reach each other on TCP 5022, both ways."""
    shop = Shop(lab)
    for ends in (shop.data, shop.data[::-1]):
        fix = "A subnet's group filters between its own machines too, on the way out and on the way in."
        expect_open(shop.network.reach(*ends), REPLICATION, fix)


@check("data-port", points=6)
def sql_is_for_the_application_group(lab: LabView) -> None:
    """TCP 1433 of the data machines is open to members of the application group, and to nobody else."""
    shop = Shop(lab)
    servers = shop.addresses(shop.app)
    for reach in shop.reach(INSIDE, shop.data):
        fix = "The source of the rule takes in more than the application servers."
        expect_closed(reach.only(SQL).between(not_sources=servers), "TCP 1433 from application servers only", fix)
    grown, member = shop.network.with_copy(shop.app[0])
    other, stranger = shop.network.with_copy(shop.app[0], groups=False)
    for data in shop.data:
        expect_open(grown.reach(member, data), SQL, "A server that joins the group later has to get through as well.")
        fix = "The group, not an address or a subnet, has to be the source of the rule."
        expect_closed(other.reach(stranger, data).only(SQL), "Nothing from a machine that is in no group", fix)


@check("data-port", points=5, negative=True)
def nothing_else_reaches_the_data(lab: LabView) -> None:
    """Inside the network nothing else reaches the data machines."""
    shop = Shop(lab)
    servers, partners = shop.addresses(shop.app), shop.neighbourhood(shop.data)
    for reach in shop.reach(INSIDE, shop.data):
        found = reach.minus(SSH)
        fix = "Look for a rule that lets more than one port through."
        expect_closed(found.between(servers).minus(SQL), "From application servers TCP 1433 only", fix)
        fix = "The default rules open a subnet to itself."
        expect_closed(found.between(partners).minus(REPLICATION), "From data machines TCP 5022 only", fix)
        fix = "Close the network with a rule before the default rules."
        expect_closed(found.between(not_sources=servers.plus(partners)), "Nothing from other machines", fix)


@check("data-port", points=4, negative=True)
def no_data_machine_is_public(lab: LabView) -> None:
    """No data machine has a public address."""
    shop = Shop(lab)
    for machine in shop.machines(shop.data):
        names = ", ".join(address.rpartition("/")[2] for address in machine.public_addresses)
        expect(
            not names,
            found=f"{machine.name} has {names or 'no public address'}{_idle_addresses(lab)}",
            expected="No public address on a data machine",
            fix="A public address belongs to an IP configuration of the interface; take it off there.",
        )


def _idle_addresses(lab: LabView) -> str:
    """What public addresses that nothing uses cost on Azure; no verdict depends on it."""
    idle = [
        str(address["name"])
        for address in lab.find("Microsoft.Network/publicIPAddresses")
        if not {"ipConfiguration", "natGateway"} & set(address.get("properties") or {})
    ]
    cost = f"{PUBLIC_ADDRESS_USD * len(idle):.3f} USD an hour on Azure"
    return f"; nothing uses {', '.join(idle)}, which still costs {cost}" if idle else ""


@guard("ssh-path")
def the_way_over_the_jump_machine_is_open(lab: LabView) -> None:
    """The office reaches the jump machine on TCP 22, and the jump machine all seven machines of the tiers."""
    shop = Shop(lab)
    for reach in shop.reach(["203.0.113.64", "203.0.113.70", "203.0.113.79"], shop.jump):
        expect_open(reach, SSH, "Compare the range of the rule with the office's sixteen addresses.")
    for reach in shop.reach(shop.jump, shop.tiers):
        expect_open(reach, SSH, "Every tier needs a rule for the management subnet above the one that closes it.")


@check("ssh-path", points=6)
def ssh_comes_from_the_management_subnet_only(lab: LabView) -> None:
    """No machine of the tiers accepts SSH from anywhere inside but the management subnet."""
    shop = Shop(lab)
    management = shop.network.addresses(MANAGEMENT)
    fix = "Neighbours in the same subnet count too. Which rule, or which default rule, lets them in?"
    for reach in shop.reach(INSIDE, shop.tiers):
        found = reach.only("Tcp/22, Udp/22").between(not_sources=management)
        expect_closed(found, f"SSH from {MANAGEMENT} only", fix)


@check("ssh-path", points=6)
def only_the_office_gets_in(lab: LabView) -> None:
    """From the internet exactly the office's addresses may open SSH to the jump machine."""
    shop = Shop(lab)
    found = shop.network.reach(INTERNET, shop.jump).only(SSH)
    expect(
        found.sources().equals(OFFICE),
        found=f"{found.sources()} may open TCP 22 to {found.destination}",
        expected=OFFICE,
        decided_by=found.deciding_rule,
        fix="The office has sixteen addresses. How many does the rule let in?",
    )


@check("ssh-path", points=3, negative=True)
def the_jump_machine_accepts_nothing_else(lab: LabView) -> None:
    """Nothing but the office's SSH reaches the jump machine, from the internet or from inside."""
    shop = Shop(lab)
    fix = "A second rule of the jump machine's group is wider than its name says."
    expect_closed(shop.network.reach(INTERNET, shop.jump).minus(SSH), "Nothing but TCP 22 from the internet", fix)
    fix = "The machines that the jump machine looks after have no reason to call it."
    expect_closed(shop.network.reach(INSIDE, shop.jump), "Nothing from inside the network", fix)


@guard("data-egress")
def the_data_machines_reach_storage(lab: LabView) -> None:
    """Both data machines reach Azure Storage of this region on TCP 443."""
    shop = Shop(lab)
    for data in shop.data:
        note = f" (way out: {shop.network.way_out(data)})"
        fix = "A lower number decides first; a route can cut the way off as well."
        expect_open(shop.network.reach(data, shop.storage), HTTPS, fix, note=note)


@guard("data-egress")
def updates_still_work_elsewhere(lab: LabView) -> None:
    """Web, application, reporting and jump machines still reach the internet on TCP 443."""
    shop = Shop(lab)
    for nic in [*shop.web, *shop.app, shop.report, shop.jump]:
        note = f" (way out: {shop.network.way_out(nic)})"
        fix = "Only the data machines are to be closed on the way out."
        expect_open(shop.network.reach(nic, INTERNET), HTTPS, fix, note=note)


@check("data-egress", points=6)
def the_data_machines_open_nothing_else(lab: LabView) -> None:
    """A data machine opens nothing to the internet, and inside only replication to its partner."""
    shop = Shop(lab)
    partners, storage = shop.neighbourhood(shop.data), shop.network.addresses("Storage")
    for reach in shop.reach(shop.data, INTERNET):
        fix = "The default rules let everything out; Internet takes in Azure's own addresses."
        expect_closed(reach.between(not_destinations=storage), "Nothing to the internet", fix)
    for reach in shop.reach(shop.data, INSIDE):
        fix = "Look at what the group lets out, not only at what it lets in."
        to_partners = reach.between(destinations=partners).minus(REPLICATION)
        expect_closed(to_partners, "To data machines TCP 5022 only", fix)
        fix = "One of the default rules for outbound traffic is about the network itself."
        expect_closed(reach.between(not_destinations=partners), "Nothing to other machines of the network", fix)


@check("data-egress", points=4, negative=True)
def storage_means_https_in_this_region(lab: LabView) -> None:
    """Of Azure Storage a data machine reaches this region's, on TCP 443, and no other."""
    shop = Shop(lab)
    here = shop.network.addresses(shop.storage)
    for reach in shop.reach(shop.data, shop.storage):
        expect_only(reach, HTTPS, "HTTPS is the only way to storage that is asked for.")
    for reach in shop.reach(shop.data, "Storage"):
        fix = "A service tag without a region means every region."
        expect_closed(reach.between(not_destinations=here), f"Nothing to storage outside of {shop.storage}", fix)
