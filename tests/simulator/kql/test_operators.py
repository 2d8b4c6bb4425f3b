"""What stands after a pipe."""

from __future__ import annotations

from typing import Any

import pytest
from tests.simulator.kql.support import NOW, ask, columns, rows, tables

from azlabs.simulator.kql.evaluator import run


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Calls | count", [(5,)]),
        ("Calls | where Ok", None),
        ("Calls | where Ms > 15 and Name startswith 'get' | project Name, Ms", [("GET /a", 30.0), ("GET /b", 20.0)]),
        ("Calls | where Ms < 100 or isnull(Ms) | count", [(5,)]),
        ("Calls | where Bag.id == 'x1' | project Code", [(200,), (500,)]),
        ("Calls | where Bag.n >= 2 | project Bag.id", [("x2",)]),
        ("Calls | where Bag.inner.deep[1] == 6 | count", [(1,)]),
        ("Calls | project Code, Double = Code * 2 | extend Half = Double / 4 | take 1", [(200, 400, 100)]),
        ("Calls | extend Name = toupper(Name) | project Name | take 1", [("GET /A",)]),
        ("Calls | project-away Bag, At, O* | take 1", [("GET /a", 10.0, 200)]),
        ("Calls | project-keep C*, Name | take 1", [("GET /a", 200)]),
        ("Calls | project-rename N = Name | project N | take 1", [("GET /a",)]),
        ("Calls | project-reorder Code, * | project-keep Code, Name | take 1", [(200, "GET /a")]),
        ("Calls | project Ms | sort by Ms", [(40.0,), (30.0,), (20.0,), (10.0,), (None,)]),
        ("Calls | project Ms | order by Ms asc", [(None,), (10.0,), (20.0,), (30.0,), (40.0,)]),
        ("Calls | project Ms | order by Ms asc nulls last", [(10.0,), (20.0,), (30.0,), (40.0,), (None,)]),
        ("Calls | sort by Name asc, Code desc | project Name, Code | take 2", [("", 200), ("GET /a", 200)]),
        ("Calls | top 2 by Ms | project Ms", [(40.0,), (30.0,)]),
        ("Calls | distinct Name, Code | count", [(4,)]),
        ("Calls | limit 2 | count", [(2,)]),
        ("Calls | summarize count()", [(5,)]),
        ("Calls | where false | summarize count(), sum(Ms), max(Ms)", [(0, 0, None)]),
        ("Calls | where false | summarize count() by Name", []),
        ("Calls | summarize n = count(), avg(Ms), dcount(Code), countif(Ok) by Name | order by Name asc",
         [("", 1, 40.0, 1, 1), ("GET /a", 2, 20.0, 1, 2), ("GET /b", 1, 20.0, 1, 0), ("POST /a", 1, "NaN", 1, 0)]),
        ("Calls | summarize sum(Ms) by bin(At, 1m) | order by At asc",
         [("2023-11-14T12:00:00Z", 40.0), ("2023-11-14T12:01:00Z", 20.0), ("2023-11-14T12:02:00Z", 0),
         ("2023-11-14T12:03:00Z", 40.0)]),
        ("Calls | summarize percentiles(Ms, 50, 95), percentile(Ms, 10)", [(20.0, 40.0, 10.0)]),
        ("Calls | summarize make_list(Code), make_set(Code), make_list(Code, 2)", [("[200,200,500,201,200]", "[200,500,201]",
        "[200,200]")]),
        ("Calls | summarize arg_max(At, Name), arg_min(Ms, Code)", [("2023-11-14T12:03:10Z", "", 10.0, 200)]),
        ("Calls | summarize arg_max(At, *) by Code | order by Code asc | project Code, Name", [(200, ""), (201, "POST /a"),
        (500, "GET /b")]),
        ("Calls | summarize round(100.0 * countif(Ok) / count(), 1)", [(60.0,)]),
        ("Calls | summarize stdev(Ms), variance(Ms), min(At), take_any(Name)", None),
        ("Calls | summarize sumif(Code, Ok), avgif(Ms, Code == 200), make_list_if(Code, not(Ok)), maxif(Ms, Ok)",
         [(600, 80 / 3, "[500]", 40.0)]),
        ("Calls | summarize by Code | count", [(3,)]),
        ("Calls | summarize n = count() by Error = Code >= 500 | order by n desc", [(False, 4), (True, 1)]),
        ("Calls | summarize make_bag(Bag)", None),
        ("Calls | mv-expand tag = Bag.tags | summarize count() by tostring(tag)", [("a", 1), ("b", 1), ("", 3)]),
        ("print x = dynamic([1, 'a', 2.5]) | mv-expand x to typeof(long)", [(1,), (None,), (None,)]),
        ("Calls | mv-expand tag = Bag.tags to typeof(string) | where tag != '' | project tag", [("a",), ("b",)]),
        ("print x = dynamic({'a': 1, 'b': 2}) | mv-expand x", [('{"a":1}',), ('{"b":2}',)]),
        ("print x = dynamic({'a': 1}) | mv-expand kind=array x | project x[0], x[1]", [("a", "1")]),
        ("print x = dynamic([1, 2]), y = dynamic(['a']) | mv-expand with_itemindex=i x, y", [("1", "a", 0), ("2", None, 1)]),
        ("print m = 'user=ann took 15 ms' | parse m with 'user=' user ' took ' ms:long ' ms' | project user, ms", [("ann", 15)]),
        ("print m = 'at x: error 7!' | parse m with * 'error ' code:long '!' | project code", [(7,)]),
        ("print m = 'nothing' | parse m with 'user=' user ' ' * | project user", [("",)]),
        ("print m = 'nothing' | parse-where m with 'user=' user ' ' *", []),
        ("print a = 1, 2, c = 'x'", [(1, 2, "x")]),
        ("range x from 1 to 7 step 3", [(1,), (4,), (7,)]),
        ("range t from datetime(2024-01-01) to datetime(2024-01-02) step 12h | count", [(3,)]),
        ("datatable(a:long, b:string) [1, 'x', long(null), 'y'] | where isnull(a)", [(None, "y")]),
        ("let limit_ = 15; Calls | where Ms > limit_ | count", [(3,)]),
        ("let slow = Calls | where Ms >= 30; slow | count", [(2,)]),
        ("let twice = (x:long) { x * 2 }; print twice(21)", [(42,)]),
        ("let of = (T:(*), name:string) { T | where Name == name }; of(Calls, 'GET /b') | project Code", [(500,)]),
        ("let codes = dynamic([500, 201]); Calls | where Code in (codes) | count", [(2,)]),
        ("let ids = People | where Age > 35 | project Id; Calls | where tostring(Bag.id) in (ids) | project Code", [(200,)]),
        ("print n = toscalar(Calls | count) + 1", [(6,)]),
        ("union Calls, People | count", [(9,)]),
        ("union withsource=From Calls, (People | where Age > 45) | summarize count() by From", [("Calls", 5), ("union_arg1", 1)]),
        ("union C*, Peop* | count", [(9,)]),
        ("union isfuzzy=true Calls, Missing | count", [(5,)]),
        ("Calls | union People | where isnotempty(Id) | count", [(4,)]),
        ("union kind=inner Calls, (Calls | project Code) | count", [(10,)]),
        ("search 'x9' | project Id", [("x9",)]),
        ("search in (Calls) 'post' | count", [(1,)]),
        ("Calls | search 'get' and Code == 500 | count", [(1,)]),
        ("Calls | where Name has 'a' | as hits | count", [(3,)]),
        ("Calls | getschema | project ColumnName, ColumnType | take 2", [("At", "datetime"), ("Name", "string")]),
        ("Calls | where At > ago(1d) and At < datetime(2023-11-14 12:01) | count", [(2,)]),
        ("// a comment\nCalls // another\n| count", [(5,)]),
        ("Calls | extend pack = pack_all() | project pack.Code | take 1", [("200",)]),
        ("Calls | extend (a, b) = Bag.tags | project a, b | take 1", [("a", "b")]),
        ("Calls | project x = column_ifexists('Nope', 'none') | take 1", [("none",)]),
    ],
)  # fmt: skip
def test_steps(query: str, expected: list[Any] | None) -> None:
    found = rows(query)
    if expected is not None:
        assert [tuple(str(cell) if isinstance(want, str) else cell for cell, want in zip(row, wanted, strict=True))
                for row, wanted in zip(found, expected, strict=True)] == expected  # fmt: skip
    else:
        assert found


