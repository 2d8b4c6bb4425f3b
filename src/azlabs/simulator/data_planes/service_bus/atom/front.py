"""Requests of administration clients. Entities are made, changed and deleted by Resource Manager; this only translates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from azlabs.simulator.clock import stamp
from azlabs.simulator.data_planes.service_bus import access, control, errors, namespaces
from azlabs.simulator.data_planes.service_bus.atom import descriptions
from azlabs.simulator.data_planes.service_bus.counts import message_counts
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.namespaces import QUEUE, RULE, SUBSCRIPTION, TOPIC, Namespace
from azlabs.simulator.data_planes.storage.firewall import CLIENT, CLIENT_HEADER
from azlabs.simulator.http import Answer, CaseInsensitive, Request, parse_query, split_url

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

XML = "application/atom+xml;type=entry;charset=utf-8"
PAGE = 100
STATUS = {errors.UNAUTHORIZED: 401, errors.NOT_FOUND: 404, errors.EXISTS: 409, errors.ARGUMENT: 400}
DESCRIPTIONS = {QUEUE: "QueueDescription", TOPIC: "TopicDescription", SUBSCRIPTION: "SubscriptionDescription"}
FOLDERS = {"QueueDescription": "queues", "TopicDescription": "topics"}
LISTS = {"queues": QUEUE, "topics": TOPIC, "subscriptions": SUBSCRIPTION, "rules": RULE}


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request to a namespace."""
    try:
        return _Asking(simulator, request, path, query).answer()
    except Refusal as refusal:
        status = STATUS.get(refusal.condition, 400)
        return _xml(descriptions.error(status, refusal.message), status)


