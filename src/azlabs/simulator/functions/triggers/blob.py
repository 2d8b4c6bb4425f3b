"""Blob trigger: scans of a container, or events that Event Grid delivers; receipts, retries and poison as in Azure's host.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-trigger
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from azlabs.simulator.functions import keys
from azlabs.simulator.functions.bindings import blob, queue, storage
from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem
from azlabs.simulator.functions.triggers.event_grid import taken
from azlabs.simulator.functions.triggers.polling import Polling
from azlabs.simulator.functions.triggers.queue_listener import Message, QueueListener
from azlabs.simulator.http import Answer, Request

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

RECEIPTS = "azure-webjobs-hosts"
POISON = "webjobs-blobtrigger-poison"
HOST_ID = 32
FLEX = "FlexConsumption"
CREATED = ("microsoft.storage.blobcreated", "microsoft.storage.blobrenamed")
_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path with parameters: `invoices/{customer}/{name}.json`."""

    container: str
    expression: re.Pattern[str]
    names: tuple[str, ...]

    def match(self, name: str) -> dict[str, str] | None:
        """The parameters' values in a blob's name; None when it is another one."""
        found = self.expression.fullmatch(name)
        return None if found is None else dict(zip(self.names, found.groups(), strict=True))


def pattern(path: str) -> Pattern:
    """Read a path. Raises `FunctionProblem`."""
    container, _, rest = path.strip("/").partition("/")
    if not container or "{" in container:
        raise FunctionProblem(f"The path '{path}' of a blob trigger has to begin with the name of a container.")
    if not rest:
        return Pattern(container.lower(), re.compile(".*", re.S), ())
    text, names, last = "", [], 0
    for match in _PARAMETER.finditer(rest):
        text += re.escape(rest[last : match.start()]) + "(.+?)"
        names.append(match[1].strip())
        last = match.end()
    if len({name.lower() for name in names}) != len(names):
        raise FunctionProblem(f"The path '{path}' of a blob trigger names a parameter twice.")
    return Pattern(container.lower(), re.compile(text + re.escape(rest[last:]), re.S), tuple(names))


