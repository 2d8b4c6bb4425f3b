"""Reads a lab's `checks.py`: runs it as a module of its own and collects the checks that it declares."""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Protocol

from azlabs.errors import AzlabsError
from azlabs.verify.declare import EVERY_TASK, Check, _collected


class BrokenChecks(AzlabsError):
    """`checks.py` cannot be used; the message names the file and, where there is one, the line."""


class TaskLike(Protocol):
    """What is needed to know of a task."""

    @property
    def id(self) -> str: ...
    @property
    def points(self) -> int: ...


def load_checks(file: Path, tasks: Iterable[TaskLike]) -> list[Check]:
    """The checks of `file`, then those of the files `checks_*.py` beside it, as they are written; raises BrokenChecks.

    The files may import each other as modules of one package: `from .checks_of_messages import ...`. This runs them:
    whoever calls it has asked the user about labs that did not come with azlabs.
    """
    checks = _collect(file)
    _validate(file, checks, list(tasks))
    return checks


def _collect(file: Path) -> list[Check]:
    try:
        source = file.read_bytes()
    except OSError as problem:
        raise BrokenChecks(
            f"{file} cannot be read: {problem.strerror}.", action="A lab needs a checks.py."
        ) from problem
    name = f"azlabs_checks_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    for known in [other for other in sys.modules if other.startswith(f"{name}.")]:
        del sys.modules[known]
    module = ModuleType(name)
    module.__file__, module.__package__, module.__path__ = str(file), name, [str(file.parent)]
    collected: list[Check] = []
    token = _collected.set(collected)
    sys.modules[name] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)
        for more in sorted(file.parent.glob("checks_*.py")):
            importlib.import_module(f"{name}.{more.stem}")
    except Exception as problem:
        raise _broken(file, problem) from problem
    finally:
        sys.dont_write_bytecode = writes
        _collected.reset(token)
    return collected


def _broken(file: Path, problem: Exception) -> BrokenChecks:
    if isinstance(problem, SyntaxError):
        where, line, column, words = problem.filename or file, problem.lineno, problem.offset, problem.msg
        return BrokenChecks(f"{where}({line},{column}): {words}.", action="Correct the Python of the checks.")
    folder = str(file.parent)
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if str(frame.filename).startswith(folder)]
    at = f"{frames[-1].filename}({frames[-1].lineno})" if frames else str(file)
    return BrokenChecks(f"{at}: {type(problem).__name__}: {problem}", action="Correct the Python of the checks.")


def _validate(file: Path, checks: list[Check], tasks: list[TaskLike]) -> None:
    known = {task.id: task for task in tasks}
    seen: set[str] = set()
    for entry in checks:
        where = f"{file}({entry.line})"
        if entry.id in seen:
            raise BrokenChecks(f"{where}: two checks are called '{entry.id}'.", action="Give one of them another name.")
        seen.add(entry.id)
        for task in entry.tasks:
            if task != EVERY_TASK and task not in known:
                raise BrokenChecks(
                    f"{where}: the check '{entry.id}' belongs to the task '{task}', which lab.yaml does not have.",
                    action=f"The tasks are {', '.join(known)}.",
                )
    for entry in checks:
        partners = [other for other in checks if other.id == entry.pair and other.tasks == entry.tasks]
        if entry.pair and not (partners and partners[0].kind == "positive"):
            raise BrokenChecks(
                f"{file}({entry.line}): '{entry.id}' is paired with '{entry.pair}', no positive check of its task.",
                action="Name a positive check of the same task.",
            )
    earned = Counter(dict.fromkeys(known, 0))
    for entry in checks:
        earned[entry.tasks[0]] += entry.points
    for wanted in tasks:
        if earned[wanted.id] != wanted.points:
            raise BrokenChecks(
                f"{file}: the checks of '{wanted.id}' earn {earned[wanted.id]} points, lab.yaml says {wanted.points}.",
                action="Make both the same.",
            )
