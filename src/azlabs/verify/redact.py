"""Keeps secrets out of what people read: by the form secrets have, and by value where one was read.

A check may have to read a key to call an API. Whatever it then says passes through `redact`, and so does
every report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock

HIDDEN = "(hidden)"

_NAMED = "(?:Account|SharedAccess|Shared|Access|Primary|Secondary|Api|Function|Host|Master|Instrumentation)Key"
_WORDS = "SharedAccessSignature|Password|Pwd|client_secret|access_token|refresh_token"
_FORMS = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        (rf"((?:{_NAMED}|{_WORDS})\s*[=:]\s*)[^;&\s\"',]+", rf"\1{HIDDEN}"),
        (r"([?&](?:sig|code|key|subscription-key|api-key)=)[^&\s\"']+", rf"\1{HIDDEN}"),
        (r"\b((?:Bearer|Basic|SharedKey|SharedAccessSignature)\s+)[A-Za-z0-9+/=._~:-]{12,}", rf"\1{HIDDEN}"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", HIDDEN),
        (r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{42,}={1,2}", HIDDEN),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", HIDDEN),
    )
]
_SECRET_NAME = re.compile(
    r"(?:(?:account|shared|access|primary|secondary|master|api|function|host|system|storage|admin|instrumentation)key"
    r"|key[12]|connectionstring|password|secret|secretvalue|secrettext|token|sastoken)$",
    re.IGNORECASE,
)
_SHORTEST = 8

_known: set[str] = set()
_lock = Lock()


def redact(text: str) -> str:
    """`text` with every secret replaced by "(hidden)"."""
    with _lock:
        known = sorted(_known, key=len, reverse=True)
    for value in known:
        text = text.replace(value, HIDDEN)
    for pattern, replacement in _FORMS:
        text = pattern.sub(replacement, text)
    return text


def remember_secrets(answer: object, *, all_values: bool = False) -> None:
    """Takes note of the secrets in an answer of Azure, so that no later text shows them.

    `all_values` is for answers of listKeys and its kin, in which plain members such as `value` are secret too.
    """
    found = {value for value in _secrets(answer, all_values) if len(value) >= _SHORTEST}
    if found:
        with _lock:
            _known.update(found)


@lru_cache(4096)
def _is_secret_name(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def _secrets(node: object, inside: bool) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            secret = _is_secret_name(str(name))
            if isinstance(value, str):
                if secret or (inside and str(name).lower() == "value"):
                    yield value
            else:
                yield from _secrets(value, inside or secret)
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, str) and inside:
                yield value
            else:
                yield from _secrets(value, inside)
