"""Functions of strings."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from azlabs.arm.dotnet import composite
from azlabs.arm.errors import ExpressionError
from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import array, integer, scalar_text, string
from azlabs.arm.functions.hashes import name_guid, unique_string
from azlabs.arm.limits import STRING_LENGTH
from azlabs.arm.values import bounded, text_of, too_long, type_name


@function("uniqueString", 1, None)
def _unique_string(*texts: Any) -> str:
    return unique_string(bounded((string("uniqueString", text) for text in texts), "-"))


@function("guid", 1, None)
def _guid(*texts: Any) -> str:
    return name_guid(bounded((string("guid", text) for text in texts), "-"))


@function("newGuid", 0, context=True)
def _new_guid(context: Any) -> str:
    if "newguid" not in context.allow:
        raise ExpressionError(
            "The template function 'newGuid' is not expected at this location. "
            "Please see https://aka.ms/arm-functions for usage details."
        )
    return str(uuid.uuid4())


@function("base64", 1)
def _base64(text: Any) -> str:
    return base64.b64encode(string("base64", text).encode("utf-8", "surrogatepass")).decode()


@function("base64ToString", 1)
def _base64_to_string(text: Any) -> str:
    return _decode("base64ToString", string("base64ToString", text))


def _decode(name: str, text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise invalid(
            name, "was invoked with a parameter that is not valid. The value cannot be decoded from base64."
        ) from None


@function("base64ToJson", 1)
def _base64_to_json(text: Any) -> Any:
    return parse_json("base64ToJson", _decode("base64ToJson", string("base64ToJson", text)))


@function("json", 1)
def _json(text: Any) -> Any:
    return parse_json("json", string("json", text))


def parse_json(name: str, text: str) -> Any:
    """JSON as Newtonsoft reads it: strict first, then with single quotes, comments and bare names."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    from azlabs.arm.lenient import LenientError, loads

    try:
        return loads(text)
    except (LenientError, RecursionError):
        shown = text if len(text) <= 100 else text[:100] + "..."
        raise invalid(name, f"parameter is not valid. The provided value '{shown}' cannot be parsed as JSON.") from None


@function("dataUri", 1)
def _data_uri(text: Any) -> str:
    encoded = base64.b64encode(scalar_text("dataUri", text).encode("utf-8", "surrogatepass")).decode()
    return f"data:text/plain;charset=utf-8;base64,{encoded}"


@function("dataUriToString", 1)
def _data_uri_to_string(text: Any) -> str:
    match = re.match(r"data:(?P<media>[^,]*),", string("dataUriToString", text), re.IGNORECASE)
    if match is None:
        raise invalid("dataUriToString", "expects its parameter to be a valid data URI.")
    data, media = text[match.end() :], match["media"].lower()
    return _decode("dataUriToString", data) if media.endswith(";base64") else unquote(data)


@function("concat", 1, None)
def _concat(*items: Any) -> Any:
    if all(isinstance(item, list) for item in items):
        return [part for item in items for part in item]
    if any(isinstance(item, (list, dict)) or item is None for item in items):
        raise invalid(
            "concat", "parameters are invalid: all must be arrays, or all must be strings, numbers or booleans."
        )
    return bounded(text_of(item) for item in items)


@function("format", 1, None)
def _format(pattern: Any, *items: Any) -> str:
    return composite(string("format", pattern), items)


@function("join", 2)
def _join(items: Any, separator: Any) -> str:
    return bounded((scalar_text("join", item) for item in array("join", items)), string("join", separator))


@function("split", 2)
def _split(text: Any, separators: Any) -> list[str]:
    given = [separators] if isinstance(separators, str) else array("split", separators)
    marks = [re.escape(string("split", mark)) for mark in given if mark != ""]
    if not marks:
        return [string("split", text)]
    return re.split("|".join(marks), string("split", text))


@function("string", 1)
def _string(value: Any) -> str:
    return text_of(value)


@function("toLower", 1)
def _to_lower(text: Any) -> str:
    return "".join(_single(char, char.lower()) for char in string("toLower", text))


@function("toUpper", 1)
def _to_upper(text: Any) -> str:
    return "".join(_single(char, char.upper()) for char in string("toUpper", text))


def _single(old: str, new: str) -> str:
    """.NET maps one character to one ('ß' stays)."""
    return new if len(new) == 1 else old


