"""One acting run through the pipeline, for all checks of an attempt: notes go in, what became of them is written down.

Several lanes run side by side, each with notes of its own; inside a lane one thing waits for the other, so that no result depends
on a race. Nothing is judged here.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError
from azlabs.verify import CheckFailed, Evidence, LabView

from .probe_notes import Bad, Fact, Note, Notes
from .shared import TOKEN_HEADER, Store, Trust, token_or_wait

if TYPE_CHECKING:
    from azlabs.probes.messages import Waiting

QUEUE = "documents"
AT_ONCE = 6
BROKEN = (500, 502, 503)
"""What an app answers that has broken, or that is just being started again."""
MOST_AGAIN = 3
"""So many questions of a run are asked again: an app that is broken for good costs no more time than that."""
WITHDRAWN_AT = 1_000_000
"""A revision above all others: with it everything is taken back in the end."""
TABLES = ("AppRequests", "AppDependencies", "AppTraces", "AppExceptions")


@dataclass(frozen=True)
class Patience:
    """Seconds: until the first notes are through, for each later step, until telemetry is there, for all together, until
    what one client wrote is what every other reads, and between two looks at the logs."""

    first: float
    step: float
    logs: float
    whole: float
    settling: float
    look: float


HERE, ON_AZURE = Patience(8.0, 6.0, 6.0, 16.0, 0.0, 0.6), Patience(120.0, 60.0, 360.0, 540.0, 2.0, 10.0)


@dataclass(frozen=True)
class Item:
    """An item of the container: its texts at any depth, its vector, the values of its partition key."""

    texts: tuple[str, ...]
    vector: list[float] | None
    partition: tuple[Any, ...]

    def text_with(self, sentence: str) -> str:
        """The shortest of its texts that holds a sentence whole; "" when none does."""
        return min((text for text in self.texts if sentence in text), key=len, default="")


@dataclass(frozen=True)
class Said:
    """An answer to a question: the status and, with 200, the results."""

    status: int
    results: list[dict[str, Any]]
    text: str = ""


@dataclass
class Found:
    """What a run has seen. `problem`: why it ended early; `stuck`: notes that nobody took, by step."""

    notes: Notes
    store: Store
    token: str = field(default="", repr=False)
    problem: str = ""
    token_problem: CheckFailed | None = None
    items: dict[str, list[Item]] = field(default_factory=dict)
    stuck: dict[str, list[str]] = field(default_factory=dict)
    late: bool = False
    """The time for all lanes together was over while notes were still being processed."""
    facts: list[tuple[Fact, Said]] = field(default_factory=list)
    answers: dict[str, Said] = field(default_factory=dict)
    dead: dict[str, Waiting] = field(default_factory=dict)
    """Messages of this run in the dead-letter queue, by message id."""
    sent: dict[str, str] = field(default_factory=dict)
    """Message ids by the name of what was sent."""
    traces: dict[str, str] = field(default_factory=dict)
    """Trace ids by note id."""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Telemetry since the run began, by table."""
    failures: dict[str, BaseException] = field(default_factory=dict)
    """What broke a lane, by the lane's name."""


