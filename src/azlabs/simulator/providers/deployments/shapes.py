"""The documents that the deployments provider answers, in the shapes of recorded Azure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from azlabs.arm.functions.hashes import hash64
from azlabs.arm.ids import ResourceId
from azlabs.arm.planned import PlannedResource
from azlabs.simulator.clock import stamp

Body = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"


def camel(name: str) -> str:
    """A name as Azure's serializer writes it: "NewNSG" is "newNSG", "AZURE_LOCATION" is "azurE_LOCATION"."""
    letters = list(name)
    for at, letter in enumerate(letters):
        if at == 1 and not letter.isupper():
            break
        following = letters[at + 1] if at + 1 < len(letters) else ""
        if at > 0 and following and not following.isupper():
            if following.isspace():
                letters[at] = letter.lower()
            break
        if not letter.isupper() and at == 0:
            break
        letters[at] = letter.lower()
    return "".join(letters)


def camel_keys(values: Mapping[str, Any]) -> Body:
    """The same object with its own member names as Azure writes them."""
    return {camel(name): value for name, value in values.items()}


def duration(seconds: float) -> str:
    """ISO 8601 with seven digits: PT12.0634814S."""
    seconds = max(seconds, 0.0)
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    return text + f"{rest:.7f}".rstrip("0").rstrip(".") + "S"


def operation_number() -> str:
    """An id of an operation as deployments have them: twenty digits."""
    return f"0858{uuid.uuid4().int % 10**16:016d}"


def operation_id(resource_id: str) -> str:
    """The id of the operation that works on a resource: sixteen hexadecimal digits."""
    return f"{hash64(resource_id.lower().encode()):016X}"


def providers(resources: Iterable[PlannedResource]) -> list[Body]:
    """The namespaces, types and locations that a deployment uses, in the order of the template."""
    found: dict[str, dict[str, list[str | None]]] = {}
    spelling: dict[str, str] = {}
    for resource in resources:
        namespace, _, kind = resource.type.partition("/")
        types = found.setdefault(spelling.setdefault(namespace.lower(), namespace), {})
        location = "".join(resource.location.split()).lower() if resource.location else None
        locations = types.setdefault(kind, [])
        if location not in locations:
            locations.append(location)
    return [
        {
            "namespace": namespace,
            "resourceTypes": [{"resourceType": kind, "locations": places} for kind, places in types.items()],
        }
        for namespace, types in found.items()
    ]


def target(resource: PlannedResource) -> Body:
    """A resource as dependencies and operations name it."""
    parsed = ResourceId.parse(resource.id)
    return {"id": resource.id, "resourceType": parsed.type, "resourceName": parsed.full_name}


def dependencies(resources: list[PlannedResource]) -> list[Body]:
    """Who waits for whom."""
    by_key = {resource.key: resource for resource in resources}
    return [
        {"dependsOn": [target(by_key[found]) for found in _sorted(resource, by_key)], **target(resource)}
        for resource in resources
        if resource.condition and not resource.existing and _sorted(resource, by_key)
    ]


def _sorted(resource: PlannedResource, by_key: dict[str, PlannedResource]) -> list[str]:
    order = {key: at for at, key in enumerate(by_key)}
    kept = [key for key in resource.depends_on if by_key[key].condition and not by_key[key].existing]
    return sorted(kept, key=order.__getitem__)


def shown_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> Body:
    """Outputs as a GET shows them: secure ones without their value."""
    return {
        camel(name): {"type": item["type"]} if str(item["type"]).startswith("Secure") else dict(item)
        for name, item in outputs.items()
    }


def expiry(now: float) -> str:
    """When a deployment that does not end would be given up, as messages print it."""
    moment = datetime.fromisoformat(stamp(now + 7 * 86400)[:19])
    return f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}".replace(" 0", " ")


def status_phrase(status: int) -> str:
    """The name of an HTTP status as operations write it: "OK", "BadRequest"."""
    from http import HTTPStatus

    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return str(status)
    return "OK" if status == 200 else phrase.title().replace(" ", "")
