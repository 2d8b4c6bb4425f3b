"""Timer trigger: schedules on the simulator's clock, their status in the app's storage account.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
"""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.functions import schedule
from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem
from azlabs.simulator.functions.triggers import Trigger

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App
    from azlabs.simulator.functions.bindings.storage import Service

STORAGE = "AzureWebJobsStorage"
CONTAINER = "azure-webjobs-hosts"
LOOK_SECONDS = 0.2
LATE_SECONDS = 5.0
"""A timer that fires so much after its time says that it is past due."""
SERVERLESS = ("Dynamic", "FlexConsumption")
REASON = "Timer fired at "


class TimerTrigger(Trigger):
    """Fires one function; an invocation that takes longer than the time to the next delays it."""

    kind: ClassVar[str] = "timerTrigger"

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        binding = function.trigger
        text = app.setting(str(binding.get("schedule") or ""), f"the schedule of '{function.name}'")
        serverless = app.inputs.tier in SERVERLESS
        zone = app.settings.get("WEBSITE_TIME_ZONE")
        if zone and not serverless:
            raise FunctionProblem(
                f"The setting WEBSITE_TIME_ZONE ('{zone}') is not modelled by the simulator; schedules are in UTC."
            )
        self.schedule = schedule.read(text, spans=not serverless)
        self.at_start = bool(binding.get("runOnStartup"))
        self.monitored = binding.get("useMonitor") is not False
        self._service = self._storage()
        self._ended = threading.Event()

    def _storage(self) -> Service:
        """The storage account of the host. Raises `FunctionProblem`: a timer does not run without it."""
        from azlabs.simulator.functions.bindings.storage import from_connection

        return from_connection(self.app.connection(STORAGE), self.app.simulator.handle, "blob", STORAGE)

    def start(self) -> None:
        """Wait for the next time in a thread."""
        threading.Thread(target=self._run, name=f"azlabs-timer-{self.function.name}", daemon=True).start()

    def stop(self) -> None:
        """Fire no more."""
        self._ended.set()

    def by_hand(self, text: str | None) -> Event:  # noqa: ARG002
        """Now, whatever the schedule says."""
        return self._event(False, {}, self.app.now())

    def _run(self) -> None:
        try:
            status = self._read()
        except FunctionProblem as problem:
            self.app.problems[self.function.name] = str(problem)
            text = f"The listener for function '{self.function.name}' was unable to start: {problem}"
            self.app.log.write("Error", text, self.function.name)
            return
        now = self.app.now()
        due = (
            _seconds(status.get("Next"))
            if status and status.get("Schedule", self.schedule.text) == self.schedule.text
            else None
        )
        late = due is not None and due < now
        if self.at_start or late:
            self._fire(late, status, now)
            now = self.app.now()
        due = self.schedule.next(now) if due is None or due <= now else due
        while not self._ended.wait(min(LOOK_SECONDS, max(0.0, due - self.app.now()))):
            now = self.app.now()
            if now >= due:
                status = self._fire(now - due > LATE_SECONDS, status, due)
                due = self.schedule.next(max(due, self.app.now()) if self.schedule.fields else self.app.now())

    def _fire(self, late: bool, status: dict[str, Any], at: float) -> dict[str, Any]:
        self.app.invoke(self.function, self._event(late, status, at))
        now = self.app.now()
        after = _time(self.schedule.next(max(at, now)))
        status = {"Last": _time(at), "Next": after, "LastUpdated": _time(now), "Schedule": self.schedule.text}
        if self.monitored:
            with contextlib.suppress(FunctionProblem):
                self._write(status)
        return status

    def _event(self, late: bool, status: dict[str, Any], at: float) -> Event:
        shown = {name: status.get(name, "0001-01-01T00:00:00") for name in ("Last", "LastUpdated", "Next")}
        if "Next" not in status:
            shown["Next"] = _time(self.schedule.next(at))
        data = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": shown, "IsPastDue": late}
        return Event(Datum("json", json.dumps(data)), reason=f"{REASON}{_time(at)}")

    # --- status -----------------------------------------------------------------------------------------------------------
    @property
    def _path(self) -> str:
        return f"{CONTAINER}/timers/{self.app.name.lower()}/Host.Functions.{self.function.name}/status"

    def _read(self) -> dict[str, Any]:
        """The status of before. Raises `FunctionProblem` when the host may not use its storage account."""
        answer = self._service.request("GET", self._path)
        if answer.status == 404:
            self._create()
            return {}
        if answer.status != 200:
            raise FunctionProblem(
                f"the host may not read '{self._path}' in '{self._service.account}': {_said(answer)}."
            )
        with contextlib.suppress(ValueError):
            found = json.loads(answer.body)
            if isinstance(found, dict):
                return found
        return {}

    def _create(self) -> None:
        from azlabs.simulator.functions.bindings.storage import create

        create(self._service, "PUT", CONTAINER, {"restype": "container"})

    def _write(self, status: dict[str, Any]) -> None:
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/json"}
        self._service.request("PUT", self._path, None, headers, json.dumps(status).encode())


def _said(answer: Any) -> str:
    from azlabs.simulator.functions.bindings.storage import said

    return said(answer)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _seconds(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None
