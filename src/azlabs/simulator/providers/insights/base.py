"""What the types of Microsoft.Insights have in common: documents with nulls, an etag, no provisioning state."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.resource_manager.resource_type import Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class InsightsType(ResourceType):
    """Base of the types of this namespace."""

    state: ClassVar[str | None] = None
    located = False
    default_location: ClassVar[str | None] = "global"
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    required_code = ("BadRequest", "The property '{path}' is required.")


def new_etag() -> str:
    """An etag as the services of this namespace write it."""
    parts = (4, 2, 2, 2, 6)
    return '"' + "-".join(secrets.token_hex(size) for size in parts) + '"'


def seconds(write: Write, path: str, value: Any) -> int:
    """Seconds of an ISO 8601 duration; 400 for other text."""
    match = DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        write.refuse("BadRequest", f"The value '{value}' of '{path}' is not a duration.")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def each(items: Any) -> list[Body]:
    """The objects of a list; everything else is left out."""
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
