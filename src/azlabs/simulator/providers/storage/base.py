"""What the types of Microsoft.Storage have in common."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any, NoReturn

from azlabs.simulator.clock import stamp
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Write

Body = dict[str, Any]
ACCOUNT = "Microsoft.Storage/storageAccounts"
ACCOUNT_KEY = ACCOUNT.lower()
INVALID = "InvalidValuesForRequestParameters"
_YEAR_ONE = 62_135_596_800
"""Seconds between the first day of the calendar, from which entity tags count, and the epoch."""
_lock = threading.Lock()
_last = 0


def new_etag(now: float) -> str:
    """An entity tag of the storage services, quoted: the time in units of 100 ns, in hexadecimal, never the same twice."""
    global _last
    with _lock:
        _last = max(_last + 1, int((now + _YEAR_ONE) * 10_000_000))
        return f'"0x{_last:X}"'


def whole_seconds(now: float) -> str:
    """A time as the control plane shows times of the services: whole seconds with seven zeros."""
    return stamp(float(int(now)))


def invalid(*paths: str) -> NoReturn:
    """Refuse values that the account cannot have; `paths` name them from `properties` on."""
    refuse(INVALID, f"Values for request parameters are invalid: {', '.join(paths)}.")


def account_key(key: str) -> str:
    """The account's key out of the key of anything below it."""
    return "/".join(key.split("/")[:9])


def account_of(call: Call) -> Resource:
    """The account that the call's resource belongs to. Raises 404 ParentResourceNotFound."""
    row = call.store.get(account_key(call.key or call.path().lower()))
    if row is None:
        raise Refused(
            404,
            "ParentResourceNotFound",
            "Can not perform requested operation on nested resource. Parent resource "
            f"'{call.route.names[0] if call.route.names else ''}' not found.",
        )
    return row


class StorageType(ResourceType):
    """Something below an account: no location, no tags, no provisioning state."""

    located = tagged = False
    state = None
    creates = updates = patched = Announce(200, "Succeeded")
    deletes = Announce(200, body=False)

    def accepted(self, write: Write, shown: Body) -> None:
        """A write is answered with what was sent, not with what Azure adds to it."""
        sent = write.request.get("properties")
        if sent is None:
            shown.pop("properties", None)
        else:
            shown["properties"] = {name: value for name, value in shown["properties"].items() if name in sent}


def guid() -> str:
    """A new random GUID."""
    return str(uuid.uuid4())
