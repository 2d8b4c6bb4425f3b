"""What the types of Microsoft.EventGrid have in common: announcements, members that are null, keys.

Statuses, headers and words are those of recorded Azure answers.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any, NoReturn

from azlabs.simulator.http import dumps
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
ASYNC = ("azure-asyncoperation",)
BOTH = ("azure-asyncoperation", "location")
NAMES = NameRule(
    "[A-Za-z0-9-]{3,50}",
    "InvalidRequest",
    "Resource name '{name}' is invalid. It must be between 3 and 50 characters, and contain letters, numbers and hyphens only.",
)
SYSTEM_DATA_SINCE = "2020-06-01"


def bad(message: str) -> NoReturn:
    """Refuse what Event Grid cannot do."""
    refuse("InvalidRequest", message)


class GridType(ResourceType):
    """A resource of Event Grid."""

    name_rule = NAMES
    choices_code = ("InvalidRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    creates = Announce(201, "Creating", headers=ASYNC)
    updates = patched = Announce(201, "Updating", headers=ASYNC)
    deletes = Announce(202, headers=BOTH, body=False)
    operation_paths = ("operationsStatus", "operationResults")
    operation_body = "brief"
    delete_result = 200

    def shown(self, body: Body, reader: Reader) -> Body:
        """Members that are not set are shown as null."""
        if reader.api_version >= SYSTEM_DATA_SINCE:
            body.setdefault("systemData", None)
        if self.tagged:
            body["tags"] = body.get("tags") or None
        identity = body.get("identity")
        if isinstance(identity, dict):
            for member in ("principalId", "tenantId", "userAssignedIdentities"):
                identity.setdefault(member, None)
        return body


def only_sent(write: Write, shown: Body, *always: str) -> None:
    """The first answer shows of the properties what was sent, and some that are not known yet."""
    sent = write.call.json().get("properties")
    names = set(sent if isinstance(sent, dict) else ()) | {"provisioningState", *always}
    shown["properties"] = {name: value for name, value in shown["properties"].items() if name in names}


def new_keys() -> Body:
    """Both keys of a topic: 32 random bytes each, in base64."""
    return {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("key1", "key2")}


def stored_keys(call: Call) -> Body:
    """The keys of the call's resource."""
    row = call.store.get(call.key)
    keys: Body = row.hidden.get("keys") or {} if row is not None else {}
    return keys


def renew_key(call: Call) -> Body:
    """A new value for the key that the call names."""
    name = call.json().get("keyName")
    if name not in ("key1", "key2"):
        bad("The keyName has to be key1 or key2.")
    row = call.store.get(call.key)
    if row is None:
        return {}
    hidden = row.hidden
    hidden["keys"][name] = new_keys()[name]
    row.hidden_text = dumps(hidden)
    call.store.update(row)
    return dict(hidden["keys"])
