"""Which resources and modules a declaration waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from azlabs.bicep import syntax as s
from azlabs.bicep.references import DEPLOY_TIME, deployed, reference_parts
from azlabs.bicep.symbols import DeployedSymbol, LocalSymbol, ResourceSymbol, VariableSymbol


@dataclass(frozen=True, slots=True)
class Dependency:
    """`index`: of one element of a loop (None: all of it). `weak`: nothing of an existing resource is read."""

    symbol: DeployedSymbol
    index: s.Node | None
    weak: bool


def dependencies(symbol: DeployedSymbol, declared: Callable[[ResourceSymbol], bool]) -> list[Dependency]:
    """What `symbol` depends on, sorted by symbolic name.

    Existing resources are replaced by what they depend on, but for those that are `declared` in the template
    (in the symbolic form) and of which something is read at run time.
    """
    found: dict[tuple[DeployedSymbol, s.Node | None], Dependency] = {}
    _resolve(symbol, declared, found, set())
    whole = {dependency.symbol for dependency in found.values() if dependency.index is None}
    kept = [d for d in found.values() if d.index is None or d.symbol not in whole]
    return sorted(kept, key=lambda d: d.symbol.symbolic_name)


def _resolve(symbol: DeployedSymbol, declared: Callable[[ResourceSymbol], bool],
             found: dict[tuple[DeployedSymbol, s.Node | None], Dependency], seen: set[DeployedSymbol]) -> None:
    if symbol in seen:
        return
    seen.add(symbol)
    for dependency in direct(symbol):
        target = dependency.symbol
        if isinstance(target, ResourceSymbol) and target.existing and (dependency.weak or not declared(target)):
            _resolve(target, declared, found, seen)
        else:
            found.setdefault((target, dependency.index), dependency)


def direct(symbol: DeployedSymbol) -> list[Dependency]:
    """The dependencies in the declaration itself, through variables but not through existing resources."""
    if symbol.dependencies is None:
        collector = _Collector(symbol)
        symbol.dependencies = []
        if isinstance(symbol, ResourceSymbol) and symbol.nested_in is not None:
            collector.add(symbol.nested_in, None, True)
        collector.walk(symbol.node.value)
        symbol.dependencies = list(collector.found.values())
    found: list[Dependency] = symbol.dependencies
    return found


class _Collector:
    def __init__(self, symbol: DeployedSymbol) -> None:
        self.symbol = symbol
        self.found: dict[tuple[DeployedSymbol, s.Node | None], Dependency] = {}
        self.variables: set[VariableSymbol] = set()

    def add(self, target: DeployedSymbol, index: s.Node | None, weak: bool) -> None:
        if target is self.symbol:
            return
        old = self.found.get((target, index))
        if old is None or (old.weak and not weak):
            self.found[(target, index)] = Dependency(target, index, weak)

    def walk(self, node: s.Node) -> None:
        pending = [node]
        while pending:
            node = pending.pop()
            if isinstance(node, s.Variable):
                symbol = node.symbol
                if isinstance(symbol, DeployedSymbol):
                    self.add(symbol, None, False)
                elif isinstance(symbol, VariableSymbol) and symbol not in self.variables:
                    self.variables.add(symbol)
                    pending.append(symbol.node.value)
            elif isinstance(node, s.Nested):
                target = deployed(node)
                if target is not None:
                    self.add(target, None, False)
            elif isinstance(node, s.Access | s.Index):
                self.reference(node, pending, None)
            elif isinstance(node, s.Call):
                self.call(node, pending)
            elif isinstance(node, s.Property):
                pending.append(node.key)
                if node.key.value in ("parent", "scope"):
                    self.reference(node.value, pending, True)
                else:
                    pending.append(node.value)
            elif not isinstance(node, s.Resource):
                pending += s.children(node)

    def call(self, node: s.Call, pending: list[s.Node]) -> None:
        if node.name.text == "nameof" and node.symbol is None:
            return
        if node.base is not None:
            self.reference(node.base, pending, True)
        pending += node.arguments

    def reference(self, node: s.Node, pending: list[s.Node], weak: bool | None) -> None:
        parts = reference_parts(node)
        if parts is None:
            pending += s.children(node) if isinstance(node, s.Access | s.Index) else [node]
            return
        if weak is None:
            weak = parts.name in DEPLOY_TIME
        index = parts.index
        if index is not None and not self.reachable(index):
            index = None
        self.add(parts.symbol, index, weak)
        pending += parts.others

    def reachable(self, index: s.Node) -> bool:
        """Whether an index can be computed beside the body: it uses no variable of a loop inside the body."""
        pending = [index]
        while pending:
            node = pending.pop()
            if isinstance(node, s.Variable) and isinstance(node.symbol, LocalSymbol) \
                    and node.symbol.owner is not self.symbol.loop:
                return False
            pending += s.children(node)
        return True
