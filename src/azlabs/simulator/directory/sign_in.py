"""Signing in: OpenID discovery, the token endpoint, device codes and managed identities.

Offline, the point of a token is who asks; so the endpoints check what Microsoft Entra checks (the client is known, its
secret is right, the scope names a resource) and issue tokens of the simulator's own key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from azlabs.simulator.directory.kinds import SERVICE_PRINCIPALS, USERS
from azlabs.simulator.directory.objects import Directory, display_name
from azlabs.simulator.http import Answer, CaseInsensitive, Request, json_answer, parse_query
from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.tokens import LIFETIME, Principal

if TYPE_CHECKING:
    from azlabs.simulator.clock import Clock
    from azlabs.simulator.tokens import Tokens

HOST = "login.microsoftonline.com"
HOSTS = frozenset({HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"})
IDENTITY_HOST = "169.254.169.254"
PERSONAL = ("common", "organizations", "consumers")
WANTED = ("client_id", "clientid", "object_id", "principal_id", "mi_res_id", "msi_res_id")
"""Query parameters that choose a managed identity."""
APPS = "/providers/microsoft.web/sites/"
"""Apps of App Service get a user-assigned identity only by name; a virtual machine with just one gets that one.
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference"""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class SignInError(Exception):
    """An OAuth error with the AADSTS number that people look up."""

    def __init__(self, error: str, number: int, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.number, self.description, self.status = error, number, description, status


class SignIn:
    """Answers login.microsoftonline.com and the identity endpoint of the instance metadata service."""

    def __init__(self, directory: Directory, tokens: Tokens, clock: Clock) -> None:
        self._directory, self._tokens, self._clock = directory, tokens, clock

    # --- who --------------------------------------------------------------------------------------------------------------
    def principal(self, id: str) -> Principal | None:
        """The principal with this object id, client id or user principal name; the owner included."""
        owner = self._tokens.owner
        if id.lower() in (owner.object_id.lower(), owner.app_id.lower(), owner.name.lower()):
            return owner
        for kind in (SERVICE_PRINCIPALS, USERS):
            row = self._directory.get(kind, id)
            if row is not None:
                return Principal(row.name, TENANT_ID, str(row.body.get("appId") or ""), display_name(row), kind.label)
        return None

    def secret_of(self, principal: Principal) -> str:
        """A secret with which this machine may sign in as the principal: for shells and simulated apps, never stored."""
        return hmac.new(self._tokens.signing_key, f"sign-in:{principal.object_id}".encode(), hashlib.sha256).hexdigest()

    # --- login.microsoftonline.com ----------------------------------------------------------------------------------------
    def handle(self, request: Request, path: str) -> Answer:
        """One request to the sign-in host."""
        segments = [part for part in path.split("/") if part]
        lowered = [part.lower() for part in segments]
        try:
            match request.method.upper(), lowered:
                case "GET", ["common", "discovery", "instance"]:
                    return json_answer(_instance(_base(request), TENANT_ID))
                case "GET", [tenant, "v2.0", ".well-known", "openid-configuration"]:
                    return json_answer(_openid(_base(request), self._known(tenant), "v2.0"))
                case "GET", [tenant, ".well-known", "openid-configuration"]:
                    return json_answer(_openid(_base(request), self._known(tenant), ""))
                case "GET", [_, "discovery", *_]:
                    return json_answer({"keys": []})
                case "GET", ["common", "userrealm", name] | ["common", "userrealm", name, _]:
                    return json_answer({"ver": "1.0", "account_type": "Managed", "domain_name": name.partition("@")[2]})
                case "POST", [tenant, "oauth2", "v2.0", "token"] | [tenant, "oauth2", "token"]:
                    self._known(tenant)
                    return self._token(_form(request))
                case "POST", [tenant, "oauth2", "v2.0", "devicecode"] | [tenant, "oauth2", "devicecode"]:
                    self._known(tenant)
                    return self._device_code()
        except SignInError as problem:
            return self._refusal(problem)
        what = f"{request.method} {path[:200]}"
        message = f"The simulator does not model '{what}' of {HOST}."
        return json_answer({"error": {"code": "NotModelledBySimulator", "message": message}}, 501)

    def _known(self, tenant: str) -> str:
        if tenant in PERSONAL or tenant == TENANT_ID or tenant.endswith(".onmicrosoft.com"):
            return TENANT_ID
        raise SignInError(
            "invalid_tenant", 90002, f"Tenant '{tenant}' not found. The simulator's only tenant is {TENANT_ID}."
        )

    def _token(self, form: Mapping[str, str]) -> Answer:
        grant = form.get("grant_type", "")
        sign_in = GRANTS.get(grant)
        if sign_in is None:
            raise SignInError("unsupported_grant_type", 70003, f"The grant type '{grant[:100]}' is not supported.")
        principal = sign_in(self, form)
        audience = _audience(form)
        token = self._tokens.issue(principal, self._clock.now(), audience)
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": LIFETIME - 1,
            "ext_expires_in": LIFETIME - 1,
            "access_token": token,
        }
        if "resource" in form:
            body["expires_on"] = str(int(self._clock.now() + LIFETIME))
            body["resource"] = form["resource"]
        if grant != "client_credentials":
            body |= self._for_a_person(principal, form)
        return json_answer(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    def _for_a_person(self, principal: Principal, form: Mapping[str, str]) -> dict[str, Any]:
        """What a public client needs to keep an account in its cache."""
        uid = {"uid": principal.object_id, "utid": principal.tenant_id}
        claims = self._tokens.issue(principal, self._clock.now(), form.get("client_id", ""))
        return {
            "scope": form.get("scope", ""),
            "refresh_token": f"{principal.object_id}.{self.secret_of(principal)}",
            "id_token": claims,
            "client_info": _base64(json.dumps(uid).encode()),
        }

    def _client_credentials(self, form: Mapping[str, str]) -> Principal:
        client_id = form.get("client_id", "")
        principal = self.principal(client_id)
        if principal is None:
            raise SignInError(
                "unauthorized_client",
                700016,
                f"Application with identifier '{client_id}' was not found in the directory 'azlabs'.",
            )
        if "client_assertion" in form:
            raise SignInError("invalid_client", 700027, "Client assertions are not modelled by the simulator.", 401)
        secret = form.get("client_secret", "")
        if not secret:
            raise SignInError(
                "invalid_client",
                7000216,
                "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
                401,
            )
        if not self._right(principal, client_id, secret):
            raise SignInError("invalid_client", 7000215, "Invalid client secret provided.", 401)
        return principal

    def _right(self, principal: Principal, client_id: str, secret: str) -> bool:
        if hmac.compare_digest(secret.encode(), self.secret_of(principal).encode()):
            return True
        return self._directory.knows_password(client_id, secret, self._clock.now())

    def _password(self, form: Mapping[str, str]) -> Principal:
        row = self._directory.get(USERS, form.get("username", ""))
        profile = row.hidden.get("passwordProfile", {}) if row is not None else {}
        given, known = form.get("password", ""), str(profile.get("password") or "")
        if row is None or not known or not hmac.compare_digest(given.encode(), known.encode()):
            raise SignInError(
                "invalid_grant", 50126, "Error validating credentials due to invalid username or password."
            )
        if not row.body.get("accountEnabled"):
            raise SignInError("invalid_grant", 50057, "The user account is disabled.")
        return Principal(row.name, TENANT_ID, form.get("client_id", ""), display_name(row), USERS.label)

    def _refresh(self, form: Mapping[str, str]) -> Principal:
        return self._secret_bearer(form.get("refresh_token", ""), 70000, "The provided refresh token is invalid.")

    def _device(self, form: Mapping[str, str]) -> Principal:
        return self._secret_bearer(form.get("device_code", form.get("code", "")), 70000, "The device code is invalid.")

    def _secret_bearer(self, text: str, number: int, description: str) -> Principal:
        id, _, secret = text.partition(".")
        principal = self.principal(id) if id else None
        if principal is None or not hmac.compare_digest(secret.encode(), self.secret_of(principal).encode()):
            raise SignInError("invalid_grant", number, description)
        return principal

    def _device_code(self) -> Answer:
        """There is no page to type a code into: the owner of the simulated subscription is signed in, and told so."""
        owner = self._tokens.owner
        message = f"azlabs signs you in as {owner.name}, the owner of the simulated subscription. No code is needed."
        return json_answer(
            {
                "user_code": "SIMULATOR",
                "device_code": f"{owner.object_id}.{self.secret_of(owner)}",
                "verification_uri": "https://microsoft.com/devicelogin",
                "verification_url": "https://microsoft.com/devicelogin",
                "expires_in": 900,
                "interval": 1,
                "message": message,
            }
        )

    def _refusal(self, problem: SignInError) -> Answer:
        from azlabs.simulator.directory.objects import moment

        now = self._clock.now()
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        text = f"AADSTS{problem.number}: {problem.description} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment(now)}"
        body = {
            "error": problem.error,
            "error_description": text,
            "error_codes": [problem.number],
            "timestamp": moment(now),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{HOST}/error?code={problem.number}",
        }
        return json_answer(body, problem.status)

    def identity_header(self, resource_id: str) -> str:
        """What a program of a resource shows to the identity endpoint: it may use that resource's managed identities."""
        text = _base64(resource_id.lower().encode())
        return f"{text}.{self._resource_secret(text)}"

    def _resource_secret(self, text: str) -> str:
        return hmac.new(self._tokens.signing_key, f"resource:{text}".encode(), hashlib.sha256).hexdigest()

    def _identity(self, proof: str, asked: Mapping[str, str]) -> Principal | None:
        """The managed identity that a request to the identity endpoint means, None when it may use none."""
        text, _, secret = proof.partition(".")
        if text and hmac.compare_digest(secret.encode(), self._resource_secret(text).encode()):
            resource = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            usable = self._directory.identities_of(resource)
            if APPS in resource and not any(asked.get(name) for name in WANTED):
                usable = [one for one in usable if not one[1]]
        else:
            try:
                usable = [(self._secret_bearer(proof, 70000, "Identity not found").object_id, "")]
            except SignInError:
                return None
        wanted = next((asked[name].lower() for name in WANTED if asked.get(name)), "")
        found = [(self.principal(object_id), id.lower()) for object_id, id in usable]
        matching = [
            one
            for one, id in found
            if one and (not wanted or wanted in (one.app_id.lower(), one.object_id.lower(), id))
        ]
        if not wanted and len(matching) > 1 and usable[0][1]:
            return None
        return matching[0] if matching else None

    # --- managed identity -------------------------------------------------------------------------------------------------
    def managed_identity(self, request: Request, query: str) -> Answer:
        """A token for an identity that the header may use: `X-IDENTITY-HEADER` (App Service style), or `Metadata: true`
        together with the same text in `X-IDENTITY-HEADER` or the query's `identity` (IMDS style).

        The text is `<object id>.<secret>` of one identity, or `identity_header` of a resource: then `client_id`,
        `object_id` or `mi_res_id` choose among its identities, and without them its system-assigned one, or (but for apps of
        App Service) its only one.
        """
        headers, asked = CaseInsensitive(request.headers), parse_query(query)
        proof = headers.get("x-identity-header") or asked.get("identity", "")
        resource = asked.get("resource", "")
        if not resource:
            return json_answer(
                {"error": "invalid_request", "error_description": "Required query variable 'resource' is missing"}, 400
            )
        principal = self._identity(proof, asked)
        if principal is None:
            return json_answer({"error": "invalid_request", "error_description": "Identity not found"}, 400)
        now = self._clock.now()
        return json_answer(
            {
                "access_token": self._tokens.issue(principal, now, resource),
                "client_id": principal.app_id,
                "expires_on": str(int(now + LIFETIME)),
                "expires_in": str(LIFETIME),
                "not_before": str(int(now)),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


GRANTS: dict[str, Callable[[SignIn, Mapping[str, str]], Principal]] = {
    "client_credentials": SignIn._client_credentials,
    "password": SignIn._password,
    "refresh_token": SignIn._refresh,
    "device_code": SignIn._device,
    DEVICE_GRANT: SignIn._device,
}


def _form(request: Request) -> dict[str, str]:
    try:
        text = (request.body or b"").decode()
        return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True, max_num_fields=100).items()}
    except ValueError:
        raise SignInError("invalid_request", 900144, "The request body is not a form.") from None


