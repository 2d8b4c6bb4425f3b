"""The index behind `azlabs list`."""

from __future__ import annotations

import json
import os

import pytest

from azlabs.catalog import content, index


@pytest.fixture
def checkout(lab_folder, tmp_path, monkeypatch):
    """A checkout whose labs/ holds `two-doors`."""
    (tmp_path / "house" / "labs").mkdir(parents=True)
    lab_folder.rename(tmp_path / "house" / "labs" / "two-doors")
    monkeypatch.setattr(content, "root", lambda: tmp_path / "house")
    return tmp_path / "house"


def test_an_entry_says_what_list_shows(checkout):
    assert [entry.to_json() for entry in index.entries()] == [
        {
            "id": "two-doors",
            "title": "Close one of two doors",
            "exam": "az-104",
            "domains": ["az104.network"],
            "level": "beginner",
            "minutes": 10,
            "points": 15,
            "cost_per_hour_usd": 0.01,
        }
    ]


def test_the_index_is_read_and_not_made_while_nothing_changed(checkout, monkeypatch):
    first = index.entries()
    monkeypatch.setattr(index, "make", lambda _folders: pytest.fail("made again"))
    assert index.entries() == first


def test_a_changed_lab_file_renews_the_index(checkout):
    index.entries()
    path = checkout / "labs" / "two-doors" / "lab.yaml"
    stat = path.stat()
    path.write_text(path.read_text().replace("minutes: 10", "minutes: 11"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert index.entries()[0].minutes == 11


def test_a_removed_lab_leaves_the_index(checkout):
    index.entries()
    (checkout / "labs" / "two-doors" / "lab.yaml").unlink()
    assert index.entries() == []


@pytest.mark.parametrize("content_of_file", ["", "{", "[]", '{"format": 0}'])
def test_a_damaged_index_is_made_again(checkout, content_of_file):
    index.entries()
    content.index_file().write_text(content_of_file)
    assert [entry.id for entry in index.entries()] == ["two-doors"]
    assert json.loads(content.index_file().read_text())["format"] == index.FORMAT


def test_a_checkout_that_cannot_be_written_to_still_lists(checkout, monkeypatch):
    monkeypatch.setattr(content, "index_file", lambda: checkout / "labs" / "two-doors" / "lab.yaml" / "x.json")
    assert [entry.id for entry in index.entries()] == ["two-doors"]


@pytest.mark.parametrize(("old", "new"), [("minutes: 10", "minutes: soon"), ("tasks:", "tusks:"), ("exam:", "exam: [")])
def test_a_broken_lab_is_listed_as_broken_and_fails_a_build(checkout, old, new):
    path = checkout / "labs" / "two-doors" / "lab.yaml"
    path.write_text(path.read_text().replace(old, new))
    assert "lab.yaml" in index.entries()[0].broken
    with pytest.raises(ValueError, match=r"two-doors.lab\.yaml"):
        index.write(checkout / "out.json", content.lab_folders())


def test_an_installed_index_is_believed(checkout, monkeypatch):
    monkeypatch.setattr(content, "is_installed", lambda: True)
    index.write(content.index_file(), content.lab_folders())
    path = checkout / "labs" / "two-doors" / "lab.yaml"
    path.write_text(path.read_text().replace("minutes: 10", "minutes: 11"))
    assert index.entries()[0].minutes == 10
