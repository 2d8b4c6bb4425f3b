"""A lab as data: what stands in its `lab.yaml`, and where the files are that belong to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, ValidationError

from azlabs.catalog import content, documents, exams
from azlabs.catalog.documents import Document, Problem
from azlabs.catalog.nearest import did_you_mean
from azlabs.errors import AzlabsError

LAB_API = 1
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Sentence = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
TEMPLATE_SUFFIXES = (".bicep", ".json")
STEP_SUFFIXES = (".bicep", ".json", ".py")


class UnknownLab(AzlabsError):
    """No lab has this id, and no folder of this name holds a lab."""


class BrokenLab(AzlabsError):
    """A `lab.yaml` that cannot be used; `problems` lists everything that is wrong, by file, line and field."""

    def __init__(self, problems: list[Problem]) -> None:
        first, more = problems[0], len(problems) - 1
        also = f" {more} more problem{'s' if more > 1 else ''} in it." if more else ""
        super().__init__(
            f"The lab is broken: {first}.{also}",
            action=f"Correct the file; `azlabs lab validate {first.file.parent}` lists everything that is wrong.",
        )
        self.problems = problems


class Task(BaseModel):
    """Something the learner has to achieve."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug = Field(description="Short name, unique in the lab; `checks.py` and the solution's step refer to it.")
    title: Sentence = Field(description="One line that says what has to be true at the end.")
    points: int = Field(ge=1, le=1000, description="What the task is worth; its checks share the points.")
    objectives: list[str] = Field(min_length=1, description="Ids of exam objectives; the points are split evenly.")
    hints: list[Sentence] = Field(min_length=1, description="From vague to exact; the last one may be the answer.")
    docs: str = Field(pattern=r"^https://\S+$", description="The page of Microsoft's documentation to read.")


class Lab(BaseModel):
    """One lab: the contents of `lab.yaml`, and the files beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug = Field(description="The lab's name on the command line, and the name of its folder.")
    title: Sentence = Field(description="One line, in the imperative.")
    summary: Sentence = Field(description="Two or three sentences: the situation and what is to be done.")
    exam: str = Field(description="The exam it prepares for: `az-104`.")
    level: Literal["beginner", "intermediate", "advanced"] = Field(description="How much it takes for granted.")
    minutes: int = Field(ge=1, le=600, description="How long a learner needs.")
    lab_api: Literal[1] = Field(description="The version of this format and of what checks may call.")
    services: list[Sentence] = Field(min_length=1, description="The Azure services that it practises.")
    regions: list[Slug] = Field(min_length=1, description="Azure regions it can be put in; the first is the default.")
    cost_per_hour_usd: float | None = Field(
        default=None, ge=0, description="What the start state costs on Azure, USD an hour; null: not known."
    )
    function_app: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z][A-Za-z0-9]*$",
        description="The output of the start that names the function app which `app/` is published to; null: none.",
    )
    answers: dict[Slug, dict[Slug, str]] = Field(
        default_factory=dict,
        description="Questions to be answered in writing: key, then each field with the text that explains it.",
    )
    tasks: list[Task] = Field(min_length=1, description="In the order in which they are meant to be done.")

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder that holds `lab.yaml`."""
        return self._folder

    @property
    def points(self) -> int:
        """The points of all tasks together."""
        return sum(task.points for task in self.tasks)

    @property
    def objectives(self) -> list[str]:
        """The ids of the objectives that it practises, in the order of the tasks."""
        return list(dict.fromkeys(name for task in self.tasks for name in task.objectives))

    @property
    def domains(self) -> list[str]:
        """The ids of the exam domains that it practises."""
        return list(dict.fromkeys(exams.domain_of(name) for name in self.objectives))

    @property
    def is_outside(self) -> bool:
        """True when the lab did not come with azlabs."""
        return content.is_outside(self.folder)

    @property
    def templates(self) -> Path:
        """The folder of `start.bicep` and of the solution."""
        return content.templates_of(self.folder)

    @property
    def start(self) -> Path:
        """The template of the start state."""
        return _with_suffix(self.templates / "start", TEMPLATE_SUFFIXES)

    @property
    def start_data(self) -> Path:
        """The code that puts into the start state what a template cannot make; need not exist."""
        return self.templates / "start.py"

    @property
    def steps(self) -> list[tuple[str, Path]]:
        """The reference solution: for each task its id and the file that does it, in the order of the tasks."""
        folder = self.templates / "solution"
        return [(task.id, _with_suffix(folder / task.id, STEP_SUFFIXES)) for task in self.tasks]

    @property
    def alternatives(self) -> list[Path]:
        """Folders with other correct solutions, by name."""
        folder = self.folder / "alternatives"
        return sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []

    @property
    def guide(self) -> Path:
        """The text for the learner (Markdown)."""
        return self.folder / "guide.md"

    @property
    def checks_file(self) -> Path:
        """The code that judges the tasks; nothing in the catalog imports it."""
        return self.folder / "checks.py"

    @property
    def check_files(self) -> list[Path]:
        """`checks.py`, and the files `checks_*.py` beside it that hold more of the same, by name."""
        return [self.checks_file, *sorted(self.folder.glob("checks_*.py"))]

    @property
    def equivalent(self) -> Path:
        """Changes of the solution that a person declared harmless, with reasons; need not exist."""
        return self.folder / "equivalent.yaml"

    @property
    def app(self) -> Path:
        """Starter code for the learner, copied into the workspace; need not exist.

        In its file `.env` `${output}` stands for an output of the start, `${resourceGroup}`, `${subscriptionId}`,
        `${region}` and `${sandbox}` for what they say.
        """
        return self.folder / "app"

    def task(self, identifier: str) -> Task:
        """The task with this id; raises UnknownTask with the nearest ids."""
        for task in self.tasks:
            if task.id == identifier:
                return task
        names = [task.id for task in self.tasks]
        raise UnknownTask(
            f"The lab {self.id} has no task '{identifier}'.",
            action=did_you_mean(identifier, names) or f"Its tasks are {', '.join(names)}.",
        )


