"""Template files for a sandbox: compiled from Bicep or read as JSON, their parameters filled with what is known."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError
from azlabs.sandbox.model import Sandbox

if TYPE_CHECKING:
    from azlabs.cloud.base import Principal

_DEPLOYMENT = "microsoft.resources/deployments"
_SECRET_LENGTH = 24
_WRITTEN_AS_JSON = {"int", "bool", "array", "object"}


class TemplateProblem(AzlabsError):
    """A template or a parameters file cannot be used; the message names file, line and column where they are known."""


def read_template(path: Path) -> dict[str, Any]:
    """The ARM template of a `.bicep` or `.json` file."""
    if path.suffix.lower() == ".bicep":
        return _compile(path)
    if path.suffix.lower() == ".json":
        template = _read_json(path)
        if not isinstance(template.get("resources"), list | dict):
            raise TemplateProblem(
                f"{path} is not a template: it has no resources.", action="Give a Bicep file or an ARM template."
            )
        return template
    raise TemplateProblem(
        f"{path} is neither a Bicep file nor an ARM template.", action="Give a file that ends in .bicep or .json."
    )


def read_parameters(path: Path) -> dict[str, Any]:
    """The parameters of a parameters file, `.bicepparam` or `.json`: {name: {"value" or "reference"}}."""
    if path.suffix.lower() == ".bicepparam":
        from azlabs.bicep import compile_params

        _require(path)
        with _bicep_problems():
            document: dict[str, Any] = compile_params(path)
    else:
        document = _read_json(path)
    parameters = document.get("parameters", document)
    if not isinstance(parameters, dict):
        raise TemplateProblem(f"{path} holds no parameters.", action='Write them as {"parameters": {"name": ...}}.')
    return parameters


def parameters_given(words: list[str]) -> dict[str, Any]:
    """The parameters that a person wrote: NAME=VALUE, or the path of a parameters file; a later one wins."""
    given: dict[str, Any] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if separator and name.isidentifier():
            given[name] = value
            continue
        path = Path(word.removeprefix("@"))
        if not path.is_file():
            raise TemplateProblem(
                f"'{word}' is neither NAME=VALUE nor a parameters file.", action="Write it as NAME=VALUE."
            )
        given.update(read_parameters(path))
    return given


def fill(
    template: dict[str, Any],
    sandbox: Sandbox,
    given: dict[str, Any] | None,
    file: Path | None = None,
    principal: Callable[[], Principal] | None = None,
) -> dict[str, Any]:
    """The parameters for a template in a sandbox: what was given; for the rest what azlabs knows by name.

    azlabs knows `location` (the sandbox's region), `sandboxId`, `principalId` and `principalType` (the account that is
    signed in, which `principal` tells when it is asked for), and every output of the start state. A secure
    parameter that nobody gave and that has no default gets a random value which is kept nowhere. Raises
    TemplateProblem for names that the template does not have and for values that are missing.
    """
    declared: dict[str, Any] = template.get("parameters") or {}
    by_name = {name.lower(): name for name in declared}
    values: dict[str, Any] = {}
    for name, value in (given or {}).items():
        if name.lower() not in by_name:
            known = ", ".join(declared) or "none"
            raise TemplateProblem(
                f"The template{_of(file)} has no parameter '{name}'.", action=f"Its parameters: {known}."
            )
        declared_name = by_name[name.lower()]
        values[declared_name] = _typed(declared_name, value, declared[declared_name])
    known_values = {**sandbox.outputs, "sandboxId": sandbox.id}
    if not _has_default(declared.get(by_name.get("location", ""))):
        known_values.setdefault("location", sandbox.region)
    if principal is not None and "principalid" in by_name:
        account = principal()
        known_values |= {"principalId": account.object_id, "principalType": account.kind}
    for name, value in known_values.items():
        known_name = by_name.get(name.lower())
        if known_name is not None and known_name not in values:
            values[known_name] = value
    missing = []
    for name, declaration in declared.items():
        if name in values or _has_default(declaration) or declaration.get("nullable"):
            continue
        if str(declaration.get("type", "")).lower() == "securestring":
            values[name] = _secret()
        else:
            missing.append(name)
    if missing:
        raise TemplateProblem(
            f"The template{_of(file)} needs a value for {', '.join(missing)}.",
            action="Give it with --parameters NAME=VALUE or in a parameters file.",
        )
    return values


def every_resource(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each resource that a template declares, with children and modules, without `existing` ones and deployments."""
    resources = template.get("resources") or []
    for resource in resources.values() if isinstance(resources, dict) else resources:
        if resource.get("existing"):
            continue
        if str(resource.get("type", "")).lower() == _DEPLOYMENT:
            yield from every_resource((resource.get("properties") or {}).get("template") or {})
            continue
        yield resource
        for child in every_resource(resource):
            kind = str(child.get("type", ""))
            yield child if "/" in kind and "." in kind else {**child, "type": f"{resource.get('type', '')}/{kind}"}


def reaches_outside(template: dict[str, Any]) -> bool:
    """Whether a template can make something elsewhere than in the resource group it is deployed to."""
    resources = template.get("resources") or []
    for resource in resources.values() if isinstance(resources, dict) else resources:
        if resource.get("existing"):
            continue
        if any(name in resource for name in ("scope", "resourceGroup", "subscriptionId", "managementGroup")):
            return True
        properties = resource.get("properties")
        inner = properties.get("template") if isinstance(properties, dict) else None
        if isinstance(inner, dict) and reaches_outside(inner):
            return True
    return "subscriptiondeploymenttemplate" in str(template.get("$schema", "")).lower()


class _bicep_problems:
    """Turns the compiler's exception into one that the command line can show."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        from azlabs.bicep import BicepError

        if isinstance(problem, BicepError):
            raise TemplateProblem(str(problem), action="Correct the Bicep file.", code="BicepError") from problem


def _compile(path: Path) -> dict[str, Any]:
    from azlabs.bicep import compile_file

    _require(path)
    with _bicep_problems():
        compiled: dict[str, Any] = compile_file(path)
    return compiled


def _require(path: Path) -> None:
    if not path.is_file():
        raise TemplateProblem(f"There is no file {path}.", action="Check the path.", code="FileNotFound")


def _read_json(path: Path) -> dict[str, Any]:
    from azlabs.arm import lenient

    _require(path)
    try:
        document = lenient.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as problem:
        raise TemplateProblem(f"{path} cannot be read as JSON: {problem}", action="Correct the file.") from problem
    if not isinstance(document, dict):
        raise TemplateProblem(f"{path} does not hold a JSON object.", action="Correct the file.")
    return document


def _typed(name: str, value: Any, declaration: dict[str, Any]) -> Any:
    """A value that was written as text, in the type that the template declares."""
    kind = str(declaration.get("type", "")).lower()
    if not isinstance(value, str) or kind not in _WRITTEN_AS_JSON:
        return value
    try:
        return json.loads(value)
    except ValueError as problem:
        raise TemplateProblem(
            f"The parameter '{name}' is of type {kind}, and '{value}' is none.", action="Write the value as JSON."
        ) from problem


def _has_default(declaration: Any) -> bool:
    return isinstance(declaration, dict) and "defaultValue" in declaration


def _of(file: Path | None) -> str:
    return f" {file}" if file else ""


def _secret() -> str:
    """A random value that fits Azure's rules for passwords: upper and lower case, a digit, a sign."""
    letters = string.ascii_letters + string.digits
    return "aA1-" + "".join(secrets.choice(letters) for _ in range(_SECRET_LENGTH - 4))
