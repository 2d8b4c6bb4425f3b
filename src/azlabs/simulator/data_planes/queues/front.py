"""Which operation a request to the queue service is, and what it needs; the operations on messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.queues import messages, queues
from azlabs.simulator.data_planes.queues.messages import Message
from azlabs.simulator.data_planes.storage import front, grants, service_properties
from azlabs.simulator.data_planes.storage.asking import element, http_date, parse_xml, xml_answer
from azlabs.simulator.data_planes.storage.grants import Need
from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.http import Request

_SERVICE = "Microsoft.Storage/storageAccounts/queueServices"
_QUEUES = _SERVICE + "/queues"
_MESSAGES = _QUEUES + "/messages"
MOST_BYTES = 64 * 1024
WEEK = 7 * 86400
Operation = Callable[["Asking"], Answer]


def _number(asking: Asking, name: str, default: int, first: int, last: int) -> int:
    text = asking.query.get(name)
    if text is None or text == "":
        return default
    if not text.lstrip("-").isdecimal() or not first <= int(text) <= last:
        raise Refused(
            400, "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible range.",
            extra={"QueryParameterName": name, "QueryParameterValue": text},
        )  # fmt: skip
    return int(text)


def _text(asking: Asking) -> str:
    text = parse_xml(bytes(asking.body)).findtext("MessageText") or ""
    if len(text.encode()) > MOST_BYTES:
        raise Refused(
            413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
        )
    return text


def _shown(asking: Asking, found: list[Message], *, receipt: bool, text: bool) -> Answer:
    inner = ""
    for one in found:
        parts = (
            element("MessageId", one.id)
            + element("InsertionTime", http_date(one.inserted))
            + element("ExpirationTime", http_date(one.expires))
        )
        if receipt:
            parts += element("PopReceipt", one.receipt) + element("TimeNextVisible", http_date(one.visible))
        if text:
            parts += element("DequeueCount", one.count) + element("MessageText", one.text)
        inner += f"<QueueMessage>{parts}</QueueMessage>"
    return xml_answer(f"<QueueMessagesList>{inner}</QueueMessagesList>", status=201 if asking.method == "POST" else 200)


def put(asking: Asking) -> Answer:
    """Put Message."""
    queue = str(queues.need(asking).hidden.get("uid"))
    delay = _number(asking, "visibilitytimeout", 0, 0, WEEK)
    life = _number(asking, "messagettl", WEEK, -1, 2**31)
    if life == 0 or (life > 0 and delay >= life):
        raise Refused(
            400,
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible range.",
        )
    text = _text(asking)
    with asking.store.writing():
        expires = messages.FOREVER if life < 0 else asking.now + life
        message = messages.add(asking.store, queue, text, asking.now, expires, asking.now + delay)
    return _shown(asking, [message], receipt=True, text=False)


def get(asking: Asking) -> Answer:
    """Get Messages (they are hidden for a while) or Peek Messages."""
    queue = str(queues.need(asking).hidden.get("uid"))
    most = _number(asking, "numofmessages", 1, 1, 32)
    if asking.query.get("peekonly", "").lower() == "true":
        return _shown(asking, messages.front(asking.store, queue, asking.now, most), receipt=False, text=True)
    hidden = _number(asking, "visibilitytimeout", 30, 1, WEEK)
    with asking.store.writing():
        found = messages.front(asking.store, queue, asking.now, most)
        for one in found:
            one.visible, one.receipt, one.count = asking.now + hidden, messages.receipt(), one.count + 1
            messages.update(asking.store, one)
    return _shown(asking, found, receipt=True, text=True)


def clear(asking: Asking) -> Answer:
    """Clear Messages."""
    with asking.store.writing():
        messages.clear(asking.store, str(queues.need(asking).hidden.get("uid")))
    return Answer(204)


def _held(asking: Asking) -> Message:
    """The message of the request, which its pop receipt proves to hold. Raises 404 and 400."""
    queue = str(queues.need(asking).hidden.get("uid"))
    given = asking.query.get("popreceipt")
    if not given:
        raise Refused(
            400, "MissingRequiredQueryParameter", "A required query parameter was not specified for this request."
        )
    message = messages.find(asking.store, queue, asking.name.partition("/")[2], asking.now)
    if message is None:
        raise Refused(404, "MessageNotFound", "The specified message does not exist.")
    if message.receipt != given:
        raise Refused(
            400, "PopReceiptMismatch", "The specified pop receipt did not match the pop receipt for a dequeued message."
        )
    return message


def update(asking: Asking) -> Answer:
    """Update Message: its text, and how long it stays hidden."""
    if "visibilitytimeout" not in asking.query:
        raise Refused(
            400, "MissingRequiredQueryParameter", "A required query parameter was not specified for this request."
        )
    hidden = _number(asking, "visibilitytimeout", 0, 0, WEEK)
    with asking.store.writing():
        message = _held(asking)
        if asking.body:
            message.text = _text(asking)
        message.visible, message.receipt = asking.now + hidden, messages.receipt()
        messages.update(asking.store, message)
    return Answer(204, {"x-ms-popreceipt": message.receipt, "x-ms-time-next-visible": http_date(message.visible)})


def delete(asking: Asking) -> Answer:
    """Delete Message."""
    with asking.store.writing():
        messages.delete(asking.store, _held(asking))
    return Answer(204)


SERVICE: dict[tuple[str, str, str], tuple[Operation, Need]] = {
    ("GET", "", "list"): (queues.listed, Need(f"{_QUEUES}/read", "l", "s")),
    ("GET", "service", "properties"): (service_properties.get, Need(f"{_SERVICE}/read", "r", "s")),
    ("PUT", "service", "properties"): (service_properties.put, Need(f"{_SERVICE}/write", "w", "s")),
    ("GET", "service", "stats"): (service_properties.stats, Need(f"{_SERVICE}/read", "r", "s")),
    ("POST", "service", "userdelegationkey"): (
        service_properties.user_delegation_key,
        Need(f"{_SERVICE}/generateUserDelegationKey/action", "", "s"),
    ),
}
QUEUE: dict[tuple[str, str], tuple[Operation, Need]] = {
    ("PUT", ""): (queues.create, Need(f"{_QUEUES}/write", "wc", "c")),
    ("DELETE", ""): (queues.delete, Need(f"{_QUEUES}/delete", "d", "c")),
    ("GET", "metadata"): (queues.metadata, Need(f"{_QUEUES}/read", "r", "c")),
    ("HEAD", "metadata"): (queues.metadata, Need(f"{_QUEUES}/read", "r", "c")),
    ("PUT", "metadata"): (queues.set_metadata, Need(f"{_QUEUES}/write", "wc", "c")),
    ("GET", "acl"): (queues.get_acl, Need(f"{_QUEUES}/getAcl/action", "", "c")),
    ("HEAD", "acl"): (queues.get_acl, Need(f"{_QUEUES}/getAcl/action", "", "c")),
    ("PUT", "acl"): (queues.set_acl, Need(f"{_QUEUES}/setAcl/action", "", "c")),
}
PEEK, TAKE = Need(f"{_MESSAGES}/read", "r", "o"), Need(f"{_MESSAGES}/process/action", "p", "o")
MESSAGES: dict[str, tuple[Operation, Need]] = {
    "POST": (put, Need(f"{_MESSAGES}/add/action", "a", "o")),
    "GET": (get, TAKE),
    "DELETE": (clear, Need(f"{_MESSAGES}/delete", "d", "o")),
}
MESSAGE: dict[str, tuple[Operation, Need]] = {
    "PUT": (update, Need(f"{_MESSAGES}/write", "u", "o")),
    "DELETE": (delete, Need(f"{_MESSAGES}/delete", "p", "o")),
}
ALSO = {f"{_MESSAGES}/delete": TAKE.action, f"{_MESSAGES}/add/action": f"{_MESSAGES}/write"}
"""Data actions that are enough as well."""


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request to <account>.queue.core.windows.net."""
    messages.prepare(simulator.store)
    return front.handle(simulator, "queue", request, path, query, serve)


def serve(asking: Asking) -> Answer:
    """Find the operation, check that it is allowed, do it."""
    kind, comp = asking.query.get("restype", "").lower(), asking.query.get("comp", "").lower()
    if not asking.container:
        entry = SERVICE.get((asking.method, kind, comp))
    elif not asking.name:
        entry = QUEUE.get((asking.method, comp))
    elif asking.name.lower() == "messages":
        entry = MESSAGES.get(asking.method)
        if asking.query.get("peekonly", "").lower() == "true" and asking.method == "GET":
            entry = (get, PEEK)
    elif asking.name.lower().startswith("messages/"):
        entry = MESSAGE.get(asking.method)
    else:
        raise Refused(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
    if entry is None:
        raise Refused(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
    function, wanted = entry
    grant = asking.grant
    also = ALSO.get(wanted.action)
    if not (
        also
        and grant is not None
        and grant.kind == "token"
        and grant.principal
        and grants.may(asking, grant.principal, also)
    ):
        grants.authorize(asking, wanted)
    return function(asking)
