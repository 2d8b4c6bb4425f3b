"""Requests to an account of Cosmos DB in the name of an app's connection: by key, or with a token of its identity."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.http import Answer, Request

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

VERSION = "2020-07-15"
Body = dict[str, Any]
_NEEDS_PLAN = "1004"


class Refused(FunctionProblem):
    """Cosmos DB refused; `status` is its answer's."""

    def __init__(self, what: str, answer: Answer) -> None:
        super().__init__(f"{what}: {answer.status} {said(answer)}")
        self.status = answer.status


@dataclass(slots=True)
class Account:
    """`endpoint`: https://x.documents.azure.com, without a slash at its end."""

    send: Callable[[Request], Answer]
    endpoint: str
    token: Callable[[], str] | None = None
    key: str = ""
    _keys: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def request(
        self, method: str, kind: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None, *,
        link: str | None = None, url: str = "",
    ) -> Answer:  # fmt: skip
        """Send a request. `kind`: the resource type ("docs"); `path`: unquoted, without a slash in front; `link`: what signatures
        cover, the path when it is not given; `url`: the quoted path, where a part of it may hold slashes."""
        moment = formatdate(time.time(), usegmt=True)
        sent = {"x-ms-version": VERSION, "x-ms-date": moment, "Accept": "application/json", **(headers or {})}
        sent["Authorization"] = self._proof(method, kind, path if link is None else link, moment)
        raw = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        return self.send(Request(method, f"{self.endpoint}/{url or quote(path, safe='/')}", sent, raw))

    def _proof(self, method: str, kind: str, link: str, moment: str) -> str:
        if self.token is not None:
            return quote(f"type=aad&ver=1.0&sig={self.token()}", safe="")
        text = f"{method.lower()}\n{kind.lower()}\n{link}\n{moment.lower()}\n\n"
        try:
            key = base64.b64decode(self.key, validate=True)
        except binascii.Error:
            raise FunctionProblem("The connection string of Cosmos DB has an AccountKey that is no key.") from None
        made = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        return quote(f"type=master&ver=1.0&sig={made}", safe="")

    # --- containers -------------------------------------------------------------------------------------------------------
    def container(self, database: str, name: str) -> Body | None:
        """A container's document; None when it is missing. Raises `Refused`."""
        path = f"dbs/{database}/colls/{name}"
        answer = self.request("GET", "colls", path)
        if answer.status == 404:
            return None
        found: Body = _good(answer, f"The container '{database}/{name}' of Cosmos DB cannot be opened").json()
        return found

    def key_paths(self, database: str, name: str) -> list[str]:
        """The partition key of a container: its paths. Raises `FunctionProblem`."""
        if (database, name) not in self._keys:
            found = self.container(database, name)
            if found is None:
                raise FunctionProblem(f"The container '{database}/{name}' of Cosmos DB does not exist.")
            self._keys[database, name] = list((found.get("partitionKey") or {}).get("paths") or ["/_partitionKey"])
        return self._keys[database, name]

    def create(self, database: str, name: str, key_path: str) -> None:
        """Make a database and a container where they are missing. Raises `Refused`: tokens do not let anyone do that."""
        for kind, path, link, body in (
            ("dbs", "dbs", "", {"id": database}),
            ("colls", f"dbs/{database}/colls", f"dbs/{database}", {"id": name, "partitionKey": {"paths": [key_path], "kind": "Hash"}}),
        ):
            answer = self.request("POST", kind, path, {}, body, link=link)
            if answer.status != 409:
                _good(answer, f"'{body['id']}' is missing in Cosmos DB and cannot be made")

    # --- items ------------------------------------------------------------------------------------------------------------
    def item(self, database: str, name: str, id: str, key: Any) -> Body | None:
        """An item; None when there is none. Raises `Refused`."""
        link = f"dbs/{database}/colls/{name}/docs"
        url = f"{quote(link, safe='/')}/{quote(id, safe='')}"
        answer = self.request("GET", "docs", f"{link}/{id}", {"x-ms-documentdb-partitionkey": _header(key)}, url=url)
        if answer.status == 404:
            return None
        found: Body = _good(answer, f"The item '{id}' of '{database}/{name}' cannot be read").json()
        return found

    def put(self, database: str, name: str, item: Body, etag: str = "") -> Body:
        """Create or replace an item; `etag`: only while it is unchanged. Raises `Refused`."""
        key = [_at(item, path) for path in self.key_paths(database, name)]
        link = f"dbs/{database}/colls/{name}"
        headers = {"x-ms-documentdb-is-upsert": "true", "x-ms-documentdb-partitionkey": json.dumps(key)}
        if etag:
            headers["If-Match"] = etag
        answer = self.request("POST", "docs", f"{link}/docs", headers, item, link=link)
        if answer.status in (400, 404):
            self._keys.pop((database, name), None)
        found: Body = _good(answer, f"An item cannot be written to '{database}/{name}'").json()
        return found

    def query(self, database: str, name: str, text: str, parameters: list[Body], key: Any = None) -> list[Body]:
        """All results of a query, in one partition when `key` says which. Raises `FunctionProblem`."""
        link = f"dbs/{database}/colls/{name}"
        place = {"x-ms-documentdb-query-enablecrosspartition": "true"}
        if key is not None:
            place = {"x-ms-documentdb-partitionkey": _header(key)}
        elif len(self.ranges(database, name)) == 1:
            place["x-ms-documentdb-partitionkeyrangeid"] = "0"
        headers = {**place, "x-ms-documentdb-isquery": "true", "Content-Type": "application/query+json"}
        found: list[Body] = []
        continuation = ""
        while True:
            more = {"x-ms-continuation": continuation} if continuation else {}
            answer = self.request("POST", "docs", f"{link}/docs", {**headers, **more}, {"query": text, "parameters": parameters}, link=link)
            if answer.status == 400 and _headers(answer).get("x-ms-substatus") == _NEEDS_PLAN:
                raise FunctionProblem("A query that sorts or aggregates over several physical partitions is not modelled in bindings.")
            found += _good(answer, f"The query of '{database}/{name}' failed").json()["Documents"]
            continuation = _headers(answer).get("x-ms-continuation", "")
            if not continuation:
                return found

    def ranges(self, database: str, name: str) -> list[Body]:
        """The physical partitions of a container. Raises `Refused`."""
        link = f"dbs/{database}/colls/{name}"
        answer = self.request("GET", "pkranges", f"{link}/pkranges", link=link)
        found: list[Body] = _good(answer, f"The container '{database}/{name}' of Cosmos DB cannot be opened").json()["PartitionKeyRanges"]
        return found

    def changes(
        self, database: str, name: str, range: str, since: str, most: int, *, from_beginning: bool = True, modified_since: str = ""
    ) -> tuple[list[Body], str]:
        """(changed items, mark to go on from) of one physical partition after a mark; without one from the beginning, since an
        HTTP date, or from now on. Raises `Refused`."""
        link = f"dbs/{database}/colls/{name}"
        headers = {"A-IM": "Incremental Feed", "x-ms-documentdb-partitionkeyrangeid": range, "x-ms-max-item-count": str(most)}
        if since or not from_beginning:
            headers["If-None-Match"] = since or "*"
        elif modified_since:
            headers["If-Modified-Since"] = modified_since
        answer = self.request("GET", "docs", f"{link}/docs", headers, link=link)
        mark = _headers(answer).get("etag", since)
        if answer.status == 304:
            return [], mark
        found: list[Body] = _good(answer, f"The change feed of '{database}/{name}' cannot be read").json()["Documents"]
        return found, mark


