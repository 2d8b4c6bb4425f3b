"""What is in force at an interface: rules and routes, computed by the rules of `azlabs.rules.network`.

Azure answers for interfaces of running machines only. Whether a machine runs is `powerState` in what its row keeps
hidden ("running" when it says nothing); without a machine there is nothing that runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.resource_manager.errors import not_modelled, refuse

if TYPE_CHECKING:
    from azlabs.rules.network.topology import Interface, Network
    from azlabs.simulator.resource_manager.calls import Reader

Body = dict[str, Any]
MACHINE = "properties.networkProfile.networkInterfaces[*]"


def running_machine(reader: Reader, interface: str) -> Body | None:
    """The running machine that an interface belongs to."""
    for link in reader.linked(interface):
        if link.path == MACHINE:
            row = reader.store.get(link.source)
            if row is not None and row.hidden.get("powerState", "running") == "running":
                return row.body
    return None


def require_running(reader: Reader, body: Body, code: str, words: str) -> None:
    """Refuse as Azure does unless the interface belongs to a running machine."""
    if running_machine(reader, body["id"]) is None:
        refuse(
            f"NicMustBeAttachedToRunningVmToGetEffective{code}",
            f"A network interface must be attached to a running virtual machine to get effective {words}. Network interface: "
            f"{body['id']}.",
        )


def network_of(reader: Reader) -> Network:
    """Everything in the store that decides about packets."""
    from azlabs.rules.network.topology import Network

    def bodies(kind: str) -> list[Body]:
        return [row.body for row in reader.store.of_type(f"microsoft.network/{kind}")]

    return Network.of(
        virtual_networks=bodies("virtualnetworks"),
        network_interfaces=bodies("networkinterfaces"),
        network_security_groups=bodies("networksecuritygroups"),
        route_tables=bodies("routetables"),
        application_security_groups=bodies("applicationsecuritygroups"),
    )


def interface_of(network: Network, body: Body) -> Interface:
    """An interface of the network; one that is in no subnet is not modelled here."""
    found = network.interface(body["id"])
    if found is None or not found.subnet:
        raise not_modelled("effective configuration of an interface without a subnet")
    return found


def effective_groups(reader: Reader, body: Body) -> Body:
    """Rules of the groups of the interface and of its subnet."""
    require_running(reader, body, "SecurityGroups", "security groups")
    from azlabs.rules.network.effective import effective_security_groups

    network = network_of(reader)
    return effective_security_groups(network, interface_of(network, body))


def effective_routes(reader: Reader, body: Body) -> Body:
    """Routes of the interface's subnet: Azure's own, those of its route table, those of peerings."""
    require_running(reader, body, "Routes", "routes")
    from azlabs.rules.network.effective import effective_route_table

    network = network_of(reader)
    return effective_route_table(network, interface_of(network, body))
