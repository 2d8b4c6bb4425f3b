"""What is wrong with a query, with the codes of Kusto and the place in the text."""

from __future__ import annotations


class KqlError(Exception):
    """`kind` is "SyntaxError" or "SemanticError"; `at` an offset into the text, -1 where there is no one place."""

    kind = "SemanticError"
    summary = "A semantic error occurred."

    def __init__(self, code: str, message: str, at: int = -1, token: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.at, self.token = code, message, at, token
        self.line = self.pos = 0

    def locate(self, text: str) -> None:
        """Work out line and column (both from 1) in the text of the query."""
        if self.at >= 0 and not self.line:
            before = text[: self.at]
            self.line = before.count("\n") + 1
            self.pos = self.at - (before.rfind("\n") + 1) + 1

    @property
    def shown(self) -> str:
        """The message as it is answered; syntax errors say where."""
        return self.message


class KqlSyntaxError(KqlError):
    """The text cannot be parsed."""

    kind = "SyntaxError"
    summary = "A recognition error occurred in the query."

    def __init__(self, at: int, token: str, detail: str = "", code: str = "SYN0002") -> None:
        super().__init__(code, detail, at, token)

    @property
    def shown(self) -> str:
        """Where, and what was expected."""
        where = f"on line [{self.line},{self.pos}]"
        found = f"Query could not be parsed at '{self.token[:60]}' {where}"
        return f"{found}. {self.message}" if self.message else found


class NotModelled(KqlError):
    """Kusto has it, the simulator does not."""

    def __init__(self, what: str, at: int = -1) -> None:
        super().__init__("NotModelledBySimulator", f"The simulator does not model '{what}' of the Kusto Query Language.", at)


class TooMuch(KqlError):
    """A query that would take more rows or memory than a query may."""

    kind = "ResourceExhausted"
    summary = "The query needs more than it may have."

    def __init__(self, what: str) -> None:
        super().__init__("E_LOW_MEMORY_CONDITION", f"The query exceeds a limit: {what}.")