LEFT = "datatable(k:long, a:string)[1,'a1', 1,'a2', 2,'a3', 4,'a4']"
RIGHT = "datatable(k:long, b:string)[1,'b1', 3,'b3', 4,'b4', 4,'b5']"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("innerunique", {"a1b1", "a4b4", "a4b5"}), ("inner", {"a1b1", "a2b1", "a4b4", "a4b5"}),
        ("leftouter", {"a1b1", "a2b1", "a3", "a4b4", "a4b5"}), ("rightouter", {"a1b1", "a2b1", "b3", "a4b4", "a4b5"}),
        ("fullouter", {"a1b1", "a2b1", "a3", "b3", "a4b4", "a4b5"}),
    ],
)  # fmt: skip
def test_joins(kind: str, expected: set[str]) -> None:
    found = rows(f"{LEFT} | join kind={kind} ({RIGHT}) on k | project x = strcat(a, b)")
    assert {one for (one,) in found} == expected and len(found) == len(expected)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("leftanti", ["a3"]), ("leftsemi", ["a1", "a2", "a4"]), ("rightanti", ["b3"]), ("rightsemi", ["b1", "b4", "b5"]),
    ("anti", ["a3"])],
)
def test_joins_that_keep_one_side(kind: str, expected: list[str]) -> None:
    assert [row[1] for row in rows(f"{LEFT} | join kind={kind} ({RIGHT}) on $left.k == $right.k")] == expected


