"""A running function app: its worker, its functions and what starts them, its invocations."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions import connections, expressions, host_json, identities, reported
from azlabs.simulator.functions.crew import Crew
from azlabs.simulator.functions.host_json import HostJson
from azlabs.simulator.functions.inputs import Inputs
from azlabs.simulator.functions.log import Log
from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem, Outcome
from azlabs.simulator.functions.retries import RetryPolicy, policy_of
from azlabs.simulator.functions.telemetry import Telemetry
from azlabs.simulator.functions.tracing import Trace, begin
from azlabs.simulator.functions.triggers import Trigger, trigger_of
from azlabs.simulator.functions.workers import LoadFailed
from azlabs.simulator.http import Answer, Request

if TYPE_CHECKING:
    from azlabs.simulator.functions.host import FunctionsHost

DRAIN_SECONDS = 10.0
WARMUP = "warmupTrigger"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
_NO_EXPRESSIONS = ("name", "type", "direction", "dataType")
_log = logging.getLogger(__name__)
STARTING, RUNNING, FAILED, STOPPED = "Starting", "Running", "Error", "Stopped"


@dataclass(slots=True)
class _Running:
    """An invocation that is under way."""

    function: str
    trace: Trace


class App:
    """One app with one set of inputs; other inputs make another one. `start` returns at once, `wait` when it runs or failed."""

    def __init__(self, host: FunctionsHost, inputs: Inputs) -> None:
        self.host_process = host
        self.inputs = inputs
        self.simulator = host.simulator
        self.home = host.home
        self.site_id = inputs.site_id
        self.site_key = inputs.site_id.lower()
        self.name = inputs.name
        self.host = inputs.host
        self.settings: dict[str, str] = dict(inputs.variables)
        self.instance = str(uuid.uuid4())
        self.host_json: HostJson = HostJson()
        self.log = Log(host.home, inputs.name)
        self.stopping = threading.Event()
        self.functions: dict[str, Function] = {}
        self.triggers: dict[str, Trigger] = {}
        self.problems: dict[str, str] = {}
        """Why functions do not listen, by name."""
        self.problem = ""
        """Why the whole app does not run."""
        self.state = STARTING
        self.load_failed = False
        """The learner's code could not be loaded; the host itself is well."""
        self.began = time.time()
        self.shared: dict[str, Any] = {}
        """What triggers of one kind share."""
        self.telemetry = Telemetry(self)
        self._crew = Crew(self)
        self._life = threading.Lock()
        """Held while triggers start, and while the app is told to stop."""
        self._running: dict[str, _Running] = {}
        self._retries: dict[str, RetryPolicy] = {}
        self._started = threading.Event()

    # --- life -------------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Load the app in a thread."""
        threading.Thread(target=self._start, name=f"azlabs-app-{self.name}", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait until it runs or has failed; False when it did neither in time."""
        return self._started.wait(seconds)

    def _start(self) -> None:
        try:
            self._load()
            self._listen()
        except LoadFailed as problem:
            self.load_failed = True
            self._fail(str(problem), problem.stack)
        except FunctionProblem as problem:
            self._fail(str(problem))
        except Exception as problem:
            if not self.stopping.is_set():
                _log.exception("an app could not be started")
            self._fail(f"The host failed to start the app: {type(problem).__name__}: {problem}.")
        finally:
            self._started.set()

    def _listen(self) -> None:
        """Warm up, then let everything start functions."""
        for trigger in self.triggers.values():
            if trigger.kind == WARMUP:
                trigger.start()
        with self._life:
            if self.stopping.is_set():
                return
            self.state = RUNNING
            for trigger in self.triggers.values():
                if trigger.kind != WARMUP:
                    trigger.start()

    def _fail(self, problem: str, stack: str = "") -> None:
        if self.stopping.is_set():
            return
        self.problem, self.state = problem, FAILED
        self.log.write("Error", f"The app does not run: {problem}")
        self.telemetry.exception("Host", problem, stack, begin((), linked=False), "", "", self.now())
        if stack:
            self.log.write("Error", stack)

    def _load(self) -> None:
        inputs = self.inputs
        if inputs.refused:
            raise FunctionProblem(inputs.refused)
        if inputs.runtime != "python":
            raise FunctionProblem(
                f"Function apps in '{inputs.runtime}' are not modelled by the simulator; it runs Python."
            )
        if inputs.version and inputs.version != HERE:
            self.log.write(
                "Information", f"The app asks for Python {inputs.version}; it runs with azlabs' own, {HERE}."
            )
        for name, why in inputs.problems:
            self.log.write("Warning", f"The setting {name} stays the text of its Key Vault reference: {why}.")
        self.host_json = host_json.read(inputs.package.folder, inputs.tier, self.settings)
        loaded = self._crew.load()
        for wire in loaded["functions"]:
            self._add(wire)
        reported.write(self)
        self.log.write(
            "Information",
            f"Host started: {len(self.functions)} functions ({', '.join(sorted(self.functions)) or 'none'}).",
        )

    def _add(self, wire: Mapping[str, Any]) -> None:
        """One function that the app declares, and what starts it."""
        trigger = next((one for one in wire["bindings"] if str(one["type"]).lower().endswith("trigger")), None)
        if trigger is None:
            self.problems[wire["name"]] = f"The function '{wire['name']}' has no trigger."
            return
        off = self.settings.get(
            f"AzureWebJobs.{wire['name']}.Disabled", self.settings.get(f"AzureWebJobs__{wire['name']}__Disabled", "")
        )
        function = Function(
            wire["name"], trigger, tuple(wire["bindings"]), wire["script"], wire["retry"], off.lower() in ("1", "true")
        )
        self.functions[function.name] = function
        try:
            self._check_bindings(function)
            self._retries[function.name] = policy_of(self, function)
            if not function.disabled:
                self.triggers[function.name] = trigger_of(self, function)
        except FunctionProblem as problem:
            self.problems[function.name] = str(problem)
            self.log.write("Error", f"The function '{function.name}' is in error: {problem}", function.name)

    def _check_bindings(self, function: Function) -> None:
        for binding in function.bindings:
            if binding is function.trigger or str(binding["type"]) == "http":
                continue
            from azlabs.simulator.functions import bindings

            problem = bindings.check(self, function, binding)
            if problem:
                raise FunctionProblem(problem)

    def close(self, *, at_once: bool = False) -> None:
        """Stop listening; what is under way may finish unless `at_once`. Returns when nothing new can begin."""
        self.stopping.set()
        with self._life:
            self.state = STOPPED
        for trigger in list(self.triggers.values()):
            with contextlib.suppress(Exception):
                trigger.stop()
        if at_once:
            self._end()
        else:
            threading.Thread(target=self._drain, name=f"azlabs-drain-{self.name}", daemon=True).start()

    def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)
        self._end()

    def _end(self) -> None:
        self._crew.close()
        self.telemetry.close()
        self.log.close()

    @property
    def busy(self) -> int:
        """How many invocations are under way."""
        return len(self._running)

    def look_at_memory(self) -> None:
        """Called a few times a second."""
        self._crew.look_at_memory()

    # --- what triggers and bindings use -------------------------------------------------------------------------------------
    def now(self) -> float:
        """Seconds since the epoch on the simulator's clock."""
        return self.simulator.clock.now()

    def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """A request to whatever the simulator answers."""
        return self.simulator.handle(Request(method, url, headers or {}, body))

    def token(self, audience: str, identity: str = "") -> str:
        """A token of one of the app's identities: by client id or resource id, "" for the system-assigned one."""
        return identities.token(self.simulator, self.site_id, audience, identity)

    def connection(self, name: str, default: str = "") -> connections.Connection:
        """The connection that a binding names. Raises `FunctionProblem`."""
        return connections.find(self.settings, name or default, self.token, f"app '{self.name}'")

    def setting(self, text: str, what: str = "a binding") -> str:
        """A text with its %settings% replaced. Raises `FunctionProblem`."""
        return expressions.settings(text, self.settings, what)

    def expand(self, text: str, values: Mapping[str, Any]) -> str:
        """A text with its %settings% and {expressions} replaced. Raises `FunctionProblem`."""
        return expressions.expand(self.setting(text), values, self.now())

    # --- invocations ------------------------------------------------------------------------------------------------------
    def invoke(self, function: Function, event: Event) -> Outcome:
        """Run a function for an event, again where its retry policy says so; blocks until it is over. Never raises."""
        policy = self._retries.get(function.name, RetryPolicy())
        count, retry = 0, None
        while True:
            outcome = self._invoke(function, event, retry)
            if outcome.ok or count >= policy.most or self.stopping.is_set():
                return outcome
            count += 1
            delay = policy.delay(count)
            text = f"'Functions.{function.name}' is tried again in {delay:g} s ({count} of {policy.most_text})."
            self.log.write("Information", text, function.name)
            if self.stopping.wait(delay):
                return outcome
            exception = {"source": "", "stack_trace": outcome.stack, "message": outcome.error}
            retry = {"count": count, "most": policy.most, "exception": exception}

    def _invoke(self, function: Function, event: Event, retry: dict[str, Any] | None) -> Outcome:
        invocation = str(uuid.uuid4())
        linked = event.linked or (not self.host_json.open_telemetry and function.kind != "httpTrigger")
        trace = begin(event.parents, linked=linked)
        at, began = self.now(), time.monotonic()
        self._running[invocation] = _Running(function.name, trace)
        self._say(
            "Information",
            f"Executing 'Functions.{function.name}' (Reason='{event.reason}', Id={invocation})",
            invocation,
        )
        try:
            outcome = self._work(function, event, trace, invocation, retry)
        except FunctionProblem as problem:
            outcome = Outcome(invocation, str(problem), "FunctionProblem")
        except Exception as problem:
            outcome = Outcome(
                invocation, f"The host failed: {type(problem).__name__}: {problem}.", type(problem).__name__
            )
        outcome = replace(outcome, seconds=time.monotonic() - began)
        self._tell(function, event, trace, outcome, at)
        self._running.pop(invocation, None)
        return outcome

    def _work(
        self, function: Function, event: Event, trace: Trace, invocation: str, retry: dict[str, Any] | None
    ) -> Outcome:
        if event.problem:
            raise FunctionProblem(event.problem)
        inputs: dict[str, Datum | None] = {str(function.trigger["name"]): event.data}
        for binding in function.inputs:
            from azlabs.simulator.functions import bindings

            inputs[str(binding["name"])] = bindings.read(self, function, binding, event.values)
        self._check_expressions(function, event)
        message = {
            "op": "invoke", "id": invocation, "function": function.name, "inputs": inputs, "metadata": dict(event.metadata),
            "trace": {"parent": trace.traceparent, "state": "", "attributes": {"OperationName": function.name}}, "retry": retry,
        }  # fmt: skip
        result = self._crew.invoke(message)
        if result.get("error"):
            return Outcome(invocation, result["error"], result.get("type", ""), result.get("stack", ""))
        outputs = {name: Datum(*value) for name, value in result["outputs"].items() if value is not None}
        returned = Datum(*result["returned"]) if result.get("returned") is not None else None
        for binding in function.outputs:
            name = str(binding["name"])
            datum = returned if name == "$return" else outputs.get(name)
            if datum is not None and str(binding["type"]) != "http":
                from azlabs.simulator.functions import bindings

                bindings.write(self, function, binding, datum, event.values)
        return Outcome(invocation, returned=returned, outputs=outputs)

    def _check_expressions(self, function: Function, event: Event) -> None:
        """What output bindings name has to be there before the code runs. Raises `FunctionProblem`."""
        for binding in function.outputs:
            for name, value in binding.items():
                if name not in _NO_EXPRESSIONS and isinstance(value, str) and "{" in value:
                    self.expand(value, event.values)

    def _tell(self, function: Function, event: Event, trace: Trace, outcome: Outcome, at: float) -> None:
        """The end of an invocation, in the log and in the telemetry."""
        word = "Succeeded" if outcome.ok else "Failed"
        text = f"Executed 'Functions.{function.name}' ({word}, Id={outcome.invocation}, Duration={round(outcome.seconds * 1000)}ms)"
        code, url = self._code(function, event, outcome)
        if outcome.ok:
            self._say("Information", text, outcome.invocation)
        else:
            self._say("Error", f"{text}. {outcome.error}", outcome.invocation)
            if outcome.stack:
                self.log.write("Error", outcome.stack, function.name, outcome.invocation)
            self.telemetry.exception(
                outcome.error_type, outcome.error, outcome.stack, trace, function.name, outcome.invocation, at
            )
        succeeded = outcome.ok and not (function.kind == "httpTrigger" and code.isdigit() and int(code) >= 400)
        self.telemetry.request(
            function.name, trace, outcome.invocation, at, outcome.seconds, succeeded, code, url, event.reason
        )

    def _code(self, function: Function, event: Event, outcome: Outcome) -> tuple[str, str]:
        """(response code, URL) of the request that telemetry shows."""
        if function.kind != "httpTrigger" or event.data is None:
            return ("0" if outcome.ok else "500"), ""
        url = str(event.data.value["url"])
        if not outcome.ok:
            return "500", url
        status = (
            outcome.returned.value.get("status_code")
            if outcome.returned is not None and outcome.returned.kind == "http"
            else None
        )
        return str(status or (204 if outcome.returned is None else 200)), url

    def _say(self, level: str, text: str, invocation: str) -> None:
        """A line of the host about an invocation."""
        running = self._running.get(invocation)
        category = f"Function.{running.function}" if running else "Host"
        if not self.host_json.logs(category, level):
            return
        at = self.now()
        self.log.write(level, text, running.function if running else "", invocation, at)
        self.telemetry.line(
            text,
            level,
            category,
            running.trace if running else None,
            running.function if running else "",
            invocation,
            at,
        )

    def heard(self, message: Mapping[str, Any]) -> None:
        """A line that the app's code logged or printed."""
        invocation, level, text = str(message["invocation"]), str(message["level"]), str(message["text"])
        running = self._running.get(invocation)
        function = running.function if running else ""
        category = f"Function.{function}.User" if running else "Host.Function.Console"
        if not self.host_json.logs(category, level):
            return
        self.log.write(level, text, function, invocation, float(message["at"]))
        if not (self.host_json.open_telemetry and self._crew.traced):
            self.telemetry.line(
                text, level, category, running.trace if running else None, function, invocation, float(message["at"])
            )
