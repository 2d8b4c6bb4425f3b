"""What queries answer: cases from the language reference of Azure Cosmos DB for NoSQL, and comparisons with plain Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azlabs.simulator.data_planes.cosmos.query.compiler import run
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.parser import parse
from azlabs.simulator.data_planes.cosmos.query.spelling import query as spelled

FAMILIES: list[dict[str, Any]] = [
    {"id": "AndersenFamily", "lastName": "Andersen", "parents": [{"firstName": "Thomas"}, {"firstName": "Mary Kay"}],
     "children": [{"firstName": "Henriette Thaulow", "gender": "female", "grade": 5, "pets": [{"givenName": "Fluffy"}]}],
     "address": {"state": "WA", "county": "King", "city": "Seattle"}, "creationDate": 1431620472, "isRegistered": True},
    {"id": "WakefieldFamily", "parents": [{"familyName": "Wakefield", "givenName": "Robin"}, {"familyName": "Miller", "givenName": "Ben"}],
     "children": [{"familyName": "Merriam", "givenName": "Jesse", "gender": "female", "grade": 1,
                   "pets": [{"givenName": "Goofy"}, {"givenName": "Shadow"}]},
                  {"familyName": "Miller", "givenName": "Lisa", "gender": "female", "grade": 8}],
     "address": {"state": "NY", "county": "Manhattan", "city": "NY"}, "creationDate": 1431620462, "isRegistered": False},
]  # fmt: skip

CASES: list[tuple[str, list[Any]]] = [
    ("SELECT f.address.state, f.address.city FROM Families f WHERE f.id = 'AndersenFamily'", [{"state": "WA", "city": "Seattle"}]),
    ("SELECT {'Name': f.id, 'City': f.address.city} AS Family FROM f WHERE f.address.city = f.address.state",
     [{"Family": {"Name": "WakefieldFamily", "City": "NY"}}]),
    ("SELECT VALUE c.givenName FROM f JOIN c IN f.children WHERE f.id = 'WakefieldFamily' ORDER BY f.address.city ASC", ["Jesse", "Lisa"]),
    ("SELECT f.id AS familyName, c.givenName AS child, p.givenName AS pet FROM Families f JOIN c IN f.children JOIN p IN c.pets "
     "WHERE p.givenName = 'Shadow'", [{"familyName": "WakefieldFamily", "child": "Jesse", "pet": "Shadow"}]),
    ("SELECT * FROM Families.address.state", None),  # type: ignore[list-item]
    ("SELECT VALUE c.grade FROM c IN Families.children", [5, 1, 8]),
    ("SELECT COUNT(child) AS n FROM child IN Families.children", [{"n": 3}]),
    ("SELECT f.isRegistered, COUNT(1) AS n FROM f GROUP BY f.isRegistered", [{"isRegistered": True, "n": 1}, {"isRegistered": False, "n": 1}]),  # noqa: E501
    ("SELECT VALUE f.id FROM f WHERE f.address.state IN ('NY', 'WA', 'CA')", ["AndersenFamily", "WakefieldFamily"]),
    ("SELECT VALUE f.id FROM f WHERE f.address.state NOT IN ('NY')", ["AndersenFamily"]),
    ("SELECT VALUE c.grade FROM c IN F.children WHERE c.grade BETWEEN 1 AND 5", [5, 1]),
    ("SELECT VALUE (c.grade < 2) ? 'elementary' : ((c.grade < 9) ? 'junior' : 'high') FROM c IN F.children", ["junior", "elementary", "junior"]),  # noqa: E501
    ("SELECT VALUE f.lastName ?? f.parents[0].familyName FROM f", ["Andersen", "Wakefield"]),
    ("SELECT VALUE f.id FROM f WHERE f.id LIKE '%field%'", ["WakefieldFamily"]),
    ("SELECT VALUE f.id FROM f WHERE EXISTS(SELECT VALUE p FROM c IN f.children JOIN p IN c.pets WHERE p.givenName = 'Goofy')",
     ["WakefieldFamily"]),
    ("SELECT VALUE ARRAY(SELECT VALUE c.grade FROM c IN f.children) FROM f", [[5], [1, 8]]),
    ("SELECT TOP 1 f.id FROM f ORDER BY f.creationDate", [{"id": "WakefieldFamily"}]),
    ("SELECT f.id FROM f ORDER BY f.creationDate DESC OFFSET 1 LIMIT 1", [{"id": "WakefieldFamily"}]),
    ("SELECT f.lastName, f.nothing FROM f", [{"lastName": "Andersen"}, {}]),
    ("SELECT VALUE f.lastName FROM f", ["Andersen"]),
    ("SELECT f['address']['city'], 1 + 1, 'x' AS \"a b\" FROM f WHERE f.isRegistered", [{"city": "Seattle", "$1": 2, "a b": "x"}]),
    ("SELECT VALUE n FROM f JOIN (SELECT VALUE COUNT(1) FROM c IN f.children) AS n", [1, 2]),
    ("SELECT DISTINCT VALUE c.gender FROM c IN F.children", ["female"]),
    ("SELECT AVG(c.grade) AS a, MIN(c.grade) AS b, MAX(c.grade) AS c, SUM(c.nothing) AS d FROM c IN F.children",
     [{"a": 14 / 3, "b": 1, "c": 8}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [case for case in CASES if case[1] is not None])
def test_a_query_of_the_reference_answers_as_documented(text: str, expected: list[Any]) -> None:
    assert run(parse(text), FAMILIES) == expected


@pytest.mark.parametrize(("text", "expected"), [case for case in CASES if case[1] is not None])
def test_a_query_that_is_spelled_again_answers_the_same(text: str, expected: list[Any]) -> None:
    assert run(parse(spelled(parse(text))), FAMILIES) == expected


VALUES: list[tuple[str, Any]] = [
    ("1 = '1'", "undefined"), ("1 != '1'", "undefined"), ("null = null", True), ("[1,{a:2}] = [1,{a:2}]", True), ("1 < 'a'", "undefined"),
    ("undefined OR true", True), ("undefined AND false", False), ("NOT undefined", "undefined"), ("1/0", "undefined"), ("7 % -2", 1),
    ("4/2", 2), ("5 & 3", 1), ("-8 >>> 60", 15), ("'a' || 'b'", "ab"), ("'a' || 1", "undefined"), ("true = 1", "undefined"),
    ("ABS(-3)", 3), ("CEILING(1.2)", 2), ("ROUND(2.5)", 3), ("ROUND(-2.5)", -3), ("SQRT(-1)", "undefined"), ("POWER(2, 10)", 1024),
    ("CONCAT('a','b','c')", "abc"), ("CONTAINS('ABC','b',true)", True), ("CONTAINS('ABC','b')", False), ("STARTSWITH('abc','ab')", True),
    ("INDEX_OF('abc','c')", 2), ("INDEX_OF('abc','z')", -1), ("SUBSTRING('abcdef',1,3)", "bcd"), ("LEFT('abc',2)", "ab"),
    ("RIGHT('abc',2)", "bc"), ("REPLACE('aXa','X','-')", "a-a"), ("REPLICATE('ab',2)", "abab"), ("TRIM('  a ')", "a"), ("LENGTH('abc')", 3),
    ("UPPER('a')", "A"), ("REVERSE('abc')", "cba"), ("STRINGTONUMBER('1.5')", 1.5), ("STRINGTOARRAY('[1]')", [1]), ("TOSTRING({a:1})", '{"a":1}'),  # noqa: E501
    ("REGEXMATCH('abcd','ABC','i')", True), ("STRINGEQUALS('a','A',true)", True), ("STRINGSPLIT('a,b',',')", ["a", "b"]),
    ("ARRAY_CONTAINS([1,2],2)", True), ("ARRAY_CONTAINS([{a:1,b:2}],{a:1},true)", True), ("ARRAY_CONTAINS([{a:1,b:2}],{a:1})", False),
    ("ARRAY_LENGTH([1,2])", 2), ("ARRAY_SLICE([1,2,3],-2,1)", [2]), ("ARRAY_CONCAT([1],[2])", [1, 2]), ("SETUNION([1,1],[2])", [1, 2]),
    ("SETINTERSECT([1,2],[2,3])", [2]), ("OBJECTTOARRAY({a:1})", [{"k": "a", "v": 1}]), ("CHOOSE(['a','b'],1)", "a"),
    ("IS_DEFINED(undefined)", False), ("IS_NUMBER(1)", True), ("IS_INTEGER(1.5)", False), ("IS_PRIMITIVE([1])", False), ("IIF(true,1,2)", 1),  # noqa: E501
    ("DateTimeAdd('yyyy', 1, '2020-02-29T00:00:00.0000000Z')", "2021-02-28T00:00:00.0000000Z"), ("DateTimePart('mm','2020-05-01')", 5),
    ("DateTimeDiff('hh','2020-01-01T01:02:03.1234527Z','2020-01-03T01:02:03.1234567Z')", 48),
    ("DateTimeFromParts(2020, 9, 4)", "2020-09-04T00:00:00.0000000Z"), ("DateTimeToTimestamp('1970-01-01T00:00:01Z')", 1000),
    ("TimestampToDateTime(1000)", "1970-01-01T00:00:01.0000000Z"), ("DateTimeBin('2021-06-28T17:24:29.2991234Z','hh')", "2021-06-28T17:00:00.0000000Z"),  # noqa: E501
    ("FullTextContains('red bicycles', 'bicycle')", True), ("VectorDistance([1,0],[1,0])", 1.0), ("'abc' LIKE 'a[b-d]_'", True),
    ("'50%' LIKE '50!%' ESCAPE '!'", True), ("2 IN (1,2)", True), ("2 BETWEEN 1 AND 3", True), ("0x10", 16), ("'\\u0041\\n'", "A\n"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), VALUES)
def test_an_expression_has_the_value_that_the_reference_gives(expression: str, expected: Any) -> None:
    from azlabs.simulator.data_planes.cosmos.vectors import distance

    found = run(parse(f"SELECT VALUE {expression}"), [], distance=lambda _node, _given: lambda a, b: distance(a, b, "cosine"))
    assert found == ([] if expected == "undefined" else [expected])


@pytest.mark.parametrize(
    ("text", "code"),
    [("SELECT", "SC1001"), ("SELECT * FROM c WHERE", "SC1001"), ("SELECT * FROM c WHERE c.a = 'x", "SC1001"), ("SELECT foo(1)", "SC2005"),
     ("SELECT VALUE x.y FROM c", "SC2001"), ("SELECT ABS(1, 2)", "SC2050"), ("SELECT *", "SC2040"), ("SELECT * FROM c; DROP", "SC1001"),
     ("SELECT c.a, COUNT(1) FROM c", "SC2105"), ("SELECT VALUE " + "(" * 500 + "1" + ")" * 500, "SC3003"),
     ("SELECT VALUE c.a FROM c WHERE COUNT(1) > 1", "SC2102"), ("SELECT VALUE @p", "SC2010")],
)  # fmt: skip
def test_a_wrong_query_is_refused_with_the_services_code(text: str, code: str) -> None:
    with pytest.raises(QueryError) as refusal:
        run(parse(text), [{"id": "1"}])
    assert refusal.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-3, 3) | st.sampled_from(["", "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
documents = st.lists(st.fixed_dictionaries({"id": st.text("xyz", max_size=2)}, optional={"a": json_values, "b": json_values}), max_size=12)
RANK = {type(None): 1, bool: 2, int: 4, float: 4, str: 5}


@settings(max_examples=150, deadline=None)
@given(documents, st.sampled_from(["=", "<", "<=", ">", ">="]), st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "b"]))  # noqa: E501
def test_filters_agree_with_a_naive_evaluation(items: list[dict[str, Any]], sign: str, wanted: Any) -> None:
    def naive(value: Any) -> bool:
        if RANK.get(type(value)) != RANK[type(wanted)]:
            return False
        if wanted is None:
            return sign in ("=", "<=", ">=")
        return bool(eval(f"value {'==' if sign == '=' else sign} wanted"))

    expected = [item for item in items if "a" in item and naive(item["a"])]
    for text in (f"SELECT * FROM c WHERE c.a {sign} @w", f"SELECT * FROM c WHERE NOT (NOT (c.a {sign} @w))"):
        assert run(parse(text), items, {"@w": wanted}) == expected


@settings(max_examples=100, deadline=None)
@given(documents, st.booleans())
def test_order_by_sorts_mixed_types_as_documented(items: list[dict[str, Any]], down: bool) -> None:
    found = run(parse(f"SELECT * FROM c ORDER BY c.a {'DESC' if down else 'ASC'}"), items)
    kinds = [RANK.get(type(item["a"]), 6 if isinstance(item["a"], list) else 7) if "a" in item else 0 for item in found]
    assert kinds == sorted(kinds, reverse=down)
    assert sorted(map(repr, found)) == sorted(map(repr, items))
    numbers = [item["a"] for item in found if type(item.get("a")) in (int, float)]
    assert numbers == sorted(numbers, reverse=down)


@settings(max_examples=100, deadline=None)
@given(documents)
def test_groups_and_aggregates_agree_with_a_naive_evaluation(items: list[dict[str, Any]]) -> None:
    found = run(parse("SELECT c.id, COUNT(1) AS n, COUNT(c.a) AS a FROM c GROUP BY c.id"), items)
    names = list(dict.fromkeys(item["id"] for item in items))
    assert found == [
        {"id": name, "n": sum(item["id"] == name for item in items), "a": sum(item["id"] == name and "a" in item for item in items)} for name in names  # noqa: E501
    ]


WORDS = "SELECT * VALUE DISTINCT TOP FROM WHERE ORDER BY GROUP c x . , ( ) [ ] { } 'a' 1 2.5 @p = < AND OR NOT IN LIKE BETWEEN JOIN COUNT ABS ? : ?? EXISTS"  # noqa: E501


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        run(parse(text), [{"id": "1", "x": [1]}], {"@p": 1})
    except QueryError as refusal:
        assert refusal.message
