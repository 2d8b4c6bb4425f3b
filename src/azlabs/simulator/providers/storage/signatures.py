"""Shared access signatures: the text that is signed, and tokens made by the control plane.

Texts to sign are those of "Create an account SAS" and "Create a service SAS" (REST reference of Azure Storage).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote

from azlabs.simulator.http import dumps
from azlabs.simulator.providers.storage.base import Body, invalid

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

VERSION = "2015-04-05"
"""The storage version that the control plane signs for."""
ACCOUNT_FIELDS = (
    ("sv", ""), ("ss", "signedServices"), ("srt", "signedResourceTypes"), ("sp", "signedPermission"), ("st", "signedStart"),
    ("se", "signedExpiry"), ("spr", "signedProtocol"), ("sip", "signedIp"),
)  # fmt: skip
SERVICE_FIELDS = (
    ("sv", ""), ("sr", "signedResource"), ("sp", "signedPermission"), ("st", "signedStart"), ("se", "signedExpiry"),
    ("spr", "signedProtocol"), ("sip", "signedIp"), ("si", "signedIdentifier"), ("rscc", "rscc"), ("rscd", "rscd"),
    ("rsce", "rsce"), ("rscl", "rscl"), ("rsct", "rsct"),
)  # fmt: skip


def sign(key: str, text: str) -> str:
    """HMAC-SHA256 of a text with an account key, both in the base64 that Azure uses."""
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def account_text(account: str, fields: dict[str, str]) -> str:
    """What an account signature signs; `fields` are the token's parameters."""
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if fields.get("sv", "") >= "2020-12-06":
        names.append("ses")
    return "\n".join([account, *(fields.get(name, "") for name in names)]) + "\n"


def key_of(keys: list[Body], name: str) -> str:
    """The value of a key by its name."""
    found = next((one["value"] for one in keys if one["keyName"] == (name or "key1").lower()), None)
    if not isinstance(found, str):
        invalid("keyToSign")
    return found


def account_token(call: Call, account: str, asked: Body) -> str:
    """The token that ListAccountSas answers with."""
    for name in ("signedServices", "signedResourceTypes", "signedPermission", "signedExpiry"):
        if not isinstance(asked.get(name), str) or not asked[name]:
            invalid(name)
    fields = _fields(ACCOUNT_FIELDS, asked)
    return _token(fields, sign(_key(call, asked), account_text(account, fields)))


def service_token(call: Call, account: str, asked: Body) -> str:
    """The token that ListServiceSas answers with."""
    resource = asked.get("canonicalizedResource")
    parts = str(resource).split("/", 3)
    if len(parts) < 4 or parts[1] not in ("blob", "file", "queue", "table") or parts[2] != account:
        invalid("canonicalizedResource")
    if not asked.get("signedIdentifier") and not asked.get("signedExpiry"):
        invalid("signedExpiry")
    fields = _fields(SERVICE_FIELDS, asked)
    names = ["sp", "st", "se"]
    text = [fields.get(name, "") for name in names] + [str(resource)]
    text += [fields.get(name, "") for name in ("si", "sip", "spr", "sv")]
    if parts[1] in ("blob", "file"):
        text += [fields.get(name, "") for name in ("rscc", "rscd", "rsce", "rscl", "rsct")]
    return _token(fields, sign(_key(call, asked), "\n".join(text)))


def _key(call: Call, asked: Body) -> str:
    row = call.store.get(call.key)
    return key_of(row.hidden["keys"] if row is not None else [], str(asked.get("keyToSign") or ""))


def _fields(table: tuple[tuple[str, str], ...], asked: Body) -> dict[str, str]:
    found = {short: str(asked[name]) for short, name in table if name and asked.get(name) is not None}
    return {"sv": VERSION, **found}


def _token(fields: dict[str, str], signature: str) -> str:
    pairs = [*fields.items(), ("sig", signature)]
    return "&".join(f"{name}={quote(value, safe=',' if name != 'sig' else '')}" for name, value in pairs)


def store_hidden(call: Call, row: Resource, hidden: Body, document: Body | None = None) -> None:
    """Change what is kept beside a stored resource, and its document if one is given."""
    with call.store.writing():
        row.hidden_text = dumps(hidden)
        if document is not None:
            row.body = document
        call.store.update(row)