def test_a_join_names_columns_that_both_sides_have_apart_and_a_lookup_drops_the_key() -> None:
    assert [name for name, _ in columns(f"{LEFT} | join ({RIGHT}) on k")] == ["k", "a", "k1", "b"]
    assert [name for name, _ in columns(f"{LEFT} | lookup ({RIGHT}) on k")] == ["k", "a", "b"]
    assert len(rows(f"{LEFT} | lookup ({RIGHT}) on k")) == 5


def test_columns_without_a_name_get_the_names_that_kusto_gives() -> None:
    query = ("Calls | summarize count(), avg(Ms), percentile(Ms, 95), dcount(Code), make_set(Name), countif(Ok), sum(Code) / count(), "
             "arg_max(At, Name) by bin(At, 1h), tostring(Bag.id), Code % 2")  # fmt: skip
    assert [name for name, _ in columns(query)] == [
        "At", "Bag_id", "Column1", "count_", "avg_Ms", "percentile_Ms_95", "dcount_Code", "set_Name", "countif_", "Column2",
        "At1", "Name",
    ]  # fmt: skip
    assert columns("Calls | project Bag.id, Bag['n'], strlen(Name), tostring(Code)") == [
        ("Bag_id", "dynamic"), ("Bag_n", "dynamic"), ("Column1", "long"), ("Code", "string"),
    ]  # fmt: skip


def test_several_statements_give_several_tables_and_render_is_reported() -> None:
    found = run("Calls | count; People | count | render columnchart with (title='People')", tables(), NOW)
    assert [table.rows for table in found.tables] == [[(5,)], [(4,)]]
    assert found.render == {"visualization": "columnchart", "title": "'People'"}
    assert found.read == {"Calls", "People"}


def test_a_source_is_asked_only_for_the_columns_and_rows_that_matter() -> None:
    database = tables()
    calls = database.tables["Calls"]
    calls.asked.clear()
    ask("Calls | where Name == 'GET /a' and At > ago(1d) | extend y = Ms * 2 | summarize sum(y) by Code", database)
    names, filters, limit = calls.asked[-1]
    assert names == ["At", "Name", "Ms", "Code"] and limit is None
    assert [(one.column, one.op) for one in filters] == [("Name", "=="), ("At", ">")]
    ask("Calls | take 3", database)
    assert calls.asked[-1] == (["At", "Name", "Ms", "Ok", "Code", "Bag"], [], 3)
