"""Blob and queue triggers, and bindings of storage, with real apps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from .running import Packages, code
from .scene import BLOB_OWNER, BLOB_READER, QUEUE_CONTRIBUTOR, Scene, eventually

KEY = "HarbourStore"
QUEUES = """
@app.queue_trigger("msg", queue_name="orders", connection="HarbourStore")
@app.queue_output("out", queue_name="done", connection="HarbourStore")
def orders(msg: func.QueueMessage, out: func.Out[str]) -> None:
    text = msg.get_body().decode()
    if "bad" in text:
        raise ValueError(f"cannot do {text} ({msg.dequeue_count})")
    out.set(f"{text} {msg.id != ''} {msg.insertion_time.year > 2000} {msg.dequeue_count}")
"""
HARBOUR = """
@app.blob_trigger("note", path="inbox/{name}.txt", connection="HarbourStore")
@app.blob_output("copy", path="outbox/{name}-{BlobTrigger}.out", connection="HarbourStore")
def copied(note: func.InputStream, copy: func.Out[str]) -> None:
    text = note.read().decode()
    if "bad" in text:
        raise ValueError("cannot copy")
    copy.set(f"{note.name}|{note.length}|{note.uri}|{text}")
"""


class Store:
    """The storage account of a scene, seen from outside with its key."""

    def __init__(self, scene: Scene) -> None:
        text, transport = scene.connection_string(), scene.cloud.open_transport
        self.blobs = BlobServiceClient.from_connection_string(text, transport=transport())
        self.queues = QueueServiceClient.from_connection_string(text, transport=transport())

    def queue(self, name: str) -> Any:
        policies = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
        return self.queues.get_queue_client(name, **policies)

    def texts(self, name: str) -> list[str]:
        """What waits in a queue."""
        try:
            return [one.content for one in self.queue(name).peek_messages(32)]
        except ResourceNotFoundError:
            return []

    def blob(self, container: str, name: str) -> str | None:
        try:
            return str(self.blobs.get_blob_client(container, name).download_blob().readall().decode())
        except ResourceNotFoundError:
            return None


@pytest.fixture
def store(scene: Scene) -> Store:
    return Store(scene)


def test_messages_of_a_queue_start_a_function_which_may_answer_into_another_queue(scene: Scene, packages: Packages, store: Store) -> None:
    site = scene.dedicated(settings={KEY: scene.connection_string()})
    store.queue("orders").create_queue()
    store.queue("orders").send_message("two crates")
    packages.put(site, {"function_app.py": code(QUEUES)})
    packages.app(site)
    assert eventually(lambda: store.texts("done")) == ["two crates True True 1"]
    assert eventually(lambda: store.queue("orders").get_queue_properties().approximate_message_count == 0)


def test_a_message_that_fails_five_times_goes_to_the_poison_queue(scene: Scene, packages: Packages, store: Store) -> None:
    site = scene.dedicated(settings={KEY: scene.connection_string()})
    store.queue("orders").create_queue()
    store.queue("orders").send_message("bad crate")
    packages.put(site, {"function_app.py": code(QUEUES)})
    packages.app(site)
    assert eventually(lambda: store.texts("orders-poison")) == ["bad crate"]
    assert eventually(lambda: store.queue("orders").get_queue_properties().approximate_message_count == 0)
    failures = [line for line in packages.lines(site, level="Error", function="orders") if "cannot do bad crate (" in line]
    assert [number for number in range(1, 7) if any(f"({number})" in line for line in failures)] == [1, 2, 3, 4, 5]


def test_an_identity_needs_the_role_to_take_messages(scene: Scene, packages: Packages, store: Store) -> None:
    names = ("queueServiceUri", "credential", "clientId")
    values = ("https://stharbour.queue.core.windows.net", "managedidentity", scene.client_id)
    site = scene.dedicated(settings={f"{KEY}__{name}": value for name, value in zip(names, values, strict=True)})
    store.queue("orders").create_queue()
    store.queue("orders").send_message("one crate")
    packages.put(site, {"function_app.py": code(QUEUES)})
    packages.app(site)
    assert eventually(lambda: [line for line in packages.lines(site, level="Error") if "AuthorizationPermissionMismatch" in line])
    assert store.texts("done") == []
    scene.allow(QUEUE_CONTRIBUTOR)
    assert eventually(lambda: store.texts("done"))


def test_plain_messages_where_host_json_says_so_and_broken_ones_are_set_aside(scene: Scene, packages: Packages, store: Store) -> None:
    site = scene.dedicated(settings={KEY: scene.connection_string()})
    plain = store.queues.get_queue_client("orders")
    plain.create_queue()
    plain.send_message("not base64!")
    packages.put(site, {"function_app.py": code(QUEUES)})
    packages.app(site)
    poison = store.queues.get_queue_client("orders-poison")
    assert eventually(lambda: _peek(poison)) == ["not base64!"]
    settings = '{"version": "2.0", "extensions": {"queues": {"messageEncoding": "none"}}}'
    packages.put(site, {"function_app.py": code(QUEUES), "host.json": settings})
    packages.app(site)
    plain.send_message("plain text")
    assert eventually(lambda: _peek(store.queues.get_queue_client("done"))) == ["plain text True True 1"]


def _peek(queue: Any) -> list[str]:
    try:
        return [one.content for one in queue.peek_messages(32)]
    except ResourceNotFoundError:
        return []


def test_new_and_changed_blobs_start_a_function_once_each(scene: Scene, packages: Packages, store: Store) -> None:
    site = scene.dedicated(settings={KEY: scene.connection_string()})
    inbox = store.blobs.create_container("inbox")
    inbox.upload_blob("tide.txt", b"high at noon")
    inbox.upload_blob("tide.csv", b"1,2")
    packages.put(site, {"function_app.py": code(HARBOUR)})
    packages.app(site)
    uri = "https://stharbour.blob.core.windows.net/inbox/tide.txt"
    name = "tide-inbox/tide.txt.out"
    assert eventually(lambda: store.blob("outbox", name)) == f"inbox/tide.txt|12|{uri}|high at noon"
    inbox.upload_blob("tide.txt", b"low at six", overwrite=True)
    assert eventually(lambda: "low at six" in (store.blob("outbox", name) or ""))
    starts = [line for line in packages.lines(site, function="copied") if line.startswith("Executing")]
    assert len(starts) == 2
    packages.host.restart(site)
    packages.app(site)
    inbox.upload_blob("next.txt", b"x")
    assert eventually(lambda: store.blob("outbox", "next-inbox/next.txt.out"))
    assert len([line for line in packages.lines(site, function="copied") if line.startswith("Executing")]) == 3


def test_a_blob_that_cannot_be_worked_on_is_named_in_the_poison_queue(scene: Scene, packages: Packages, store: Store) -> None:
    site = scene.dedicated("func-harbour", settings={KEY: scene.connection_string()})
    store.blobs.create_container("inbox").upload_blob("note.txt", b"bad")
    packages.put(site, {"function_app.py": code(HARBOUR)})
    packages.app(site)
    (text,) = eventually(lambda: store.texts("webjobs-blobtrigger-poison"))
    found = json.loads(text)
    assert (found["FunctionId"], found["ContainerName"], found["BlobName"]) == ("func-harbour.Functions.copied", "inbox", "note.txt")


def test_a_flex_app_takes_blobs_from_event_grid_only(scene: Scene, packages: Packages, store: Store) -> None:
    scene.allow(BLOB_OWNER)
    scene.allow(QUEUE_CONTRIBUTOR)
    site = scene.flex(settings={KEY: scene.connection_string()})
    packages.put(site, {"function_app.py": code(HARBOUR)})
    assert "Flex Consumption" in packages.app(site).problems["copied"]
    told = HARBOUR.replace('.txt", connection', '.txt", source="EventGrid", connection')
    packages.put(site, {"function_app.py": code(told)})
    packages.app(site)
    store.blobs.create_container("inbox").upload_blob("tide.txt", b"high at noon")
    key = scene.arm("POST", f"{site}/host/default/listkeys", "2024-04-01")["systemKeys"]["blobs_extension"]
    place = f"/runtime/webhooks/blobs?functionName=Host.Functions.copied&code={key}"
    url = "https://stharbour.blob.core.windows.net/inbox/tide.txt"
    event = {"id": "1", "eventType": "Microsoft.Storage.BlobCreated", "subject": "x", "data": {"url": url}}
    assert scene.call("func-flex", place, "POST", json.dumps([event]).encode(), aeg_event_type="Notification").status == 202
    assert eventually(lambda: store.blob("outbox", "tide-inbox/tide.txt.out"))


def test_a_system_topic_tells_a_flex_app_of_new_blobs(scene: Scene, packages: Packages, store: Store) -> None:
    scene.allow(BLOB_OWNER)
    scene.allow(QUEUE_CONTRIBUTOR)
    site = scene.flex(settings={KEY: scene.connection_string()})
    packages.put(site, {"function_app.py": code(HARBOUR.replace('.txt", connection', '.txt", source="EventGrid", connection'))})
    packages.app(site)
    key = scene.arm("POST", f"{site}/host/default/listkeys", "2024-04-01")["systemKeys"]["blobs_extension"]
    url = f"https://func-flex.azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions.copied&code={key}"
    topic = f"{scene.root}/Microsoft.EventGrid/systemTopics/blobs"
    properties = {"source": scene.storage, "topicType": "Microsoft.Storage.StorageAccounts"}
    scene.arm("PUT", topic, "2025-02-15", {"location": "westeurope", "properties": properties})
    wanted = {"subjectBeginsWith": "/blobServices/default/containers/inbox/", "includedEventTypes": ["Microsoft.Storage.BlobCreated"]}
    destination = {"endpointType": "WebHook", "properties": {"endpointUrl": url}}
    body = {"properties": {"destination": destination, "filter": wanted}}
    scene.arm("PUT", f"{topic}/eventSubscriptions/to-app", "2025-02-15", body)
    store.blobs.create_container("inbox").upload_blob("tide.txt", b"high at noon")
    store.blobs.get_container_client("releases").upload_blob("other.txt", b"not for the app")
    assert eventually(lambda: store.blob("outbox", "tide-inbox/tide.txt.out"))
    assert len([line for line in packages.lines(site, function="copied") if line.startswith("Executing")]) == 1


READS = """
@app.route("read/{name}")
@app.blob_input("note", path="inbox/{name}.txt", connection="HarbourStore")
def read(req: func.HttpRequest, note: func.InputStream) -> func.HttpResponse:
    return func.HttpResponse("nothing" if note is None else note.read())


