"""Microsoft Graph v1.0 for what people who administer Azure need of it: users, groups, applications, service principals.

Source: recorded answers of Microsoft Graph, and its reference. The subscription's owner holds the role Global
Administrator; everybody else reads, which is what a member of a tenant may do by default.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azlabs.simulator.directory.kinds import APPLICATIONS, GROUPS, KINDS, SERVICE_PRINCIPALS, USERS, Body, Kind
from azlabs.simulator.directory.objects import Directory
from azlabs.simulator.http import Answer, CaseInsensitive, Request, decode_path, json_answer, parse_query
from azlabs.simulator.odata import UnsupportedQuery, parse_filter, parse_search, value_of
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.clock import Clock
    from azlabs.simulator.records import Resource
    from azlabs.simulator.tokens import Principal, Tokens

HOST = "graph.microsoft.com"
CONTEXT = f"https://{HOST}/v1.0/$metadata#"
AUDIENCES = frozenset({f"https://{HOST}", f"https://{HOST}/", "00000003-0000-0000-c000-000000000000"})
PAGE = 100
QUOTED = re.compile(r"^(?P<collection>\w+)\((?:(?P<key>\w+)=)?'(?P<id>(?:[^']|'')*)'\)$")
JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(slots=True)
class Ask:
    """One Graph request after the token was checked."""

    method: str
    segments: list[str]
    query: dict[str, str]
    body: bytes | None
    principal: Principal
    now: float

    def json(self) -> Body:
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as problem:
            raise bad_request(f"Unable to read JSON request payload. {problem}") from None
        if not isinstance(value, dict):
            raise bad_request("Unable to read JSON request payload. An object is expected.")
        return value


class Graph:
    """Answers graph.microsoft.com."""

    def __init__(self, directory: Directory, tokens: Tokens, clock: Clock) -> None:
        self._directory, self._tokens, self._clock = directory, tokens, clock

    def handle(self, request: Request, path: str, query: str) -> Answer:
        """One request, whose host is known to be Graph's."""
        try:
            now = self._clock.now()
            principal = self._authenticate(CaseInsensitive(request.headers).get("authorization"), now)
            segments = [part for part in decode_path(path).split("/") if part]
            if not segments or segments[0].lower() != "v1.0":
                raise _unknown(path)
            segments = _expand(segments[1:])
            ask = Ask(request.method.upper(), segments, parse_query(query), request.body, principal, now)
            if ask.method not in ("GET", "HEAD") and not _reads(ask) and not principal.owner:
                raise Refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
            return self._route(ask)
        except Refused as problem:
            return _error(problem, self._clock.now())

    def _authenticate(self, authorization: str | None, now: float) -> Principal:
        try:
            return self._tokens.check(authorization, now, AUDIENCES)
        except Refused as problem:
            raise Refused(
                401,
                "InvalidAuthenticationToken",
                problem.message.replace("'Authorization' header is missing", "token is empty"),
            ) from None

    def _route(self, ask: Ask) -> Answer:
        match ask.method, [part.lower() for part in ask.segments]:
            case "GET", ["me"]:
                return self._me(ask)
            case "GET", ["me", *rest] if rest and ask.principal.kind == "User":
                ask.segments = ["users", ask.principal.object_id, *ask.segments[1:]]
                return self._route(ask)
            case "GET", ["organization"]:
                return _collection("organization", [self._organization()])
            case "POST", ["directoryobjects", "getbyids"]:
                return self._by_ids(ask)
            case "GET", ["directoryobjects", id]:
                kind, row = self._any(id)
                return _entity("directoryObjects", {"@odata.type": kind.odata, **row.body})
            case _, ["directory", "deleteditems", *rest]:
                return self._deleted(ask, rest)
            case method, [collection, *rest] if collection in KINDS or collection == "directoryobjects":
                return self._objects(ask, method, collection, rest)
        raise _unknown("/".join(ask.segments))

    def _objects(self, ask: Ask, method: str, collection: str, rest: list[str]) -> Answer:
        kind = KINDS.get(collection)
        if kind is not None and not rest:
            if method == "GET":
                return self._list(ask, kind)
            if method == "POST":
                return self._create(ask, kind)
            raise Refused(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        kind, row = self._one(kind, ask.segments[1])
        if len(rest) == 1:
            return self._entity_call(ask, method, kind, row)
        if len(rest) == 2 and method == "POST" and rest[1] in ACTIONS:
            return ACTIONS[rest[1]](self, ask, kind, row)
        navigation = next((name for name in (*kind.links, "memberOf", "transitiveMemberOf", "transitiveMembers")
                           if name.lower() == rest[1]), None)  # fmt: skip
        if navigation is None:
            raise _unknown("/".join(ask.segments))
        return self._navigate(ask, method, row, navigation, rest[2:])

    # --- one object -----------------------------------------------------------------------------------------------------
    def _entity_call(self, ask: Ask, method: str, kind: Kind, row: Resource) -> Answer:
        if method == "GET":
            return _entity(kind.collection, _selected(row.body, kind, ask.query.get("$select")))
        if method == "PATCH":
            self._directory.change(row, kind, ask.json(), ask.now)
            return Answer(204)
        if method == "DELETE":
            self._directory.delete(row, kind, ask.now)
            return Answer(204)
        raise Refused(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")

    def _create(self, ask: Ask, kind: Kind) -> Answer:
        body = ask.json()
        for name in kind.required:
            if body.get(name) in (None, ""):
                raise bad_request(f"A value is required for property '{name}' of resource '{kind.label}'.")
        if kind is SERVICE_PRINCIPALS:
            body = self._of_application(body)
        for name in kind.keys:
            if body.get(name) and self._directory.get(kind, str(body[name])):
                raise bad_request(f"Another object with the same value for property {name} already exists.")
        row = self._directory.create(kind, body, ask.now)
        answer = _entity(kind.collection, _selected(row.body, kind, None), 201)
        answer.headers["Location"] = (
            f"https://{HOST}/v2/{ask.principal.tenant_id}/directoryObjects/{row.name}/Microsoft.DirectoryServices.{kind.label}"
        )
        return answer

    def _of_application(self, body: Body) -> Body:
        """A service principal takes its names from the application that it stands for."""
        application = self._directory.get(APPLICATIONS, str(body["appId"]))
        if application is None:
            raise bad_request(
                "When using this permission, the backing application of the service principal being created must in the local tenant"
            )
        names = {name: application.body[name] for name in ("displayName", "signInAudience", "info")}
        return {**names, "appDisplayName": names["displayName"], **body}

    def _me(self, ask: Ask) -> Answer:
        row = self._directory.get(USERS, ask.principal.object_id) if ask.principal.kind == "User" else None
        if row is None:
            raise Refused(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        return _entity("users", _selected(row.body, USERS, ask.query.get("$select")))

    def _organization(self) -> Body:
        from azlabs.simulator.identity import TENANT_DOMAIN, TENANT_ID

        domain = {
            "capabilities": "Email",
            "isDefault": True,
            "isInitial": True,
            "name": TENANT_DOMAIN,
            "type": "Managed",
        }
        return {"id": TENANT_ID, "displayName": "azlabs", "verifiedDomains": [domain], "tenantType": "AAD"}

    # --- collections ----------------------------------------------------------------------------------------------------
    def _list(self, ask: Ask, kind: Kind) -> Answer:
        rows = [row.body for row in self._directory.all(kind)]
        return self._page(
            ask, kind.collection, kind.collection, rows, lambda body: _selected(body, kind, ask.query.get("$select"))
        )

    def _page(self, ask: Ask, path: str, context: str, rows: list[Body], shown: Callable[[Body], Body]) -> Answer:
        try:
            for name, parse in (("$filter", parse_filter), ("$search", parse_search)):
                if ask.query.get(name):
                    keep = parse(ask.query[name])
                    rows = [row for row in rows if keep(row)]
        except UnsupportedQuery as problem:
            raise bad_request(f"Invalid filter clause: {problem}", "Request_UnsupportedQuery") from None
        order = ask.query.get("$orderby", "")
        if order:
            name, _, direction = order.partition(" ")
            rows = sorted(
                rows, key=lambda row: str(value_of(row, name) or "").lower(), reverse=direction.strip() == "desc"
            )
        start, size = _number(ask.query.get("$skiptoken"), 0), min(_number(ask.query.get("$top"), PAGE), 999)
        body: Body = {"@odata.context": CONTEXT + context}
        if ask.query.get("$count") == "true":
            body["@odata.count"] = len(rows)
        if size and start + size < len(rows):
            more = {**ask.query, "$skiptoken": str(start + size)}
            query = "&".join(f"{name}={quote(value)}" for name, value in more.items())
            body["@odata.nextLink"] = f"https://{HOST}/v1.0/{path}?{query}"
        body["value"] = [shown(row) for row in rows[start : start + size]]
        return json_answer(body, headers={"Content-Type": JSON})

    def _by_ids(self, ask: Ask) -> Answer:
        body = ask.json()
        types = {str(name).lower() for name in body.get("types") or ()}
        found = []
        for id in body.get("ids") or ():
            hit = self._directory.object(str(id))
            if hit is not None and (not types or hit[0].label.lower() in types or "directoryobject" in types):
                found.append({"@odata.type": hit[0].odata, **hit[1].body})
        return _collection("directoryObjects", found)

    # --- navigations ----------------------------------------------------------------------------------------------------
    def _navigate(self, ask: Ask, method: str, row: Resource, navigation: str, rest: list[str]) -> Answer:
        if method == "GET" and not rest:
            return self._linked(ask, row, navigation)
        if method == "POST" and rest == ["$ref"]:
            target = str(ask.json().get("@odata.id", "")).rstrip("/").rpartition("/")[2]
            _kind, found = self._any(target)
            if not self._directory.link(row, navigation, found.name, ask.now):
                raise bad_request(
                    f"One or more added object references already exist for the following modified properties: '{navigation}'."
                )
            return Answer(204)
        if method == "DELETE" and len(rest) == 2 and rest[1] == "$ref":
            if not self._directory.unlink(row, navigation, rest[0], ask.now):
                raise not_found(rest[0])
            return Answer(204)
        raise _unknown("/".join(ask.segments))

    def _linked(self, ask: Ask, row: Resource, navigation: str) -> Answer:
        if navigation in ("memberOf", "transitiveMemberOf"):
            groups = self._directory.groups_of(row.name)
            if navigation == "memberOf":
                groups = frozenset(id for id in groups if row.name in self._group(id).hidden.get("members", ()))
            objects = [{"@odata.type": GROUPS.odata, **self._group(id).body} for id in sorted(groups)]
        elif navigation == "transitiveMembers":
            objects = [{"@odata.type": k.odata, **r.body} for k, r in self._members_below(row)]
        else:
            found = self._directory.linked(row, navigation)
            objects = [{"@odata.type": k.odata, **_selected(r.body, k, ask.query.get("$select"))} for k, r in found]
        path = "/".join(ask.segments)
        return self._page(ask, path, "directoryObjects", objects, lambda body: body)

    def _members_below(self, row: Resource) -> list[tuple[Kind, Resource]]:
        found: dict[str, tuple[Kind, Resource]] = {}
        open_rows = [row]
        while open_rows:
            for kind, member in self._directory.linked(open_rows.pop(), "members"):
                if member.name not in found:
                    found[member.name] = (kind, member)
                    open_rows.append(member)
        return list(found.values())

    # --- actions --------------------------------------------------------------------------------------------------------
    def _add_password(self, ask: Ask, _kind: Kind, row: Resource) -> Answer:
        credential = self._directory.add_password(row, ask.json().get("passwordCredential") or {}, ask.now)
        return _entity("microsoft.graph.passwordCredential", credential, plain=True)

    def _remove_password(self, ask: Ask, _kind: Kind, row: Resource) -> Answer:
        key_id = str(ask.json().get("keyId", ""))
        if not self._directory.remove_password(row, key_id, ask.now):
            raise bad_request(f"No password credential found with keyId '{key_id}'.")
        return Answer(204)

    def _member_groups(self, ask: Ask, _kind: Kind, row: Resource) -> Answer:
        found = self._directory.groups_of(row.name)
        if ask.json().get("securityEnabledOnly"):
            found = frozenset(id for id in found if self._group(id).body.get("securityEnabled"))
        return _collection("Collection(Edm.String)", sorted(found))

    def _check_member_groups(self, ask: Ask, _kind: Kind, row: Resource) -> Answer:
        found = self._directory.groups_of(row.name)
        return _collection("Collection(Edm.String)", [id for id in ask.json().get("groupIds") or () if id in found])

    # --- deleted objects ------------------------------------------------------------------------------------------------
    def _deleted(self, ask: Ask, rest: list[str]) -> Answer:
        if len(rest) == 1 and rest[0].startswith("microsoft.graph."):
            kind = next((k for k in KINDS.values() if k.odata.lower() == "#" + rest[0]), None)
            if kind is not None and ask.method == "GET":
                buried = self._directory.deleted(kind, ask.now)
                return self._page(ask, "/".join(ask.segments), "directoryObjects", buried, lambda body: body)
        if len(rest) == 1 and ask.method == "GET":
            for kind in KINDS.values():
                for body in self._directory.deleted(kind, ask.now):
                    if body["id"] == rest[0]:
                        return _entity("directoryObjects", {"@odata.type": kind.odata, **body})
            raise not_found(rest[0])
        if len(rest) == 1 and ask.method == "DELETE":
            if not self._directory.purge(rest[0], ask.now):
                raise not_found(rest[0])
            return Answer(204)
        if len(rest) == 2 and rest[1] == "restore" and ask.method == "POST":
            restored = self._directory.restore(rest[0], ask.now)
            if restored is None:
                raise not_found(rest[0])
            return _entity("directoryObjects", restored.body)
        raise _unknown("/".join(ask.segments))

    # --- look-ups -------------------------------------------------------------------------------------------------------
    def _one(self, kind: Kind | None, id: str) -> tuple[Kind, Resource]:
        if kind is None:
            return self._any(id)
        row = self._directory.get(kind, id)
        if row is None:
            raise not_found(id)
        return kind, row

    def _any(self, id: str) -> tuple[Kind, Resource]:
        found = self._directory.object(id)
        if found is None:
            raise not_found(id)
        return found

    def _group(self, id: str) -> Resource:
        return self._one(GROUPS, id)[1]


ACTIONS: dict[str, Callable[[Graph, Ask, Kind, Any], Answer]] = {
    "addpassword": Graph._add_password,
    "removepassword": Graph._remove_password,
    "getmembergroups": Graph._member_groups,
    "getmemberobjects": Graph._member_groups,
    "checkmembergroups": Graph._check_member_groups,
}
READING = frozenset({"getbyids", "getmembergroups", "getmemberobjects", "checkmembergroups"})


def _reads(ask: Ask) -> bool:
    return ask.method == "POST" and bool(ask.segments) and ask.segments[-1].lower() in READING


def _expand(segments: list[str]) -> list[str]:
    """users('x') and applications(appId='x') are other spellings of users/x."""
    match = QUOTED.match(segments[0]) if segments else None
    if match is None:
        return segments
    return [match["collection"], match["id"].replace("''", "'"), *segments[1:]]


def _selected(body: Body, kind: Kind, select: str | None) -> Body:
    if select:
        wanted = {name.strip().lower() for name in select.split(",")} | {"id"}
        return {name: value for name, value in body.items() if name.lower() in wanted}
    if kind.shown is not None:
        return {name: body.get(name) for name in kind.shown}
    return body


def _entity(context: str, body: Body, status: int = 200, *, plain: bool = False) -> Answer:
    suffix = "" if plain else "/$entity"
    return json_answer({"@odata.context": CONTEXT + context + suffix, **body}, status, {"Content-Type": JSON})


def _collection(context: str, value: list[Any]) -> Answer:
    return json_answer({"@odata.context": CONTEXT + context, "value": value}, headers={"Content-Type": JSON})


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or len(text) > 9:
        raise bad_request(f"Invalid value '{text[:50]}' for a query option.")
    return int(text)


def not_found(id: str) -> Refused:
    """The 404 of Graph."""
    return Refused(
        404,
        "Request_ResourceNotFound",
        f"Resource '{id}' does not exist or one of its queried reference-property objects are not present.",
    )


def bad_request(message: str, code: str = "Request_BadRequest") -> Refused:
    """The 400 of Graph."""
    return Refused(400, code, message)


def _unknown(path: str) -> Refused:
    return Refused(501, "NotModelledBySimulator", f"The simulator does not model '{path}' of Microsoft Graph.")


def _error(problem: Refused, now: float) -> Answer:
    from azlabs.simulator.directory.objects import moment

    request_id = str(uuid.uuid4())
    inner = {"date": moment(now)[:-1], "request-id": request_id, "client-request-id": request_id}
    body = {"error": {"code": problem.code, "message": problem.message, "innerError": inner}}
    return json_answer(body, problem.status, {"Content-Type": "application/json", **problem.headers})
