"""Files that a file names: modules and imports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azlabs.bicep import suggest
from azlabs.bicep import syntax as s
from azlabs.bicep.model import MAX_MODULE_DEPTH, Model
from azlabs.bicep.symbols import ImportedSymbol, Symbol, WildcardSymbol

_SCHEMES = {"br": "Registry modules", "ts": "Template specs"}


@dataclass(slots=True, eq=False)
class JsonTemplate:
    """An ARM template in JSON, used as a module or imported from."""

    path: Path
    shown: str
    template: dict[str, Any]

    @property
    def target_scope(self) -> str:
        schema = str(self.template.get("$schema", "")).lower()
        for name in ("subscription", "managementGroup", "tenant"):
            if f"{name.lower()}deploymenttemplate" in schema:
                return name
        return "resourceGroup"


@dataclass(slots=True)
class Imported:
    alias: s.Name
    symbol: Symbol


def local_path(model: Model, path: s.Text) -> Path | None:
    """The file that a path in the source means, or None with an error told."""
    text = path.parts[0]
    scheme = text.split(":", 1)[0] if ":" in text else ""
    bare_scheme = scheme.split("/", 1)[0]
    if bare_scheme in _SCHEMES:
        model.report("unsupported-feature", f'{_SCHEMES[bare_scheme]} are not supported: "{text}". Use a local file.',
                     path)
    elif not text.strip():
        model.report("BCP050", "The specified path is empty.", path)
    elif any(ord(character) < 32 or character in '"*:<>?|' for character in text):
        model.report("BCP085", "The specified file path contains one or more invalid path characters. The following are "
                     'not permitted: """, "*", ":", "<", ">", "?", "\\", "|".', path)
    elif "\\" in text:
        model.report("BCP098", 'The specified file path contains a "\\" character. Use "/" instead as the directory '
                     "separator character.", path)
    elif text.startswith("/"):
        model.report("BCP051", 'The specified path begins with "/". Files must be referenced using relative paths.',
                     path)
    else:
        return model.path.parent / text
    return None


def open_file(model: Model, path: s.Text) -> Any:
    """A Model or JsonTemplate, or None with an error told."""
    target = local_path(model, path)
    if target is None:
        return None
    workspace = model.workspace
    if target.resolve() in workspace.opening:
        names = [workspace.shown(p) for p in [*workspace.opening, target]]
        if len(workspace.opening) == 1:
            model.report("BCP278", "This module references itself, which is not allowed.", path)
        else:
            circle = '" -> "'.join(names)
            model.report("BCP095", f'The file is involved in a cycle ("{circle}").', path)
        return None
    if len(workspace.opening) > MAX_MODULE_DEPTH:
        model.report("nesting-limit", f"Modules are nested more than {MAX_MODULE_DEPTH} levels deep.", path)
        return None
    try:
        if target.suffix in (".json", ".jsonc", ".arm"):
            return _open_json(model, target, path)
        opened = workspace.open(target)
    except FileNotFoundError:
        model.report("BCP091", "An error occurred reading file. Could not find file "
                     f"'{workspace.shown(target)}'.", path)
        return None
    except (OSError, UnicodeError, ValueError) as error:
        model.report("BCP091", f"An error occurred reading file. {error}", path)
        return None
    if opened.has_errors:
        model.report("BCP104", "The referenced module has errors.", path)
    return opened


def _open_json(model: Model, target: Path, path: s.Text) -> Any:
    cached = model.workspace.models.get(target)
    if cached is not None:
        return cached
    from azlabs.bicep.files import parse_json

    template = parse_json(target.read_bytes().decode("utf-8-sig"))
    if not isinstance(template, dict) or "resources" not in template:
        model.report("BCP188", "The referenced ARM template has errors. Please see "
                     "https://aka.ms/arm-template for information on how to diagnose and fix the template.", path)
        return None
    found = JsonTemplate(target, model.workspace.shown(target), template)
    model.workspace.models[target] = found
    return found


def module_file(model: Model, node: s.Module) -> Any:
    return open_file(model, node.path)


def import_file(model: Model, node: s.Import) -> list[Imported]:
    """The symbols that an import statement declares."""
    origin = open_file(model, node.path)
    if origin is None:
        return []
    exports = exported(origin)
    if node.items is None:
        assert node.wildcard is not None
        wildcard = WildcardSymbol(node.wildcard.text, node, origin)
        wildcard.members = {name: ImportedSymbol(name, node, origin, name, kind) for name, kind in exports.items()}
        model.wildcards.append(wildcard)
        return [Imported(node.wildcard, wildcard)]
    found: list[Imported] = []
    for item in node.items:
        name = item.name.parts[0]
        if name not in exports:
            near = suggest.nearest(name, exports)
            hint = f' Did you mean "{near}"?' if near else ""
            model.report("BCP360", f'The "{name}" symbol was not found in (or was not exported by) the imported '
                         f"template.{hint}", item)
            continue
        alias = item.alias or s.Name(item.name.start, item.name.end, name)
        symbol = ImportedSymbol(alias.text, node, origin, name, exports[name])
        model.imports.append(symbol)
        found.append(Imported(alias, symbol))
    return found


def exported(origin: Any) -> dict[str, str]:
    """What a file exports: name to kind ("variable", "type", "function")."""
    if isinstance(origin, JsonTemplate):
        return _exported_by_json(origin.template)
    found = {}
    for kind, symbols in (("variable", origin.variables), ("type", origin.types), ("function", origin.functions)):
        for name, symbol in symbols.items():
            if any(d.call.name.text == "export" for d in symbol.node.decorators):
                found[name] = kind
    return found


def _exported_by_json(template: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    variables = (template.get("metadata") or {}).get("__bicep_exported_variables!") or []
    found.update({str(v["name"]): "variable" for v in variables if isinstance(v, dict) and "name" in v})
    for name, body in (template.get("definitions") or {}).items():
        if isinstance(body, dict) and (body.get("metadata") or {}).get("__bicep_export!"):
            found[name] = "type"
    for space in template.get("functions") or []:
        for name, body in (space.get("members") or {}).items():
            if (body.get("metadata") or {}).get("__bicep_export!"):
                found[name] = "function"
    return found


def canonical_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
