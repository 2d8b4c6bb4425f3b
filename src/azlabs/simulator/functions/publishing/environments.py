"""What an app may import besides its own files: made once for each content of its `requirements.txt`.

What azlabs brings along is linked, which needs no network; anything else is installed by pip. As on Azure, an app imports
what a build has installed (a package that was published without a build brings `.python_packages`), the library of
the Python worker (azure-functions), and nothing that it did not ask for.
https://learn.microsoft.com/azure/azure-functions/functions-reference-python#folder-structure
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from azlabs.files import locked
from azlabs.progress import Event, Progress, silent
from azlabs.simulator.functions.publishing import brought_along, requirements

VENDORED = Path(".python_packages", "lib", "site-packages")
"""Where a package carries what it needs when nobody builds it."""
BUILT = "oryx-manifest.toml"
"""The file that a build leaves in a package."""
WORKER = "azure-functions"
"""The library that the Python worker brings along for every app."""
NO_WORKER = "The library azure-functions is not there: install azlabs with its extra `apps`, or name it in requirements.txt."
KEPT = 12
PIP_SECONDS = 900.0
FAILED_SECONDS = 20.0
_PIP = ("-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar", "off")
_OFFLINE = ("NewConnectionError", "Temporary failure in name resolution", "Name or service not known", "Connection refused",
            "Network is unreachable", "timed out", "ConnectTimeoutError", "ProxyError")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Environment:
    """`python`: the interpreter, to be run with -I -S; `paths`: what follows the app's folder on sys.path.

    `problem`: why something that was asked for is not there, in one sentence; the rest is.
    """

    python: Path
    paths: tuple[Path, ...]
    digest: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """An environment, and what making it said (for the log of a deployment)."""

    environment: Environment
    log: tuple[str, ...] = ()


def environment_for(folder: Path, home: Path) -> Environment:
    """The environment of the app in a folder, made now when it is not there: `requirements.txt` counts when the package
    says that it was built. The interpreter is to be run with -I -S; `problem` says what was asked for and is not there."""
    return build(folder, home, install=(folder / BUILT).is_file()).environment


def with_debugger(environment: Environment, home: Path) -> Environment:
    """An environment to which the debugger that is installed beside azlabs was added."""
    from packaging.requirements import Requirement

    chosen = brought_along.closure([Requirement("debugpy")])
    folder = _linked(home / "functions" / "_environments", chosen)
    digest = _digest(environment.digest, folder.name)
    return Environment(environment.python, (*environment.paths, folder), digest, environment.problem)


def build(folder: Path, home: Path, *, install: bool = True, progress: Progress = silent) -> Built:
    """The same; `install`: whether what `requirements.txt` asks for is installed."""
    vendored = (folder / VENDORED,) if (folder / VENDORED).is_dir() else ()
    asked = requirements.read(folder / requirements.FILE) if install else requirements.Requirements()
    broken = f"{asked.broken}, so nothing of {requirements.FILE} was installed." if asked.broken else None
    made = _of(requirements.Requirements() if broken else asked, home, progress)
    found = made.environment
    log = (broken, *made.log) if broken else made.log
    return Built(Environment(found.python, vendored + found.paths, found.digest, broken or found.problem), log)


def _of(asked: requirements.Requirements, home: Path, progress: Progress) -> Built:
    """The environment of these requirements together with the worker's library."""
    root = home / "functions" / "_environments"
    key = (root, asked.text, *(_changed(path) for path in sys.path))
    known = _known.get(key)
    if known is not None and all(path.is_dir() for path in known.environment.paths):
        return known
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    failed = _failed.get(key)
    if failed is not None and time.monotonic() - failed[0] < FAILED_SECONDS:
        return failed[1]
    made = _make(root, asked, progress)
    if made.environment.problem is None:
        _known[key] = made
    else:
        _failed[key] = time.monotonic(), made
    return made


_known: dict[tuple[object, ...], Built] = {}
"""What this process has found before, while nobody installs or removes anything beside azlabs."""


_failed: dict[tuple[object, ...], tuple[float, Built]] = {}
"""What could not be made, and when: the code loop asks again with every change of a file."""