class Queue:
    """The queue of notes: sends, and sees what still waits, also what somebody is working on."""

    def __init__(self, lab: LabView, trust: Trust) -> None:
        from azure.servicebus import ServiceBusClient

        client: Any = lab.client(ServiceBusClient, fully_qualified_namespace=trust.host)
        self._lab, self._id, self._sent = lab, trust.documents, set[str]()
        # Nobody can look into a queue with sessions without taking one: there, messages are only counted.
        self._counts = bool((lab.get(trust.documents) or {}).get("properties", {}).get("requiresSession"))
        makers = [client.get_queue_sender] if self._counts else [client.get_queue_sender, client.get_queue_receiver]
        with ThreadPoolExecutor(2) as pool:
            self._links = list(pool.map(lambda make: make(QUEUE).__enter__(), makers))
        self._sender, self._receiver = self._links[0], self._links[-1]
        self._sending, self._looked = threading.Lock(), threading.Condition()
        self._waiting: frozenset[str] = frozenset()
        self._looks = 0
        self._over = threading.Event()
        self._problem: BaseException | None = None
        threading.Thread(target=self._watch, name="probe-watch", daemon=True).start()

    def send(self, *bodies: tuple[str, bytes, str]) -> list[str]:
        """Send messages (session id, body, trace id or "") in one go; their ids."""
        from azure.servicebus import ServiceBusMessage

        messages = []
        for session, body, trace in bodies:
            parent = f"00-{trace or secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
            messages.append(
                ServiceBusMessage(
                    body,
                    content_type="application/json",
                    message_id=str(uuid.uuid4()),
                    session_id=session[:128],
                    application_properties={"traceparent": parent, "Diagnostic-Id": parent},
                )
            )
        ids = [str(message.message_id) for message in messages]
        with self._sending:
            self._sender.send_messages(messages)
            self._sent.update(ids)
        return ids

    def settled(self, ids: Iterable[str], seconds: float) -> set[str]:
        """Wait until none of these messages is in the queue; those that still are when time is up."""
        wanted, end = set(ids), time.monotonic() + seconds
        with self._looked:
            first = self._looks
            # A look that had begun before the message was sent says nothing: the second one from now does.
            while self._looks < first + 2 or wanted & self._waiting:
                left = end - time.monotonic()
                if self._problem is not None:
                    raise self._problem
                if left <= 0 or not self._looked.wait(left):
                    return wanted & self._waiting if self._looks >= first + 2 else wanted
        return set()

    def close(self) -> None:
        """End the watch; connections close on their own time."""
        self._over.set()

    def _watch(self) -> None:
        try:
            while not self._over.is_set():
                now = self._counted() if self._counts else frozenset(self._peek())
                with self._looked:
                    self._waiting, self._looks = now, self._looks + 1
                    self._looked.notify_all()
                self._over.wait(0.06)
        except BaseException as problem:
            with self._looked:
                self._problem = problem
                self._looked.notify_all()
        finally:
            for link in self._links:
                link.close()

    def _counted(self) -> frozenset[str]:
        """Everything that was sent, as long as anything is in the queue."""
        self._lab.fresh()
        found = (self._lab.get(self._id) or {}).get("properties", {}).get("countDetails") or {}
        return frozenset(self._sent) if found.get("activeMessageCount") else frozenset()

    def _peek(self) -> Iterator[str]:
        after = 1
        while True:
            found = self._receiver.peek_messages(max_message_count=250, sequence_number=after)
            yield from (str(message.message_id) for message in found)
            if len(found) < 250:
                return
            after = found[-1].sequence_number + 1


