"""Parameters that cost nothing while there is nothing to convert.

Typer (0.29) converts every value through pydantic, even text and options that were not given. Importing pydantic takes
longer than all that `list` does, so such values go past the conversion; everything else is converted as ever.
"""

from __future__ import annotations

from typing import Any

_DONE = "_azlabs_quick"


def quick(command: Any) -> Any:
    """The same command, its parameters converting only what needs it."""
    parameters_of = command.get_params

    def get_params(context: Any) -> Any:
        found = parameters_of(context)
        for parameter in found:
            _spare(parameter)
        return found

    command.get_params = get_params
    return command


def _spare(parameter: Any) -> None:
    if getattr(parameter, _DONE, False) or parameter.nargs != 1 or getattr(parameter, "multiple", False):
        return
    setattr(parameter, _DONE, True)
    convert = parameter.process_value
    is_text = getattr(getattr(parameter, "type_descriptor", None), "annotation", None) is str

    def process(context: Any, value: Any) -> Any:
        as_it_is = (value is None and not parameter.required) or (is_text and isinstance(value, str))
        if not as_it_is:
            return convert(context, value)
        return value if parameter.callback is None else parameter.callback(context, parameter, value)

    parameter.process_value = process
