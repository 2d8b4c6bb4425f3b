"""The compiler's front: files in, templates and diagnostics out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from azlabs.bicep.diagnostics import BicepError, Diagnostic
from azlabs.bicep.emit import emit
from azlabs.bicep.linter import lint
from azlabs.bicep.model import Model, Workspace
from azlabs.bicep.terms import TooLarge


def check_file(path: str | os.PathLike[str], symbolic_names: bool = False
               ) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """Compile a file: its template, or None when there are errors, and everything found in it."""
    if Path(path).suffix == ".bicepparam":
        from azlabs.bicep.parameter_files import compile_params

        try:
            return compile_params(path), []
        except BicepError as error:
            return None, error.diagnostics
    return _compile(path, symbolic_names, with_linter=True)


def _compile(path: str | os.PathLike[str], symbolic_names: bool, with_linter: bool
             ) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    target = Path(path).resolve()
    workspace = Workspace(target.parent)
    shown = workspace.shown(target)
    try:
        model = workspace.open(target)
        template = _template(model, symbolic_names)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return None, [Diagnostic(shown, 1, 1, "Error", "BCP091", f"An error occurred reading file. {reason}")]
    except (TooLarge, MemoryError):
        return None, [Diagnostic(shown, 1, 1, "Error", "size-limit", "The template that this file makes is too large.")]
    except RecursionError:
        return None, [Diagnostic(shown, 1, 1, "Error", "nesting-limit", "The code is nested too deeply.")]
    if template is not None and with_linter:
        for opened in workspace.models.values():
            if isinstance(opened, Model) and not opened.has_errors:
                opened.diagnostics += lint(opened)
    found = all_diagnostics(workspace)
    return (None if any(d.level == "Error" for d in found) else template), found


def _template(model: Model, symbolic_names: bool) -> dict[str, Any] | None:
    if any(opened.has_errors for opened in model.workspace.models.values() if isinstance(opened, Model)):
        return None
    return emit(model, symbolic_names)


def all_diagnostics(workspace: Workspace) -> list[Diagnostic]:
    """What was found in all files that were opened, by file and place."""
    found = [d for m in workspace.models.values() if isinstance(m, Model) for d in m.diagnostics]
    return sorted(found, key=lambda d: (d.file, d.line, d.column))


def compile_file(path: str | os.PathLike[str], symbolic_names: bool = False) -> dict[str, Any]:
    """The ARM template of a Bicep file; raises BicepError with every diagnostic but the linter's."""
    template, diagnostics = _compile(path, symbolic_names, with_linter=False)
    if template is None:
        raise BicepError(diagnostics)
    return template
