"""One mutant of a solution's code tried: published over the solution, judged by the checks that act or call the app."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.errors import AzlabsError
from azlabs.proof.code import PUBLISH, code_mutants
from azlabs.verify.lab_view import LabView
from azlabs.verify.reads import Reads
from azlabs.verify.runner import judge

if TYPE_CHECKING:
    from azlabs.proof.mutant import Mutant
    from azlabs.proof.trial import Bench, Trial

NAMED = "code_mutants.yaml"
CALLS = "client:invoke"
"""What a check has read that asks the app itself."""
_TEXT = (".py", ".json", ".txt")


@dataclass(frozen=True, slots=True)
class Code:
    """What a solution published: the app's name, and the folders of which later ones win."""

    app: str
    folders: tuple[Path, ...]

    @property
    def files(self) -> dict[str, str]:
        """The texts of the package, by path."""
        found = {}
        for folder in self.folders:
            for path in sorted(folder.rglob("*")):
                if path.suffix in _TEXT and path.is_file():
                    found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
        return found


def mutants_of(code: Code, lab_folder: Path) -> list[Mutant]:
    """Every mutant of a solution's code. What the package leaves out is not changed. Raises BrokenCodeMutants."""
    from azlabs.sandbox.publishing import package

    inside = _names(package(code.folders))
    return code_mutants(code.app, {name: text for name, text in code.files.items() if name in inside}, lab_folder / NAMED)


def _names(content: bytes) -> set[str]:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return set(archive.namelist())


def attempt_code(bench: Bench, mutant: Mutant, folders: Sequence[Path]) -> Trial:
    """Tries one mutant. Leaves the cloud as the mutant made it."""
    from azlabs.proof.trial import Trial
    from azlabs.sandbox.publishing import publish

    bench.cloud.restore(bench.snapshot)
    with tempfile.TemporaryDirectory(prefix="azlabs-mutant-") as place:
        for name, text in mutant.edit.body.items():
            file = Path(place, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        try:
            publish(bench.cloud, mutant.edit.id.removeprefix(PUBLISH), [*folders, Path(place)])
        except AzlabsError as problem:
            # Nothing in a change of code keeps a package from being published: this would hide a mutant.
            return Trial(mutant, "survived", difference="It could not be published", note=problem.message)
    acting, reads = bench.cloud.read_only(acts=True), Reads(bench.reading)
    failed: dict[str, str] = {}
    notes = []
    for check in bench.checks:
        if not (check.acts or CALLS in bench.reads[check.id]):
            continue
        outcome = judge(check, LabView(bench.sandbox, acting if check.acts else bench.reading, reads))
        if outcome.status == "fail":
            for task in check.tasks:
                failed.setdefault(task, check.id)
        elif outcome.status == "error":
            notes.append(f"{check.id} could not be judged: {outcome.found}")
    wanted = [task for task in mutant.after.split(", ") if task] if mutant.operator == "mistake" else []
    missing = [task for task in wanted if task not in failed]
    note = "; ".join(notes[:2])
    if failed and not missing:
        task = next(task for task in failed if not wanted or task in wanted)
        return Trial(mutant, "caught", failed[task], task, note=f"failed: {', '.join(failed)}")
    reason = bench.equivalents.reason(mutant.name)
    if not failed and reason is not None:
        return Trial(mutant, "declared", difference=mutant.name, note=reason)
    what = f"These tasks should fail too: {', '.join(missing)}" if failed else "The code is another one"
    return Trial(mutant, "survived", difference=what, note=note, should=tuple(wanted))
