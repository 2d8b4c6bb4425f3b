"""Imported items: copied into the template with all that they need."""

from __future__ import annotations

import os
import re
from collections import deque
from typing import Any

from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import JsonTemplate
from azlabs.bicep.expressions import Expressions
from azlabs.bicep.model import Model
from azlabs.bicep.symbols import FunctionSymbol, ImportedSymbol, Symbol, TypeSymbol, VariableSymbol, WildcardSymbol

# An item of a file: (file, kind, name).
Item = tuple[Any, str, str]
_JSON_NAME = re.compile(r"\b(variables|copyIndex|__bicep\.(\w+))\s*\((\s*'((?:[^']|'')*)')?")
_JSON_REFERENCE = re.compile(r"#/definitions/([^/]+)")
_KINDS = {VariableSymbol: "variable", TypeSymbol: "type", FunctionSymbol: "function"}


class Imports:
    """Finds what a file imports, directly and through what it imports, and names it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names: dict[Item, str] = {}
        self.items: list[Item] = []
        if model.imports or model.wildcards:
            self.gather()

    def name(self, symbol: Symbol) -> str:
        """The name of a variable, type or function in this template."""
        if isinstance(symbol, ImportedSymbol):
            return self.names.get(origin_item(symbol), symbol.name)
        return symbol.name

    def gather(self) -> None:
        pending: deque[Item] = deque()
        for symbol in self.model.imports:
            self.names.setdefault(origin_item(symbol), symbol.name)
            pending.append(origin_item(symbol))
        pending.extend(origin_item(symbol) for symbol in _used_members(self.model))
        seen: set[Item] = set()
        while pending:
            item = pending.popleft()
            if item not in seen:
                seen.add(item)
                self.items.append(item)
                pending.extend(_needs(item))
        origins = sorted({item[0].path for item in self.items})
        numbers = {path: number for number, path in enumerate(origins, 1)}
        for item in self.items:
            self.names.setdefault(item, f"_{numbers[item[0].path]}.{item[2]}")

    def write(self, definitions: dict[str, Any], functions: dict[str, Any], variables: dict[str, Any]) -> None:
        """Add the imported items to the parts of the template."""
        emitters: dict[Any, _ForeignItems] = {}
        copies: list[Any] = []
        for item in self.items:
            origin, kind, name = item
            if isinstance(origin, JsonTemplate):
                self.write_json(item, definitions, functions, variables, copies)
                continue
            foreign = emitters.get(origin)
            if foreign is None:
                foreign = emitters[origin] = _ForeignItems(self, origin)
            own = self.names[item]
            if kind == "type":
                definitions[own] = self.marked(foreign.type(name), item)
            elif kind == "function":
                functions[own] = self.marked(foreign.function(name), item)
            else:
                copy, value = foreign.variable(name, own)
                if copy is not None:
                    copies.append(copy)
                else:
                    variables[own] = value
        if copies:
            variables["copy"] = [*variables.get("copy", []), *copies]

    def marked(self, value: dict[str, Any], item: Item) -> dict[str, Any]:
        origin, _, name = item
        path = os.path.relpath(origin.path, self.model.path.parent).replace(os.sep, "/")
        source: dict[str, Any] = {"sourceTemplate": path}
        if self.names[item] != name and not self.names[item].startswith("_"):
            source["originalIdentifier"] = name
        metadata = {k: v for k, v in value.get("metadata", {}).items() if k != "__bicep_export!"}
        return {**value, "metadata": {**metadata, "__bicep_imported_from!": source}}

    # --- from templates in JSON ---

    def write_json(self, item: Item, definitions: dict[str, Any], functions: dict[str, Any],
                   variables: dict[str, Any], copies: list[Any]) -> None:
        origin, kind, name = item
        own = self.names[item]
        value = self.renamed(_json_item(item), origin)
        if kind == "type":
            definitions[own] = self.marked(value, item)
        elif kind == "function":
            functions[own] = self.marked(value, item)
        else:
            copy = _json_copy(origin, name)
            if copy is None:
                variables[own] = value
            else:
                copy = self.renamed(copy, origin)
                count = copy.get("count")
                inner = count[1:-1] if isinstance(count, str) else str(count)
                copies.append({"name": own, "count": f"[length(range(0, {inner}))]", "input": copy.get("input")})

    def renamed(self, value: Any, origin: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.renamed(self.reference(item, origin) if key == "$ref" else item, origin)
                    for key, item in value.items()}
        if isinstance(value, list):
            return [self.renamed(item, origin) for item in value]
        if isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
            return _JSON_NAME.sub(lambda found: self.renamed_call(found, origin), value)
        return value

    def reference(self, path: Any, origin: Any) -> Any:
        def own(found: re.Match[str]) -> str:
            return f"#/definitions/{self.names.get((origin, 'type', found[1]), found[1])}"

        return _JSON_REFERENCE.sub(own, path) if isinstance(path, str) else path

    def renamed_call(self, found: re.Match[str], origin: Any) -> str:
        if found[2]:
            own = self.names.get((origin, "function", found[2]), found[2])
            return found[0].replace(f"__bicep.{found[2]}", f"__bicep.{own}", 1)
        if found[4] is None:
            return found[0]
        own = self.names.get((origin, "variable", found[4]), found[4])
        return f"{found[1]}('{own}'"


class _ForeignItems:
    """Emits items of another Bicep file under the names they have in this template."""

    def __init__(self, imports: Imports, origin: Model) -> None:
        from azlabs.bicep.type_schema import TypeSchemas

        self.origin = origin
        self.expressions = Expressions(origin, True)
        self.expressions.name_of = lambda symbol: imports.names.get(symbol_item(symbol, origin), symbol.name)
        self.schemas = TypeSchemas(self.expressions)

    def type(self, name: str) -> dict[str, Any]:
        return self.schemas.declaration(self.origin.types[name].node)

    def function(self, name: str) -> dict[str, Any]:
        return function_member(self.expressions, self.schemas, self.origin.functions[name].node)

    def variable(self, name: str, own: str) -> tuple[Any, Any]:
        """(copy entry or None, value)."""
        value = s.bare(self.origin.variables[name].node.value)
        if isinstance(value, s.For):
            return self.expressions.copy_value(own, value, {}), None
        return None, self.expressions.data(value)


def function_member(expressions: Expressions, schemas: Any, node: s.Function) -> dict[str, Any]:
    """A user-defined function as a member of the template's namespace."""
    parameters = [{**schemas.type(p.type), "name": p.name.text} for p in node.parameters]
    body: dict[str, Any] = {"parameters": parameters,
                            "output": {**schemas.type(node.type), "value": expressions.value(node.body, {})}}
    metadata = schemas.metadata(node.decorators)
    if any(d.call.name.text == "export" for d in node.decorators):
        metadata["__bicep_export!"] = True
    if metadata:
        body["metadata"] = metadata
    return body


