"""How a request is refused: one exception that carries Azure's status, code and message."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

_log = logging.getLogger(__name__)


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


_UNREADABLE = (TypeError, AttributeError, KeyError, IndexError, ValueError)


class reading:
    """`with reading(what):` around rules that read what a client sent: where they cannot (an object for text, deep
    inside), the request is refused. The log keeps the traceback, since a mistake in a rule looks the same.
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, _trace: object) -> None:
        if isinstance(problem, _UNREADABLE):
            _log.warning("the rules of %s could not read a request", self._what, exc_info=problem)
            raise Refused(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: "
                f"{type(problem).__name__} in a request for '{self._what}'.",
            ) from problem


def not_modelled(what: str) -> Refused:
    """The refusal of everything that the simulator does not model: 501, by name, never a pretended success."""
    return Refused(501, "NotModelledBySimulator", f"The simulator does not model '{what}'.", target=what)
