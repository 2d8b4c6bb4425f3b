"""The `if` of a policy rule: logical operators, conditions on fields, values and counts.

Source: Microsoft's documentation "Azure Policy definition structure - policy rule". Comparisons of text ignore case
except `match` and `notMatch`. A condition on an array alias `[*]` holds when every element fulfils it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azlabs.rules.policy_fields import is_alias, path_of, values

if TYPE_CHECKING:
    from azlabs.rules.policy import Evaluate, Target

Json = dict[str, Any]


class PolicyError(Exception):
    """A definition that cannot be evaluated: an unknown operator, a missing parameter, a bad expression."""


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, bool):
        return str(value).lower()
    return value


def _equal(left: Any, right: Any) -> bool:
    left, right = _folded(left), _folded(right)
    if {type(left), type(right)} in ({int, str}, {float, str}):
        return str(left) == str(right)
    return bool(left == right)


def _like(left: Any, right: Any) -> bool:
    parts = [re.escape(part) for part in str(right).split("*")]
    return re.fullmatch(".*".join(parts), _text(left), re.IGNORECASE | re.DOTALL) is not None


PLACEHOLDER = {"#": r"\d", "?": "[a-zA-Z]", ".": "."}


def _match(left: Any, right: Any, flags: int = 0) -> bool:
    pattern = "".join(PLACEHOLDER.get(character) or re.escape(character) for character in str(right))
    return re.fullmatch(pattern, _text(left), flags | re.DOTALL) is not None


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, list):
        return any(_equal(item, right) for item in left)
    return _text(right).lower() in _text(left).lower()


def _contains_key(left: Any, right: Any) -> bool:
    return isinstance(left, dict) and str(right).lower() in {key.lower() for key in left}


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        if left is None:
            return False
        if isinstance(left, str) != isinstance(right, str):
            raise PolicyError(f"The values {left!r} and {right!r} cannot be put in order.")
        return compare(_folded(left), _folded(right))

    return holds


def _exists(left: Any, right: Any) -> bool:
    return (left is not None) == (str(right).lower() == "true")


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equal,
    "notequals": lambda left, right: not _equal(left, right),
    "like": _like,
    "notlike": lambda left, right: not _like(left, right),
    "match": _match,
    "notmatch": lambda left, right: not _match(left, right),
    "matchinsensitively": lambda left, right: _match(left, right, re.IGNORECASE),
    "notmatchinsensitively": lambda left, right: not _match(left, right, re.IGNORECASE),
    "contains": _contains,
    "notcontains": lambda left, right: not _contains(left, right),
    "in": lambda left, right: any(_equal(left, item) for item in right),
    "notin": lambda left, right: not any(_equal(left, item) for item in right),
    "containskey": _contains_key,
    "notcontainskey": lambda left, right: not _contains_key(left, right),
    "less": _ordered(lambda left, right: left < right),
    "lessorequals": _ordered(lambda left, right: left <= right),
    "greater": _ordered(lambda left, right: left > right),
    "greaterorequals": _ordered(lambda left, right: left >= right),
    "exists": _exists,
}


def field_values(name: str, body: Mapping[str, Any], resource_type: str) -> list[Any] | None:
    """What the field leads to in the body: [] when absent, None for an alias of another resource type."""
    segments = path_of(name, resource_type)
    return None if segments is None else list(values(segments, body))


class Conditions:
    """Evaluates conditions for one resource, one set of parameter values, and the current elements of counts."""

    def __init__(self, target: Target, parameters: Mapping[str, Any], evaluate: Evaluate) -> None:
        self._target = target
        self._parameters = parameters
        self._evaluate = evaluate
        self._current: dict[str, Any] = {}

    def holds(self, condition: Any) -> bool:
        """Is the condition true? Raises PolicyError where it is not one."""
        if not isinstance(condition, Mapping):
            raise PolicyError(f"A policy condition must be an object, not {condition!r}.")
        members = {key.lower(): key for key in condition}
        if "allof" in members:
            return all(self.holds(part) for part in condition[members["allof"]])
        if "anyof" in members:
            return any(self.holds(part) for part in condition[members["anyof"]])
        if "not" in members:
            return not self.holds(condition[members["not"]])
        operator = next((name for name in members if name in OPERATORS), None)
        if operator is None:
            raise PolicyError(f"No known operator in the policy condition {sorted(condition)}.")
        wanted = self.resolve(condition[members[operator]])
        if "count" in members:
            return OPERATORS[operator](self._count(condition[members["count"]]), wanted)
        if "value" in members:
            return OPERATORS[operator](self.resolve(condition[members["value"]]), wanted)
        if "field" in members:
            return self._field_holds(self.value(condition[members["field"]]), operator, wanted)
        raise PolicyError("A policy condition needs one of field, value or count.")

    def value(self, text: Any) -> Any:
        """A value of the rule: an expression is evaluated, everything else is itself."""
        if isinstance(text, str) and text.startswith("["):
            if text.startswith("[["):
                return text[1:]
            return self._evaluate(text, self._functions(), {})
        return text

    def resolve(self, value: Any) -> Any:
        """A value with every expression in it evaluated; deployment templates in details stay as they are."""
        if isinstance(value, Mapping):
            kept = ("deployment", "existenceCondition")
            return {key: item if key in kept else self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return self.value(value)

    def field(self, name: str) -> Any:
        """The field() function: one value, a list for an `[*]` alias, null when absent."""
        found = self._values(name)
        if "[*]" in name:
            return list(found or ())
        return found[0] if found else None

    def _field_holds(self, name: str, operator: str, wanted: Any) -> bool:
        found = self._values(name)
        if found is None:
            return operator.startswith("not") or (operator == "exists" and str(wanted).lower() == "false")
        test = OPERATORS[operator]
        if "[*]" in name and not self._counted(name):
            return all(test(item, wanted) for item in found)
        return test(found[0] if found else None, wanted)

    def _values(self, name: str) -> list[Any] | None:
        counted = self._counted(name)
        if counted is not None:
            rest = name[len(counted) :].lstrip(".")
            current = self._current[counted]
            return [current] if not rest else list(values(rest.replace("[*]", ".[*]").split("."), current))
        lowered = name.lower()
        if lowered in PLAIN_FIELDS:
            return [PLAIN_FIELDS[lowered](self._target)]
        return field_values(name, self._target.body, self._target.type)

    def _counted(self, name: str) -> str | None:
        """The array of an enclosing count that this field walks, longest first."""
        inside = [array for array in self._current if name.lower().startswith(array.lower())]
        return max(inside, key=len, default=None)

    def _count(self, count: Mapping[str, Any]) -> int:
        where = count.get("where")
        if "field" in count:
            name = str(count["field"])
            items, label = self._values(name) or [], name
        else:
            items = self.resolve(count["value"])
            items, label = items if isinstance(items, list) else [items], str(count.get("name", "value"))
        if where is None:
            return len(items)
        total = 0
        outer = self._current.get(label)
        for item in items:
            self._current[label] = item
            total += self.holds(where)
        self._current.pop(label, None)
        if outer is not None:
            self._current[label] = outer
        return total

    def _functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "parameters": self._parameter,
            "field": self.field,
            "current": self._current_value,
            "resourcegroup": lambda: _tagged(self._target.resource_group),
            "subscription": lambda: _tagged(self._target.subscription),
            "requestcontext": lambda: {"apiVersion": self._target.api_version},
        }

    def _current_value(self, name: str = "") -> Any:
        if not name:
            return next(reversed(self._current.values()), None)
        if name in self._current:
            return self._current[name]
        found = self._values(name) if is_alias(name) else None
        return found[0] if found else None

    def _parameter(self, name: str) -> Any:
        if name.lower() not in self._parameters:
            raise PolicyError(f"The policy parameter '{name}' has no value.")
        return self._parameters[name.lower()]


PLAIN_FIELDS: dict[str, Callable[[Target], Any]] = {
    "type": lambda target: target.type,
    "id": lambda target: target.id,
    "name": lambda target: target.id.rsplit("/", 1)[-1],
    "fullname": lambda target: "/".join(_names(target.id)),
    "location": lambda target: _location(target.body.get("location")),
}


class Tags(dict[str, Any]):
    """Tags as policy functions see them: one that is not there is "", which the built-in tag policies count on."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return next((str(value) for key, value in self.items() if key.lower() == name.lower()), "")


def _tagged(body: Mapping[str, Any] | None) -> Json:
    return {**(body or {}), "tags": Tags((body or {}).get("tags") or {})}


def _names(resource_id: str) -> list[str]:
    segments = resource_id.strip("/").split("/")
    lowered = [segment.lower() for segment in segments]
    if "providers" not in lowered:
        return segments[-1:]
    start = len(lowered) - 1 - lowered[::-1].index("providers")
    return segments[start + 3 :: 2]


def _location(location: Any) -> Any:
    """Locations compare in their short form: "East US" is eastus."""
    return location.replace(" ", "").lower() if isinstance(location, str) else location
