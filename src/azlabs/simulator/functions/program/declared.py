"""What an app declares: its functions, their bindings, and whether the Python functions fit them, as the real worker checks."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import typing
from dataclasses import dataclass
from typing import Any

EXTENSIONS = "azurefunctions"
SETTLEMENT = (
    "The binding types of azurefunctions-extensions-bindings-*, and with them explicit settlement of messages, are not modelled by the "
    "simulator: take func.ServiceBusMessage; a function that ends well completes its message, one that raises gives it back."
)
"""Said of packages (a prerelease, for Service Bus) whose types the host would have to hand over."""


class LoadError(Exception):
    """The app cannot be loaded; the text says what its author has to change."""


@dataclass
class Declared:
    """A function that can be called."""

    name: str
    call: Any
    is_async: bool
    wants_context: bool
    inputs: dict[str, str]
    """Parameter -> binding type."""
    outputs: dict[str, str]
    types: dict[str, Any]
    """Output -> the Python type that is declared for it, if any."""
    returned: str | None
    """Binding type of what the function returns."""
    wire: dict[str, Any]
    """For the host: {"name", "bindings", "retry", "script"}."""


def functions_of(script: str) -> dict[str, Declared]:
    """Import the app's script and read what it declares. Raises whatever the script raises, or `LoadError`."""
    from azure.functions.decorators.function_app import FunctionRegister

    name = script.removesuffix(".py").replace("/", ".")
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] == EXTENSIONS:
            raise LoadError(SETTLEMENT) from None
        if problem.name != name:
            raise
        raise LoadError(
            f"There is no {script} in the app's folder, where a Python app of the v2 model declares its functions."
        ) from None
    found = [one for one in (getattr(module, key, None) for key in dir(module)) if isinstance(one, FunctionRegister)]
    apps = list({id(one): one for one in found}.values())
    if not apps:
        raise LoadError(f"Could not find top level function app instances in {script}.")
    if len(apps) > 1:
        raise LoadError(f"More than one top level function app instances are defined in {script}.")
    declared: dict[str, Declared] = {}
    for function in apps[0].get_functions():
        one = _declared(function, script)
        if one.name in declared:
            raise LoadError(f"Function {one.name} does not have a unique function name: two functions are called so.")
        declared[one.name] = one
    return declared


def _declared(function: Any, script: str) -> Declared:
    name = function.get_function_name()
    call = function.get_user_function()
    bindings = [json.loads(text) if isinstance(text, str) else text for text in function.get_raw_bindings()]
    signature = inspect.signature(call)
    try:
        hints = typing.get_type_hints(call)
    except Exception:
        hints = {
            key: value.annotation
            for key, value in signature.parameters.items()
            if value.annotation is not inspect.Parameter.empty
        }
        if signature.return_annotation is not inspect.Signature.empty:
            hints["return"] = signature.return_annotation
    parameters = dict(signature.parameters)
    wants_context = _takes_context(name, parameters, hints, bindings)
    bound = {str(one["name"]): one for one in bindings}
    returned = bound.pop("$return", None)
    if returned is not None and str(returned.get("direction")).upper() != "OUT":
        _fail(name, '"$return" binding must have direction set to "out"')
    _same_names(name, parameters, bound)
    declared = Declared(name, call, inspect.iscoroutinefunction(call), wants_context, {}, {}, {}, None, {})
    for parameter, binding in bound.items():
        kind, out = str(binding["type"]), str(binding.get("direction")).upper() == "OUT"
        hint = hints.get(parameter)
        if hint is not None:
            _check_hint(name, parameter, kind, out, hint)
        (declared.outputs if out else declared.inputs)[parameter] = kind
        if out:
            declared.types[parameter] = _inner(hint)
    if returned is not None:
        declared.returned = str(returned["type"])
        hint = hints.get("return")
        declared.types["$return"] = hint if isinstance(hint, type) else None
    retry = function.get_settings_dict("retry_policy")
    for binding in bindings:
        binding["direction"] = str(binding.get("direction", "IN")).lower()
    declared.wire = {"name": name, "bindings": bindings, "retry": retry or None, "script": script}
    return declared


def _fail(name: str, text: str) -> typing.NoReturn:
    raise LoadError(f"cannot load the {name} function: {text}")


def _takes_context(
    name: str, parameters: dict[str, Any], hints: dict[str, Any], bindings: list[dict[str, Any]]
) -> bool:
    import azure.functions as azf

    if "context" not in parameters or any(one["name"] == "context" for one in bindings):
        return False
    hint = hints.get("context")
    if hint is not None and not (isinstance(hint, type) and issubclass(azf.Context, hint)):
        _fail(name, f'the "context" parameter is expected to be of type azure.functions.Context, got {hint!r}')
    parameters.pop("context")
    return True


def _same_names(name: str, parameters: dict[str, Any], bound: dict[str, Any]) -> None:
    only_python = sorted(set(parameters) - set(bound))
    if only_python:
        _fail(
            name,
            f"the following parameters are declared in Python but not in the function definition: {set(only_python)}",
        )
    only_bound = sorted(set(bound) - set(parameters))
    if only_bound:
        _fail(
            name,
            f"the following parameters are declared in the function definition but not in Python: {set(only_bound)}",
        )


def _is_out(hint: Any) -> bool:
    import azure.functions as azf

    origin = typing.get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, azf.Out)


def _inner(hint: Any) -> Any:
    """T of func.Out[T] where it is a plain type."""
    arguments = typing.get_args(hint)
    return arguments[0] if arguments and isinstance(arguments[0], type) else None


def _check_hint(name: str, parameter: str, kind: str, out: bool, hint: Any) -> None:
    from azure.functions import meta

    if _is_out(hint) and not out:
        _fail(
            name,
            f'type of {parameter} binding in the function definition is "in", but its Python annotation is func.Out',
        )
    if out and not _is_out(hint):
        _fail(name, f'binding {parameter} has direction "out", but its python annotation is not func.Out')
    converter = meta.get_binding_registry().get(kind)
    if converter is None:
        return
    python_type = (typing.get_args(hint) or (None,))[0] if out else hint
    if python_type is None or python_type is typing.Any or isinstance(python_type, typing.TypeVar):
        return
    check = getattr(converter, "check_output_type_annotation" if out else "check_input_type_annotation", None)
    if check is None:
        return
    try:
        good = bool(check(python_type))
    except TypeError:
        good = out
    if not good:
        shown = getattr(python_type, "__name__", str(python_type))
        text = f'type of {parameter} binding in the function definition "{kind}" does not match its Python annotation "{shown}"'
        _fail(name, text + _hint(shown))


def _hint(shown: str) -> str:
    """What to do instead, where an annotation is one of the binding types that are not modelled."""
    known = shown in ("ServiceBusReceivedMessage", "ServiceBusMessageActions") or EXTENSIONS in sys.modules
    return f". {SETTLEMENT}" if known else ""
