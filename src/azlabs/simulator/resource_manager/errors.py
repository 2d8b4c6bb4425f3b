"""How a request is refused: one exception that carries Azure's status, code and message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn


class Refused(Exception):
    """The answer is an error. Raise it anywhere below `handle`; whatever the request wrote is rolled back.

    `details` are error objects of the same shape, `extra` are additional members of the error object,
    `headers` are added to the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence[Mapping[str, Any]] | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.target, self.details, self.extra = target, details, extra
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON body: {"error": {"code", "message", "target"?, "details"?}}."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            error["target"] = self.target
        if self.details is not None:
            error["details"] = list(self.details)
        if self.extra:
            error.update(self.extra)
        return {"error": error}


def refuse(code: str, message: str, *, status: int = 400, **more: Any) -> NoReturn:
    """Raise `Refused`; reads well inside a rule."""
    raise Refused(status, code, message, **more)


def not_modelled(what: str) -> Refused:
    """The refusal of everything that the simulator does not model: 501, by name, never a pretended success."""
    return Refused(501, "NotModelledBySimulator", f"The simulator does not model '{what}'.", target=what)
