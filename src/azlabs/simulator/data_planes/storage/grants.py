"""Who asks, and what that lets them do: account keys, shared access signatures, Entra tokens, public access.

Rules: "Authorize requests to Azure Storage", "Create a service SAS", "Create a user delegation SAS" (REST reference).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.storage import sas, shared_key
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.tokens import Principal

SKEW_SECONDS = 15 * 60
RESOURCE = "https://storage.azure.com"
_INSIDE = ("/containers/blobs/", "/queues/messages/")


@dataclass(frozen=True, slots=True)
class Need:
    """What an operation asks for. `action`: the action of Azure RBAC; `letters`: permissions of a signature, any of
    which is enough; `level`: s (service), c (container, queue) or o (object). `anonymous`: how public a container
    has to be for anybody to do it: "Blob", "Container" or "" (never)."""

    action: str
    letters: str
    level: str
    anonymous: str = ""


@dataclass(slots=True)
class Grant:
    """`kind`: key, account-sas, sas, token or anonymous. `fields`: parameters of the signature."""

    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    principal: Principal | None = None
    everything: bool = False


def mismatch() -> Refused:
    """The grant is good, but not for this."""
    return Refused(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
    )


def failed(detail: str = "") -> Refused:
    """Nothing proves who asks."""
    return Refused(
        403, "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the "
        "signature.", extra={"AuthenticationErrorDetail": detail} if detail else None,
    )  # fmt: skip


def identify(asking: Asking) -> Grant:
    """Who asks. Raises 403 (401 for tokens) when the proof is not good."""
    authorization = asking.headers.get("authorization")
    if authorization:
        scheme = authorization.partition(" ")[0].lower()
        if scheme == "bearer":
            return token_grant(asking, authorization)
        if scheme in ("sharedkey", "sharedkeylite"):
            keys_allowed(asking)
            check_skew(asking)
            shared_key.check(asking, authorization)
            return Grant("key")
        raise Refused(
            400,
            "InvalidAuthenticationInfo",
            "Authentication information is not given in the correct format. Check the value of Authorization header.",
        )
    if "sig" in asking.query:
        return sas.grant(asking)
    return Grant("anonymous")


def keys_allowed(asking: Asking) -> None:
    """An account may refuse its keys, and signatures made with them."""
    if (asking.account.body.get("properties") or {}).get("allowSharedKeyAccess") is False:
        raise Refused(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )


def check_skew(asking: Asking) -> None:
    """A signed request is good for a quarter of an hour."""
    from azlabs.simulator.data_planes.storage.asking import parse_date

    text = asking.headers.get("x-ms-date") or asking.headers.get("date")
    try:
        sent = parse_date(text or "")
    except ValueError:
        raise failed("Date header is missing or cannot be read.") from None
    if min(abs(sent - asking.now), abs(sent - time.time())) > SKEW_SECONDS:
        raise failed("The date in the request is too far from the server's clock.")


def token_grant(asking: Asking, authorization: str) -> Grant:
    """The principal of a bearer token for storage."""
    name = asking.account_name
    audiences = frozenset({
        RESOURCE, RESOURCE + "/", f"https://{name}.{asking.service}.core.windows.net", f"https://{name}.{asking.service}.core.windows.net/",
    })  # fmt: skip
    try:
        principal = asking.simulator.tokens.check(authorization, asking.now, audiences)
    except Refused as refusal:
        raise challenge(refusal) from None
    everything = asking.simulator.tokens.audience(authorization) == EVERY_AUDIENCE
    return Grant("token", principal=principal, everything=everything)


def challenge(refusal: Refused | None = None) -> Refused:
    """401 that says where tokens come from."""
    from azlabs.simulator.identity import TENANT_ID

    value = f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize resource_id={RESOURCE}"
    if refusal is None:
        return Refused(
            401, "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
            headers={"WWW-Authenticate": value},
        )  # fmt: skip
    code = "InvalidAuthenticationInfo"
    return Refused(
        401, code, f"Server failed to authenticate the request. {refusal.message}", headers={"WWW-Authenticate": value}
    )


def scope_of(asking: Asking) -> str:
    """Id of what is asked for, for access rules: the container or queue, or the account."""
    if not asking.container:
        return asking.account.id
    folder = "blobServices/default/containers" if asking.service == "blob" else "queueServices/default/queues"
    return f"{asking.account.id}/{folder}/{asking.container}"


def may(asking: Asking, principal: Principal, action: str) -> bool:
    """Do the principal's roles give an action here? What is inside containers and queues takes data actions; containers,
    queues and the service itself take actions of the control plane, which the subscription's owner has."""
    from azlabs.simulator.providers.authorization.table import access_table

    data = any(word in action for word in _INSIDE)
    if principal.owner and not data:
        return True
    decision = access_table(asking.store).can(principal.object_id, action, scope_of(asking), data=data)
    if decision.allowed is None:
        raise not_modelled("conditions of role assignments")
    return decision.allowed


def authorize(asking: Asking, need: Need, public: str = "None") -> None:
    """Raise 401, 403, 404 or 409 unless the request's grant allows what is asked. `public`: the container's public access."""
    grant = asking.grant
    if grant is None or grant.kind == "key" or grant.everything:
        return
    if grant.kind == "token" and grant.principal is not None:
        if not need.action or not may(asking, grant.principal, need.action):
            raise mismatch()
        return
    if grant.kind == "anonymous":
        _anonymous(asking, need, public)
        return
    sas.authorize(asking, grant, need)
    if grant.principal is not None and not may(asking, grant.principal, need.action):
        raise mismatch()


def _anonymous(asking: Asking, need: Need, public: str) -> None:
    mine = asking.account.body.get("properties") or {}
    levels = {"Blob": ("Blob",), "Container": ("Blob", "Container")}
    if need.anonymous and need.anonymous in levels.get(public, ()) and mine.get("allowBlobPublicAccess"):
        return
    if asking.headers.get("x-ms-version", "") >= "2019-12-12" and asking.service != "blob":
        raise challenge()
    if asking.service == "blob" and need.anonymous and not mine.get("allowBlobPublicAccess"):
        raise Refused(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    if asking.headers.get("x-ms-version", "") >= "2019-12-12" or asking.service != "blob":
        raise challenge()
    raise Refused(404, "ResourceNotFound", "The specified resource does not exist.")