class Run:
    """Goes through all lanes once."""

    def __init__(self, lab: LabView, store: Store) -> None:
        self.lab, self.trust = lab, Trust(lab)
        self.patience = HERE if lab.sandbox.cloud == "simulator" else ON_AZURE
        self.found = Found(Notes(secrets.token_hex(4)), store)
        self.notes = self.found.notes
        self._began, self._stop = time.time(), threading.Event()
        self._end = time.monotonic() + self.patience.whole
        self._warm = threading.Event()
        self._token, self._again = "", 0

    def go(self) -> Found:
        """All lanes; what they saw. Raises what no lane could have met."""
        try:
            self._token = self.found.token = token_or_wait(self.trust)
        except CheckFailed as problem:
            self.found.token_problem = problem
        self.queue = Queue(self.lab, self.trust)
        try:
            # Alone, since exporters take samples when there is much to tell; and these two wake the app up.
            self._send_traced()
            lanes = {"long": self._long, "winch": self._winch, "awkward": self._awkward, "bad": self._bad, "traced": self._traced}
            self._side_by_side(lanes if not self.found.problem else {})
            with suppress(AzlabsError):
                self._take_back()
        finally:
            self.queue.close()
        return self.found

    # --- lanes ------------------------------------------------------------------------------------------------------------
    def _long(self) -> None:
        """Revisions of the long note, and forty questions about it."""
        notes, facts = self.notes, self.notes.facts
        if not self._put("first", *notes.background, notes.long):
            return
        self._look("first")
        if self._token:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                asked = list(pool.map(lambda fact: self._ask(question=fact.question, k=5), facts))
            self.found.facts = list(zip(facts, asked, strict=True))
        steps = (
            ("again", [notes.long, notes.long]),
            ("shorter", [notes.shorter(2, 0)]),
            ("late", [notes.long]),
            ("ninth", [notes.shorter(9, 10)]),
            ("moved", [notes.shorter(10, 20, notes.elsewhere)]),
        )
        for step, revisions in steps:
            if not self._put(step, *revisions):
                return
            self._look(step)

    def _winch(self) -> None:
        """A filter that has to come before the choice of the best; other properties of answers; one note that is withdrawn."""
        notes, winch = self.notes, self.notes.winch
        if not self._put("winch", *winch.all):
            return
        if self._token:
            ask = {
                "people": {"question": winch.question, "category": notes.people, "k": 3},
                "more than there are": {"question": winch.question, "category": notes.people, "k": 10},
                "quote": {"question": winch.question, "category": notes.quote, "k": 5},
                "unknown": {"question": winch.question, "category": f"nowhere-{notes.mark}", "k": 5},
                "other letters": {"question": winch.question, "category": notes.people.upper(), "k": 5},
                "null": {"question": winch.question, "category": None, "k": 4},
                "one": {"question": winch.question, "k": 1},
                "twelve": {"question": winch.question, "category": notes.operations, "k": 12},
                "usual": {"question": winch.question},
                "most": {"question": winch.question, "k": 20},
                "no question": {"k": 3},
                "blank": {"question": "  \t", "k": 3},
                "zero": {"question": winch.question, "k": 0},
                "too many": {"question": winch.question, "k": 21},
                "text": {"question": winch.question, "k": "five"},
                "half": {"question": winch.question, "k": 2.5},
            }
            with ThreadPoolExecutor(3) as pool:
                found = pool.map(lambda body: self._ask(**body), ask.values())
            self.found.answers |= dict(zip(ask, found, strict=True))
            for name, token in (("no token", None), ("wrong token", f"{self._token}x")):
                self.found.answers[name] = self._ask(token=token, question=winch.question)
        ids = self.queue.send((winch.withdrawn.id, winch.withdrawn.withdrawal(2), ""))
        self.found.sent["withdrawal"] = ids[0]
        self._wait("withdrawn", ids)
        self._look("withdrawn")
        if any(one.text_with(sentence) for one in self.found.items["withdrawn"] for sentence in winch.withdrawn.sentences):
            self._look_at_dead()
            self._take_dead(ids)

    def _awkward(self) -> None:
        """Ids that no item may have."""
        if self._put("awkward", *self.notes.awkward):
            self._look("awkward")
            for number, note in enumerate(self.notes.awkward if self._token else ()):
                self.found.answers[f"awkward {number}"] = self._ask(question=note.sentences[0], k=1)

    def _bad(self) -> None:
        """Messages that can never be processed, with good ones between them."""
        mixed: list[Bad | Note] = []
        good = iter(self.notes.between)
        for number, bad in enumerate(self.notes.bad):
            mixed.append(bad)
            mixed += [note for note in [next(good, None) if number % 2 == 0 else None] if note is not None]
        bodies = []
        for one in mixed:
            unknown = {"reviewers": ["m.tveit"], "layout": {"columns": 2}} if one is self.notes.between[0] else {}
            is_note = isinstance(one, Note)
            bodies.append((one.id, one.message(**unknown), "") if is_note else (f"bad-{self.notes.mark}", one.body, ""))
        ids = self.queue.send(*bodies)
        self.found.sent |= {one.id if isinstance(one, Note) else one.name: id for one, id in zip(mixed, ids, strict=True)}
        self._wait("bad", ids)
        self._look("bad")
        self._look_at_dead()
        self._take_dead(ids)

    def _send_traced(self) -> None:
        """Two notes, each in a trace of its own."""
        self.found.traces = {note.id: kept_trace() for note in self.notes.traced}
        ids = self.queue.send(*((note.id, note.message(), self.found.traces[note.id]) for note in self.notes.traced))
        self.found.sent |= {f"traced {note.id}": id for note, id in zip(self.notes.traced, ids, strict=True)}
        self._wait("traced", ids)

    def _traced(self) -> None:
        """What the logs say of the two notes."""
        if "traced" in self.found.stuck or not self._tells():
            return
        end = time.monotonic() + self.patience.logs
        while not self._stop.is_set() and time.monotonic() < end:
            self._read_logs(*TABLES[:2])
            if self.complete():
                break
            self.lab.pause(self.patience.look)
        self._read_logs(*TABLES)

    # --- steps ------------------------------------------------------------------------------------------------------------
    def _put(self, step: str, *notes: Note) -> bool:
        """Send notes and wait until nobody works on them any more."""
        ids = self.queue.send(*((note.id, note.message(), "") for note in notes))
        self.found.sent |= {f"{step} {note.id} {number}": id for number, (note, id) in enumerate(zip(notes, ids, strict=True))}
        return self._wait(step, ids)

    def _wait(self, step: str, ids: Sequence[str]) -> bool:
        seconds = self.patience.step if self._warm.is_set() else self.patience.first
        remaining = self._end - time.monotonic()
        left = self.queue.settled(ids, max(min(seconds, remaining), 0.2))
        if left:
            self.found.late |= self._warm.is_set() and remaining < seconds
            names = {id: name for name, id in self.found.sent.items()}
            self.found.stuck[step] = [names.get(id, "a message") for id in left]
            if not self._warm.is_set() and len(left) == len(ids):
                self.found.problem = "Notes stay in the queue documents: nobody takes them, or nobody comes to an end with them"
            return False
        self._warm.set()
        return True

    def _look(self, step: str) -> None:
        """Write down what the container holds of this run."""
        if self.patience.settling:
            self.lab.pause(self.patience.settling)
        store = self.found.store
        text = "SELECT * FROM c WHERE c._ts >= @since"
        found = self.lab.cosmos.query(self.trust.endpoint, store.container, text, {"since": int(self._began) - 120})
        paths = [[part.strip('"') for part in path.split("/") if part] for path in store.container.partition_key]
        items = [Item(tuple(_texts(one)), store.vector.of(one), tuple(_at(one, path) for path in paths)) for one in found]
        self.found.items[step] = items

    def _look_at_dead(self) -> None:
        mine = set(self.found.sent.values())
        waiting = self.lab.messages.peek(self.trust.host, QUEUE, dead_letter=True, most=1000)
        self.found.dead |= {one.message_id: one for one in waiting if one.message_id in mine}

    def _take_dead(self, ids: Iterable[str]) -> None:
        mine = set(ids) & self.found.dead.keys()
        if mine:
            self.lab.messages.take(self.trust.host, QUEUE, dead_letter=True, seconds=0.2, only=lambda one: one.message_id in mine)

    def _ask(self, token: str | None = "", **body: Any) -> Said:
        """The app's answer; an app that breaks is asked once more, since a failure that passes is nobody's mistake."""
        said = self._ask_once(token, body)
        if said.status not in BROKEN or self._again >= MOST_AGAIN:
            return said
        self._again += 1
        return self._ask_once(token, body)

    def _ask_once(self, token: str | None, body: Mapping[str, Any]) -> Said:
        token = self._token if token == "" else token
        headers = {} if token is None else {TOKEN_HEADER: token}
        host = self.lab.outputs["functionAppHost"]
        left = max(self._end - time.monotonic(), 1.0)
        try:
            found = self.lab.invoke(host, "/api/search", "POST", headers, body, seconds=left)
        except AzlabsError as problem:
            return Said(0, [], problem.message)
        results = found.json.get("results") if isinstance(found.json, dict) else None
        shaped = results if isinstance(results, list) and all(isinstance(one, dict) for one in results) else []
        return Said(found.status, shaped, found.text[:300])

    def _read_logs(self, *tables: str) -> None:
        for table in tables:
            self.found.rows[table] = self.lab.logs.query(self.lab.outputs["workspaceCustomerId"], table, "PT20M")

    def _tells(self) -> bool:
        """Has the app a setting that leads to Application Insights? Without one nothing has to be waited for."""
        return any(re.search("insights|instrumentationkey", f"{name} {text}", re.I) for name, text in self.trust.settings.items())

    def complete(self) -> bool:
        """Is everything there that the logs have to say of the two notes?"""
        hosts = (host_of(self.lab.outputs["openAiEndpoint"]), host_of(self.lab.outputs["cosmosEndpoint"]))
        return all(Followed(self.found, note, *hosts).complete for note in self.notes.traced)

    def _take_back(self) -> None:
        """Withdraw what was sent and take away what stayed in the queue, so that nothing of the run is left."""
        bodies = [(note.id, note.withdrawal(WITHDRAWN_AT), "") for note in self.notes.everything]
        ids = self.queue.send(*bodies)
        if self.found.problem or self.found.stuck:
            mine = set(ids) | set(self.found.sent.values())
            for dead in (False, True):
                self.lab.messages.take(self.trust.host, QUEUE, dead_letter=dead, seconds=0.3, only=lambda one: one.message_id in mine)
        else:
            self.queue.settled(ids, 2.0)

    def _side_by_side(self, lanes: Mapping[str, Callable[[], None]]) -> None:
        def follow(name: str) -> None:
            try:
                lanes[name]()
            except BaseException as problem:
                self.found.failures[name] = problem

        threads = [threading.Thread(target=follow, args=(name,), name=f"probe-{name}", daemon=True) for name in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(self._end + 2.0 - time.monotonic(), 0.1))
        self._stop.set()