@app.route("many", methods=["POST"])
@app.queue_output("out", queue_name="done", connection="HarbourStore")
def many(req: func.HttpRequest, out: func.Out[func.QueueMessage]) -> str:
    out.set([func.QueueMessage(body="one"), func.QueueMessage(body="two")])
    return "ok"
"""


def test_a_blob_is_read_as_input_and_several_messages_are_sent(scene: Scene, packages: Packages, store: Store) -> None:
    site = scene.dedicated(settings={KEY: scene.connection_string()})
    store.blobs.create_container("inbox").upload_blob("tide.txt", b"high at noon")
    packages.put(site, {"function_app.py": code(READS)})
    packages.app(site)
    assert scene.call("func-b1", "/api/read/tide").body == b"high at noon"
    assert scene.call("func-b1", "/api/read/none").body == b"nothing"
    assert scene.call("func-b1", "/api/many", "POST", b"").status == 200
    assert store.texts("done") == ["one", "two"]


def test_a_binding_that_the_identity_may_not_use_fails_the_invocation(scene: Scene, packages: Packages, store: Store) -> None:
    fields = {"accountName": "stharbour", "credential": "managedidentity", "clientId": scene.client_id}
    site = scene.dedicated(settings={f"{KEY}__{name}": value for name, value in fields.items()})
    store.blobs.create_container("inbox").upload_blob("tide.txt", b"high at noon")
    packages.put(site, {"function_app.py": code(READS)})
    packages.app(site)
    assert scene.call("func-b1", "/api/read/tide").status == 500
    assert any("AuthorizationPermissionMismatch" in line for line in packages.lines(site, level="Error", function="read"))
    scene.allow(BLOB_READER)
    assert scene.call("func-b1", "/api/read/tide").body == b"high at noon"


@pytest.mark.parametrize(
    ("binding", "said"),
    [
        ('@app.table_input("rows", table_name="t", connection="HarbourStore")', "'table' of function 'f' is not modelled"),
        ('@app.event_hub_output("out", event_hub_name="h", connection="HarbourStore")', "'eventHub' of function 'f' is not modelled"),
        ('@app.blob_output("out", path="a/b", connection="Missing")', "'Missing' is not among the app's settings"),
    ],
)
def test_what_is_not_modelled_or_not_set_is_said_at_the_start(scene: Scene, packages: Packages, binding: str, said: str) -> None:
    site = scene.dedicated(settings={KEY: scene.connection_string()})
    name = binding.partition('"')[2].partition('"')[0]
    kind = "str" if name == "rows" else "func.Out[str]"
    text = f'@app.route("f")\n{binding}\ndef f(req: func.HttpRequest, {name}: {kind}) -> str:\n    return ""\n'
    packages.put(site, {"function_app.py": code(text)})
    assert said in packages.app(site).problems["f"]
