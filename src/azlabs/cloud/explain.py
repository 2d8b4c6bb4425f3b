"""What a known failure of Azure means and what to do about it: looked up in a table, `azure_errors.json`.

The entries stand in the order in which they are tried: an entry that asks for a code and a pattern before one that asks
for the code alone, and those before one that only knows a pattern.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("azure_errors.json")
SCHEMA = Path(__file__).with_name("azure_errors.schema.json")
_SIGN_IN = re.compile(r"\bAADSTS\d+\b")


@dataclass(frozen=True, slots=True)
class Explanation:
    """`means`: what it means; `do`: what to do; `docs`: the page that says more."""

    means: str
    do: str
    docs: str

    @property
    def action(self) -> str:
        """What to do, and where it stands."""
        return f"{self.do} See {self.docs}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure. `codes` in lower case, empty: any; `pattern` None: any message."""

    codes: frozenset[str]
    pattern: re.Pattern[str] | None
    explanation: Explanation
    example: str

    def explains(self, code: str, message: str) -> Explanation | None:
        """What it says of a failure; None when it is another one."""
        if self.codes and code.lower() not in self.codes:
            return None
        if self.pattern is None:
            return self.explanation
        found = self.pattern.search(message)
        if found is None:
            return None
        do = self.explanation.do
        for name, value in found.groupdict().items():
            do = do.replace("{" + name + "}", value or name.upper())
        return Explanation(self.explanation.means, do, self.explanation.docs)


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All known failures, in their order."""
    listed = json.loads(FILE.read_text(encoding="utf-8"))["errors"]
    return tuple(
        Entry(
            frozenset(code.lower() for code in entry.get("codes", ())),
            re.compile(entry["pattern"], re.IGNORECASE) if "pattern" in entry else None,
            Explanation(entry["means"], entry["do"], entry["docs"]),
            entry["example"],
        )
        for entry in listed
    )


def explain(code: str, message: str) -> Explanation | None:
    """What the first entry that fits says; None when the failure is not known."""
    sign_in = _SIGN_IN.search(message)
    codes = [sign_in.group(), code] if sign_in else [code]
    for entry in entries():
        for known in codes:
            found = entry.explains(known, message)
            if found is not None:
                return found
    return None


def explain_first(failures: Iterable[tuple[str, str]]) -> Explanation | None:
    """The explanation of the first of several (code, message) that is known."""
    for code, message in failures:
        found = explain(code, message)
        if found is not None:
            return found
    return None
