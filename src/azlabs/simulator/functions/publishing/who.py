"""Who may publish: the publishing user with its password, or anyone whose roles include publishing."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from azlabs.simulator.providers.authorization.table import access_table
from azlabs.simulator.providers.web.shown import site_and_slot
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.tokens import AUDIENCES

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

ACTION = "Microsoft.Web/sites/publish/Action"
APP_SERVICE = frozenset({"https://appservice.azure.com", "https://appservice.azure.com/"}) | AUDIENCES
"""For whom the token of a publisher may be: az asks for the first."""


def authorize(simulator: Simulator, site: Resource, headers: Mapping[str, str]) -> None:
    """Raise 401 or 403 unless the request may use the deployment engine of a site; header names are in lower case."""
    given = headers.get("authorization", "")
    if given.partition(" ")[0].lower() == "basic":
        _basic(simulator, site, given)
        return
    principal = simulator.tokens.check(given or None, simulator.clock.now(), APP_SERVICE)
    with simulator.store.lock:
        decision = access_table(simulator.store).can(principal.object_id, ACTION, site.id)
    if decision.denied_by is None and (decision.allowed or principal.owner):
        return
    if decision.allowed is None:
        raise not_modelled("conditions of role assignments")
    raise Refused(
        403, "AuthorizationFailed",
        f"The client '{principal.object_id}' does not have authorization to perform action '{ACTION}' over scope '{site.id}'.",
    )  # fmt: skip


def _basic(simulator: Simulator, site: Resource, given: str) -> None:
    with simulator.store.lock:
        policy = simulator.store.get(f"{site.key}/basicpublishingcredentialspolicies/scm")
        row = simulator.store.get(site.key)
    if policy is not None and (policy.body.get("properties") or {}).get("allow") is False:
        raise _unauthorized("Basic authentication is switched off for publishing to this app; sign in with Microsoft Entra ID.")
    try:
        user, _, password = base64.b64decode(given.partition(" ")[2], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _unauthorized("The Authorization header cannot be read.") from None
    name, slot = site_and_slot(site.id)
    wanted = f"${name}__{slot}" if slot else f"${name}"
    known = str(row.hidden.get("password", "")) if row is not None else ""
    right = hmac.compare_digest(password.encode(), known.encode()) and bool(known)
    if user.rpartition("\\")[2].lower() != wanted.lower() or not right:
        raise _unauthorized("The publishing user or its password is wrong.")


def _unauthorized(message: str) -> Refused:
    return Refused(401, "Unauthorized", message, headers={"WWW-Authenticate": 'Basic realm="site"'})
