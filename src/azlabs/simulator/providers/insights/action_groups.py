"""Action groups: who is told, and what is called, when an alert fires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.insights.base import InsightsType, each
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

ACTION_GROUP = "Microsoft.Insights/actionGroups"
RECEIVERS = (
    "emailReceivers", "smsReceivers", "webhookReceivers", "eventHubReceivers", "itsmReceivers", "azureAppPushReceivers",
    "automationRunbookReceivers", "voiceReceivers", "logicAppReceivers", "azureFunctionReceivers", "armRoleReceivers",
)  # fmt: skip
CONFIRMED = ("emailReceivers", "smsReceivers")
"""Receivers that can unsubscribe, and so have a status."""
WITH_SCHEMA = frozenset(RECEIVERS) - {"smsReceivers", "voiceReceivers", "azureAppPushReceivers", "itsmReceivers"}
LONGEST_NAME = 12


class ActionGroups(InsightsType):
    """A group of receivers."""

    type = ACTION_GROUP
    located = True
    members = frozenset({"kind", "identity"})
    defaults = {"kind": None, "tags": None, "properties": {"enabled": True, **{name: [] for name in RECEIVERS}}}
    required = ("properties.groupShortName",)
    members_since = {"properties.eventHubReceivers": "2021-09-01"}
    creates = Announce(201)

    def fill(self, write: Write) -> None:
        """Receivers of mail and text messages are enabled until they unsubscribe."""
        mine = write.body["properties"]
        for kind in RECEIVERS:
            for receiver in each(mine[kind]):
                if kind in CONFIRMED:
                    receiver["status"] = receiver.get("status") or "Enabled"
                if kind in WITH_SCHEMA:
                    receiver.setdefault("useCommonAlertSchema", False)

    def validate(self, write: Write) -> None:
        """Short names are short, names of receivers unique."""
        mine = write.body["properties"]
        short = str(mine["groupShortName"])
        if not 1 <= len(short) <= LONGEST_NAME:
            write.refuse("BadRequest", f"The group short name '{short}' has to be 1 to {LONGEST_NAME} characters long.")
        names = [str(receiver.get("name", "")).lower() for kind in RECEIVERS for receiver in each(mine[kind])]
        if "" in names:
            write.refuse("BadRequest", "Every receiver needs a name.")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            write.refuse("BadRequest", f"The receiver name '{twice[0]}' is used more than once.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Older versions show members that have no value."""
        if reader.api_version < "2023-01-01":
            body.setdefault("identity", None)
        return body

    @action("subscribe")
    def subscribe(self, call: Call, body: Body) -> Answer | dict[str, Any] | None:
        """Enable a receiver that had unsubscribed."""
        name = str(call.json().get("receiverName", ""))
        found = [one for kind in CONFIRMED for one in each(body["properties"][kind]) if str(one.get("name")) == name]
        if not found:
            raise Refused(
                404,
                "ReceiverNotFound",
                f"Could not find receiver with name {name} in action group with Id {body['id']}",
            )
        if found[0]["status"] == "Enabled":
            message = f"Receiver with name {name} in action group with Id {body['id']} is already enabled"
            raise Refused(409, "ReceiverAlreadyEnabled", message)
        row = call.store.get(call.key)
        if row is not None:
            changed = row.copy()
            for kind in CONFIRMED:
                for one in each(changed["properties"][kind]):
                    if str(one.get("name")) == name:
                        one["status"] = "Enabled"
            row.body = changed
            call.store.update(row)
        return None
