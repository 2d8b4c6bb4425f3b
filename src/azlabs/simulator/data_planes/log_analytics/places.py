"""Where a query looks: the tables of workspaces, of a component, of a resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.log_analytics.standing import STANDING, Standing
from azlabs.simulator.data_planes.telemetry.keeping import Stored
from azlabs.simulator.data_planes.telemetry.tables import BY_CLASSIC, BY_TABLE
from azlabs.simulator.kql import times

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.kql.evaluator import Source

Span = tuple[int | None, int | None]
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.I,
)
_PARTS = (365 * times.DAY, 30 * times.DAY, 7 * times.DAY, times.DAY, times.HOUR, times.MINUTE, times.SECOND)


def duration(text: str) -> int | None:
    """Ticks of an ISO 8601 duration; None where it is none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    return round(sum(float(part) * scale for part, scale in zip(match.groups(), _PARTS, strict=True) if part))


def _moment(text: str) -> int | None:
    found = times.parse_time(text)
    if found is None:
        try:
            found = times.of_date(datetime.fromisoformat(text))
        except ValueError:
            return None
    return found


def span_of(text: str, now: float) -> Span | None:
    """From and to of an ISO 8601 interval: P1D, start/end, start/duration, duration/end. None where it cannot be read."""
    here = times.from_seconds(now)
    first, slash, second = text.strip().partition("/")
    if not slash:
        length = duration(first)
        return None if length is None else (here - length, None)
    start, end = _moment(first), _moment(second)
    if start is None and (length := duration(first)) is not None and end is not None:
        start = end - length
    elif end is None and (length := duration(second)) is not None and start is not None:
        end = start + length
    return None if start is None or end is None else (start, end)


@dataclass(slots=True)
class Place:
    """The tables of one query. `column` and `keys`: which sources of telemetry it sees; `classic`: by a component's names."""

    simulator: Simulator
    column: str
    keys: Sequence[str]
    classic: bool
    span: Span
    permission: str
    """Action that reading a table needs, with {table}."""
    scopes: Sequence[str]
    """Ids at which it is needed."""
    known: dict[str, Source] = field(default_factory=dict)

    def table(self, name: str) -> Source | None:
        """A table by its name."""
        found = self.known.get(name)
        if found is not None:
            return found
        kind = (BY_CLASSIC if self.classic else BY_TABLE).get(name)
        if kind is not None:
            found = Stored(self.simulator, kind, self.classic, (self.column, self.keys), self.span)
        elif not self.classic and name in STANDING:
            found = Standing(self.simulator, name, self.keys, self.span)
        if found is not None:
            self.known[name] = found
        return found

    def names(self) -> Iterable[str]:
        """All tables."""
        return tuple(BY_CLASSIC) if self.classic else (*BY_TABLE, *STANDING)
