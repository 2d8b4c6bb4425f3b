"""What a query is refused with."""

from __future__ import annotations


class QueryError(Exception):
    """The query cannot be run. `code` is Cosmos DB's own ("SC1001"), "" where it gives none; `start`, `end` are offsets."""

    def __init__(self, message: str, code: str = "", start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.message, self.code, self.start, self.end = message, code, start, end


def syntax(near: str, start: int, end: int) -> QueryError:
    """The text does not follow the grammar at one place."""
    return QueryError(f"Syntax error, incorrect syntax near '{near}'.", "SC1001", start, end)