def origin_item(symbol: ImportedSymbol) -> Item:
    """Where an imported symbol was declared, looking through files that only pass it on."""
    return symbol.origin, symbol.kind, symbol.exported


def symbol_item(symbol: Symbol, model: Model) -> Item:
    if isinstance(symbol, ImportedSymbol):
        return origin_item(symbol)
    return model, _KINDS.get(type(symbol), ""), symbol.name


def _symbols_in(node: s.Node) -> list[Symbol]:
    """Variables, types, functions and imported items that a tree names."""
    found: list[Symbol] = []
    pending = [node]
    while pending:
        node = pending.pop()
        symbol = getattr(node, "symbol", None)
        if isinstance(symbol, VariableSymbol | TypeSymbol | FunctionSymbol | ImportedSymbol):
            found.append(symbol)
        if isinstance(node, s.Access | s.TypeAccess):
            owner = getattr(s.bare(node.base), "symbol", None)
            if isinstance(owner, WildcardSymbol) and node.name.text in owner.members:
                found.append(owner.members[node.name.text])
        pending += s.children(node)
    return found


def _used_members(model: Model) -> list[ImportedSymbol]:
    if not model.wildcards:
        return []
    members = {m for w in model.wildcards for m in w.members.values()}
    found = _symbols_in(model.parsed.program)
    return [symbol for symbol in found if isinstance(symbol, ImportedSymbol) and symbol in members]


def _needs(item: Item) -> list[Item]:
    origin, kind, name = item
    if isinstance(origin, JsonTemplate):
        return _json_needs(item)
    table = {"variable": origin.variables, "type": origin.types, "function": origin.functions}[kind]
    return [symbol_item(symbol, origin) for symbol in reversed(_symbols_in(table[name].node))]


def _json_copy(origin: JsonTemplate, name: str) -> Any:
    copies = (origin.template.get("variables") or {}).get("copy") or []
    return next((c for c in copies if isinstance(c, dict) and c.get("name") == name), None)


def _json_item(item: Item) -> Any:
    origin, kind, name = item
    template = origin.template
    if kind == "variable":
        return _json_copy(origin, name) or (template.get("variables") or {}).get(name)
    if kind == "type":
        return (template.get("definitions") or {}).get(name)
    spaces = template.get("functions") or []
    return next((x["members"][name] for x in spaces if name in (x.get("members") or {})), None)


def _json_needs(item: Item) -> list[Item]:
    origin, found = item[0], []
    pending = [_json_item(item)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str):
            if value.startswith("[") and not value.startswith("[["):
                for match in _JSON_NAME.finditer(value):
                    if match[2]:
                        found.append((origin, "function", match[2]))
                    elif match[1] == "variables" and match[4]:
                        found.append((origin, "variable", match[4]))
            reference = _JSON_REFERENCE.match(value)
            if reference:
                found.append((origin, "type", reference[1]))
    return [needed for needed in found if _json_item(needed) is not None]
