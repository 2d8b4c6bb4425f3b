"""Applying a lab's reference solution, or anyone's, step by step."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from azlabs.cloud import Cloud
from azlabs.cloud.errors import translated
from azlabs.errors import AzlabsError
from azlabs.progress import Event, Progress, silent
from azlabs.sandbox import background
from azlabs.sandbox.applying import apply_template
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.templates import read_template
from azlabs.sandbox.workspace import write_answers

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab

Client = TypeVar("Client")
_ORDER = (".bicep", ".json", ".py")


class BrokenStep(AzlabsError):
    """A solution step cannot be used: it is missing, or it is no Python file with `solve(lab)`."""


class BuildsOnTask(AzlabsError):
    """A step's code contains that of a task that is not to be done."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as text, for people who want to read it first."""

    task: str
    path: Path
    text: str


class SolveView:
    """What a Python step is given as `lab`: the sandbox's facts and writing SDK clients.

    `without`: a task that is not to be done; code of its step is not published.
    """

    def __init__(self, sandbox: Sandbox, cloud: Cloud, without: str = "") -> None:
        self._sandbox = sandbox
        self._without = without
        self.cloud = cloud
        self.outputs: dict[str, Any] = dict(sandbox.outputs)
        self.region = sandbox.region
        self.subscription_id = sandbox.subscription_id
        self.resource_group = sandbox.resource_group
        self.resource_groups = tuple(sandbox.resource_groups)
        self.workspace = sandbox.workspace
        self.published: list[tuple[str, tuple[Path, ...]]] = []
        """What the step has published so far: (the app's name, the folders)."""

    def client(self, kind: type[Client], **arguments: Any) -> Client:
        """A typed SDK client of the sandbox's cloud."""
        return self.cloud.client(kind, **arguments)

    @cached_property
    def _lab(self) -> Lab:
        from azlabs.catalog.labs import load_lab

        return load_lab(self._sandbox.lab_name)

    @property
    def app(self) -> Path:
        """The lab's starter code, as it came."""
        return self._lab.app

    def publish(self, *folders: Path, app: str = "") -> None:
        """Publish the files of some folders, a later one's in place of an earlier one's, to the lab's function app (or
        to the one called `app`), and wait until it is done."""
        from azlabs.sandbox.publishing import publish

        if any(folder.name == self._without for folder in folders):
            raise BuildsOnTask(
                f"Its code builds on that of {self._without}.",
                action=f"Do {self._without} first, then publish your folder: `azlabs deploy`.",
            )
        app = app or str(self.outputs[self._lab.function_app or ""])
        publish(self.cloud, app, folders)
        self.published.append((app, folders))

    def write_answers(self, **answers: Any) -> None:
        """Write answers into `answers.yaml`: `write_answers(key={"field": value})`; those to other keys stay."""
        write_answers(self._sandbox.answers_file, answers)


def show(lab: Lab, task: str | None = None) -> list[Shown]:
    """The reference step of a task, or of all tasks."""
    return [Shown(name, path, _read(path)) for name, path in _steps(lab, task)]


def solve(
    sandbox: Sandbox,
    lab: Lab,
    cloud: Cloud,
    task: str | None = None,
    progress: Progress = silent,
    ledger: Ledger | None = None,
) -> list[str]:
    """Apply the reference step of one task, or those of all tasks in order; the ids of the tasks.

    A step builds on the state that the tasks before it lead to. Raises AzureError, TemplateProblem, BrokenStep.
    """
    ledger = ledger or Ledger()
    steps = _steps(lab, task)
    with ledger.working(sandbox, "solve"):
        return apply_steps(sandbox, cloud, steps, progress, ledger.save)


