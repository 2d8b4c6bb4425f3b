"""Scalar expressions give what Microsoft's reference says they give."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.simulator.kql.support import ask, columns, value

from azlabs.simulator.kql.errors import KqlError, NotModelled, TooMuch


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("7 / 2", 3), ("-7 / 2", -3), ("7.0 / 2", 3.5), ("1 / 0", None),
        ("14 % 12", 2), ("-14 % 12", 10), ("14 % -12", 2), ("-14 % -12", 10), ("1 - 2 - 3", -4), ("2 * 3 % 4", 2),
        ("0x1F", 31), ("9223372036854775807 + 1", -(1 << 63)), ("int(null) + 1", None), ("real(null) < 1", None),
        ("long(null) == long(null)", None), ("long(null) == 1", False), ("long(null) != 1", True),
        ("bool(null) and false", False),
        ("bool(null) or true", True), ("bool(null) and true", None), ("not(true)", False), ("'a' == 'A'", False),
        ("'a' =~ 'A'", True),
        ("'a' !~ 'b'", True), ("'hello world' has 'WORLD'", True), ("'hello_world' has 'world'", True),
        ("'helloworld' has 'world'", False),
        ("'North America' has_cs 'america'", False), ("'abc' contains 'B'", True), ("'abc' contains_cs 'B'", False),
        ("'abc' !contains 'z'", True), ("'abc' startswith 'AB'", True), ("'abc' endswith_cs 'C'", False),
        ("'one two' hasprefix 'tw'", True),
        ("'one two' hassuffix 'wo'", True), ("'abc' matches regex '^a.c$'", True), ("'x' in ('x', 'y')", True),
        ("'X' in~ ('x')", True),
        ("3 !in (1, 2)", True), ("2 in (dynamic([1, 2]))", True), ("5 between (1 .. 5)", True), ("0 !between (1 .. 5)", True),
        ("'red apple' has_any ('pear', 'apple')", True), ("'red apple' has_all ('red', 'pear')", False),
        ("iff(1 > 2, 'a', 'b')", "b"), ("case(false, 1, true, 2, 3)", 2), ("coalesce(long(null), 5)", 5),
        ("coalesce('', 'x')", "x"),
        ("isempty('')", True), ("isnotempty('a')", True), ("isnull(int(null))", True), ("isnotnull(1)", True),
        ("isnull('')", False),
    ],
)  # fmt: skip
def test_operators_and_conditions(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("strlen('héllo')", 5), ("toupper('aB')", "AB"), ("substring('abcdef', 2)", "cdef"), ("substring('abcdef', 1, 2)", "bc"),
        ("substring('abcdef', -2)", "ef"), ("indexof('abcabc', 'c')", 2), ("indexof('abcabc', 'c', 3)", 5),
        ("indexof('abc', 'z')", -1),
        ("split('a,b,c', ',')", '["a","b","c"]'), ("strcat('a', 1, 2.5, true)", "a12.5true"),
        ("strcat_delim('-', 1, 'b')", "1-b"),
        ("strcat_array(dynamic([1, 'x']), '|')", "1|x"), ("trim('-+', '--a-b--')", "a-b"), ("trim_start(' ', '  a ')", "a "),
        ("replace_string('aXbX', 'X', '-')", "a-b-"), ("replace_regex('a1b2', '[0-9]', '#')", "a#b#"),
        ("replace_regex('john smith', '(\\\\w+) (\\\\w+)', '\\\\2 \\\\1')", "smith john"),
        ("extract('x=([0-9]+)', 1, 'x=42')", "42"),
        ("extract_all('([a-z])([0-9])', 'a1b2')", '[["a","1"],["b","2"]]'), ("countof('aaa', 'aa')", 2),
        ("reverse('abc')", "cba"),
        ("strrep('ab', 3)", "ababab"), ("strcmp('a', 'b')", -1), ("url_encode('a b/')", "a%20b%2F"),
        ("url_decode('a%20b')", "a b"),
        ("base64_encode_tostring('Kusto')", "S3VzdG8="), ("base64_decode_tostring('S3VzdG8=')", "Kusto"),
        ("parse_url('https://h:8/p?q=1#f').Host", "h"), ("hash_md5('World')", "f5a7924e621e84c9280a9a27e1bcb7f6"),
        ("tostring(dynamic({'a': 1}))", '{"a":1}'), ("tostring(1.0)", "1"), ("tostring(true)", "true"),
        ("translate('abc', 'xyz', 'cab')", "zxy"),
    ],
)  # fmt: skip
def test_functions_over_texts(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datetime(2024-02-29) + 1d", "2024-03-01T00:00:00Z"), ("datetime(2024-01-02) - datetime(2024-01-01)", "1.00:00:00"),
        ("2h / 30m", 4.0), ("1.5h", "01:30:00"), ("10s * 3", "00:00:30"), ("1d / 2", "12:00:00"),
        ("timespan(1.02:03:04.5)", "1.02:03:04.5000000"),
        ("bin(datetime(2024-01-01 10:44:59), 15m)", "2024-01-01T10:30:00Z"), ("bin(17, 5)", 15), ("bin(-1, 5)", -5),
        ("bin(4.5, 1)", 4.0),
        ("floor(7.9, 2)", 6.0), ("startofday(datetime(2024-05-08 13:00))", "2024-05-08T00:00:00Z"),
        ("startofweek(datetime(2024-05-08))", "2024-05-05T00:00:00Z"),
        ("endofmonth(datetime(2024-02-10))", "2024-02-29T23:59:59.9999999Z"),
        ("startofyear(datetime(2024-02-10), -1)", "2023-01-01T00:00:00Z"), ("dayofweek(datetime(2024-05-08))", "3.00:00:00"),
        ("datetime_diff('hour', datetime(2024-01-02 00:10), datetime(2024-01-01 23:50))", 1),
        ("datetime_diff('month', datetime(2024-03-01), datetime(2023-12-31))", 3),
        ("datetime_add('month', 1, datetime(2024-01-31))", "2024-02-29T00:00:00Z"),
        ("datetime_part('hour', datetime(2024-01-01 13:14:15))", 13),
        ("format_datetime(datetime(2024-01-02 03:04:05.678), 'yy-M-dd HH:mm:ss.ff')",
                                                                       "24-1-02 03:04:05.67"),
        ("format_timespan(1d + 2h + 3m, 'd.hh:mm')", "1.02:03"), ("make_datetime(2024, 1, 2, 3, 4)", "2024-01-02T03:04:00Z"),
        ("unixtime_seconds_todatetime(0)", "1970-01-01T00:00:00Z"), ("now() - ago(1h)", "01:00:00"),
        ("todatetime('2024-05-06T07:08:09+02:00')",
                                                                                                    "2024-05-06T05:08:09Z"),
        ("todatetime('nonsense')", None), ("totimespan('0.00:01:00')", "00:01:00"), ("monthofyear(datetime(2024-05-06))", 5),
        ("week_of_year(datetime(2024-01-01))", 1), ("datetime(9999-12-31) + 2d", None),
        ("datetime(2024-01-01) between (datetime(2023-12-31) .. 2d)", True),
    ],
)  # fmt: skip
def test_points_in_time_and_durations(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("parse_json('{\"a\":[1,{\"b\":2}]}').a[1].b", "2"), ("dynamic({'k': 'v'})['k']", "v"), ("dynamic([1, 2, 3])[-1]", "3"),
        ("parse_json('text')", "text"), ("parse_json('')", None), ("array_length(dynamic([1, 2]))", 2),
        ("array_concat(dynamic([1]), dynamic([2]))", "[1,2]"),
        ("array_slice(dynamic([1, 2, 3, 4]), 1, 2)", "[2,3]"), ("array_sort_desc(dynamic([2, null, 3]))", "[3,2,null]"),
        ("array_index_of(dynamic(['a', 'b']), 'b')", 1), ("bag_keys(dynamic({'a': 1, 'b': 2}))", '["a","b"]'),
        ("bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3}))", '{"a":1,"b":3}'),
        ("bag_pack('a', 1, 'b', datetime(2024-01-01))",
                                                                                        '{"a":1,"b":"2024-01-01T00:00:00.0000000Z"}'),
        ("pack_array(1, 'a')", '[1,"a"]'), ("set_union(dynamic([1]), dynamic([1, 2]))", "[1,2]"),
        ("set_difference(dynamic([1, 2]), dynamic([1]))", "[2]"),
        ("set_has_element(dynamic([1, 'x']), 'x')", True), ("range(1, 7, 3)", "[1,4,7]"), ("gettype(dynamic([]))", "array"),
        ("gettype(1)", "long"),
        ("extract_json('$.a[0].b', '{\"a\":[{\"b\":7}]}')", "7"), ("toint('12') + tolong(' 3 ') + toint(true)", 16),
        ("tolong('x')", None),
        ("toreal('1e3')", 1000.0), ("tobool('TRUE')", True), ("toguid('not one')", None), ("round(2.5)", 3.0),
        ("round(2.345, 2)", 2.35),
        ("sqrt(16)", 4.0), ("pow(2, 10)", 1024.0), ("abs(-3)", 3), ("ceiling(1.2)", 2.0), ("log2(8)", 3.0),
        ("min_of(3, 1.5)", 1.5), ("max_of('a', 'b')", "b"),
        ("tohex(255)", "ff"), ("binary_and(6, 3)", 2), ("exp2(3)", 8.0), ("sign(-2)", -1.0), ("isnan(0.0 / 0)", True),
    ],
)  # fmt: skip
def test_dynamic_values_conversions_and_numbers(expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == pytest.approx(expected) if isinstance(expected, float) else str(found) == str(expected)


def test_real_division_follows_the_floating_point_rules() -> None:
    assert value("1.0 / 0") == "Infinity"
    assert value("sqrt(-1)") == "NaN"
    assert ask("print 0.0 / 0").rows[0][0] != 0 and math.isnan(ask("print 0.0 / 0").rows[0][0])


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1 + 1.0", "real"), ("int(1) + 1", "long"), ("int(1) + int(1)", "long"), ("now() - 1h", "datetime"),
        ("1h * 2", "timespan"), ("1h / 2m", "real"),
        ("iff(true, 1, 2.0)", "real"), ("tostring(1)", "string"), ("dynamic(1)", "dynamic"), ("1 > 2", "bool"),
        ("decimal(1.5)", "decimal"),
        ("new_guid()", "guid"), ("dayofmonth(now())", "int"), ("split('a', 'b')", "dynamic"), ("bin(now(), 1h)", "datetime"),
    ],
)  # fmt: skip
def test_types(expression: str, kind: str) -> None:
    assert columns(f"print {expression}") == [("print_0", kind)]


@pytest.mark.parametrize(
    ("query", "code", "line", "pos", "words"),
    [
        ("Calls | where", "SYN0002", 1, 14, "<EOF>"),
        ("Calls\n| were Ok", "SYN0002", 2, 3, "were"),
        ("Calls | where Name == 'open", "SYN0001", 1, 23, "'open"),
        ("Calls | where Nme == 'x'", "SEM0100", 1, 15,
        "'where' operator: Failed to resolve column or scalar expression named 'Nme'"),
        ("Cals | count", "SEM0100", 1, 1, "Failed to resolve table or column expression named 'Cals'"),
        ("Calls | project foo(Name)", "SEM0260", 1, 17, "Unknown function: 'foo'"),
        ("Calls | where Code == 'x'", "SEM0024", 1, 20, "Cannot compare values of types long and string"),
        ("Calls | extend x = Name + 1", "SEM0064", 1, 25, "Arithmetic expression cannot be carried-out between string and long"),
        ("Calls | summarize count() by Bag", "SEM0080", 1, 9, "Summarize group key 'Bag' is of a 'dynamic' type"),
        ("Calls | where count() > 1", "SEM0002", 1, 15, "can only be used in summarize"),
        ("Calls | where strlen(Code) > 1", "SEM0232", 1, 15, "argument #1 is expected to be string, it is long"),
        ("Calls | where strlen() > 1", "SEM0219", 1, 15, "expects 1 argument(s), 0 given"),
        ("print datetime(soon)", "SYN0002", 1, 7, "not a literal of type datetime"),
        ("1 + 2", "SEM0003", 1, 3, "Top-level expressions must return tabular results"),
        ("Calls | take -1", "SEM0005", 1, 9, "a whole number that is not negative"),
    ],
)  # fmt: skip
def test_errors_say_what_and_where(query: str, code: str, line: int, pos: int, words: str) -> None:
    with pytest.raises(KqlError) as problem:
        ask(query)
    found = problem.value
    assert (found.code, found.line, found.pos) == (code, line, pos)
    assert words in found.shown


@pytest.mark.parametrize("query", [
    "Calls | evaluate pivot(Name)", "Calls | make-series count() on At step 1h", "print prev(1)",
    "Calls | summarize hll(Name)", "workspace('x').Calls",
    "find 'x'", "Calls | parse kind=regex Name with 'a' b", "print 'a' matches regex '(a+)+b'",
])  # fmt: skip
def test_what_is_not_modelled_is_refused_by_name(query: str) -> None:
    with pytest.raises(KqlError) as problem:
        ask(query)
    assert isinstance(problem.value, NotModelled) or problem.value.code == "NotModelledBySimulator"
    assert "does not model" in problem.value.message


@pytest.mark.parametrize("query", [
    "range x from 1 to 100000000000 step 1", "print strrep('x', 100000000)", "print range(1, 100000000000)",
    "let f0 = (x:long) { x + x }; " +
    "".join(f"let f{n} = (x:long) {{ f{n - 1}(x) + f{n - 1}(x) }}; " for n in range(1, 30)) + "print f29(1)",
    "range a from 1 to 5000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 5000 step 1 | extend k = 1) on k",
])  # fmt: skip
def test_a_query_that_would_take_for_ever_is_refused(query: str) -> None:
    with pytest.raises(TooMuch):
        ask(query)


def test_nesting_that_is_too_deep_is_a_syntax_error() -> None:
    for query in ("print " + "(" * 500 + "1" + ")" * 500, "print " + "-" * 5000 + "1",
    "print dynamic(" + "[" * 500 + "]" * 500 + ")",
                  "print " + "1+" * 5000 + "1", "(" * 300 + "Calls" + ")" * 300):  # fmt: skip
        with pytest.raises(KqlError):
            ask(query)
