"""An Azure subscription as a cloud: who is signed in, which subscription, whether azlabs may use it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azlabs.cloud.arm_requests import ArmRequests
from azlabs.cloud.base import Cloud, Place, claims_of
from azlabs.cloud.errors import CredentialMissing, sign_in_refused
from azlabs.errors import AzlabsError, ExitCode

NAME = "azure"
REGION = "swedencentral"
_SCOPE = "https://management.azure.com/.default"
_SUBSCRIPTIONS_API = "2022-12-01"
_CLI_TIMEOUT_SECONDS = 20


class SubscriptionUnclear(AzlabsError):
    """Which subscription to use cannot be told, or it cannot be used."""


class SubscriptionNotAllowed(AzlabsError):
    """The list of allowed subscriptions does not name this one."""


@dataclass(frozen=True, slots=True)
class Door:
    """How requests reach Azure; tests put recordings here."""

    credential: Callable[[], Any]
    async_credential: Callable[[], Any]
    transport: Callable[[], Any]
    async_transport: Callable[[], Any]
    sleep: Callable[[float], None] = time.sleep
    poll_seconds: float = 5.0


def network_door() -> Door:
    """The real one: DefaultAzureCredential and the SDKs' own transports."""

    def credential() -> Any:
        import logging

        from azure.identity import DefaultAzureCredential

        # Without a handler Python prints what azure-identity tried, over the one sentence that says what to do.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        return DefaultAzureCredential(process_timeout=_CLI_TIMEOUT_SECONDS)

    def async_credential() -> Any:
        from azure.identity.aio import DefaultAzureCredential

        return DefaultAzureCredential(process_timeout=_CLI_TIMEOUT_SECONDS)

    def transport() -> Any:
        from azure.core.pipeline.transport import RequestsTransport

        return RequestsTransport()

    def async_transport() -> Any:
        from azure.core.pipeline.transport import AsyncioRequestsTransport

        return AsyncioRequestsTransport()  # needs no aiohttp

    return Door(credential, async_credential, transport, async_transport)


def connect(home: Path, subscription: str | None = None, door: Door | None = None) -> Cloud:
    """The subscription that is named (id or name), else AZURE_SUBSCRIPTION_ID, else the only one that is enabled.

    Raises CredentialMissing (nobody is signed in), SubscriptionUnclear, SubscriptionNotAllowed.
    """
    door = door or network_door()
    credential = door.credential()
    claims = _claims(credential)
    arm = ArmRequests(credential, door.transport(), door.sleep)
    found = _subscriptions(arm)
    chosen = _choose(found, subscription or os.environ.get("AZURE_SUBSCRIPTION_ID", ""))
    _require_allowed(chosen, allowed_subscriptions(home))
    return Cloud(
        Place(
            name=NAME,
            account=_account(claims),
            tenant_id=str(chosen.get("tenantId") or claims.get("tid") or ""),
            subscription_id=str(chosen["subscriptionId"]),
            subscription_name=str(chosen.get("displayName") or ""),
            region_default=os.environ.get("AZLABS_REGION", REGION),
            costs_money=True,
            sandboxes_expire=True,
            credential=credential,
            async_credential=door.async_credential,
            open_transport=door.transport,
            open_async_transport=door.async_transport,
            sleep=door.sleep,
            poll_seconds=door.poll_seconds,
        )
    )


def allowed_subscriptions(home: Path) -> list[str]:
    """Ids or names that azlabs may use: AZLABS_ALLOWED_SUBSCRIPTIONS (commas), else `allowed_subscriptions` of
    config.toml in the home; empty: all."""
    listed = os.environ.get("AZLABS_ALLOWED_SUBSCRIPTIONS")
    if listed is not None:
        return [entry.strip() for entry in listed.split(",") if entry.strip()]
    path = home / "config.toml"
    if not path.is_file():
        return []
    import tomllib

    try:
        value = tomllib.loads(path.read_text(encoding="utf-8")).get("allowed_subscriptions", [])
    except (OSError, ValueError) as problem:
        raise AzlabsError(
            f"The configuration {path} cannot be read: {problem}.",
            action="Correct the file. azlabs does not use a subscription without knowing which ones are allowed.",
            code="BrokenConfiguration",
        ) from problem
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise AzlabsError(
            f"allowed_subscriptions in {path} is not a list of names or ids.",
            action='Write it as allowed_subscriptions = ["...", "..."].',
            code="BrokenConfiguration",
        )
    return value


def _claims(credential: Any) -> dict[str, Any]:
    """What the access token says about who is signed in. It is read, not verified: Azure verifies it."""
    from azure.core.exceptions import ClientAuthenticationError

    try:
        token: str = credential.get_token(_SCOPE).token
    except ClientAuthenticationError as problem:
        if "AADSTS" in str(problem):
            raise sign_in_refused(str(problem)) from problem
        raise CredentialMissing(
            "Nobody is signed in to Azure.",
            action=(
                "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service "
                "principal; or work without Azure: --cloud simulator."
            ),
            code="NoAzureCredential",
        ) from problem
    return claims_of(token)


def _account(claims: dict[str, Any]) -> str:
    for name in ("upn", "unique_name", "preferred_username", "app_displayname", "appid", "oid"):
        if claims.get(name):
            return str(claims[name])
    return "unknown account"


def _subscriptions(arm: ArmRequests) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    url: str | None = "/subscriptions"
    while url:
        page = arm.send("GET", url, _SUBSCRIPTIONS_API).json or {}
        found += page.get("value") or []
        url = page.get("nextLink")
    return found


def _choose(found: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    enabled = [entry for entry in found if entry.get("state", "Enabled") in {"Enabled", "Warned", "PastDue"}]
    listing = "; ".join(f"{entry.get('displayName', '')} ({entry['subscriptionId']})" for entry in enabled)
    if wanted:
        named = [
            entry
            for entry in found
            if wanted.lower() in {str(entry["subscriptionId"]).lower(), str(entry.get("displayName", "")).lower()}
        ]
        if len(named) == 1 and named[0] in enabled:
            return named[0]
        if len(named) == 1:
            raise SubscriptionUnclear(
                f"The subscription {wanted} is {named[0].get('state')}.",
                action=f"Choose one that is enabled: {listing or 'there is none'}.",
            )
        reason = "is the name of several subscriptions" if named else "is not a subscription that this account can see"
        raise SubscriptionUnclear(f"'{wanted}' {reason}.", action=f"Choose one of: {listing or 'there is none'}.")
    if len(enabled) == 1:
        return enabled[0]
    if not enabled:
        raise SubscriptionUnclear(
            "This account sees no enabled subscription.",
            action="Sign in with an account that has one, or work without Azure: --cloud simulator.",
            exit_code=ExitCode.UNREACHABLE,
        )
    raise SubscriptionUnclear(
        "This account sees several subscriptions.",
        action=f"Name one with --subscription or AZURE_SUBSCRIPTION_ID: {listing}.",
    )


def _require_allowed(chosen: dict[str, Any], allowed: list[str]) -> None:
    names = {str(chosen["subscriptionId"]).lower(), str(chosen.get("displayName", "")).lower()}
    if allowed and not names & {entry.lower() for entry in allowed}:
        raise SubscriptionNotAllowed(
            f"azlabs may not use the subscription {chosen.get('displayName', '')} ({chosen['subscriptionId']}).",
            action="Choose an allowed one, or add it to AZLABS_ALLOWED_SUBSCRIPTIONS or config.toml.",
        )
