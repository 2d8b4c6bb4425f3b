"""Shared access signatures on requests: of an account, of a service, of a user delegation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.storage.firewall import client_address
from azlabs.simulator.providers.storage.signatures import account_text, sign
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.tokens import Principal

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.data_planes.storage.grants import Grant, Need

NAMES = (
    "sv", "ss", "srt", "sp", "st", "se", "sip", "spr", "sr", "si", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid",
    "sdd", "ses", "rscc", "rscd", "rsce", "rscl", "rsct", "sig", "skdutid", "sduoid", "srh", "srq", "tn",
)  # fmt: skip
RESPONSE = {
    "rscc": "Cache-Control", "rscd": "Content-Disposition", "rsce": "Content-Encoding", "rscl": "Content-Language", "rsct": "Content-Type",
}  # fmt: skip
"""Headers of the answer that a signature may set."""


def grant(asking: Asking) -> Grant:
    """Check a signature and its times. Raises 403."""
    from azlabs.simulator.data_planes.storage.grants import Grant, failed, keys_allowed

    fields = {name: asking.query[name] for name in NAMES if name in asking.query}
    if "skoid" in fields:
        found = Grant("sas", fields, Principal(fields["skoid"].lower(), fields.get("sktid", "")))
        texts = delegation_texts(asking, fields)
        key = base64.b64encode(user_key(asking, fields)).decode()
        good = any(hmac.compare_digest(sign(key, text), fields["sig"]) for text in texts)
    else:
        keys_allowed(asking)
        found = Grant("account-sas" if "ss" in fields else "sas", fields)
        texts = [account_text(asking.account_name, fields)] if "ss" in fields else service_texts(asking, fields)
        good = any(
            hmac.compare_digest(sign(one["value"], text), fields["sig"])
            for one in asking.account.hidden["keys"]
            for text in texts
        )
    if not good:
        raise failed("Signature did not match.")
    if "si" in fields:
        _stored_policy(asking, fields)
    _times(asking, fields)
    return found


def _times(asking: Asking, fields: dict[str, str]) -> None:
    from azlabs.simulator.data_planes.storage.grants import failed

    start, end = fields.get("st"), fields.get("se")
    if not end:
        raise failed("Signature fields are not well formed: se is missing.")
    try:
        if moment(end) <= asking.now or (start and moment(start) > asking.now):
            raise failed(f"Signature not valid in the specified time frame: Start [{start or ''}] - Expiry [{end}]")
        skend = fields.get("ske")
        if skend and (moment(skend) <= asking.now or moment(fields.get("skt", skend)) > asking.now):
            raise failed("The user delegation key is not valid at this time.")
    except ValueError:
        raise failed("Signature fields are not well formed.") from None
    if fields.get("spr") == "https" and asking.url.startswith("http://"):
        raise Refused(
            403,
            "AuthorizationProtocolMismatch",
            "This request is not authorized to perform this operation using this protocol.",
        )
    if fields.get("sip"):
        first, _, last = fields["sip"].partition("-")
        address = ipaddress.ip_address(client_address(asking))
        try:
            inside = ipaddress.ip_address(first) <= address <= ipaddress.ip_address(last or first)  # type: ignore[operator]
        except (ValueError, TypeError):
            raise failed("Signature fields are not well formed.") from None
        if not inside:
            raise Refused(
                403, "AuthorizationSourceIPMismatch", "This request is not authorized to perform this operation using this source IP "
                f"{address}.",
            )  # fmt: skip


def moment(text: str) -> float:
    """Seconds since the epoch of a time in a signature. Raises ValueError."""
    if text.endswith("Z") and "." in text:
        head, _, fraction = text[:-1].partition(".")
        text = f"{head}.{fraction[:6]}Z"
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _stored_policy(asking: Asking, fields: dict[str, str]) -> None:
    """What the signature leaves open, the stored access policy of the container or queue says."""
    from azlabs.simulator.data_planes.storage.grants import failed, scope_of

    row = asking.store.get(scope_of(asking).lower())
    policies = (row.hidden if row is not None else {}).get("policies") or []
    policy = next((one for one in policies if one["id"] == fields["si"]), None)
    if policy is None:
        raise failed("The stored access policy that the signature names does not exist.")
    for name, part in (("st", "start"), ("se", "expiry"), ("sp", "permission")):
        if policy.get(part):
            if fields.get(name) and name != "sp":
                raise failed("A field is given both in the signature and in the stored access policy.")
            fields[name] = policy[part]


def canonical(asking: Asking, whole_container: bool) -> str:
    """/service/account/container[/name]."""
    path = f"/{asking.service}/{asking.account_name}/{asking.container}"
    return path if whole_container or not asking.name else f"{path}/{asking.name}"


def _blob_resource(asking: Asking, fields: dict[str, str]) -> str:
    kind = fields.get("sr", "")
    if kind == "d":
        depth = int(fields.get("sdd", "0") or 0) if fields.get("sdd", "0").isdecimal() else 0
        return f"/{asking.service}/{asking.account_name}/{asking.container}/" + "/".join(asking.name.split("/")[:depth])
    return canonical(asking, kind == "c")


def service_texts(asking: Asking, fields: dict[str, str]) -> list[str]:
    """What a service signature signs, by the version it names."""
    version = fields.get("sv", "")
    get = fields.get
    if asking.service != "blob":
        names = ("sp", "st", "se")
        text = [get(name, "") for name in names] + [canonical(asking, True)]
        return ["\n".join([*text, get("si", ""), get("sip", ""), get("spr", ""), version])]
    text = [
        get("sp", ""),
        get("st", ""),
        get("se", ""),
        _blob_resource(asking, fields),
        get("si", ""),
        get("sip", ""),
        get("spr", ""),
        version,
    ]
    if version >= "2018-11-09":
        text += [get("sr", ""), _moment_of_blob(asking, fields)]
    if version >= "2020-12-06":
        text.append(get("ses", ""))
    return ["\n".join([*text, *(get(name, "") for name in RESPONSE)])]


def _moment_of_blob(asking: Asking, fields: dict[str, str]) -> str:
    return {"bs": asking.query.get("snapshot", ""), "bv": asking.query.get("versionid", "")}.get(
        fields.get("sr", ""), ""
    )


def delegation_texts(asking: Asking, fields: dict[str, str]) -> list[str]:
    """What a user delegation signature signs, by the version it names."""
    version = fields.get("sv", "")
    get = fields.get
    text = [
        get("sp", ""),
        get("st", ""),
        get("se", ""),
        _blob_resource(asking, fields) if asking.service == "blob" else canonical(asking, True),
    ]
    text += [get(name, "") for name in ("skoid", "sktid", "skt", "ske", "sks", "skv")]
    if asking.service == "blob" and version >= "2020-02-10":
        text += [get(name, "") for name in ("saoid", "suoid", "scid")]
    if version >= "2025-07-05":
        text += [get("skdutid", ""), get("sduoid", "")]
    text += [get("sip", ""), get("spr", ""), version]
    if asking.service == "blob":
        text += [get("sr", ""), _moment_of_blob(asking, fields)]
        if version >= "2020-12-06":
            text.append(get("ses", ""))
        if version >= "2026-02-06":
            text += [get("srh", ""), get("srq", "")]
        text += [get(name, "") for name in RESPONSE]
    return ["\n".join(text)]


def user_key(asking: Asking, fields: dict[str, str]) -> bytes:
    """The key that the account hands out for a user, a time and a service: made from the account's secret and those."""
    hidden = asking.account.hidden
    secret = (
        f"{hidden.get('delegation_since', '')}/{asking.account.id.lower()}/".encode()
        + asking.simulator.tokens.signing_key
    )
    text = "\n".join(fields.get(name, "") for name in ("skoid", "sktid", "skt", "ske", "sks", "skv"))
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()


def authorize(asking: Asking, grant: Grant, need: Need) -> None:
    """Raise 403 unless the signature covers the resource and gives a permission that is enough."""
    from azlabs.simulator.data_planes.storage.grants import mismatch

    fields = grant.fields
    if grant.kind == "account-sas":
        if asking.service[0] not in fields.get("ss", ""):
            raise Refused(
                403,
                "AuthorizationServiceMismatch",
                "This request is not authorized to perform this operation using this service.",
            )
        if need.level not in fields.get("srt", ""):
            raise Refused(
                403,
                "AuthorizationResourceTypeMismatch",
                "This request is not authorized to perform this operation using this resource type.",
            )
    elif asking.service == "blob":
        kind = fields.get("sr", "")
        inner = need.level == "o" or (need.level == "c" and kind in ("c", "d") and set(need.letters) & set("lfi"))
        if (
            not inner
            or (kind == "bs" and not asking.query.get("snapshot"))
            or (kind == "bv" and not asking.query.get("versionid"))
        ):
            raise mismatch()
    elif need.level == "s" or (need.level == "c" and not set(need.letters) & set("rp")):
        raise mismatch()
    if not set(need.letters) & set(fields.get("sp", "")):
        raise mismatch()
