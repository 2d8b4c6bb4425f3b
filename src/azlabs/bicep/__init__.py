"""Bicep to ARM templates.

`compile_file` gives the template or raises `BicepError`; `check_file` gives the template and all diagnostics.
"""

from __future__ import annotations

import os
from typing import Any

from azlabs.bicep.diagnostics import BicepError, Diagnostic, format_diagnostics

__all__ = ["BicepError", "Diagnostic", "check_file", "compile_file", "compile_params", "format_diagnostics"]


def compile_file(path: str | os.PathLike[str], symbolic_names: bool = False) -> dict[str, Any]:
    """The ARM template of a Bicep file as a JSON object.

    `symbolic_names` asks for resources by symbolic name (languageVersion 2.0) where the file does not need them.
    Raises BicepError, whose text lists `FILE(line,column) : Error CODE: text` and which carries `diagnostics`.
    """
    from azlabs.bicep.compiler import compile_file as compile_

    return compile_(path, symbolic_names)


def check_file(path: str | os.PathLike[str], symbolic_names: bool = False
               ) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """(template, diagnostics); the template is None when one of the diagnostics is an error. Never raises."""
    from azlabs.bicep.compiler import check_file as check

    return check(path, symbolic_names)


def compile_params(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The parameters JSON of a `.bicepparam` file; raises BicepError."""
    from azlabs.bicep.parameter_files import compile_params as compile_

    return compile_(path)