@function("trim", 1)
def _trim(text: Any) -> str:
    return string("trim", text).strip()


@function("replace", 3)
def _replace(text: Any, old: Any, new: Any) -> str:
    source, part, new = string("replace", text), string("replace", old), string("replace", new)
    if part == "":
        raise invalid("replace", "parameters are invalid: the second must not be empty.")
    if len(source) + source.count(part) * (len(new) - len(part)) > STRING_LENGTH:
        raise too_long()
    return source.replace(part, new)


@function("padLeft", 2, 3)
def _pad_left(value: Any, width: Any, fill: Any = " ") -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise invalid("padLeft", f"expects its first parameter to be a string or an integer, got '{type_name(value)}'.")
    length, mark = integer("padLeft", width), string("padLeft", fill)
    if length < 0 or len(mark) != 1:
        raise invalid(
            "padLeft", "parameters are invalid: the length must not be negative and the fill must be one character."
        )
    if length > STRING_LENGTH:
        raise too_long()
    return str(value).rjust(length, mark)


@function("substring", 2, 3)
def _substring(text: Any, start: Any, length: Any = None) -> str:
    source, first = string("substring", text), integer("substring", start)
    size = len(source) - first if length is None else integer("substring", length)
    if first < 0 or size < 0 or first + size > len(source):
        raise invalid(
            "substring",
            "parameters are invalid: 'index' and 'length' must refer to a location within the string. "
            f"The 'index' parameter: '{first}', the 'length' parameter: '{size}', the length of the string parameter:"
            f" '{len(source)}'.",
        )
    return source[first : first + size]


@function("startsWith", 2)
def _starts_with(text: Any, part: Any) -> bool:
    return _fold(string("startsWith", text)).startswith(_fold(string("startsWith", part)))


@function("endsWith", 2)
def _ends_with(text: Any, part: Any) -> bool:
    return _fold(string("endsWith", text)).endswith(_fold(string("endsWith", part)))


def _fold(text: str) -> str:
    """Lower case that keeps every position."""
    return "".join(_single(char, char.lower()) for char in text) if not text.isascii() else text.lower()


def index_of(text: str, part: str) -> int:
    """Where a string first holds another, without regard to case; -1 when it does not."""
    return _fold(text).find(_fold(part))


def last_index_of(text: str, part: str) -> int:
    """Where a string last holds another, without regard to case; -1 when it does not."""
    return _fold(text).rfind(_fold(part))


@function("uri", 2)
def _uri(base: Any, relative: Any) -> str:
    start, rest = string("uri", base), string("uri", relative)
    try:
        parts = urlsplit(start)
        if not parts.scheme or not parts.netloc:
            raise ValueError(start)
        return urljoin(start, rest)
    except ValueError:
        raise invalid(
            "uri", f"expects its first parameter to be an absolute URI. The provided value is '{start[:100]}'."
        ) from None


@function("uriComponent", 1)
def _uri_component(text: Any) -> str:
    return quote(string("uriComponent", text).encode("utf-8", "replace"), safe="-_.~")


@function("uriComponentToString", 1)
def _uri_component_to_string(text: Any) -> str:
    return unquote(string("uriComponentToString", text))


@function("parseUri", 1)
def _parse_uri(text: Any) -> dict[str, Any]:
    try:
        parts = urlsplit(string("parseUri", text))
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.scheme or not parts.netloc:
        raise invalid("parseUri", "expects its parameter to be an absolute URI.")
    default = {"http": 80, "https": 443, "ftp": 21}.get(parts.scheme)
    query = f"?{parts.query}" if parts.query else ""
    return {
        "scheme": parts.scheme,
        "host": parts.hostname or "",
        "port": port or default,
        "path": parts.path or "/",
        "query": query,
    }


@function("buildUri", 1)
def _build_uri(value: Any) -> str:
    if not isinstance(value, dict):
        raise invalid("buildUri", "expects its parameter to be an object.")
    port = f":{value['port']}" if value.get("port") else ""
    path = str(value.get("path") or "/")
    query = str(value.get("query") or "")
    query = f"?{query.removeprefix('?')}" if query else ""
    path = path if path.startswith("/") else f"/{path}"
    return f"{value.get('scheme', 'https')}://{value.get('host', '')}{port}{path}{query}"


@function("fail", 1)
def _fail(message: Any) -> Any:
    raise ExpressionError(string("fail", message))
