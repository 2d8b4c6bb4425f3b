"""The front of an account with models: which operation, who asks, how refusals are written.

Two forms of address: /openai/deployments/<deployment>/<operation>?api-version=... and /openai/v1/<operation> with the deployment
as `model` in the body. Order of the checks: the account exists, its network rules, key or token, the api-version, the operation,
the deployment, the request.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from azlabs.simulator.data_planes.openai import accounts, embeddings
from azlabs.simulator.data_planes.openai.errors import Invalid, no_resource, wrong_operation
from azlabs.simulator.http import Answer, CaseInsensitive, Request, json_answer, parse_query, split_url
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

_log = logging.getLogger(__name__)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/([a-z/]+)")
_V1 = re.compile(r"/openai/v1/([a-z_/]+)")
OTHERS = {
    "chat/completions": ("chatCompletion", "chat completions"), "completions": ("completion", "completions"),
    "responses": ("responses", "responses"), "images/generations": ("imageGenerations", "images"),
    "audio/transcriptions": ("audioTranscription", "audio"), "audio/translations": ("audioTranslation", "audio"),
    "audio/speech": ("audioSpeech", "audio"), "images/edits": ("imageEdits", "images"),
}  # fmt: skip
"""Operations that are not modelled: the capability of a model that they need, and what they are called."""


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request to an account of Azure OpenAI."""
    try:
        found = _serve(simulator, request, path, query)
    except Refused as refusal:
        found = json_answer(refusal.body(), refusal.status, refusal.headers)
    except RecursionError:
        found = json_answer(Invalid("We could not parse the JSON body of your request.").body(), 400)
    found.headers.setdefault("apim-request-id", str(uuid.uuid4()))
    found.headers.setdefault("x-content-type-options", "nosniff")
    return found


def _serve(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    host, headers = split_url(request.url)[0], CaseInsensitive(request.headers)
    regional = host.endswith(accounts.REGIONAL)
    lower = path.rstrip("/").lower()
    v1 = lower.startswith("/openai/v1/")
    rows = accounts.accounts_of(simulator, host)
    if not regional:
        accounts.check_network(rows[0], headers)
    account = accounts.authorize(simulator, rows, headers, v1=v1, regional=regional)
    if regional:
        accounts.check_network(account, headers)
    version = parse_query(query).get("api-version", "")
    if v1:
        if version not in ("", "preview", "latest", "v1"):
            raise Refused(400, "BadRequest", "API version not supported")
        match = _V1.fullmatch(lower)
        operation, name, version = match[1] if match else "", "", version or "v1"
    else:
        match = _DEPLOYMENT.fullmatch(lower)
        if not _VERSION.fullmatch(version):
            raise no_resource()
        if match is None:
            raise not_modelled(f"the path {path[:120]} of {host[:120]}")
        operation, name = match[2], unquote(path.rstrip("/").split("/")[3])
    if operation != "embeddings" and operation not in OTHERS:
        raise not_modelled(f"{operation or path[:120]} of Azure OpenAI")
    if request.method.upper() != "POST":
        raise Refused(405, "405", "Method Not Allowed")
    body = _json(request)
    name = name or (str(body.get("model") or "") if isinstance(body, dict) else "")
    if v1 and not name:
        raise Invalid("you must provide a model parameter")
    return _run(simulator, accounts.deployment_of(simulator, account, name), operation, body, version, account)


def _run(simulator: Simulator, deployment: Resource, operation: str, body: Any, version: str, account: Resource) -> Answer:
    if operation != "embeddings":
        needed, words = OTHERS[operation]
        if (deployment.body["properties"].get("capabilities") or {}).get(needed) != "true":
            raise wrong_operation(needed, str(deployment.body["properties"]["model"]["name"]))
        raise not_modelled(f"{words} of Azure OpenAI")
    text, headers = embeddings.create(simulator, deployment, body, version)
    more = {"x-ms-region": account.location or "", "x-ms-deployment-name": deployment.name, "x-request-id": str(uuid.uuid4())}
    return json_answer(text, 200, {**headers, **more})


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body or b"")
    except ValueError:
        raise Invalid("We could not parse the JSON body of your request.") from None
