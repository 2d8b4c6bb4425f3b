"""JSON kinds of a document: what a type declares as an object or a list has to come as one."""

from __future__ import annotations

from typing import Any, NoReturn

from azlabs.simulator.resource_manager import paths, registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Body, ResourceType

_WORDS: dict[type, str] = {dict: "an object", list: "a list"}


def check(kind: ResourceType, name: str, body: Body) -> None:
    """Raise 400 where a document has a value of another kind than the type's defaults and parts declare.

    Only objects and lists are told from the rest: Azure reads "4" as a number and 4 as text.
    """
    if not isinstance(body.get("properties", {}), dict | None):
        _refuse(name, "properties", dict)
    if kind.defaults:
        _compare(name, "", body, kind.defaults)
    for part in registry.parts_of(kind.key):
        items = paths.get(body, part.part_of or "")
        if items is None:
            continue
        if not isinstance(items, list):
            _refuse(name, part.part_of or "", list)
        for index, item in enumerate(items):
            if not isinstance(item, dict) or not isinstance(item.get("properties", {}), dict | None):
                _refuse(name, f"{part.part_of}[{index}]", dict)


def _compare(name: str, path: str, value: Any, declared: Any) -> None:
    for member, default in declared.items():
        given = value.get(member)
        if given is None or default is None or callable(default):
            continue
        where = f"{path}.{member}" if path else member
        wanted = next((kind for kind in (dict, list) if isinstance(default, kind)), None)
        if wanted is not None and not isinstance(given, wanted):
            _refuse(name, where, wanted)
        if wanted is None and isinstance(given, dict | list):
            _refuse(name, where, None)
        if wanted is dict:
            _compare(name, where, given, default)


def _refuse(name: str, path: str, wanted: type | None) -> NoReturn:
    words = _WORDS[wanted] if wanted is not None else "a single value"
    raise Refused(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{path}' of '{name}' is not {words}.",
    )
