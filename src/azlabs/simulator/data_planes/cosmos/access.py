"""Who may do what: account keys (HMAC) and Entra tokens with the data roles of the account; where requests come from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from azlabs.rules.access import matches_any
from azlabs.simulator.data_planes.cosmos.errors import refused
from azlabs.simulator.data_planes.storage.firewall import CLIENT, CLIENT_HEADER
from azlabs.simulator.providers.document_db.base import ACCOUNT
from azlabs.simulator.providers.document_db.roles import BUILT_IN
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.cosmos.asking import Asking

ASSIGNMENTS = f"{ACCOUNT}/sqlRoleAssignments".lower()
ITEMS = f"{ACCOUNT}/sqlDatabases/containers/items/"
CONTAINER = f"{ACCOUNT}/sqlDatabases/containers/"
METADATA = f"{ACCOUNT}/readMetadata"
READS = frozenset({"GET", "HEAD"})


def firewall(asking: Asking) -> None:
    """Raise 403 unless the account's network rules let the request in."""
    mine = asking.account.body["properties"]
    address = asking.headers.get(CLIENT_HEADER, CLIENT)
    rules = mine.get("ipRules") or []
    filtered = bool(rules) or mine.get("isVirtualNetworkFilterEnabled")
    if mine.get("publicNetworkAccess", "Enabled") == "Enabled" and (
        not filtered or any(_inside(address, str(rule.get("ipAddressOrRange"))) for rule in rules)
    ):
        return
    raise refused(
        403, "Forbidden",
        f"Request originated from IP {address} through public internet. This is blocked by your Cosmos DB account firewall settings. "
        "More info: https://aka.ms/cosmosdb-tsg-forbidden",
    )  # fmt: skip


def _inside(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def identify(asking: Asking) -> None:
    """Find out who asks. Raises 401 or 403."""
    header = asking.headers.get("authorization", "")
    if not header:
        raise refused(401, "Unauthorized", "Required Header authorization is missing. Ensure a valid Authorization token is passed.")
    if header[:7].lower() == "bearer ":
        return _token(asking, header[7:])
    fields = dict(part.partition("=")[::2] for part in unquote(header).split("&"))
    kind, signature = fields.get("type"), fields.get("sig", "")
    if kind == "aad":
        return _token(asking, signature)
    if kind != "master":
        raise refused(401, "Unauthorized", "The input authorization token can't serve the request. The authorization type is unknown.")
    if asking.account.body["properties"].get("disableLocalAuth"):
        raise refused(401, "Unauthorized", "Local Authorization is disabled. Use an AAD token to authorize all requests.", 5202)
    return _key(asking, signature)


def _key(asking: Asking, signature: str) -> None:
    dates = asking.headers.get("x-ms-date", ""), asking.headers.get("date", "")
    text = f"{asking.method.lower()}\n{asking.kind.lower()}\n{asking.link}\n{dates[0].lower()}\n{'' if dates[0] else dates[1].lower()}\n"
    keys: dict[str, str] = asking.keys()
    for name, key in keys.items():
        made = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
        if hmac.compare_digest(made.encode(), signature.encode("utf-8", "replace")):
            if "Readonly" in name and not asking.reads:
                raise refused(403, "Forbidden", "The given request cannot be authorized with a read-only key.")
            return
    shown = text.replace("\n", "\\n")
    raise refused(
        401, "Unauthorized",
        "The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per "
        f"the protocol. For more info: https://aka.ms/cosmosdb-tsg-unauthorized. Server used the following payload to sign: '{shown}'",
    )  # fmt: skip


def _token(asking: Asking, token: str) -> None:
    name = asking.account.name
    audiences = frozenset(
        f"https://{host}{end}" for host in (f"{name}.documents.azure.com", "cosmos.azure.com", "*.documents.azure.com", asking.host)
        for end in ("", "/", ":443", ":443/")
    )  # fmt: skip
    header = f"Bearer {token}"
    try:
        asking.principal = asking.simulator.tokens.check(header, asking.now, audiences)
    except (Refused, binascii.Error) as problem:
        detail = problem.message if isinstance(problem, Refused) else "The token is malformed."
        raise refused(401, "Unauthorized", f"Authorization token is invalid. {detail}") from None
    asking.everything = asking.simulator.tokens.audience(header) == EVERY_AUDIENCE


def require(asking: Asking, action: str, scope: str = "", *, anywhere: bool = False) -> None:
    """Raise 403 unless a token's principal has a data action at a scope ("/dbs/a/colls/b"), or inside it. Keys have all."""
    if asking.principal is None or asking.everything:
        return
    grants = _grants(asking)
    place = (asking.account.id + scope).lower() + "/"
    for at, allowed, withheld in grants:
        inside = place.startswith(at) or (anywhere and at.startswith(place))
        if inside and matches_any(action, allowed) and not matches_any(action, withheld):
            return
    raise refused(
        403, "Forbidden",
        f"Request blocked by Auth {asking.account.name} : Request is blocked because principal [{asking.principal.object_id}] does not "
        f"have required RBAC permissions to perform action [{action}] on resource [{scope.lstrip('/') or '/'}]. Learn "
        "more: https://aka.ms/cosmos-native-rbac.", 5301,
    )  # fmt: skip


def no_tokens(asking: Asking, action: str) -> None:
    """Databases, containers and throughput are not changed with tokens: that is the control plane's."""
    if asking.principal is None or asking.everything:
        return
    raise refused(
        403, "Forbidden",
        f"Request blocked by Auth {asking.account.name} : The given request [{action}] cannot be authorized by AAD token in data plane. "
        "Learn more: https://aka.ms/cosmos-native-rbac.", 5300,
    )  # fmt: skip


def _grants(asking: Asking) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """(scope, data actions, withheld ones) of a principal and its groups."""
    assert asking.principal is not None
    mine = asking.principal.object_id.lower()
    key = (asking.account.key, mine)
    known: list[tuple[str, tuple[str, ...], tuple[str, ...]]] | None = asking.plane.access.get(key)
    if known is not None:
        return known
    from azlabs.simulator.providers.authorization.table import access_table

    principals = access_table(asking.simulator.store).principals(mine)
    known = []
    for row in asking.simulator.store.at_scope(asking.account.key, ASSIGNMENTS):
        properties: dict[str, Any] = row.body["properties"]
        if properties["principalId"].lower() not in principals:
            continue
        role = properties["roleDefinitionId"].rpartition("/")[2]
        at = properties["scope"].lower().rstrip("/") + "/"
        if role in BUILT_IN:
            known.append((at, tuple(BUILT_IN[role][1]), ()))
            continue
        definition = asking.simulator.store.get(f"{asking.account.key}/sqlroledefinitions/{role.lower()}")
        for one in definition.body["properties"]["permissions"] if definition is not None else ():
            known.append((at, tuple(one["dataActions"]), tuple(one["notDataActions"])))
    asking.plane.access[key] = known
    return known
