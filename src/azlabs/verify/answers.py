"""Written answers: `answers.yaml` in the workspace, read leniently, compared as a person would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azlabs.verify.outcome import CheckFailed, Evidence

FILE = "answers.yaml"
LARGEST = 256 * 1024
_DECORATION = " \t\r\n\"'`"


class Answer:
    """One answer or a group of them. What was not answered is empty, at any depth, and never an error."""

    def __init__(self, value: Any = None) -> None:
        self._value = value

    def __getitem__(self, key: str | int) -> Answer:
        """The answer below `key` (letter case does not matter) or at a position of a list."""
        if isinstance(self._value, dict):
            wanted = str(key).casefold()
            for name, value in self._value.items():
                if str(name).strip().casefold() == wanted:
                    return Answer(value)
        if isinstance(self._value, list) and isinstance(key, int) and -len(self._value) <= key < len(self._value):
            return Answer(self._value[key])
        return Answer()

    @property
    def text(self) -> str:
        """The answer without the blanks and quotes around it; empty for a group."""
        return self._value.strip(_DECORATION) if isinstance(self._value, str) else ""

    @property
    def items(self) -> list[Answer]:
        """The entries of a list; a single answer counts as a list of one."""
        if isinstance(self._value, list):
            return [Answer(value) for value in self._value]
        return [self] if self.text else []

    def is_any_of(self, *accepted: str) -> bool:
        """Is this one of `accepted`? Letter case and the space between words are free."""
        return _plain(self.text) in {_plain(word) for word in accepted}

    def __bool__(self) -> bool:
        return bool(self._value) and bool(self.text or not isinstance(self._value, str))

    def __str__(self) -> str:
        return self.text or ("nothing" if not self else "a group of answers")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def read_answers(workspace: Path | None) -> Answer:
    """The answers of a workspace; empty without a file.

    A file that is no YAML fails the check that asked, and names the line.
    """
    if workspace is None:
        return Answer()
    file = workspace / FILE
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return Answer()
    except OSError as problem:
        raise _broken(f"{FILE} cannot be read: {problem.strerror}.") from problem
    if len(raw) > LARGEST:
        raise _broken(f"{FILE} is larger than {LARGEST // 1024} KiB.")
    import yaml

    try:
        # BaseLoader keeps every word as it was written: `verdict: no` is the word "no".
        value = yaml.load(raw.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise _broken(f"{FILE}, line {line}: {problem.problem or 'this is not YAML'}.") from problem
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        raise _broken(f"{FILE} is not a YAML file.") from problem
    if value not in (None, "") and not isinstance(value, dict):
        raise _broken(f"{FILE} holds no answers: each line should read `key: answer`.")
    return Answer(value or None)


def _broken(sentence: str) -> CheckFailed:
    return CheckFailed(
        Evidence(
            found=sentence, expected=f"{FILE} in the form it had at the start", fix="Correct the file and verify again."
        )
    )