def _changed(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0


def _make(root: Path, asked: requirements.Requirements, progress: Progress) -> Built:
    from packaging.requirements import Requirement

    worker = brought_along.closure([Requirement(WORKER)])
    everything = brought_along.closure([*asked.wanted, Requirement(WORKER)])
    python = Path(sys.executable)
    if not asked.special and not everything.missing:
        folder = _linked(root, everything)
        return Built(Environment(python, (folder,), folder.name), tuple(f"Using {one}" for one in everything.names()))
    paths = () if worker.missing else (_linked(root, worker),)
    if not asked.text:
        return Built(Environment(python, paths, _digest("nothing"), NO_WORKER))
    installed, problem, log = _installed(root, asked, everything.missing, progress)
    paths = paths if installed is None else (installed, *paths)
    if problem is None and not any((path / "azure" / "functions").is_dir() for path in paths):
        problem = NO_WORKER
    return Built(Environment(python, paths, _digest(*(path.name for path in paths)), problem), tuple(log))


def _linked(root: Path, chosen: brought_along.Closure) -> Path:
    """The folder of links to these distributions."""
    places = sorted(f"{one.locate_file('')}" for one in chosen.found.values())
    folder = root / _digest("links", *chosen.names(), *places)
    if not folder.is_dir():
        with locked(root / ".lock"):
            if not folder.is_dir():
                fresh = root / f".{folder.name}.{os.getpid()}"
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir(mode=0o700)
                brought_along.link(chosen.found.values(), fresh)
                fresh.rename(folder)
                _sweep(root, folder)
    _touch(folder)
    return folder


def _installed(
    root: Path, asked: requirements.Requirements, missing: list[str], progress: Progress
) -> tuple[Path | None, str | None, list[str]]:
    """(folder, why there is none, what pip said): a folder of its own for these requirements, kept for the next time."""
    folder = root / _digest("pip", asked.text)
    with locked(root / ".lock"):
        if folder.is_dir():
            _touch(folder)
            return folder, None, [f"Using the packages that were installed before ({folder.name})."]
        fresh = root / f".{folder.name}.{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        try:
            code, log = _pip(asked, fresh, progress)
            if code:
                return None, _why(asked, missing, log), log
            fresh.rename(folder)
            _sweep(root, folder)
            return folder, None, log
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _pip(asked: requirements.Requirements, target: Path, progress: Progress) -> tuple[int, list[str]]:
    """(exit code, last lines) of pip. The lines of requirements go in as they were written."""
    file = target.with_suffix(".txt")
    file.write_text(asked.text + "\n", "utf-8")
    command = [sys.executable, *_PIP, "--timeout", "15", "--retries", "1", "--target", str(target), "-r", str(file)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AZLABS_", "PYTHONPATH"))}
    log: deque[str] = deque(maxlen=400)
    progress(Event("install", requirements.FILE, "running"))
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=environment, cwd=target, start_new_session=True,
    ) as process:  # fmt: skip
        timer = threading.Timer(PIP_SECONDS, process.kill)
        timer.start()
        assert process.stdout is not None
        for line in process.stdout:
            log.append(line.rstrip())
            if line.startswith(("Collecting ", "Downloading ", "Building ", "Installing ")):
                progress(Event("install", requirements.FILE, "running", line.strip()[:120]))
        code = process.wait()
        timer.cancel()
    file.unlink(missing_ok=True)
    progress(Event("install", requirements.FILE, "failed" if code else "done"))
    return code, list(log)


def _why(asked: requirements.Requirements, missing: list[str], log: list[str]) -> str:
    """Why pip installed nothing, in one sentence."""
    wanted = ", ".join([*missing, *asked.special][:5])
    text = "\n".join(log)
    if any(sign in text for sign in _OFFLINE):
        return f"{wanted} is not among what azlabs brings along, and no package index can be reached from here."
    errors = [line.partition("ERROR:")[2].strip() for line in log if line.startswith("ERROR:")]
    if "No module named pip" in text:
        return f"{wanted} is not among what azlabs brings along, and azlabs' Python has no pip to install it."
    return f"pip could not install {requirements.FILE}: {errors[-1] if errors else 'it was stopped'}."


def _digest(*parts: str) -> str:
    text = "\0".join((sys.version, sys.prefix, *parts))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _touch(folder: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(folder)


def _sweep(root: Path, fresh: Path) -> None:
    """Keep the environments that were used last."""
    folders = sorted((one for one in root.iterdir() if one.is_dir() and one != fresh), key=lambda one: -one.stat().st_mtime)
    for old in folders[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