def of_connection(app: App, name: str) -> Account:
    """The account that a connection means. Raises `FunctionProblem`."""
    connection = app.connection(name)
    if connection.text:
        parts = connection.parts()
        endpoint, key = parts.get("accountendpoint", ""), parts.get("accountkey", "")
        if not endpoint or not key:
            raise FunctionProblem(f"The setting '{name}' is not the connection string of a Cosmos DB account.")
        return Account(app.simulator.handle, _endpoint(endpoint), key=key)
    endpoint = connection.get("accountEndpoint")
    if not endpoint:
        raise FunctionProblem(f"The connection '{name}' has neither a connection string nor '{name}__accountEndpoint'.")
    base = _endpoint(endpoint)
    return Account(app.simulator.handle, base, token=lambda: connection.token(base))


def said(answer: Answer) -> str:
    """Code and message of a refusal."""
    try:
        body = answer.json()
        return f"{body['code']}: {str(body['message']).partition('ActivityId')[0]}".strip()
    except (ValueError, KeyError, TypeError):
        return ""


def _endpoint(text: str) -> str:
    host = urlsplit(text).hostname
    if not host:
        raise FunctionProblem(f"'{text}' is not the address of a Cosmos DB account.")
    return f"https://{host}"


def _header(key: Any) -> str:
    return json.dumps(key if isinstance(key, list) else [key])


def _at(item: Body, path: str) -> Any:
    found: Any = item
    for part in path.strip("/").split("/"):
        if not isinstance(found, dict) or part not in found:
            return {}
        found = found[part]
    return found


def _headers(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _good(answer: Answer, what: str) -> Answer:
    if answer.status >= 300:
        raise Refused(what, answer)
    return answer
