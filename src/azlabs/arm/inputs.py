"""Parameters and variables of one template, each evaluated once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from azlabs.arm.errors import ExpressionError, TemplateError, validation_failed
from azlabs.arm.evaluator import Context, Deferred, evaluate_json, expand
from azlabs.arm.schema import Types
from azlabs.arm.values import find_key

_PARAMETER_FILE = "Please see https://aka.ms/arm-create-parameter-file for usage details."
_UNKNOWN = "Please see https://aka.ms/arm-syntax-{0}s for usage details."

Secret = Callable[[Mapping[str, Any]], str]
"""Reads what a parameter's `reference` names: {"keyVault": {"id"}, "secretName", "secretVersion"}."""


class Parameters:
    """The parameters that a template declares, with the values a deployment gives them."""

    def __init__(
        self, declared: Mapping[str, Any], given: Mapping[str, Any], types: Types, secret: Secret | None
    ) -> None:
        self.declared, self.given, self.types, self.secret = declared, given, types, secret
        self.values: dict[str, Any] = {}
        self.pending: list[str] = []
        self.context: Context | None = None
        self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        unknown = [name for name in self.given if find_key(self.declared, name) is None]
        if unknown:
            raise validation_failed(
                f"The following parameters were supplied, but do not correspond to any parameters defined in the "
                f"template: '{', '.join(unknown)}'. The parameters defined in the template are: "
                f"'{', '.join(self.declared)}'. Please see https://aka.ms/arm-pass-parameter-values for usage details."
            )

    def evaluate_all(self) -> None:
        """Evaluates every parameter; raises TemplateError for the first that is missing or does not fit."""
        for name in self.declared:
            try:
                self(name)
            except ExpressionError as problem:
                framed = "template parameter" in problem.message.lower()
                prefix = "" if framed else f"The template parameter '{name}' is not valid: "
                member = f".{problem.member}" if problem.member else ""
                raise validation_failed(prefix + problem.message, path=f"parameters.{name}{member}") from problem

    def __call__(self, name: str) -> Any:
        found = find_key(self.declared, name)
        if found is None:
            raise ExpressionError(f"The template parameter '{name[:200]}' is not found. {_UNKNOWN.format('parameter')}")
        if found not in self.values:
            if found in self.pending:
                raise ExpressionError(
                    f"The template parameter '{found}' depends on itself: '{' -> '.join([*self.pending, found])}'."
                )
            self.pending.append(found)
            try:
                self.values[found] = self._value(found)
            finally:
                self.pending.pop()
        return self.values[found]

    def _value(self, name: str) -> Any:
        schema = self.declared[name]
        if not isinstance(schema, Mapping) or not ("type" in schema or "$ref" in schema or "nullable" in schema):
            raise ExpressionError(f"The template parameter '{name}' must have a 'type'.")
        given = find_key(self.given, name)
        entry = self.given[given] if given is not None else {}
        if not isinstance(entry, Mapping):
            raise ExpressionError(
                f"The provided value for the template parameter '{name}' is not an object. {_PARAMETER_FILE}"
            )
        if isinstance(entry.get("reference"), Mapping):
            return self.types.check(schema, self._read_secret(name, entry["reference"]), name)
        if "value" in entry and (entry["value"] is not None or self.types.nullable(schema)):
            assert self.context is not None
            return self.types.check(schema, self.context.budget.measure(entry["value"]), name)
        if "defaultValue" in schema:
            return self.types.check(schema, self._default(schema["defaultValue"]), name)
        if self.types.nullable(schema):
            return None
        raise TemplateError(
            f"Deployment template validation failed: 'The value for the template parameter '{name}' at line '1' and "
            f"column '1' is not provided. {_PARAMETER_FILE}'.",
            path=f"parameters.{name}",
        )

    def _default(self, value: Any) -> Any:
        assert self.context is not None
        context = replace(
            self.context, variables=None, names=None, runtime=None, allow=frozenset(("newguid", "utcnow"))
        )
        try:
            return evaluate_json(value, context)
        except Deferred as deferred:
            raise not_expected(str(deferred)) from None

    def _read_secret(self, name: str, reference: Mapping[str, Any]) -> str:
        if self.secret is None:
            raise TemplateError(
                f"The secret that the parameter '{name}' refers to can only be read while a deployment runs.",
                code="KeyVaultParameterReferenceNotSupported",
            )
        return self.secret(reference)

    def shown(self) -> dict[str, dict[str, Any]]:
        """The parameters as a deployment answers them: types, and values but those of secure ones."""
        answer: dict[str, dict[str, Any]] = {}
        for name, schema in self.declared.items():
            answer[name] = {"type": self.types.shown_type(schema)}
            given = find_key(self.given, name)
            reference = self.given[given].get("reference") if given is not None else None
            if reference is not None:
                answer[name]["reference"] = reference
            elif not self.types.is_secure(schema):
                answer[name]["value"] = self.values.get(name)
        return answer


class Variables:
    """The variables of a template, the loops of `variables.copy` among them."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self.plain = {name: value for name, value in declared.items() if name != "copy"}
        loops = declared.get("copy")
        self.loops: dict[str, Mapping[str, Any]] = {}
        if isinstance(loops, list):
            self.loops = {str(loop.get("name")): loop for loop in loops if isinstance(loop, Mapping)}
        elif loops is not None:
            self.plain["copy"] = loops
        self.values: dict[str, Any] = {}
        self.pending: list[str] = []
        self.context: Context | None = None

    def __call__(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        found = find_key(self.plain, name) or find_key(self.loops, name)
        if found is None:
            raise ExpressionError(f"The template variable '{name[:200]}' is not found. {_UNKNOWN.format('variable')}")
        if found not in self.values:
            if found in self.pending:
                raise ExpressionError(
                    f"The template variable '{found}' is not valid: it depends on itself "
                    f"('{' -> '.join([*self.pending, found])}'). {_UNKNOWN.format('variable')}"
                )
            self.pending.append(found)
            try:
                self.values[found] = self._value(found)
            finally:
                self.pending.pop()
        return self.values[found]

    def _value(self, name: str) -> Any:
        assert self.context is not None
        try:
            if name in self.plain:
                value = evaluate_json(self.plain[name], self.context)
            else:
                value = expand(self.loops[name], self.context, evaluate_json)
        except Deferred as deferred:
            raise not_expected(str(deferred)) from None
        return self.context.budget.measure(value)


def not_expected(function: str) -> ExpressionError:
    """The error of a function in a place where it may not stand."""
    return ExpressionError(
        f"The template function '{function}' is not expected at this location. Please see "
        "https://aka.ms/arm-functions for usage details."
    )
