"""How Azure OpenAI refuses. Its gateway has one form of error, the models behind it another."""

from __future__ import annotations

from typing import Any

from azlabs.simulator.resource_manager.errors import Refused

API_REFERENCE = "Please check the API reference: https://platform.openai.com/docs/api-reference."


class Invalid(Refused):
    """400 of the model: {"error": {"message", "type", "param", "code"}}."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(400, "invalid_request_error", message)
        self._error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}

    def body(self) -> dict[str, Any]:
        """As the model writes it."""
        return {"error": self._error}


class Unauthorized(Refused):
    """401 of the gateway for a bearer token: {"statusCode", "message"}."""

    def __init__(self) -> None:
        super().__init__(
            401, "401",
            "Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired.",
        )  # fmt: skip

    def body(self) -> dict[str, Any]:
        """As the gateway writes it."""
        return {"statusCode": 401, "message": self.message}


def no_resource() -> Refused:
    """404 for a path that is no operation, or for one without a usable api-version."""
    return Refused(404, "404", "Resource not found")


def no_deployment() -> Refused:
    """404 DeploymentNotFound."""
    return Refused(
        404, "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a "
        "moment and try again.",
    )  # fmt: skip


def wrong_operation(operation: str, model: str) -> Refused:
    """400 OperationNotSupported: the model of the deployment is for something else."""
    return Refused(
        400, "OperationNotSupported",
        f"The {operation} operation does not work with the specified model, {model}. Please choose different model and try again. You "
        "can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.",
    )  # fmt: skip
