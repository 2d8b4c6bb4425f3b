"""What names stand for. Symbols are made by the binder, one for each declaration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azlabs.bicep import syntax as s

if TYPE_CHECKING:
    from azlabs.bicep.model import Model


@dataclass(slots=True, eq=False)
class Symbol:
    name: str


@dataclass(slots=True, eq=False)
class NamespaceSymbol(Symbol):
    """`sys`, `az`."""


@dataclass(slots=True, eq=False)
class LocalSymbol(Symbol):
    """`kind`: "item" and "index" of a loop, "lambda", "argument" of a user-defined function."""

    kind: str
    owner: s.Node
    at: s.Name
    # The loop of resources or modules over which a lambda runs: what the parameter then stands for.
    element_of: DeployedSymbol | None = None


@dataclass(slots=True, eq=False)
class ParameterSymbol(Symbol):
    node: s.Param
    secure: bool = False


@dataclass(slots=True, eq=False)
class VariableSymbol(Symbol):
    node: s.Var
    inlined: bool | None = None
    kind: str | None = None


@dataclass(slots=True, eq=False)
class OutputSymbol(Symbol):
    node: s.Output


@dataclass(slots=True, eq=False)
class TypeSymbol(Symbol):
    node: s.TypeDeclaration
    kind: str | None = None


@dataclass(slots=True, eq=False)
class FunctionSymbol(Symbol):
    node: s.Function


@dataclass(slots=True, eq=False)
class DeployedSymbol(Symbol):
    """A resource or a module."""

    node: s.Resource | s.Module
    body: s.Object
    loop: s.For | None
    condition: s.Node | None
    dependencies: Any = None

    @property
    def symbolic_name(self) -> str:
        return self.name

    def value(self, name: str) -> s.Node | None:
        """A property of the body, by name."""
        found = self.body.find(name)
        return found.value if found else None


@dataclass(slots=True, eq=False)
class ResourceSymbol(DeployedSymbol):
    type: str = ""
    api_version: str = ""
    nested_in: ResourceSymbol | None = None
    nested: dict[str, ResourceSymbol] = field(default_factory=dict)
    existing: bool = False

    @property
    def symbolic_name(self) -> str:
        return f"{self.nested_in.symbolic_name}::{self.name}" if self.nested_in else self.name


@dataclass(slots=True, eq=False)
class ModuleSymbol(DeployedSymbol):
    """`model` is the compiled file it names, a `Model` or a `JsonTemplate`; None when it could not be read."""

    model: Any = None


@dataclass(slots=True, eq=False)
class ImportedSymbol(Symbol):
    """An item of another file: `exported` is its name there, `kind` "variable", "type" or "function"."""

    node: s.Import
    origin: Any
    exported: str
    kind: str


@dataclass(slots=True, eq=False)
class WildcardSymbol(Symbol):
    node: s.Import
    origin: Any
    members: dict[str, ImportedSymbol] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Unknown(Symbol):
    """A name that could not be resolved; the error is told once, and nothing else about it."""


Scope = dict[str, Symbol]


def unwrap_body(value: s.Node) -> tuple[s.Object | None, s.For | None, s.Node | None]:
    """The object, the loop and the condition of a resource's or module's value."""
    loop = condition = None
    if isinstance(value, s.For):
        loop, value = value, value.body
    if isinstance(value, s.Conditional):
        condition, value = value.condition, value.body
    return (value if isinstance(value, s.Object) else None), loop, condition


def declared_names(model: Model) -> list[str]:
    return list(model.scope)
