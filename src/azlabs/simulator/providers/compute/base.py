"""What the types of Microsoft.Compute have in common: how their writes are announced, small words for refusals."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn

from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
ASYNC = ("azure-asyncoperation",)
BOTH = ("azure-asyncoperation", "location")
ACCEPTED = Announce(202, headers=BOTH, polls=1)
"""An action without a result on a machine. Recorded operations on machines are never done at the first poll."""
GONE = Announce(202, headers=BOTH, body=False)
MACHINE_GONE = Announce(202, headers=BOTH, body=False, polls=1)
GONE_SECONDS = 900.0
VM_LINKS = (
    "properties.storageProfile.osDisk.managedDisk",
    "properties.storageProfile.dataDisks[*].managedDisk",
)
"""References by which a machine holds its disks."""


class ComputeType(ResourceType):
    """Base of the types. One URL answers for both headers of an operation; a result is asked for by `monitor=true`."""

    name_rule = NameRule(
        r"[A-Za-z0-9_][A-Za-z0-9_.()-]{0,78}[A-Za-z0-9_]|[A-Za-z0-9_]",
        "InvalidResourceName",
        "Resource name {name} is invalid. The name must begin with a letter or number, end with a letter, number or "
        "underscore, and may contain only letters, numbers, underscores, periods, or hyphens. The name must be between 1 "
        "and 80 characters.",
    )
    operation_paths: ClassVar[tuple[str, str]] = ("operations", "operations")
    operation_body: ClassVar[Literal["status", "named", "output", "open", "full"]] = "named"
    creates = Announce(201, "Creating", headers=ASYNC)
    updates = Announce(200, "Updating", headers=ASYNC)
    patched = Announce(200, "Updating", headers=ASYNC)
    deletes = GONE
    gone_words: ClassVar[str] = ""
    """What the provider itself says of a resource that was just deleted, while ARM still asks it."""

    def handle(self, call: Call) -> Answer | None:
        """A resource that was deleted a moment ago is not found by the provider, one that never was not by ARM."""
        if self.gone_words and call.method == "GET" and len(call.route.names) == self.type.count("/"):
            gone = any(one.key == call.key for one in call.store.buried(self.key, call.now, call.name))
            if gone and not call.store.exists(call.key):
                raise Refused(404, "NotFound", self.gone_words.replace("{name}", call.name))
        return None


def remember_gone(write: Write | Call, row: Resource | None) -> None:
    """Note that the provider knows of a resource's end before ARM does."""
    if row is not None:
        write.store.bury(row, write.now, write.now + GONE_SECONDS)


class QuietType(ComputeType):
    """Types whose writes are done at once and show no provisioning state."""

    state = None
    creates, updates, patched = Announce(201), Announce(200), Announce(200)
    deletes = Announce(200, body=False)


def properties(body: Body) -> Body:
    """The `properties` of a document or of one of its objects, {} when there are none."""
    found = body.get("properties")
    return found if isinstance(found, dict) else {}


def hexadecimal() -> str:
    """32 hexadecimal digits, as in the names that Azure gives to disks."""
    return uuid.uuid4().hex


def invalid(message: str, target: str, code: str = "InvalidParameter") -> NoReturn:
    """Refuse a value, naming the parameter."""
    refuse(code, message, target=target)


def missing(target: str) -> NoReturn:
    """Refuse the absence of a parameter."""
    invalid(f"Required parameter '{target}' is missing (null).", target)


def not_allowed(message: str) -> NoReturn:
    """Refuse an operation in the state that things are in."""
    refuse("OperationNotAllowed", message, status=409)


def unchangeable(path: str) -> NoReturn:
    """Refuse the change of a member that is fixed for good."""
    refuse("PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.", status=409, target=path)


def absent(id: str) -> Refused:
    """The refusal of a reference to what is not there, in this provider's words."""
    return Refused(404, "NotFound", f"Resource {id} not found.", details=[])


def id_of(value: Any) -> str:
    """The id in {"id": ...}; "" for anything else."""
    return str(value.get("id") or "") if isinstance(value, dict) else ""


def ids_through(reader: Reader, id: str, *paths: str) -> list[Body]:
    """[{"id"}] of the resources that refer to this one by one of the reference paths."""
    found = []
    for link in reader.linked(id):
        row = reader.store.get(link.source) if link.path in paths else None
        if row is not None and {"id": row.id} not in found:
            found.append({"id": row.id})
    return found


def query_of(reader: Reader) -> dict[str, str]:
    """The query of the request that reads, {} where nobody asked from outside."""
    found: dict[str, str] = getattr(reader, "query", {})
    return found


def is_read(reader: Reader) -> bool:
    """Is this a GET, and not the answer to a write?"""
    return getattr(reader, "method", "GET") in ("GET", "HEAD")
