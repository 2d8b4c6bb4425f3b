"""Tables and figures as they are shown: everything fits 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table
    from rich.text import Text


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table. A column whose name starts with `>` is aligned right, one that starts with `!` is not wrapped.

    A word that is too long for its column is broken, never cut: it may be an id that somebody has to type.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", show_edge=False, padding=(0, 1))
    for column in columns:
        name = column.lstrip(">!")
        made.add_column(
            name,
            justify="right" if ">" in column[:2] else "left",
            no_wrap="!" in column[:2],
            overflow="ellipsis" if "!" in column[:2] else "fold",
        )
    return made


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values, two columns without a head; a long value is broken, never cut."""
    made = table("!", "")
    made.show_header = False
    made.columns[1].overflow = "fold"
    for name, value in rows:
        made.add_row(name, value)
    return made


def hanging(first: Text, rest: Text) -> Table:
    """A word and a text beside it, whose further lines begin where its first one does."""
    from rich.table import Table

    made = Table.grid("", "", padding=(0, 1))
    made.columns[0].no_wrap = True
    made.add_row(first, rest)
    return made


def dollars(amount: float | None, digits: int = 3) -> str:
    """`0.02`, `?` when it is not known."""
    if amount is None:
        return "?"
    text = f"{amount:.{digits}f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def minutes(count: float) -> str:
    """`40 min`, `1 h 30 min`."""
    hours, rest = divmod(round(count), 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )
