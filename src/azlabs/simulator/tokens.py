"""Bearer tokens: JSON web tokens that Azure's own client libraries can parse, signed with a key of the store."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.identity import TENANT_DOMAIN
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

AUDIENCES = frozenset({
    "https://management.azure.com", "https://management.azure.com/", "https://management.core.windows.net", "https://management.core.windows.net/",
})  # fmt: skip
LIFETIME = 24 * 3600
_REMEMBERED = 512
EVERY_AUDIENCE = "urn:azlabs:every-audience"
"""Audience of `Simulator.owner_token`, which programs without a sign-in use against any host of the simulator."""
OWNER_NAME = f"owner@{TENANT_DOMAIN}"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `owner`: the subscription's owner, whom access rules never refuse (deny assignments aside)."""

    object_id: str
    tenant_id: str
    app_id: str = ""
    name: str = ""
    kind: str = "ServicePrincipal"
    owner: bool = False


class Tokens:
    """Issues and checks tokens. Keys and the owner's ids are kept in the store, so that every process agrees."""

    def __init__(self, store: Store, tenant_id: str, subscription_id: str) -> None:
        self._store, self._tenant, self._subscription = store, tenant_id, subscription_id
        self._known: dict[str, tuple[Principal, float, str]] = {}
        with store.writing():
            if store.meta("token-key") is None:
                store.set_meta("token-key", secrets.token_hex(32))
                store.set_meta("owner-object-id", str(uuid.uuid4()))
                store.set_meta("owner-app-id", str(uuid.uuid4()))
        self._load()

    def _load(self) -> None:
        self._key = (self._store.meta("token-key") or "").encode()
        self.owner = Principal(
            self._store.meta("owner-object-id") or "",
            self._tenant,
            self._store.meta("owner-app-id") or "",
            OWNER_NAME,
            "User",
            owner=True,
        )
        self._known.clear()

    @property
    def signing_key(self) -> bytes:
        """The store's secret key, from which sign-in secrets of principals are derived."""
        return self._key

    def reload(self) -> None:
        """After the store was replaced by a snapshot."""
        self._load()

    def issue(
        self,
        principal: Principal,
        now: float,
        audience: str = "https://management.azure.com",
        lifetime: float = LIFETIME,
    ) -> str:
        """A signed token for a principal that ends `lifetime` seconds from now."""
        issuer = f"https://sts.windows.net/{principal.tenant_id}/"
        claims: dict[str, Any] = {
            "aud": audience, "iss": issuer, "iat": int(now), "nbf": int(now), "exp": int(now + lifetime),
            "appid": principal.app_id, "appidacr": "1", "idp": issuer, "idtyp": "user" if principal.kind == "User" else "app",
            "oid": principal.object_id, "sub": principal.object_id, "tid": principal.tenant_id, "ver": "1.0",
            "uti": secrets.token_urlsafe(16),
        }  # fmt: skip
        if principal.name:
            claims["upn" if principal.kind == "User" else "app_displayname"] = principal.name
        head = _encode({"typ": "JWT", "alg": "HS256", "kid": "azlabs"}) + "." + _encode(claims)
        return head + "." + self._sign(head)

    def check(self, authorization: str | None, now: float, audiences: frozenset[str] = AUDIENCES) -> Principal:
        """The principal of an Authorization header. Raises 401 with Azure's challenge."""
        if not authorization:
            raise self._challenge(
                "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        known = self._known.get(authorization)
        if known is None:
            known = self._verify(authorization)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[authorization] = known
        principal, expires, audience = known
        if expires <= now:
            raise self._challenge(
                "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."
            )
        if audience not in audiences and audience != EVERY_AUDIENCE:
            raise self._challenge(
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the "
                "allowed audiences 'https://management.core.windows.net/','https://management.azure.com/'.",
            )
        return principal

    def audience(self, authorization: str) -> str:
        """For whom a token that `check` has accepted was issued; "" when none was."""
        known = self._known.get(authorization)
        return known[2] if known is not None else ""

    def _verify(self, authorization: str) -> tuple[Principal, float, str]:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise self._challenge(
                "AuthenticationFailedInvalidHeader",
                "Authentication failed. The 'Authorization' header is provided in an invalid format.",
            )
        head, _, signature = token.strip().rpartition(".")
        try:
            good = hmac.compare_digest(signature.encode(), self._sign(head).encode())
            claims = _decode(head.partition(".")[2]) if good else {}
            expires, audience = float(claims["exp"]), str(claims["aud"])
            tenant, object_id = str(claims["tid"]), str(claims["oid"])
        except (ValueError, KeyError, TypeError):
            raise self._challenge("InvalidAuthenticationToken", "The access token is invalid.") from None
        if tenant != self._tenant:
            raise self._challenge(
                "InvalidAuthenticationTokenTenant",
                f"The access token is from the wrong issuer. It must match the tenant '{self._tenant}' associated with this subscription.",
            )
        if object_id == self.owner.object_id:
            return self.owner, expires, audience
        kind = "User" if claims.get("idtyp") == "user" else "ServicePrincipal"
        name = str(claims.get("upn") or claims.get("app_displayname") or "")
        return Principal(object_id, tenant, str(claims.get("appid", "")), name, kind), expires, audience

    def _sign(self, head: str) -> str:
        return _text(hmac.new(self._key, head.encode("utf-8", "replace"), hashlib.sha256).digest())

    def _challenge(self, code: str, message: str) -> Refused:
        authority = f"https://login.microsoftonline.com/{self._tenant}"
        words = "" if code == "AuthenticationFailed" else f', error="invalid_token", error_description="{message}"'
        return Refused(
            401, code, message, headers={"WWW-Authenticate": f'Bearer authorization_uri="{authority}"{words}'}
        )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _encode(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(value, dict):
        raise ValueError("claims are not an object")
    return value
