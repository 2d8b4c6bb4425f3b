"""Tokens of the managed identities of an app, by the endpoint that its own code uses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.http import Request

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

ENDPOINT = "https://169.254.169.254/metadata/identity/oauth2/token"


def token(simulator: Simulator, site_id: str, audience: str, identity: str = "") -> str:
    """A token for an audience. `identity`: a client id or a resource id of a user-assigned identity, "" for the
    system-assigned one. Raises `FunctionProblem` when the app has no such identity.
    """
    asked = {"resource": audience, "api-version": "2019-08-01"}
    if identity:
        asked["mi_res_id" if identity.startswith("/") else "client_id"] = identity
    headers = {"X-IDENTITY-HEADER": simulator.identity_header(site_id)}
    answer = simulator.handle(Request("GET", f"{ENDPOINT}?{urlencode(asked)}", headers))
    if answer.status != 200:
        if identity:
            raise FunctionProblem(f"the identity '{identity.rpartition('/')[2]}' is not assigned to the app")
        raise FunctionProblem(
            "the app has no system-assigned identity, and no client id says which of its user-assigned identities is meant"
        )
    return str(answer.json()["access_token"])
