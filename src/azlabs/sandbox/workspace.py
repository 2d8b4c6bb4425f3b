"""The learner's folder: the guide, a place for answers, starter code. azlabs writes it once and never deletes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from azlabs.home import not_writable, writable_folder
from azlabs.sandbox.find import MARKER
from azlabs.sandbox.model import Sandbox

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab

_ANSWERS_HEAD = "# Your answers. Fill in what stands after the colons; `azlabs verify` reads this file.\n"


def make(sandbox: Sandbox, lab: Lab) -> None:
    """Write what is missing in the workspace; files that are there stay as the learner left them."""
    folder = sandbox.workspace
    writable_folder(folder)
    try:
        (folder / MARKER).write_text(json.dumps({"sandbox": sandbox.id, "lab": sandbox.lab}) + "\n", encoding="utf-8")
        if lab.guide.is_file() and not (folder / "guide.md").exists():
            (folder / "guide.md").write_text(lab.guide.read_text(encoding="utf-8"), encoding="utf-8")
        if lab.answers and not sandbox.answers_file.exists():
            sandbox.answers_file.write_text(answers_form(lab.answers), encoding="utf-8")
        if lab.app.is_dir() and not (folder / "app").exists():
            shutil.copytree(lab.app, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
            _fill(folder / "app" / ".env", sandbox)
    except OSError as problem:
        raise not_writable(folder, problem) from problem


def _fill(file: Path, sandbox: Sandbox) -> None:
    """Put the sandbox's names into a file of variables; outputs hold no secrets, so neither does the file."""
    if not file.is_file():
        return
    known = {name: value for name, value in sandbox.outputs.items() if isinstance(value, str)}
    facts = {
        "resourceGroup": sandbox.resource_group,
        "subscriptionId": sandbox.subscription_id,
        "region": sandbox.region,
        "sandbox": sandbox.id,
    }
    file.write_text(Template(file.read_text(encoding="utf-8")).safe_substitute(facts | known), encoding="utf-8")


def variables_of_app(workspace: Path) -> dict[str, str]:
    """What the file of variables beside the app says now, for shells and programs; nothing when it cannot be read."""
    try:
        lines = (workspace / "app" / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs if name.strip().isidentifier()}


def answers_form(questions: dict[str, dict[str, str]]) -> str:
    """An empty `answers.yaml`: each field with the text that explains it as a comment above it."""
    lines = [_ANSWERS_HEAD]
    for key, fields in questions.items():
        lines.append(f"\n{key}:\n")
        for name, text in fields.items():
            lines.extend(f"  # {line}\n" for line in text.splitlines())
            lines.append(f"  {name}:\n")
    return "".join(lines)


def write_answers(path: Path, answers: dict[str, Any]) -> None:
    """Put answers into `answers.yaml`, keeping those to other questions."""
    import yaml

    written: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    merged: dict[str, Any] = written if isinstance(written, dict) else {}
    for key, fields in answers.items():
        before = merged.get(key)
        merged[key] = {**before, **fields} if isinstance(before, dict) and isinstance(fields, dict) else fields
    writable_folder(path.parent)  # the learner may have taken it away
    path.write_text(
        _ANSWERS_HEAD + "\n" + yaml.safe_dump(merged, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )


def reset_answers(sandbox: Sandbox, lab: Lab) -> None:
    """Back to the empty form; the learner's answers are kept beside it."""
    path = sandbox.answers_file
    if not lab.answers or not path.is_file():
        return
    form = answers_form(lab.answers)
    if path.read_text(encoding="utf-8") != form:
        path.replace(path.with_name("answers.before-reset.yaml"))
        path.write_text(form, encoding="utf-8")
