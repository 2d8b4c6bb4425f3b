"""Who may do what: shared access signatures and Entra tokens, rights by address, network rules.

A token is proven when it is handed in; what it allows is decided each time something is opened, from the rules as they are then.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from azlabs.simulator.data_planes.service_bus import errors, namespaces
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.namespaces import Namespace
from azlabs.simulator.data_planes.storage.firewall import CLIENT

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.store import Store

AUDIENCES = frozenset(
    {"https://servicebus.azure.net", "https://servicebus.azure.net/", "https://servicebus.azure.net//"}
)
SEND, LISTEN, MANAGE = "Send", "Listen", "Manage"
ACTIONS = {
    SEND: "Microsoft.ServiceBus/namespaces/messages/send/action",
    LISTEN: "Microsoft.ServiceBus/namespaces/messages/receive/action",
    MANAGE: "Microsoft.ServiceBus/namespaces/queues/write",
}
_BAD_TOKENS = {
    "ExpiredAuthenticationToken": "ExpiredToken: The token is expired.",
    "InvalidAuthenticationTokenAudience": "InvalidAudience: The token is for another audience than https://servicebus.azure.net.",
}
SIGNATURE_WORD = "sharedaccesssignature"


@dataclass(frozen=True, slots=True)
class Grant:
    """A proven token. `path`: what a signature is for, "" for the whole namespace; `rule_key`: the row that signed it;
    `object_id`: whose Entra token it is ("" with `everything`: the owner's token of this tool); `expires` in seconds."""

    path: str
    expires: float
    rule_key: str = ""
    object_id: str = ""
    everything: bool = False
    namespace: str = ""


def prove(simulator: Simulator, namespace: Namespace | None, token: str, local_namespace: bool = False) -> Grant:
    """What a token is good for. Raises `Refusal` (unauthorized). Without a namespace, the one whose key has signed it."""
    if token.lower().startswith(SIGNATURE_WORD):
        return _signature(simulator, namespace, token)
    if namespace is None and not local_namespace:
        raise _unauthorized("InvalidIssuer: The namespace of this endpoint is not known.")
    return _entra(simulator, token)


def _unauthorized(message: str) -> Refusal:
    return Refusal(errors.UNAUTHORIZED, message)


def _entra(simulator: Simulator, token: str) -> Grant:
    from azlabs.simulator.resource_manager.errors import Refused
    from azlabs.simulator.tokens import EVERY_AUDIENCE

    bearer = f"Bearer {token}"
    now = simulator.clock.now()
    try:
        principal = simulator.tokens.check(bearer, now, AUDIENCES)
    except Refused as refusal:
        raise _unauthorized(_BAD_TOKENS.get(refusal.code, "InvalidIssuer: Token issuer is invalid.")) from None
    everything = principal.owner and simulator.tokens.audience(bearer) == EVERY_AUDIENCE
    return Grant("", _expiry(token) or now + 3600, object_id=principal.object_id, everything=everything)


def _expiry(token: str) -> float:
    import json

    try:
        claims = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (ValueError, IndexError, KeyError, TypeError):
        return 0.0


def _signature(simulator: Simulator, namespace: Namespace | None, token: str) -> Grant:
    fields = dict(parse_qsl(token.partition(" ")[2], keep_blank_values=True))
    raw = {part.partition("=")[0]: part.partition("=")[2] for part in token.partition(" ")[2].split("&")}
    if not {"sr", "sig", "se", "skn"} <= fields.keys():
        raise _unauthorized("MalformedToken: The shared access signature lacks a field.")
    try:
        expires = float(fields["se"])
    except ValueError:
        raise _unauthorized("MalformedToken: The expiry of the shared access signature is not a number.") from None
    resource = unquote(raw["sr"])
    path = resource.partition("://")[2].partition("/")[2] if "://" in resource else resource.partition("/")[2]
    path = namespaces.split_address(path.strip("/"))[0]
    candidates = [namespace] if namespace is not None else namespaces.all_namespaces(simulator.store)
    for one in candidates:
        key = _signer(
            simulator.store, one, path, fields["skn"], raw["sr"], raw["se"], fields["sig"], unquote(raw["sig"])
        )
        if key is None:
            continue
        if not one.local_auth:
            raise _unauthorized(
                "LocalAuthDisabled: Authorization with a shared access signature is disabled for this namespace."
            )
        if expires <= simulator.clock.now():
            raise _unauthorized("ExpiredToken: The token is expired.")
        return Grant(path.lower(), expires, rule_key=key, namespace=one.name)
    if namespace is not None and not namespace.local_auth:
        raise _unauthorized(
            "LocalAuthDisabled: Authorization with a shared access signature is disabled for this namespace."
        )
    raise _unauthorized("InvalidSignature: The token has an invalid signature.")


def _signer(
    store: Store, namespace: Namespace, path: str, name: str, resource: str, expiry: str, *signatures: str
) -> str | None:
    """Key of the authorization rule whose key made one of these signatures (the same one, decoded in two ways)."""
    holders = [namespace.row.key]
    while path:
        row = namespaces.entity_row(store, namespace, path)
        if row is not None and row.type != namespaces.SUBSCRIPTION:
            holders.insert(0, row.key)
            break
        path = (
            path.rpartition("/subscriptions/" if "/subscriptions/" in path.lower() else "/")[0] if "/" in path else ""
        )
    text = f"{resource}\n{expiry}".encode()
    for holder in holders:
        row = store.get(f"{holder}/authorizationrules/{name.lower()}")
        for secret in (row.hidden.get("keys") or {}).values() if row is not None else ():
            good = base64.b64encode(hmac.new(str(secret).encode(), text, hashlib.sha256).digest())
            if any(hmac.compare_digest(good, one.encode()) for one in signatures):
                return row.key if row is not None else None
    return None


def sign(resource: str, name: str, key: str, expires: float) -> str:
    """A shared access signature by the key of a rule, for a resource (sb://host/path) until a time."""
    quoted, expiry = quote(resource, safe=""), str(int(expires))
    digest = hmac.new(key.encode(), f"{quoted}\n{expiry}".encode(), hashlib.sha256).digest()
    signature = quote(base64.b64encode(digest).decode(), safe="")
    return f"SharedAccessSignature sr={quoted}&sig={signature}&se={expiry}&skn={name}"


def allows(simulator: Simulator, grant: Grant, namespace: Namespace, path: str, claim: str) -> bool:
    """May the bearer do it with the entity at this path ("": the namespace)?"""
    if grant.expires <= simulator.clock.now():
        return False
    if grant.rule_key:
        if grant.namespace != namespace.name or not namespace.local_auth:
            return False
        lower = path.lower()
        if grant.path and not (lower == grant.path or lower.startswith(grant.path + "/")):
            return False
        row = simulator.store.get(grant.rule_key)
        return row is not None and claim in (row.body.get("properties") or {}).get("rights", ())
    if grant.everything:
        return True
    from azlabs.simulator.providers.authorization.table import access_table

    row = namespaces.entity_row(simulator.store, namespace, path) if path else None
    scope = row.id if row is not None else namespace.row.id
    decision = access_table(simulator.store).can(grant.object_id, ACTIONS[claim], scope, data=True)
    return bool(decision.allowed) and decision.denied_by is None


def refused(namespace: Namespace, path: str, claim: str) -> Refusal:
    """The words for somebody without a right."""
    return _unauthorized(
        f"Unauthorized access. '{claim}' claim(s) are required to perform this operation. Resource: 'sb://{namespace.host}/{path.lower()}'."
    )


def check_network(store: Store, namespace: Namespace, address: str = CLIENT) -> None:
    """Raise `Refusal` where the namespace does not let this address in."""
    row = store.get(f"{namespace.row.key}/networkrulesets/default")
    rules = (row.body.get("properties") or {}) if row is not None else {}
    said = [str(one.get("publicNetworkAccess", "")).lower() for one in (namespace.properties, rules)]
    if "disabled" not in said:
        if str(rules.get("defaultAction") or "Allow").lower() == "allow":
            return
        if any(_inside(address, str(rule.get("ipMask", ""))) for rule in rules.get("ipRules") or []):
            return
    raise _unauthorized(
        "Ip has been prevented to connect to the endpoint. For more information see: Virtual Network service endpoints: "
        "https://go.microsoft.com/fwlink/?linkid=2044192 and IP Filters: https://go.microsoft.com/fwlink/?linkid=2044183 ."
    )


def _inside(address: str, block: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
