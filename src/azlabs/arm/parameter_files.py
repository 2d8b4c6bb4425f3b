"""Parameter files (`deploymentParameters.json`): the values of a template's parameters, as people keep them."""

from __future__ import annotations

from typing import Any

from azlabs.arm.errors import TemplateError
from azlabs.arm.lenient import LenientError, loads

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"


def read(text: str) -> dict[str, dict[str, Any]]:
    """The parameters of a file, {name: {"value": ...} or {"reference": {"keyVault": {"id"}, "secretName"}}}.

    The file may be a whole parameter file, or only the object of its parameters. Raises TemplateError.
    """
    try:
        content = loads(text)
    except LenientError as problem:
        raise TemplateError(
            f"The parameter file is not valid JSON: {problem}", code="InvalidDeploymentParameters"
        ) from None
    found = content.get("parameters") if isinstance(content, dict) and "parameters" in content else content
    if not isinstance(found, dict):
        raise TemplateError("The parameter file holds no object of parameters.", code="InvalidDeploymentParameters")
    entries = {name: entry for name, entry in found.items() if name not in ("$schema", "contentVersion", "metadata")}
    for name, entry in entries.items():
        if not isinstance(entry, dict) or not entry.keys() & {"value", "reference"}:
            raise TemplateError(
                f"The parameter '{name}' of the parameter file has neither a 'value' nor a 'reference'.",
                code="InvalidDeploymentParameters",
            )
    return entries


def write(values: dict[str, Any]) -> dict[str, Any]:
    """A whole parameter file of plain values."""
    entries = {name: {"value": value} for name, value in values.items()}
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": entries}
