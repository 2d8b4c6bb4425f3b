"""`azlabs lab`: write a lab, check its files, prove that it judges rightly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command
from azlabs.errors import ExitCode

app = typer.Typer(name="lab", add_completion=False, no_args_is_help=True, help="Write, check and prove labs.")
Lab = Annotated[
    str,
    typer.Argument(
        metavar="LAB", help="A lab's id, or its folder.", autocompletion=completion.lab_ids, show_default=False
    ),
]


@app.callback()
def _group() -> None:
    """Write, check and prove labs."""


@command(app, "new", epilog="Example: azlabs lab new my-lab, then azlabs lab test ./my-lab")
def new(
    call: Call,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Lower-case words and hyphens.", show_default=False)],
    folder: Annotated[Path, typer.Option("--in", metavar="FOLDER", help="Where its folder is made.")] = Path(),
) -> None:
    """Make the folder of a new lab: a small one that works, to be changed into yours."""
    from azlabs.catalog.scaffold import new_lab

    made = new_lab(identifier, folder)
    if call.json:
        call.give_json({"lab": identifier, "folder": str(made.folder), "files": [str(path) for path in made.files]})
        return
    for path in made.files:
        call.out.print(str(path), markup=False, soft_wrap=True)
    call.say(f"Next: azlabs lab validate {made.folder}, azlabs lab test {made.folder}.")


@command(app, "validate", epilog="Example: azlabs lab validate ./my-lab")
def validate(
    call: Call,
    lab: Annotated[
        str, typer.Argument(metavar="LAB", help="A lab's id or folder.", autocompletion=completion.lab_ids)
    ] = "",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of lab.yaml and stop.")] = False,
) -> int:
    """Check a lab's files without running it. Without LAB: all labs that ship with azlabs."""
    from azlabs.catalog import content, labs, validate

    if schema:
        call.give_json(labs.schema())
        return ExitCode.DONE
    folders = [labs.folder_of(lab)] if lab else content.lab_folders()
    found = {folder: validate.problems_of(folder)[1] for folder in folders}
    problems = [problem for entries in found.values() for problem in entries]
    if call.json:
        call.give_json(
            {"labs": [folder.name for folder in folders], "problems": [entry.to_json() for entry in problems]}
        )
    else:
        for folder, entries in found.items():
            call.out.print(
                f"{folder.name}: {'no problems' if not entries else f'{len(entries)} to correct'}", markup=False
            )
            for problem in entries:
                call.out.print(f"  {problem}", markup=False, soft_wrap=True)
    return ExitCode.NOT_PASSED if problems else ExitCode.DONE


@command(app, "test", "yes", "cloud", epilog="Example: azlabs lab test LAB --sample 20")
def test(
    call: Call,
    lab: Lab,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=0, help="Try N mutants only; 0: all.", show_default=False)
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Which sample.")] = 0,
    solution: Annotated[
        Path | None,
        typer.Option("--solution", metavar="DIR", help="Only try this folder as a solution.", show_default=False),
    ] = None,
) -> int:
    """Prove that a lab judges rightly: the start, each step, other solutions, and small mistakes."""
    from azlabs.cli.proof_page import prove

    return prove(call, lab, sample=sample or None, seed=seed, solution=solution)
