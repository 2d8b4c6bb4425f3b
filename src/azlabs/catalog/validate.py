"""What `azlabs lab validate` finds without running a lab: fields, files, and what they say of each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from azlabs.catalog import documents
from azlabs.catalog.documents import Problem
from azlabs.catalog.labs import STEP_SUFFIXES, Lab, read_lab
from azlabs.catalog.nearest import did_you_mean

ALTERNATIVES = 3


def problems_of(folder: Path) -> tuple[Lab | None, list[Problem]]:
    """The lab in a folder, as far as it can be read, and everything that is wrong with it."""
    lab, problems = read_lab(folder)
    if lab is None:
        return None, problems
    for look in (_guide, _templates, _leftover_steps, _checks, _alternatives, _equivalent):
        problems.extend(look(lab))
    return lab, problems


def _guide(lab: Lab) -> Iterator[Problem]:
    if not lab.guide.is_file():
        yield Problem(lab.guide, 0, "", "the guide for the learner is missing")
    elif not lab.guide.read_text(encoding="utf-8").strip():
        yield Problem(lab.guide, 0, "", "the guide for the learner is empty")


def _templates(lab: Lab) -> Iterator[Problem]:
    files = [(lab.start, "the template of the start state is missing")]
    if lab.start_data.is_file():
        yield from _python(lab.start_data)[1]
    files += [(path, f"the step of the solution for the task '{task}' is missing") for task, path in lab.steps]
    for path, message in files:
        if not path.is_file():
            yield Problem(path, 0, "", message)
        elif path.suffix == ".bicep":
            yield from _bicep(path)
        elif path.suffix == ".py":
            yield from _python(path)[1]
        else:
            yield from documents.read(path).problems


def _bicep(path: Path) -> Iterator[Problem]:
    from azlabs.bicep import check_file

    for found in check_file(path)[1]:
        if found.level == "Error":
            yield Problem(Path(found.file), found.line, "", f"{found.code}: {found.message}")


def _python(path: Path) -> tuple[ast.Module | None, list[Problem]]:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path)), []
    except (SyntaxError, ValueError) as broken:
        line = getattr(broken, "lineno", 0) or 0
        return None, [Problem(path, line, "", f"not valid Python: {getattr(broken, 'msg', broken)}")]


def _leftover_steps(lab: Lab) -> Iterator[Problem]:
    folder = lab.templates / "solution"
    tasks = [task.id for task in lab.tasks]
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.suffix in STEP_SUFFIXES and path.stem not in tasks and not path.stem.startswith("_"):
            yield Problem(path, 0, "", f"no task is called '{path.stem}'. {did_you_mean(path.stem, tasks)}".strip())


def _checks(lab: Lab) -> Iterator[Problem]:
    """Reads the checks without running them: each names a task of the lab, each task has checks worth its points."""
    path = lab.checks_file
    if not path.is_file():
        yield Problem(path, 0, "", "the checks are missing")
        return
    points: dict[str, int] = {task.id: 0 for task in lab.tasks}
    known = True
    calls = []
    for file in lab.check_files:
        tree, problems = _python(file)
        yield from problems
        if tree is None:
            return
        calls += [(file, call) for call in _check_decorators(tree)]
    for file, call in calls:
        tasks = _literal(call.args[0]) if call.args else None
        worth = next((_literal(word.value) for word in call.keywords if word.arg == "points"), 0)
        named = [tasks] if isinstance(tasks, str) else tasks
        if not isinstance(named, list | tuple) or not isinstance(worth, int):
            known = False
            continue
        for task in named:
            if task in points:
                points[task] += worth
            elif task != "*":
                hint = did_you_mean(str(task), points)
                yield Problem(file, call.lineno, "", f"no task is called '{task}'. {hint}".strip())
    for task_of_lab in lab.tasks if known else []:
        if points[task_of_lab.id] != task_of_lab.points:
            message = f"its checks are worth {points[task_of_lab.id]} points, lab.yaml says {task_of_lab.points}"
            yield Problem(path, 0, f"task {task_of_lab.id}", message)


def _check_decorators(tree: ast.Module) -> Iterator[ast.Call]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _name(decorator.func) in ("check", "guard"):
                    yield decorator


def _literal(node: ast.expr) -> Any:
    """The value of a literal; None for anything that has to be computed."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _alternatives(lab: Lab) -> Iterator[Problem]:
    found = len(lab.alternatives)
    if found < ALTERNATIVES:
        message = f"{found} other correct solutions; a lab needs at least {ALTERNATIVES}"
        yield Problem(lab.folder / "alternatives", 0, "", message)
    for folder in lab.alternatives:
        if not any(path.is_file() for path in folder.iterdir()):
            yield Problem(folder, 0, "", "the folder of this solution is empty")


def _equivalent(lab: Lab) -> Iterator[Problem]:
    if not lab.equivalent.is_file():
        return
    document = documents.read(lab.equivalent)
    yield from document.problems
    if document.data is None:
        return
    if not isinstance(document.data, dict):
        yield document.problem((), "must hold `unasked`, `asked` and `mutants`")
        return
    for section, entries in document.data.items():
        if section not in ("unasked", "asked", "mutants") or not isinstance(entries, list):
            yield document.problem((section,), "must be a list called `unasked`, `asked` or `mutants`")
            continue
        for position, entry in enumerate(entries):
            if not isinstance(entry, dict) or not str(entry.get("reason") or "").strip():
                yield document.problem((section, position), "an entry needs a `reason`")
