"""Errors of the vault's data plane."""

from __future__ import annotations

from typing import Any


class VaultError(Exception):
    """The answer is {"error": {"code", "message", "innererror"?: {"code"}}}."""

    def __init__(
        self, status: int, code: str, message: str, inner: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.inner, self.headers = status, code, message, inner, headers or {}

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def bad_parameter(message: str) -> VaultError:
    """400 BadParameter."""
    return VaultError(400, "BadParameter", message)


def not_modelled(what: str) -> VaultError:
    """501: refused by name, never pretended."""
    return VaultError(501, "NotModelledBySimulator", f"The simulator does not model '{what}'.")
