"""Failures on demand: requests that fail, wait, are throttled or lose their connection; operations that fail or hang.

    simulator.faults.add(Fault("GET", "*/virtualNetworks/*", 429, "TooManyRequests", times=2, retry_after=1))
    simulator.faults.add(Fault(kind="drop-after", host="*.documents.azure.com", nth=3))
    simulator.faults.add(Fault(kind="fail", status=500, probability=0.2, seed=7, times=0))

They are kept in the store, so every process on one state file sees the same ones and counts the same requests. A fault with a
probability decides by its seed and by how many requests it has seen, so a run that asks the same asks for the same faults.
"""

from __future__ import annotations

import fnmatch
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import decode_path, dumps
from azlabs.simulator.store import Store

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.errors import Refused

_META = "faults"
KINDS = {
    "fail": "answered with a status and a code, and not done",
    "throttle": "answered with 429 and Retry-After, as the service does it, and not done",
    "delay": "answered some seconds later",
    "drop-before": "the connection ends before the request is done",
    "drop-after": "the request is done, and the connection ends before the answer",
    "operation-fails": "the long-running operation that the request begins fails",
    "operation-hangs": "the long-running operation that the request begins does not end until the fault is cleared",
}
"""What may happen to a request."""
OPERATIONS = ("operation-fails", "operation-hangs")


@dataclass(slots=True)
class Fault:
    """What happens to which requests.

    `method`, `host`, `path` and `type` (a resource type) are shell patterns, compared without case; `host` is the public name
    of the service. From the `nth` such request on, `times` of them (0: all) are struck, each with `probability`.
    `inside`: also the requests that Azure makes itself to carry out a template. `retry_after` and `seconds` in seconds.
    """

    method: str = "*"
    path: str = "*"
    status: int = 500
    code: str = "InternalServerError"
    message: str = "The simulator was told to fail this request."
    times: int = 1
    retry_after: float | None = None
    kind: str = "fail"
    host: str = "*"
    type: str = "*"
    seconds: float = 0.0
    nth: int = 1
    probability: float = 1.0
    seed: int = 0
    inside: bool = False
    id: int = 0
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"'{self.kind}' is no kind of fault; there is: {', '.join(KINDS)}.")
        if self.kind == "throttle":
            self.status, self.code = 429, "TooManyRequests" if self.code == "InternalServerError" else self.code
            self.retry_after = 1.0 if self.retry_after is None else self.retry_after

    def fits(self, method: str, host: str, path: str, *, inside: bool) -> bool:
        """Is a request one of those that this is about?"""
        if inside and not self.inside:
            return False
        return (
            _fits(self.method, method)
            and _fits(self.host, host)
            and _fits(self.path, path)
            and (self.type == "*" or _fits(self.type, _type_of(path)))
        )

    def meets(self) -> bool:
        """Count a request that fits; whether it is struck."""
        self.seen += 1
        if self.seen < self.nth:
            return False
        if self.probability < 1 and random.Random(f"{self.seed}/{self.seen}").random() >= self.probability:
            return False
        self.struck += 1
        return True

    def refusal(self) -> Refused:
        """The refusal that it stands for."""
        from azlabs.simulator.resource_manager.errors import Refused

        headers = {} if self.retry_after is None else {"Retry-After": format(self.retry_after, "g")}
        return Refused(self.status, self.code, self.message, headers=headers)

    @property
    def is_used_up(self) -> bool:
        """It has struck as often as it was told to."""
        return 0 < self.times <= self.struck

    def to_json(self) -> dict[str, Any]:
        """Every field by its name."""
        return asdict(self)


