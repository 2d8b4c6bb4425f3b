"""The learner's folder."""

from __future__ import annotations

from pathlib import Path

from azlabs.sandbox.workspace import variables_of_app


def test_the_variables_beside_the_app_are_read_as_they_stand_now(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".env").write_text("# words\n# X=1\nNS=sb-1\nKEY = 'a=b'\n\nno words\n1x=2\n", encoding="utf-8")
    assert variables_of_app(tmp_path) == {"NS": "sb-1", "KEY": "a=b"}


def test_a_folder_without_variables_has_none(tmp_path: Path) -> None:
    assert variables_of_app(tmp_path) == {}
