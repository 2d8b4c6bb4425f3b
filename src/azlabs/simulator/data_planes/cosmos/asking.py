"""One request to the data plane of an account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos.errors import bad
from azlabs.simulator.http import Answer, dumps

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.cosmos.places import Plane
    from azlabs.simulator.records import Resource
    from azlabs.simulator.tokens import Principal


@dataclass(slots=True)
class Asking:
    """`kind` and `link` are the resource type and the link that signatures cover; `parts` the decoded path."""

    simulator: Simulator
    plane: Plane
    account: Resource
    host: str
    base: str
    method: str
    parts: list[str]
    kind: str
    link: str
    headers: Mapping[str, str]
    body: bytes
    now: float
    principal: Principal | None = None
    everything: bool = False

    def keys(self) -> dict[str, str]:
        """The account's keys by name."""
        found: dict[str, str] | None = self.plane.access.get(("keys", self.account.key))
        if found is None:
            found = self.plane.access[("keys", self.account.key)] = self.account.hidden.get("keys") or {}
        return found

    def flag(self, name: str) -> bool:
        """Is a header "true"?"""
        return self.headers.get(name, "").lower() == "true"

    @property
    def reads(self) -> bool:
        """Does the request only read?"""
        return self.method in ("GET", "HEAD") or self.flag("x-ms-documentdb-isquery") or self.flag("x-ms-cosmos-is-query-plan-request") or (
            self.headers.get("content-type", "").startswith("application/query+json")
        )  # fmt: skip

    def json(self) -> Any:
        """The body. Raises 400."""
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise bad('Message: {"Errors":["The input content is invalid because it is not valid JSON."]}') from None

    def page_size(self) -> int:
        """x-ms-max-item-count; 100 where the client leaves it to the service."""
        text = self.headers.get("x-ms-max-item-count", "-1")
        try:
            found = int(text)
        except ValueError:
            raise bad(f"Invalid page size '{text[:40]}'.") from None
        if found < -1 or found == 0:
            raise bad(f"Invalid page size '{found}'.")
        return 100 if found == -1 else min(found, 1000)


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def answer(text: str | bytes, status: int = 200, charge: float = 1.0, etag: str = "", **headers: str) -> Answer:
    """JSON text with the headers of every answer; underscores in names are hyphens."""
    found = {"Content-Type": "application/json", "x-ms-request-charge": f"{charge:g}"}
    if etag:
        found["etag"] = etag
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    return Answer(status, found, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def feed(name: str, rid: str, found: list[Any], **headers: str) -> Answer:
    """A list: {"_rid", name, "_count"}."""
    return answer(dumps({"_rid": rid, name: found, "_count": len(found)}), 200, 1.0, "", x_ms_item_count=str(len(found)), **headers)