class Followed:
    """One note in the logs: the operations that its trace id leads to, and what they hold."""

    def __init__(self, found: Found, note: Note, model: str, database: str) -> None:
        self.trace = found.traces.get(note.id, "")
        requests = found.rows.get("AppRequests", [])
        linked = {str(row.get("OperationId")) for row in requests if self.trace and self.trace in str(row.get("Properties"))}
        operations = {self.trace} | linked
        rows = {table: [row for row in all_ if str(row.get("OperationId")) in operations] for table, all_ in found.rows.items()}
        self.requests = rows.get("AppRequests", [])
        calls = [str(row) for row in rows.get("AppDependencies", [])]
        self.model = any(model in call for call in calls)
        self.database = any(database in call for call in calls)
        self.named = {str(row.get("OperationId")) for known in rows.values() for row in known if note.id in str(row)}
        """The operations in which the note's id stands."""

    @property
    def complete(self) -> bool:
        """Request, both calls and the note's id."""
        return bool(self.requests and self.model and self.database and self.named)


def kept_trace() -> str:
    """A trace id that exporters keep when they take samples: Azure's by a hash of it, others by its lower half."""
    while True:
        trace = secrets.token_hex(8) + "00" + secrets.token_hex(7)
        score = 5381
        for letter in trace:
            score = (score * 33 + ord(letter) + 2**31) % 2**32 - 2**31
        if abs(score) < 2**31 // 200:
            return trace


def host_of(endpoint: str) -> str:
    """The host name of an endpoint."""
    return endpoint.partition("://")[2].partition("/")[0].partition(":")[0]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for name, value in node.items():
            if not str(name).startswith("_"):
                yield from _texts(value)
    elif isinstance(node, list) and not (node and isinstance(node[0], float)):
        for value in node:
            yield from _texts(value)


def _at(node: Any, path: Sequence[str]) -> Any:
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def run_of(lab: LabView) -> Found:
    """The run of this attempt: the first check that needs it goes through it."""
    stores = Trust(lab).stores()
    if not stores:
        raise CheckFailed(Evidence("There is no container with a vector policy", "A container for passages"))
    return lab.together("pipeline", lambda: Run(lab, stores[0]).go())
