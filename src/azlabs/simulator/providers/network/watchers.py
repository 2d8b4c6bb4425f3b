"""Network watchers: flow logs, connection monitors, and questions about flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network import diagnosis
from azlabs.simulator.providers.network.base import BY_LOCATION, NetworkType, properties, settled, updating
from azlabs.simulator.resource_manager.resource_type import Body, InUse, Quota, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write

WATCHER = "Microsoft.Network/networkWatchers"


class NetworkWatchers(NetworkType):
    """The place to ask about the networks of a region."""

    type = WATCHER
    quotas = (
        Quota(
            1,
            "NetworkWatcherCountLimitReached",
            "Cannot create more than {limit} network watchers for this subscription in this region.",
        ),
    )
    creates, updates = settled(201), settled(200)
    defaults = {"properties": {"runningOperationIds": []}}
    in_use = InUse("NetworkWatcherInUse", "Network watcher {id} cannot be deleted because it is in use by {user}.")

    @action("ipFlowVerify", announce=BY_LOCATION)
    def ip_flow_verify(self, call: Call, _body: Body) -> Body:
        """May this packet pass, and which rule says so?"""
        return diagnosis.ip_flow(call)

    @action("nextHop", announce=BY_LOCATION)
    def next_hop(self, call: Call, _body: Body) -> Body:
        """Where does this packet go next?"""
        return diagnosis.next_hop(call)

    @action("securityGroupView", announce=BY_LOCATION)
    def security_group_view(self, call: Call, _body: Body) -> Body:
        """Rules of all groups on the way to a machine."""
        return diagnosis.security_group_view(call)

    @action("topology")
    def topology(self, call: Call, _body: Body) -> Body:
        """Resources of a group and how they hang together."""
        return diagnosis.topology(call)

    @action("configureFlowLog", announce=BY_LOCATION)
    def configure_flow_log(self, call: Call, body: Body) -> Body:
        """Write the flow log of a target, in the older way."""
        return diagnosis.configure_flow_log(call, body)

    @action("queryFlowLogStatus")
    def flow_log_status(self, call: Call, body: Body) -> Body:
        """The flow log of a target, in the older way."""
        return diagnosis.flow_log_status(call, body)


class FlowLogs(NetworkType):
    """Records of the flows of a security group or network."""

    type = f"{WATCHER}/flowLogs"
    defaults = {
        "properties": {
            "enabled": True,
            "retentionPolicy": {"days": 0, "enabled": False},
            "format": {"type": "JSON", "version": 1},
            "flowAnalyticsConfiguration": {"networkWatcherFlowAnalyticsConfiguration": {"enabled": False}},
        }
    }
    members_since = {"properties.flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration": "2021-01-01"}
    required = ("properties.targetResourceId", "properties.storageId")
    references = (
        Reference("properties.targetResourceId"),
        Reference("properties.storageId", must_exist=False),
    )

    def fill(self, write: Write) -> None:
        """The target by its GUID too."""
        target = write.find(str(write.get("properties.targetResourceId"))) or {}
        write.put("properties.targetResourceGuid", properties(target).get("resourceGuid") or write.guid())


class ConnectionMonitors(NetworkType):
    """Watches connections from machines to places."""

    type = f"{WATCHER}/connectionMonitors"
    guid = "properties.resourceGuid"
    creates, updates = updating(200), updating(201)
    defaults = {
        "properties": {
            "endpoints": [], "testConfigurations": [], "testGroups": [], "outputs": [],
            "connectionMonitorType": "MultiEndpoint",
        }
    }  # fmt: skip

    def fill(self, write: Write) -> None:
        """Tests trace their routes, groups are on."""
        mine = write.body["properties"]
        for test in mine["testConfigurations"]:
            for protocol in ("tcpConfiguration", "icmpConfiguration"):
                if protocol in test:
                    test[protocol].setdefault("disableTraceRoute", False)
        for group in mine["testGroups"]:
            group.setdefault("disable", False)


class PacketCaptures(NetworkType):
    """A recording of packets of a machine."""

    type = f"{WATCHER}/packetCaptures"
    located = tagged = False
    required = ("properties.target", "properties.storageLocation")
    defaults = {
        "properties": {
            "bytesToCapturePerPacket": 0,
            "totalBytesPerSession": 1073741824,
            "timeLimitInSeconds": 18000,
            "filters": [],
        }
    }
