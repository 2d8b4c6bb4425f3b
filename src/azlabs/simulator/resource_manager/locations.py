"""Azure's regions, and what a write may say about its location."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write


@functools.cache
def regions() -> dict[str, dict[str, Any]]:
    """Region by name: displayName, geography, geographyGroup, longitude, latitude, physicalLocation, category, paired, zones."""
    text = resources.files("azlabs.simulator.resource_manager").joinpath("locations.json").read_text("utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


@functools.lru_cache(maxsize=1024)
def normalized(location: str) -> str:
    """The name of a region from any spelling of it: "East US" is "eastus"."""
    return "".join(location.split()).lower()


def settle(write: Write) -> None:
    """Normalize `body.location`; refuse a missing, unknown or changed one."""
    kind, body = write.kind, write.body
    given = body.get("location")
    if given is None or given == "":
        if write.before is not None and "location" in write.before:
            body["location"] = write.before["location"]
        elif kind.default_location is not None:
            body["location"] = kind.default_location
        else:
            raise Refused(400, "LocationRequired", "The location property is required for this definition.")
        return
    if not isinstance(given, str):
        raise Refused(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'location' is not a string.",
        )
    location = normalized(given)
    if location != kind.default_location and location not in regions():
        raise Refused(
            400, kind.location_code,
            f"The provided location '{given}' is not available for resource type '{kind.type}'. "
            f"List of available regions for the resource type is '{','.join(sorted(regions()))}'.",
        )  # fmt: skip
    if write.before is not None:
        old = normalized(str(write.before.get("location", location)))
        if old != location:
            kind.moved(write, old)
    body["location"] = location
