"""Linter rules about strings, names and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from azlabs.bicep import syntax as s
from azlabs.bicep.kinds import kind_of, type_kind
from azlabs.bicep.linter import Finding, node_rule
from azlabs.bicep.model import Model
from azlabs.bicep.references import is_builtin
from azlabs.bicep.symbols import ParameterSymbol

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Hosts that differ between Azure's clouds.
_HOSTS = (
    "api.loganalytics.io", "asazure.windows.net", "azuredatalakeanalytics.net", "azuredatalakestore.net",
    "batch.core.windows.net", "core.windows.net", "database.windows.net", "datalake.azure.net", "gallery.azure.com",
    "graph.windows.net", "login.microsoftonline.com", "management.azure.com", "management.core.windows.net",
    "trafficmanager.net", "vault.azure.net",
)
_HOST = re.compile(r"(?:^|[^A-Za-z0-9-])((?:" + "|".join(re.escape(h) for h in sorted(_HOSTS, key=len, reverse=True))
                   + r"))(?![A-Za-z0-9-]|\.[A-Za-z0-9])", re.IGNORECASE)
_SCHEMA_HOST = "schema.management.azure.com"
_SECRET = re.compile(r"password|passwd|pwd|secret|accountkey|acctkey", re.IGNORECASE)
_NO_SECRET = re.compile(r"(?:name|names|id|ids|uri|url|version|identifier|length|permission|permissions|rotation|"
                        r"enabled|expiry|type|policy|group|groups|count)$", re.IGNORECASE)


@node_rule("prefer-interpolation", s.Call)
def prefer_interpolation(_: Model, node: s.Call) -> Iterator[Finding]:
    if node.name.text == "concat" and is_builtin(node) and node.arguments \
            and any(isinstance(s.bare(a), s.Text) for a in node.arguments) \
            and not any(kind_of(a) == "array" for a in node.arguments):
        yield node, "Use string interpolation instead of the concat function."


@node_rule("simplify-interpolation", s.Text)
def simplify_interpolation(_: Model, node: s.Text) -> Iterator[Finding]:
    if len(node.holes) == 1 and node.parts == ["", ""] and kind_of(node.holes[0]) == "string":
        yield node, "Remove unnecessary string interpolation."


@node_rule("no-hardcoded-env-urls", s.Text)
def hardcoded_hosts(_: Model, node: s.Text) -> Iterator[Finding]:
    for part in node.parts:
        if "." not in part:
            continue
        for found in _HOST.finditer(part):
            before = part[:found.end(1)].lower()
            if not before.endswith(_SCHEMA_HOST):
                yield node, ("Environment URLs should not be hardcoded. Use the environment() function to ensure "
                             f'compatibility across clouds. Found this disallowed host: "{found[1].lower()}"')
                return


@node_rule("prefer-unquoted-property-names", s.Property, s.Index)
def unquoted_names(_: Model, node: s.Node) -> Iterator[Finding]:
    message = ("Property names that are valid identifiers should be declared without quotation marks and accessed "
               "using dot notation.")
    if isinstance(node, s.Property) and node.quoted and node.key.value and _IDENTIFIER.match(node.key.value):
        yield node.key, message
    elif isinstance(node, s.Index) and not node.from_end and isinstance(node.index, s.Text) and node.index.value \
            and _IDENTIFIER.match(node.index.value):
        yield node.index, message


@node_rule("simplify-json-null", s.Call)
def json_null(_: Model, node: s.Call) -> Iterator[Finding]:
    argument = s.bare(node.arguments[0]) if len(node.arguments) == 1 else None
    if node.name.text == "json" and is_builtin(node) and isinstance(argument, s.Text) and argument.value == "null":
        yield node, "Simplify json('null') to null"


# --- secrets ---


@node_rule("secure-parameter-default", s.Param)
def secure_default(_: Model, node: s.Param) -> Iterator[Finding]:
    if node.default is None or node.type is None or not _has(node, "secure"):
        return
    value = s.bare(node.default)
    generated = isinstance(value, s.Call) and value.name.text == "newGuid"
    empty = (isinstance(value, s.Text) and value.value == "") or isinstance(value, s.Null) or \
        (isinstance(value, s.Object) and not value.members)
    if not generated and not empty and (isinstance(value, s.Object) or not _contains_new_guid(value)):
        yield node.default, "Secure parameters should not have hardcoded defaults (except for empty or newGuid())."


def _contains_new_guid(node: s.Node) -> bool:
    return (isinstance(node, s.Call) and node.name.text == "newGuid") or any(
        _contains_new_guid(child) for child in s.children(node))


@node_rule("secure-secrets-in-params", s.Param)
def secret_names(_: Model, node: s.Param) -> Iterator[Finding]:
    name = node.name.text
    if node.type is None or _has(node, "secure") or type_kind(node.type) not in ("string", "object"):
        return
    if _SECRET.search(name) and not _NO_SECRET.search(name):
        yield node.name, (f"Parameter '{name}' may represent a secret (according to its name) and must be declared with "
                          "the '@secure()' attribute.")


@node_rule("outputs-should-not-contain-secrets", s.Output)
def secret_outputs(_: Model, node: s.Output) -> Iterator[Finding]:
    if _has(node, "secure"):
        return
    start = "Outputs should not contain secrets. Found possible secret: "
    if "password" in node.name.text.lower():
        yield node.name, f"{start}output name '{node.name.text}' suggests a secret"
    for at, what in possible_secrets(node.value):
        yield at, start + what


def possible_secrets(value: s.Node) -> Iterator[Finding]:
    """Secure parameters and key-listing functions in an expression."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, s.Variable) and isinstance(node.symbol, ParameterSymbol) and node.symbol.secure:
            yield node, f"secure parameter '{node.name}'"
        if isinstance(node, s.Call) and node.symbol is None and node.name.text.lower().startswith("list"):
            yield node, f"function '{node.name.text}'"
        pending += s.children(node)


@node_rule("protect-commandtoexecute-secrets", s.Property)
def command_secrets(_: Model, node: s.Property) -> Iterator[Finding]:
    value = s.bare(node.value)
    if node.key.value != "settings" or not isinstance(value, s.Object):
        return
    command = value.find("commandToExecute")
    if command is not None:
        for at, what in possible_secrets(command.value):
            yield at, f"Use protectedSettings for commandToExecute secrets. Found possible secret: {what}"
            return


@node_rule("adminusername-should-not-be-literal", s.Property)
def admin_name(_: Model, node: s.Property) -> Iterator[Finding]:
    name = node.key.value or ""
    value = s.bare(node.value)
    if name.lower() == "adminusername" and isinstance(value, s.Text) and value.value is not None:
        yield node.value, f"Property '{name}' should not use a literal value. Use a param instead."


@node_rule("no-conflicting-metadata", s.Param, s.Output, s.TypeDeclaration)
def conflicting_metadata(_: Model, node: s.Statement) -> Iterator[Finding]:
    if not _has(node, "description"):
        return
    for decorator in node.decorators:
        argument = s.bare(decorator.call.arguments[0]) if decorator.call.arguments else None
        if decorator.call.name.text == "metadata" and isinstance(argument, s.Object):
            found = argument.find("description")
            if found is not None:
                yield found.key, ('The "description" metadata property conflicts with the "description" decorator and '
                                  "will be overwritten.")


def _has(node: s.Statement, name: str) -> bool:
    return any(d.call.name.text == name for d in node.decorators)
