"""Checks of resources and modules: required members, scopes, module parameters, values known too late."""

from __future__ import annotations

from azlabs.bicep import suggest
from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import JsonTemplate
from azlabs.bicep.functions import SCOPES
from azlabs.bicep.kinds import fits, kind_of, shown, type_kind
from azlabs.bicep.model import Model
from azlabs.bicep.references import is_builtin, reference_parts
from azlabs.bicep.runtime import is_runtime
from azlabs.bicep.symbols import DeployedSymbol, ModuleSymbol, ResourceSymbol, Unknown

_MODULE_MEMBERS = ("name", "params", "scope", "dependsOn", "identity", "extensionConfigs")
_SCHEMA_KINDS = {"securestring": "string", "secureobject": "object"}
# Types that live in one kind of place only, which people often get wrong.
_PLACES = {
    "microsoft.resources/resourcegroups": "subscription",
    "microsoft.management/managementgroups": "tenant",
}


def check_resource(model: Model, symbol: ResourceSymbol) -> None:
    if symbol.value("name") is None:
        _missing(model, symbol, "resource", ["name"])
    _late(model, symbol)
    _depends_on(model, symbol)
    parent = symbol.value("parent")
    if parent is not None:
        _parent(model, symbol, parent)
    scope = symbol.value("scope")
    if scope is None and parent is None and symbol.nested_in is None and not symbol.existing:
        place = _PLACES.get(symbol.type.lower())
        if place and model.target_scope != place:
            model.report("BCP135", f'Scope "{model.target_scope}" is not valid for this resource type. Permitted '
                         f'scopes: "{place}".', symbol.node.type if isinstance(symbol.node, s.Resource) else symbol.node)
    if scope is not None:
        _scope(model, symbol, scope, parent)
    if symbol.nested_in is None and parent is None:
        _name_segments(model, symbol)


def _missing(model: Model, symbol: DeployedSymbol, what: str, names: list[str]) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    model.report("BCP035", f'The specified "{what}" declaration is missing the following required properties: '
                 f'{listed}.', symbol.node.name)


def _name_segments(model: Model, symbol: ResourceSymbol) -> None:
    """A literal name must have as many segments as the type."""
    name = s.bare(symbol.value("name") or s.Skipped(0, 0))
    wanted = symbol.type.count("/")
    if isinstance(name, s.Text) and name.value is not None and name.value.count("/") + 1 != wanted:
        model.report("BCP169", f'Expected resource name to contain {wanted - 1} "/" character(s). The number of '
                     "name segments must match the number of segments in the resource type.", name)


def _parent(model: Model, symbol: ResourceSymbol, node: s.Node) -> None:
    if symbol.nested_in is not None:
        model.report("BCP037", 'The property "parent" is not allowed on a nested resource.', node)
        return
    parts = reference_parts(node)
    if parts is None or not isinstance(parts.symbol, ResourceSymbol):
        if not isinstance(getattr(s.bare(node), "symbol", None), Unknown):
            model.report("BCP240", 'The "parent" property only permits direct references to resources. Expressions '
                         "are not supported.", node)
        return
    owner = parts.symbol
    if owner.loop is not None and parts.index is None:
        model.report("BCP144", "Directly referencing a resource or module collection is not currently supported here. "
                     "Apply an array indexer to the expression.", node)
    if not symbol.type.lower().startswith(owner.type.lower() + "/"):
        model.report("BCP036", f'The property "parent" expected a value of type "{_parent_type(symbol.type)}" but the '
                     f'provided value is of type "{owner.type}@{owner.api_version}".', node)
    name = s.bare(symbol.value("name") or s.Skipped(0, 0))
    if isinstance(name, s.Text) and name.value and "/" in name.value \
            and symbol.type.count("/") - owner.type.count("/") == 1:
        model.report("BCP170", 'Expected resource name to not contain any "/" characters. Child resources with a '
                     "parent resource reference (via the parent property or via nesting) must not contain a "
                     "fully-qualified name.", name)


