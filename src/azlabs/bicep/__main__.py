"""The Bicep CLI that the Azure CLI calls: `--version`, `build`, `build-params` with `--stdout` or `--outfile`.

Diagnostics go to standard error in the form of the real compiler; exit code 1 when there are errors.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "0.38.33"


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    if arguments in (["--version"], ["-v"]):
        print(f"Bicep CLI version {VERSION} (azlabs)")
        return 0
    compilers: dict[str, Callable[[Path], Any]] = {"build": _build, "build-params": _build_params}
    words = [word for word in arguments if not word.startswith("--")]
    if not words or words[0] not in compilers:
        print("usage: bicep --version | build FILE | build-params FILE  [--stdout] [--outfile FILE]", file=sys.stderr)
        return 2
    outfile = arguments[arguments.index("--outfile") + 1] if "--outfile" in arguments[:-1] else None
    files = [word for word in words[1:] if word != outfile]
    if len(files) != 1:
        print("error: name one file", file=sys.stderr)
        return 2
    return _write(Path(files[0]), compilers[words[0]], outfile, "--stdout" in arguments)


def _write(source: Path, compiler: Callable[[Path], Any], outfile: str | None, to_stdout: bool) -> int:
    result = compiler(source)
    if result is None:
        return 1
    text = json.dumps(result, indent=2, ensure_ascii=False)
    if to_stdout:
        print(text)
    else:
        target = Path(outfile) if outfile else source.with_suffix(".json")
        target.write_text(text + "\n", "utf-8")
    return 0


def _build(source: Path) -> Any:
    from azlabs.bicep import check_file

    template, diagnostics = check_file(source)
    for diagnostic in diagnostics:
        print(diagnostic, file=sys.stderr)
    return template


def _build_params(source: Path) -> Any:
    """{"parametersJson", "templateJson"} as texts, which is what the Azure CLI reads from standard output."""
    from azlabs.bicep import BicepError, compile_params

    try:
        return {"parametersJson": json.dumps(compile_params(source)), "templateJson": _template_of(source)}
    except BicepError as problem:
        print(problem, file=sys.stderr)
        return None


def _template_of(source: Path) -> str | None:
    """The template that the parameter file is for, compiled; None with `using none`."""
    import re

    from azlabs.bicep import compile_file

    found = re.search(r"^\s*using\s+'([^']+)'", source.read_text("utf-8"), re.MULTILINE)
    if found is None:
        return None
    target = source.parent / found[1]
    return json.dumps(compile_file(target)) if target.suffix == ".bicep" else target.read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