def _xml(text: str, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": XML}, text.encode("utf-8", "replace"))


class _Asking:
    """One request: its namespace, its path in parts, who asks."""

    def __init__(self, simulator: Simulator, request: Request, path: str, query: str) -> None:
        self.simulator, self.request, self.query = simulator, request, parse_query(query)
        self.headers = CaseInsensitive(request.headers)
        host = split_url(request.url)[0]
        namespace = namespaces.namespace_named(simulator.store, host.removesuffix(namespaces.SUFFIX))
        if namespace is None:
            raise Refusal(errors.NOT_FOUND, f"There is no namespace '{host}' (on Azure its name does not resolve).")
        self.namespace: Namespace = namespace
        self.path = unquote(path, errors="replace").strip("/")
        self.method = request.method.upper()
        self.now = stamp(simulator.clock.now())

    def answer(self) -> Answer:
        """Check who asks, find out for what, and do it."""
        access.check_network(self.simulator.store, self.namespace, self.headers.get(CLIENT_HEADER, CLIENT))
        self._authorize()
        lower = self.path.lower()
        if lower == "$namespaceinfo":
            return self._namespace_info()
        if lower in ("$resources/queues", "$resources/topics"):
            return self._list(self.namespace.row.key, lower.rpartition("/")[2])
        topic, word, rest = self._below(self.path, "/subscriptions")
        if not word:
            return self._entity(self.path)
        topic_key = f"{self.namespace.row.key}/topics/{_key(topic)}"
        if not self.simulator.store.exists(topic_key):
            raise errors.not_found(f"sb://{self.namespace.host}/{topic}")
        if not rest:
            return self._list(topic_key, "subscriptions")
        name, word, rule = self._below(rest, "/rules")
        key = f"{topic_key}/subscriptions/{name.lower()}"
        if not word:
            return self._one(f"{topic_key}/subscriptions/{name}", SUBSCRIPTION)
        if not self.simulator.store.exists(key):
            raise errors.not_found(f"sb://{self.namespace.host}/{topic}/subscriptions/{name}")
        return self._rule(key, rule) if rule else self._list(key, "rules")

    @staticmethod
    def _below(path: str, word: str) -> tuple[str, str, str]:
        """(before, the word, after) of the last such folder of a path."""
        at = (path + "/").lower().rfind(word + "/")
        return (path, "", "") if at <= 0 else (path[:at], word, path[at + len(word) :].strip("/"))

    def _authorize(self) -> None:
        header = self.headers.get("authorization", "")
        if not header:
            raise Refusal(errors.UNAUTHORIZED, "MissingToken: Authorization header is required.")
        token = header[7:] if header.lower().startswith("bearer ") else header
        grant = access.prove(self.simulator, self.namespace, token.strip())
        path = "" if self.path.startswith("$") else self.path
        if not access.allows(self.simulator, grant, self.namespace, path, access.MANAGE):
            raise Refusal(errors.UNAUTHORIZED, "Manage,EntityRead claims required for this operation.")

    # --- reading --------------------------------------------------------------------------------------------------------
    def _namespace_info(self) -> Answer:
        row, space = self.namespace.row, descriptions.SERVICE_BUS
        parts = {
            "CreatedTime": stamp(row.created), "MessagingSKU": self.namespace.sku,
            "MessagingUnits": (row.body.get("sku") or {}).get("capacity") if self.namespace.sku == "Premium" else None,
            "ModifiedTime": stamp(row.changed), "Name": row.name, "NamespaceType": "Messaging",
        }  # fmt: skip
        content = "".join(descriptions.tag(name, value) for name, value in parts.items())
        content = f'<NamespaceInfo xmlns="{space}" xmlns:i="{descriptions.INSTANCE}">{content}</NamespaceInfo>'
        url = f"https://{self.namespace.host}/$namespaceinfo"
        return _xml(descriptions.entry(url, row.name, self.now, self.now, row.name, content))

    def _list(self, scope: str, folder: str) -> Answer:
        if self.method != "GET":
            raise Refusal(errors.ARGUMENT, f"The method {self.method} is not known here.")
        skip, top = (self._number(name, default) for name, default in (("$skip", 0), ("$top", PAGE)))
        rows = sorted(self.simulator.store.at_scope(scope, LISTS[folder]), key=lambda row: row.key)
        page = rows[skip : skip + min(top, PAGE)]
        url = f"https://{self.namespace.host}/{quote(self.path, safe='/$')}"
        following = f"{url}?$skip={skip + len(page)}&$top={top}" if skip + len(page) < len(rows) else ""
        entries = [self._entry(row, inside=True) for row in page]
        return _xml(descriptions.feed(url, folder.capitalize(), self.now, entries, following))

    def _number(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isdigit() and len(text) < 9 else default

    def _entry(self, row: Resource, *, inside: bool = False) -> str:
        parts = row.id[len(self.namespace.row.id) :].strip("/").split("/")
        names = [name.replace("~", "/") for name in parts[1::2]]
        folders = ["", *[folder.lower() for folder in parts[2::2]]]
        path = "/".join(f"{folder}/{name}".strip("/") for folder, name in zip(folders, names, strict=True))
        url = f"https://{self.namespace.host}/{quote(path)}?api-version={self.query.get('api-version', '')}"
        created, changed = stamp(row.created), stamp(row.changed)
        properties = row.body.get("properties") or {}
        if row.type == RULE:
            content = descriptions.rule_xml(row.name, properties, created)
        else:
            runtime = self._runtime(row)
            times = {"createdAt": created, "updatedAt": changed, "accessedAt": properties.get("accessedAt")}
            content = descriptions.entity_xml(
                DESCRIPTIONS[row.type], {**properties, **times}, self.namespace.host, runtime
            )
        title = names[-1] if row.type in (SUBSCRIPTION, RULE) else names[0]
        return descriptions.entry(url, title, created, changed, self.namespace.name, content, inside=inside)

    def _runtime(self, row: Resource) -> dict[str, Any]:
        """Counts of an entity as they are now."""
        details, size = message_counts(self.simulator.store, row)
        found: dict[str, Any] = {"countDetails": details}
        if row.type == TOPIC:
            rows = self.simulator.store.at_scope(row.key, SUBSCRIPTION)
            return {**found, "sizeInBytes": size, "subscriptionCount": len(rows)}
        found["messageCount"] = sum(details.values())
        return {**found, "sizeInBytes": size} if row.type == QUEUE else found

    # --- entities -------------------------------------------------------------------------------------------------------
    def _entity(self, path: str) -> Answer:
        row = namespaces.entity_row(self.simulator.store, self.namespace, path)
        if row is not None:
            return self._one(row.id, row.type)
        if self.method == "GET":
            url = f"https://{self.namespace.host}/{quote(path)}"
            return _xml(descriptions.feed(url, "Publicly Listed Services", self.now, []))
        if self.method == "DELETE":
            raise errors.not_found(f"sb://{self.namespace.host}/{path}")
        folder = FOLDERS.get(descriptions.kind_of(descriptions.read(self.request.body or b"")))
        if folder is None:
            raise Refusal(errors.ARGUMENT, "The entry describes neither a queue nor a topic.")
        return self._one(f"{self.namespace.row.id}/{folder}/{path.replace('/', '~')}", LISTS[folder])

    def _one(self, id: str, type: str) -> Answer:
        row = self.simulator.store.get(id.lower())
        if self.method == "PUT":
            element = descriptions.read(self.request.body or b"")
            if descriptions.kind_of(element) != DESCRIPTIONS[type]:
                raise Refusal(
                    errors.EXISTS, f"The messaging entity '{self.path}' already exists as another kind of entity."
                )
            properties = descriptions.entity_properties(element)
            rules = element.findall(
                f"{{{descriptions.SERVICE_BUS}}}AuthorizationRules/{{{descriptions.SERVICE_BUS}}}AuthorizationRule"
            )
            return self._write(id, row, properties, rules)
        if row is None:
            raise errors.not_found(f"sb://{self.namespace.host}/{self.path}")
        return self._delete(id) if self.method == "DELETE" else _xml(self._entry(row))

    def _rule(self, subscription_key: str, name: str) -> Answer:
        id = f"{subscription_key}/rules/{name}"
        row = self.simulator.store.get(id.lower())
        if self.method == "PUT":
            properties = descriptions.rule_properties(descriptions.read(self.request.body or b""))
            control.check_rule(properties)
            return self._write(id, row, properties, [])
        if row is None:
            raise errors.not_found(f"sb://{self.namespace.host}/{self.path}")
        return self._delete(id) if self.method == "DELETE" else _xml(self._entry(row))

    def _write(self, id: str, row: Resource | None, properties: dict[str, Any], rules: list[Any]) -> Answer:
        if row is not None and "if-match" not in self.headers:
            raise Refusal(errors.EXISTS, f"SubCode=40900. Conflict. The messaging entity '{self.path}' already exists.")
        if row is None and "if-match" in self.headers:
            raise errors.not_found(f"sb://{self.namespace.host}/{self.path}")
        self._arm("PUT", id, {"properties": properties})
        for rule in rules:
            self._write_key(id, rule)
        stored = self.simulator.store.get(id.lower())
        if stored is None:
            raise Refusal(errors.INTERNAL, "The entity was not stored.")
        return _xml(self._entry(stored), 201 if row is None else 200)

    def _write_key(self, id: str, element: Any) -> None:
        """An authorization rule that comes with a description, with its keys when they are given."""
        space = f"{{{descriptions.SERVICE_BUS}}}"
        rights = [one.text for one in element.findall(f"{space}Rights/{space}AccessRights")]
        rule = f"{id}/authorizationRules/{element.findtext(f'{space}KeyName')}"
        self._arm("PUT", rule, {"properties": {"rights": rights}})
        for word in ("PrimaryKey", "SecondaryKey"):
            if element.findtext(f"{space}{word}"):
                self._arm(
                    "POST", f"{rule}/regenerateKeys", {"keyType": word, "key": element.findtext(f"{space}{word}")}
                )

    def _delete(self, id: str) -> Answer:
        self._arm("DELETE", id)
        return _xml("")

    def _arm(self, method: str, id: str, body: dict[str, Any] | None = None) -> None:
        answer = control.arm(self.simulator, method, id, body)
        if answer.status >= 400:
            problem = (answer.json() or {}).get("error") or {}
            condition = (
                errors.EXISTS if answer.status == 409 else errors.NOT_FOUND if answer.status == 404 else errors.ARGUMENT
            )
            raise Refusal(condition, f"SubCode={answer.status}00. {problem.get('message', 'The request was refused.')}")


def _key(name: str) -> str:
    return name.lower().replace("/", "~")
