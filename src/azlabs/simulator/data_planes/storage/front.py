"""The front of a storage service: which account, what comes before every operation, how refusals are written."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from azlabs.simulator.data_planes.storage import firewall, grants
from azlabs.simulator.data_planes.storage.asking import Asking, error, finish, invalid_header, request_id
from azlabs.simulator.http import Answer, CaseInsensitive, Request, parse_query, split_url
from azlabs.simulator.providers.storage.base import ACCOUNT_KEY
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource
    from azlabs.simulator.store import Store

_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
SMALL = 1 << 20
"""Requests up to this size are answered as a whole under the store's lock; longer ones take it where they need it."""
Serve = Callable[[Asking], Answer]


def find_account(store: Store, name: str) -> Resource | None:
    """The account with this name."""
    found = store.select("type=? AND key LIKE ?", (ACCOUNT_KEY, f"%/{name.lower()}"))
    return found[0] if found else None


def account_of(store: Store, label: str) -> tuple[Resource, bool]:
    """(account, secondary?) by the first label of the host. Raises 404: on Azure the name does not resolve."""
    account = find_account(store, label)
    if account is not None:
        return account, False
    if label.endswith("-secondary"):
        account = find_account(store, label.removesuffix("-secondary"))
        if account is not None and account.body["sku"]["name"].partition("_")[2].startswith("RA"):
            return account, True
    raise Refused(
        404,
        "ResourceNotFound",
        f"There is no storage account '{label[:63]}' (on Azure its host name does not resolve).",
    )


def handle(simulator: Simulator, service: str, request: Request, path: str, query_text: str, serve: Serve) -> Answer:
    """Answer one request: find the account, apply its network rules, find out who asks, and serve."""
    id = request_id()
    now = simulator.clock.now()
    headers = CaseInsensitive(request.headers)
    small = request.spool is None and len(request.body or b"") <= SMALL
    with simulator.store.lock if small else contextlib.nullcontext():
        answer = _answer(simulator, service, request, path, query_text, serve, headers, id, now)
    return finish(answer, headers, id, now, request.method.upper())


def _answer(
    simulator: Simulator, service: str, request: Request, path: str, query_text: str, serve: Serve, headers: CaseInsensitive, id: str,
    now: float,
) -> Answer:  # fmt: skip
    try:
        account, secondary = account_of(simulator.store, split_url(request.url)[0].partition(".")[0])
        try:
            query = parse_query(query_text)
        except ValueError:
            raise Refused(
                400, "InvalidUri", "The requested URI does not represent any resource on the server."
            ) from None
        container, _, name = unquote(path.lstrip("/"), errors="replace").partition("/")
        asking = Asking(
            simulator, service, account, request.method.upper(), request.url, path, query_text, query, headers, request.body or b"",
            request.spool, now, container, name, secondary,
        )  # fmt: skip
        if secondary and asking.method not in ("GET", "HEAD"):
            raise Refused(403, "WriteOperationsNotAllowedOnSecondary", "Write operations are not allowed.")
        _check_version(headers)
        firewall.check(asking)
        asking.grant = grants.identify(asking)
        return serve(asking)
    except Refused as refusal:
        return error(refusal, id, now)


def _check_version(headers: CaseInsensitive) -> None:
    """The service version is a date; what changes how a body is read is refused when it is not known here."""
    version = headers.get("x-ms-version")
    if version is not None and _VERSION.fullmatch(version) is None:
        raise invalid_header("x-ms-version", version)
    if "x-ms-structured-body" in headers:
        raise not_modelled("structured bodies of blobs")
