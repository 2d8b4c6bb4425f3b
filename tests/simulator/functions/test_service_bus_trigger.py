"""Messages sent with the real Service Bus package start functions, and their outcome decides what becomes of the messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from .running import Packages, code
from .scene import Scene, eventually

BUS = "2024-01-01"
HOST = "sb-harbour.servicebus.windows.net"
RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"


class Harbour:
    """A scene with a namespace, an app that listens to its queues, and a client of the owner."""

    def __init__(self, scene: Scene, packages: Packages) -> None:
        self.scene, self.packages = scene, packages
        self.namespace = f"{scene.root}/Microsoft.ServiceBus/namespaces/sb-harbour"
        sku = {"name": "Standard", "tier": "Standard"}
        scene.arm("PUT", self.namespace, BUS, {"location": "westeurope", "sku": sku})
        self.queue("documents", maxDeliveryCount=3)
        self.queue("talks", requiresSession=True)
        scene.arm("PUT", f"{self.namespace}/topics/news", BUS, {"properties": {}})
        scene.arm("PUT", f"{self.namespace}/topics/news/subscriptions/all", BUS, {"properties": {}})
        self.client: ServiceBusClient = scene.cloud.client(ServiceBusClient, fully_qualified_namespace=HOST)

    def queue(self, name: str, **properties: Any) -> None:
        self.scene.arm("PUT", f"{self.namespace}/queues/{name}", BUS, {"properties": properties})

    def key(self) -> str:
        """The connection string of the whole namespace."""
        rule = f"{self.namespace}/AuthorizationRules/RootManageSharedAccessKey"
        return str(self.scene.arm("POST", f"{rule}/listKeys", BUS)["primaryConnectionString"])

    def send(self, entity: str, *messages: ServiceBusMessage, topic: bool = False) -> None:
        with self.client.get_topic_sender(entity) if topic else self.client.get_queue_sender(entity) as sender:
            sender.send_messages(list(messages))

    def active(self, name: str = "documents") -> int:
        found = self.scene.arm("GET", f"{self.namespace}/queues/{name}", BUS)["properties"]["countDetails"]
        return int(found["activeMessageCount"])

    def dead(self, name: str = "documents") -> list[Any]:
        with self.client.get_queue_receiver(name, sub_queue="deadletter") as receiver:
            return list(receiver.peek_messages(20))

    def seen(self, app: str, function: str) -> list[dict[str, Any]]:
        answer = self.scene.call(app, "/api/seen")
        assert answer.status == 200, answer.headers
        return [one for one in answer.json() if one["function"] == function]


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    with Scene() as scene:
        made = Harbour(scene, Packages(scene, tmp_path_factory.mktemp("packages")))
        site = scene.dedicated("func-bus", {"Bus": made.key(), "QUEUE": "documents", "PYTHON_THREADPOOL_THREAD_COUNT": "16"})
        made.packages.put(site, "bus")
        yield made


def test_a_message_reaches_the_function_with_all_that_was_sent_and_is_completed(harbour: Harbour) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    harbour.send("documents", ServiceBusMessage(
        "grüße", message_id="m1", session_id="s1", subject="letter", content_type="text/plain",
        application_properties={"colour": "red", "number": 7, "Diagnostic-Id": parent},
    ))  # fmt: skip
    [found] = eventually(lambda: [one for one in harbour.seen("func-bus", "single") if one["id"] == "m1"])
    assert (found["body"], found["session"], found["subject"], found["content_type"]) == ("grüße", "s1", "letter", "text/plain")
    assert found["properties"] == {"colour": "red", "number": 7, "Diagnostic-Id": parent}
    assert (found["count"], found["thread"].startswith("function")) == (1, True)
    assert {"UserProperties", "EnqueuedTimeUtc", "LockToken"} <= set(found["metadata"])
    eventually(lambda: harbour.active() == 0)
    assert harbour.dead() == []


def test_a_function_that_raises_gives_its_message_back_at_once_until_the_limit_sets_it_aside_unchanged(harbour: Harbour) -> None:
    harbour.send("documents", ServiceBusMessage(b"bad \xff\x00 bytes", message_id="b1"))
    [dead] = eventually(harbour.dead)
    assert b"".join(dead.body) == b"bad \xff\x00 bytes"
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert [one["count"] for one in harbour.seen("func-bus", "single") if one["id"] == "b1"] == [1, 2, 3]


def test_sixteen_messages_are_worked_on_at_once(harbour: Harbour) -> None:
    import time

    before = time.monotonic()
    harbour.send("documents", *(ServiceBusMessage(f"slow {number}", message_id=f"s{number}") for number in range(6)))
    eventually(lambda: sum(one["body"].startswith("slow") for one in harbour.seen("func-bus", "single")) == 6)
    eventually(lambda: harbour.active() == 0)
    threads = {one["thread"] for one in harbour.seen("func-bus", "single") if one["body"].startswith("slow")}
    assert len(threads) == 6
    assert time.monotonic() > before


def test_a_batch_comes_as_a_list_of_bytes(harbour: Harbour) -> None:
    harbour.send("news", *(ServiceBusMessage(bytes([number, 255]), message_id=str(number)) for number in range(5)), topic=True)
    found = eventually(lambda: harbour.seen("func-bus", "several"))
    eventually(lambda: sum(len(one["ids"]) for one in harbour.seen("func-bus", "several")) == 5)
    assert found[0]["bodies"][0] == "00ff"


def test_messages_of_a_session_come_in_their_order(harbour: Harbour) -> None:
    harbour.send("talks", *(ServiceBusMessage(f"{session}{number}", session_id=session) for number in range(4) for session in "ab"))
    eventually(lambda: len(harbour.seen("func-bus", "talk")) == 8)
    found = harbour.seen("func-bus", "talk")
    assert [one["body"] for one in found if one["session"] == "a"] == ["a0", "a1", "a2", "a3"]
    assert [one["body"] for one in found if one["session"] == "b"] == ["b0", "b1", "b2", "b3"]


LISTENER = code(
    'seen = []\n\n@app.route("seen")\ndef show(req: func.HttpRequest) -> str:\n    return json.dumps(seen)\n\n'
    '@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")\n'
    'def listen(msg: func.ServiceBusMessage) -> None:\n    seen.append({"function": "listen", "body": msg.get_body().decode()})\n'
)


@pytest.fixture
def other(scene: Scene, packages: Packages) -> Harbour:
    return Harbour(scene, packages)


def test_an_identity_needs_its_client_id_and_the_role_and_then_no_key(other: Harbour) -> None:
    scene = other.scene
    site = scene.dedicated("func-id", {"Bus__fullyQualifiedNamespace": HOST, "Bus__credential": "managedidentity"})
    other.packages.put(site, {"function_app.py": LISTENER})
    other.send("documents", ServiceBusMessage("one"))
    eventually(lambda: any("Bus__clientId" in line for line in other.packages.lines(site, level="Error")))
    scene.settings(site, Bus__clientId=scene.client_id)
    eventually(lambda: any("Unauthorized access. 'Listen' claim(s)" in line for line in other.packages.lines(site, level="Error")))
    assert other.seen("func-id", "listen") == []
    scene.allow(RECEIVER, f"{other.namespace}/queues/documents")
    eventually(lambda: [one["body"] for one in other.seen("func-id", "listen")] == ["one"])
    eventually(lambda: other.active() == 0)


def test_a_connection_string_wins_over_an_identity(other: Harbour) -> None:
    site = other.scene.dedicated("func-both", {"Bus": other.key(), "Bus__fullyQualifiedNamespace": HOST})
    other.packages.put(site, {"function_app.py": LISTENER})
    other.send("documents", ServiceBusMessage("one"))
    eventually(lambda: other.seen("func-both", "listen"))


def test_a_change_of_settings_counts_for_the_message_that_is_sent_after_it(other: Harbour) -> None:
    text = (
        '@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")\n'
        'def listen(msg: func.ServiceBusMessage) -> None:\n    print(os.environ["WORD"], msg.get_body().decode(), msg.delivery_count)\n'
    )
    site = other.scene.dedicated("func-now", {"Bus": other.key(), "WORD": "w0"})
    other.packages.put(site, {"function_app.py": code(text)})
    for number in range(5):
        other.scene.settings(site, WORD=f"w{number}")
        other.send("documents", ServiceBusMessage(f"m{number}"))
        eventually(lambda: other.active() == 0)
    found = [line for line in other.packages.lines(site, function="listen") if line.startswith("w")]
    assert found == [f"w{number} m{number} 1" for number in range(5)]


def test_what_a_poisonous_message_does_to_its_worker_costs_its_neighbours_nothing(other: Harbour) -> None:
    text = (
        '@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")\n'
        "def listen(msg: func.ServiceBusMessage) -> None:\n    time.sleep(0.05)\n"
        '    if msg.get_body() == b"crash":\n        os._exit(7)\n    print("stored", msg.get_body().decode(), msg.delivery_count)\n'
    )
    site = other.scene.dedicated("func-crash", {"Bus": other.key()})
    other.packages.put(site, {"function_app.py": code(text)})
    other.send("documents", *(ServiceBusMessage("crash" if number == 4 else f"good{number}") for number in range(9)))
    [dead] = eventually(other.dead, 30)
    eventually(lambda: other.active() == 0)
    assert b"".join(dead.body) == b"crash"
    # A message that was stored in the moment of the crash may be stored again; none needs a second delivery.
    stored = {line for line in other.packages.lines(site, function="listen") if line.startswith("stored")}
    assert stored == {f"stored good{number} 1" for number in range(9) if number != 4}
    assert any("exit code 7" in line for line in other.packages.lines(site, function="listen", level="Error"))


def test_a_body_that_is_no_json_fails_an_invocation_whose_binding_needs_a_property(other: Harbour) -> None:
    text = code(
        '@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")\n'
        '@app.blob_output(arg_name="out", path="releases/{id}.txt", connection="AzureWebJobsStorage")\n'
        'def listen(msg: func.ServiceBusMessage, out: func.Out[str]) -> None:\n    print("ran")\n    out.set(msg.get_body().decode())\n'
    )
    site = other.scene.dedicated("func-json", {"Bus": other.key()})
    other.packages.put(site, {"function_app.py": text})
    other.send("documents", ServiceBusMessage("no json"), ServiceBusMessage('{"id": "a-1"}'), ServiceBusMessage('["id"]'))
    dead = eventually(lambda: found if len(found := other.dead()) == 2 else None)
    assert sorted(b"".join(one.body) for one in dead) == [b'["id"]', b"no json"]
    assert [line for line in other.packages.lines(site, function="listen") if line == "ran"] == ["ran"]
    assert any("No value for named parameter 'id'" in line for line in other.packages.lines(site, function="listen", level="Error"))
    assert other.packages.host.quiet(5)
