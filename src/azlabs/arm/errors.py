"""What the template language refuses, with Azure's codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ExpressionError(Exception):
    """A template expression that cannot be read or has no value.

    `code` is Azure's ("InvalidTemplate" unless said otherwise), `message` the sentence without the frame that
    Azure puts around it ("Unable to process template language expressions for resource ..."). `member` names the
    part of a parameter's declaration that a value breaks ("minLength").
    """

    def __init__(self, message: str, code: str = "InvalidTemplate", *, member: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.member = member
        self.message = message


class TemplateError(Exception):
    """A template or its parameters that Azure refuses before anything is made.

    `path` is the place in the template ("parameters.location"), `details` further errors in Azure's shape,
    `violation` says whether Azure reports the place as a TemplateViolation.
    """

    def __init__(
        self,
        message: str,
        code: str = "InvalidTemplate",
        *,
        path: str = "",
        target: str = "",
        details: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.target = target
        self.details = list(details)

    def to_json(self) -> dict[str, Any]:
        """The error as Azure answers it, without the outer {"error": ...}."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.code == "InvalidTemplate":
            place = f"properties.template.{self.path}" if self.path else ""
            info = {"lineNumber": 0, "linePosition": 0, "path": place}
            error["additionalInfo"] = [{"type": "TemplateViolation", "info": info}]
        return error


def validation_failed(sentence: str, *, path: str = "") -> TemplateError:
    """InvalidTemplate with the frame that Azure puts around the reason."""
    return TemplateError(f"Deployment template validation failed: '{sentence}'.", path=path)
