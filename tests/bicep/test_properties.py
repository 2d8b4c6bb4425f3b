"""Properties that hold for every input: printing and parsing, broken files, deep and large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.bicep import BicepError, check_file, compile_file
from azlabs.bicep.parser import parse
from azlabs.bicep.printer import print_program
from azlabs.bicep.syntax import shape

FIXTURES = sorted((Path(__file__).parent / "fixtures").rglob("*.bicep*"))
SOURCES = [path.read_text(encoding="utf-8") for path in FIXTURES]
COMPILED = settings(max_examples=120, deadline=None,
                    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

_name = st.sampled_from(["a", "b", "item", "param", "resource", "type", "_x1"])
_text = st.text(alphabet="ab'\\$ {}\n\t\r[]é", max_size=8)


def _quoted(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("${", "\\${")):
        value = value.replace(plain, escaped)
    return f"'{value}'"


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "=~", "!~", "<", "<=", ">", ">=", "&&", "||", "??"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, operator, inner),
        st.builds("{} {} {}".format, inner, operator, inner),
        st.builds("{} ? {} : {}".format, inner, inner, inner),
        st.builds("!({})".format, inner), st.builds("-({})".format, inner),
        st.builds("({}).{}".format, inner, _name), st.builds("({}).?{}".format, inner, _name),
        st.builds("({})[{}]".format, inner, inner), st.builds("({})[?^{}]".format, inner, inner),
        st.builds("({})!".format, inner), st.builds("({})::{}".format, inner, _name),
        st.builds("{}({}, {})".format, _name, inner, inner), st.builds("{} => {}".format, _name, inner),
        st.builds("(({}, {}) => {})".format, _name, _name, inner),
        st.lists(inner, max_size=3).map(lambda items: "[\n" + "\n".join(items) + "\n]"),
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(_name, inner), max_size=3).map(
            lambda pairs: "{\n" + "".join(f"// note\n{key}: {value}\n" for key, value in pairs) + "...rest\n}"),
        st.builds("[for {} in {}: {}]".format, _name, inner, inner),
    )


_expressions = st.recursive(
    st.one_of(_name, st.integers(-2**63, 2**63 - 1).map(str), st.sampled_from(["true", "false", "null"]),
              _text.map(_quoted), st.builds("'a${{{}}}b${{{}}}'".format, _name, _name)),
    _compound, max_leaves=12)
_types = st.recursive(
    st.sampled_from(["string", "int", "'x'", "-1", "!true", "null", "ns.name", "resourceInput<'A.B/c@1'>.d"]),
    lambda inner: st.one_of(
        st.builds("({})[]".format, inner), st.builds("({})?".format, inner), st.builds("({})!".format, inner),
        st.builds("{} | {}".format, inner, inner), st.builds("({})[*]".format, inner), st.builds("({}).*".format, inner),
        st.builds("{{ @secure()\n a: {}, b: {}, *: {} }}".format, inner, inner, inner),
        st.builds("[\n@minLength(1)\n{}\n{}\n]".format, inner, inner)), max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(_expressions, _types)
def test_parsing_printing_and_parsing_gives_the_same_tree(expression: str, type_: str) -> None:
    source = f"@description('x')\nvar v {type_} = {expression}\n\ntype t = {type_}\noutput o {type_} = {expression}\n"
    parsed = parse(source)
    if parsed.problems:  # such as a lambda as an operand
        return
    printed = print_program(parsed)
    again = parse(printed)
    assert not again.problems, printed
    assert shape(again.program) == shape(parsed.program), printed
    assert print_program(again) == printed


@pytest.mark.parametrize("source", SOURCES, ids=[f"{p.parent.name}/{p.name}" for p in FIXTURES])
def test_printing_a_file_keeps_its_tree_and_its_comments(source: str) -> None:
    parsed = parse(source)
    again = parse(print_program(parsed))
    assert not again.problems
    assert shape(again.program) == shape(parsed.program)
    assert [c.text for c in again.lexed.comments] == [c.text for c in parsed.lexed.comments]


def _compiles_or_explains(folder: Path, source: str, symbolic: bool = False) -> None:
    path = folder / "main.bicep"
    path.write_text(source, encoding="utf-8", errors="surrogatepass", newline="")
    template, diagnostics = check_file(path, symbolic)
    if template is None:
        assert any(d.level == "Error" for d in diagnostics)
        with pytest.raises(BicepError):
            compile_file(path, symbolic)


_pieces = st.sampled_from(["{", "}", "[", "]", "(", ")", "'", "${", "'''", "$'''", "//", "/*", "*/", "\n", ",", ":", "=",
                           "=>", "for", "in", "if", "@", "?", ".?", "!", "[^", "::", "...", "|", "#disable", "\x00", "\\",
                           "existing", "param", "resource", "99999999999999999999", "-", "é", " "])
_edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), _pieces, st.integers(0, 60)), max_size=6)


@COMPILED
@given(st.sampled_from(SOURCES), _edits, st.booleans())
def test_a_damaged_file_is_compiled_or_refused_never_worse(
        tmp_path: Path, source: str, edits: list[tuple[float, int, str, int]], symbolic: bool) -> None:
    for place, removed, piece, times in edits:
        at = int(place * len(source))
        source = source[:at] + piece * times + source[at + removed:]
    _compiles_or_explains(tmp_path, source, symbolic)


@COMPILED
@given(st.text(max_size=200))
def test_any_text_is_compiled_or_refused(tmp_path: Path, source: str) -> None:
    _compiles_or_explains(tmp_path, source.encode("utf-8", "ignore").decode())


N = 5000
RUNTIME = "resource r 'Rp.X/y@2020-01-01' existing = {\n  name: 'r'\n}\nvar v0 = r.properties.a\n"
DEEP = {
    "parentheses": "var a = " + "(" * N + "1" + ")" * N,
    "open arrays": "var a = " + "[" * N,
    "objects": "var a = " + "{a:" * N + "1" + "}" * N,
    "negations": "var a = " + "!" * N + "true",
    "additions": "var a = 1" + "+1" * N,
    "conditions": "var a = " + "true ? " * N,
    "interpolations": "var a = " + "'${" * N,
    "members": "param o object\nvar a = o" + ".a" * N,
    "calls": "var a = " + "concat(" * N,
    "lambdas": "var a = map([1], " + "x => " * N + "1)",
    "array types": "type a = string" + "[]" * N,
    "object types": "type a = " + "{a:" * N,
    "loops": "var a = " + "[for i in [1]: " * N,
    "nested resources": "resource a 'Rp.X/y@2020-01-01' = {\n name: 'x'\n" + "resource b 'c' = {\n name: 'x'\n" * N,
    "late variables": RUNTIME + "".join(f"var v{i} = v{i - 1}\n" for i in range(1, N)) + f"output o string = v{N - 1}",
    "variables that double": RUNTIME + "".join(f"var v{i} = [v{i - 1}, v{i - 1}]\n" for i in range(1, 60))
    + "output o array = v59",
    "text that doubles": RUNTIME + "".join(f"var v{i} = '${{v{i - 1}}}${{v{i - 1}}}'\n" for i in range(1, 60))
    + "output o string = v59",
    "scopes": "".join(f"resource r{i} 'Rp.X/y@2020-01-01' = {{\n name: 'x'\n {f'scope: r{i - 1}' if i else ''}\n}}\n"
                      for i in range(600)),
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP.keys())
def test_what_is_too_deep_or_grows_without_bound_is_refused(tmp_path: Path, source: str) -> None:
    path = tmp_path / "main.bicep"
    path.write_text(source)
    template, diagnostics = check_file(path)
    assert template is None
    assert {"nesting-limit", "size-limit"} & {d.code for d in diagnostics}


WIDE = {
    "variables": "".join(f"var v{i} = v{i + 1}\n" for i in range(N)) + f"var v{N} = 1\n",
    "unions of aliases": "type t0 = 'a' | 'b'\n" + "".join(f"type t{i} = t{i - 1} | t{i - 1}\n" for i in range(1, 60)),
    "conditions of variables": "param c bool\nvar v0 = 1\n" + "".join(
        f"var v{i} = c ? v{i - 1} : v{i - 1}\n" for i in range(1, 60)) + "output o int = v59\n",
    "items": "var a = [\n" + "'x'\n" * N + "]\n",
    "functions": "func f0(a int) int => a\n" + "".join(
        f"func f{i}(a int) int => f{i - 1}(f{i - 1}(a))\n" for i in range(1, 60)),
}


@pytest.mark.parametrize("source", WIDE.values(), ids=WIDE.keys())
def test_what_is_only_large_compiles(tmp_path: Path, source: str) -> None:
    path = tmp_path / "main.bicep"
    path.write_text(source)
    template, diagnostics = check_file(path)
    assert template is not None, diagnostics[:3]


def test_very_many_errors_are_all_told(tmp_path: Path) -> None:
    path = tmp_path / "main.bicep"
    path.write_text("".join(f"var v{i} = missing{i}\n" for i in range(2000)))
    template, diagnostics = check_file(path)
    assert template is None
    assert len([d for d in diagnostics if d.code in ("BCP057", "BCP082")]) == 2000


def _generated(count: int) -> str:
    one = ("resource r{0} 'Microsoft.Storage/storageAccounts@2023-01-01' = {{\n  name: '${{prefix}}{0}'\n"
           "  location: location\n  kind: 'StorageV2'\n  sku: {{\n    name: 'Standard_LRS'\n  }}\n  properties: {{\n"
           "    minimumTlsVersion: 'TLS1_2'\n    previous: {1}\n  }}\n}}\n")
    return "param prefix string\nparam location string = resourceGroup().location\n" + "".join(
        one.format(i, f"r{i - 1}.properties.primaryEndpoints.blob" if i else "''") for i in range(count))


def test_two_thousand_resources_compile_in_proportion(tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text(_generated(2000))
    template: Any = compile_file(tmp_path / "main.bicep")
    assert len(template["resources"]) == 2000
    assert template["resources"][1999]["dependsOn"] == [
        "[resourceId('Microsoft.Storage/storageAccounts', format('{0}1998', parameters('prefix')))]"]
