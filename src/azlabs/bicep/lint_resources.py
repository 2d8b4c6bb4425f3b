"""Linter rules about resources and what they depend on."""

from __future__ import annotations

from collections.abc import Iterator

from azlabs.bicep import syntax as s
from azlabs.bicep.dependencies import direct
from azlabs.bicep.kinds import constant
from azlabs.bicep.linter import Finding, file_rule, node_rule
from azlabs.bicep.model import Model
from azlabs.bicep.references import deployed, is_builtin, reference_parts
from azlabs.bicep.symbols import DeployedSymbol, ResourceSymbol, VariableSymbol

# Functions whose value changes from one deployment to the next.
_UNSTABLE = {"newGuid", "utcNow"}


@file_rule("no-unnecessary-dependson")
def unnecessary_depends_on(model: Model) -> Iterator[Finding]:
    for symbol in [*model.resources, *model.modules]:
        explicit = symbol.value("dependsOn")
        if not isinstance(explicit, s.Array):
            continue
        implied = _implied(symbol)
        for item in explicit.items:
            target = deployed(s.bare(item))
            if target is not None and target in implied:
                yield item, f"Remove unnecessary dependsOn entry '{target.name}'."


def _implied(symbol: DeployedSymbol) -> set[DeployedSymbol]:
    """What the body depends on without its `dependsOn`."""
    body = s.Object(symbol.body.start, symbol.body.end, [
        m for m in symbol.body.members if not (isinstance(m, s.Property) and m.key.value == "dependsOn")])
    copy = DeployedSymbol(symbol.name, s.Resource(0, 0, [], symbol.node.name, s.Text(0, 0, [""], []), False, body),
                          body, symbol.loop, None)
    found = {d.symbol for d in direct(copy) if d.index is None
             and not (isinstance(d.symbol, ResourceSymbol) and d.symbol.existing)}
    if isinstance(symbol, ResourceSymbol) and symbol.nested_in is not None:
        found.add(symbol.nested_in)
    return found


@file_rule("use-parent-property")
def use_parent(model: Model) -> Iterator[Finding]:
    named: dict[str, list[tuple[object, ResourceSymbol]]] = {}
    for owner in model.resources:
        name = owner.value("name")
        if name is not None and owner.nested_in is None and owner.value("parent") is None:
            named.setdefault(owner.type.lower(), []).append((s.shape(s.bare(name)), owner))
    for child in model.resources:
        name = s.bare(child.value("name") or s.Skipped(0, 0))
        if child.type.count("/") < 2 or child.nested_in or child.value("parent") or not isinstance(name, s.Text):
            continue
        owners = named.get(child.type.rsplit("/", 1)[0].lower(), [])
        found = _parent_in_name(name, owners)
        if found is not None:
            yield name, (f'Resource "{child.name}" has its name formatted as a child of resource "{found.name}". The '
                         "syntax can be simplified by using the parent property.")


def _parent_in_name(name: s.Text, owners: list[tuple[object, ResourceSymbol]]) -> ResourceSymbol | None:
    if name.holes and name.parts[0] == "" and name.parts[1].startswith("/"):
        hole = s.bare(name.holes[0])
        parts = reference_parts(hole)
        for shape, owner in owners:
            if s.shape(hole) == shape or (parts is not None and parts.symbol is owner and parts.name == "name"):
                return owner
    first = name.parts[0].split("/", 1)
    if len(first) == 2:
        for shape, owner in owners:
            if shape == s.shape(s.Text(0, 0, [first[0]], [])):
                return owner
    return None


@file_rule("use-resource-symbol-reference")
def use_symbol(model: Model) -> Iterator[Finding]:
    """`listKeys(r.id, ...)`, `reference(r.id)` where `r` is declared."""
    pending: list[s.Node] = list(model.parsed.program.statements)
    while pending:
        node = pending.pop()
        pending += s.children(node)
        if not isinstance(node, s.Call) or not node.arguments or not is_builtin(node):
            continue
        name = node.name.text
        if name != "reference" and not (name.startswith("list") and name != "list"):
            continue
        parts = reference_parts(node.arguments[0])
        if parts is not None and parts.name in ("id", "name") and isinstance(parts.symbol, ResourceSymbol):
            yield node, (f'Use a resource reference instead of invoking function "{name}". This simplifies the syntax and '
                         "allows Bicep to better understand your deployment dependency graph.")


@file_rule("use-stable-resource-identifiers")
def stable_identifiers(model: Model) -> Iterator[Finding]:
    for symbol in model.resources:
        name = symbol.value("name")
        found = _unstable(name) if name is not None and not symbol.existing else None
        if found is not None and name is not None:
            yield name, ("Resource identifiers should be reproducible outside of their initial deployment context. "
                         f"Resource {symbol.name}'s 'name' identifier is potentially nondeterministic due to its use of "
                         f"the '{found}' function.")


def _unstable(node: s.Node) -> str | None:
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        if isinstance(current, s.Call) and current.name.text in _UNSTABLE and is_builtin(current):
            return current.name.text
        declaration = getattr(current.symbol, "node", None) if isinstance(current, s.Variable) else None
        value = declaration.default if isinstance(declaration, s.Param) else \
            declaration.value if isinstance(declaration, s.Var) else None
        if value is not None and value not in seen:
            seen.add(value)
            pending.append(value)
        pending += s.children(current)
    return None


@file_rule("no-deployments-resources")
def deployments_resources(model: Model) -> Iterator[Finding]:
    for symbol in model.resources:
        if symbol.type.lower() == "microsoft.resources/deployments" and not symbol.existing:
            yield symbol.node.name, (f"Resource '{symbol.name}' of type 'Microsoft.Resources/deployments@"
                                     f"{symbol.api_version}' should instead be declared as a Bicep module.")


@node_rule("use-stable-vm-image", s.Property)
def stable_image(_: Model, node: s.Property) -> Iterator[Finding]:
    value = s.bare(node.value)
    if isinstance(value, s.Variable) and isinstance(value.symbol, VariableSymbol):
        value = s.bare(value.symbol.node.value)
    if node.key.value != "imageReference" or not isinstance(value, s.Object):
        return
    for name in ("offer", "sku", "version"):
        member = value.find(name)
        given = constant(member.value) if member is not None else None
        if member is not None and isinstance(given, str) and "preview" in given.lower():
            yield member.value, ("Virtual machines shouldn't use preview images. Use stable version in imageReference "
                                 f'property "{name}".')


@node_rule("use-safe-access", s.Ternary)
def safe_access(_: Model, node: s.Ternary) -> Iterator[Finding]:
    """`contains(o, 'p') ? o.p : default`."""
    test = s.bare(node.condition)
    yes = s.bare(node.yes)
    if not isinstance(test, s.Call) or test.name.text != "contains" or len(test.arguments) != 2 \
            or not is_builtin(test) or not isinstance(yes, s.Access | s.Index):
        return
    key = s.bare(test.arguments[1])
    read = s.shape(s.Text(0, 0, [yes.name.text], [])) if isinstance(yes, s.Access) else s.shape(yes.index)
    if s.shape(key) == read and s.shape(test.arguments[0]) == s.shape(yes.base):
        yield node, ("Use the safe access (.?) operator instead of checking object contents with the 'contains' "
                     "function.")
