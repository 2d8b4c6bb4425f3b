"""Questions to a network watcher about machines, flows and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.network.base import properties, reference_id
from azlabs.simulator.providers.network.effective import effective_groups, network_of, running_machine, subnet_of
from azlabs.simulator.resource_manager.errors import not_modelled, refuse

if TYPE_CHECKING:
    from azlabs.rules.network.security_rules import Decider
    from azlabs.rules.network.topology import Network
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]
STORAGE_PATHS = ("storageId", "enabled", "retentionPolicy", "format")


def _interfaces(call: Call) -> list[Body]:
    """Interfaces of the machine that the question is about. The machine has to be there and to run."""
    asked = call.json()
    target = str(asked.get("targetResourceId", ""))
    machine = call.find(target)
    if machine is None:
        refuse("TargetResourceNotFound", f"Target resource {target} was not found.", status=404)
    only = str(asked.get("targetNicResourceId", "")).lower()
    found = []
    for item in properties(machine).get("networkProfile", {}).get("networkInterfaces") or []:
        interface = call.find(reference_id(item) or "")
        if interface is not None and only in ("", interface["id"].lower()):
            if running_machine(call, interface["id"]) is None:
                refuse("VMNotRunning", f"Virtual machine {target} has to be running.")
            found.append(interface)
    if not found:
        refuse("NicNotFound", f"Virtual machine {target} has no network interface {only}.")
    return found


def ip_flow(call: Call) -> Body:
    """{"access", "ruleName"}: the first group that refuses decides, else the last that allows."""
    from azlabs.rules.network.addresses import parse, with_grid
    from azlabs.rules.network.endpoints import as_destination
    from azlabs.rules.network.topology import Undecidable

    asked = call.json()
    interface = _interfaces(call)[0]
    network = network_of(call)
    inbound = str(asked.get("direction", "")).lower() == "inbound"
    try:
        local, remote = (with_grid(parse(str(asked.get(name))))[0] for name in ("localIPAddress", "remoteIPAddress"))
        near, far = str(asked.get("localPort", "0")), str(asked.get("remotePort", "0"))
        if inbound:
            sources, destinations, source_port, port = remote, local, far, near
        else:
            sources, destinations, source_port, port = local, as_destination(remote), near, far
        service = f"{asked.get('protocol', 'TCP')}/{port}"
        subnet = subnet_of(network, interface)
        own = reference_id(properties(interface).get("networkSecurityGroup")) or ""
        groups = [subnet.security_group, own.lower()] if inbound else [own.lower(), subnet.security_group]
        answer: Body = {"access": "Allow", "ruleName": ""}
        for group in filter(None, groups):
            rules = network.rules(group, subnet, "Inbound" if inbound else "Outbound")
            allowed, decider = _verdict(rules, sources, destinations, int(source_port) if source_port.isdecimal() else 0, service)
            folder = "defaultSecurityRules" if decider.kind == "default rule" else "securityRules"
            answer = {"access": "Allow" if allowed else "Deny", "ruleName": f"{folder}/{decider.name}"}
            if not allowed:
                break
    except Undecidable as problem:
        raise not_modelled(str(problem)) from None
    except ValueError as problem:
        refuse("InvalidParameter", f"The question cannot be understood: {problem}")
    return answer


def _verdict(rules: Any, sources: Any, destinations: Any, source_port: int, service: str) -> tuple[bool, Decider]:
    from azlabs.rules.network.boxes import intersect_all, of_services
    from azlabs.rules.network.ports import parse_services
    from azlabs.rules.network.security_rules import decide

    decision = decide(rules, sources, destinations, source_port, "lower")
    asked = of_services(parse_services(service), sources, destinations)
    for allowed, pieces in ((False, decision.denied), (True, decision.allowed)):
        for box, decider in pieces:
            if intersect_all([box], asked):
                return allowed, decider
    raise not_modelled(f"the flow {service}")


def next_hop(call: Call) -> Body:
    """{"nextHopType", "nextHopIpAddress", "routeTableId"} for one destination."""
    from azlabs.rules.network.addresses import parse, with_grid
    from azlabs.rules.network.routes import chosen_route
    from azlabs.rules.network.topology import Undecidable

    asked = call.json()
    interface = _interfaces(call)[0]
    network: Network = network_of(call)
    try:
        subnet = subnet_of(network, interface)
        route = chosen_route(network, subnet, with_grid(parse(str(asked.get("destinationIPAddress"))))[0])
    except Undecidable as problem:
        raise not_modelled(str(problem)) from None
    except ValueError as problem:
        refuse("InvalidParameter", f"The question cannot be understood: {problem}")
    if route is None:
        return {"nextHopType": "None", "routeTableId": "System Route"}
    table = call.find(subnet.route_table) if route.source == "User" else None
    answer = {"nextHopType": route.next_hop, "routeTableId": table["id"] if table else "System Route"}
    if route.next_hop_address:
        answer["nextHopIpAddress"] = route.next_hop_address
    return answer


def security_group_view(call: Call) -> Body:
    """Rules per interface of a machine."""
    views = []
    for interface in _interfaces(call):
        groups = effective_groups(call, interface)["value"]
        associations: Body = {}
        for group in groups:
            document = call.find(group["networkSecurityGroup"]["id"]) or {}
            (kind, holder), = group["association"].items()
            associations[f"{kind}Association"] = {**holder, "securityRules": properties(document).get("securityRules", [])}
        associations["effectiveSecurityRules"] = [rule for group in groups for rule in group["effectiveSecurityRules"]]
        views.append({"id": interface["id"], "securityRuleAssociations": associations})
    return {"networkInterfaces": views}


def topology(call: Call) -> Body:
    """Networks, subnets, interfaces and machines of a group with their associations."""
    asked = call.json()
    group = str(asked.get("targetResourceGroupName", "")).lower()
    scope = f"/subscriptions/{call.route.subscription}/resourcegroups/{group}"
    found = []

    def add(body: Body, links: list[tuple[str, str]]) -> None:
        found.append(
            {
                "name": body["name"],
                "id": body["id"],
                "location": body.get("location", ""),
                "associations": [
                    {"name": id.rpartition("/")[2], "resourceId": id, "associationType": kind} for id, kind in links
                ],
                "properties": {},
            }
        )

    for row in call.store.at_scope(scope, "microsoft.network/virtualnetworks"):
        subnets = properties(row.body)["subnets"]
        add(row.body, [(subnet["id"], "Contains") for subnet in subnets])
        for subnet in subnets:
            add({**subnet, "location": row.location}, [])
    for row in call.store.at_scope(scope, "microsoft.network/networkinterfaces"):
        links = [(link.source, "Associated") for link in call.linked(row.id) if "/virtualmachines/" in link.source]
        subnets = [reference_id(properties(item).get("subnet")) for item in properties(row.body)["ipConfigurations"]]
        add(row.body, links + [(subnet, "Associated") for subnet in subnets if subnet])
    for row in call.store.at_scope(scope, "microsoft.compute/virtualmachines"):
        cards = properties(row.body).get("networkProfile", {}).get("networkInterfaces") or []
        add(row.body, [(card["id"], "Contains") for card in cards])
    return {"id": call.correlation, "createdDateTime": stamp(call.now), "lastModified": stamp(call.now), "resources": found}


def _flow_log_id(call: Call, watcher: Body, target: str) -> str:
    for row in call.store.at_scope(watcher["id"].lower(), "microsoft.network/networkwatchers/flowlogs"):
        if str(properties(row.body).get("targetResourceId", "")).lower() == target.lower():
            return row.id
    parts = target.split("/")
    return f"{watcher['id']}/flowLogs/{watcher['name']}-{parts[4] if len(parts) > 4 else ''}-{parts[-1]}"


def configure_flow_log(call: Call, watcher: Body) -> Body:
    """Create or change the flow log of a target from the older request; the status as `flow_log_status` gives it."""
    asked = call.json()
    target = str(asked.get("targetResourceId", ""))
    mine: Body = {"targetResourceId": target, **asked.get("properties", {})}
    if "flowAnalyticsConfiguration" in asked:
        mine["flowAnalyticsConfiguration"] = asked["flowAnalyticsConfiguration"]
    body = {"location": watcher.get("location"), "properties": mine}
    answer = call.internal("PUT", _flow_log_id(call, watcher, target), "2022-01-01", body)
    if answer.status >= 300:
        error = answer.json()["error"]
        refuse(error["code"], error["message"], status=answer.status)
    return _status(call, watcher, target)


def flow_log_status(call: Call, watcher: Body) -> Body:
    """The flow log of a target; switched off when there is none."""
    return _status(call, watcher, str(call.json().get("targetResourceId", "")))


def _status(call: Call, watcher: Body, target: str) -> Body:
    found = call.find(_flow_log_id(call, watcher, target))
    if found is None:
        off = {"storageId": "", "enabled": False, "retentionPolicy": {"days": 0, "enabled": False}}
        return {"targetResourceId": target, "properties": off, "flowAnalyticsConfiguration": {}}
    mine = properties(found)
    analytics = mine.get("flowAnalyticsConfiguration", {})
    on = analytics.get("networkWatcherFlowAnalyticsConfiguration", {}).get("workspaceResourceId")
    return {
        "targetResourceId": target,
        "properties": {name: mine[name] for name in STORAGE_PATHS if name in mine},
        "flowAnalyticsConfiguration": analytics if on else {},
    }