class BlobTrigger(Polling):
    """One function that new and changed blobs start."""

    kind: ClassVar[str] = "blobTrigger"
    webhook: ClassVar[str] = "blobs"

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        binding = function.trigger
        self._pattern = pattern(app.setting(str(binding.get("path") or ""), f"function '{function.name}'"))
        self._by_events = str(binding.get("source") or "").lower() == "eventgrid"
        if app.inputs.tier == FLEX and not self._by_events:
            raise FunctionProblem(
                f"The blob trigger of function '{function.name}' scans its container, which a Flex Consumption plan does not do; set "
                'source="EventGrid" and let an event subscription deliver to the app.'
            )
        self._blobs = blob.service(app, binding)
        host = {"connection": blob.DEFAULT}
        self._receipts, queues = blob.service(app, host), queue.service(app, host)
        self._id = app.name.lower()[:HOST_ID]
        self._full_name = f"{self._id}.Functions.{function.name}"
        # The queue of Azure's host is shared by all functions of an app; a queue for each needs no looking for whose message it is.
        self._queue = f"azure-webjobs-blobtrigger-{self._id}-{_plain(function.name)}"[:63].rstrip("-")
        self._queues = queues
        self._listener = QueueListener(app, queues, self._queue, POISON, self._work)
        self._seen: dict[str, str] = {}

    def look(self) -> bool:
        """Note blobs that are new, and work on those that are noted."""
        fresh = False if self._by_events else self._scan()
        return self._listener.look() or fresh

    def start(self) -> None:
        """Begin; the key of the address for events is made now."""
        keys.system_key(self.app.simulator, self.app.site_key, "blobs_extension")
        super().start()

    def stop(self) -> None:
        """Take no more of them."""
        self._listener.ended.set()
        super().stop()

    # --- which blobs ------------------------------------------------------------------------------------------------------
    def _scan(self) -> bool:
        fresh = False
        there: dict[str, str] = {}
        for name, etag in self._list():
            there[name] = etag
            if self._seen.get(name) != etag and self._pattern.match(name) is not None:
                fresh = self._note(name, etag) or fresh
        self._seen = there
        return fresh

    def _list(self) -> Iterator[tuple[str, str]]:
        """(name, etag) of all blobs in the container; none while there is no container."""
        marker = ""
        while True:
            asked = {"restype": "container", "comp": "list", **({"marker": marker} if marker else {})}
            answer = self._blobs.request("GET", self._pattern.container, asked)
            if answer.status == 404:
                return
            if answer.status >= 300:
                raise FunctionProblem(f"The container '{self._pattern.container}' cannot be listed: {storage.said(answer)}")
            root = ElementTree.fromstring(answer.body.lstrip(b"\xef\xbb\xbf"))
            for one in root.iter("Blob"):
                yield one.findtext("Name") or "", (one.findtext("Properties/Etag") or "").strip('"')
            marker = root.findtext("NextMarker") or ""
            if not marker:
                return

    def _note(self, name: str, etag: str) -> bool:
        """Put a blob into the host's queue unless its receipt is there; True when it was put there."""
        receipt = f"{RECEIPTS}/blobreceipts/{self._id}/{self._full_name}/{etag}/{self._pattern.container}/{name}"
        known = self._receipts.request("HEAD", receipt)
        if known.status == 200:
            return False
        if known.status != 404:
            raise FunctionProblem(f"The receipts of blobs in '{RECEIPTS}' cannot be read: {storage.said(known)}")
        message = {
            "Type": "BlobTrigger", "FunctionId": self._full_name, "BlobType": "BlockBlob", "ContainerName": self._pattern.container,
            "BlobName": name, "ETag": f'"{etag}"',
        }  # fmt: skip
        text = json.dumps(message, ensure_ascii=False)
        queue.send(self._queues, self._queue, queue.encoded(self.app, text.encode()), f"The blob '{name}'")
        blob.put(self._receipts, receipt, b"")
        return True

    # --- one blob ---------------------------------------------------------------------------------------------------------
    def _work(self, message: Message, body: bytes) -> bool:  # noqa: ARG002
        wanted = json.loads(body)
        event = self._event(str(wanted["BlobName"]), str(wanted.get("ETag", "")))
        return event is None or self.app.invoke(self.function, event).ok

    def _event(self, name: str, etag: str = "") -> Event | None:
        """What a blob starts; None when it is gone, or another one by now."""
        values = self._pattern.match(name)
        answer = self._blobs.request("GET", f"{self._pattern.container}/{name}", None, {"If-Match": etag} if etag.strip('"') else None)
        if answer.status in (404, 412) or values is None:
            return None
        if answer.status >= 300:
            raise FunctionProblem(f"The blob '{name}' cannot be read: {storage.said(answer)}")
        return self._made(name, answer.body, {key.lower(): value for key, value in answer.headers.items()}, values)

    def _made(self, name: str, content: bytes, headers: Mapping[str, str], values: Mapping[str, str]) -> Event:
        path = f"{self._pattern.container}/{name}"
        written = headers.get("last-modified", "")
        properties = {
            "ContentLength": len(content), "Length": len(content), "ETag": headers.get("etag", ""),
            "ContentType": headers.get("content-type", ""), "BlobType": headers.get("x-ms-blob-type", "BlockBlob"),
            "LastModified": parsedate_to_datetime(written).isoformat() if written else "",
        }  # fmt: skip
        own = {key.removeprefix("x-ms-meta-"): value for key, value in headers.items() if key.startswith("x-ms-meta-")}
        uri = f"{self._blobs.endpoint}/{path}"
        metadata = {
            "BlobTrigger": Datum("string", path), "Uri": Datum("string", uri), "Properties": Datum("json", json.dumps(properties)),
            "Metadata": Datum("json", json.dumps(own)), **{key: Datum("string", value) for key, value in values.items()},
        }  # fmt: skip
        named: dict[str, Any] = {**values, "BlobTrigger": path, "Uri": uri, "Properties": properties, "Metadata": own}
        text = str(self.function.trigger.get("dataType", "")).lower() == "string"
        data = Datum("string", content.decode("utf-8", "replace")) if text else Datum("bytes", content)
        return Event(data, metadata, named, reason=f"New blob detected: {path}")

    # --- events -----------------------------------------------------------------------------------------------------------
    def hook(self, request: Request, query: Mapping[str, str]) -> Answer:  # noqa: ARG002
        """Event Grid delivers that a blob was written: /runtime/webhooks/blobs?functionName=Host.Functions.<name>&code=..."""
        return taken(request, self._told)

    def _told(self, event: dict[str, Any]) -> bool:
        kind = str(event.get("eventType") or event.get("type") or "").lower()
        data = event.get("data") or {}
        container, _, name = unquote(urlsplit(str(data.get("url") or "")).path).lstrip("/").partition("/")
        if kind in CREATED and container.lower() == self._pattern.container and self._pattern.match(name) is not None:
            etag = str(data.get("eTag") or "").strip('"')
            self._note(name, etag)
        return True

    def by_hand(self, text: str | None) -> Event:
        """The blob with this path: container/name."""
        container, _, name = (text or "").strip("/").partition("/")
        found = self._event(name) if container.lower() == self._pattern.container else None
        if found is None:
            raise FunctionProblem(f"There is no blob '{text}' for function '{self.function.name}'; the input is its path.")
        return found


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
