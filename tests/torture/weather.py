"""Bad weather: of five requests one fails, is throttled, dropped or refused, or its operation fails or hangs.

`up`, `verify` and `down` then end right, or say exactly what is not done. A run is decided by its seed.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azlabs.catalog.labs import Lab, load_lab
from azlabs.cloud import scratch
from azlabs.cloud.memory import ScratchCloud
from azlabs.errors import AzlabsError
from azlabs.sandbox import soft_delete, tags
from azlabs.sandbox.down import DownReport, down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.recover import recover
from azlabs.sandbox.solve import solve
from azlabs.sandbox.up import up
from azlabs.simulator.faults import Fault
from azlabs.verify import run as verify

from . import rest

SHARE = 0.2
"""Of all requests."""
PATIENCE_SECONDS = 0.3
NETWORK_API, GROUPS_API = "2024-05-01", "2024-11-01"
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "fail", "status": 500},
    {"kind": "fail", "status": 503, "code": "ServerBusy"},
    {"kind": "throttle", "retry_after": 1},
    {"kind": "drop-before"},
    {"kind": "drop-after"},
    {"kind": "fail", "status": 409, "code": "AnotherOperationInProgress"},
    {"kind": "fail", "status": 403, "code": "AuthorizationFailed"},
    {"kind": "operation-fails", "code": "InternalServerError"},
    {"kind": "operation-hangs"},
)
CALM, STORMY = 5, len(KINDS)
"""How many of the kinds: those that a client gets over by trying again, or all."""


@dataclass
class Run:
    """What a seed has shown. `wrong`: sentences. `done`: what ended right; `said`: what was said not to be done."""

    lab: str
    seed: int
    wrong: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    requests: int = 0
    struck: int = 0
    leftovers: int = 0
    foreign: int = 0


def storm(cloud: ScratchCloud, seed: int, kinds: int) -> None:
    """Let SHARE of the requests be struck, each kind as often as any other."""
    each = 1 - (1 - SHARE) ** (1 / kinds)
    for number, kind in enumerate(KINDS[:kinds]):
        cloud.simulator.faults.add(Fault(probability=each, seed=1000 * seed + number, times=0, **kind))


def look_alikes(cloud: ScratchCloud, lab: Lab, identifier: str) -> None:
    """What is not the sandbox's, however like it looks: its names, its tags copied by hand, its resources' names."""
    box = Sandbox(
        id=identifier, lab=lab.id, cloud=cloud.name, subscription_id=cloud.subscription_id, region="swedencentral",
        resource_groups=[f"azlabs-{identifier}"], workspace=Path("w"), created=_moment(), expires=None, account=cloud.account,
    )  # fmt: skip
    marks = tags.marks(box, box.resource_groups[0])
    for name in (f"azlabs-{identifier}-2", identifier, f"azlabs-{lab.id}", "production"):
        cloud.run("PUT", box.group_id(name), GROUPS_API, {"location": "swedencentral", "tags": marks})
        inside = f"{box.group_id(name)}/providers/Microsoft.Network/networkSecurityGroups/nsg-data"
        cloud.run("PUT", inside, NETWORK_API, {"location": "swedencentral", "tags": marks, "properties": {}})


def _moment() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 21, 10, tzinfo=UTC)


_asking = threading.local()


def only_azlabs(cloud: ScratchCloud) -> None:
    """Let only azlabs' own requests to Azure be struck. What the learner's app asks for, and what is asked of the app, is
    what is judged: an app that meets a failure and hands it on is seen as it is."""
    strike = cloud.simulator.faults.strike

    def gated(method: str, host: str, path: str, *, inside: bool = False) -> Fault | None:
        is_app = host.endswith(".azurewebsites.net") and ".scm." not in host
        is_azlabs, _asking.azlabs = getattr(_asking, "azlabs", False), False  # what is asked to answer it is not azlabs'
        return strike(method, host, path, inside=inside) if is_azlabs and not is_app else None

    cloud.simulator.faults.strike = gated  # type: ignore[method-assign]
    transport = cloud.place.open_transport

    def marked() -> Any:
        made = transport()
        handler = made._handler

        def handle(*request: Any) -> Any:
            _asking.azlabs = True
            try:
                return handler(*request)
            finally:
                _asking.azlabs = False

        made._handler = handle
        return made

    cloud.place.open_transport = marked


class Weather:
    """Runs of one lab, on one cloud that is put back for each."""

    def __init__(self, lab: str) -> None:
        self.lab = load_lab(lab)
        self.folder = Path(tempfile.mkdtemp(prefix="azlabs-weather-"))
        self.cloud = scratch()
        only_azlabs(self.cloud)
        self.identifier = f"{lab}-storm"
        self.cloud.graph.send("GET", "https://graph.microsoft.com/v1.0/users", "")
        look_alikes(self.cloud, self.lab, self.identifier)
        self.empty = self.cloud.snapshot()
        self.foreign = self.rows()
        self.truth: dict[str, dict[str, str]] = {}
        self._clear_up(self._ready("truth"), solved=True)

    def close(self) -> None:
        self.cloud.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def rows(self) -> dict[str, str]:
        with self.cloud.simulator.store.lock:
            return rest.rows(self.cloud.simulator.store.sql)

    def _ready(self, name: str) -> Ledger:
        return Ledger(self.folder / name)

    def _clear_up(self, ledger: Ledger, *, solved: bool) -> None:
        """What verification says in good weather, of the start state and of the solution."""
        box = up(self.lab, self.cloud, ledger=ledger, identifier=self.identifier).sandbox
        self.truth["start"] = self._judge(box)
        if solved:
            solve(box, self.lab, self.cloud, ledger=ledger)
            self.truth["solved"] = self._judge(box)
        down(plan_down(box, self.cloud), self.cloud, ledger=ledger)
        over = self.rows()
        assert over == self.foreign, sorted(over.keys() ^ self.foreign.keys())
        self._rest()

    def _rest(self) -> None:
        """Nothing runs between the runs, and no client knows the ports of before."""
        self.cloud.end_station()
        self.cloud._clients.clear()

    def _judge(self, box: Sandbox) -> dict[str, str]:
        """In good weather; a machine that is busy may need another look."""
        for _look in range(3):
            told = {line.id: line.status for line in verify(self.lab, box, self.cloud).checks}
            if "error" not in told.values():
                break
        return told

    def run(self, seed: int) -> Run:
        """up, verify, solve in good weather, verify, down in bad weather; then what is left, and one more down."""
        found = Run(self.lab.id, seed)
        home = self.folder / f"run-{seed}"
        ledger = Ledger(home)
        self.cloud.restore(self.empty)
        self.cloud.arm._patience = self.cloud.graph._patience = self.cloud.place.patience_seconds = PATIENCE_SECONDS
        kinds = random.Random(seed).choice((CALM, STORMY))
        try:
            self._run(found, ledger, seed, kinds)
        except AzlabsError as problem:
            found.wrong.append(f"an error that nothing told: {problem.message}")
        except Exception as problem:  # whatever is no sentence for a person is wrong
            import traceback

            found.wrong += [f"{type(problem).__name__}: {problem}", *traceback.format_exc().splitlines()[-8:]]
        finally:
            self.cloud.simulator.faults.clear()
            self._rest()
            shutil.rmtree(home, ignore_errors=True)
        return found

    def _run(self, found: Run, ledger: Ledger, seed: int, kinds: int) -> None:
        cloud = self.cloud
        box = self._up(found, ledger, seed, kinds)
        if box is None or (box.state != "ready" and seed % 5):
            # In good weather again `up` goes on where it stopped.
            again = up(self.lab, cloud, ledger=ledger, identifier=self.identifier).sandbox
            if box is not None and again.id != box.id:
                found.wrong.append("up again made another sandbox")
            box = again
        if box.state == "ready":
            storm(cloud, seed + 1, kinds)
            self._verify(found, box, "start")
            self._calm(found)
            if seed % 2 == 0:
                solve(box, self.lab, cloud, ledger=ledger)
                storm(cloud, seed + 2, kinds)
                self._verify(found, box, "solved")
                self._calm(found)
        storm(cloud, seed + 3, kinds)
        self._down(found, ledger, box)
        self._calm(found)
        if seed % 3 == 0:
            shutil.rmtree(ledger.folder, ignore_errors=True)
        recover(cloud, ledger)
        for left in ledger.all():
            report = down(plan_down(left, cloud), cloud, ledger=ledger)
            found.wrong += [f"in good weather again: survivor {entry.id}: {entry.reason}" for entry in report.survivors]
        self._compare(found)

    def _calm(self, found: Run) -> None:
        faults = self.cloud.simulator.faults.waiting
        found.requests += faults[0].seen  # the first one is asked about every request
        found.struck += sum(fault.struck for fault in faults)
        self.cloud.simulator.faults.clear()

    def _up(self, found: Run, ledger: Ledger, seed: int, kinds: int) -> Sandbox | None:
        storm(self.cloud, seed, kinds)
        try:
            box = up(self.lab, self.cloud, ledger=ledger, identifier=self.identifier).sandbox
            found.done.append("up")
        except AzlabsError as problem:
            found.said.append(f"up: {problem.message}")
            known = ledger.all()
            box = known[0] if known else None
            if box is not None and (box.state != "failed" or not box.problem):
                found.wrong.append(f"up failed, and the ledger says {box.state}")
        self._calm(found)
        inside = [key for key in self.rows() if key.startswith(self._group) and "/deployments/" not in key]
        if box is None and inside:
            found.wrong.append("up made something and wrote nothing down")
        if box is not None and box.state == "ready":
            found.wrong += [f"up says ready, and {one} is not there" for one in box.start if not self._is_there(one)]
        return box

    def _is_there(self, identifier: str) -> bool:
        from azlabs.simulator.resource_manager import views

        return views.known(self.cloud.simulator.store, identifier.lower())

    def _verify(self, found: Run, box: Sandbox, state: str) -> None:
        lines = verify(self.lab, box, self.cloud).checks
        told = {line.id: line.status for line in lines}
        truth = self.truth[state]
        for line in lines:
            if line.status not in (truth[line.id], "error"):
                found.wrong.append(
                    f"verify of {state}: {line.id} is {line.status}, and truly {truth[line.id]}: {line.found}; {line.decided_by}"
                )
        unclear = sum(status == "error" for status in told.values())
        if unclear:
            found.said.append(f"verify: {unclear} checks cannot be judged")
        else:
            found.done.append("verify")

    def _down(self, found: Run, ledger: Ledger, box: Sandbox) -> None:
        try:
            report = down(plan_down(box, self.cloud), self.cloud, ledger=ledger)
        except AzlabsError as problem:
            found.said.append(f"down: {problem.message}")
            if not ledger.all():
                found.wrong.append("down failed, and the ledger has forgotten the sandbox")
            return
        self._held_to(found, report)
        if report.survivors:
            found.said.append(f"down: {len(report.survivors)} left")
            if not ledger.all():
                found.wrong.append("down left something, and the ledger has forgotten the sandbox")
        else:
            found.done.append("down")
            if ledger.all():
                found.wrong.append("down left nothing, and the ledger still has the sandbox")

    def _held_to(self, found: Run, report: DownReport) -> None:
        """What a report says is deleted is gone; what is there is among its survivors, or inside one."""
        there = {key for key, text in self.rows().items() if self.foreign.get(key) != text and "/deployments/" not in key}
        survivors = [entry.id.lower() for entry in report.survivors]
        for key in there:
            if key.startswith("deleted "):
                is_told = _told_of_deleted(key.removeprefix("deleted "), survivors)
            elif key.startswith("/vaults/"):  # what a vault holds
                is_told = any(one.endswith((f"/{key.split('/')[2]}", "/deletedvaults")) for one in survivors)
            else:
                is_told = any(key == one or key.startswith(f"{one}/") or one.startswith(f"{key}/") for one in survivors)
            if not is_told:
                found.wrong.append(f"down does not tell that {key} is left: {[(one.id, one.reason) for one in report.survivors]}")
        for gone in report.deleted:
            if gone.lower() in self.rows():
                found.wrong.append(f"down says that {gone} is deleted")

    def _compare(self, found: Run) -> None:
        now = self.rows()
        over = [key for key in now if key not in self.foreign]
        touched = [key for key, text in self.foreign.items() if now.get(key) != text]
        found.leftovers, found.foreign = len(over), len(touched)
        found.wrong += [f"left: {key}" for key in over] + [f"touched: {key}" for key in touched]

    @property
    def _group(self) -> str:
        return f"/subscriptions/{self.cloud.subscription_id}/resourcegroups/azlabs-{self.identifier}/"


def _told_of_deleted(was: str, survivors: list[str]) -> bool:
    """Whether a deleted resource is told: by the id that it has now, or by the list of its kind, which could not be read."""
    _group, _, rest = was.partition("/providers/")
    namespace, kind, name = rest.split("/")[:3]
    for known in soft_delete.KEPT:
        if known.type.lower() == f"{namespace}/{kind}":
            listed = f"/providers/{known.listed.lower()}"
            last = f"/{known.listed.rpartition('/')[2].lower()}/{name}"
            return any(one.endswith(listed) or (f"/providers/{namespace}/" in one and one.endswith(last)) for one in survivors)
    return False


@contextlib.contextmanager
def weather(lab: str) -> Any:
    """Runs of a lab, cleaned up after."""
    made = Weather(lab)
    try:
        yield made
    finally:
        made.close()
