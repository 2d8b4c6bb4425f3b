"""Requests to a storage account in somebody's name: with a token, an account key or a shared access signature.

The account answers as it answers any other client, so that missing rights fail as they do on Azure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, quote, urlencode

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.http import Answer, Request

if TYPE_CHECKING:
    from azlabs.simulator.functions.connections import Connection

VERSION = "2023-11-03"
AUDIENCE = "https://storage.azure.com"
DOMAIN = "core.windows.net"
Name = Literal["blob", "queue"]
Send = Callable[[Request], Answer]
_SIGNED = (
    "content-md5", "content-type", "", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
"""What Shared Key signs after the length; the date goes as x-ms-date."""
_URI = {"blob": "blobServiceUri", "queue": "queueServiceUri"}


@dataclass(slots=True)
class Service:
    """One service of one account. `endpoint`: https://account.blob.core.windows.net, without a slash at its end."""

    send: Send
    endpoint: str
    token: Callable[[], str] | None = None
    key: str = ""
    sas: str = ""

    @property
    def account(self) -> str:
        """The account's name."""
        return self.endpoint.partition("://")[2].partition(".")[0]

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request; `path` is unquoted and starts with the container or queue."""
        quoted = "/" + quote(path.lstrip("/"), safe="/~!$&'()*+,;=:@")
        text = urlencode(query or {}, quote_via=quote)
        sent = {"x-ms-version": VERSION, "x-ms-date": formatdate(time.time(), usegmt=True), **(headers or {})}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        elif method in ("PUT", "POST"):
            sent["Content-Length"], body = "0", b""
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token()}"
        elif self.key:
            sent["Authorization"] = f"SharedKey {self.account}:{self._signature(method, quoted, text, sent)}"
        elif self.sas:
            text = f"{text}&{self.sas}" if text else self.sas
        url = f"{self.endpoint}{quoted}" + (f"?{text}" if text else "")
        return self.send(Request(method, url, sent, body))

    def _signature(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
        """The signature of Shared Key: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key"""
        from azlabs.simulator.providers.storage.signatures import sign

        low = {name.lower(): value.strip() for name, value in headers.items()}
        length = low.get("content-length", "")
        lengthless = [method, low.get("content-encoding", ""), low.get("content-language", ""), "" if length == "0" else length]
        head = lengthless + [low.get(name, "") for name in _SIGNED]
        own = [f"{name}:{low[name]}" for name in sorted(low) if name.startswith("x-ms-")]
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            found.setdefault(name.lower(), []).append(value)
        resource = [f"/{self.account}{path}", *(f"{name}:{','.join(sorted(values))}" for name, values in sorted(found.items()))]
        return sign(self.key, "\n".join([*head, *own, *resource]))


def parsed(text: str) -> dict[str, str]:
    """The parts of a connection string; names keep their spelling, values may hold `=`."""
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in parts}


def from_string(send: Send, text: str, service: Name, name: str) -> Service:
    """The service that a connection string means. Raises `FunctionProblem`; `name` is the setting's."""
    parts = parsed(text)
    if parts.get("UseDevelopmentStorage", "").lower() == "true":
        raise FunctionProblem(f"The setting '{name}' asks for the storage emulator, which azlabs does not have; name a storage account.")
    account = parts.get("AccountName", "")
    endpoint = parts.get(f"{service.capitalize()}Endpoint", "").rstrip("/")
    if not endpoint and account:
        endpoint = f"https://{account}.{service}.{parts.get('EndpointSuffix', DOMAIN)}"
    key, sas = parts.get("AccountKey", ""), parts.get("SharedAccessSignature", "").lstrip("?")
    if not endpoint or not (key or sas):
        raise FunctionProblem(f"The setting '{name}' is not the connection string of a storage account.")
    return Service(send, endpoint, key=key, sas=sas)


def from_connection(connection: Connection, send: Send, service: Name, name: str) -> Service:
    """The service that an app's connection means, in the form of a string or of an identity. Raises `FunctionProblem`."""
    if connection.text:
        return from_string(send, connection.text, service, name)
    endpoint = (connection.get(_URI[service]) or connection.get("serviceUri")).rstrip("/")
    account = connection.get("accountName")
    if not endpoint and account:
        endpoint = f"https://{account}.{service}.{DOMAIN}"
    if not endpoint:
        raise FunctionProblem(
            f"The connection '{name}' has neither a connection string nor '{name}__{_URI[service]}' nor '{name}__accountName'."
        )
    return Service(send, endpoint, token=lambda: connection.token(AUDIENCE))


def said(answer: Answer) -> str:
    """What the service says of a request that it refused, in one sentence."""
    import re

    code = next((value for name, value in answer.headers.items() if name.lower() == "x-ms-error-code"), "")
    message = re.search(rb"<Message>(.*?)(?:\n|</Message>)", answer.body or b"", re.S)
    text = message[1].decode("utf-8", "replace").strip() if message else ""
    return f"{answer.status} {code}: {text}".strip().rstrip(":") if code or text else f"status {answer.status}"


def create(service: Service, method: str, name: str, query: Mapping[str, str]) -> None:
    """Make a container or a queue unless it is there. Raises `FunctionProblem`."""
    answer = service.request(method, name, query)
    if answer.status >= 300 and answer.status != 409:
        raise FunctionProblem(f"'{name}' is missing in '{service.account}' and cannot be made: {said(answer)}")
