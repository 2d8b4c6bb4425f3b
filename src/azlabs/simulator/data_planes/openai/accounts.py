"""Accounts that answer for models, by host name, and who may use them."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.openai.errors import Unauthorized, no_resource
from azlabs.simulator.data_planes.storage.firewall import CLIENT, CLIENT_HEADER
from azlabs.simulator.providers.cognitive_services import catalogue
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

ACCOUNT_KEY = "microsoft.cognitiveservices/accounts"
REGIONAL = ".api.cognitive.microsoft.com"
AUDIENCES = frozenset(
    f"https://{host}{end}" for host in ("cognitiveservices.azure.com", "ai.azure.com") for end in ("", "/", "//")
)
EMBED = "Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action"
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")


def accounts_of(simulator: Simulator, host: str) -> list[Resource]:
    """The account of a custom subdomain, or all those of a region that have none: their key tells which. Raises 404."""
    label = host.partition(".")[0]
    rows = [row for row in simulator.store.of_type(ACCOUNT_KEY) if row.body["kind"] in catalogue.WITH_MODELS]
    if host.endswith(REGIONAL):
        return [row for row in rows if row.location == label and not _subdomain(row)]
    found = [row for row in rows if _subdomain(row) == label]
    if not found:
        raise Refused(404, "404", f"There is no account with the custom subdomain '{label[:63]}': Azure would not resolve '{host[:120]}'.")
    return found


def _subdomain(row: Resource) -> str:
    return str(row.body["properties"].get("customSubDomainName") or "").lower()


def check_network(row: Resource, headers: Mapping[str, str]) -> None:
    """Raise 403 unless the account's network rules let the request in."""
    mine = row.body["properties"]
    if mine.get("publicNetworkAccess", "Enabled") != "Enabled":
        raise Refused(403, "403", "Public access is disabled. Please configure private endpoint.")
    rules = mine.get("networkAcls") or {}
    address = headers.get(CLIENT_HEADER, CLIENT)
    inside = (_inside(address, str(rule.get("value", ""))) for rule in rules.get("ipRules") or [])
    if rules.get("defaultAction", "Allow") != "Allow" and not any(inside):
        raise Refused(403, "403", "Access denied due to Virtual Network/Firewall rules.")


def _inside(address: str, block: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False


def authorize(simulator: Simulator, rows: list[Resource], headers: Mapping[str, str], *, v1: bool, regional: bool) -> Resource:
    """The account that a request may use. Raises 401, 403, or 400 where a token meets an account without a subdomain.

    The v1 path also takes a key where others take a token: that is how the OpenAI client of the SDK sends it.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    key = headers.get("api-key") or headers.get("ocp-apim-subscription-key") or ""
    if scheme.lower() == "bearer" and not key and v1 and not _JWT.fullmatch(bearer.strip()):
        key = bearer.strip()
    if key:
        return _by_key(rows, key)
    if not bearer:
        raise Refused(
            401, "401",
            "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.",
        )  # fmt: skip
    if regional:
        raise Refused(
            400, "BadRequest", "Please provide a custom subdomain for token authentication, otherwise API key is required."
        )
    _by_token(simulator, rows[0], f"Bearer {bearer.strip()}" if scheme.lower() == "bearer" else "")
    return rows[0]


def _by_key(rows: list[Resource], key: str) -> Resource:
    for row in rows:
        keys = (row.hidden.get("keys") or {}).values()
        if any(hmac.compare_digest(str(one).encode(), key.encode("utf-8", "replace")) for one in keys):
            if row.body["properties"].get("disableLocalAuth"):
                break
            return row
    if any(row.body["properties"].get("disableLocalAuth") for row in rows):
        raise Refused(403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource.")
    raise Refused(
        401, "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription "
        "and use a correct regional API endpoint for your resource.",
    )  # fmt: skip


def _by_token(simulator: Simulator, row: Resource, header: str) -> None:
    if not header:
        raise Unauthorized
    try:
        principal = simulator.tokens.check(header, simulator.clock.now(), AUDIENCES)
    except Refused:
        raise Unauthorized from None
    if principal.owner and simulator.tokens.audience(header) == EVERY_AUDIENCE:
        return
    from azlabs.simulator.providers.authorization.table import access_table

    decision = access_table(simulator.store).can(principal.object_id, EMBED, row.id, data=True)
    if not decision.allowed or decision.denied_by is not None:
        raise Refused(
            401, "PermissionDenied",
            f"The principal `{principal.object_id}` lacks the required data action `{EMBED}` to perform "
            "`POST /openai/deployments/{deployment-id}/embeddings` operation.",
        )  # fmt: skip


def deployment_of(simulator: Simulator, account: Resource, name: str) -> Resource:
    """A deployment by its name, compared without case. Raises 404."""
    from azlabs.simulator.data_planes.openai.errors import no_deployment

    if not name:
        raise no_resource()
    row = simulator.store.get(f"{account.key}/deployments/{name.lower()}")
    if row is None or "/" in name:
        raise no_deployment()
    return row
