"""Questions to a network watcher about machines, flows and routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.network.base import properties, reference_id
from azlabs.simulator.providers.network.effective import effective_groups, interface_of, network_of, running_machine
from azlabs.simulator.resource_manager.errors import not_modelled, refuse

if TYPE_CHECKING:
    from azlabs.rules.network.security_rules import Direction
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
    from azlabs.rules.network.effective import ip_flow_verify

    asked = call.json()
    network = network_of(call)
    interface = interface_of(network, _interfaces(call)[0])
    direction: Direction = "Inbound" if str(asked.get("direction", "")).lower() == "inbound" else "Outbound"
    local, remote = ((str(asked.get(f"{end}IPAddress")), _port(asked.get(f"{end}Port"))) for end in ("local", "remote"))
    with _understood():
        return ip_flow_verify(network, interface, direction, str(asked.get("protocol", "TCP")), local, remote)


def _port(text: Any) -> int:
    return int(text) if str(text).isdecimal() else 0


@contextmanager
def _understood() -> Iterator[None]:
    """What the rules cannot decide is not modelled; what they cannot read is the caller's mistake."""
    from azlabs.rules.network.topology import Undecidable

    try:
        yield
    except Undecidable as problem:
        raise not_modelled(str(problem)) from None
    except (KeyError, ValueError) as problem:
        refuse("InvalidParameter", f"The question cannot be understood: {problem}")


def next_hop(call: Call) -> Body:
    """{"nextHopType", "nextHopIpAddress", "routeTableId"} for one destination."""
    from azlabs.rules.network.effective import next_hop as computed

    network = network_of(call)
    interface = interface_of(network, _interfaces(call)[0])
    with _understood():
        return computed(network, interface, str(call.json().get("destinationIPAddress")))


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
