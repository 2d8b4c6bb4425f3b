"""The load functions: files read while compiling."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.bicep import syntax as s
from azlabs.bicep.json_path import select
from azlabs.bicep.terms import escape

if TYPE_CHECKING:
    from azlabs.bicep.model import Model

# The compiler's own limits: characters of a text, bytes of a file for base64.
MAX_TEXT = 131072
MAX_STRUCTURED = 1048576
MAX_BASE64 = 98304
MAX_DEPTH = 200
_ENCODINGS = {"us-ascii": "ascii", "iso-8859-1": "latin-1", "utf-8": "utf-8-sig", "utf-16": "utf-16",
              "utf-16be": "utf-16-be"}
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


class LoadError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def load(model: Model, node: s.Call) -> Any:
    """The value of a load function, as it goes into the template; errors are told and give null."""
    cache: dict[s.Call, Any] = model.facts.setdefault("loaded", {})
    if node not in cache:
        try:
            cache[node] = _load(model, node)
        except LoadError as error:
            model.report(error.code, str(error), node.arguments[0] if node.arguments else node)
            cache[node] = None
    return cache[node]


def _load(model: Model, node: s.Call) -> Any:
    arguments = [_constant(argument) for argument in node.arguments]
    if not arguments or any(a is None for a in arguments):
        raise LoadError("BCP032", "The value must be a compile-time constant.")
    name = node.name.text
    if name == "loadDirectoryFileInfo":
        return _directory(model, arguments[0] or "", arguments[1] if len(arguments) > 1 else None)
    path = target(model, arguments[0] or "")
    data = _read(path, model)
    if name == "loadFileAsBase64":
        if len(data) > MAX_BASE64:
            raise LoadError("BCP184", f"File '{path}' exceeded maximum size of {MAX_BASE64} bytes.")
        return base64.b64encode(data).decode()
    encoding = (arguments[-1] if name == "loadTextContent" and len(arguments) > 1 else
                arguments[2] if len(arguments) > 2 else "utf-8") or "utf-8"
    if encoding.lower() not in _ENCODINGS:
        raise LoadError("BCP070", f'The encoding "{encoding}" is not one of {", ".join(sorted(_ENCODINGS))}.')
    content = _decode(data, _ENCODINGS[encoding.lower()], path)
    if name == "loadTextContent":
        if len(content) > MAX_TEXT:
            raise LoadError("BCP184", f"File '{path}' exceeded maximum size of {MAX_TEXT} characters.")
        return escape(content)
    if len(content) > MAX_STRUCTURED:
        raise LoadError("BCP184", f"File '{path}' exceeded maximum size of {MAX_STRUCTURED} characters.")
    value = _structured(name, content)
    if len(arguments) > 1 and arguments[1]:
        value = json_path(value, arguments[1])
    return escaped(value)


def target(model: Model, text: str) -> Path:
    if text.startswith("/"):
        raise LoadError("BCP051", 'The specified path begins with "/". Files must be referenced using relative paths.')
    if "\\" in text:
        raise LoadError("BCP098", 'The specified file path contains a "\\" character. Use "/" instead as the '
                        "directory separator character.")
    return model.path.parent / text


def _read(path: Path, model: Model) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LoadError("BCP091", "An error occurred reading file. Could not find file "
                        f"'{model.workspace.shown(path)}'.") from error
    except (OSError, ValueError) as error:
        raise LoadError("BCP091", f"An error occurred reading file. {error}") from error


def _decode(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        raise LoadError("BCP091", f"An error occurred reading file. '{path.name}' is not {encoding} text.") from error


def _constant(node: s.Node) -> str | None:
    """A string known without evaluation: a literal, or a variable that is one."""
    node = s.bare(node)
    for _ in range(20):
        symbol = node.symbol if isinstance(node, s.Variable) else None
        declaration = getattr(symbol, "node", None)
        if not isinstance(declaration, s.Var):
            break
        node = s.bare(declaration.value)
    return node.value if isinstance(node, s.Text) else None


def _structured(name: str, content: str) -> Any:
    if name == "loadJsonContent":
        try:
            return parse_json(content)
        except (ValueError, RecursionError) as error:
            raise LoadError("BCP186", "Unable to parse literal JSON value. Please ensure that it is well-formed. "
                            f"({error})") from error
    import yaml

    try:
        return _plain(yaml.safe_load(content), 0)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise LoadError("BCP340", f"Unable to parse literal YAML value. Please ensure that it is well-formed. "
                        f"({str(error).splitlines()[0]})") from error


def parse_json(content: str) -> Any:
    """JSON with comments and trailing commas; raises ValueError."""
    try:
        return json.loads(content)
    except ValueError:
        without = _COMMENT.sub(lambda m: m.group(1) or " ", content)
        return json.loads(_TRAILING.sub(lambda m: m.group(1) or "", without))


def _plain(value: Any, depth: int) -> Any:
    """YAML's values as JSON has them."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def json_path(value: Any, path: str) -> Any:
    """The part that a JSONPath names, or a list when it names several."""
    try:
        found = select(value, path)
    except ValueError as error:
        raise LoadError("BCP235", f"Specified JSONPath is invalid: {error}.") from error
    if not found:
        raise LoadError("BCP235", "Specified JSONPath does not exist in the given file or is invalid.")
    return found[0] if len(found) == 1 else found


def escaped(value: Any) -> Any:
    """Data of a file inside a template: text that looks like an expression stays text."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [escaped(item) for item in value]
    if isinstance(value, dict):
        return {escape(key): escaped(item) for key, item in value.items()}
    return value


def _directory(model: Model, text: str, pattern: str | None) -> list[dict[str, str]]:
    folder = target(model, text)
    if not folder.is_dir():
        raise LoadError("BCP091", f"An error occurred browsing directory. Could not find '{text}'.")
    base = model.path.parent
    files = sorted(p for p in folder.glob(pattern or "*") if p.is_file())
    return [{"relativePath": p.relative_to(base).as_posix() if p.is_relative_to(base) else p.as_posix(),
             "baseName": p.name, "extension": p.suffix} for p in files]