class UnknownTask(AzlabsError):
    """The lab has no task of this id."""


def load_lab(name: str | Path) -> Lab:
    """The lab with this id, or the lab in this folder.

    Raises UnknownLab with the nearest ids, and BrokenLab with file, line and field.
    """
    lab, problems = read_lab(folder_of(name))
    if lab is None or problems:
        raise BrokenLab(problems)
    return lab


def folder_of(name: str | Path) -> Path:
    """The folder of a lab: a shipped lab by its id, any other by its path."""
    text = str(name)
    shipped = content.labs() / text
    if isinstance(name, str) and text and "/" not in text and (shipped / "lab.yaml").is_file():
        return shipped
    folder = Path(name).expanduser()
    if folder.name == "lab.yaml":
        folder = folder.parent
    if (folder / "lab.yaml").is_file():
        return folder.resolve()
    names = [entry.name for entry in content.lab_folders()]
    raise UnknownLab(
        f"No lab is called '{text}'.",
        action=" ".join(filter(None, [did_you_mean(text, names), "`azlabs list` shows all labs."])),
    )


def read_lab(folder: Path) -> tuple[Lab | None, list[Problem]]:
    """The lab in a folder and everything that is wrong with its `lab.yaml`; None when the model cannot be built."""
    document = documents.read(folder / "lab.yaml")
    problems = list(document.problems)
    if document.data is None and problems:
        return None, problems
    if not isinstance(document.data, dict):
        return None, [document.problem((), "the file must hold fields (`id: ...`, `title: ...`)")]
    try:
        lab = Lab.model_validate(document.data)
    except ValidationError as invalid:
        return None, [*problems, *_explain(document, invalid)]
    lab._folder = folder
    return lab, [*problems, *_contradictions(document, lab)]


def schema() -> dict[str, Any]:
    """The JSON schema of `lab.yaml`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "azlabs lab.yaml",
        **{key: value for key, value in Lab.model_json_schema().items() if key != "title"},
    }


def _explain(document: Document, invalid: ValidationError) -> list[Problem]:
    problems = []
    # A misspelled field is reported before the field that is missing because of it.
    for error in sorted(invalid.errors(include_url=False), key=lambda found: found["type"] != "extra_forbidden"):
        field = tuple(part for part in error["loc"] if part != "[key]")
        model = Task if field[:1] == ("tasks",) and len(field) > 1 else Lab
        if error["type"] == "extra_forbidden":
            message = f"unknown field. {did_you_mean(str(field[-1]), model.model_fields)}".strip()
        elif error["type"] == "missing":
            message = "the field is missing"
        else:
            message = error["msg"][:1].lower() + error["msg"][1:]
        problems.append(document.problem(field, message))
    return problems


def _contradictions(document: Document, lab: Lab) -> list[Problem]:
    """What the model cannot see: names that must exist elsewhere or only once."""
    problems = []
    if lab.id != document.path.resolve().parent.name:
        problems.append(
            document.problem(("id",), f"must be the folder's name, '{document.path.resolve().parent.name}'")
        )
    if lab.exam not in exams.codes():
        hint = did_you_mean(lab.exam, exams.codes()) or f"Known are {', '.join(exams.codes())}."
        problems.append(document.problem(("exam",), f"no exam is called '{lab.exam}'. {hint}"))
    seen: set[str] = set()
    for position, task in enumerate(lab.tasks):
        if task.id in seen:
            problems.append(document.problem(("tasks", position, "id"), f"another task is called '{task.id}' too"))
        seen.add(task.id)
        for place, name in enumerate(task.objectives):
            try:
                exams.objective(name)
            except exams.UnknownObjective as unknown:
                at = ("tasks", position, "objectives", place)
                problems.append(document.problem(at, f"no exam has the objective '{name}'. {unknown.action}"))
    return problems


def _with_suffix(path: Path, suffixes: tuple[str, ...]) -> Path:
    for suffix in suffixes:
        candidate = path.with_name(path.name + suffix)
        if candidate.is_file():
            return candidate
    return path.with_name(path.name + suffixes[0])


def write_schema() -> None:
    """Publish the schema beside this module; run after a change of the model."""
    path = Path(__file__).with_name("lab.schema.json")
    path.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_schema()