def _audience(form: Mapping[str, str]) -> str:
    """The resource that the token is for: `resource` (v1), or the one scope that ends in /.default or names a resource."""
    if form.get("resource"):
        return form["resource"]
    scopes = [
        scope
        for scope in form.get("scope", "").split()
        if scope not in ("openid", "profile", "offline_access", "email")
    ]
    if not scopes:
        raise SignInError("invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
    scope = scopes[0]
    if scope.endswith("/.default"):
        return scope[: -len("/.default")]
    if "://" in scope:
        return scope.rpartition("/")[0]
    return "https://graph.microsoft.com"


def _base(request: Request) -> str:
    """Where the program found the sign-in endpoints: the public host, or a listener on loopback."""
    scheme, _, rest = request.url.partition("://")
    host = rest.partition("/")[0]
    return f"https://{HOST}" if host.lower() in HOSTS or not host else f"{scheme}://{host}"


def _instance(base: str, tenant: str) -> dict[str, Any]:
    names = [HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    return {
        "tenant_discovery_endpoint": f"{base}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": HOST, "preferred_cache": "login.windows.net", "aliases": names}],
    }


def _openid(base: str, tenant: str, version: str) -> dict[str, Any]:
    base = f"{base}/{tenant}"
    oauth = f"{base}/oauth2/{version}".rstrip("/")
    issuer = f"{base}/v2.0" if version else f"https://sts.windows.net/{tenant}/"
    return {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/{version or 'v1.0'}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{oauth}/authorize",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{oauth}/logout",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