def _parent_type(type_: str) -> str:
    return type_.rsplit("/", 1)[0]


def _scope(model: Model, symbol: ResourceSymbol, node: s.Node, parent: s.Node | None) -> None:
    if parent is not None or symbol.nested_in is not None:
        model.report("BCP164", "A child resource's scope is computed based on the scope of its ancestor resource. This "
                     'means that using the "scope" property on a child resource is unsupported.', node)
        return
    if not _is_scope(model, node):
        return
    bare = s.bare(node)
    if isinstance(bare, s.Call) and not symbol.existing:
        name = bare.name.text
        if name != "tenant" and (bare.arguments or name != model.target_scope):
            model.report("BCP139", "A resource's scope must match the scope of the Bicep file for it to be deployable. "
                         "You must use modules to deploy resources to a different scope.", node)


def _is_scope(model: Model, node: s.Node) -> bool:
    bare = s.bare(node)
    if isinstance(bare, s.Call) and bare.name.text in SCOPES and is_builtin(bare):
        return True
    parts = reference_parts(bare)
    if parts is not None and isinstance(parts.symbol, ResourceSymbol) and parts.name is None:
        return True
    if not isinstance(getattr(bare, "symbol", None), Unknown) and not isinstance(bare, s.Skipped):
        model.report("BCP036", 'The property "scope" expected a value of type "resource | tenant" but the provided '
                     f'value is of type "{shown(node)}".', node)
    return False


def _depends_on(model: Model, symbol: DeployedSymbol) -> None:
    node = symbol.value("dependsOn")
    items = node.items if isinstance(node, s.Array) else []
    if node is not None and not isinstance(node, s.Array | s.Skipped):
        model.report("BCP036", 'The property "dependsOn" expected a value of type '
                     f'"(module[] | (resource | module) | resource[])[]" but the provided value is of type '
                     f'"{shown(node)}".', node)
    for item in items:
        parts = reference_parts(item)
        bare = s.bare(item)
        if isinstance(bare, s.Ternary | s.Skipped) or isinstance(getattr(bare, "symbol", None), Unknown):
            continue
        if parts is None or parts.name is not None:
            model.report("BCP034", 'The enclosing array expected an item of type "module[] | (resource | module) | '
                         f'resource[]", but the provided item was of type "{shown(item)}".', item)


def _late(model: Model, symbol: DeployedSymbol) -> None:
    """Names, scopes, conditions and loops must be known when the deployment starts."""
    what = symbol.type if isinstance(symbol, ResourceSymbol) else "module"
    start = "which requires a value that can be calculated at the start of the deployment."
    places = [
        (symbol.value("name"), "BCP120", f'This expression is being used in an assignment to the "name" property of '
         f'the "{what}" type, {start}'),
        (symbol.condition, "BCP177", f"This expression is being used in the if-condition expression, {start}"),
        (symbol.loop.source if symbol.loop else None, "BCP178",
         f"This expression is being used in the for-expression, {start}"),
    ]
    for node, code, message in places:
        # An existing resource may be named late: it is only looked up.
        existing = isinstance(symbol, ResourceSymbol) and symbol.existing and code == "BCP120"
        if node is not None and not existing and is_runtime(node):
            model.report(code, message, node)


# --- modules ---


def check_module(model: Model, symbol: ModuleSymbol) -> None:
    _late(model, symbol)
    _depends_on(model, symbol)
    for member in symbol.body.members:
        name = member.key.value if isinstance(member, s.Property) else None
        if isinstance(member, s.Property) and name not in _MODULE_MEMBERS:
            near = suggest.nearest(str(name), _MODULE_MEMBERS)
            _not_allowed(model, str(name), "module", near, _MODULE_MEMBERS, member.key)
    if symbol.model is None:
        return
    scope = symbol.value("scope")
    if scope is None:
        if symbol.model.target_scope != model.target_scope:
            model.report("BCP134", f'Scope "{model.target_scope}" is not valid for this module. Permitted scopes: '
                         f'"{symbol.model.target_scope}".', symbol.node.name)
    elif _is_scope(model, scope):
        given = _scope_kind(scope)
        if given is not None and given != symbol.model.target_scope:
            model.report("BCP134", f'Scope "{given}" is not valid for this module. Permitted scopes: '
                         f'"{symbol.model.target_scope}".', scope)
    _parameters(model, symbol)