class Faults:
    """The faults of one store that are waiting to happen, oldest first, and the limits that are enforced."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: object = None
        self._waiting: list[Fault] = []
        self._last = 0
        self.arm_limits = False
        """Whether Azure Resource Manager's token buckets are enforced; see `arm_limits`."""
        self.have_hung = False
        """Whether an operation of this store was ever told to fail or to hang."""
        self._local = threading.local()
        self._read()

    # --- what there is ------------------------------------------------------------------------------------------------
    @property
    def waiting(self) -> list[Fault]:
        """The faults that may still strike."""
        self.are_there()
        return list(self._waiting)

    def are_there(self) -> bool:
        """Whether any request may be struck; cheap, since every request asks."""
        if self._store.path is not None:
            with self._store.lock:
                version = self._store.sql.execute("PRAGMA data_version").fetchone()[0]
                if version != self._version:
                    self._version = version
                    self._read()
        return bool(self._waiting)

    def add(self, fault: Fault) -> Fault:
        """Let requests be struck from now on; the fault with its number."""
        with self._store.writing():
            self._read()
            self._last += 1
            fault.id = self._last
            self._waiting.append(fault)
            self._write()
        return fault

    def clear(self, number: int | None = None) -> int:
        """Take one fault away, or all of them with the limits; how many. Operations that hung go on."""
        with self._store.writing():
            self._read()
            kept = [fault for fault in self._waiting if number is not None and fault.id != number]
            gone = len(self._waiting) - len(kept) + (self.arm_limits if number is None else 0)
            self._waiting = kept
            if number is None:
                self.arm_limits = False
            self._write()
            if not any(fault.kind == "operation-hangs" for fault in kept):
                self._store.sql.execute(
                    "UPDATE operations SET ready=created WHERE finished IS NULL AND ready>=?", (FOR_EVER,)
                )
        return gone

    def set_arm_limits(self, on: bool) -> None:
        """Let Azure Resource Manager refuse what exceeds its token buckets, or not."""
        with self._store.writing():
            self._read()
            self.arm_limits = on
            self._write()

    def forget(self) -> None:
        """The store was replaced: read it again."""
        self._version = None
        self._read()

    # --- what happens ---------------------------------------------------------------------------------------------------
    def strike(self, method: str, host: str, path: str, *, inside: bool = False) -> Fault | None:
        """The fault that strikes a request, counted; None for most requests."""
        if not self.are_there():
            return None
        with self._store.writing():
            self._read()
            found, counted = None, False
            for fault in self._waiting:
                if fault.fits(method, host, path, inside=inside):
                    counted = True
                    if fault.meets():
                        found = fault
                        break
            if counted:
                self._waiting = [fault for fault in self._waiting if not fault.is_used_up]
                self.have_hung = self.have_hung or (found is not None and found.kind in OPERATIONS)
                self._write()
        return found

    @property
    def of_operations(self) -> Fault | None:
        """What is to become of the operations that the request of this thread begins."""
        return getattr(self._local, "fault", None)

    @contextmanager
    def upon(self, fault: Fault) -> Iterator[None]:
        """Operations that this thread begins meet with the fault."""
        self._local.fault = fault
        try:
            yield
        finally:
            self._local.fault = None

    # --- the store --------------------------------------------------------------------------------------------------------
    def _read(self) -> None:
        text = self._store.meta(_META)
        kept = json.loads(text) if text else {}
        self._waiting = [Fault(**entry) for entry in kept.get("faults", ())]
        self._last = int(kept.get("last", 0))
        self.arm_limits = bool(kept.get("arm_limits"))
        self.have_hung = bool(kept.get("have_hung"))

    def _write(self) -> None:
        kept = {
            "faults": [fault.to_json() for fault in self._waiting],
            "last": self._last,
            "arm_limits": self.arm_limits,
            "have_hung": self.have_hung,
        }
        self._store.set_meta(_META, dumps(kept))


FOR_EVER = 1e14
"""When an operation ends that hangs: seconds since the epoch that nobody will see."""


def _fits(pattern: str, text: str) -> bool:
    return pattern == "*" or fnmatch.fnmatchcase(text.lower(), pattern.lower())


def _type_of(path: str) -> str:
    from azlabs.simulator.resource_manager import routes

    if path.lower().startswith("/subscriptions/") and len(path.strip("/").split("/")) == 4:
        return "microsoft.resources/resourcegroups"
    return routes.parse(decode_path(path)).type_key
