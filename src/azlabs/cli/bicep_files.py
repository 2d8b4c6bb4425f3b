"""`azlabs bicep`: Bicep files to ARM templates, without a Bicep program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from azlabs.cli.call import Call, command
from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(name="bicep", add_completion=False, no_args_is_help=True, help="Compile and check Bicep files.")
File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


@app.callback()
def _group() -> None:
    """Compile and check Bicep files."""


@command(app, "build", epilog="Example: azlabs bicep build main.bicep --stdout")
def build(
    call: Call,
    file: File,
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the template instead of writing FILE.json.")] = False,
    symbolic_names: Annotated[
        bool, typer.Option("--symbolic-names", help="Write resources by symbolic name (languageVersion 2.0).")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.", show_default=False)
    ] = None,
) -> int:
    """Compile a Bicep file to an ARM template."""
    template, diagnostics = _compile(_readable(file), symbolic_names)
    _tell(diagnostics)
    if template is None:
        if call.json:
            call.give_json({"template": None, "diagnostics": [_as_json(entry) for entry in diagnostics]})
        return ExitCode.NOT_PASSED
    text = json.dumps(template, indent=2, ensure_ascii=False) + "\n"
    if output is not None or not (stdout or call.json):
        _write(call, output or file.with_suffix(".json"), text)
    if call.json:
        call.give_json({"template": template, "diagnostics": [_as_json(entry) for entry in diagnostics]})
    elif stdout:
        sys.stdout.write(text)
    return ExitCode.DONE


def _write(call: Call, target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise AzlabsError(
            f"{target} cannot be written: {problem.strerror}.", action="Use --output or --stdout."
        ) from problem
    call.say(f"Wrote {target}.")


@command(app, "lint", epilog="Example: azlabs bicep lint main.bicep")
def lint(call: Call, file: File) -> int:
    """Check a Bicep file and write nothing."""
    template, diagnostics = _compile(_readable(file), False)
    _tell(diagnostics)
    if call.json:
        call.give_json({"diagnostics": [_as_json(entry) for entry in diagnostics]})
    elif not diagnostics:
        call.say(f"{file}: no remarks.")
    return ExitCode.DONE if template is not None else ExitCode.NOT_PASSED


def _compile(file: Path, symbolic_names: bool) -> tuple[dict[str, Any] | None, Sequence[Any]]:
    from azlabs.bicep import check_file

    template, diagnostics = check_file(file, symbolic_names=symbolic_names)
    failed = any(entry.level == "Error" for entry in diagnostics)
    return (None if failed else template), diagnostics


def _readable(file: Path) -> Path:
    if not file.is_file():
        raise AzlabsError(f"There is no file {file}.", action="Name an existing .bicep file.", code="FileNotFound")
    return file


def _tell(diagnostics: Sequence[Any]) -> None:
    """As compilers do: one line each, unwrapped, so that editors and CI can read them."""
    for entry in diagnostics:
        sys.stderr.write(f"{entry}\n")


def _as_json(entry: Any) -> dict[str, Any]:
    names = ("file", "line", "column", "level", "code", "message")
    return {name: str(value) if isinstance(value := getattr(entry, name), Path) else value for name in names}
