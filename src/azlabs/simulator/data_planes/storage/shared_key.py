"""The Shared Key scheme: what a client signs with an account key."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from azlabs.simulator.providers.storage.signatures import sign
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking

_STANDARD = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date", "if-modified-since",
    "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
_SPACE = re.compile(r"\s+")


def check(asking: Asking, authorization: str) -> None:
    """Raise 403 AuthenticationFailed unless one of the account's keys made the signature."""
    from azlabs.simulator.data_planes.storage.grants import failed

    scheme, _, rest = authorization.partition(" ")
    name, _, signature = rest.strip().partition(":")
    if name != asking.account_name and name != asking.account_name + "-secondary":
        raise failed("The account in the Authorization header is not the one in the host name.")
    texts = lite_texts(asking) if scheme.lower() == "sharedkeylite" else full_texts(asking)
    for one in asking.account.hidden["keys"]:
        for text in texts:
            if hmac.compare_digest(sign(one["value"], text), signature):
                return
    raise failed("The MAC signature found in the HTTP request is not the same as any computed signature.")


def full_texts(asking: Asking) -> list[str]:
    """What may have been signed; clients order header names with hyphens in two ways."""
    headers = asking.headers
    values = [headers.get(name, "") for name in _STANDARD]
    if values[2] == "0":
        values[2] = ""
    if "x-ms-date" in headers:
        values[5] = ""
    head = "\n".join([asking.method, *values]) + "\n"
    resource = _resource(asking)
    first, second = _custom(asking, lambda name: name), _custom(asking, lambda name: name.replace("-", ""))
    return [head + first + resource] if first == second else [head + first + resource, head + second + resource]


def lite_texts(asking: Asking) -> list[str]:
    """The same for Shared Key Lite."""
    headers = asking.headers
    values = [headers.get(name, "") for name in ("content-md5", "content-type")]
    date = "" if "x-ms-date" in headers else headers.get("date", "")
    resource = f"/{asking.account_name}{asking.raw_path}"
    if "comp" in asking.query:
        resource += f"?comp={asking.query['comp']}"
    return ["\n".join([asking.method, *values, date]) + "\n" + _custom(asking, lambda name: name) + resource]


def _custom(asking: Asking, order: object) -> str:
    names = sorted((name for name in asking.headers if name.startswith("x-ms-")), key=order)  # type: ignore[call-overload]
    return "".join(f"{name}:{_SPACE.sub(' ', asking.headers[name].strip())}\n" for name in names)


def _resource(asking: Asking) -> str:
    found: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(asking.raw_query, keep_blank_values=True, max_num_fields=200):
            found.setdefault(name.lower(), []).append(value)
    except ValueError:
        raise Refused(400, "InvalidUri", "The request URI is invalid.") from None
    lines = [f"\n{name}:{','.join(sorted(values))}" for name, values in sorted(found.items())]
    return f"/{asking.account_name}{asking.raw_path}" + "".join(lines)
