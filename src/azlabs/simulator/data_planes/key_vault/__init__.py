"""The data plane of key vaults: https://<vault>.vault.azure.net, for unmodified SDKs and the Azure CLI.

Order of the checks: the vault exists, a token is there (401 with the challenge that clients wait for), the network rules
let the address in, the request is known, access policies or roles allow it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.key_vault import access
from azlabs.simulator.data_planes.key_vault.asking import Asking
from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter
from azlabs.simulator.data_planes.key_vault.objects import vault_named
from azlabs.simulator.http import Answer, CaseInsensitive, Request, decode_path, json_answer, parse_query, split_url
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

KIND_OF = {"deletedsecrets": "secrets", "deletedkeys": "keys", "deletedcertificates": "certificates", "rng": "keys"}
_log = logging.getLogger(__name__)


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request to a vault."""
    try:
        return _answer(simulator, request, path, query)
    except VaultError as problem:
        return json_answer(problem.body(), problem.status, problem.headers)
    except (TypeError, AttributeError, KeyError, ValueError) as problem:
        _log.warning("a vault could not read a request: %s %s", request.method, path[:200], exc_info=problem)
        return json_answer(bad_parameter("The request body is not what the operation expects.").body(), 400)


def _answer(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    from azlabs.simulator.data_planes.key_vault import table
    from azlabs.simulator.data_planes.storage.firewall import CLIENT, CLIENT_HEADER

    now, host = simulator.clock.now(), split_url(request.url)[0]
    headers, asked = CaseInsensitive(request.headers), parse_query(query)
    name = host.partition(".")[0]
    vault = vault_named(simulator.store, name, now)
    if vault is None:
        raise VaultError(
            404, "VaultNotFound", f"There is no vault with the name '{name}': Azure would not resolve '{host}'."
        )
    authorization = headers.get("authorization")
    principal = access.principal_of(simulator.tokens, authorization, now)
    access.check_network(vault, principal, headers.get(CLIENT_HEADER, CLIENT))
    if not asked.get("api-version"):
        raise bad_parameter("The request is missing the required parameter api-version.")
    segments = [part for part in decode_path(path).split("/") if part]
    found = table.match(request.method.upper(), segments)
    if found is None:
        status = 404 if request.method in ("GET", "HEAD") else 405
        raise VaultError(
            status, "BadParameter", f"Method {request.method[:20]} does not allow operation '{path[:200]}'."
        )
    operation, values = found
    if not (principal.owner and simulator.tokens.audience(authorization or "") == EVERY_AUDIENCE):
        kind = KIND_OF.get(segments[0].lower(), segments[0].lower())
        below = f"{kind}/{values['name']}" if "name" in values and "issuers" not in segments else ""
        access.check(vault, principal, (kind, operation.permission, operation.action), below)
    with simulator.store.writing():
        asking = Asking(simulator, vault, values, asked, request.body)
        body = operation.function(asking)
    status = operation.status
    return Answer(status, asking.headers) if body is None else json_answer(body, status, asking.headers)
