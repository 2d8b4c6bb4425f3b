"""What is known only while a deployment runs: references, lists of keys, outputs of modules."""

from __future__ import annotations

from azlabs.bicep import syntax as s
from azlabs.bicep.functions import needs_runtime
from azlabs.bicep.references import DEPLOY_TIME, reference_parts
from azlabs.bicep.symbols import DeployedSymbol, VariableSymbol


def is_runtime(node: s.Node) -> bool:
    """Whether the value of an expression is known only while the deployment runs."""
    direct, variables = _parts(node)
    return direct or any(late_variable(variable) for variable in variables)


def late_variable(symbol: VariableSymbol) -> bool:
    """The same of a variable's value; such a variable is written out at each use.

    The first question about a variable answers it for all that it is made of, without recursion: chains
    of variables may be long.
    """
    if symbol.inlined is not None:
        return symbol.inlined
    used: dict[VariableSymbol, list[VariableSymbol]] = {}
    users: dict[VariableSymbol, list[VariableSymbol]] = {}
    late: list[VariableSymbol] = []
    pending = [symbol]
    while pending:
        variable = pending.pop()
        if variable in used:
            continue
        if variable.inlined is not None:
            used[variable] = []
            direct = variable.inlined
        else:
            direct, used[variable] = _parts(variable.node.value)
        if direct:
            late.append(variable)
        for other in used[variable]:
            users.setdefault(other, []).append(variable)
            pending.append(other)
    for variable in used:
        variable.inlined = False
    while late:
        variable = late.pop()
        if not variable.inlined:
            variable.inlined = True
            late += users.get(variable, [])
    return bool(symbol.inlined)


def _parts(node: s.Node) -> tuple[bool, list[VariableSymbol]]:
    """(whether something in the expression itself is known late, the variables it uses)."""
    variables: list[VariableSymbol] = []
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, s.Variable):
            if isinstance(node.symbol, DeployedSymbol):
                return True, variables
            if isinstance(node.symbol, VariableSymbol):
                variables.append(node.symbol)
        elif isinstance(node, s.Nested):
            return True, variables
        elif isinstance(node, s.Call):
            owner = getattr(s.bare(node.base), "symbol", None) if node.base else None
            if node.symbol is None and node.name.text == "nameof":
                continue
            if node.symbol is None and (needs_runtime(node.name.text) or isinstance(owner, DeployedSymbol)):
                return True, variables
            pending += s.children(node)
        elif isinstance(node, s.Access | s.Index):
            parts = reference_parts(node)
            if parts is None:
                pending += s.children(node)
            else:
                if parts.name not in DEPLOY_TIME:
                    return True, variables
                pending += parts.others
        else:
            pending += s.children(node)
    return False, variables
