"""The type language of parameters, outputs and user functions, and whether a value fits.

A schema is what a template says of a parameter: `type`, `allowedValues`, limits, `nullable`, `$ref` to a definition,
and for objects and arrays `properties`, `additionalProperties`, `discriminator`, `items`, `prefixItems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.values import compact, equal, find_key, type_name

# What a declared type is called in answers, and the JSON type that its values have.
TYPES: dict[str, tuple[str, type]] = {
    "string": ("String", str),
    "securestring": ("SecureString", str),
    "int": ("Int", int),
    "bool": ("Bool", bool),
    "array": ("Array", list),
    "object": ("Object", dict),
    "secureobject": ("SecureObject", dict),
}
_EXPECTED = {str: "String, Uri", int: "Integer", bool: "Boolean", list: "Array", dict: "Object"}
_USAGE = "Please see https://aka.ms/arm-create-parameter-file for usage details."
_DEPTH = 64


class Types:
    """The definitions of a template, by name, and the check of values against schemas."""

    def __init__(self, definitions: Mapping[str, Any] | None = None) -> None:
        self.definitions = definitions or {}

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema with its `$ref` followed; what stands next to the reference wins over the definition."""
        seen: set[str] = set()
        while "$ref" in schema:
            path = str(schema["$ref"])
            name = path.removeprefix("#/definitions/")
            found = find_key(self.definitions, name)
            if found is None or not path.startswith("#/definitions/") or not isinstance(self.definitions[found], dict):
                raise ExpressionError(
                    f"The reference '{path[:200]}' is not valid: the template has no such definition."
                )
            if found in seen:
                raise ExpressionError(f"The definition '{found}' refers to itself.")
            seen.add(found)
            schema = {**self.definitions[found], **{key: item for key, item in schema.items() if key != "$ref"}}
        return schema

    def shown_type(self, schema: Mapping[str, Any]) -> str:
        """The name of a schema's type as a deployment answers it: "String", "SecureString", "Int"..."""
        declared = str(self.resolve(schema).get("type", "")).lower()
        return TYPES[declared][0] if declared in TYPES else "Object"

    def is_secure(self, schema: Mapping[str, Any]) -> bool:
        """Is a value of this type never shown?"""
        return str(self.resolve(schema).get("type", "")).lower().startswith("secure")

    def nullable(self, schema: Mapping[str, Any]) -> bool:
        """May the value be null, or missing?"""
        return self.resolve(schema).get("nullable") is True

    def check(self, schema: Mapping[str, Any], value: Any, name: str) -> Any:
        """The value when it fits; raises ExpressionError with Azure's sentence when it does not."""
        self._check(schema, value, name, 0)
        return value

    def _check(self, schema: Any, value: Any, name: str, depth: int) -> None:
        if depth > _DEPTH:
            raise ExpressionError(f"The type of '{name[:200]}' is nested too deeply.")
        if not isinstance(schema, Mapping):
            return
        schema = self.resolve(schema)
        if value is None and schema.get("nullable") is True:
            return
        declared = str(schema.get("type", "")).lower()
        if declared:
            self._check_type(declared, value, name)
        self._check_allowed(schema, value, name)
        _check_limits(schema, value, name)
        if isinstance(value, list):
            self._check_items(schema, value, name, depth)
        elif isinstance(value, dict):
            self._check_members(schema, value, name, depth)

    def _check_type(self, declared: str, value: Any, name: str) -> None:
        if declared not in TYPES:
            raise ExpressionError(f"The type '{declared[:60]}' of '{name[:200]}' is not valid.")
        wanted = TYPES[declared][1]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise ExpressionError(
                f"Template parameter JToken type is not valid. Expected '{_EXPECTED[wanted]}'. Actual "
                f"'{type_name(value)}'. The value is that of '{name[:200]}'. {_USAGE}"
            )

    def _check_allowed(self, schema: Mapping[str, Any], value: Any, name: str) -> None:
        allowed = schema.get("allowedValues")
        if not isinstance(allowed, list):
            return
        several = isinstance(value, list) and not any(isinstance(item, list) for item in allowed)
        for item in value if several else [value]:
            if not any(_same(item, other) for other in allowed):
                shown = ",".join(other if isinstance(other, str) else compact(other) for other in allowed)
                raise ExpressionError(
                    f"The provided value for the template parameter '{name[:200]}' is not valid. The value "
                    f"'{_shown(item)}' is not part of the allowed value(s): '{shown[:1000]}'."
                )

    def _check_items(self, schema: Mapping[str, Any], value: list[Any], name: str, depth: int) -> None:
        first = _list(schema.get("prefixItems"))
        for at, item in enumerate(first):
            if at >= len(value):
                if isinstance(item, Mapping) and self.nullable(item):
                    continue
                raise _wrong(name, f"the array must have at least {len(first)} items")
            self._check(item, value[at], f"{name}[{at}]", depth + 1)
        rest = schema.get("items")
        if rest is False and len(value) > len(first):
            raise _wrong(name, f"the array must have at most {len(first)} items")
        if isinstance(rest, Mapping):
            for at in range(len(first), len(value)):
                self._check(rest, value[at], f"{name}[{at}]", depth + 1)

    def _check_members(self, schema: Mapping[str, Any], value: dict[str, Any], name: str, depth: int) -> None:
        chosen = schema.get("discriminator")
        if isinstance(chosen, Mapping):
            self._check_discriminator(chosen, value, name, depth)
        declared = _mapping(schema.get("properties"))
        known = set()
        for key, item in declared.items():
            found = find_key(value, key)
            known.add(key.lower())
            if found is None:
                if isinstance(item, Mapping) and self.nullable(item):
                    continue
                raise _wrong(name, f"the value is missing for the property '{key}'")
            self._check(item, value[found], f"{name}.{key}", depth + 1)
        other = schema.get("additionalProperties")
        for key, item in value.items():
            if key.lower() in known:
                continue
            if other is False and not isinstance(chosen, Mapping):
                allowed = ", ".join(declared)
                raise _wrong(name, f"the property '{key[:200]}' is not permitted, the permitted are '{allowed}'")
            if isinstance(other, Mapping):
                self._check(other, item, f"{name}.{key}", depth + 1)

    def _check_discriminator(self, chosen: Mapping[str, Any], value: dict[str, Any], name: str, depth: int) -> None:
        member, mapping = str(chosen.get("propertyName")), _mapping(chosen.get("mapping"))
        found = find_key(value, member)
        kind = value[found] if found is not None else None
        if not isinstance(kind, str) or kind not in mapping:
            raise _wrong(name, f"the property '{member}' must be one of '{', '.join(mapping)}'")
        self._check(mapping[kind], value, name, depth + 1)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _same(left: Any, right: Any) -> bool:
    """Azure compares allowed strings without regard to case."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return equal(left, right)


def _shown(value: Any) -> str:
    return (value if isinstance(value, str) else compact(value))[:200]


def _wrong(name: str, reason: str) -> ExpressionError:
    return ExpressionError(
        f"The provided value for the template parameter '{name[:200]}' is not valid: {reason}. {_USAGE}"
    )


def _check_limits(schema: Mapping[str, Any], value: Any, name: str) -> None:
    rows: tuple[tuple[str, bool, Any], ...] = ()
    if isinstance(value, (str, list)):
        rows = (("minLength", True, len(value)), ("maxLength", False, len(value)))
    elif isinstance(value, int) and not isinstance(value, bool):
        rows = (("minValue", True, value), ("maxValue", False, value))
    for key, least, actual in rows:
        limit = schema.get(key)
        if isinstance(limit, int) and not isinstance(limit, bool) and (actual < limit if least else actual > limit):
            subject = "Length of the value" if key.endswith("Length") else "The value"
            raise ExpressionError(
                f"The provided value for the template parameter '{name[:200]}' is not valid. {subject} should be "
                f"{'greater' if least else 'less'} than or equal to '{limit}'. Please see "
                "https://aka.ms/arm-syntax-parameters for usage details.",
                member=key,
            )
