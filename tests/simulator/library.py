"""A small client that speaks to `Simulator.handle`, and resource types of an invented provider for the envelope's tests."""

from __future__ import annotations

import json
from typing import Any

from azlabs.simulator import SUBSCRIPTION_ID, Answer, Request, Simulator
from azlabs.simulator.records import Deleted
from azlabs.simulator.resource_manager import deletes
from azlabs.simulator.resource_manager.calls import Call, Write
from azlabs.simulator.resource_manager.resource_type import (
    Action,
    Announce,
    BackReference,
    InUse,
    NameRule,
    Reference,
    ResourceType,
    action,
)

HOST = "https://management.azure.com"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
GROUPS = "2024-11-01"
BOOKS = "2030-01-01"


class Arm:
    """Requests as the owner; paths are relative to the host, bodies are JSON values."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.token = simulator, simulator.owner_token()

    def __call__(
        self, method: str, path: str, body: Any = None, *, version: str | None = None, **headers: str
    ) -> Answer:
        if version is None:
            version = BOOKS if "/contoso.library" in path.lower() else GROUPS
        url = path if "://" in path else f"{HOST}{path}"
        if "api-version=" not in url and version:
            url += ("&" if "?" in url else "?") + f"api-version={version}"
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.simulator.handle(Request(method, url, sent, raw))

    def group(self, name: str = "rg", location: str = "westeurope", **body: Any) -> str:
        """Make a resource group; its path."""
        path = f"{SUBSCRIPTION}/resourceGroups/{name}"
        assert self("PUT", path, {"location": location, **body}).status == 201
        return path

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        """Make a resource in westeurope; its document."""
        answer = self("PUT", path, {"location": "westeurope", **body})
        assert answer.status in (200, 201), answer.body
        made: dict[str, Any] = answer.json()
        return made


def code(answer: Answer) -> str:
    """The error code of a refusal."""
    return str(answer.json()["error"]["code"])


class Shelves(ResourceType):
    """A plain type with parts: books stand on shelves, in one document."""

    type = "Contoso.Library/shelves"
    api_versions = ("2030-01-01", "2029-01-01")
    etag = True
    name_rule = NameRule(r"[a-z][a-z0-9-]{1,20}", "InvalidShelfName", "The shelf name {name} is not good.")
    members = frozenset({"sku"})
    defaults = {"properties": {"height": 5, "books": []}}
    read_only = ("properties.count",)
    secret = ("properties.combination",)
    guid = "properties.uniqueId"
    choices = {"properties.wood": ("Oak", "Pine")}
    members_since = {"properties.height": "2030-01-01"}
    system_data = True
    creates = Announce(201, "Creating", "Creating", ("azure-asyncoperation",))
    deletes = Announce(202, headers=("azure-asyncoperation", "location"), body=False)

    def fill(self, write: Write) -> None:
        write.put("properties.count", len(write.get("properties.books")))

    def validate(self, write: Write) -> None:
        if len(write.get("properties.books")) > 3:
            write.refuse("ShelfIsFull", "Shelf {name} is full.")

    @action("dust")
    def dust(self, _call: Call, body: dict[str, Any]) -> dict[str, Any]:
        return {"dusted": body["name"]}

    @action("rebind", announce=Announce(202, headers=("location",)))
    def rebind(self, _call: Call, body: dict[str, Any]) -> dict[str, Any]:
        return {"rebound": len(body["properties"]["books"])}


class Books(ResourceType):
    """A part with its own URL, which others may refer to."""

    type = "Contoso.Library/shelves/books"
    api_versions = Shelves.api_versions
    part_of = "properties.books"
    etag = True
    located = tagged = False
    required = ("properties.title",)
    references = (Reference("properties.sequelOf", "Contoso.Library/shelves/books"),)
    back_references = (BackReference("properties.readers", "properties.reading[*].book"),)
    in_use = InUse("BookIsLent", "Book {name} is with {user}.", 409)


class Readers(ResourceType):
    """Refers to books on any shelf."""

    type = "Contoso.Library/readers"
    api_versions = Shelves.api_versions
    references = (Reference("properties.reading[*].book", "Contoso.Library/shelves/books", "BookNotFound"),)
    patch = "tags"


class Notes(ResourceType):
    """A child with a row of its own."""

    type = "Contoso.Library/readers/notes"
    api_versions = Shelves.api_versions
    located = tagged = False


class Labels(ResourceType):
    """An extension: sits on anything."""

    type = "Contoso.Library/labels"
    api_versions = Shelves.api_versions
    scopes = ("extension", "resourceGroup", "subscription")
    located = tagged = False


class Archives(ResourceType):
    """Stays recoverable for a week; comes back when it is asked for with `recover`."""

    type = "Contoso.Library/archives"
    api_versions = Shelves.api_versions
    soft_delete_days = 7

    def buried(self, call: Call, deleted: Deleted) -> None:
        if call.json().get("properties", {}).get("recover"):
            deletes.recover(call, deleted)
        else:
            super().buried(call, deleted)


assert isinstance(Shelves.actions[("POST", "dust")], Action)
