"""Whatever is written in paths, requirements and archives: it is read or refused, and leads nowhere else."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azlabs.simulator.functions.bindings import storage, values
from azlabs.simulator.functions.model import Datum, FunctionProblem
from azlabs.simulator.functions.publishing import archives, requirements
from azlabs.simulator.functions.triggers.blob import pattern

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="{}%"), min_size=1, max_size=20)
QUICK = settings(max_examples=150, deadline=None)


@QUICK
@given(st.text(max_size=200))
def test_any_text_is_read_as_requirements_or_named(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "requirements.txt")
        path.write_text(text, "utf-8", errors="replace")
        found = requirements.read(path)
    assert not found.broken or "requirements.txt line" in found.broken


@QUICK
@given(st.text(min_size=1, max_size=60))
def test_no_name_in_an_archive_leads_out_of_the_folder(name: str) -> None:
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    try:
        place = archives.place(entry)
    except archives.Unusable:
        return
    assert ".." not in place.parts
    assert not PurePosixPath("/app").joinpath(place).as_posix().startswith("/app/..")
    assert PurePosixPath("/app").joinpath(place).is_relative_to("/app")


@QUICK
@given(st.binary(max_size=300))
def test_bytes_that_are_no_archive_are_refused(content: bytes) -> None:
    try:
        archives.check(io.BytesIO(content))
    except archives.Unusable:
        return
    assert zipfile.is_zipfile(io.BytesIO(content))


@QUICK
@given(NAMES, NAMES)
def test_a_path_gives_back_what_was_put_into_it(one: str, two: str) -> None:
    found = pattern("inbox/{one}/-/{two}.json").match(f"{one}/-/{two}.json")
    assert found is not None
    assert f"{found['one']}/-/{found['two']}.json" == f"{one}/-/{two}.json"


@pytest.mark.parametrize(
    ("path", "name", "found"),
    [
        ("inbox", "any/thing.txt", {}),
        ("inbox/{name}", "any/thing.txt", {"name": "any/thing.txt"}),
        ("inbox/{name}.{ext}", "a.b.txt", {"name": "a", "ext": "b.txt"}),
        ("inbox/a+({id})/{name}", "a+(7)/x", {"id": "7", "name": "x"}),
        ("inbox/{name}.txt", "thing.csv", None),
    ],
)
def test_paths_of_blob_triggers(path: str, name: str, found: dict[str, str] | None) -> None:
    assert pattern(path).match(name) == found


@pytest.mark.parametrize("path", ["", "{container}/x", "inbox/{a}/{A}"])
def test_paths_that_cannot_be_are_refused(path: str) -> None:
    with pytest.raises(FunctionProblem):
        pattern(path)


@QUICK
@given(st.one_of(st.text(max_size=40), st.lists(st.text(max_size=5), max_size=4).map(str)))
def test_text_is_one_message_unless_it_is_a_json_array(text: str) -> None:
    found = values.items(Datum("string", text))
    assert found == [text] or (text.lstrip().startswith("[") and isinstance(found, list))


@QUICK
@given(st.text(max_size=80))
def test_a_connection_string_is_read_or_refused(text: str) -> None:
    try:
        found = storage.from_string(lambda _: pytest.fail("nothing is sent"), text, "blob", "Setting")
    except FunctionProblem:
        return
    assert found.endpoint
