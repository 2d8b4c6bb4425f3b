"""Reads a lab's `checks.py`: runs it as a module of its own and collects the checks that it declares."""

from __future__ import annotations

import hashlib
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
    """The checks of `file` in the order they are written; raises BrokenChecks.

    This runs the file: whoever calls it has asked the user about labs that did not come with azlabs.
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
    module = ModuleType(name)
    module.__file__ = str(file)
    collected: list[Check] = []
    token = _collected.set(collected)
    sys.modules[name] = module
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)
    except Exception as problem:
        raise _broken(file, problem) from problem
    finally:
        _collected.reset(token)
    return collected


def _broken(file: Path, problem: Exception) -> BrokenChecks:
    if isinstance(problem, SyntaxError):
        line, column, words = problem.lineno, problem.offset, problem.msg
        return BrokenChecks(f"{file}({line},{column}): {words}.", action="Correct the Python of checks.py.")
    frames = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(file)]
    where = f"{file}({frames[-1]})" if frames else str(file)
    return BrokenChecks(f"{where}: {type(problem).__name__}: {problem}", action="Correct checks.py.")


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