def _scope_kind(node: s.Node) -> str | None:
    bare = s.bare(node)
    if isinstance(bare, s.Call):
        return bare.name.text
    parts = reference_parts(bare)
    types = {"microsoft.resources/resourcegroups": "resourceGroup",
             "microsoft.management/managementgroups": "managementGroup"}
    return types.get(parts.symbol.type.lower()) if parts and isinstance(parts.symbol, ResourceSymbol) else None


def _parameters(model: Model, symbol: ModuleSymbol) -> None:
    wanted = module_parameters(symbol)
    params = symbol.value("params")
    given = s.bare(params) if params is not None else None
    if given is not None and not isinstance(given, s.Object):
        return
    members = given.members if isinstance(given, s.Object) else []
    names: set[str] = set()
    for member in members:
        if not isinstance(member, s.Property) or member.key.value is None:
            return
        name = member.key.value
        names.add(name)
        if name not in wanted:
            _not_allowed(model, name, "params", suggest.nearest(name, wanted), list(wanted), member.key)
        elif not fits(kind_of(member.value), wanted[name][0]):
            model.report("BCP036", f'The property "{name}" expected a value of type "{wanted[name][0]}" but the '
                         f'provided value is of type "{shown(member.value)}".', member.value)
    missing = [name for name, (_, required) in wanted.items() if required and name not in names]
    if missing and given is None:
        _missing(model, symbol, "module", ["params"])
    elif missing and given is not None:
        listed = ", ".join(f'"{name}"' for name in sorted(missing))
        model.report("BCP035", 'The specified "object" declaration is missing the following required properties: '
                     f"{listed}.", next(m.key for m in symbol.body.members
                                        if isinstance(m, s.Property) and m.key.value == "params"))


def _not_allowed(model: Model, name: str, type_: str, near: str | None, known: tuple[str, ...] | list[str],
                 node: s.Node) -> None:
    message = f'The property "{name}" is not allowed on objects of type "{type_}".'
    if near:
        model.report("BCP089", f'{message} Did you mean "{near}"?', node)
    elif known:
        listed = ", ".join(f'"{k}"' for k in sorted(known))
        model.report("BCP037", f"{message} Permissible properties include {listed}.", node)
    else:
        model.report("BCP038", f"{message} No other properties are allowed.", node)


def module_parameters(symbol: ModuleSymbol) -> dict[str, tuple[str, bool]]:
    """The module's parameters: name to (kind, required)."""
    if isinstance(symbol.model, JsonTemplate):
        found = {}
        for name, body in (symbol.model.template.get("parameters") or {}).items():
            kind = str(body.get("type", "any")).lower()
            required = "defaultValue" not in body and not body.get("nullable") and "$ref" not in body
            found[name] = (_SCHEMA_KINDS.get(kind, kind), required)
        return found
    return {name: (type_kind(p.node.type) if p.node.type else "any",
                   p.node.default is None and not nullable(p.node.type))
            for name, p in symbol.model.parameters.items()}


def nullable(node: s.Node | None, depth: int = 0) -> bool:
    """Whether null is one of the values of a type."""
    match node:
        case s.NullableType() | s.Null():
            return True
        case s.Group():
            return nullable(node.inner, depth)
        case s.UnionType():
            return any(nullable(m, depth) for m in node.members)
        case s.Variable():
            declaration = getattr(node.symbol, "node", None)
            if isinstance(declaration, s.Import):
                origin = getattr(node.symbol, "origin", None)
                exported = getattr(origin, "types", {}).get(getattr(node.symbol, "exported", ""))
                declaration = getattr(exported, "node", None)
            return depth < 40 and isinstance(declaration, s.TypeDeclaration) and nullable(declaration.type, depth + 1)
    return False