def apply_steps(
    sandbox: Sandbox,
    cloud: Cloud,
    steps: Iterable[tuple[str, Path]],
    progress: Progress = silent,
    save: Callable[[Sandbox], None] = lambda _sandbox: None,
    published: Callable[[str, tuple[Path, ...]], None] = lambda _app, _folders: None,
    without: str = "",
) -> list[str]:
    """Apply named files (.bicep, .json, .py) one after the other; each is remembered once it is done.

    `published` is told which folders a step has published to which app. `without`: raise BuildsOnTask when a step would
    publish the code of this task.
    """
    done = []
    for name, path in steps:
        progress(Event("step", name, "running"))
        try:
            for app, folders in _apply(sandbox, cloud, name, path, progress, save, without):
                published(app, folders)
        except AzlabsError as problem:
            progress(Event("step", name, "failed", problem.message))
            raise
        progress(Event("step", name, "done"))
        if name not in sandbox.solved:
            sandbox.solved.append(name)
        save(sandbox)
        done.append(name)
    return done


def steps_in(folder: Path, tasks: Iterable[str] = ()) -> list[tuple[str, Path]]:
    """The steps in a folder: files named after `tasks` first, in that order, then the others by name."""
    files = {path.stem: path for suffix in reversed(_ORDER) for path in sorted(folder.glob(f"*{suffix}"))}
    names = [name for name in tasks if name in files]
    return [(name, files[name]) for name in [*names, *sorted(set(files) - set(names))]]


def _apply(
    sandbox: Sandbox,
    cloud: Cloud,
    name: str,
    path: Path,
    progress: Progress,
    save: Callable[[Sandbox], None],
    without: str,
) -> list[tuple[str, tuple[Path, ...]]]:
    """Apply one step; what it has published."""
    if path.suffix == ".py":
        function, view = load_solve(path), SolveView(sandbox, cloud, without)
        with translated():
            function(view)
        return view.published
    apply_template(sandbox, cloud, f"solve-{name}", read_template(path), None, progress, save, path)
    return []


def load_solve(path: Path, name: str = "solve") -> Callable[[SolveView], None]:
    """The function `solve` (or `name`) of a Python step. Runs the file: it is code of the lab's author."""
    _read(path)
    spec = importlib.util.spec_from_file_location(f"azlabs_step_{path.stem.replace('-', '_')}", path)
    if spec is None or spec.loader is None:
        raise BrokenStep(f"The step {path} cannot be loaded.", action="Give a Python file.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as problem:
        raise BrokenStep(f"{path}({problem.lineno}): {problem.msg}.", action="Correct the file.") from problem
    function = getattr(module, name, None)
    if not callable(function):
        raise BrokenStep(f"The step {path} has no function {name}(lab).", action=f"Write `def {name}(lab): ...`.")
    result: Callable[[SolveView], None] = function
    return result


def _steps(lab: Lab, task: str | None) -> list[tuple[str, Path]]:
    if task is None:
        return lab.steps
    wanted = lab.task(task).id
    return [(name, path) for name, path in lab.steps if name == wanted]


def complete_start(sandbox: Sandbox, lab: Lab, cloud: Cloud, progress: Progress = silent) -> None:
    """What belongs to the start and no template can make: data and code, side by side. Doing it again adds nothing."""
    background.each(lambda part: part(sandbox, lab, cloud, progress), (put_start_data, publish_starter))


def publish_starter(sandbox: Sandbox, lab: Lab, cloud: Cloud, progress: Progress = silent) -> None:
    """Publish the lab's starter code to the function app that its field `function_app` names; without one nothing."""
    if lab.function_app is None or not lab.app.is_dir():
        return
    from azlabs.sandbox.publishing import publish

    publish(cloud, str(sandbox.outputs[lab.function_app]), [lab.app], progress)


def put_start_data(sandbox: Sandbox, lab: Lab, cloud: Cloud, progress: Progress = silent) -> None:
    """Run the lab's `start(lab)`, which puts in what a template cannot make. Doing it again adds nothing."""
    if not lab.start_data.is_file():
        return
    progress(Event("start", "data", "running"))
    function = load_solve(lab.start_data, "start")
    try:
        with translated():
            function(SolveView(sandbox, cloud))
    except AzlabsError as problem:
        progress(Event("start", "data", "failed", problem.message))
        raise
    progress(Event("start", "data", "done"))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as problem:
        raise BrokenStep(
            f"The lab has no step {path}.", action="`azlabs lab validate` says what is missing."
        ) from problem
