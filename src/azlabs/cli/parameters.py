"""`--parameters` of `deploy`: NAME=VALUE, or a parameters file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from azlabs.errors import AzlabsError


def given_parameters(texts: list[str]) -> dict[str, Any]:
    """{name: value or {"value" or "reference"}}; what stands later wins. A value that is JSON is read as such."""
    from azlabs.sandbox.templates import read_parameters

    given: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if sign and name.isidentifier():
            given[name] = _value(value)
        elif Path(text).suffix in (".json", ".bicepparam") or Path(text).is_file():
            given.update(read_parameters(Path(text)))
        else:
            raise AzlabsError(
                f"'{text}' is neither NAME=VALUE nor a parameters file.",
                action="Write --parameters count=2, or name a .json or .bicepparam file.",
                code="Usage",
            )
    return given


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
