"""Who may do what in a vault: network rules, then access policies or role assignments, as the vault says.

Sources: Microsoft's pages on Key Vault access policies, on Azure RBAC for Key Vault data plane operations, and on its
firewall; the inner codes as the service gives them.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.key_vault.errors import VaultError

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.objects import Vault
    from azlabs.simulator.tokens import Principal, Tokens

AUDIENCES = frozenset({"https://vault.azure.net", "https://vault.azure.net/", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"})
HERE = "203.0.113.1"
"""The public address from which requests come that do not say so in X-Forwarded-For (an address of documentation)."""


def check_network(vault: Vault, principal: Principal, address: str) -> None:
    """403 where the vault's network rules do not let this address in."""
    caller = _caller(principal)
    where = f"Vault: {vault.name};location={vault.row.location}"
    rules = vault.properties.get("networkAcls") or {}
    if str(vault.properties.get("publicNetworkAccess", "Enabled")).lower() == "disabled":
        raise VaultError(
            403,
            "Forbidden",
            "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n"
            f"Caller: {caller}\r\n{where}",
            "ForbiddenByConnection",
        )
    if str(rules.get("defaultAction", "Allow")).lower() == "allow":
        return
    if not any(_inside(address, str(rule.get("value", ""))) for rule in rules.get("ipRules") or []):
        raise VaultError(
            403,
            "Forbidden",
            f"Client address is not authorized and caller is not a trusted service.\r\nClient address: {address}\r\n"
            f"Caller: {caller}\r\n{where}",
            "ForbiddenByFirewall",
        )


def _inside(address: str, block: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False


def check(vault: Vault, principal: Principal, need: tuple[str, str, str], path: str) -> None:
    """403 when the principal may not. `need`: (kind, permission of access policies, data action); `path` below the vault."""
    kind, permission, action = need
    if vault.properties.get("enableRbacAuthorization"):
        _check_roles(vault, principal, f"Microsoft.KeyVault/vaults/{action}", path)
    elif not _policy_grants(vault, principal, kind, permission):
        raise VaultError(
            403,
            "Forbidden",
            f"The user, group or application '{_caller(principal)}' does not have {kind} {permission} permission on key vault "
            f"'{vault.name};location={vault.row.location}'. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125287",
            "AccessDenied",
        )


def _check_roles(vault: Vault, principal: Principal, action: str, path: str) -> None:
    from azlabs.simulator.providers.authorization.table import access_table

    scope = f"{vault.row.id}/{path}" if path else vault.row.id
    decision = access_table(vault.store).can(principal.object_id, action, scope, data=True)
    if decision.allowed and decision.denied_by is None:
        return
    if decision.allowed is None:
        raise VaultError(
            501, "NotModelledBySimulator", "The simulator does not model 'conditions of role assignments'."
        )
    raise VaultError(
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions "
        f"were changed recently, please observe propagation time.\r\nCaller: {_caller(principal)}\r\nAction: '{action}'\r\n"
        f"Resource: '{scope}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\n"
        f"Vault: {vault.name};location={vault.row.location}\r\n",
        "ForbiddenByRbac",
    )


def _policy_grants(vault: Vault, principal: Principal, kind: str, permission: str) -> bool:
    """Do the access policies grant it? "all" stands for everything."""
    from azlabs.simulator.directory.objects import Directory

    mine = {principal.object_id.lower(), *Directory(vault.store).groups_of(principal.object_id)}
    wanted = {permission.lower(), "all"}
    for policy in vault.properties.get("accessPolicies") or []:
        application = str(policy.get("applicationId") or "").lower()
        if str(policy.get("objectId", "")).lower() not in mine or str(policy.get("tenantId")) != principal.tenant_id:
            continue
        if application and application != principal.app_id.lower():
            continue
        granted = (policy.get("permissions") or {}).get(kind) or []
        if wanted & {str(word).lower() for word in granted}:
            return True
    return False


def _caller(principal: Principal) -> str:
    issuer = f"iss=https://sts.windows.net/{principal.tenant_id}/"
    return f"appid={principal.app_id};oid={principal.object_id};{issuer}"


def principal_of(tokens: Tokens, authorization: str | None, now: float) -> Principal:
    """Who asks. 401 with the challenge from which clients learn where to get a token."""
    from azlabs.simulator.identity import TENANT_ID
    from azlabs.simulator.resource_manager.errors import Refused

    challenge = (
        f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'
    )
    if not authorization or not authorization.lower().startswith("bearer "):
        message = "AKV10000: Request is missing a Bearer or PoP token."
        raise VaultError(401, "Unauthorized", message, headers={"WWW-Authenticate": challenge})
    try:
        return tokens.check(authorization, now, AUDIENCES)
    except Refused as refusal:
        message = CODES.get(refusal.code, "AKV10032: Invalid issuer or token.")
        raise VaultError(
            401, "Unauthorized", message, headers={"WWW-Authenticate": f'{challenge}, error="invalid_token"'}
        ) from None


CODES = {
    "ExpiredAuthenticationToken": "[TokenExpired] Error validating token: the access token has expired.",
    "InvalidAuthenticationTokenAudience": "AKV10022: Invalid audience. Expected https://vault.azure.net.",
    "InvalidAuthenticationToken": "[BearerReadAccessTokenFailed] Error validating token: the token cannot be read.",
}
